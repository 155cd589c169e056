"""Runs of each side: programs that print JSON lines and end, and peers that stay alive and answer."""

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"

# How long memory is looked at, in seconds: it is at its peak after the few steps that both sides make in any case.
MEMORY_SECONDS = 0.1


class RunFailed(Exception):
    """A program ended with an error, or did not print what was expected."""


class Peer:
    """A program that stays alive: it answers each line with a JSON object, and ends with its standard input."""

    def __init__(self, command, environment=None):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        # The largest resident memory in MiB, once the program has ended.
        self.peak_memory = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):  # it has ended before it read everything
            self.process.stdin.close()
        self.process.stdout.close()
        self.peak_memory = _wait(self.process)
        self.errors.close()

    def ask(self, what, seconds):
        """The answer to the line "WHAT SECONDS"."""
        with contextlib.suppress(BrokenPipeError):  # reading tells why it has ended
            self.process.stdin.write(f"{what} {seconds}\n")
            self.process.stdin.flush()
        return self.read()

    def read(self):
        """The next JSON object; what libraries print between them is passed over."""
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        _wait(self.process)
        self.errors.seek(0)
        raise RunFailed(_failure(self.process.args, self.process.returncode, self.errors.read()))


def json_lines(command, environment=None):
    """Runs the command and returns the JSON objects of its standard output, one a line."""
    command = [str(part) for part in command]
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    if result.returncode != 0:
        raise RunFailed(_failure(command, result.returncode, result.stderr))
    try:
        return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    except json.JSONDecodeError as error:
        raise RunFailed(f"{' '.join(command)}\nprinted a line that is no JSON: {error}") from error


def apus_epoch(settings, out):
    """The second epoch of `apus train lenet`: its object with train_seconds and seconds."""
    data = f"fashion-mnist:{settings.source}"
    command = [settings.apus, "train", "lenet", "--data", data, "--epochs", 2, "--device", "cpu", "--out", out, "--json"]
    return _only(json_lines(command, _threads(settings.threads)), "apus train", event="epoch", epoch=2)


def apus_bench(settings, bench, batch, size=None, threads=None):
    """`apus bench`: its object with milliseconds_min and milliseconds_median."""
    command = _bench(settings, bench, batch, settings.seconds) + (["--size", size] if size else [])
    return _only(json_lines(command, _threads(threads or settings.threads)), "apus bench", bench=bench)


def apus_peak_memory(settings, bench, batch):
    """The largest resident memory of `apus bench` in MiB."""
    command = [str(part) for part in _bench(settings, bench, batch, MEMORY_SECONDS)]
    variables = {**os.environ, **_threads(settings.threads)}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=variables)
    peak = _wait(process)
    if process.returncode != 0:
        raise RunFailed(_failure(command, process.returncode, "its message stands above"))
    return peak


def pytorch_epoch(settings, workers):
    """The second epoch of the tutorial's script, with that many processes that load the data (the tutorial's: 4)."""
    script = [settings.python, PEERS / "lenet_epoch.py", "--source", settings.source, "--root", settings.data]
    epochs = json_lines([*script, "--epochs", 2, "--threads", settings.threads, "--workers", workers])
    return _only(epochs, "lenet_epoch.py", event="epoch", epoch=2)


def peer(settings, script, *arguments, environment=None):
    """A rival's program in Python."""
    return Peer([settings.python, PEERS / script, *arguments], environment)


def pytorch_peer(settings, *arguments):
    # What was compiled for one instruction set is not for another.
    cache = settings.data / f"inductor-{settings.instructions}"
    return peer(settings, "pytorch_steps.py", *arguments, environment={"TORCHINDUCTOR_CACHE_DIR": str(cache)})


def _bench(settings, bench, batch, seconds):
    return [settings.apus, "bench", bench, "--batch", batch, "--seconds", seconds, "--device", "cpu", "--json"]


def _threads(count):
    return {"APUS_NUM_THREADS": str(count)}


def _only(lines, program, **fields):
    for line in lines:
        if all(line.get(name) == value for name, value in fields.items()):
            return line
    raise RunFailed(f"{program} printed no line with {fields}")


def _wait(process):
    """Waits for the program's end; the largest resident memory that it had, in MiB."""
    if process.returncode is not None:
        return None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024  # Linux counts it in KiB


def _failure(command, code, errors):
    return f"{' '.join(map(str, command))}\nended with code {code}:\n{errors.strip()[-2000:]}"
