"""The jobs of a comparison: what each measures of Apus and of its rivals, in alternating rounds."""

import contextlib
import statistics
import sys
import tempfile
from dataclasses import dataclass, field

from harness import machine, report, runs

# What is asked for of every training and inference step where AVX2 is the widest.
AVX2_AIM = 1.2

# The processes that load data in the tutorial; 0, loading in the training process, is faster where CPUs are few.
TUTORIAL_WORKERS = 4

# Memory does not drift as the clock does: more rounds would only take their time.
MEMORY_ROUNDS = 3


@dataclass
class Outcome:
    """What a job found: rows of the tables, and the median step of each side where there are several rivals."""

    rows: list
    medians: dict = field(default_factory=dict)


@dataclass(frozen=True)
class EpochJob:
    """A whole epoch of LeNet on Fashion-MNIST beside the tutorial's script, loader included."""

    name: str
    # How many times as fast as the script with its own number of workers.
    aim: float

    def measure(self, settings):
        rivals = {f"tutorial's script, {workers} workers": workers for workers in (TUTORIAL_WORKERS, 0)}
        epochs = {side: [] for side in ("Apus", *rivals)}
        with tempfile.TemporaryDirectory(dir=settings.data) as out:
            for turn in range(settings.rounds):
                epochs["Apus"].append(runs.apus_epoch(settings, f"{out}/{turn}"))
                for rival, workers in rivals.items():
                    epochs[rival].append(runs.pytorch_epoch(settings, workers))
                progress(self.name, turn, settings.rounds, pick(epochs, "train_seconds"), "s")
        rows = []
        for rival, workers in rivals.items():
            beside = "" if workers == TUTORIAL_WORKERS else f" beside {workers} workers"
            for name, times in ((self.name, "train_seconds"), (f"{self.name} with evaluation", "seconds")):
                aim = self.aim if name == self.name and not beside else None
                series = pick(epochs, times)
                rows.append(report.Row(name + beside, "s", series["Apus"], series[rival], rival, aim))
        return Outcome(rows)


@dataclass(frozen=True)
class StepJob:
    """Training or inference steps of a network, the data in memory, beside all rivals."""

    name: str
    network: str
    kind: str
    batch: int
    # How many times as fast as the best of the rivals whose names begin so; the first aim is the job's own.
    aims: dict

    def measure(self, settings):
        with contextlib.ExitStack() as stack:
            rivals = meet(map(stack.enter_context, self.peers(settings)))
            times = {side: [] for side in ("Apus", *rivals)}
            for turn in range(settings.rounds):
                self.run(settings, rivals, turn, times)
                progress(self.name, turn, settings.rounds, times, "ms")
        rows = [self.row(prefix, aim, times) for prefix, aim in self.aims_with(settings.instructions).items()]
        return Outcome(rows, {side: statistics.median(values) for side, values in times.items()})

    def peers(self, settings):
        """The programs of the rivals, one after the other, so that each is ready before the next begins to compile."""
        network = [self.network, "--batch", self.batch, "--threads", settings.threads]
        yield runs.pytorch_peer(settings, *network, self.kind)
        if self.kind == "train":
            yield runs.peer(settings, "jax_steps.py", *network)
            return
        yield runs.peer(settings, "runtime_steps.py", *network, "--runtime", "OpenVINO")
        if settings.is_limited:
            limit = machine.written(settings.instructions)
            print(f"ONNX Runtime is left out: it cannot be limited to {limit}", file=sys.stderr)
        else:
            yield runs.peer(settings, "runtime_steps.py", *network, "--runtime", "ONNX Runtime")

    def run(self, settings, rivals, turn, times):
        """Appends the median step in milliseconds of each side: Apus, then the rivals in another order each round."""
        ours = runs.apus_bench(settings, f"{self.network}-{self.kind}", self.batch)
        times["Apus"].append(ours["milliseconds_median"])
        names = list(rivals)
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            times[name].append(rivals[name].ask(name, settings.seconds)["milliseconds_median"])

    def aims_with(self, instructions):
        return {next(iter(self.aims)): AVX2_AIM} if instructions == "avx2" else self.aims

    def row(self, prefix, aim, times):
        best = lowest({side: values for side, values in times.items() if side != "Apus" and side.startswith(prefix)})
        is_own = prefix == next(iter(self.aims))
        name = self.name if is_own else f"{self.name} beside {prefix}"
        return report.Row(name, "ms", times["Apus"], times[best], best, aim)


@dataclass(frozen=True)
class MemoryJob:
    """The largest resident memory of training, beside PyTorch's, each way to run it in a process of its own."""

    name: str
    steps: tuple
    variants: tuple
    # How many times as much PyTorch needs.
    aim: float

    def measure(self, settings):
        return Outcome([self.row(JOBS[step], settings) for step in self.steps])

    def row(self, job, settings):
        name = f"{self.name} {job.name}"
        ours, theirs = [], {variant: [] for variant in self.variants}
        rounds = min(settings.rounds, MEMORY_ROUNDS)
        for turn in range(rounds):
            ours.append(runs.apus_peak_memory(settings, job.name, job.batch))
            for variant, peaks in theirs.items():
                peaks += self.peak_memory(job, variant, settings)
            theirs = {variant: peaks for variant, peaks in theirs.items() if peaks}
            progress(name, turn, rounds, {"Apus": ours, **theirs}, "MiB")
        best = lowest(theirs)
        return report.Row(name, "MiB", ours, theirs[best], best, self.aim)

    def peak_memory(self, job, variant, settings):
        """A list of the one number in MiB, which is empty where the variant does not run."""
        network = [job.network, job.kind, "--batch", job.batch, "--threads", settings.threads]
        with runs.pytorch_peer(settings, *network, "--rivals", variant) as peer:
            if not meet([peer]):
                return []
            peer.ask(variant, runs.MEMORY_SECONDS)
        return [peer.peak_memory]


