#!/usr/bin/env python3
"""One whole epoch of LeNet on Fashion-MNIST as the tutorial trains it: torchvision, DataLoader, Adam.

Prints one JSON line an epoch. `train_seconds` is the training loop with its loader, from the first request for
a batch to the last step; `seconds` is that and the evaluation of the test set, as the tutorial times an epoch.
"""

import argparse
import os
import time

import torch
import torchvision
from torch import nn

from common import emit, unpack_fashion_mnist, use_threads
from networks import LeNet

BATCH_SIZE = 256
LEARNING_RATE = 1e-3


def evaluate(network, loader, device):
    """The share of the loader's images that the network classifies rightly."""
    correct, count = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            network.eval()
            correct += (network(images.to(device)).argmax(dim=1) == labels.to(device)).float().sum().cpu().item()
            network.train()
            count += labels.shape[0]
    return correct / count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist", help="folder of the official files")
    parser.add_argument("--root", required=True, help="folder to unpack them into")
    parser.add_argument("--epochs", type=int, default=2)
    # 4 is what the tutorial's own loader function takes on every system but Windows.
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    # The comparison of CPUs is one also on a machine that has a GPU.
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    use_threads(arguments.threads)
    unpack_fashion_mnist(arguments.source, arguments.root)
    torch.manual_seed(arguments.seed)
    # Apus has none of TensorFloat-32, which has 10 bits of mantissa, either.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    device = torch.device(arguments.device)

    to_tensor = torchvision.transforms.ToTensor()
    training, test = (
        torch.utils.data.DataLoader(
            torchvision.datasets.FashionMNIST(arguments.root, train=train, download=False, transform=to_tensor),
            batch_size=BATCH_SIZE,
            shuffle=train,
            num_workers=arguments.workers,
        )
        for train in (True, False)
    )

    network = LeNet().to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    loss_function = nn.CrossEntropyLoss()

    for epoch in range(1, arguments.epochs + 1):
        loss_sum, correct, count, batches = 0.0, 0.0, 0, 0
        start = time.perf_counter()
        for images, labels in training:
            images = images.to(device)
            labels = labels.to(device)
            outputs = network(images)
            loss = loss_function(outputs, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.cpu().item()
            correct += (outputs.argmax(dim=1) == labels).sum().cpu().item()
            count += labels.shape[0]
            batches += 1
        trained = time.perf_counter()
        test_accuracy = evaluate(network, test, device)
        emit(
            event="epoch",
            epoch=epoch,
            train_loss=loss_sum / batches,
            train_accuracy=correct / count,
            test_accuracy=test_accuracy,
            train_seconds=trained - start,
            seconds=time.perf_counter() - start,
            threads=torch.get_num_threads(),
            workers=arguments.workers,
        )


if __name__ == "__main__":
    main()
