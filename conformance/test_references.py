"""Each reference reads what we write, and finds the same."""

import json
from typing import Any

import datasets
import numpy as np
import pytest
import supervision
import webdataset
from pycocotools.coco import COCO

from penstock.annotations import geometry, rle

from .conftest import HEIGHT, SCHEMA, WIDTH, Written, items, picture


def test_pycocotools_finds_our_coco(written: Written) -> None:
    coco = COCO(str(written("coco", {"box", "polygon", "mask", "keypoints"}) / "annotations.json"))
    assert {category["name"]: id for id, category in coco.cats.items()} | {"body": 0} == {
        "car": 3,
        "two words": 90,
        "body": 0,
    }
    [image] = [image for image in coco.loadImgs(coco.getImgIds()) if image["file_name"] == "a.png"]
    found = coco.loadAnns(coco.getAnnIds(image["id"]))
    assert [coco.cats[one["category_id"]]["name"] for one in found] == ["car", "two words", "car", "body"]
    box, polygon, mask, body = found
    assert (box["bbox"], box["area"]) == ([4, 5, 20.5, 10], 205)
    assert coco.annToMask(polygon).sum() == rle.pixels(rle.from_polygon(_shape(1), HEIGHT, WIDTH)).sum()
    assert (coco.annToMask(mask) == rle.pixels(_shape(2))).all()
    assert body["keypoints"] == [10, 10, 2, 20, 20, 1, 0, 0, 0]


def _shape(n: int) -> Any:
    annotation = items()[0].annotations[n]
    return geometry.parse(annotation.kind, annotation.geometry)


def test_supervision_finds_our_coco(written: Written) -> None:
    folder = written("coco", {"box"})
    found = supervision.DetectionDataset.from_coco(str(folder / "images"), str(folder / "annotations.json"))
    _only_box(found, 1e-6)


def test_supervision_finds_our_yolo(written: Written) -> None:
    folder = written("yolo", {"box"})
    found = supervision.DetectionDataset.from_yolo(
        str(folder / "images/train"), str(folder / "labels/train"), str(folder / "data.yaml")
    )
    assert found.classes == ["car", "two words", "body"]
    _only_box(found, 1e-4)


def test_supervision_finds_our_yolo_polygons(written: Written) -> None:
    folder = written("yolo-segment", {"mask"})
    found = supervision.DetectionDataset.from_yolo(
        str(folder / "images/train"), str(folder / "labels/train"), str(folder / "data.yaml"), force_masks=True
    )
    [(_, _, detections)] = list(found)
    # supervision fills polygons with their edges, so a mask grows by a pixel to the right and below.
    area = int(np.asarray(detections.mask).sum())
    ours = int(rle.pixels(_shape(2)).sum())
    assert ours <= area <= ours + 2 * 20 + 1


def test_supervision_finds_our_voc(written: Written) -> None:
    folder = written("voc", {"box"})
    found = supervision.DetectionDataset.from_pascal_voc(str(folder / "JPEGImages"), str(folder / "Annotations"))
    [box] = [detections.xyxy[0] for _, _, detections in found if len(detections)]
    # supervision takes xmin and ymin back by one, as VOC counts from 1, but no fractions.
    assert box == pytest.approx([4, 5, 24.5, 15], abs=1)


def _only_box(found: supervision.DetectionDataset, slack: float) -> None:
    [(box, label)] = [(one.xyxy[0], found.classes[int(one.class_id[0])]) for _, _, one in found if len(one)]
    assert label == "car"
    assert box == pytest.approx([4, 5, 24.5, 15], abs=slack)


def test_webdataset_finds_our_shards(written: Written) -> None:
    folder = written("webdataset", {"box", "tag"})
    for split, key in (("train", "a.png"), ("val", "b.png")):
        [sample] = list(webdataset.WebDataset(str(folder / f"{split}-000000.tar"), shardshuffle=False))
        assert sample["__key__"] == key.removesuffix(".png")
        assert sample["png"] == picture(key)
        assert json.loads(sample["json"])["key"] == key


def test_hugging_face_finds_our_parquet(written: Written) -> None:
    folder = written("parquet", {"box", "polygon", "mask", "tag"})
    found = datasets.load_dataset("parquet", data_dir=str(folder / "data"), cache_dir=str(folder / "cache"))
    assert {name: len(part) for name, part in found.items()} == {"train": 1, "validation": 1}
    [row] = list(found["train"])
    assert row["image"].size == (WIDTH, HEIGHT)
    assert row["objects"]["bbox"][0] == [4, 5, 20.5, 10]
    names = found["train"].features["objects"]["category"].feature.names
    assert [names[id] for id in row["objects"]["category"]] == ["car", "two words", "car"]
    assert names == [label.name for label in SCHEMA.labels]
    assert json.loads(row["item"])["key"] == "a.png"


def test_hugging_face_finds_our_folders(written: Written) -> None:
    folder = written("imagenet", {"tag"})
    found = datasets.load_dataset("imagefolder", data_dir=str(folder / "val"), cache_dir=str(folder / "cache"))
    [row] = list(found["train"])
    assert row["image"].size == (WIDTH, HEIGHT)
