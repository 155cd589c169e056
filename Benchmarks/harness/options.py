"""The options of a comparison, and what they mean."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from harness import environment, jobs, machine


@dataclass(frozen=True)
class Settings:
    """What all jobs are run with."""

    apus: Path
    python: Path
    source: str
    # Unpacked data and what compilers keep.
    data: Path
    threads: int
    rounds: int
    seconds: float
    # The instruction set that both sides may use, and whether the processor has more.
    instructions: str
    is_limited: bool


def add(parser):
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"what to measure (all): {', '.join(jobs.JOBS)}")
    parser.add_argument("--rounds", type=int, default=7, help="alternating runs of each side (7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="what a side measures in a round (1)")
    parser.add_argument("--isa", choices=machine.LIMITS, help="the widest vector instructions for both sides")
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist", help="folder of Fashion-MNIST")
    parser.add_argument("--apus", type=Path, help="a built apus, instead of building it")
    parser.add_argument("--python", type=Path, help="a Python with torch and torchvision, instead of Benchmarks/.venv")


def parse(parser):
    """The arguments, checked."""
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least one round")
    for name in arguments.jobs:
        if name not in jobs.JOBS:
            parser.error(f"there is no job {name}; there are {', '.join(jobs.JOBS)}")
    arguments.jobs = [name for name in jobs.JOBS if name in (arguments.jobs or jobs.JOBS)]
    return arguments


def prepare(arguments):
    """Makes and builds what is missing; the settings."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if arguments.isa:
        os.environ.update(machine.LIMITS[arguments.isa])
    python = arguments.python or environment.make()
    if not arguments.python:
        environment.add_rivals(python)
    data = environment.FOLDER / ".data"
    data.mkdir(exist_ok=True)
    threads = machine.threads()
    print(f"{threads} threads on both sides, load average {machine.load():.2f} before the first run", file=sys.stderr)
    if machine.load() > machine.QUIET:
        print("something else is running on this machine: the numbers will be uneven", file=sys.stderr)
    return Settings(
        apus=arguments.apus or environment.build("apus"),
        python=python,
        source=arguments.source,
        data=data,
        threads=threads,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        instructions=arguments.isa or machine.instructions(),
        is_limited=arguments.isa not in (None, machine.instructions()),
    )
