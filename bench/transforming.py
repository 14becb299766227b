"""Exports that change images on their way out, beside what Pillow alone takes for the same pixels on one core."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from bench.project import Project
from bench.table import Table, timed
from bench.volume import exported

IMAGES, WIDTH, HEIGHT = 200, 1600, 1200
_BOXES = 20
_TILE, _OVERLAP, _SIDE = 512, 64, 640
_TRANSFORMS: dict[str, list[dict[str, Any]]] = {
    "tiles": [{"do": "tile", "size": _TILE, "overlap": _OVERLAP}],
    "resized": [{"do": "resize", "width": _SIDE, "height": _SIDE, "fit": "letterbox"}],
    "crops": [{"do": "crop", "each": True}],
}


def run(project: Project, folder: Path, table: Table) -> None:
    """Import drawn images with boxes, and export them in each way."""
    pictures = folder / "large"
    _draw(pictures)
    body = {"dataset": project.source, "source": {"kind": "path", "path": str(pictures)}, "format": "coco"}
    project.await_import(project.line.post(f"{project.path}/imports", json.dumps(body).encode())["id"])
    while project.line.get(f"{project.path}/datasets/{project.source}/files?limit=1&state=processing")["items"]:
        time.sleep(0.1)
    alone: dict[str, Callable[[Image.Image], list[Image.Image]]] = {
        "tiles": _tiles,
        "resized": _resized,
        "crops": _crops,
    }
    for name, transforms in _TRANSFORMS.items():
        limit, count = _alone(pictures, alone[name])
        asked = {"format": "yolo", "pack": "zip", "transforms": transforms}
        took = exported(project, folder / "out", {**asked, "to": {"folder": str(folder / "out"), "path": name}})
        more = f"{count:,} from {IMAGES} of {WIDTH} x {HEIGHT} in {took:.1f} s; Pillow alone on one core: {limit:.1f} s"
        table.add(f"export of {name}", count / took, "images/s", "", more)


def _draw(folder: Path) -> None:
    folder.mkdir()
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for n in range(IMAGES):
        picture = Image.effect_noise((WIDTH // 8, HEIGHT // 8), 60).rotate(n).resize((WIDTH, HEIGHT)).convert("RGB")
        picture.save(folder / f"{n:04}.jpg", quality=90)
        images.append({"id": n, "file_name": f"{n:04}.jpg", "width": WIDTH, "height": HEIGHT})
        for k in range(_BOXES):
            told = {"id": n * _BOXES + k, "image_id": n, "category_id": 1, "bbox": list(_box(k)), "iscrowd": 0}
            annotations.append({**told, "area": 200 * 150, "segmentation": []})
    categories = [{"id": 1, "name": "thing"}]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(whole))


def _box(k: int) -> tuple[int, int, int, int]:
    return (k % 5 * 300 + 20, k // 5 * 280 + 20, 200, 150)


def _alone(folder: Path, step: Callable[[Image.Image], list[Image.Image]]) -> tuple[float, int]:
    """Seconds to decode, change and encode all images, and how many come out."""
    count = 0

    def change() -> None:
        nonlocal count
        for path in sorted(folder.glob("*.jpg")):
            with Image.open(path) as picture:
                for made in step(picture.convert("RGB")):
                    made.save(io.BytesIO(), "JPEG", quality=95, subsampling=0)
                    count += 1

    taken, _ = timed(change)
    return taken / 1000, count


def _tiles(picture: Image.Image) -> list[Image.Image]:
    step = _TILE - _OVERLAP
    xs = [*range(0, WIDTH - _TILE, step), WIDTH - _TILE]
    ys = [*range(0, HEIGHT - _TILE, step), HEIGHT - _TILE]
    return [picture.crop((x, y, x + _TILE, y + _TILE)) for y in ys for x in xs]


def _resized(picture: Image.Image) -> list[Image.Image]:
    frame = Image.new("RGB", (_SIDE, _SIDE))
    small = picture.resize((_SIDE, _SIDE * HEIGHT // WIDTH), Image.Resampling.BICUBIC)
    frame.paste(small, (0, (_SIDE - small.height) // 2))
    return [frame]


def _crops(picture: Image.Image) -> list[Image.Image]:
    return [picture.crop((x, y, x + w, y + h)) for x, y, w, h in map(_box, range(_BOXES))]
