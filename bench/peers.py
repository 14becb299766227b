"""What others take for the same COCO file, in and out again, where they are installed: each in a process of its own.

They are looked for in our own environment and in any `.venv-...` beside it: that of `make conformance` has Datumaro.
Who wants to see FiftyOne (which needs a MongoDB) or Label Studio makes an environment for it, such as
`.venv-label-studio`. The latter takes tasks, not COCO files, and gets the first 2,000 images of the set.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.table import Table

_ROOT = Path(__file__).parents[1]
_PYTHONS = (Path(sys.executable), *sorted(_ROOT.glob(".venv-*/bin/python")))

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

LABEL_STUDIO = """
import json, os, resource, socket, subprocess, sys, time
from urllib.request import Request, urlopen
import label_studio
MOST, AT_ONCE = 2_000, 500
known = json.load(open(sys.argv[1]))
names = {one["id"]: one["name"] for one in known["categories"]}
drawn = {}
for one in known["annotations"]:
    for ring in one["segmentation"]:
        drawn.setdefault(one["image_id"], []).append((names[one["category_id"]], ring))
def task(image):
    w, h = image["width"], image["height"]
    result = [
        {
            "type": "polygonlabels", "from_name": "label", "to_name": "image",
            "original_width": w, "original_height": h, "value": {
                "points": [[x / w * 100, y / h * 100] for x, y in zip(ring[::2], ring[1::2])], "closed": True,
                "polygonlabels": [label],
            },
        }
        for label, ring in drawn.get(image["id"], ())
    ]
    return {"data": {"image": "http://nowhere.invalid/" + image["file_name"]}, "annotations": [{"result": result}]}
tasks = [task(image) for image in known["images"][:MOST]]
shapes = sum(len(task["annotations"][0]["result"]) for task in tasks)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
token = "0123456789abcdef" * 2 + "01234567"
told = {"COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false", "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true"}
server = subprocess.Popen(
    [
        sys.executable, "-m", "label_studio.server", "start", "--no-browser", "--port", str(port), "--data-dir",
        sys.argv[2], "--username", "bench@example.org", "--password", "benchbench", "--user-token", token,
    ],
    env={**os.environ, **told}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
def ask(path, body=None):
    headers = {"Authorization": "Token " + token, "Content-Type": "application/json"}
    made = Request(f"http://127.0.0.1:{port}{path}", None if body is None else json.dumps(body).encode(), headers)
    with urlopen(made, timeout=3600) as answer:
        return answer.read()
try:
    give_up = time.monotonic() + 900
    while True:
        try:
            ask("/health")
            break
        except OSError:
            if time.monotonic() > give_up or server.poll() is not None:
                raise
            time.sleep(0.5)
    labels = "".join(f'<Label value="{name}"/>' for name in names.values())
    labels = f'<PolygonLabels name="label" toName="image">{labels}</PolygonLabels>'
    config = f'<View><Image name="image" value="$image"/>{labels}</View>'
    project = json.loads(ask("/api/projects", {"title": "bench", "label_config": config}))["id"]
    began = time.perf_counter()
    for start in range(0, len(tasks), AT_ONCE):
        ask(f"/api/projects/{project}/import", tasks[start : start + AT_ONCE])
    put = time.perf_counter()
    content = ask(f"/api/projects/{project}/export?exportType=JSON")
    done = time.perf_counter()
finally:
    server.terminate()
    server.wait(60)
found = json.loads(content)
count = sum(len(one["result"]) for task in found for one in task["annotations"])
assert (len(found), count) == (len(tasks), shapes), (len(found), count)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
told = {"version": label_studio.__version__, "tasks": len(tasks), "count": count, "in": put - began, "out": done - put}
print(json.dumps({**told, "mb": len(content) / 1e6, "peak": peak}))
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
    if told := _told("Label Studio", "import label_studio", LABEL_STUDIO, same, place / "label-studio"):
        name, count = f"Label Studio {told['version']}", told["count"]
        more = f"{told['tasks']:,} tasks with {count:,} polygons, by its REST API"
        table.add(f"{name}, import, annotations", count / told["in"] / 1000, "k/s", "", more)
        table.add(f"{name}, export, annotations", count / told["out"] / 1000, "k/s", "", f"{told['mb']:.0f} MB of JSON")
        table.add(f"{name}, peak", told["peak"], "MB", "", "of its server")


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
