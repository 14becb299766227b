"""The figures, printed as they come: what, how much, what was wanted, and how it came about."""

import os
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Table:
    missed: list[str] = field(default_factory=list[str])

    def head(self) -> None:
        print(f"\n{'what':46} {'measured':>14}  {'wanted':10} more")

    def add(self, what: str, value: float, unit: str, wanted: str = "", more: str = "", why: str = "") -> None:
        """Print a row. `why` is what a missed figure is missed by."""
        shown = f"{value:.2f}" if value < 10 else f"{value:.0f}"
        mark = " "
        if wanted and not _holds(value, wanted):
            self.missed.append(what)
            mark = "!"
            more += f"; missed: {why}" if why else ""
        print(f"{what:46} {f'{shown} {unit}':>14} {mark}{wanted:10} {more}", flush=True)


def _holds(value: float, wanted: str) -> bool:
    found = re.fullmatch(r"(<|>=) ([\d.]+)", wanted)
    assert found is not None, wanted
    return value < float(found[2]) if found[1] == "<" else value >= float(found[2])


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that a call takes, and its answer."""
    began = time.perf_counter()
    answer = call()
    return (time.perf_counter() - began) * 1000, answer


def written(content: bytes, folder: Path) -> float:
    """Milliseconds that this machine takes to write some bytes durably into a folder, with nothing else."""
    with tempfile.TemporaryFile(dir=folder) as file:

        def write() -> None:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

        return timed(write)[0]
