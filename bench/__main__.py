"""`make bench`: every figure that Penstock promises, with the machine it was measured on.

python -m bench                 all but the crash run
python -m bench startup import  some of them: startup, import, claim, latency, screen, grid, volume, transforms, million
python -m bench crash           200 kills, some ten minutes
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import (
    asking,
    claiming,
    coco_set,
    grid,
    importing,
    latency,
    machine,
    million,
    screen,
    startup,
    transforming,
    volume,
)
from bench.installation import installation
from bench.project import Project
from bench.table import Table

PARTS = ("startup", "import", "claim", "latency", "screen", "grid", "volume", "transforms", "million")


def main() -> None:
    asked = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in asked if part not in (*PARTS, "crash")]:
        sys.exit(f"There is no part {unknown[0]!r}; there are {', '.join(PARTS)} and crash.")
    for line in machine.describe():
        print(line)
    table = Table()
    table.head()
    if "startup" in asked:
        with installation() as running:
            startup.run(running, table)
    if {"import", "claim", "latency"} & set(asked):
        _measure(asked, table)
    whole = {
        "screen": screen.run,
        "grid": grid.run,
        "volume": _volume,
        "transforms": transforming.run,
        "million": _million,
    }
    for part, run in whole.items():
        if part in asked:
            with tempfile.TemporaryDirectory(prefix="penstock-images-") as name, installation() as running:
                run(Project.make(running), Path(name), table)
    if "crash" in asked:
        _crash()
    if table.missed:
        print(f"\nmissed: {', '.join(table.missed)}")


def _measure(asked: list[str], table: Table) -> None:
    with tempfile.TemporaryDirectory(prefix="penstock-images-") as name, installation() as running:
        folder = Path(name)
        project = Project.make(running)
        if "latency" in asked:
            latency.run(project, table)
        if {"import", "claim"} & set(asked):
            importing.run(project, folder, table)
        if "claim" in asked:
            project.open_tasks(importing.FILES)
            claiming.run(project, folder, importing.FILES, table)


def _volume(project: Project, folder: Path, table: Table) -> None:
    """The set of COCO's size."""
    share = _share()
    scale = volume.Scale(int(coco_set.IMAGES * share), int(coco_set.ANNOTATIONS * share))
    volume.run(project, folder, table, scale)
    asking.run(project, table, scale.images)


def _million(project: Project, folder: Path, table: Table) -> None:
    million.run(project, folder, table, int(million.FILES * _share()))


def _share() -> float:
    """A share of the large sets where `PENSTOCK_BENCH_SHARE` says so, such as 0.1."""
    return float(os.environ.get("PENSTOCK_BENCH_SHARE", "1"))


def _crash() -> None:
    """The same run as the scenario's, with 200 kills."""
    crash = Path(__file__).parents[1] / "tests" / "scenario" / "crash" / "__main__.py"
    done = subprocess.run([sys.executable, crash, "--kills", "200", "--patient"], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
