"""Labelbox, VIA and Diffgram, as their public descriptions show them."""

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from penstock import formats
from penstock.annotations import geometry, rle
from penstock.core import Refusal
from penstock.formats import BadItem, Item
from penstock.schema import Schema, extended
from sets import MemoryTree, read, written


def shapes(item: Item) -> list[tuple[str, str | None, Any]]:
    return [(a.kind, a.label, geometry.parse(a.kind, a.geometry)) for a in item.annotations if a.kind != "mask"]


def picture(size: tuple[int, int], box: tuple[int, int, int, int], colour: Any, mode: str = "RGB") -> bytes:
    drawn = Image.new(mode, size)
    drawn.paste(colour, box)
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG")
    return buffer.getvalue()


def only(found: Any) -> Item:
    [item] = found
    assert isinstance(item, Item)
    return item


def labelbox_row() -> dict[str, Any]:
    answer = {"name": "sharp", "value": "sharp", "classifications": [{"name": "why", "text_answer": {"content": "x"}}]}
    objects: list[dict[str, Any]] = [
        {
            "feature_id": "f1",
            "feature_schema_id": "s1",
            "name": "car",
            "annotation_kind": "ImageBoundingBox",
            "classifications": [{"name": "focus", "radio_answer": answer}],
            "bounding_box": {"top": 3, "left": 2, "height": 5, "width": 8},
        },
        {"feature_id": "f2", "name": "car", "polygon": [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 5, "y": 7}]},
        {"feature_id": "f3", "name": "road", "line": [{"x": 1, "y": 1}, {"x": 9, "y": 1}]},
        {"feature_id": "f4", "name": "road", "point": {"x": 4, "y": 5}},
        {"feature_id": "f5", "name": "car", "mask": {"url": "https://example.org/masks/f5.png?key=1"}},
        {"feature_id": "f6", "name": "car", "composite_mask": {"url": "https://example.org/x.png"}},
        {
            "feature_id": "f7",
            "name": "car",
            "mask": {"png": base64.b64encode(picture((64, 48), (0, 0, 4, 4), 1, "1")).decode()},
        },
        {"feature_id": "f8", "name": "car", "cuboid": {}},
    ]
    classifications = [
        {"name": "weather", "radio_answer": {"name": "sun", "value": "sun"}},
        {"name": "seen", "checklist_answers": [{"name": "a"}, {"name": "b"}]},
        {"name": "count", "text_answer": {"content": "3"}},
        {"name": "tags", "checklist_answers": [{"name": "night", "value": "night"}]},
    ]
    told = {"objects": objects, "classifications": classifications}
    told["relationships"] = [{"id": "rel", "source": "f1", "target": "f2"}]
    label = {"id": "l1", "annotations": told}
    return {
        "data_row": {
            "id": "r1",
            "external_id": "a.jpg",
            "row_data": "https://example.org/data/a.jpg?x=1",
            "details": {"d": 1},
        },
        "media_attributes": {"width": 64, "height": 48, "mime_type": "image/jpeg"},
        "metadata_fields": [{"schema_name": "split", "value": "valid"}, {"schema_name": "site", "value": 4}],
        "projects": {"p1": {"name": "one", "labels": [label, {"id": "l2"}]}},
    }


def test_labelbox_has_a_row_for_each_image():
    video = {"data_row": {"external_id": "v.mp4"}, "media_attributes": {"mime_type": "video/mp4"}}
    lines = [json.dumps(labelbox_row()), "{", json.dumps(video), json.dumps({"data_row": {}})]
    red = picture((64, 48), (10, 10, 20, 20), (255, 0, 0))
    tree = MemoryTree({"x.ndjson": "\n".join(lines).encode(), "data/a.jpg": b"", "masks/f5.png": red})
    assert formats.detect(tree) is formats.named("labelbox")
    reading = formats.named("labelbox").read(tree)
    item, *bad = reading.items()
    assert isinstance(item, Item)
    assert [one.code for one in bad if isinstance(one, BadItem)] == ["unreadable", "media", "row"]
    assert (item.key, item.meta) == ("data/a.jpg", {"split": "val", "site": 4})
    assert item.attributes == {"weather": "sun", "seen": ["a", "b"], "count": 3}
    assert shapes(item) == [
        ("box", "car", [2, 3, 8, 5]),
        ("polygon", "car", [[[1, 1, 9, 1, 5, 7]]]),
        ("polyline", "road", [1, 1, 9, 1]),
        ("point", "road", [4, 5]),
        ("tag", "night", None),
    ]
    assert item.annotations[0].attributes == {"focus": "sharp", "why": "x"}
    assert [geometry.parse("mask", a.geometry) for a in item.annotations if a.kind == "mask"] == [
        rle.from_polygon([[[10, 10, 20, 10, 20, 20, 10, 20]]], 48, 64),
        rle.from_polygon([[[0, 0, 4, 0, 4, 4, 0, 4]]], 48, 64),
    ]
    assert [problem.code for problem in item.problems] == ["mask-elsewhere", "kind", "labels"]
    assert reading.used() == {"x.ndjson", "masks/f5.png"}
    [line] = written(formats.named("labelbox"), [item]).files["export.ndjson"].splitlines()
    row = json.loads(line)
    assert row["data_row"]["details"] == {"d": 1}
    [project] = row["projects"].values()
    assert (project["name"], project["labels"][0]["id"]) == ("one", "l1")
    assert project["labels"][0]["annotations"]["relationships"] == [{"id": "rel", "source": "f1", "target": "f2"}]
    objects = project["labels"][0]["annotations"]["objects"]
    assert [(one["feature_id"], one["name"]) for one in objects[:2]] == [("f1", "car"), ("f2", "car")]
    assert objects[0]["feature_schema_id"] == "s1"
    assert row["metadata_fields"][0] == {"schema_name": "split", "value": "valid"}


