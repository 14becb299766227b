"""Two on one file: overlapping write sets wait, disjoint ones go on together; late work is kept; schemas move on."""

import datetime as dt
from collections.abc import Callable

import pytest

import penstock
from penstock.sdk.shapes import box

from .conftest import Pictures, Studio, two_stages

Move = Callable[[dt.timedelta], None]


def three_templates(pictures: Pictures) -> str:
    one, two, three = (f'"{label}"' for label in pictures.labels[:3])
    return f"""
project: three templates
schema:
  labels: {{{one}: {{}}, {two}: {{}}, {three}: {{}}}}
datasets: [raw]
templates:
  one: {{watch: raw, labels: [{one}], attributes: []}}
  two: {{watch: raw, labels: [{two}], attributes: []}}
  one and three: {{watch: raw, labels: [{one}, {three}], attributes: []}}
"""


def test_overlapping_write_sets_wait_and_disjoint_ones_go_on_together(pictures: Pictures, studio: Studio) -> None:
    studio.apply(three_templates(pictures))
    owner, (first, second, third) = studio.owner, pictures.labels[:3]
    owner.datasets["raw"].import_(pictures.items[0].path, format="none")
    studio.drain()
    one, two = owner.templates["one"].next(), owner.templates["two"].next()
    assert one is not None
    assert two is not None
    assert owner.templates["one and three"].next() is None
    one.save([box(first, 1, 1, 5, 5)])
    two.save([box(second, 9, 9, 5, 5)])
    with pytest.raises(penstock.Refused) as refused:
        two.save([box(first, 20, 9, 5, 5)])
    assert [error.code for error in refused.value.errors] == ["label-read-only"]
    one.submit()
    waited = owner.templates["one and three"].next()
    assert waited is not None
    assert [shape.label for shape in waited.annotations] == [first]
    waited.save([box(third, 15, 15, 5, 5)])
    two.submit()
    waited.submit()
    read = studio.call("GET", f"/files/{one.file.id}/annotations").json()
    assert len(read) == 3


def test_an_annotator_offline_past_the_lease_loses_no_stroke_and_nobody_elses_draft_changes(
    pictures: Pictures, studio: Studio, move_clock: Move
) -> None:
    studio.apply(two_stages(pictures))
    studio.owner.datasets["first pass"].import_(pictures.items[0].path, format="none")
    studio.drain()
    label = pictures.labels[0]
    mine = studio.person("ann").templates["first pass"].next()
    assert mine is not None
    mine.save([box(label, 1, 1, 5, 5)])
    move_clock(dt.timedelta(hours=1))
    theirs = studio.person("ben").templates["first pass"].next()
    assert theirs is not None
    assert theirs.task.id == mine.task.id
    theirs.save([box(label, 30, 30, 5, 5)])

    strokes = [box(label, n, 10, 4, 4) for n in range(20, 30)]
    for stroke in strokes:
        mine.save([stroke])
    assert mine.late
    with pytest.raises(penstock.Refused) as refused:
        mine.submit()
    assert (refused.value.type, refused.value.status) == ("taken-over", 409)

    ben = studio.person("ben").tasks.attempt(theirs.attempt.id)
    assert [shape.geometry for shape in ben.annotations] == [[30, 30, 5, 5]]
    assert [late.changes for late in ben.late_work] == [11]
    ben.take(mine.attempt.id)
    ben.submit()
    read = studio.call("GET", f"/files/{mine.file.id}/annotations").json()
    assert {annotation["id"] for annotation in read} >= {str(stroke.id) for stroke in strokes}
    assert len(read) == 12


def test_an_attempt_begun_before_a_schema_change_can_be_finished(pictures: Pictures, studio: Studio) -> None:
    studio.apply(two_stages(pictures))
    owner = studio.owner
    owner.datasets["first pass complete"].import_(pictures.items[0].path, format="none")
    studio.drain()
    work = studio.person("dora").templates["expert"].next()
    assert work is not None
    label = pictures.labels[0]
    work.save([box(label, 1, 1, 5, 5)])
    owner.define({"attributes": {"size": {"kind": "radio", "on": [label], "options": ["small"], "required": True}}})
    owner.define({"attributes": {"weather": {"kind": "text", "per": "file", "required": True}}})
    owner.define({"labels": {"renamed": {"was": label}}})
    work.save([box(label, 9, 9, 5, 5)])
    assert work.submit().status == "done"
    needed = [event for event in owner.events() if event.kind == "task.fill_in_needed"]
    assert len(needed) == 1
    missing = needed[0].body["missing"]
    assert len(missing) == 3  # the size of both boxes, and the weather
    assert len({one["attribute"] for one in missing}) == 2
