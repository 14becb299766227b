"""What a change and a submission are told when something is wrong."""

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given

from penstock.annotations import checks
from penstock.annotations.model import (
    Annotation,
    BadJson,
    ChangesInvalid,
    Create,
    Update,
    decode,
    decode_changes,
    encode,
    holder_id,
)
from penstock.annotations.model import drawn as make
from penstock.schema import Schema, WantedSchema, edits, planned
from strategies import HEIGHT, WIDTH, drawn

ONE = UUID("0197a000-0000-7000-8000-000000000001")
SCHEMA = planned(
    Schema(version=0),
    WantedSchema.model_validate(
        {
            "labels": {
                "car": {"kinds": ["box", "polygon", "mask"]},
                "pose": {"kinds": ["keypoints"], "skeleton": {"points": ["a", "b", "c"]}},
                "thing": {},
            },
            "attributes": {
                "occluded": {"on": ["car"], "kind": "checkbox"},
                "by": {
                    "on": ["car"],
                    "kind": "radio",
                    "options": ["tree", "car"],
                    "required": True,
                    "if": {"attribute": "occluded", "equals": True},
                },
                "colour": {"on": ["car"], "kind": "select", "options": ["red", "blue"], "required": True},
                "parts": {"kind": "multi_select", "options": ["door", "wheel"]},
                "note": {"kind": "text"},
                "speed": {"kind": "number", "min": 0, "max": 300},
                "share": {"kind": "slider", "min": 0, "max": 1, "step": 0.1},
                "seen": {"kind": "date"},
                "weather": {"per": "file", "kind": "radio", "options": ["sun", "rain"], "required": True},
            },
        }
    ),
)
CAR, POSE, THING = (SCHEMA.label_named(name).id for name in ("car", "pose", "thing"))


def key(name: str) -> str:
    return str(SCHEMA.attribute_named(name).id)


def option(attribute: str, name: str) -> int:
    return SCHEMA.attribute_named(attribute).option_named(name).id


def create(**fields: Any) -> dict[str, Any]:
    return {"do": "create", "id": str(ONE), "kind": "box", "label": CAR, "geometry": [1, 2, 3, 4], **fields}


def applied(change: dict[str, Any], before: Annotation | None = None) -> tuple[Annotation | None, list[str]]:
    [read] = decode_changes([json.dumps(change).encode()])
    after, problems = checks.apply(read, before, SCHEMA, "changes[0]", author=7)
    return after, [f"{problem.at.removeprefix('changes[0].')} {problem.code}" for problem in problems]


def box(**fields: Any) -> Annotation:
    return make("box", [1, 2, 3, 4], id=ONE, **{"label": CAR, **fields})


def test_a_create_becomes_an_annotation_with_canonical_geometry():
    after, problems = applied(create(attributes={key("colour"): option("colour", "red")}, confidence=0.5))
    assert not problems
    assert after is not None
    assert after.geometry_text == "[1.0,2.0,3.0,4.0]"
    assert (after.author, after.confidence, after.source) == (7, 0.5, "person")
    assert after.bounds == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (create(label=99), ["label unknown-label"]),
        (create(label=None), ["label label-missing"]),
        (create(kind="point", geometry=[1, 2]), ["label kind-not-allowed"]),
        (create(kind="keypoints", label=THING, geometry=[1, 1, 2]), ["label kind-not-allowed"]),
        (create(kind="keypoints", label=POSE, geometry=[1, 1, 2]), ["geometry skeleton-mismatch"]),
        (create(geometry=[1, 2, 3]), ["geometry geometry"]),
        (create(geometry=[1, 2, 3, 0]), ["geometry geometry-empty"]),
        (create(confidence=1.5), ["confidence confidence"]),
        (create(group=""), ["group group"]),
        (create(attributes={"99": 1}), ["attributes.99 unknown-attribute"]),
        (create(attributes={key("colour"): "red"}), [f"attributes.{key('colour')} attribute-value"]),
        (create(attributes={key("colour"): True}), [f"attributes.{key('colour')} attribute-value"]),
        (
            create(attributes={key("weather"): option("weather", "sun")}),
            [f"attributes.{key('weather')} attribute-not-here"],
        ),
        (
            create(attributes={key("parts"): [option("parts", "door")] * 2}),
            [f"attributes.{key('parts')} attribute-value"],
        ),
        (create(attributes={key("speed"): 301}), [f"attributes.{key('speed')} attribute-value"]),
        (create(attributes={key("speed"): "fast"}), [f"attributes.{key('speed')} attribute-value"]),
        (create(attributes={key("seen"): "2024-02-30"}), [f"attributes.{key('seen')} attribute-value"]),
        (create(attributes={key("seen"): "20240228"}), [f"attributes.{key('seen')} attribute-value"]),
        (create(attributes={key("note"): 5}), [f"attributes.{key('note')} attribute-value"]),
        (create(attributes={key("occluded"): 1}), [f"attributes.{key('occluded')} attribute-value"]),
        (
            create(label=99, geometry=[1], attributes={"x": 1}),
            ["label unknown-label", "geometry geometry", "attributes.x unknown-attribute"],
        ),
    ],
)
def test_each_problem_has_its_place_and_code(change: dict[str, Any], problems: list[str]):
    assert applied(change)[1] == problems


