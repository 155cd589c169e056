"""What both PyTorch rivals share: the network, the threads, and the data on disk."""

import gzip
import json
import os
import shutil
from pathlib import Path

import torch
from torch import nn

BATCH_SIZE = 256
LEARNING_RATE = 1e-3

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


class LeNet(nn.Module):
    """The tutorial's LeNet: [N, 1, 28, 28] to [N, 10], sigmoid and max pooling, no padding."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 6, 5),
            nn.Sigmoid(),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(6, 16, 5),
            nn.Sigmoid(),
            nn.MaxPool2d(2, 2),
        )
        self.fc = nn.Sequential(
            nn.Linear(16 * 4 * 4, 120),
            nn.Sigmoid(),
            nn.Linear(120, 84),
            nn.Sigmoid(),
            nn.Linear(84, 10),
        )

    def forward(self, image):
        feature = self.conv(image)
        # reshape, not view: a channels-last feature map is not contiguous in NCHW order.
        return self.fc(feature.reshape(image.shape[0], -1))


def use_threads(count):
    """Gives PyTorch the number of threads that Apus has, and nothing less."""
    torch.set_num_threads(count)
    if torch.get_num_threads() != count:
        raise SystemExit(f"PyTorch runs on {torch.get_num_threads()} threads, {count} were asked for")


def unpack_fashion_mnist(source, root):
    """Unpacks the four files into the folder layout that torchvision reads; nothing is downloaded.

    `source` holds the official files, plain or .gz; `root` is the folder given to torchvision.
    """
    raw = Path(root) / "FashionMNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        target = raw / name
        if target.exists():
            continue
        plain, packed = Path(source) / name, Path(source) / f"{name}.gz"
        partial = raw / f"{name}.partial"
        if plain.exists():
            shutil.copyfile(plain, partial)
        elif packed.exists():
            with gzip.open(packed) as reader, open(partial, "wb") as writer:
                shutil.copyfileobj(reader, writer)
        else:
            raise SystemExit(f"{plain}[.gz] is missing: install dataset-fashion-mnist, or give --source")
        os.replace(partial, target)


def emit(**fields):
    """Prints one JSON object on a line of its own, as Benchmarks/compare reads them."""
    print(json.dumps(fields), flush=True)
