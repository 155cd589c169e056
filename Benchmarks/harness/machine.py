"""What the numbers were measured on: processor, memory, system, versions."""

import math
import os
import platform
import subprocess
from pathlib import Path

# What keeps both sides from wider vector instructions: Apus, oneDNN (in PyTorch and OpenVINO too), PyTorch's own
# kernels, its BLAS, and XLA. ONNX Runtime has no such switch.
LIMITS = {
    "avx2": {
        "APUS_MAX_ISA": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    }
}

# The vector instructions as APUS_MAX_ISA names them, the widest first: the flag of /proc/cpuinfo, and how to write it.
INSTRUCTIONS = {"avx512": ("avx512f", "AVX-512"), "avx2": ("avx2", "AVX2")}

# The load average up to which nobody else is using the machine.
QUIET = 0.5


def available_cpus():
    """The CPUs that this process may use: its affinity, and the quota of its control group; at least 1."""
    count = len(os.sched_getaffinity(0))
    quota = _quota_v2() or _quota_v1()
    return max(1, min(count, math.ceil(quota))) if quota else count


def threads():
    """The threads that both sides get: APUS_NUM_THREADS where it is set, else every CPU there is."""
    return int(os.environ.get("APUS_NUM_THREADS", 0)) or available_cpus()


def describe():
    """The rows of the machine's table, as pairs of a name and a text."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("processor", _processor()),
        ("CPUs", f"{available_cpus()} of {os.cpu_count()}"),
        ("vector instructions", written(instructions())),
        ("memory", f"{memory:.0f} GiB"),
        ("system", f"{_system()}, kernel {platform.release()}"),
        ("Swift", _first_line(["swift", "--version"])),
        ("oneDNN", _onednn()),
    ]


def instructions():
    """The widest vector instructions of the processor: avx512, avx2 or baseline."""
    flags = set(_read("/proc/cpuinfo").split())
    return next((name for name, (flag, _) in INSTRUCTIONS.items() if flag in flags), "baseline")


def written(instructions):
    """The name of vector instructions in a text."""
    return INSTRUCTIONS[instructions][1] if instructions in INSTRUCTIONS else instructions


def load():
    """The load average of the last minute: above QUIET before a run, somebody else is using the machine."""
    return os.getloadavg()[0]


def _quota_v2():
    text = _read("/sys/fs/cgroup/cpu.max").split()
    return int(text[0]) / int(text[1]) if len(text) == 2 and text[0] != "max" else None


def _quota_v1():
    quota, period = (_read(f"/sys/fs/cgroup/cpu/cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    return int(quota) / int(period) if quota and period and int(quota) > 0 else None


def _processor():
    values = dict(
        (part.strip() for part in line.split(":", 1)) for line in _read("/proc/cpuinfo").splitlines() if ":" in line
    )
    name = values.get("model name", platform.machine())
    return f"{name}, family {values['cpu family']}, model {values['model']}" if "cpu family" in values else name



def _system():
    for line in _read("/etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip('"')
    return platform.platform()


def _onednn():
    if version := _first_line(["dpkg-query", "--show", "--showformat=${Version}", "libdnnl-dev"]):
        return version
    return "unknown"


def _first_line(command):
    try:
        output = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    except FileNotFoundError:
        return ""
    return output.splitlines()[0] if output else ""


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""