def test_an_update_changes_only_what_it_says():
    before = box(attributes={key("note"): "x", key("speed"): 3}, group="g")
    after, problems = applied(
        {"do": "update", "id": str(ONE), "attributes": {key("note"): None, key("speed"): 4}}, before
    )
    assert not problems
    assert after == box(attributes={key("speed"): 4}, group="g")
    after, _ = applied({"do": "update", "id": str(ONE), "geometry": [1, 1, 1, 1], "group": None}, before)
    assert after is not None
    assert (after.bounds, after.group, after.attributes) == ((1, 1, 1, 1), None, before.attributes)


def test_an_update_with_another_label_drops_the_attributes_that_it_does_not_have():
    before = box(attributes={key("colour"): option("colour", "red"), key("note"): "x"})
    after, problems = applied({"do": "update", "id": str(ONE), "label": THING}, before)
    assert not problems
    assert after is not None
    assert after.attributes == {key("note"): "x"}


def test_an_archived_label_stops_only_what_uses_it_anew():
    archived = edits.edited(SCHEMA, [edits.ChangeLabel(id=CAR, archived=True)])
    move = Update(id=ONE, geometry=msgspec.Raw(b"[5,5,5,5]"))
    assert checks.apply(move, box(), archived, "c")[1] == []
    new = Create(id=ONE, kind="box", label=CAR, geometry=msgspec.Raw(b"[5,5,5,5]"))
    assert [p.code for p in checks.apply(new, None, archived, "c")[1]] == ["label-archived"]


def test_a_whole_annotation_from_outside_becomes_canonical():
    given = msgspec.structs.replace(box(attributes={key("note"): None}), geometry=msgspec.Raw(b"[1, 2,3 , 4e0]"))
    assert checks.admit(given, SCHEMA, "") == (box(), [])


def test_deleting_creating_and_updating_what_is_not_or_already_there():
    assert applied({"do": "delete", "id": str(ONE)}, box()) == (None, [])
    assert applied({"do": "delete", "id": str(ONE)})[1] == ["id unknown-annotation"]
    assert applied({"do": "update", "id": str(ONE)})[1] == ["id unknown-annotation"]
    assert applied(create(), box())[1] == ["id exists"]


def test_changes_that_cannot_be_read_are_told_one_by_one():
    parts = [
        b'{"do":"create","id":"no","kind":"box"}',
        json.dumps(create()).encode(),
        b'{"do":"paint","id":"%s"}' % str(ONE).encode(),
        b'{"do":"update","id":"%s","kind":"box"}' % str(ONE).encode(),
        b"[" * 100_000,
    ]
    with pytest.raises(ChangesInvalid) as refused:
        decode_changes(parts)
    assert [problem.at for problem in refused.value.errors] == [
        "changes[0].id",
        "changes[2].do",
        "changes[3]",
        "changes[4]",
    ]


def test_nan_in_a_body_is_told_in_words():
    with pytest.raises(BadJson, match="JSON has no NaN"):
        decode(b'{"changes": [NaN]}', dict[str, Any])


def test_required_attributes_are_asked_for_at_submit():
    boxes = [box(), box(attributes={key("colour"): option("colour", "red"), key("occluded"): True})]
    found = checks.complete(boxes, 100, 100, SCHEMA)
    assert [(p.at, p.code) for p in found.problems] == [
        (f"annotations.{ONE}.attributes.{key('colour')}", "attribute-required"),
        (f"annotations.{ONE}.attributes.{key('by')}", "attribute-required"),
        (f"file.attributes.{key('weather')}", "attribute-required"),
    ]