def test_labelbox_may_be_a_list():
    tree = MemoryTree({"export.json": json.dumps([labelbox_row()]).encode()})
    item = only(formats.named("labelbox").read(tree).items())
    assert (item.key, item.media) == ("a.jpg", None)


VIA: dict[str, Any] = {
    "a.jpg1234": {
        "filename": "a.jpg",
        "size": 1234,
        "regions": [
            {
                "shape_attributes": {"name": "rect", "x": 1, "y": 2, "width": 3, "height": 4},
                "region_attributes": {"Class": "car", "old": "true"},
            },
            {"shape_attributes": {"name": "circle", "cx": 9, "cy": 9, "r": 2}, "region_attributes": {"Class": ""}},
            {
                "shape_attributes": {
                    "name": "ellipse",
                    "cx": 9,
                    "cy": 9,
                    "rx": 4,
                    "ry": 2,
                    "theta": 1.5707963267948966,
                },
                "region_attributes": {"Class": "bus", "parts": {"door": True, "wheel": False}},
            },
            {
                "shape_attributes": {"name": "polyline", "all_points_x": [1, 2], "all_points_y": [3, 4]},
                "region_attributes": {},
            },
            {"shape_attributes": {"name": "star"}, "region_attributes": {}},
            {"shape_attributes": {"name": "point", "cx": 1}, "region_attributes": {}},
        ],
        "file_attributes": {"weather": "sun", "note": ""},
    },
    "b.jpg9": {
        "filename": "b.jpg",
        "size": 9,
        "regions": {
            "0": {
                "shape_attributes": {"name": "polygon", "all_points_x": [1, 5, 3], "all_points_y": [1, 1, 4]},
                "region_attributes": {"kind": "x"},
            }
        },
        "file_attributes": {},
    },
}


def test_via_projects_and_their_annotations_alone():
    attributes = {
        "region": {
            "Class": {"type": "dropdown", "options": {"car": "", "bus": "", "tram": ""}},
            "old": {"type": "radio", "options": {"true": "", "false": ""}},
            "parts": {"type": "checkbox", "options": {"door": "", "wheel": ""}},
        },
        "file": {"weather": {"type": "radio", "options": {"sun": "", "rain": ""}}, "note": {"type": "text"}},
    }
    project = {
        "_via_settings": {"ui": 1},
        "_via_img_metadata": VIA,
        "_via_attributes": attributes,
        "_via_image_id_list": list(VIA),
    }
    tree = MemoryTree({"p.json": json.dumps(project).encode(), "images/a.jpg": b""})
    assert formats.detect(tree) is formats.named("via")
    reading = formats.named("via").read(tree)
    a, b = reading.items()
    assert isinstance(a, Item)
    assert isinstance(b, Item)
    assert (a.key, b.key, a.attributes) == ("images/a.jpg", "b.jpg", {"weather": "sun"})
    assert shapes(a) == [
        ("box", "car", [1, 2, 3, 4]),
        ("ellipse", "region", [9, 9, 2, 2, 0]),
        ("ellipse", "bus", [9, 9, 4, 2, 90]),
        ("polyline", "region", [1, 3, 2, 4]),
    ]
    assert shapes(b) == [("polygon", "x", [[[1, 1, 5, 1, 3, 4]]])]
    assert [one.attributes for one in a.annotations[:3]] == [{"old": True}, {}, {"parts": ["door"]}]
    assert [problem.code for problem in a.problems] == ["kind", "number"]
    wanted = reading.schema()
    assert set(wanted.labels) == {"car", "bus", "tram", "region", "x"}
    kinds = {name: (one.kind, one.per) for name, one in wanted.attributes.items()}
    assert kinds == {
        "old": ("checkbox", "annotation"),
        "parts": ("multi_select", "annotation"),
        "weather": ("radio", "file"),
        "note": ("text", "file"),
    }
    schema = extended(Schema(version=0), wanted)
    again = written(formats.named("via"), [a], schema, reading.foreign())
    told = json.loads(again.files["via.json"])
    assert (told["_via_image_id_list"], told["_via_settings"]) == (["images/a.jpg1234"], {"ui": 1})
    assert formats.named("via").read(again).schema().attributes == wanted.attributes
    alone = MemoryTree({"annotations.json": json.dumps(VIA).encode()})
    assert formats.detect(alone) is formats.named("via")
    assert [
        shapes(one)
        for one in read(formats.named("via"), MemoryTree({"x.json": json.dumps({"b": VIA["b.jpg9"]}).encode()}))
    ] == [shapes(b)]


