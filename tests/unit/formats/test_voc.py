"""Pascal VOC: 1-based and inclusive on disk, boxes, and pixels where they are asked for."""

import os
from pathlib import Path

import pytest
from hypothesis import given

from penstock import formats
from penstock.annotations import geometry, rle
from penstock.annotations.model import NOTHING
from penstock.formats import BadItem, Item, Loss, NamedAnnotation, pictures
from penstock.formats.tree import FolderTree
from penstock.schema import Schema, planned
from sets import SCHEMA, MemoryTree, essence, items, read, written

VOC, SEGMENT = formats.named("voc"), formats.named("voc-segment")

ONE = """<annotation>
\t<folder>JPEGImages</folder>
\t<filename>a.jpg</filename>
\t<owner id="7">
\t\t<name>me</name>
\t</owner>
\t<size>
\t\t<width>640</width>
\t\t<height>480</height>
\t\t<depth>1</depth>
\t</size>
\t<segmented>1</segmented>
\t<object>
\t\t<name>RBC</name>
\t\t<pose>Left</pose>
\t\t<truncated>1</truncated>
\t\t<difficult>1</difficult>
\t\t<score>0.5</score>
\t\t<part>
\t\t\t<name>head</name>
\t\t</part>
\t\t<part>
\t\t\t<name>tail</name>
\t\t</part>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<ymin>2</ymin>
\t\t\t<xmax>1</xmax>
\t\t\t<ymax>3.5</ymax>
\t\t</bndbox>
\t\t<attributes>
\t\t\t<attribute>
\t\t\t\t<name>occluded</name>
\t\t\t\t<value>true</value>
\t\t\t</attribute>
\t\t</attributes>
\t</object>
</annotation>
"""


def tree(xml: str | bytes) -> MemoryTree:
    content = xml.encode() if isinstance(xml, str) else xml
    return MemoryTree({"Annotations/a.xml": content, "JPEGImages/a.jpg": b""})


def test_min_equal_to_max_is_one_pixel():
    [item] = read(VOC, tree(ONE))
    assert (item.key, item.media, item.width, item.height) == ("JPEGImages/a.jpg", "JPEGImages/a.jpg", 640, 480)
    [annotation] = item.annotations
    assert geometry.parse("box", annotation.geometry) == [0, 1, 1, 2.5]


def test_what_we_have_no_field_for_is_written_again():
    reading = VOC.read(tree(ONE))
    schema = planned(Schema(version=0), reading.schema())
    assert schema.attribute_named("occluded").kind == "checkbox"
    again = written(VOC, [item for item in reading.items() if isinstance(item, Item)], schema)
    assert again.files["Annotations/a.xml"].decode() == ONE


@pytest.mark.parametrize(
    "xml",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><annotation><filename>&e;</filename></annotation>',
        '<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><annotation/>',
        "<annotation>",
        "<html/>",
        "",
        "<annotation>" + "<a>" * 100 + "</a>" * 100 + "</annotation>",
        b"\xff\xfe\x00",
    ],
)
def test_unsafe_and_broken_documents_are_bad_items(xml: str | bytes):
    [item] = VOC.read(tree(xml)).items()
    assert isinstance(item, BadItem)
    assert (item.key, item.code) == ("Annotations/a.xml", "bad-xml")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("<xmin>1</xmin>", "<xmin>abc</xmin>"), "number"),
        (("<xmin>1</xmin>", "<xmin>nan</xmin>"), "geometry"),
        (("<xmin>1</xmin>", ""), "number"),
        (("<xmin>1</xmin>", "<xmin>5</xmin>"), "geometry-empty"),
        (("<name>RBC</name>", ""), "incomplete"),
        (("<name>RBC</name>", f"<name>{'x' * 300}</name>"), "incomplete"),
    ],
)
def test_a_bad_object_is_told_and_the_item_stays(change: tuple[str, str], code: str):
    [item] = VOC.read(tree(ONE.replace(*change))).items()
    assert isinstance(item, Item)
    assert [problem.code for problem in item.problems] == [code]
    assert item.annotations == []


