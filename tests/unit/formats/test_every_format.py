"""What every format keeps to: what it carries survives, what it doesn't is counted, bad sets are told in words."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from penstock import formats
from penstock.annotations import geometry
from penstock.formats import Enclosing, Format, Item, Loss, NamedAnnotation, naming
from penstock.formats.carries import becomes, is_crowd
from penstock.formats.foreign import as_read
from penstock.formats.model import WORDS
from penstock.formats.waiting import NamesClash
from penstock.schema import WantedSchema
from penstock.schema.model import KINDS
from penstock.schema.planning import extended
from penstock.schema.wanted import WantedLabel
from sets import HEIGHT, SCHEMA, WIDTH, MemoryTree, annotations, items, read, written

FORMATS = [pytest.param(format, id=format.name) for format in formats.FORMATS]
quick = settings(
    max_examples=4,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    phases=[Phase.generate],  # making a failing set small takes minutes
    deadline=None,
)

SHAPES: dict[str, Any] = {
    "tag": None,
    "box": [4, 5, 20, 10],
    "rotated_box": [20, 10, 20, 10, 30],
    "ellipse": [30, 20, 10, 5, 0],
    "polygon": [[[2, 2, 40, 2, 40, 30, 2, 30], [10, 10, 20, 10, 20, 20, 10, 20]], [[50, 5, 60, 5, 55, 20]]],
    "polyline": [1, 1, 5, 5, 9, 1],
    "point": [7, 8],
    "keypoints": [1, 1, 2, 5, 5, 1, 0, 0, 0],
    "mask": {"size": [HEIGHT, WIDTH], "counts": "X1e0k0000000000000000000"},
}


def one(kind: Any, shape: Any = None, **fields: Any) -> NamedAnnotation:
    shape = SHAPES[kind] if shape is None else shape
    if kind == "mask" and isinstance(shape, dict):
        shape = geometry.rle.from_polygon([[[4, 4, 30, 4, 30, 20, 4, 20]]], HEIGHT, WIDTH)
    label = "body" if kind == "keypoints" else "car"
    return NamedAnnotation(
        kind=kind, **{"label": label, **fields}, geometry=geometry.canonical(geometry.check(kind, shape))
    )


def outlined(annotation: NamedAnnotation) -> list[float]:
    """The numbers of a shape, the same for the same shape however its corners are turned."""
    shape: Any = geometry.parse(annotation.kind, annotation.geometry)
    if annotation.kind in ("box", "rotated_box", "ellipse"):
        return [*geometry.bounds(annotation.kind, shape), geometry.area(annotation.kind, shape)]
    if annotation.kind == "mask":
        same = geometry.rle.from_pixels(geometry.rle.pixels(shape))  # without runs of no length
        return [float(n) for n in (*same.size, *geometry.rle.runs(same))]
    return flat(shape)


def flat(shape: Any) -> list[float]:
    return [n for part in shape for n in flat(part)] if isinstance(shape, list) else [shape or 0.0]


def simple(annotation: NamedAnnotation, format: Format) -> bool:
    """Whether a format can hold a polygon as it is."""
    if annotation.kind != "polygon":
        return True
    shape: Any = geometry.parse("polygon", annotation.geometry)
    holes = any(len(part) > 1 for part in shape)
    return (len(shape) == 1 or format.carries.parts) and (not holes or format.carries.holes)


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(data=st.data())
def test_what_a_format_carries_survives(format: Format, data: st.DataObject):
    kinds = sorted(format.carries.kinds)
    things = data.draw(items(kinds=kinds, holes=format.carries.holes, least=1))
    for item in things:
        masks = [a for a in item.annotations if a.kind == "mask"]
        hidden = masks[1:] if format.name in ("voc", "voc-segment", "coco-panoptic") else []  # they cover each other
        item.annotations = [a for a in item.annotations if simple(a, format) and a not in hidden]
    again = {tail(item.key): item for item in read(format, written(format, things))}
    assert set(again) >= {tail(item.key) for item in things if not single(format) or item.annotations}
    for item in things:
        if not single(format):
            if format.name in ("openimages", "labelbox"):  # tags are in another table, or list
                item.annotations.sort(key=lambda annotation: annotation.kind == "tag")
            compare(item.annotations, again[tail(item.key)].annotations, format)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("ring", [[7.0, 34.0, 7.0, 8.0, 7.0, 8.0], [0.0, 0.0, 13.0, 1e-38, 13.0, 0.0], [1.0] * 6])
def test_a_polygon_around_nothing_becomes_no_box_that_nobody_can_read(format: Format, ring: list[float]):
    line = NamedAnnotation(kind="polygon", label="car", geometry=geometry.canonical([[ring]]))
    loss = Loss()
    found = read(format, written(format, [Item(key="f/0.jpg", width=64, height=48, annotations=[line])], loss=loss))
    left = sum(len(item.annotations) for item in found)
    assert left + loss.counts["too_small"] + loss.counts["kind_dropped"] == 1


def single(format: Format) -> bool:
    """Whether a format holds one thing of a file alone, so that not all annotations survive."""
    return format.name in SINGLE


SINGLE = {"imagenet", "yolo-classify", "masks"}


def tail(key: str) -> str:
    return key.rpartition("/")[2]


def compare(before: list[NamedAnnotation], after: list[NamedAnnotation], format: Format) -> None:
    labels = [(a.label or "").replace(" ", "-") if format.name == "dota" else a.label for a in before]
    assert [(kind_of(a), label) for a, label in zip(before, labels, strict=True)] == [
        (kind_of(b), b.label) for b in after
    ]
    for a, b in zip(before, after, strict=True):
        assert outlined(b) == pytest.approx(outlined(a), abs=1e-3)
        if format.carries.confidence:
            assert b.confidence == (None if a.confidence is None else pytest.approx(a.confidence, abs=1e-9))


def kind_of(annotation: NamedAnnotation) -> str:
    """The kind, but a rotated box that is hardly turned may be a box: most formats say so."""
    return "box" if annotation.kind == "rotated_box" else annotation.kind


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(data=st.data())
def test_what_was_read_is_written_the_same_again(format: Format, data: st.DataObject):
    things = data.draw(items(kinds=sorted(format.carries.kinds), least=1))
    once = written(format, read(format, written(format, things)))
    again = written(format, read(format, once))
    if format.name in ROUNDED:
        assert again.files.keys() == once.files.keys()
    else:
        assert shown(again) == shown(once)


ROUNDED = {"yolo-obb", "dota"}
"""Formats whose numbers are other ones than ours, so that the last decimals wander: corners in place of an angle."""


def shown(tree: MemoryTree) -> dict[str, bytes]:
    return {path: content for path, content in tree.files.items() if content}


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_lost_is_counted(format: Format):
    item = Item(
        key="a.jpg",
        width=WIDTH,
        height=HEIGHT,
        meta={"camera": "left", "split": "val"},
        attributes={"weather": "sun"},
        annotations=[one(kind, confidence=0.5, group=f"g {kind}", attributes={"note": "x"}) for kind in sorted(KINDS)],
    )
    item.annotations[0].author = "me"
    loss = Loss()
    list(format.write([item], SCHEMA, loss))
    carries, lost = format.carries, loss.as_dict()
    assert set(lost) <= set(WORDS)
    become = {kind: becomes(kind, carries, item) for kind in KINDS}  # type: ignore[arg-type]: they are kinds
    assert lost.get("kind_dropped", 0) == sum(1 for kind in become.values() if kind is None)
    for kind, to in become.items():
        assert to in (kind, None) or f"shape_to_{to}" in lost
    written = sum(1 for kind in become.values() if kind)
    if format.name in SINGLE:
        written = min(written, 1)
    assert ("confidence_dropped" in lost) == (written > 0 and not carries.confidence)
    assert ("group_dropped" in lost) == (written > 0 and not carries.group)
    if format.name != "labelme":  # which has true and false alone
        assert ("attributes_dropped" in lost) == (written > 0 and not carries.attributes)
        assert ("file_attributes_dropped" in lost) == (not carries.file_attributes)
    assert lost.get("meta_dropped", 0) == (0 if carries.meta else 1 if carries.split else 2)


@pytest.mark.parametrize("keys", [("a.jpg", "a.png"), ("a.jpg", "b/a.jpg"), ("#1 50%25?.jpg", "b/c/a.jpg", "a.jpg")])
@pytest.mark.parametrize("format", FORMATS)
def test_files_of_like_names_keep_what_is_their_own(format: Format, keys: tuple[str, ...]):
    kind = next(kind for kind in ("box", "rotated_box", "polygon", "mask", "tag") if kind in format.carries.kinds)
    labels = ("car", "Größe & <tag>", "body")
    things = [
        Item(key=key, width=WIDTH, height=HEIGHT, annotations=[one(kind, label=label)])
        for key, label in zip(keys, labels, strict=False)
    ]
    try:
        tree = written(format, things)
    except NamesClash:
        return
    spelled = {label: "-".join(label.split()) for label in labels} if format.name == "dota" else {}
    wanted = {
        item.key if isinstance(format, Enclosing) else format.media_path(item): [spelled.get(label, label)]
        for item, label in zip(things, labels, strict=False)
    }
    found = {item.media or item.key: [a.label for a in item.annotations] for item in read(format, tree)}
    assert len(wanted) < len(keys) or found == wanted  # where media have one path, the export is refused


@pytest.mark.parametrize("format", FORMATS)
def test_a_split_survives_where_it_can(format: Format):
    annotations = [one(kind) for kind in sorted(format.carries.kinds)][:1]
    things = [
        Item(key=f"{split}.jpg", width=WIDTH, height=HEIGHT, meta={"split": split}, annotations=annotations)
        for split in ("train", "val", "test")
    ]
    again = read(format, written(format, things))
    found = {tail(item.key).partition(".")[0]: item.meta.get("split") for item in again}
    if format.carries.split:
        assert found == {split: split for split in ("train", "val", "test")}


@pytest.mark.parametrize("format", FORMATS)
def test_an_id_that_a_manifest_gave_under_a_formats_name_is_in_nobodys_way(format: Format):
    item = Item(key="a.jpg", width=WIDTH, height=HEIGHT, annotations=[one(k) for k in sorted(format.carries.kinds)])
    same = msgspec.structs.replace(item, foreign=dict.fromkeys([format.name, "coco", "label_studio", "voc"], "X-17"))
    assert written(format, [same]).files.keys() == written(format, [item]).files.keys()


@pytest.mark.parametrize("format", FORMATS)
def test_the_manifest_of_an_export_is_no_annotation(format: Format):
    item = Item(key="a.jpg", width=WIDTH, height=HEIGHT, annotations=[one(k) for k in sorted(format.carries.kinds)])
    tree = written(format, [item])
    manifest = b'{\n "manifest": 1,\n "dataset": {"id": 1, "name": "gold"},\n "files": [\n ]\n}\n'
    with_it = MemoryTree({**tree.files, "manifest.json": manifest})
    assert [found.key for found in read(format, with_it)] == [found.key for found in read(format, tree)]
    if "by name only" not in format.sign:
        assert formats.detect(with_it) == formats.detect(tree)


@pytest.mark.parametrize("format", FORMATS)
def test_nobody_elses_set_is_taken_for_ones_own(format: Format):
    """Each format that is recognized at all recognizes what it writes, before any other does."""
    item = Item(key="a.jpg", width=WIDTH, height=HEIGHT, annotations=[one(k) for k in sorted(format.carries.kinds)])
    tree = written(format, [item, Item(key="b.jpg", width=WIDTH, height=HEIGHT)])
    if "by name only" not in format.sign:
        found = formats.detect(tree)
        assert found is not None
        assert found.name == format.name


@pytest.mark.parametrize("format", [format for format in formats.FORMATS if isinstance(format, formats.Enclosing)])
def test_media_inside_come_out_again(format: Format):
    keys = ["a.jpg", "f/a.b.jpg", "f/a_b.jpg"]
    things = [Item(key=key, width=WIDTH, height=HEIGHT, meta={"split": "val"} if "f" in key else {}) for key in keys]
    reading = format.read(written(format, things))
    assert isinstance(reading, formats.Containing)
    found = {item.key: reading.content(item) for item in reading.items() if isinstance(item, Item)}
    assert found == {key: key.encode() for key in keys}


LOST_BY: dict[str, set[str]] = {
    "annotation": {"kind_dropped", "size_unknown", "tags_dropped", "too_small"},
    "label": {"name_changed"},
    "shape": {"shape_to_box", "shape_to_polygon", "shape_to_mask", "shape_to_rotated_box"}
    | {"rings_to_mask", "rings_joined", "holes_to_mask", "holes_dropped", "covered"},
    "attributes": {"attributes_dropped"},
    "confidence": {"confidence_dropped"},
    "group": {"group_dropped"},
    "at": {"at_dropped"},
    "source": {"provenance_dropped"},
    "foreign": {"foreign_dropped", "annotation_id_changed", "image_id_changed"},
    "crowd": {"crowd_dropped"},
    "file attributes": {"file_attributes_dropped"},
    "meta": {"meta_dropped"},
}
"""What may not come back, and the codes that say so."""
WIDER = extended(SCHEMA, WantedSchema(labels={"Größe-&-<tag>": WantedLabel()}))
KEPT = {"id": 7, "iscrowd": 1, "note": "x"}


@st.composite
def whole_items(draw: st.DrawFn) -> list[Item]:
    """Items with an annotation of any kind each, that says all that can be said."""
    things: list[Item] = []
    for n in range(5):
        annotation = draw(annotations())
        annotation.source = draw(st.sampled_from(["import", "person", "model"]))
        annotation.at = draw(st.none() | st.just({"frame": 3}))
        annotation.foreign = {"coco": {**KEPT, "id": n}} if draw(st.booleans()) else {}
        meta = draw(st.sampled_from([{}, {"split": "val"}, {"camera": 3}, {"split": "test", "x": "y"}]))
        item = Item(key=f"f/{n}.jpg", width=WIDTH, height=HEIGHT, meta=meta, annotations=[annotation])
        item.attributes = draw(st.sampled_from([{}, {"weather": "sun"}]))
        item.foreign = {"coco": {"id": n, "license": 4}} if draw(st.booleans()) else {}
        things.append(item)
    return things


def features(item: Item | None) -> dict[str, Any]:
    """All that there is of an item, by what of it may be lost, with values as the schema has them."""
    if item is None:
        return {"annotation": False, "file attributes": {}, "meta": {}}
    found: dict[str, Any] = {"file attributes": item.attributes, "meta": item.meta}
    found |= {"annotation": bool(item.annotations)}
    if not item.annotations:
        return found
    [annotation] = item.annotations
    made, problems = naming.identified(annotation, WIDER, UUID(int=1))
    assert made is not None, problems
    kept = as_read(annotation.foreign, "panoptic") or as_read(annotation.foreign, "coco")
    return found | {
        "label": annotation.label,
        "shape": (kind_of(annotation), outlined(annotation)),
        "attributes": naming.named_values(made.attributes, SCHEMA),
        "confidence": annotation.confidence,
        "group": annotation.group is not None,
        "at": annotation.at,
        "source": annotation.source,
        "crowd": is_crowd(annotation),
        "foreign": {**kept, **as_read(item.foreign, "coco"), "id": kept.get("id"), "iscrowd": 0},
    }


def is_there(name: str, before: Any, after: Any) -> bool:
    """Whether all that was said is said still; there may be more, such as a part of the set. Empty says nothing."""
    if isinstance(before, dict):
        told = {key: value for key, value in before.items() if value not in (None, "", [])}
        return {**(after or {}), **told} == (after or {})
    if name == "shape":
        return before[0] == after[0] and bool(after[1] == pytest.approx(before[1], abs=1e-3))
    return bool(after == pytest.approx(before, abs=1e-9)) if isinstance(after, float) else before == after


@pytest.mark.parametrize("format", FORMATS)
@settings(quick, max_examples=max(2, settings.default.max_examples // 15))  # each is five annotations
@given(things=whole_items())
def test_whatever_does_not_come_back_is_in_the_loss_report(format: Format, things: list[Item]):
    loss = Loss()
    again = {tail(item.key): item for item in read(format, written(format, things, loss=loss))}
    lacking: dict[str, list[Any]] = {}
    for item in things:
        before, after = features(item), features(again.get(tail(item.key)))
        for name in before.keys() & after.keys():
            if not is_there(name, before[name], after[name]):
                lacking.setdefault(name, []).append((before[name], after[name]))
    for name, some in lacking.items():
        assert sum(loss.counts[code] for code in LOST_BY[name]) >= len(some), (name, some, loss.counts)
