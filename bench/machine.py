"""Names the machine that figures are of."""

import os
import platform
import re
import subprocess
from pathlib import Path


def machine(provider: str) -> str:
    """Name processor and cores, and the GPU where it was used."""
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.exists() else []
    machine = f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores"
    if provider == "cuda":
        query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        machine += (
            ", " + subprocess.run(query, capture_output=True, check=True, text=True).stdout.splitlines()[0]
        )
    return machine
