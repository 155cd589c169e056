"""Runs of each side: programs that print JSON lines and end, and peers that stay alive and answer."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"


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


def apus_epoch(apus, source, out, threads):
    """The second epoch of `apus train lenet`: its object with train_seconds and seconds."""
    epochs = json_lines(
        [apus, "train", "lenet", "--data", f"fashion-mnist:{source}", "--epochs", 2, "--out", out, "--json"],
        {"APUS_NUM_THREADS": str(threads)},
    )
    return _only(epochs, "apus train", event="epoch", epoch=2)


def apus_step(apus, threads):
    """`apus bench lenet-train`: its object with milliseconds_min and milliseconds_median."""
    return _only(
        json_lines([apus, "bench", "lenet-train", "--json"], {"APUS_NUM_THREADS": str(threads)}),
        "apus bench",
        bench="lenet-train",
    )


def pytorch_epoch(python, source, root, threads, workers):
    """The second epoch of the tutorial's script, with that many processes that load the data (the tutorial's: 4)."""
    script = [python, PEERS / "lenet_epoch.py", "--source", source, "--root", root]
    epochs = json_lines([*script, "--epochs", 2, "--threads", threads, "--workers", workers])
    return _only(epochs, "lenet_epoch.py", event="epoch", epoch=2)


def pytorch_steps(python, cache, threads, turn):
    """Each of PyTorch's variants by name, in another order each turn; one that failed is named on standard error."""
    command = [python, PEERS / "lenet_train.py", "--threads", threads, "--rotate", turn - 1]
    lines = json_lines(command, {"TORCHINDUCTOR_CACHE_DIR": str(cache)})
    for line in lines:
        if "error" in line:
            print(f"PyTorch's variant {line['variant']} does not run here: {line['error']}", file=sys.stderr)
    variants = {line["variant"]: line for line in lines if "error" not in line}
    if not variants:
        raise RunFailed("lenet_train.py: none of PyTorch's variants runs here")
    return variants


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
