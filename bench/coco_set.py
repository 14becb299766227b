"""A COCO file of the size of train2017, drawn by chance but always the same: 118,287 images, 860,001 polygons, 408 MB.

Numbers are as COCO's: ids are sparse, coordinates have two digits behind the point, one polygon in ten has two parts.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

IMAGES, ANNOTATIONS, CATEGORIES = 118_287, 860_001, 80
WIDTH, HEIGHT = 640, 480
_POINTS = (14, 34)
_ENCODE = msgspec.json.Encoder().encode


def name(image: int) -> str:
    """The file name of the nth image."""
    return f"{image * 5 + 9:012d}.jpg"


def write(path: Path, images: int = IMAGES, annotations: int = ANNOTATIONS, seed: int = 7) -> None:
    """Write the whole set into one file. The same numbers give the same bytes."""
    with path.open("wb") as file:
        file.write(b'{"info":{"year":2017},"licenses":[{"id":1,"name":"none"}],"images":[')
        for n in range(images):
            file.write(b"," if n else b"")
            file.write(_ENCODE(_image(n)))
        file.write(b'],"annotations":[')
        for n, made in enumerate(_annotations(images, annotations, np.random.default_rng(seed))):
            file.write(b"," if n else b"")
            file.write(_ENCODE(made))
        categories = [{"id": n * 2 + 1, "name": f"thing {n}", "supercategory": "thing"} for n in range(CATEGORIES)]
        file.write(b'],"categories":' + _ENCODE(categories) + b"}")


def _image(n: int) -> dict[str, Any]:
    return {
        "id": n * 5 + 9,
        "file_name": name(n),
        "width": WIDTH,
        "height": HEIGHT,
        "license": 1,
        "coco_url": f"http://images.example.org/train2017/{name(n)}",
        "date_captured": "2013-11-14 11:18:45",
    }


def _annotations(images: int, count: int, random: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Star-shaped polygons about a centre, cut at the image's edges."""
    block = 10_000
    for first in range(0, count, block):
        size = min(block, count - first)
        sides = random.integers(*_POINTS, size)
        corner = np.arange(_POINTS[1])
        angles = 2 * np.pi * np.where(corner < sides[:, None], corner, 0) / sides[:, None]
        reach = random.uniform(6, 90, (size, 1)) * random.uniform(0.7, 1.0, angles.shape)
        reach = np.where(corner < sides[:, None], reach, reach[:, :1])  # beyond its sides a shape stays at its first
        x = np.clip(random.uniform(40, WIDTH - 40, (size, 1)) + reach * np.cos(angles), 0, WIDTH).round(2)
        y = np.clip(random.uniform(40, HEIGHT - 40, (size, 1)) + reach * np.sin(angles), 0, HEIGHT).round(2)
        areas = np.abs((x * np.roll(y, 1, 1) - y * np.roll(x, 1, 1)).sum(1) / 2).round(4).tolist()
        low = np.stack([x.min(1), y.min(1)], 1)
        boxes = np.concatenate([low, np.stack([x.max(1), y.max(1)], 1) - low], 1).round(2).tolist()
        flat = np.stack([x, y], 2).reshape(size, -1).tolist()
        owners, labels = random.integers(0, images, size).tolist(), random.integers(0, CATEGORIES, size).tolist()
        in_two = (random.random(size) < 0.1).tolist()
        for n, points in enumerate(sides.tolist()):
            drawn, half = flat[n][: 2 * points], points // 2 * 2
            yield {
                "segmentation": [drawn[:half], drawn[half:]] if in_two[n] else [drawn],
                "area": areas[n],
                "iscrowd": 0,
                "image_id": owners[n] * 5 + 9,
                "bbox": boxes[n],
                "category_id": labels[n] * 2 + 1,
                "id": (first + n) * 3 + 100,
            }
