"""Transforms: shapes follow their images, pieces cover the whole, and what is dropped is counted."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from penstock import datasets, formats
from penstock.annotations import geometry, rle
from penstock.annotations.cutting import Window
from penstock.core.ids import import_uuid
from penstock.datasets.tables import FileState
from penstock.export import relabelling, seeing, stretching
from penstock.export.reshaping import Reshaping
from penstock.export.transforms import Labels, Resize, Tile, TransformRefused, Transforms
from penstock.formats import Item, Loss, NamedAnnotation
from penstock.schema import Schema, WantedSchema, planned
from sets import written
from strategies import HEIGHT, WIDTH, drawn

SIZE = (WIDTH, HEIGHT)
SCHEMA = planned(
    Schema(version=0),
    WantedSchema.model_validate(
        {
            "labels": {
                "car": {"kinds": ["polygon", "box"]},
                "bus": {},
                "shadow": {},
                "body": {"skeleton": {"points": ["a", "b", "c"]}},
                "hand": {"skeleton": {"points": ["a"]}},
            },
            "attributes": {
                "colour": {"kind": "select", "options": ["red"], "on": ["car", "bus"]},
                "long": {"kind": "checkbox", "on": ["shadow"]},
            },
        }
    ),
)
_TRANSFORMS: TypeAdapter[Any] = TypeAdapter(Transforms)


def transforms(*given: Any) -> Any:
    return _TRANSFORMS.validate_python(list(given))


def one(kind: Any, shape: Any, label: str = "car", **fields: Any) -> NamedAnnotation:
    return NamedAnnotation(kind=kind, label=label, geometry=geometry.canonical(geometry.check(kind, shape)), **fields)


def state(key: str = "a.png", hash: str = "", width: int = WIDTH, height: int = HEIGHT, **meta: Any) -> FileState:
    return FileState(1, key, hash, 0, "image", "image/png", width, height, "ready", {}, meta)


def reshaped(annotations: list[NamedAnnotation], *given: Any, **of: Any) -> tuple[list[Item], dict[str, int]]:
    """What transforms make of one file, and what is lost."""
    loss, file = Loss(), state(**of)
    item = Item(key=file.key, width=file.width or 0, height=file.height or 0, annotations=annotations, meta=file.meta)
    pieces = Reshaping(transforms(*given), SCHEMA, loss, None).pieces(file, item)
    return [item for _, item in pieces], loss.as_dict()


def shape(annotation: NamedAnnotation) -> Any:
    return geometry.parse(annotation.kind, annotation.geometry)


def outline(kind: Any, shape: Any) -> list[float]:
    found = [*geometry.bounds(kind, shape), geometry.area(kind, shape)]
    return found if kind not in ("polygon", "polyline", "point", "keypoints") else [*found, *flat(shape)]


def flat(shape: Any) -> list[float]:
    return [n for part in shape for n in flat(part)] if isinstance(shape, list) else [shape]


@given(drawn(inside=True), st.sampled_from([(WIDTH * 2, HEIGHT * 2), (WIDTH * 3, HEIGHT * 3)]))
def test_a_resize_and_back_is_the_same_shape(pair: tuple[Any, Any], size: tuple[int, int]) -> None:
    kind, given = pair[0], geometry.check(*pair)
    there = stretching.stretched(kind, given, SIZE, size)
    again = stretching.stretched(kind, there, size, SIZE)
    assert outline(kind, again) == pytest.approx(outline(kind, given), abs=1e-6, rel=1e-6)
    if kind != "tag":
        by = (size[0] / WIDTH) ** 2
        assert geometry.area(kind, there) == pytest.approx(geometry.area(kind, given) * by, rel=1e-6, abs=1e-6)


@given(drawn(inside=True, kinds=["ellipse", "polygon", "box"]), st.integers(10, 200), st.integers(10, 200))
def test_stretching_one_way_more_than_the_other_keeps_what_areas_are(
    pair: tuple[Any, Any], width: int, height: int
) -> None:
    kind, given = pair
    made = stretching.stretched(kind, given, SIZE, (width, height))
    by = width / WIDTH * height / HEIGHT
    assert geometry.area(kind, made) == pytest.approx(geometry.area(kind, given) * by, rel=1e-6, abs=1e-9)
    x, y, w, h = geometry.bounds(kind, given)
    sx, sy = width / WIDTH, height / HEIGHT
    assert geometry.bounds(kind, made) == pytest.approx((x * sx, y * sy, w * sx, h * sy), abs=1e-6)


@given(
    drawn(inside=True, kinds=["box", "mask", "polyline", "point", "keypoints"]),
    st.integers(16, 50),
    st.sampled_from(["shift", "cut", "pad"]),
)
def test_tiles_cover_the_image_and_show_everything(pair: tuple[Any, Any], side: int, edge: Any) -> None:
    windows = Tile(do="tile", size=side, edge=edge).windows(*SIZE)
    covered = {
        (x, y)
        for w in windows
        for x in range(int(w.x), int(w.x + w.width))
        for y in (0, HEIGHT - 1)
        if w.y <= y < w.y + w.height
    }
    assert covered >= {(x, y) for x in range(WIDTH) for y in (0, HEIGHT - 1)}
    kind, given = pair[0], geometry.check(*pair)
    shares = [seeing.seen(kind, given, w).share for w in windows]
    assert sum(shares) >= 1 - 1e-6
    if edge == "cut" and kind in ("box", "mask"):
        assert sum(shares) == pytest.approx(1)
        area = sum(geometry.area(kind, part) for w in windows for part in seeing.seen(kind, given, w).shapes)
        assert area == pytest.approx(geometry.area(kind, given), rel=1e-6)


@given(drawn(inside=True), st.integers(0, 40), st.integers(0, 30), st.integers(1, 24), st.integers(1, 18))
def test_what_a_window_shows_lies_in_it(pair: tuple[Any, Any], x: int, y: int, width: int, height: int) -> None:
    kind, given = pair[0], geometry.check(*pair)
    found = seeing.seen(kind, given, Window(x, y, width, height))
    assert 0 <= found.share <= 1 + 1e-9
    for part in found.shapes:
        assert geometry.is_inside(kind, part, width, height)


def test_tiles_reach_over_each_other_and_the_last_one_is_shifted() -> None:
    assert [(w.x, w.width) for w in Tile(do="tile", size=(30, 100), overlap=10).windows(64, 48)] == [
        (0, 30),
        (20, 30),
        (34, 30),
    ]
    assert [(w.x, w.width) for w in Tile(do="tile", size=(30, 48), edge="cut").windows(64, 48)] == [
        (0, 30),
        (30, 30),
        (60, 4),
    ]
    assert [(w.x, w.width) for w in Tile(do="tile", size=(30, 48), edge="pad").windows(64, 48)] == [
        (0, 30),
        (30, 30),
        (60, 30),
    ]


def test_every_kind_is_cut_to_its_tiles_and_losses_are_told() -> None:
    body = one("keypoints", [10, 10, 2, 40, 10, 1, 0, 0, 0], "body")
    frame = [[2, 2, 60, 2, 60, 46, 2, 46], [10, 10, 50, 10, 50, 40, 10, 40]]
    line = one("polyline", [20, 5, 44, 5, 44, 20, 20, 20], "bus")
    mask = one("mask", rle.from_polygon([[[28, 20, 36, 20, 36, 28, 28, 28]]], HEIGHT, WIDTH))
    dot = one("point", [5, 6], id=import_uuid(1, "x", 1))
    left, right = reshaped(
        [body, one("polygon", [frame]), line, mask, dot, one("tag", None)], {"do": "tile", "size": [32, 48]}
    )[0]
    assert (left.key, right.key, left.width, right.height) == ("a_0_0.png", "a_32_0.png", 32, 48)
    assert [a.kind for a in left.annotations] == [
        "keypoints",
        "polygon",
        "polyline",
        "polyline",
        "mask",
        "point",
        "tag",
    ]
    found = {a.kind: shape(a) for a in left.annotations}
    assert found["keypoints"] == [10, 10, 2, 0, 0, 0, 0, 0, 0]
    assert [shape(a) for a in left.annotations if a.kind == "polyline"] == [[20, 5, 32, 5], [32, 20, 20, 20]]
    assert len(found["polygon"]) == len(found["polygon"][0]) == 1  # the hole is crossed, so it is in the outline
    assert geometry.area("polygon", found["polygon"]) == 30 * 44 - 22 * 30
    assert rle.area(rle.runs(found["mask"])) == 32
    assert left.annotations[5].id not in (None, dot.id)
    assert {a.kind: shape(a) for a in right.annotations}["polyline"] == [0, 5, 12, 5, 12, 20, 0, 20]
    lost = reshaped([body, line, dot], {"do": "tile", "size": [32, 48], "min_visible": 0.6})[1]
    assert lost == {"cut_off": 1, "too_little_left": 3, "on_no_piece": 1}


def test_an_object_and_a_crowd_of_coco_are_still_one_on_a_tile() -> None:
    mask = rle.from_polygon([[[2, 2, 20, 2, 20, 20, 2, 20]]], HEIGHT, WIDTH)
    given = [
        one("box", [4, 4, 20, 20], "body", group="coco 5", foreign={"coco": {"id": 5, "of": "x"}}),
        one("keypoints", [8, 8, 2, 9, 9, 1, 0, 0, 0], "body", group="coco 5", foreign={"coco": {"with": "5"}}),
        one("mask", mask, "bus", foreign={"coco": {"id": 6, "iscrowd": 1}}),
    ]
    [item], loss = reshaped(given, {"do": "crop", "labels": ["body"], "margin": 1})
    assert loss == {"cut_off": 1, "foreign_dropped": 1}
    tree = written(formats.named("coco"), [item], SCHEMA)
    body, crowd = json.loads(tree.files["annotations.json"])["annotations"]
    assert (body["bbox"], body["num_keypoints"], body["iscrowd"], crowd["iscrowd"]) == ([1, 1, 20, 20], 2, 0, 1)


def test_a_crop_is_around_all_annotations_or_each_of_them() -> None:
    boxes = [one("box", [10, 10, 8, 4]), one("box", [30, 20, 10, 10], "bus"), one("tag", None)]
    [whole], _ = reshaped(boxes, {"do": "crop", "margin": 2})
    assert (whole.key, whole.width, whole.height) == ("a.png", 34, 24)
    assert [shape(a) for a in whole.annotations] == [[2, 2, 8, 4], [22, 12, 10, 10], None]
    each, lost = reshaped(boxes, {"do": "crop", "each": True, "labels": ["bus"], "margin_share": 0.5, "tag": True})
    [bus] = each
    assert (bus.key, bus.width, bus.height) == ("a_1.png", 20, 20)
    assert [(a.kind, a.label) for a in bus.annotations] == [("tag", "bus")]
    assert lost == {"on_no_piece": 2}
    assert reshaped([boxes[2]], {"do": "crop"}) == ([], {"nothing_to_crop": 1})


def test_resizes_come_to_their_sizes() -> None:
    for asked, size, frame, left, top in [
        ({"side": 32}, (32, 24), (32, 24), 0, 0),
        ({"side": 640, "enlarge": False}, (64, 48), (64, 48), 0, 0),
        ({"width": 10, "height": 10}, (10, 10), (10, 10), 0, 0),
        ({"width": 32, "height": 32, "fit": "inside"}, (32, 24), (32, 24), 0, 0),
        ({"width": 32, "height": 32, "fit": "letterbox"}, (32, 24), (32, 32), 0, 4),
    ]:
        assert tuple(Resize.model_validate({"do": "resize", **asked}).placed(64, 48)) == (size, frame, left, top)
    box, mask = one("box", [10, 10, 20, 20]), one("mask", rle.from_polygon([[[0, 0, 64, 0, 64, 2, 0, 2]]], 48, 64))
    [item], lost = reshaped([box, mask], {"do": "resize", "width": 32, "height": 32, "fit": "letterbox"})
    assert [shape(a) for a in item.annotations[:1]] == [[5, 9, 10, 10]]
    assert geometry.bounds("mask", shape(item.annotations[1])) == (0, 4, 32, 1)
    assert lost == {}
    [item], lost = reshaped([one("rotated_box", [10, 10, 20, 8, 30])], {"do": "resize", "width": 64, "height": 10})
    assert lost == {"corners_skewed": 1}


def test_boxes_stand_for_shapes() -> None:
    shapes = [one("polygon", [[[2, 2, 10, 2, 10, 8]]]), one("ellipse", [20, 20, 5, 3, 0]), one("point", [1, 1])]
    [item], _ = reshaped(shapes, {"do": "boxes"})
    assert (item.annotations[0].kind, shape(item.annotations[0])) == ("box", [2, 2, 8, 6])
    assert [a.kind for a in item.annotations] == ["box", "ellipse", "point"]


names = st.sampled_from(["car", "bus", "shadow", "vehicle", "thing"])


@given(st.dictionaries(names, st.none() | names, min_size=1), st.booleans(), names)
def test_mapping_labels_again_changes_nothing(given: dict[str, str | None], only: bool, name: str) -> None:
    try:
        labels = Labels(do="labels", map=given, only=only)
    except ValidationError:
        return
    once = labels.named(name)
    assert once is None or labels.named(once) == once


def test_labels_are_renamed_merged_and_dropped_with_their_schema() -> None:
    asked = {"do": "labels", "map": {"car": "vehicle", "bus": "vehicle", "shadow": None}}
    boxes = [one("box", [1, 1, 2, 2], label) for label in ("car", "bus", "shadow", "body")]
    [item], lost = reshaped(boxes, asked)
    assert [a.label for a in item.annotations] == ["vehicle", "vehicle", "body"]
    assert lost == {"label_dropped": 1}
    after = relabelling.after(SCHEMA, transforms(asked))
    assert [label.name for label in after.labels] == ["vehicle", "body", "hand"]
    assert after.labels[0].kinds == ()
    assert [(a.name, a.on) for a in after.attributes] == [("colour", (SCHEMA.label_named("car").id,))]
    boxed = relabelling.after(SCHEMA, transforms({"do": "boxes"}))
    assert boxed.label_named("car").kinds == ("polygon", "box")


def test_a_split_is_that_of_datasets_and_keeps_pieces_together() -> None:
    asked = {"do": "split", "train": 0.5, "val": 0.3, "test": 0.2, "seed": "s", "together": "meta.patient"}
    parts = {
        n: {item.meta["split"] for item in reshaped([], asked, {"do": "tile", "size": 16}, patient=n, hash=str(n))[0]}
        for n in range(40)
    }
    assert all(len(part) == 1 for part in parts.values())
    assert set.union(*parts.values()) == {"train", "val", "test"}
    want = {n: ("train", "val", "test")[datasets.drawing.split(f"={n}", (0.5, 0.3, 0.2), "s")] for n in parts}
    assert {n: next(iter(part)) for n, part in parts.items()} == want


@pytest.mark.parametrize(
    "bad",
    [
        {"do": "resize"},
        {"do": "resize", "side": 10, "width": 10, "height": 10},
        {"do": "resize", "width": 10},
        {"do": "resize", "side": 10, "fit": "letterbox"},
        {"do": "tile", "size": 32, "overlap": 32},
        {"do": "tile", "size": 2},
        {"do": "crop", "tag": True},
        {"do": "labels", "map": {}},
        {"do": "labels", "map": {"a": "b", "b": "c"}},
        {"do": "split", "train": 0.5, "val": 0.2},
        {"do": "split", "together": "label"},
        {"do": "blur"},
    ],
)
def test_what_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        transforms(bad)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ([{"do": "labels", "map": {"cra": "x"}}], "no label 'cra'"),
        ([{"do": "labels", "map": {"body": "x", "hand": "x"}}], "different skeletons"),
        ([{"do": "labels", "map": {"car": None}}, {"do": "crop", "labels": ["car"]}], "no longer"),
    ],
)
def test_what_the_schema_lacks_is_refused(bad: list[Any], why: str) -> None:
    with pytest.raises(TransformRefused, match=why):
        relabelling.after(SCHEMA, transforms(*bad))
