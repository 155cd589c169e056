"""What a comparison needs: a Python with PyTorch, and programs of the package built in release."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
PROJECT = FOLDER.parent
REQUIREMENTS = ["torch", "torchvision", "numpy"]


def make():
    """The Python of Benchmarks/.venv, which is made and filled where it is missing."""
    folder = FOLDER / ".venv"
    python = folder / "bin" / "python"
    if not python.exists():
        if importlib.util.find_spec("ensurepip") is None:
            raise SystemExit("Python's venv module is incomplete here: apt-get install python3-venv")
        call([sys.executable, "-m", "venv", folder])
    if subprocess.run([python, "-c", "import torch, torchvision, numpy"], capture_output=True).returncode != 0:
        print(f"installing {', '.join(REQUIREMENTS)} into {folder}", file=sys.stderr)
        call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS])
    return python


def build(product):
    """The path of a program of the package, built in release."""
    if shutil.which("swift") is None:
        raise SystemExit("swift is not on the PATH: install Swift 6 from swift.org")
    call([PROJECT / "scripts" / "install-dependencies"])
    command = ["swift", "build", "--package-path", PROJECT, "--configuration", "release", "--product", product]
    call(command)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True)
    return Path(shown.stdout.strip()) / product


def versions(python):
    values = "platform.python_version(), torch.__version__, torchvision.__version__"
    command = [python, "-c", f"import platform, torch, torchvision; print({values})"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return list(zip(("Python", "PyTorch", "torchvision"), shown))


def call(command):
    """Runs a command whose own messages tell of its failure; they go to standard error."""
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with code {result.returncode}")