@dataclass(frozen=True)
class GrowthJob:
    """How Apus's time grows with the batch, beside that of one way to run PyTorch, and falls with the threads."""

    name: str
    # The size of the images by network, None for its own.
    networks: dict
    batches: tuple
    rival: str
    # The largest time per image over the smallest.
    aim: float
    # The job that is run on one thread and on two, and how many times as fast two are to be.
    threaded: str
    threaded_aim: float

    def measure(self, settings):
        rows = [row for network, size in self.networks.items() for row in self.batch_rows(network, size, settings)]
        if settings.threads < 2:
            print(f"{self.name}: only one thread here, so the speed of two is left out", file=sys.stderr)
            return Outcome(rows)
        return Outcome([*rows, self.thread_row(settings)])

    def batch_rows(self, network, size, settings):
        name = f"{self.name} {network}"
        ours = {f"batch {batch}": [] for batch in self.batches}
        theirs = {batch: [] for batch in ours}
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(self.peer(network, batch, size, settings)) for batch in self.batches]
            is_run = all([meet([peer]) for peer in peers])
            for turn in range(settings.rounds):
                for column, batch, peer in zip(ours, self.batches, peers):
                    step = runs.apus_bench(settings, f"{network}-train", batch, size=size)
                    ours[column].append(step["milliseconds_median"] / batch * 1000)
                    if is_run:
                        step = peer.ask(self.rival, settings.seconds)
                        theirs[column].append(step["milliseconds_median"] / batch * 1000)
                progress(name, turn, settings.rounds, ours, "µs an image")
        rows = [report.Growth(name, ours, self.aim)]
        return [*rows, report.Growth(f"{name}, {self.rival}", theirs, None)] if is_run else rows

    def peer(self, network, batch, size, settings):
        sized = ["--size", size] if size else []
        options = ["--batch", batch, "--threads", settings.threads, *sized, "--rivals", self.rival]
        return runs.pytorch_peer(settings, network, "train", *options)

    def thread_row(self, settings):
        name = f"{self.name} {self.threaded}, 2 threads"
        times = {"2 threads": [], "1 thread": []}
        for turn in range(settings.rounds):
            for threads, values in zip((2, 1), times.values()):
                step = runs.apus_bench(settings, self.threaded, JOBS[self.threaded].batch, threads=threads)
                values.append(step["milliseconds_median"])
            progress(name, turn, settings.rounds, times, "ms")
        return report.Row(name, "ms", times["2 threads"], times["1 thread"], "Apus, 1 thread", self.threaded_aim)


JOBS = {
    job.name: job
    for job in (
        EpochJob("lenet-epoch", aim=7.0),
        StepJob("lenet-train", "lenet", "train", 256, {"PyTorch": 4.0}),
        StepJob("lenet5-train", "lenet5", "train", 100, {"PyTorch": 3.5}),
        StepJob("trashnet-train", "trashnet", "train", 100, {"PyTorch": 2.0, "PyTorch eager": 2.8}),
        StepJob("cnn4-train", "cnn4", "train", 100, {"PyTorch": 1.4}),
        StepJob("resnet18-train", "resnet18", "train", 16, {"PyTorch": 1.8}),
        StepJob("vgg11-train", "vgg11", "train", 8, {"PyTorch": 1.8}),
        StepJob("resnet18-infer", "resnet18", "infer", 16, {"": 1.5}),
        StepJob("resnet18-infer-1", "resnet18", "infer", 1, {"": 1.2}),
        MemoryJob(
            "memory",
            ("resnet18-train", "vgg11-train"),
            ("PyTorch eager", "PyTorch channels_last", "PyTorch compile"),
            aim=1 / 0.8,
        ),
        GrowthJob(
            "growth",
            {"lenet": None, "trashnet": None, "resnet18": 32},
            (16, 64, 256),
            rival="PyTorch channels_last",
            aim=1.1,
            threaded="trashnet-train",
            threaded_aim=1.8,
        ),
    )
}


def measure(names, settings):
    """The outcomes of the jobs by name; a job that fails says why on standard error and has none."""
    outcomes = {}
    for name in names:
        try:
            outcomes[name] = JOBS[name].measure(settings)
        except runs.RunFailed as failure:
            print(f"{name} failed: {failure}", file=sys.stderr)
    return outcomes


def meet(peers):
    """The peer of each rival by the rival's name; those that do not run here are named on standard error."""
    rivals, parameters = {}, set()
    for peer in peers:
        offer = peer.read()
        for rival, error in offer["errors"].items():
            print(f"{rival} is left out: {error}", file=sys.stderr)
        rivals.update({rival: peer for rival in offer["rivals"]})
        if "parameters" in offer:
            parameters.add(offer["parameters"])
    if len(parameters) > 1:
        raise runs.RunFailed(f"the rivals' networks differ: they have {parameters} parameters")
    return rivals


def lowest(times):
    """The side with the lowest median, of time or of memory."""
    if not times:
        raise runs.RunFailed("none of the rivals runs here")
    return min(times, key=lambda side: statistics.median(times[side]))


def pick(lines, field):
    """That number of each line, by side."""
    return {side: [line[field] for line in values] for side, values in lines.items()}


def progress(name, turn, rounds, series, unit):
    """Shows the latest number of each side on standard error."""
    shown = ", ".join(f"{side} {values[-1]:.2f} {unit}" for side, values in series.items())
    print(f"{name} {turn + 1}/{rounds}: {shown}", file=sys.stderr, flush=True)
