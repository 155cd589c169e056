"""What the rivals share: how each network is trained, how a step is timed, the talk with the programs, and the data.

A rival that stays alive (`serve`) prints a JSON object that says what it offers, then answers each line "RIVAL SECONDS"
of its standard input with a JSON object.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class Recipe:
    """What `apus bench` gives a network: images [N, channels, size, size] and the optimizer; SGD has no momentum."""

    channels: int
    size: int
    optimizer: str
    learning_rate: float


RECIPES = {
    "lenet": Recipe(1, 28, "adam", 1e-3),
    "lenet5": Recipe(1, 28, "sgd", 0.1),
    "trashnet": Recipe(3, 32, "sgd", 0.1),
    "cnn4": Recipe(1, 28, "adam", 1e-3),
    "resnet18": Recipe(3, 224, "sgd", 0.1),
    "vgg11": Recipe(3, 224, "sgd", 0.1),
}

# Training has 10 classes in `apus bench`, inference the model's own number.
TRAINING_CLASSES, INFERENCE_CLASSES = 10, 1000

# Steps in which a framework compiles and libraries choose their kernels, when a rival is made.
FIRST_STEPS = 2

# Before each measurement, and not counted: as `apus bench` gives caches to fill and clocks to rise.
WARM_UP_SECONDS = 0.3

# Slow steps are not cut off by the time given: a median wants 3 numbers.
LEAST_STEPS = 3


def use_threads(count):
    """Gives PyTorch the number of threads that Apus has, and nothing less."""
    import torch  # here, because JAX's side comes without it

    torch.set_num_threads(count)
    if torch.get_num_threads() != count:
        raise SystemExit(f"PyTorch runs on {torch.get_num_threads()} threads, {count} were asked for")


def step_parser(description):
    """The arguments of the programs that time steps of a network."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=RECIPES)
    parser.add_argument("--batch", type=int, required=True, help="images in a step")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser


def prepare(makers):
    """Makes the step of each rival and runs it, which compiles it: the steps by name, and why the others do not run."""
    steps, errors = {}, {}
    for rival, make in makers.items():
        try:
            step = make()
            for _ in range(FIRST_STEPS):
                step()
            steps[rival] = step
        except Exception as error:  # frameworks fail in many ways: not installed, no C++ compiler, a missing operator
            errors[rival] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return steps, errors


def serve(steps, errors, **facts):
    """Says what there is, then answers each line "RIVAL SECONDS" until standard input ends."""
    emit(rivals=list(steps), errors=errors, **facts)
    for line in sys.stdin:
        rival, _, seconds = line.strip().rpartition(" ")
        durations = time_steps(steps[rival], float(seconds))
        emit(milliseconds_min=min(durations), milliseconds_median=statistics.median(durations))


def time_steps(step, seconds):
    """The durations in milliseconds of the steps that `seconds` hold, after some that do not count."""
    warm_up_end = time.perf_counter() + WARM_UP_SECONDS
    step()
    while time.perf_counter() < warm_up_end:
        step()
    durations, end = [], time.perf_counter() + seconds
    while len(durations) < LEAST_STEPS or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        durations.append((time.perf_counter() - start) * 1e3)
    return durations


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
    """Prints one JSON object on a line of its own, as the programs of Benchmarks/ read them."""
    print(json.dumps(fields), flush=True)
