"""COCO: its own ids and keys stay, and pycocotools reads what we write."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from penstock import formats
from penstock.annotations import geometry, rle
from penstock.annotations.geometry import BadGeometry
from penstock.formats import BadItem, Item, Loss, NamedAnnotation, naming
from penstock.formats.coco import CocoInvalid
from penstock.formats.coco_reading import annotations_in
from penstock.formats.coco_shapes import annotations_of
from penstock.schema import Schema, planned
from sets import HEIGHT, SCHEMA, WIDTH, MemoryTree, annotations, essence, items, read, written

COCO_FORMAT = formats.named("coco")
EMPTY = Schema(version=0)

SET: dict[str, Any] = {
    "info": {"year": 2017, "x": [1]},
    "licenses": [{"id": 4, "name": "none"}],
    "images": [
        {"id": 139, "file_name": "a.jpg", "width": 10, "height": 8, "license": 4, "coco_url": "http://x"},
        {"id": 5, "file_name": "b.jpg", "width": 10, "height": 8, "captured": {"by": "me"}},
    ],
    "annotations": [
        {
            "id": 908,
            "image_id": 139,
            "category_id": 18,
            "bbox": [1, 2, 3, 4],
            "area": 12,
            "iscrowd": 0,
            "segmentation": [],
        },
        {
            "id": 9,
            "image_id": 139,
            "category_id": 18,
            "bbox": [1, 1, 3.5, 4],
            "area": 7.3,
            "iscrowd": 0,
            "segmentation": [[1, 1, 4, 1, 4, 4], [6, 6, 7, 6, 7, 7], [1, 2, 3, 4]],
            "note": "kept",
        },
        {
            "id": 10,
            "image_id": 5,
            "category_id": 18,
            "bbox": [0, 0, 1, 8],
            "area": 8,
            "iscrowd": 1,
            "segmentation": {"size": [8, 10], "counts": [0, 8, 72]},
        },
        {
            "id": 11,
            "image_id": 5,
            "category_id": 18,
            "bbox": [1, 0, 1, 8],
            "area": 8,
            "iscrowd": 1,
            "segmentation": {"size": [8, 10], "counts": rle.compress([8, 8, 64])},
        },
        {
            "id": 12,
            "image_id": 5,
            "category_id": 90,
            "bbox": [0, 0, 5, 5],
            "area": 11,
            "iscrowd": 0,
            "segmentation": [[0, 0, 5, 0, 5, 5, 0, 5]],
            "keypoints": [1, 1, 2, 0, 0, 0],
            "num_keypoints": 1,
            "attributes": {"age": "old", "occluded": True, "speed": 3.5},
            "score": 0.5,
            "group": "g",
        },
        {
            "id": 13,
            "image_id": 5,
            "category_id": 90,
            "area": 4.0,
            "iscrowd": 0,
            "segmentation": [],
            "bbox": [1, 1, 2, 2],
            "keypoints": [1, 1, 2, 3, 3, 1],
            "num_keypoints": 2,
        },
    ],
    "categories": [
        {"id": 18, "name": "dog", "supercategory": "animal", "extra": 1},
        {"id": 90, "name": "person", "supercategory": "who", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]},
    ],
}


def tree(content: Any, *media: str) -> MemoryTree:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return MemoryTree({"annotations/instances.json": data} | {f"images/{name}": b"" for name in media})


def document(tree: MemoryTree) -> dict[str, Any]:
    return json.loads(tree.files["annotations.json"])


def with_annotation(**fields: Any) -> dict[str, Any]:
    one = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], **fields}
    image = {"id": 1, "file_name": "a.jpg", "width": 10, "height": 8}
    return {"images": [image], "annotations": [one], "categories": [{"id": 1, "name": "car"}]}


def test_a_set_is_written_as_it_was_read():
    reading = COCO_FORMAT.read(tree(SET, "a.jpg", "b.jpg"))
    found = [item for item in reading.items() if isinstance(item, Item)]
    schema = planned(EMPTY, reading.schema())
    again = document(written(COCO_FORMAT, found, schema, reading.foreign()))
    assert again == {**SET, "images": SET["images"]}


def test_it_survives_the_ids_of_a_project():
    reading = COCO_FORMAT.read(tree(SET, "a.jpg", "b.jpg"))
    schema = planned(EMPTY, reading.schema())
    found: list[Item] = []
    for item in reading.items():
        assert isinstance(item, Item)
        made = []
        for n, annotation in enumerate(item.annotations):
            one, problems = naming.identified(annotation, schema, UUID(int=n))
            assert one is not None
            assert problems == []
            made.append(naming.named(one, schema))
        found.append(Item(key=item.key, width=item.width, height=item.height, annotations=made, foreign=item.foreign))
    assert document(written(COCO_FORMAT, found, schema, reading.foreign())) == SET


def test_values_that_a_schema_lacks_are_told_and_still_written():
    reading = COCO_FORMAT.read(tree(SET))
    schema = planned(EMPTY, reading.schema().model_copy(update={"attributes": {}}))
    item = [item for item in reading.items() if isinstance(item, Item)][1]
    one, problems = naming.identified(item.annotations[2], schema, UUID(int=1))
    assert one is not None
    assert [problem.code for problem in problems] == ["unknown-attribute"] * 3
    again = Item(key="b.jpg", annotations=[naming.named(one, schema)])
    [record] = document(written(COCO_FORMAT, [again], schema))["annotations"]
    assert record["attributes"] == {"age": "old", "occluded": True, "speed": 3.5}


def test_attributes_are_learned_from_their_values():
    wanted = COCO_FORMAT.read(tree(SET)).schema()
    assert {name: (a.kind, a.on, a.options) for name, a in wanted.attributes.items()} == {
        "age": ("select", ("person",), ("old",)),
        "occluded": ("checkbox", ("person",), ()),
        "speed": ("number", ("person",), ()),
    }
    many = [
        {**with_annotation()["annotations"][0], "id": n, "attributes": {"note": f"n{n}", "t": ["x"]}} for n in range(60)
    ]
    wanted = COCO_FORMAT.read(tree({**with_annotation(), "annotations": many})).schema()
    assert (wanted.attributes["note"].kind, wanted.attributes["t"].kind) == ("text", "multi_select")


def test_a_changed_shape_has_its_own_box_and_area():
    [item] = [item for item in COCO_FORMAT.read(tree(SET)).items() if item.key == "a.jpg"]
    assert isinstance(item, Item)
    item.annotations[1].geometry = geometry.canonical([[[0.0, 0.0, 2.0, 0.0, 2.0, 2.0]]])
    schema = planned(EMPTY, COCO_FORMAT.read(tree(SET)).schema())
    record = document(written(COCO_FORMAT, [item], schema))["annotations"][1]
    assert (record["bbox"], record["area"], record["segmentation"]) == ([0, 0, 2, 2], 2, [[0, 0, 2, 0, 2, 2]])
    assert (record["id"], record["note"]) == (9, "kept")


def test_dangling_ids_and_bad_parts_are_told_and_the_rest_is_read():
    broken = json.loads(json.dumps(SET))
    broken["annotations"] += [
        {"id": 70, "image_id": 6, "category_id": 18, "bbox": [0, 0, 5, 5]},
        {"id": 71, "image_id": 5, "category_id": 19, "bbox": [0, 0, 5, 5]},
        {"id": 72, "image_id": 5, "category_id": 18},
        {"id": 73, "image_id": 5, "category_id": 18, "segmentation": {"size": [8, 10], "counts": "zzz"}},
        {"id": 74, "image_id": [1]},
        7,
    ]
    broken["images"] += [{"id": 139, "file_name": "c.jpg"}, {"id": 77}, {"file_name": "d.jpg"}, "x"]
    broken["categories"] += [{"id": 4}, {"id": 5, "name": "x" * 300}]
    found = list(COCO_FORMAT.read(tree(broken)).items())
    told = [item for item in found if isinstance(item, BadItem)]
    bad = [(item.key.removeprefix("annotations/instances.json "), item.code) for item in told]
    assert bad == [
        ("categories[2]", "category"),
        ("categories[3]", "category"),
        ("annotations[10]", "annotation"),
        ("annotations[11]", "annotation"),
        ("images[2]", "twice"),
        ("images[3]", "image"),
        ("images[4]", "image"),
        ("images[5]", "image"),
        ("annotation 70", "dangling-image"),
    ]
    good = [item for item in found if isinstance(item, Item)]
    assert [len(item.annotations) for item in good] == [2, 5]
    assert [problem.code for problem in good[1].problems] == ["dangling-category", "geometry-missing", "bad-rle"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"bbox": [1, 1, 0, 2]}, "geometry-empty"),
        ({"bbox": [1, 1, "abc", 2]}, "geometry"),
        ({"bbox": None}, "geometry-missing"),
        ({"segmentation": {"size": [8, 10], "counts": [5]}}, "bad-rle"),
        ({"segmentation": {"size": [8, 10], "counts": [-5, 85]}}, "bad-rle"),
        ({"segmentation": {"size": [8, 10], "counts": 5}}, "bad-rle"),
        ({"segmentation": {"size": ["a"], "counts": "0"}}, "bad-rle"),
        ({"segmentation": {"counts": None}}, "bad-rle"),
        ({"segmentation": [[1, 2, 3, "x", 5, 6]]}, "geometry"),
        ({"keypoints": [1, 1, 7]}, "geometry"),
    ],
)
def test_a_bad_annotation_is_a_problem_of_its_item(fields: dict[str, Any], code: str):
    [item] = COCO_FORMAT.read(tree(with_annotation(**fields))).items()
    assert isinstance(item, Item)
    assert [problem.code for problem in item.problems] == [code]


def test_a_bare_ring_and_a_line_of_two_points_are_understood():
    [item] = read(COCO_FORMAT, tree(with_annotation(segmentation=[1, 1, 4, 1, 4, 4])))
    assert geometry.parse("polygon", item.annotations[0].geometry) == [[[1, 1, 4, 1, 4, 4]]]
    [item] = read(COCO_FORMAT, tree(with_annotation(segmentation=[[1, 1, 4, 1]])))
    assert item.annotations[0].kind == "box"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[]", "not a COCO set"),
        (b"{}", "no list of images"),
        (b'{"images": [NaN]}', "malformed"),
        (b"", "not a COCO set"),
        (b'{"images": [], "categories": {}}', "not a COCO set"),
        (b"[" * 100_000, "not a COCO set"),
    ],
)
def test_what_is_no_coco_set_is_refused_in_words(content: bytes, says: str):
    with pytest.raises(CocoInvalid, match=says):
        list(COCO_FORMAT.read(tree(content)).items())


def test_ids_of_two_sets_that_clash_are_told():
    one, two = (
        Item(
            key=key,
            width=4,
            height=4,
            foreign={"coco": {"id": 1}},
            annotations=[box(foreign={"coco": {"id": 7}}), box()],
        )
        for key in ("a", "b")
    )
    fresh = Item(key="c", width=4, height=4, annotations=[box()])
    loss = Loss()
    chunks = b"".join(chunk.data for chunk in COCO_FORMAT.write([fresh, one, two], SCHEMA, loss))
    found = json.loads(chunks)
    assert [(image["id"], image["file_name"]) for image in found["images"]] == [(1, "a"), (2, "c"), (3, "b")]
    ids = [annotation["id"] for annotation in found["annotations"]]
    assert sorted(ids) == [7, 8, 9, 10, 11]
    assert loss.as_dict() == {"annotation_id_changed": 1, "image_id_changed": 1}


def test_texts_of_annotations_that_wait_for_an_id_stay_as_they_are():
    notes = ["100 %d, 5 %% and %(id)s", 'a "{" after a\nline: \n{"id": 1}', "%"]
    some = [box(foreign={"coco": {"note": note}}) for note in notes]
    found = document(written(COCO_FORMAT, [Item(key="a", width=4, height=4, annotations=some)]))["annotations"]
    assert [(one["id"], one["note"]) for one in found] == [*enumerate(notes, 1)]


def box(**fields: Any) -> NamedAnnotation:
    return NamedAnnotation(kind="box", label="car", geometry=geometry.canonical([1.0, 1.0, 2.0, 2.0]), **fields)


def test_category_ids_stay_sparse_and_new_ones_do_not_clash():
    found = {category["name"]: category["id"] for category in document(written(COCO_FORMAT, []))["categories"]}
    assert found["Größe & <tag>"] == 90
    assert len(set(found.values())) == 3


def test_what_coco_cannot_say_is_counted():
    def one(kind: Any, shape: Any, **fields: Any) -> NamedAnnotation:
        text = geometry.canonical(geometry.check(kind, shape))
        return NamedAnnotation(kind=kind, label="car", geometry=text, **fields)

    ring, hole = [0, 0, 8, 0, 8, 8, 0, 8], [2, 2, 6, 2, 6, 6, 2, 6]
    known = Item(
        key="a",
        width=12,
        height=10,
        meta={"x": 1},
        attributes={"weather": "sun"},
        annotations=[
            one("tag", None),
            one("polyline", [0, 0, 1, 1]),
            one("polygon", [[ring, hole]], source="person", at={"frame": 1}),
        ],
    )
    unknown = Item(key="b", annotations=[one("polygon", [[ring, hole]])])
    sliver = [1.1, 1, 1.4, 1, 1.4, 5, 1.1, 5]
    thin = Item(key="c", width=12, height=10, annotations=[one("polygon", [[sliver, [1.2, 2, 1.3, 2, 1.3, 3]]])])
    loss = Loss()
    found = json.loads(b"".join(chunk.data for chunk in COCO_FORMAT.write([known, unknown, thin], SCHEMA, loss)))
    assert loss.as_dict() == {
        "at_dropped": 1,
        "file_attributes_dropped": 1,
        "holes_dropped": 2,
        "holes_to_mask": 1,
        "kind_dropped": 2,
        "meta_dropped": 1,
        "provenance_dropped": 1,
    }
    mask = found["annotations"][0]["segmentation"]
    assert rle.area(rle.runs(rle.Mask(tuple(mask["size"]), mask["counts"]))) == 48
    assert found["annotations"][1]["segmentation"] == [ring]
    assert found["annotations"][2]["segmentation"] == [sliver]  # no pixel lies in it


def test_turned_shapes_are_written_as_polygons_with_their_own_area():
    shapes: list[tuple[Any, Any]] = [("rotated_box", [2, 4, 8, 2, 90]), ("ellipse", [6, 5, 4, 2, 0])]
    made = [
        NamedAnnotation(kind=kind, label="car", geometry=geometry.canonical(geometry.check(kind, shape)), group="g")
        for kind, shape in shapes
    ]
    loss = Loss()
    item = Item(key="a", width=12, height=10, annotations=made)
    found = json.loads(b"".join(chunk.data for chunk in COCO_FORMAT.write([item], SCHEMA, loss)))["annotations"]
    assert loss.as_dict() == {"shape_to_polygon": 2}
    assert found[0]["segmentation"] == [[7, 1, 7, 9, 5, 9, 5, 1]]
    assert (found[0]["bbox"], found[0]["area"], found[0]["group"]) == ([5, 1, 2, 8], 16, "g")
    assert len(found[1]["segmentation"][0]) == 128
    assert (found[1]["bbox"], found[1]["area"]) == ([2, 3, 8, 4], pytest.approx(25.13, abs=0.01))


def spelled(annotation: NamedAnnotation) -> str:
    kind, label, text, values = essence(annotation)
    return f"{kind} {label} {text} {sorted(values.items())}"


@given(items(kinds=["box", "polygon", "mask", "keypoints"], holes=False))
def test_shapes_labels_and_values_survive_a_round_trip(things: list[Item]):
    again = {item.key.removeprefix("images/"): item for item in read(COCO_FORMAT, written(COCO_FORMAT, things))}
    assert set(again) == {item.key for item in things}
    for item in things:
        before, after = (sorted(map(spelled, one.annotations)) for one in (item, again[item.key]))
        assert after == before


@given(items(holes=False))
def test_the_same_items_are_the_same_bytes(things: list[Item]):
    first = written(COCO_FORMAT, things)
    assert written(COCO_FORMAT, things).files == first.files
    once = read(COCO_FORMAT, first)
    assert written(COCO_FORMAT, once).files == first.files


@given(annotations(kinds=["polygon", "mask", "box"], holes=False))
def test_pycocotools_reads_what_we_write(annotation: NamedAnnotation):
    item = Item(key="a.jpg", width=WIDTH, height=HEIGHT, annotations=[annotation])
    theirs = COCO()
    theirs.dataset = document(written(COCO_FORMAT, [item]))
    with contextlib.redirect_stdout(io.StringIO()):
        theirs.createIndex()
    [found] = theirs.loadAnns(theirs.getAnnIds())
    assert theirs.loadCats(found["category_id"])[0]["name"] == annotation.label
    shape = geometry.parse(annotation.kind, annotation.geometry)
    assert found["bbox"] == list(geometry.bounds(annotation.kind, shape))
    if annotation.kind != "box":
        wanted = rle.pixels(shape) if isinstance(shape, rle.Mask) else rle.from_polygon(shape, HEIGHT, WIDTH)  # type: ignore[arg-type]
        pixels = wanted if isinstance(shape, rle.Mask) else rle.pixels(wanted)  # type: ignore[arg-type]
        encoded = theirs.annToRLE(found)
        counts = encoded["counts"] if isinstance(encoded["counts"], str) else encoded["counts"].decode()
        assert np.array_equal(rle.pixels(rle.Mask(tuple(encoded["size"]), counts)), pixels)


rings = st.lists(st.integers(-9, 99) | st.floats(-9, 99).map(lambda x: round(x, 2)), min_size=4, max_size=9)


@given(st.lists(rings, max_size=3), st.none() | st.integers(0, 9) | st.floats(0, 9), st.integers(0, 1), st.booleans())
def test_what_most_annotations_are_is_read_as_any_other(segmentation: list[Any], area: Any, crowd: int, odd: bool):
    told: dict[str, Any] = {
        "id": 7,
        "image_id": 1,
        "category_id": 3,
        "segmentation": segmentation,
        "bbox": [1, 2, 3.5, 4],
    }
    told |= {} if area is None else {"area": area}
    told |= {"iscrowd": crowd} | ({"odd": "key"} if odd else {})
    names: dict[int | str, str] = {3: "cell"}
    raw = json.dumps(told).encode()

    def tried(read: Any) -> Any:
        try:
            return read()
        except BadGeometry as bad:
            return bad.detail

    general = tried(lambda: annotations_of(told, names, (8, 10)))
    strange = b'{"category_id": 9}'  # beside which the others are read one by one
    for beside in ([], [raw], [strange]):
        found, *_ = annotations_in([raw, *beside], [(8, 10)] * (1 + len(beside)), names)
        if isinstance(found, list):
            for one in found:
                shape = geometry.parse(one.kind, one.geometry)
                assert one.bounds in (msgspec.UNSET, geometry.bounds(one.kind, shape))
                one.bounds = msgspec.UNSET
        assert (str(found) if isinstance(found, Exception) else found) == general


def test_a_large_set_is_streamed():
    item = Item(key="a.jpg", width=WIDTH, height=HEIGHT, annotations=[box() for _ in range(20_000)])
    chunks = list(COCO_FORMAT.write([item], SCHEMA, Loss()))
    assert len(chunks) > 2
    assert len(json.loads(b"".join(chunk.data for chunk in chunks))["annotations"]) == 20_000


def test_a_folder_on_disk_is_read_in_slices(tmp_path: Path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train/a.jpg").touch()
    (tmp_path / "set_coco.json").write_text(json.dumps(SET))
    (tmp_path / "outside").symlink_to("/etc")
    found = formats.tree.FolderTree(tmp_path)
    assert formats.detect(found) is COCO_FORMAT
    reading = COCO_FORMAT.read(found)
    assert [item.key for item in reading.items()] == ["train/a.jpg", "b.jpg"]
    assert reading.used() == {"set_coco.json"}
    assert "outside/passwd" not in found.paths()


def test_an_image_of_several_files_is_one_item_with_what_all_of_them_say():
    """As COCO is handed out: objects in one file, persons with keypoints in another, captions in a third."""
    image = {"id": 7, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}
    ring = [2, 2, 40, 2, 40, 30, 2, 30]
    person = {"id": 5, "image_id": 7, "category_id": 1, "segmentation": [ring], "iscrowd": 0}
    person |= {"area": 1064, "bbox": [2, 2, 38, 28]}
    dog = {"id": 6, "image_id": 7, "category_id": 18, "bbox": [1, 1, 5, 5], "area": 25, "iscrowd": 0}
    posed = person | {"keypoints": [1, 1, 2, 5, 5, 1, 0, 0, 0], "num_keypoints": 2}
    body = {"id": 1, "name": "person", "keypoints": ["a", "b", "c"], "skeleton": [[1, 2]]}
    names = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}]
    caption = {"id": 1, "image_id": 7, "caption": "a dog"}
    licence = {"id": 2, "name": "none"}
    sets = {
        "captions_val2017": {"images": [image], "annotations": [caption]},
        "instances_val2017": {"images": [image], "annotations": [person, dog], "categories": names},
        "panoptic_val2017": {"images": [image], "annotations": []},
        "person_keypoints_val2017": {"images": [image], "annotations": [posed], "categories": [body]}
        | {"licenses": [licence]},
    }
    tree = MemoryTree({f"annotations/{name}.json": json.dumps(one).encode() for name, one in sets.items()})
    assert formats.detect(tree) is COCO_FORMAT
    reading = COCO_FORMAT.read(tree)
    found = list(reading.items())
    assert [(bad.key, bad.code) for bad in found if isinstance(bad, BadItem)] == [
        ("annotations/panoptic_val2017.json", "panoptic"),
        ("annotations/captions_val2017.json", "categories"),
    ]
    [item] = [item for item in found if isinstance(item, Item)]
    assert (item.meta, item.problems) == ({"split": "val"}, [])
    kinds = [(a.kind, a.label, a.group) for a in item.annotations]
    assert kinds == [("polygon", "person", "coco 5"), ("box", "dog", None), ("keypoints", "person", "coco 5")]
    assert reading.foreign() == {"coco": {"licenses": [licence]}}
    schema = planned(Schema(version=0), reading.schema())
    assert schema.label_named("person").skeleton is not None
    again = written(COCO_FORMAT, [item], schema, reading.foreign())
    told = json.loads(again.files["annotations/instances_val.json"])
    assert sorted(told["annotations"], key=lambda one: one["id"]) == [posed, dog | {"segmentation": []}]
    assert told["licenses"] == [licence]
