"""What others take for the same COCO file, in and out again, where they are installed: each in a process of its own.

Datumaro has an environment beside ours, that of `make conformance`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.table import Table

_ROOT = Path(__file__).parents[1]
_PYTHONS = (Path(sys.executable), _ROOT / ".venv-conformance" / "bin" / "python")

DATUMARO = """
import json, resource, sys, time
import datumaro
began = time.perf_counter()
found = datumaro.Dataset.import_from(sys.argv[1], "coco_instances")
count = sum(len(item.annotations) for item in found)
read = time.perf_counter()
found.export(sys.argv[2], "coco_instances", save_media=False)
done = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
told = {"version": datumaro.__version__, "count": count, "in": read - began, "out": done - read, "peak": peak}
print(json.dumps(told))
"""


def run(source: Path, folder: Path, table: Table) -> None:
    """Measure Datumaro with the set at `source`. Says so when it isn't installed."""
    python = next((python for python in _PYTHONS if _has(python, "datumaro")), None)
    if python is None:
        print("Datumaro is not installed; `make conformance` makes an environment that has it.")
        return
    same = folder / "peers" / "annotations" / "instances_train.json"
    for needed in (same.parent, same.parent.with_name("images")):  # it asks for folders of these names
        needed.mkdir(parents=True)
    os.link(source, same)
    asked = [python, "-c", DATUMARO, same, folder / "datumaro"]
    done = subprocess.run(asked, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    name = f"Datumaro {told['version']}"
    table.add(f"{name}, COCO in", told["in"], "s", "", f"{told['count']:,} annotations, as it counts them, into memory")
    table.add(f"{name}, COCO out", told["out"], "s")
    table.add(f"{name}, peak", told["peak"], "MB")


def _has(python: Path, module: str) -> bool:
    if not python.exists():
        return False
    return subprocess.run([python, "-c", f"import {module}"], check=False, capture_output=True).returncode == 0
