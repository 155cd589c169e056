"""What a comparison needs: a Python with PyTorch and its rivals, and programs of the package built in release."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
PROJECT = FOLDER.parent
REQUIREMENTS = ["torch", "torchvision", "numpy"]

# What `compare` does without where it cannot be had: what is imported, and what pip installs for it. Networks go to
# ONNX Runtime and OpenVINO as ONNX models.
RIVALS = {
    "jax": ["jax"],
    "onnxscript": ["onnx", "onnxscript"],
    "onnxruntime": ["onnxruntime"],
    "openvino": ["openvino"],
}


def make():
    """The Python of Benchmarks/.venv, which is made and filled where it is missing."""
    folder = FOLDER / ".venv"
    python = folder / "bin" / "python"
    if not python.exists():
        if importlib.util.find_spec("ensurepip") is None:
            raise SystemExit("Python's venv module is incomplete here: apt-get install python3-venv")
        call([sys.executable, "-m", "venv", folder])
    if not has(python, *REQUIREMENTS):
        install(python, REQUIREMENTS)
    return python


def add_rivals(python):
    """Installs PyTorch's rivals into the environment, each alone, so that one that fails does not spoil the others."""
    for module, packages in RIVALS.items():
        if not has(python, module):
            try:
                install(python, packages)
            except SystemExit as failure:
                print(f"going on without {module}: {failure}", file=sys.stderr)


def has(python, *modules):
    return subprocess.run([python, "-c", f"import {', '.join(modules)}"], capture_output=True).returncode == 0


def install(python, packages):
    print(f"installing {', '.join(packages)}", file=sys.stderr)
    call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])


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
    """The versions of Python, PyTorch and torchvision, as rows of the machine's table."""
    values = "platform.python_version(), torch.__version__, torchvision.__version__"
    command = [python, "-c", f"import platform, torch, torchvision; print({values})"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return list(zip(("Python", "PyTorch", "torchvision"), shown))


def rival_versions(python):
    """The versions of those of PyTorch's rivals that are installed, as further rows."""
    names = {"jax": "JAX", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
    program = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    shown = {
        name: subprocess.run([python, "-c", program, package], capture_output=True, text=True).stdout.strip()
        for package, name in names.items()
    }
    return [(name, version) for name, version in shown.items() if version]


def call(command):
    """Runs a command whose own messages tell of its failure; they go to standard error."""
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with code {result.returncode}")
