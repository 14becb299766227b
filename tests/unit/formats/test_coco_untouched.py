"""Polygons as they were read are spelled at once; what isn't so is noticed, wherever among them it is."""

import json

import pytest

from penstock.annotations.plain import BETWEEN
from penstock.formats.coco_shapes import fingerprint
from penstock.formats.coco_untouched import OfImage, annotations, number_text, spelled
from penstock.formats.plain import Polygons

ONE = "[[[0.0,0.0,4.0,0.0,4.0,3.5]]]"
TWO = "[[[0.0,0.0,4.0,0.0,4.0,3.5]],[[5.0,5.0,6.0,5.0,6.0,6.0]]]"
HOLED = "[[[0.0,0.0,9.0,0.0,9.0,9.0],[1.0,1.0,2.0,1.0,2.0,2.0]]]"
NUMBERS = {1: number_text(77)}


def kept(id: object, geometry: str, **more: object) -> str:
    said = {"id": id, "area": 7, "bbox": [0.5, 1, 2.25, 3.0]} | more | {"of": fingerprint(geometry.encode())}
    return json.dumps({"coco": said}, separators=(",", ":"))


def polygons(*geometries: str, foreign: list[str] | None = None) -> Polygons:
    """What the database tells of these."""
    foreign = [kept(n, geometry) for n, geometry in enumerate(geometries)] if foreign is None else foreign
    return Polygons([1] * len(geometries), BETWEEN.join(foreign), BETWEEN.join(geometries))


def test_records_have_the_rings_of_all_parts_and_the_ids_of_their_images() -> None:
    images = [OfImage(polygons(ONE, TWO), 50), OfImage(polygons(TWO, foreign=[kept(9, TWO)]), 60)]
    found = spelled(images, NUMBERS)
    assert found is not None
    assert list(found.ids) == [0, 1, 9]
    records = json.loads(b"[" + found.text + b"]")
    assert [len(one["segmentation"]) for one in records] == [1, 2, 2]
    assert records[1]["segmentation"] == [[0.0, 0.0, 4.0, 0.0, 4.0, 3.5], [5.0, 5.0, 6.0, 5.0, 6.0, 6.0]]
    assert [(one["image_id"], one["category_id"], one["iscrowd"]) for one in records] == [
        (50, 77, 0), (50, 77, 0), (60, 77, 0)
    ]  # fmt: skip
    assert found.text.split(b",\n")[2].startswith(b'{"id":9,"area":7,"bbox":[0.5,1,2.25,3.0],"category_id":77,')


OTHERS = {
    "a hole": polygons(HOLED),
    "another shape": polygons(ONE, foreign=[kept(3, TWO)]),
    "an id that is text": polygons(ONE, foreign=[kept("3", ONE)]),
    "an id that is no whole number": polygons(ONE, foreign=[kept(3.5, ONE)]),
    "a crowd": polygons(ONE, foreign=[kept(3, ONE, iscrowd=1)]),
    "a note": polygons(ONE, foreign=[kept(3, ONE, note='a, "b')]),
    "an area that is text": polygons(ONE, foreign=[kept(3, ONE, area="1, 2")]),
    "an area that is an object": polygons(ONE, foreign=[kept(3, ONE, area={"of": 1})]),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_one_that_is_not_as_most_is_noticed(other: Polygons) -> None:
    assert spelled([OfImage(polygons(ONE), 50)], NUMBERS) is not None
    assert spelled([OfImage(polygons(ONE), 50), OfImage(other, 60), OfImage(polygons(TWO), 70)], NUMBERS) is None


@pytest.mark.parametrize("some", [polygons(ONE, TWO), *OTHERS.values()], ids=["most", *OTHERS.keys()])
def test_what_the_database_told_is_read_as_it_was(some: Polygons) -> None:
    told = zip(some.kept.split(BETWEEN), some.shapes.split(BETWEEN), strict=True)
    for (said, shape), one in zip(told, annotations(some, {1: "thing"}), strict=True):
        assert json.dumps(one.foreign, separators=(",", ":")) == said
        assert bytes(one.geometry).decode() == shape
        assert one.label == "thing"