@given(items(kinds=["box"], least=1))
def test_boxes_survive_a_round_trip(things: list[Item]):
    again = {item.key.removeprefix("JPEGImages/"): item for item in read(VOC, written(VOC, things))}
    assert set(again) == {item.key for item in things}
    for item in things:
        other = again[item.key]
        assert (other.width, other.height) == (item.width, item.height)
        for a, b in zip(item.annotations, other.annotations, strict=True):
            assert a.label == b.label
            before, after = (geometry.bounds("box", geometry.parse("box", one.geometry)) for one in (a, b))
            assert after == pytest.approx(before, abs=1e-9)


@given(items(kinds=["box"], least=1))
def test_a_second_round_trip_is_the_same_bytes(things: list[Item]):
    first = written(VOC, things)
    once = read(VOC, first)
    assert written(VOC, once).files == first.files
    assert [[essence(a) for a in item.annotations] for item in read(VOC, written(VOC, once))] == [
        [essence(a) for a in item.annotations] for item in once
    ]


def test_what_boxes_cannot_say_is_counted():
    def one(kind: str, shape: object, **fields: object) -> NamedAnnotation:
        text = geometry.canonical(geometry.check(kind, shape)) if shape else NOTHING  # type: ignore[arg-type]
        return NamedAnnotation(kind=kind, label="car", geometry=text, **fields)  # type: ignore[arg-type]

    item = Item(
        key="a.jpg",
        width=9,
        height=9,
        meta={"camera": 1},
        attributes={"weather": "sun"},
        annotations=[
            one("tag", None),
            one("point", [1, 1]),
            one("polygon", [[[1, 1, 3, 1, 3, 3]]], confidence=0.5, group="g"),
            one("box", [1, 1, 2, 2], source="person"),
            one("rotated_box", [1, 3, 6, 2, 90]),
        ],
    )
    plain = Loss()
    [chunk] = VOC.write([item], SCHEMA, plain)
    assert chunk.data.decode().count("<object>") == 3
    assert "<xmin>4</xmin><ymin>2</ymin><xmax>5</xmax><ymax>7</ymax>" in "".join(chunk.data.decode().split())
    loss = Loss()
    chunk, objects, of_class, names = SEGMENT.write([item], SCHEMA, loss)
    assert (objects.path, of_class.path, names.path) == (
        "SegmentationObject/a.png",
        "SegmentationClass/a.png",
        "labelmap.txt",
    )
    assert chunk.data.decode().count("<object>") == 3
    assert "<xmin>4</xmin><ymin>2</ymin><xmax>5</xmax><ymax>7</ymax>" in "".join(chunk.data.decode().split())
    assert loss.as_dict() == {
        "confidence_dropped": 1,
        "file_attributes_dropped": 1,
        "group_dropped": 1,
        "kind_dropped": 2,
        "meta_dropped": 1,
        "provenance_dropped": 1,
        "shape_to_mask": 2,
    }
    lost = loss.as_dict()
    del lost["shape_to_mask"]
    assert plain.as_dict() == {**lost, "shape_to_box": 2}


def test_the_pixels_of_objects_are_masks_and_their_boxes_stay():
    xml = ONE.replace("<ymax>3.5</ymax>", "<ymax>9</ymax>")
    square = rle.from_polygon([[[2, 2, 6, 2, 6, 6, 2, 6]]], 480, 640)
    picture = pictures.png(pictures.drawn([(1, square)], 480, 640, Loss()))
    files = {**tree(xml).files, "SegmentationObject/a.png": picture, "SegmentationClass/a.png": picture}
    reading = VOC.read(MemoryTree(files))
    [item] = reading.items()
    assert isinstance(item, Item)
    [mask] = item.annotations
    assert mask.kind == "mask"
    assert reading.used() == {"Annotations/a.xml", "SegmentationObject/a.png", "SegmentationClass/a.png"}
    again = written(VOC, [item], planned(Schema(version=0), reading.schema()))
    assert again.files["Annotations/a.xml"].decode() == xml
    assert again.files["SegmentationObject/a.png"] == picture
    assert again.files["labelmap.txt"].decode().splitlines()[2] == "RBC:128,0,0::"
    mask.geometry = geometry.canonical(rle.from_polygon([[[2, 2, 9, 2, 9, 9, 2, 9]]], 480, 640))
    assert "<xmin>3</xmin>" in written(VOC, [item]).files["Annotations/a.xml"].decode()
    broken = VOC.read(MemoryTree({**files, "SegmentationObject/a.png": picture[:60]}))
    [item] = broken.items()
    assert isinstance(item, Item)
    assert ([a.kind for a in item.annotations], [p.code for p in item.problems]) == (["box"], ["picture"])