def test_only_what_one_may_write_is_asked_for():
    found = checks.complete([box()], 100, 100, SCHEMA, labels=[], attributes=[])
    assert found.problems == []
    found = checks.complete([make("box", [-5, 0, 1, 1], label=CAR)], 100, 100, SCHEMA, labels=[THING], attributes=[])
    assert found.problems == []
    found = checks.complete([box()], 100, 100, SCHEMA, attributes=[int(key("colour"))])
    assert [p.code for p in found.problems] == ["attribute-required"]


def test_a_file_has_its_own_attributes_on_one_annotation():
    holder = Annotation(id=holder_id(5), kind="tag", attributes={key("weather"): option("weather", "sun")})
    assert checks.structure(holder, SCHEMA, "") == []
    assert checks.complete([holder], 10, 10, SCHEMA).problems == []
    other = msgspec.structs.replace(holder, id=ONE)
    assert [p.code for p in checks.complete([holder, other], 10, 10, SCHEMA).problems] == ["held-twice"]


def test_the_holder_of_a_files_attributes_has_one_id():
    sun, rain = option("weather", "sun"), option("weather", "rain")
    first = Create(id=holder_id(5), kind="tag", attributes={key("weather"): sun})
    made, problems = checks.apply(first, None, SCHEMA, "c", holder=holder_id(5))
    assert problems == []
    second = Create(id=holder_id(5), kind="tag", attributes={key("weather"): rain})
    again, problems = checks.apply(second, made, SCHEMA, "c", holder=holder_id(5))
    assert problems == []
    assert again is not None
    assert again.attributes == {key("weather"): rain}
    other = Create(id=ONE, kind="tag", attributes={key("weather"): sun})
    assert [p.code for p in checks.apply(other, None, SCHEMA, "c", holder=holder_id(5))[1]] == ["holder-id"]


def test_outside_is_refused_or_clipped():
    inside = make("box", [0, 0, 5, 5], label=THING)
    over = make("box", [8, 8, 5, 5], label=THING)
    away = make("box", [20, 8, 5, 5], label=THING)
    mask = make("mask", {"size": [3, 4], "counts": "4240"}, label=THING)
    given = [inside, over, away, mask]
    refused = checks.complete(given, 10, 10, SCHEMA, attributes=[])
    assert [(p.at, p.code) for p in refused.problems] == [
        (f"annotations.{over.id}.geometry", "outside"),
        (f"annotations.{away.id}.geometry", "outside"),
        (f"annotations.{mask.id}.geometry", "mask-size"),
    ]
    clipped = checks.complete(given, 10, 10, SCHEMA, attributes=[], outside="clip")
    assert [p.code for p in clipped.problems] == ["outside", "mask-size"]
    assert [one.bounds for one in clipped.clipped] == [(8, 8, 2, 2)]


def test_write_sets():
    def told(change: dict[str, Any], before: Annotation | None, labels: Any, attributes: Any) -> list[str]:
        [read] = decode_changes([json.dumps(change).encode()])
        return [p.code for p in checks.may_write(read, before, "c", labels, attributes)]

    colour = int(key("colour"))
    answer = {"do": "update", "id": str(ONE), "attributes": {key("colour"): 1}}
    assert told(create(), None, None, None) == []
    assert told(create(), None, [THING], []) == ["label-read-only"]
    assert told(answer, box(), [], [colour]) == []
    assert told(answer, box(), [CAR], []) == ["attribute-read-only"]
    assert told({"do": "delete", "id": str(ONE)}, box(), [CAR], []) == []
    assert told({"do": "delete", "id": str(ONE)}, box(), [], [colour]) == ["label-read-only"]
    assert told({"do": "update", "id": str(ONE), "label": THING}, box(), [CAR], []) == ["label-read-only"]
    assert told(create(kind="tag", label=None, geometry=None, attributes={key("weather"): 1}), None, [], [colour]) == [
        "attribute-read-only"
    ]


@given(drawn())
def test_annotations_survive_json(pair: tuple[Any, Any]):
    kind, shape = pair
    annotation = make(kind, shape, label=THING, attributes={"7": [1, 2], "8": "x"}, foreign={"coco": {"id": 3}})
    assert msgspec.json.decode(encode(annotation), type=Annotation) == annotation


@given(drawn(inside=True))
def test_shapes_drawn_inside_are_complete(pair: tuple[Any, Any]):
    kind, shape = pair
    found = checks.complete([make(kind, shape, label=THING)], WIDTH, HEIGHT, SCHEMA, attributes=[])
    assert found.problems == []
    assert found.clipped == []
