"""COCO panoptic: segments by the colours of a picture."""

import io
import json
from typing import Any

import numpy as np
from PIL import Image

from penstock import formats
from penstock.annotations import geometry, rle
from penstock.formats import BadItem, Item, Loss
from penstock.schema import Schema, planned
from sets import MemoryTree, essence, read, written

PANOPTIC = formats.named("coco-panoptic")
SET: dict[str, Any] = {
    "info": {"year": 2018},
    "images": [{"id": 7, "file_name": "a.jpg", "width": 4, "height": 2, "license": 1}],
    "annotations": [
        {
            "image_id": 7,
            "file_name": "a.png",
            "segments_info": [
                {"id": 300, "category_id": 5, "area": 2, "bbox": [0, 0, 1, 2], "iscrowd": 1, "note": "kept"},
                {"id": 70000, "category_id": 9, "area": 1, "bbox": [3, 1, 1, 1], "iscrowd": 0},
            ],
        }
    ],
    "categories": [
        {"id": 5, "name": "sky", "supercategory": "stuff", "isthing": 0, "color": [1, 2, 3]},
        {"id": 9, "name": "dog", "supercategory": "animal", "isthing": 1},
    ],
}


def picture() -> bytes:
    numbers = np.array([[300, 0, 0, 0], [300, 0, 0, 70000]])
    colours = np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16], axis=2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(colours).save(buffer, "PNG")
    return buffer.getvalue()


def tree(content: Any = None, png: bytes | None = None) -> MemoryTree:
    files = {"annotations/panoptic_val.json": json.dumps(content or SET).encode(), "val/a.jpg": b""}
    return MemoryTree(files | {"annotations/panoptic_val/a.png": picture() if png is None else png})


def test_a_set_is_written_as_it_was_read():
    assert formats.detect(tree()) is PANOPTIC
    reading = PANOPTIC.read(tree())
    assert reading.used() == {"annotations/panoptic_val.json", "annotations/panoptic_val/a.png"}
    [item] = reading.items()
    assert isinstance(item, Item)
    assert [(a.label, rle.area(rle.runs(geometry.parse("mask", a.geometry)))) for a in item.annotations] == [  # type: ignore[arg-type]
        ("sky", 2),
        ("dog", 1),
    ]
    again = written(PANOPTIC, [item], planned(Schema(version=0), reading.schema()), reading.foreign()).files
    assert json.loads(again["annotations/panoptic_val.json"]) == {
        **SET,
        "images": [{**SET["images"][0], "file_name": "val/a.jpg"}],
        "annotations": [{**SET["annotations"][0], "file_name": "val/a.png"}],
    }
    assert (
        np.asarray(Image.open(io.BytesIO(again["annotations/panoptic_val/val/a.png"])))
        == np.asarray(Image.open(io.BytesIO(picture())))
    ).all()


def test_each_part_of_a_set_has_a_json_and_a_folder_of_its_own():
    other = json.loads(json.dumps(SET))
    other["annotations"][0]["segments_info"][1]["category_id"] = 11
    other["categories"][1] = {"id": 11, "name": "cat"}
    files = tree().files | {
        "annotations/panoptic_train.json": json.dumps(other | {"licenses": [1]}).encode(),
        "annotations/panoptic_train/a.png": picture(),
        "train/a.jpg": b"",
    }
    assert formats.detect(MemoryTree(files)) is PANOPTIC
    reading = PANOPTIC.read(MemoryTree(files))
    assert len(reading.used()) == 4
    found = read(PANOPTIC, MemoryTree(files))
    told = [(item.key, item.meta, [a.label for a in item.annotations]) for item in found]
    assert told == [
        ("train/a.jpg", {"split": "train"}, ["sky", "cat"]),
        ("val/a.jpg", {"split": "val"}, ["sky", "dog"]),
    ]
    schema, loss = planned(Schema(version=0), reading.schema()), Loss()
    new = [Item(key=f"new/a.{ending}", width=4, height=2) for ending in ("jpg", "png")]
    again = written(PANOPTIC, [*found, *new], schema, reading.foreign(), loss)
    assert loss.as_dict() == {}
    assert sorted(path for path in again.files if not path.startswith("images/")) == [
        "annotations/panoptic_train.json",
        "annotations/panoptic_train/train/a.png",
        "annotations/panoptic_val.json",
        "annotations/panoptic_val/val/a.png",
        "panoptic.json",
        "panoptic/new/a.png",
        "panoptic/new/a.png.png",
    ]
    train = json.loads(again.files["annotations/panoptic_train.json"])
    assert (train["licenses"], [one["id"] for one in train["images"]]) == ([1], [7])
    assert train["categories"][-1] == {"id": 11, "name": "cat", "supercategory": "", "isthing": 1}
    assert [one["id"] for one in json.loads(again.files["panoptic.json"])["images"]] == [1, 2]
    assert [(item.key, item.meta, [essence(a) for a in item.annotations]) for item in read(PANOPTIC, again)] == [
        *((f"images/{item.key}", item.meta, [essence(a) for a in item.annotations]) for item in found),
        *((f"images/{item.key}", {}, []) for item in new),
    ]


def test_what_is_wrong_is_told():
    broken = json.loads(json.dumps(SET))
    broken["annotations"][0]["segments_info"] += [{"id": 5, "category_id": 9}, {"id": 300, "category_id": 4}, 7]
    broken["annotations"] += [{"image_id": 7}, {"image_id": 8}]
    found = list(PANOPTIC.read(tree(broken)).items())
    assert [item.code for item in found if isinstance(item, BadItem)] == ["twice", "dangling-image"]
    [item] = [item for item in found if isinstance(item, Item)]
    codes = [problem.code for problem in item.problems]
    assert codes == ["geometry-empty", "dangling-category", "dangling-category"]
    [item] = PANOPTIC.read(tree(png=picture()[:40])).items()
    assert isinstance(item, Item)
    assert [problem.code for problem in item.problems] == ["picture"]
