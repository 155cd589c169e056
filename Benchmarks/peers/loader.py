"""PyTorch's loader alone: loader.py WHAT DATA [--workers N] [--seconds S]; prints one JSON object.

WHAT is fashion, fashion-normalized (batch 256), cifar (batch 100, tutorial 2's transforms) or folder (class folders, batch
32, Resize((224, 224)) and ToTensor), as in LoaderTimes.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms

TUTORIAL = transforms.Compose([
    transforms.RandomHorizontalFlip(), transforms.RandomGrayscale(), transforms.ToTensor(),
    transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
])


class CIFARBinary(Dataset):
    """The binary version, read as torchvision reads the pickled one: an array of pixels, and a PIL image for each."""

    def __init__(self, folder, transform):
        root = Path(folder)
        if (root / "cifar-10-batches-bin").is_dir():
            root = root / "cifar-10-batches-bin"
        records = np.concatenate([
            np.fromfile(root / f"data_batch_{k}.bin", np.uint8).reshape(-1, 3073) for k in range(1, 6)])
        self.targets = records[:, 0].astype(int).tolist()
        self.data = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index])), self.targets[index]


class IDX(Dataset):
    """Fashion-MNIST from its files, each image a PIL image as torchvision makes it."""

    def __init__(self, folder, transform):
        import gzip

        def content(name):
            path = Path(folder) / name
            return path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
        self.data = np.frombuffer(content("train-images-idx3-ubyte"), np.uint8, offset=16).reshape(-1, 28, 28)
        self.targets = np.frombuffer(content("train-labels-idx1-ubyte"), np.uint8, offset=8).astype(int).tolist()
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index], mode=None)), self.targets[index]


def make(what, data):
    unit = transforms.ToTensor()
    if what == "fashion":
        return IDX(data, unit), 256
    if what == "fashion-normalized":
        return IDX(data, transforms.Compose([unit, transforms.Normalize((0.2860,), (0.3530,))])), 256
    if what == "cifar":
        return CIFARBinary(data, TUTORIAL), 100
    return datasets.ImageFolder(data, transforms.Compose([transforms.Resize((224, 224)), unit])), 32


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fashion", "fashion-normalized", "cifar", "folder"])
    parser.add_argument("data")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dataset, batch_size = make(arguments.what, arguments.data)
    # Workers live on between epochs, so that starting them is not timed but in the first.
    loader = DataLoader(
        dataset, batch_size=batch_size, shuffle=True, num_workers=arguments.workers,
        persistent_workers=arguments.workers > 0)
    rates = []
    for _ in range(arguments.epochs):
        start, images = time.perf_counter(), 0
        for batch, _ in loader:
            images += len(batch)
        rates.append(images / (time.perf_counter() - start))
    print(json.dumps({
        "bench": arguments.what, "workers": arguments.workers, "images_per_second_median": round(statistics.median(rates)),
        "images_per_second_max": round(max(rates)), "epochs": len(rates)}))


if __name__ == "__main__":
    main()
