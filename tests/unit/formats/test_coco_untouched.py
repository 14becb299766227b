"""Polygons as they were read are spelled at once; what isn't so is noticed, wherever among them it is."""

import json

import pytest

from penstock.formats.coco_shapes import fingerprint
from penstock.formats.coco_untouched import OfImage, spelled
from penstock.formats.plain import Polygons

ONE = "[[[0.0,0.0,4.0,0.0,4.0,3.5]]]"
TWO = "[[[0.0,0.0,4.0,0.0,4.0,3.5]],[[5.0,5.0,6.0,5.0,6.0,6.0]]]"
HOLED = "[[[0.0,0.0,9.0,0.0,9.0,9.0],[1.0,1.0,2.0,1.0,2.0,2.0]]]"


def kept(id: object, geometry: str, **more: object) -> str:
    said = {"id": id, "bbox": [0.5, 1, 2.25, 3.0], "area": 7, "of": fingerprint(geometry.encode())} | more
    return json.dumps({"coco": said})


def polygons(*geometries: str, foreign: list[str] | None = None) -> Polygons:
    foreign = [kept(n, geometry) for n, geometry in enumerate(geometries)] if foreign is None else foreign
    return Polygons([1] * len(geometries), "\n".join(geometries), f"[{','.join(foreign)}]")


def test_records_have_the_rings_of_all_parts_and_the_ids_of_their_images() -> None:
    images = [OfImage(polygons(ONE, TWO), 50), OfImage(polygons(TWO, foreign=[kept(9, TWO)]), 60)]
    found = spelled(images, {1: 77})
    assert found is not None
    assert list(found.ids) == [0, 1, 9]
    records = json.loads(b"[" + found.text + b"]")
    assert [len(one["segmentation"]) for one in records] == [1, 2, 2]
    assert records[1]["segmentation"] == [[0.0, 0.0, 4.0, 0.0, 4.0, 3.5], [5.0, 5.0, 6.0, 5.0, 6.0, 6.0]]
    assert [(one["image_id"], one["category_id"], one["iscrowd"]) for one in records] == [
        (50, 77, 0), (50, 77, 0), (60, 77, 0)
    ]  # fmt: skip
    assert found.text.split(b",\n")[2].startswith(b'{"id":9,"area":7,"bbox":[0.5,1,2.25,3.0],"category_id":77,')


@pytest.mark.parametrize(
    "other",
    [
        polygons(HOLED),
        polygons(ONE, foreign=[kept(3, TWO)]),
        polygons(ONE, foreign=[kept("3", ONE)]),
        polygons(ONE, foreign=[kept(3, ONE, iscrowd=1)]),
        polygons(ONE, foreign=[kept(3, ONE, note="a, b")]),
        polygons(ONE, foreign=[kept(3, ONE, area="1, 2")]),
        polygons(ONE, foreign=[kept(3, ONE, area={"x": 1})]),
        polygons(ONE, foreign=["{}"]),
        polygons(ONE, foreign=[kept(3, ONE).replace("7", "0.0000001", 1)]),
        polygons(ONE, foreign=[kept(3, ONE, bbox=[[[1]], [[2]]])]),
    ],
)
def test_one_that_is_not_as_it_was_read_is_noticed(other: Polygons) -> None:
    assert spelled([OfImage(polygons(ONE), 50)], {1: 77}) is not None
    assert spelled([OfImage(polygons(ONE), 50), OfImage(other, 60), OfImage(polygons(TWO), 70)], {1: 77}) is None
