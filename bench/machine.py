"""The machine that the figures come from."""

import os
import platform
import sys
import tempfile
import time
from pathlib import Path


def describe() -> list[str]:
    """Lines about processor, memory, disk and software; figures mean little without them."""
    load = os.getloadavg()[0]
    return [
        f"processor  {_processor()}, {os.cpu_count()} cores",
        f"memory     {_memory_gb():.0f} GB",
        f"disk       one fsync takes {_fsync_ms():.2f} ms",
        f"software   {platform.system()} {platform.release()}, Python {sys.version.split()[0]}",
        f"load       {load:.1f} before the first figure{'  (others use this machine too!)' if load > 0.7 else ''}",
    ]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _fsync_ms() -> float:
    """The median of writing 8 kB and waiting until it is on disk, which bounds every durable call."""
    taken: list[float] = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            start = time.perf_counter()
            file.write(b"x" * 8192)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - start)
    return sorted(taken)[25] * 1000
