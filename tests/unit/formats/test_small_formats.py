"""CreateML, LabelMe, DOTA, Open Images and tables of tags, as their public descriptions show them."""

import io
import json
import tarfile
from typing import Any

import pytest

from penstock import formats
from penstock.annotations import geometry
from penstock.formats import BadItem, Containing, Item
from penstock.schema import Schema, planned
from sets import MemoryTree, read, written


def shapes(item: Item) -> list[tuple[str, str | None, Any]]:
    return [(a.kind, a.label, geometry.parse(a.kind, a.geometry)) for a in item.annotations]


def test_createml_gives_centres():
    box = {"label": "car", "coordinates": {"x": 30, "y": 20, "width": 10, "height": 8}, "note": 1}
    given = [{"image": "a.jpg", "annotations": [box, {"label": "car"}], "more": True}, {"x": 1}]
    tree = MemoryTree({"train.json": json.dumps(given).encode(), "a.jpg": b""})
    assert formats.detect(tree) is formats.named("createml")
    item, bad = formats.named("createml").read(tree).items()
    assert isinstance(item, Item)
    assert isinstance(bad, BadItem)
    assert shapes(item) == [("box", "car", [25, 16, 10, 8])]
    assert [problem.code for problem in item.problems] == ["incomplete"]
    again = json.loads(written(formats.named("createml"), [item]).files["annotations.json"])
    assert again == [{"image": "images/a.jpg", "annotations": [box], "more": True}]


def test_labelme_has_a_file_for_each_image():
    given = {
        "version": "5.4.1",
        "flags": {"blurred": True},
        "shapes": [
            {
                "label": "car",
                "points": [[10, 8], [2, 3]],
                "shape_type": "rectangle",
                "group_id": 4,
                "flags": {"old": False},
            },
            {"label": "car", "points": [[5, 5], [8, 9]], "shape_type": "circle", "group_id": None, "description": "d"},
            {"label": "car", "points": [[5, 5]], "shape_type": "cube"},
            {"label": "car", "points": [[5, 5]], "shape_type": "mask", "mask": "?"},
        ],
        "imagePath": "..\\a.jpg",
        "imageData": "aGk=",
        "imageHeight": 48,
        "imageWidth": 64,
    }
    tree = MemoryTree({"x/a.json": json.dumps(given).encode(), "x/a.jpg": b"", "x/b.json": b"{"})
    assert formats.detect(tree) is formats.named("labelme")
    item, bad = formats.named("labelme").read(tree).items()
    assert isinstance(item, Item)
    assert isinstance(bad, BadItem)
    assert (item.key, item.attributes) == ("x/a.jpg", {"blurred": True})
    assert shapes(item) == [("box", "car", [2, 3, 8, 5]), ("ellipse", "car", [5, 5, 5, 5, 0])]
    assert (item.annotations[0].group, item.annotations[0].attributes) == ("4", {"old": False})
    assert [problem.code for problem in item.problems] == ["kind", "picture"]
    again = json.loads(written(formats.named("labelme"), [item]).files["x/a.json"])
    assert (again["version"], again["flags"], again["imagePath"]) == ("5.4.1", {"blurred": True}, "a.jpg")
    assert again["shapes"][0]["points"] == [[2, 3], [10, 8]]


def test_dota_keeps_its_head_and_what_is_difficult():
    text = b"imagesource:GoogleEarth\ngsd:0.5\n10 10 30 10 30 20 10 20 small-vehicle 1\n1 2 3\n"
    tree = MemoryTree({"train/labelTxt/P1.txt": text, "train/images/P1.png": b"", "val/labelTxt/P2.txt": b""})
    assert formats.detect(tree) is formats.named("dota")
    item, bad = formats.named("dota").read(tree).items()
    assert isinstance(item, Item)
    assert isinstance(bad, BadItem)
    assert (item.key, item.meta) == ("train/images/P1.png", {"split": "train"})
    assert shapes(item) == [("rotated_box", "small-vehicle", [10, 10, 20, 10, 0])]
    assert [problem.code for problem in item.problems] == ["incomplete"]
    item.width, item.height = 64, 48
    again = written(formats.named("dota"), [item]).files["train/labelTxt/P1.txt"].decode().splitlines()
    assert again[:2] == ["imagesource:GoogleEarth", "gsd:0.5"]
    assert again[2] == "10.0 10.0 30.0 10.0 30.0 20.0 10.0 20.0 small-vehicle 1"


def test_open_images_has_tables_of_boxes_and_of_labels():
    boxes = b"ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded\n"
    boxes += b"abc,xclick,/m/1,1,0.25,0.5,0.5,1,1\nabc,,/m/1,1,x,1,0,1,0\n"
    labels = b"ImageID,Source,LabelName,Confidence\nabc,machine,/m/2,0.75\nabc,verification,/m/1,0\n"
    names = b"/m/1,Car\n/m/2,Street\n"
    tree = MemoryTree(
        {
            "validation-annotations-bbox.csv": boxes,
            "validation-labels.csv": labels,
            "class-descriptions.csv": names,
            "validation/abc.jpg": b"",
        }
    )
    assert formats.detect(tree) is formats.named("openimages")
    [item] = formats.named("openimages").read(tree).items()
    assert isinstance(item, Item)
    assert [problem.code for problem in item.problems] == ["number"]
    item = formats.scaling.in_pixels(item, 64, 48)
    assert shapes(item) == [("box", "Car", [16, 24, 16, 24]), ("tag", "Street", None)]
    assert (item.meta, item.annotations[1].confidence) == ({"split": "val"}, 0.75)


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"a,b\n1,2\n", "no column"), (b"", "no column"), (b'file,label\n"' + b"x" * 200_000, "field larger")],
)
def test_a_table_without_its_columns_is_refused(text: bytes, says: str):
    with pytest.raises(formats.tag_table.TagTableInvalid, match=says):
        formats.named("csv").read(MemoryTree({"tags.csv": text}))


