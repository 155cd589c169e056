"""One run of each side: starts a program, reads the JSON lines that it prints."""

import json
import os
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"


class RunFailed(Exception):
    """A program ended with an error, or did not print what was expected."""


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
        raise RunFailed(f"{' '.join(command)}\nended with code {result.returncode}:\n{result.stderr.strip()[-2000:]}")
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
