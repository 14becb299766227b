"""Each reference reads what we write, and finds the same."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import datumaro
import numpy as np
import pytest
import supervision
import webdataset
from label_studio_sdk.converter import Converter
from label_studio_sdk.converter.converter import Format as LabelStudioFormat
from pycocotools.coco import COCO

from penstock.annotations import geometry, rle

from .conftest import HEIGHT, SCHEMA, WIDTH, Written, items, picture

TRAIN = "annotations/instances_train.json"


def test_pycocotools_finds_our_coco(written: Written) -> None:
    coco = COCO(str(written("coco", {"box", "polygon", "mask", "keypoints"}) / TRAIN))
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
    found = supervision.DetectionDataset.from_coco(str(folder / "images"), str(folder / TRAIN))
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


def test_datumaro_finds_our_coco(written: Written) -> None:
    folder = written("coco", {"box", "polygon", "mask"})
    found = datumaro.Dataset.import_from(str(folder), "coco_instances")
    names = [label.name for label in found.categories()[datumaro.AnnotationType.label]]
    assert names == ["car", "two words", "body"]
    assert sorted(found.subsets()) == ["train", "val"]
    item = found.get("a", "train")
    by_kind: dict[str, list[Any]] = {}
    for one in item.annotations:
        by_kind.setdefault(one.type.name, []).append(one)
    [mask] = by_kind["mask"]
    assert (np.asarray(mask.image, bool) == rle.pixels(_shape(2))).all()
    # Parts of a polygon are a polygon each, in one group; each segmentation has its box beside it.
    assert [one.points for one in by_kind["polygon"]] == [part[0] for part in _shape(1)]
    assert len({one.group for one in by_kind["polygon"]}) == 1
    assert [4, 5, 24.5, 15] in [one.points for one in by_kind["bbox"]]


def test_datumaro_finds_our_panoptic(written: Written) -> None:
    found = datumaro.Dataset.import_from(str(written("coco-panoptic", {"mask"})), "coco_panoptic")
    assert sorted(found.subsets()) == ["train", "val"]
    [mask] = [one for one in found.get("a", "train").annotations if one.type is datumaro.AnnotationType.mask]
    assert found.categories()[datumaro.AnnotationType.label][mask.label].name == "car"
    assert (np.asarray(mask.image, bool) == rle.pixels(_shape(2))).all()


@pytest.mark.parametrize(
    ("name", "importer", "path", "asked"),
    [("cvat", "cvat", "annotations.xml", {"subset": "train"}), ("darknet", "yolo", "", {})],
)
def test_datumaro_finds_our_boxes(written: Written, name: str, importer: str, path: str, asked: dict[str, str]) -> None:
    # Of CVAT's XML it takes the images of one part of the set, which it must be told.
    found = datumaro.Dataset.import_from(str(written(name, {"box"}) / path), importer, **asked)
    [[box]] = [item.annotations for item in found if item.id == "a"]
    assert found.categories()[datumaro.AnnotationType.label][box.label].name == "car"
    assert box.points == pytest.approx([4, 5, 24.5, 15], abs=1e-3)


def test_datumaro_finds_our_dota(written: Written) -> None:
    found = datumaro.Dataset.import_from(str(written("dota", {"box"})), "dota")
    [[box]] = [item.annotations for item in found if item.annotations]
    assert box.points == pytest.approx([14.25, 10, 20.5, 10, 0])  # its centre, its sides, its angle


def test_datumaro_finds_our_voc_a_pixel_further(written: Written) -> None:
    folder = written("voc", {"box"})
    found = datumaro.Dataset.import_from(str(folder), "voc_detection")
    [[box]] = [item.annotations for item in found if item.annotations]
    # It doesn't take xmin and ymin back by one, though VOC counts from 1.
    assert box.points == [5, 6, 24.5, 15]


@pytest.fixture
def converted(written: Written) -> Callable[[LabelStudioFormat], Path]:
    """`converted(LabelStudioFormat.COCO)`: what Label Studio's own converter makes of our tasks."""

    def convert(format: LabelStudioFormat) -> Path:
        folder = written("label-studio", {"box", "polygon", "mask"})
        converter = Converter(
            config=str(folder / "label_config.xml"),
            project_dir=str(folder),
            upload_dir=str(folder),
            download_resources=False,
        )
        converter.convert(str(folder / "tasks.json"), str(folder / "out"), format, is_dir=False)
        return folder / "out"

    return convert


def test_label_studios_converter_finds_our_boxes_for_coco(converted: Callable[[LabelStudioFormat], Path]) -> None:
    coco = json.loads((converted(LabelStudioFormat.COCO) / "result.json").read_text())
    # Where a configuration offers key points, it puts all boxes into one category, "default".
    [box] = [one["bbox"] for one in coco["annotations"] if not one["segmentation"]]
    assert box == pytest.approx([4, 5, 20.5, 10], abs=1e-3)


def test_label_studios_converter_finds_our_boxes_for_yolo(converted: Callable[[LabelStudioFormat], Path]) -> None:
    folder = converted(LabelStudioFormat.YOLO)
    assert (folder / "classes.txt").read_text().splitlines() == ["car", "two words", "body"]
    [line] = [
        line
        for path in (folder / "labels").glob("*a.txt")
        for line in path.read_text().splitlines()
        if line.count(" ") == 4
    ]
    number, *place = map(float, line.split())
    assert number == 0
    assert place == pytest.approx([14.25 / WIDTH, 10 / HEIGHT, 20.5 / WIDTH, 10 / HEIGHT], abs=1e-6)


def test_label_studios_converter_cuts_the_fractions_of_our_boxes_for_voc(
    converted: Callable[[LabelStudioFormat], Path],
) -> None:
    [text] = [path.read_text() for path in (converted(LabelStudioFormat.VOC) / "Annotations").glob("*a.xml")]
    found = [int(re.findall(rf"<{side}>(\d+)<", text)[0]) for side in ("xmin", "ymin", "xmax", "ymax")]
    # Whole pixels, and the last one that is inside: 24.5 and 15 become 24 and 14.
    assert found == [4, 5, 24, 14]
