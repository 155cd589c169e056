#!/usr/bin/env python3
"""LeNet's training step in PyTorch, in each of its ways to run: batch 256, Adam, the data already in memory.

A step is forward, zeroed gradients, backward, the optimizer, and the loss read. Prints one JSON line a variant,
with the fastest and the median step; a variant that cannot run prints why in "error" and the others go on.
"""

import argparse
import os
import statistics
import time

import torch
from torch import nn

from common import RECIPES, emit, use_threads
from networks import LeNet

BATCH_SIZE = 256

# name: (channels-last memory format, torch.compile, Adam's fused kernel)
VARIANTS = {
    "eager": (False, False, False),
    "channels_last": (True, False, False),
    "compile": (False, True, False),
    "compile_channels_last": (True, True, False),
    "channels_last_fused_adam": (True, False, True),
    "compile_fused_adam": (False, True, True),
}


def make_step(channels_last, compiled, fused):
    """One training step as a function without arguments that returns the loss as a number."""
    torch.manual_seed(0)
    network = LeNet()
    images = torch.rand(BATCH_SIZE, 1, 28, 28)
    labels = torch.randint(0, 10, (BATCH_SIZE,))
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    # Without fused=True, PyTorch's own default for a CPU is left alone.
    options = {"fused": True} if fused else {}
    optimizer = torch.optim.Adam(network.parameters(), lr=RECIPES["lenet"].learning_rate, **options)
    loss_function = nn.CrossEntropyLoss()

    def forward(images, labels):
        return loss_function(network(images), labels)

    if compiled:
        forward = torch.compile(forward)

    def step():
        loss = forward(images, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def measure(step, warm_up, steps):
    """The duration of each of `steps` steps in milliseconds, after `warm_up` that do not count."""
    for _ in range(warm_up):
        step()
    durations = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        durations.append((time.perf_counter() - start) * 1e3)
    return durations


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default=",".join(VARIANTS), help="comma-separated names")
    parser.add_argument("--rotate", type=int, default=0, help="start with the variant at this place in the list")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    use_threads(arguments.threads)

    names = arguments.variants.split(",")
    for name in names:
        if name not in VARIANTS:
            parser.error(f"unknown variant {name}; there are {', '.join(VARIANTS)}")
    # The first variant in a process runs on colder memory than the others: no variant should always be the first.
    start = arguments.rotate % len(names)
    for name in names[start:] + names[:start]:
        try:
            torch.compiler.reset()
            durations = measure(make_step(*VARIANTS[name]), arguments.warm_up, arguments.steps)
        except Exception as error:  # torch.compile fails in many ways, with no C++ compiler for one
            reason = " ".join(str(error).split())[:300]
            emit(bench="lenet-train", variant=name, error=f"{type(error).__name__}: {reason}")
            continue
        emit(
            bench="lenet-train",
            variant=name,
            batch=BATCH_SIZE,
            threads=torch.get_num_threads(),
            milliseconds_min=min(durations),
            milliseconds_median=statistics.median(durations),
        )


if __name__ == "__main__":
    main()