def diffgram() -> dict[str, Any]:
    nodes = [
        {"id": "u1", "x": 1, "y": 2, "name": "head"},
        {"id": "u2", "x": 5, "y": 6, "name": "foot", "occluded": True},
    ]
    instances = [
        {
            "id": 7,
            "type": "box",
            "label_file_id": 31,
            "x_min": 2,
            "y_min": 3,
            "x_max": 10,
            "y_max": 8,
            "attribute_groups": {"4": {"id": 41}, "5": {"51": {"name": "a"}}, "6": "words"},
        },
        {
            "id": 8,
            "type": "polygon",
            "label_file_id": 31,
            "points": [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 5, "y": 7}],
        },
        {
            "id": 9,
            "type": "ellipse",
            "label_file_id": 32,
            "center_x": 20,
            "center_y": 20,
            "width": 8,
            "height": 4,
            "rotation": 0,
            "x_min": 12,
            "x_max": 28,
        },
        {
            "id": 10,
            "type": "ellipse",
            "label_file_id": 32,
            "center_x": 20,
            "center_y": 20,
            "width": 8,
            "height": 4,
            "rotation": 0,
        },
        {"id": 11, "type": "keypoints", "label_file_id": 33, "nodes": nodes, "edges": [{"from": "u1", "to": "u2"}]},
        {"id": 12, "type": "keypoints", "label_file_id": 33, "nodes": nodes[1:], "edges": []},
        {"id": 13, "type": "box", "label_file_id": 31, "soft_delete": True},
        {"id": 14, "type": "cuboid", "label_file_id": 31},
        {"id": 15, "type": "box", "label_file_id": 99},
    ]
    return {
        "readme": {},
        "label_map": {"31": "car", "32": "cell", "33": "person"},
        "label_colour_map": {"31": {"hex": "#FF0000FF"}},
        "export_info": {},
        "attribute_groups_reference": [
            {"id": 4, "prompt": "Focus", "attribute_template_list": [{"id": 41, "name": "sharp"}]},
            {"id": 5, "name": "Parts", "attribute_template_list": [{"id": 51, "name": "a"}]},
            {"id": 6, "prompt": "Note"},
        ],
        "2187": {
            "file": {"id": 2187, "original_filename": "a.jpg", "type": "image"},
            "image": {"width": 64, "height": 48},
            "instance_list": instances,
        },
        "2188": {"file": {"original_filename": "v.mp4", "type": "video"}, "instance_list": []},
    }


def test_diffgram_is_read():
    tree = MemoryTree({"export.json": json.dumps(diffgram()).encode(), "media/a.jpg": b""})
    assert formats.detect(tree) is formats.readable("diffgram")
    reading = formats.readable("diffgram").read(tree)
    item, video = reading.items()
    assert isinstance(item, Item)
    assert isinstance(video, BadItem)
    assert (item.key, item.width, item.foreign) == ("media/a.jpg", 64, {"diffgram": {"id": "2187"}})
    assert shapes(item) == [
        ("box", "car", [2, 3, 8, 5]),
        ("polygon", "car", [[[1, 1, 9, 1, 5, 7]]]),
        ("ellipse", "cell", [20, 20, 8, 4, 0]),
        ("ellipse", "cell", [20, 20, 4, 2, 0]),
        ("keypoints", "person", [1, 2, 2, 5, 6, 1]),
        ("keypoints", "person", [0, 0, 0, 5, 6, 1]),
    ]
    assert item.annotations[0].attributes == {"Focus": "sharp", "Parts": ["a"], "Note": "words"}
    assert (item.annotations[0].ordinal, item.annotations[0].foreign) == ("7", {"diffgram": {"id": 7}})
    assert [problem.code for problem in item.problems] == ["kind", "incomplete"]
    wanted = reading.schema()
    assert (wanted.labels["car"].color, wanted.labels["car"].foreign) == ("#ff0000", {"diffgram": {"id": "31"}})
    skeleton = wanted.labels["person"].skeleton
    assert skeleton is not None
    assert (skeleton.points, skeleton.edges) == (("head", "foot"), ((0, 1),))


def test_what_can_only_be_read_is_not_written():
    with pytest.raises(formats.FormatReadOnly, match="'diffgram' can be read"):
        formats.named("diffgram")


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"label_map": {"1": 5}, "7": {"instance_list": 3}, "8": 1}', b'{"7": []}']
)
def test_damaged_exports_of_diffgram_are_told(content: bytes):
    format = formats.readable("diffgram")
    try:
        reading = format.read(MemoryTree({"a.json": content}))
        assert all(isinstance(one, BadItem) for one in reading.items())
    except Refusal:
        return
