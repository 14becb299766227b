"""How soon it answers, and what it takes when nobody asks."""

import statistics
import subprocess
import sys
import time

from bench.installation import Installation, environment
from bench.table import Table


def run(running: Installation, table: Table) -> None:
    memory = running.memory_mb()
    shown = ", ".join(f"{name} {value:.0f}" for name, value in memory.items())
    table.add("idle memory, server + database", memory["server"] + memory["database"], "MB", "< 250", shown)
    running.stop()
    starts = [_restart(running) for _ in range(3)]
    table.add("start to first answer, warm", statistics.median(starts), "s", "< 2", _spread(starts))
    helps = [_help(running) for _ in range(5)]
    table.add("penstock --help", statistics.median(helps), "s", "< 0.5", _spread(helps))


def _restart(running: Installation) -> float:
    took = running.start()
    running.stop()
    return took


def _help(running: Installation) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "penstock.cli.main", "--help"],
        check=True,
        capture_output=True,
        env=environment(running.home),
    )
    return time.perf_counter() - began


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f} in {len(values)}"