def test_tables_of_tags_may_have_several_in_a_cell_and_more_columns():
    text = b"Image,Tags,Weather,subset\na.jpg,cat|dog,sun,valid\nb.jpg,,,\n,cat,,\n"
    tree = MemoryTree({"t.csv": text, "x/a.jpg": b""})
    assert formats.detect(tree) is formats.named("csv")
    bad, one, two = formats.named("csv").read(tree).items()
    assert isinstance(bad, BadItem)
    assert isinstance(one, Item)
    assert isinstance(two, Item)
    assert [(a.label, a.attributes) for a in one.annotations] == [
        ("cat", {"Weather": "sun"}),
        ("dog", {"Weather": "sun"}),
    ]
    assert (one.key, one.meta, two.key, two.annotations) == ("x/a.jpg", {"split": "val"}, "b.jpg", [])


def test_folders_are_classes_below_a_part_of_the_set():
    tree = MemoryTree(
        {"train/cat/a.jpg": b"", "val/dog/deep/b.jpg": b"", "dog/c.jpg": b"", "train/_unlabelled/d.jpg": b""}
    )
    assert formats.detect(tree) is None
    found = {item.key: item for item in read(formats.named("imagenet"), tree)}
    assert {key: [a.label for a in item.annotations] for key, item in found.items()} == {
        "train/cat/a.jpg": ["cat"],
        "val/dog/deep/b.jpg": ["dog"],
        "dog/c.jpg": ["dog"],
        "train/_unlabelled/d.jpg": [],
    }


def test_an_image_inside_labelmes_json_is_taken_where_none_is_beside():
    given = {"shapes": [], "imagePath": "a.jpg", "imageData": "aGk="}
    reading = formats.named("labelme").read(MemoryTree({"a.json": json.dumps(given).encode()}))
    assert isinstance(reading, Containing)
    assert [(item.key, reading.content(item)) for item in reading.items() if isinstance(item, Item)] == [
        ("a.jpg", b"hi")
    ]


def test_what_parquet_of_others_says_beside_its_boxes_is_kept():
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    row: dict[str, Any] = {
        "image": {"bytes": b"x", "path": "a.jpg"},
        "width": 64,
        "height": 48,
        "label": ["cat", "dog"],
    }
    row |= {"objects": [{"bbox": [1, 2, 3, 4], "category": "cat", "id": 7}], "caption": "a cat", "mask": b"x"}
    buffer = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist([row]), buffer)
    [item] = formats.named("parquet").read(MemoryTree({"data/train-0.parquet": buffer.getvalue()})).items()
    assert isinstance(item, Item)
    assert (item.key, item.width, item.meta) == ("a.jpg", 64, {"caption": "a cat", "split": "train"})
    assert [(a.kind, a.label) for a in item.annotations] == [("tag", "cat"), ("tag", "dog"), ("box", "cat")]
    assert item.annotations[2].foreign == {"parquet": {"id": 7}}
    assert [(problem.at, problem.code) for problem in item.problems] == [("mask", "column")]


def test_what_shards_of_others_hold_is_read_or_told():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as shard:
        for name, content in {"a.mask.png": b"m", "a.jpg": b"i", "a.cls": b"3", "a.txt": b"a cat\non a mat"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            shard.addfile(info, io.BytesIO(content))
    reading = formats.named("webdataset").read(MemoryTree({"val-0.tar": buffer.getvalue()}))
    assert isinstance(reading, Containing)
    [item] = [(item, reading.content(item)) for item in reading.items() if isinstance(item, Item)]
    assert (item[0].key, item[1]) == ("a.jpg", b"i")
    assert item[0].meta == {"split": "val", "txt": "a cat\non a mat"}
    assert [(a.kind, a.label) for a in item[0].annotations] == [("tag", "3")]
    assert [problem.at for problem in item[0].problems] == ["mask.png"]


def test_codes_and_absent_labels_of_open_images_come_out_again():
    table = b"ImageID,Source,LabelName,Confidence\na,verification,/m/1,1\na,verification,/m/2,0\n"
    tree = MemoryTree(
        {"train-labels.csv": table, "class-descriptions.csv": b"/m/1,Cat\n/m/2,Dog\n", "train/a.jpg": b""}
    )
    format = formats.named("openimages")
    reading = format.read(tree)
    found = [item for item in reading.items() if isinstance(item, Item)]
    assert [(a.label, a.foreign) for a in found[0].annotations] == [("Cat", {"openimages": {"Source": "verification"}})]
    again = written(format, found, planned(Schema(version=0), reading.schema())).files
    assert again["train-labels.csv"].splitlines()[1:] == [b"a,verification,/m/1,1", b"a,,/m/2,0"]
    assert again["class-descriptions.csv"] == b"/m/1,Cat\n"
