"""People speak by names; the API speaks by ids."""

from dataclasses import replace

import pytest

from penstock.schema.model import Attribute, Label, Option, Schema
from penstock.sdk import shapes
from penstock.sdk.errors import UnknownName
from penstock.sdk.shapes import Names

COLOURS = Attribute(
    id=7, name="colours", kind="multi_select", options=(Option(id=71, name="red"), Option(id=72, name="blue"))
)
FOCUS = Attribute(id=6, name="focus", kind="radio", options=(Option(id=61, name="sharp"), Option(id=62, name="soft")))
SCHEMA = Schema(
    version=3,
    labels=(Label(id=1, name="RBC"), Label(id=2, name="WBC"), Label(id=3, name="old", archived=True)),
    attributes=(FOCUS, COLOURS, Attribute(id=8, name="depth", kind="number")),
)


@pytest.fixture
def names() -> Names:
    return Names(SCHEMA)


def test_a_new_box_becomes_a_create_by_ids(names: Names) -> None:
    box = shapes.box("WBC", 1, 2, 3, 4, focus="soft", colours=["blue", "red"], depth=1.5)
    assert names.create(box) == {
        "do": "create",
        "id": str(box.id),
        "kind": "box",
        "label": 2,
        "geometry": [1, 2, 3, 4],
        "attributes": {"6": 62, "7": [72, 71], "8": 1.5},
        "source": "person",
    }


def test_what_the_server_tells_is_read_by_names(names: Names) -> None:
    box = shapes.box("WBC", 1, 2, 3, 4, focus="soft", colours=["blue"], depth=2)
    told = names.create(box) | {"author": 5, "confidence": None}
    assert names.shape(told) == replace(box, author=5)


def test_an_update_says_only_what_differs(names: Names) -> None:
    box = shapes.box("WBC", 1, 2, 3, 4, focus="soft", depth=2)
    assert names.update(box, box.but(label="RBC", attributes={"focus": "sharp"})) == {
        "do": "update",
        "id": str(box.id),
        "label": 1,
        "attributes": {"6": 61},
    }
    assert names.update(box, box.but(attributes={"depth": None})) == {
        "do": "update",
        "id": str(box.id),
        "attributes": {"8": None},
    }
    assert names.update(box, box.but(geometry=[0, 0, 1, 1])) == {
        "do": "update",
        "id": str(box.id),
        "geometry": [0, 0, 1, 1],
    }
    assert names.update(box, box.but()) is None


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (shapes.box("wbc", 0, 0, 1, 1), "There is no label 'wbc' here. There is: 'RBC', 'WBC'."),
        (shapes.box("old", 0, 0, 1, 1), "no label 'old'"),
        (shapes.box("WBC", 0, 0, 1, 1, sharpness=1), "no attribute 'sharpness'.*'focus', 'colours', 'depth'"),
        (shapes.box("WBC", 0, 0, 1, 1, focus="crisp"), "no option of focus 'crisp' here. There is: 'sharp', 'soft'."),
    ],
)
def test_an_unknown_name_lists_what_there_is(names: Names, shape: shapes.Shape, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        names.create(shape)


def test_each_kind_has_its_maker() -> None:
    assert shapes.tag("WBC").geometry is None
    assert shapes.polygon("WBC", [0, 0, 4, 0, 4, 4], [1, 1, 2, 1, 2, 2]).geometry == [
        [[0, 0, 4, 0, 4, 4], [1, 1, 2, 1, 2, 2]]
    ]
    assert shapes.polyline("WBC", [0, 0, 1, 1]).kind == "polyline"
    assert shapes.point("WBC", 1, 2).geometry == [1, 2]
    assert shapes.keypoints("WBC", [1, 2, 2]).kind == "keypoints"
    assert shapes.mask("WBC", (2, 3), "abc").geometry == {"size": [2, 3], "counts": "abc"}
    box = shapes.box("WBC", 0, 0, 1, 1)
    assert shapes.remove(box).id == shapes.accept(box.id).id == box.id
