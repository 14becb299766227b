"""Label Studio's JSON and its labelling configuration."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import formats
from penstock.annotations import geometry, rle, turned
from penstock.formats import BadItem, Item, brush
from penstock.formats.label_studio import LabelStudioInvalid
from penstock.schema import Schema, planned
from sets import MemoryTree, read, written

STUDIO = formats.named("label-studio")
CONFIG = """<View><Header value="What is it?"/><Image name="image" value="$photo"/>
<RectangleLabels name="box" toName="image"><Label value="car" background="#FF0000"/>
<Label value="bus"/></RectangleLabels>
<Choices name="weather" toName="image" choice="single-radio"><Choice value="sun"/><Choice value="rain"/></Choices>
<Choices name="parts" toName="image" perRegion="true" choice="multiple"><Choice value="door"/>
<Choice value="wheel"/></Choices>
<Taxonomy name="kind" toName="image"><Choice value="animal"><Choice value="cat"/></Choice></Taxonomy>
<TextArea name="note" toName="image" perRegion="true"/></View>"""


def region(type: str, id: str = "r1", label: str = "car", **value: Any) -> dict[str, Any]:
    said = {
        "id": id,
        "type": type,
        "from_name": "box",
        "to_name": "image",
        "original_width": 200,
        "original_height": 100,
    }
    return {**said, "value": {**value, type: [label]}}


def tree(*tasks: Any, config: str = CONFIG) -> MemoryTree:
    content = {"export.json": json.dumps(tasks).encode(), "images/a.jpg": b""}
    return MemoryTree(content | ({"config.xml": config.encode()} if config else {}))


def task(*results: Any, **more: Any) -> dict[str, Any]:
    return {"id": 9, "data": {"photo": "/data/upload/1/0a1b2c3d-a.jpg", "site": "north"}, **more} | (
        {"annotations": [{"result": list(results)}]} if results else {}
    )


def one(*results: Any, **more: Any) -> Item:
    [item] = STUDIO.read(tree(task(*results, **more))).items()
    assert isinstance(item, Item)
    return item


def shape(item: Item) -> tuple[str, Any]:
    [annotation] = item.annotations
    return annotation.kind, geometry.parse(annotation.kind, annotation.geometry)


def test_percents_become_pixels_and_uploads_are_found():
    assert formats.detect(tree(task(region("rectanglelabels", x=10, y=20, width=5, height=50)))) is STUDIO
    item = one(region("rectanglelabels", x=10, y=20, width=5, height=50, rotation=0))
    assert (item.key, shape(item)) == ("images/a.jpg", ("box", [20, 20, 10, 50]))
    kind, polygon = shape(one(region("polygonlabels", points=[[0, 0], [50, 0], [50, 100]])))
    assert (kind, polygon) == ("polygon", [[[0, 0, 100, 0, 100, 100]]])
    assert shape(one(region("ellipselabels", x=50, y=50, radiusX=10, radiusY=10))) == ("ellipse", [100, 50, 20, 10, 0])
    assert shape(one(region("keypointlabels", x=50, y=50, width=1))) == ("point", [100, 50])


def test_a_turned_rectangle_turns_about_its_corner():
    kind, found = shape(one(region("rectanglelabels", x=50, y=50, width=10, height=10, rotation=90)))
    assert turned.of(kind, found).bounds == pytest.approx((90, 50, 10, 20))  # type: ignore[arg-type]


def test_answers_about_a_region_are_its_attributes_and_the_others_the_files():
    box = region("rectanglelabels", x=0, y=0, width=50, height=50)
    place = {"x": 0, "y": 0, "width": 50, "height": 50}
    parts = {"id": "r1", "type": "choices", "from_name": "parts", "value": {**place, "choices": ["door", "wheel"]}}
    note = {"id": "r1", "type": "textarea", "from_name": "note", "value": {**place, "text": ["a", "b"]}}
    weather = {"id": "x", "type": "choices", "from_name": "weather", "value": {"choices": ["sun"]}}
    kind = {"id": "y", "type": "taxonomy", "from_name": "kind", "value": {"taxonomy": [["animal", "cat"]]}}
    item = one(box, parts, note, weather, kind)
    assert item.annotations[0].attributes == {"parts": ["door", "wheel"], "note": "a\nb"}
    assert item.attributes == {"weather": "sun", "kind": "cat"}


def test_the_configuration_is_the_schema():
    schema = planned(
        Schema(version=0), STUDIO.read(tree(task(region("rectanglelabels", x=0, y=0, width=9, height=9)))).schema()
    )
    assert [label.name for label in schema.labels] == ["car", "bus"]
    assert schema.label_named("car").color == "#ff0000"
    assert {a.name: (a.kind, a.per) for a in schema.attributes} == {
        "weather": ("radio", "file"),
        "parts": ("multi_select", "annotation"),
        "kind": ("tree", "file"),
        "note": ("text", "annotation"),
    }
    assert schema.attribute_named("kind").option_named("cat").parent is not None


def test_without_a_configuration_the_schema_is_what_occurs():
    answer = {"id": "x", "type": "choices", "from_name": "weather", "value": {"choices": ["sun"]}}
    made = tree(task(region("rectanglelabels", x=0, y=0, width=9, height=9), answer), config="")
    wanted = STUDIO.read(made).schema()
    assert list(wanted.labels) == ["car"]
    assert (wanted.attributes["weather"].kind, wanted.attributes["weather"].per) == ("select", "file")


def test_one_of_several_annotations_is_taken_and_predictions_only_where_there_is_none():
    first, second = (region("rectanglelabels", id, x=0, y=0, width=w, height=9) for id, w in (("a", 10), ("b", 20)))
    many = [{"result": [first]}, {"result": [second], "ground_truth": True}, {"result": [], "was_cancelled": True}]
    item = one(annotations=many, predictions=[{"result": [first]}])
    assert shape(item)[1][2] == 40
    assert [problem.code for problem in item.problems] == ["several-annotations"]
    assert one(predictions=[{"result": [{**first, "score": 0.5}]}]).annotations[0].confidence == 0.5


def test_what_we_have_no_field_for_is_written_again():
    given = task(region("rectanglelabels", x=10, y=20, width=5, height=50) | {"origin": "manual"}, meta={"by": "me"})
    made = tree(given)
    [item] = read(STUDIO, made)
    text = written(STUDIO, [item], planned(Schema(version=0), STUDIO.read(made).schema())).files["tasks.json"]
    [again] = json.loads(text)
    assert (again["id"], again["meta"]) == (9, {"by": "me"})
    assert again["data"] == {"site": "north", "image": "images/a.jpg"}
    [result] = again["annotations"][0]["result"]
    assert (result["id"], result["origin"], result["value"]["x"]) == ("r1", "manual", 10)


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (region("rectanglelabels", x="?", y=0, width=9, height=9), "number"),
        (region("rectanglelabels", x=0, y=0, width=9), "number"),
        (region("rectanglelabels", x=0, y=0, width=0, height=9), "geometry-empty"),
        (region("polygonlabels", points=[[0, 0]]), "too-few-points"),
        (region("brushlabels", rle=[1, 2]), "bad-rle"),
        (region("brushlabels", rle="x"), "bad-rle"),
        ({**region("rectanglelabels", x=0, y=0, width=9, height=9), "original_width": None}, "incomplete"),
        ({"id": "x", "type": "timeserieslabels", "value": {}}, "kind"),
    ],
)
def test_a_bad_result_is_told(result: Any, code: str):
    assert [problem.code for problem in one(result).problems] == [code]


def test_what_is_no_list_of_tasks_is_refused_and_a_bad_task_is_told():
    with pytest.raises(LabelStudioInvalid, match="no list of tasks"):
        list(STUDIO.read(MemoryTree({"a.json": b'{"x": [1]}'})).items())
    with pytest.raises(LabelStudioInvalid, match="middle"):
        list(STUDIO.read(MemoryTree({"a.json": b'[{"data": '})).items())
    found = list(STUDIO.read(tree(7, {"id": 1}, task())).items())
    assert [isinstance(item, BadItem) for item in found] == [True, True, False]


@given(
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=4).filter(
        lambda rows: any(map(any, rows))
    )
)
def test_brushes_are_packed_and_unpacked(rows: list[list[bool]]):
    mask = rle.from_pixels(np.array(rows))
    assert brush.unpack(brush.pack(mask), *mask.size) == mask


def test_what_is_said_beside_the_results_that_are_taken_is_written_again():
    box = region("rectanglelabels", x=10, y=20, width=5, height=50)
    relation = {"type": "relation", "from_id": "r1", "to_id": "r1", "direction": "right"}
    best = {"id": 1, "completed_by": 3, "lead_time": 4.5, "ground_truth": True, "result": [box, relation]}
    other = {"id": 2, "completed_by": 4, "result": [box]}
    predictions = [{"id": 5, "model_version": "m1", "result": [box]}]
    item = one(annotations=[other, best], predictions=predictions)
    assert [problem.code for problem in item.problems] == ["several-annotations"]
    [told] = json.loads(written(STUDIO, [item]).files["tasks.json"])
    assert told["predictions"] == predictions
    assert told["annotations"][1] == other
    assert {**told["annotations"][0], "result": None} == {**best, "result": None}
    assert told["annotations"][0]["result"][1] == relation
    item = one(predictions=predictions)
    assert [annotation.source for annotation in item.annotations] == ["model"]
