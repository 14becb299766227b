"""CVAT's XML, as a task of CVAT is described in its public format: what it has and we don't comes out again."""

import pytest

from penstock import formats
from penstock.annotations import geometry, rle
from penstock.formats import BadItem, Item
from penstock.formats.cvat import CvatInvalid
from penstock.schema import Schema, planned
from sets import MemoryTree, read, written

CVAT = formats.named("cvat")
ONE = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>7</id><name>street</name><labels>
    <label><name>car</name><color>#ff0000</color><type>any</type><attributes>
      <attribute><name>parked</name><mutable>False</mutable><input_type>checkbox</input_type>
        <default_value>false</default_value><values>false</values></attribute>
      <attribute><name>size</name><mutable>False</mutable><input_type>select</input_type>
        <default_value>big</default_value><values>big
small</values></attribute>
    </attributes></label>
    <label><name>body</name><color>#00ff00</color><type>skeleton</type><attributes></attributes></label>
    <label><name>head</name><type>points</type><attributes></attributes><parent>body</parent></label>
    <label><name>foot</name><type>points</type><attributes></attributes><parent>body</parent></label>
  </labels></task></meta>
  <image id="3" name="a.jpg" subset="Validation" width="64" height="48">
    <box label="car" source="manual" occluded="1" xtl="1.5" ytl="2" xbr="11.5" ybr="12" z_order="4" group_id="2">
      <attribute name="parked">true</attribute><attribute name="size">small</attribute></box>
    <box label="car" source="auto" occluded="0" xtl="10" ytl="10" xbr="20" ybr="30" rotation="90.0" z_order="0"></box>
    <mask label="car" source="manual" occluded="0" rle="0, 3, 1, 2"
      left="4" top="5" width="3" height="2" z_order="0"></mask>
    <points label="car" source="file" occluded="0" points="1.00,2.00;3.00,4.00" z_order="0"></points>
    <skeleton label="body" source="manual" z_order="0">
      <points label="foot" outside="0" occluded="1" points="5,6"></points>
      <points label="head" outside="1" occluded="0" points="7,8"></points></skeleton>
    <tag label="car" source="manual"></tag>
  </image>
  <track id="0" label="car"></track>
</annotations>
"""


def tree(text: str = ONE) -> MemoryTree:
    return MemoryTree({"annotations.xml": text.encode(), "images/a.jpg": b""})


def test_every_shape_is_read():
    assert formats.detect(tree()) is CVAT
    item, track = CVAT.read(tree()).items()
    assert isinstance(item, Item)
    assert isinstance(track, BadItem)
    assert (item.key, item.width, item.meta, item.problems) == ("images/a.jpg", 64, {"split": "val"}, [])
    kinds = [annotation.kind for annotation in item.annotations]
    assert kinds == ["box", "rotated_box", "mask", "point", "point", "keypoints", "tag"]
    box, turned, mask, *_, body, _ = item.annotations
    assert (box.source, box.group, box.attributes) == ("person", "2", {"parked": "true", "size": "small"})
    assert geometry.parse("rotated_box", turned.geometry) == [10, 10, 10, 20, 90]
    runs = rle.runs(geometry.parse("mask", mask.geometry))  # type: ignore[arg-type]
    assert (rle.area(runs), rle.bounds(runs, 48)) == (5, (4, 5, 3, 2))
    assert geometry.parse("keypoints", body.geometry) == [7, 8, 0, 5, 6, 1]


def test_labels_attributes_and_skeletons_are_declared():
    wanted = CVAT.read(tree()).schema()
    assert list(wanted.labels) == ["car", "body"]
    assert wanted.labels["body"].skeleton.points == ("head", "foot")  # type: ignore[union-attr]
    assert wanted.labels["car"].color == "#ff0000"
    assert wanted.attributes["parked"].kind == "checkbox"
    assert wanted.attributes["size"].options == ("big", "small")
    assert CVAT.read(tree()).foreign()["cvat"]["name"] == "street"


def test_what_we_have_no_field_for_is_written_again():
    reading = CVAT.read(tree())
    found = [item for item in reading.items() if isinstance(item, Item)]
    text = written(CVAT, found, planned(Schema(version=0), reading.schema())).files["annotations.xml"].decode()
    assert '<image id="3" name="a.jpg" subset="val" width="64" height="48">' in text
    assert 'label="car" source="manual" xtl="1.5"' in text.replace(' occluded="1"', "").replace(' z_order="4"', "")
    assert 'rle="0, 3, 1, 2"' in text
    assert 'group_id="2"' in text
    again = [item for item in CVAT.read(tree(text)).items() if isinstance(item, Item)]
    assert [a.geometry for a in again[0].annotations] == [a.geometry for a in found[0].annotations]
    assert [a.foreign for a in again[0].annotations][:2] == [a.foreign for a in found[0].annotations][:2]


@pytest.mark.parametrize("at", [50, 400, len(ONE) - 20])
def test_a_document_that_is_cut_off_is_refused_before_anything_is_taken(at: int):
    with pytest.raises(CvatInvalid):
        CVAT.read(tree(ONE[:at]))


def test_a_bad_shape_is_told_and_the_others_come():
    text = ONE.replace('xtl="1.5"', 'xtl="x"').replace('rle="0, 3, 1, 2"', 'rle="0, 3, 1"')
    [item] = [item for item in CVAT.read(tree(text)).items() if isinstance(item, Item)]
    assert [problem.code for problem in item.problems] == ["number", "bad-rle"]
    assert len(item.annotations) == 5


def test_a_document_type_is_refused():
    with pytest.raises(CvatInvalid, match="entities"):
        CVAT.read(tree('<!DOCTYPE x [<!ENTITY a "b">]><annotations/>'))


def test_everything_survives_a_round_trip_by_way_of_our_own():
    [item] = read(formats.named("jsonl"), written(formats.named("jsonl"), [next(iter(CVAT.read(tree()).items()))]))  # type: ignore[list-item]
    assert len(item.annotations) == 7


def test_the_rest_of_the_head_comes_out_again():
    reading = CVAT.read(tree())
    found = [item for item in reading.items() if isinstance(item, Item)]
    again = CVAT.read(written(CVAT, found, planned(Schema(version=0), reading.schema()), reading.foreign()))
    assert again.foreign() == reading.foreign() == {"cvat": {"id": "7", "name": "street"}}