def test_two_images_of_one_name_have_two_documents():
    things = [Item(key=key, width=2, height=2) for key in ("a.jpg", "a.png", "b/a.jpg")]
    tree = written(VOC, things)
    assert {item.media for item in read(VOC, tree)} == {"JPEGImages/a.jpg", "JPEGImages/a.png", "JPEGImages/b/a.jpg"}


def test_names_cannot_break_out_of_the_document():
    evil = NamedAnnotation(
        kind="box",
        label="</name><x>&",
        geometry=geometry.canonical([1.0, 1.0, 1.0, 1.0]),
        foreign={"voc": {"a b": "x", "bad>": "y", "ok": "\x01</ok>"}},
    )
    [item] = read(VOC, written(VOC, [Item(key="a.jpg", width=2, height=2, annotations=[evil])]))
    [annotation] = item.annotations
    assert annotation.label == "</name><x>&"
    assert annotation.foreign["voc"]["ok"] == "\ufffd</ok>"


@pytest.mark.skipif("PENSTOCK_TEST_BCCD" not in os.environ, reason="PENSTOCK_TEST_BCCD names no BCCD set")
def test_bccd_is_read_whole_and_written_as_it_was():
    bccd = FolderTree(Path(os.environ["PENSTOCK_TEST_BCCD"]))
    assert formats.detect(bccd) is VOC
    reading = VOC.read(bccd)
    found = read(VOC, bccd)  # type: ignore[arg-type]
    assert len(found) == 364
    assert sum(len(item.annotations) for item in found) == 4888
    assert all(item.media is not None for item in found)
    tiny = [a for item in found for a in item.annotations if geometry.parse("box", a.geometry)[2:] == [1, 1]]  # type: ignore[index]
    assert len(tiny) == 2
    schema = planned(Schema(version=0), reading.schema())
    assert [label.name for label in schema.labels] == ["Platelets", "RBC", "WBC"]
    loss = Loss()
    again = written(VOC, found, schema, loss=loss)
    assert loss.as_dict() == {}
    assert len([path for path in again.files if path.startswith("Annotations/")]) == 364
    parts = [path for path in again.files if path.startswith("ImageSets/Main/")]
    said: list[dict[str, list[bytes]]] = []
    for tree in (bccd, again):
        said.append({})
        for path in parts:
            with tree.open(path) as file:
                said[-1][path] = sorted(file.read().split())
    assert said[0] == said[1] != {}
    once = [[essence(a) for a in item.annotations] for item in found]
    assert [[essence(a) for a in item.annotations] for item in read(VOC, again)] == once


@pytest.mark.parametrize("name", ["voc", "voc-segment", "masks", "coco-panoptic"])
def test_a_mask_of_another_size_than_its_image_is_not_drawn(name: str):
    text = geometry.canonical(rle.from_polygon([[[1, 1, 5, 1, 5, 5, 1, 5]]], 8, 9))
    mask = NamedAnnotation(kind="mask", label="car", geometry=text)
    for width, height in ((0, 0), (64, 48)):
        loss = Loss()
        item = Item(key="a.jpg", width=width, height=height, annotations=[mask])
        made = written(formats.named(name), [item], loss=loss)
        assert not [path for path in made.files if "SegmentationObject" in path]
        assert loss.counts["shape_to_box" if "voc" in name else "size_unknown"] == 1
