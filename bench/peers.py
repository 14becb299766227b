"""What others take for the same COCO file, in and out again, where they are installed: each in a process of its own.

They are looked for in our own environment and in that of `make conformance` beside it, which has Datumaro. FiftyOne is
measured where somebody installed it there, with a MongoDB, which it needs.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


FIFTYONE = """
import json, resource, sys, time
import fiftyone
from fiftyone.types import COCODetectionDataset
known = json.load(open(sys.argv[1]))
names = {one["id"]: one["name"] for one in known["categories"]}
drawn = {}
for one in known["annotations"]:
    drawn.setdefault(one["image_id"], []).append((names[one["category_id"]], one["bbox"]))
began = time.perf_counter()
samples = []
for image in known["images"]:
    w, h = image["width"], image["height"]
    found = [
        fiftyone.Detection(label=label, bounding_box=[x / w, y / h, bw / w, bh / h])
        for label, (x, y, bw, bh) in drawn.get(image["id"], ())
    ]
    size = fiftyone.ImageMetadata(width=w, height=h)
    path = "/nowhere/" + image["file_name"]
    samples.append(fiftyone.Sample(filepath=path, metadata=size, truth=fiftyone.Detections(detections=found)))
made = fiftyone.Dataset()
made.add_samples(samples, progress=False)
created = time.perf_counter()
count = sum(made.count_values("truth.detections.label").values())
counted = time.perf_counter()
copy = made.clone()
cloned = time.perf_counter()
made.export(
    dataset_type=COCODetectionDataset, labels_path=sys.argv[2], label_field="truth", abs_paths=True, progress=False
)
done = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
copy.delete()
made.delete()
told = {
    "version": fiftyone.__version__, "count": count, "in": created - began, "facet": counted - created,
    "clone": cloned - counted, "out": done - cloned, "peak": peak,
}
print(json.dumps(told))
"""


def run(source: Path, folder: Path, table: Table) -> None:
    """Measure each with the set at `source`. Says so of those that aren't installed."""
    place = folder / "peers"
    same = place / "annotations" / "instances_train.json"
    for needed in (same.parent, same.parent.with_name("images")):  # Datumaro asks for folders of these names
        needed.mkdir(parents=True)
    os.link(source, same)
    if told := _told("Datumaro", "import datumaro", DATUMARO, same, place / "datumaro"):
        name = f"Datumaro {told['version']}"
        table.add(f"{name}, COCO in", told["in"], "s", "", f"{told['count']:,} annotations by its count, into memory")
        table.add(f"{name}, COCO out", told["out"], "s")
        table.add(f"{name}, peak", told["peak"], "MB")
    needed = "import fiftyone; fiftyone.list_datasets()"  # which asks its MongoDB
    if told := _told("FiftyOne", needed, FIFTYONE, same, place / "fiftyone.json"):
        name = f"FiftyOne {told['version']}"
        table.add(f"{name}, create", told["in"], "s", "", f"{told['count']:,} boxes")
        table.add(f"{name}, count of labels", told["facet"] * 1000, "ms")
        table.add(f"{name}, a copy as a version", told["clone"] * 1000, "ms")
        table.add(f"{name}, COCO out", told["out"], "s")
        table.add(f"{name}, peak", told["peak"], "MB", "", "without its database")


def _told(name: str, needed: str, script: str, *given: Path) -> dict[str, Any] | None:
    """What a script says in the first environment that has what it needs; None, with a word, where it can't be had."""
    python = next((python for python in _PYTHONS if _has(python, needed)), None)
    if python is None:
        print(f"{name}: not installed here")
        return None
    done = subprocess.run([python, "-c", script, *given], check=False, capture_output=True, text=True)
    if done.returncode:
        print(f"{name} went wrong: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _has(python: Path, needed: str) -> bool:
    return python.exists() and subprocess.run([python, "-c", needed], check=False, capture_output=True).returncode == 0
