"""The three-way merge: its laws as properties, its rules as sentences."""

from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from penstock.annotations.merge import merge, touched_fields
from penstock.annotations.model import Annotation

ID = UUID(int=7)


@st.composite
def states(draw: st.DrawFn) -> Annotation | None:
    """States of one annotation, from few values, so that sides agree and differ often."""
    if draw(st.integers(0, 4)) == 0:
        return None
    return Annotation(
        id=ID,
        kind="box",
        label=draw(st.sampled_from([1, 2])),
        geometry=msgspec.Raw(draw(st.sampled_from([b"[1,1,2,2]", b"[5,5,2,2]"]))),
        attributes=draw(st.dictionaries(st.sampled_from(["7", "8"]), st.sampled_from([1, 2]), max_size=2)),
        group=draw(st.sampled_from([None, "a"])),
        author=draw(st.sampled_from([1, 2])),
    )


def content(state: Annotation | None) -> Any:
    return None if state is None else (state.label, bytes(state.geometry), state.attributes, state.group)


@given(states(), states())
def test_what_one_side_left_alone_is_the_other_sides(base: Annotation | None, other: Annotation | None) -> None:
    assert content(merge(base, other, base).result) == content(other)
    assert content(merge(base, base, other).result) == content(other)
    assert merge(base, other, base).conflicts == merge(base, base, other).conflicts == ()


@given(states(), states())
def test_when_both_sides_did_the_same_there_is_no_conflict(base: Annotation | None, side: Annotation | None) -> None:
    merged = merge(base, side, side)
    assert content(merged.result) == content(side)
    assert merged.conflicts == ()


@given(states(), states(), states())
def test_merging_again_changes_nothing(base: Any, theirs: Any, ours: Any) -> None:
    once = merge(base, theirs, ours).result
    assert content(merge(once, once, once).result) == content(once)
    assert content(merge(theirs, once, theirs).result) == content(once)


@given(states(), states(), states())
def test_each_field_comes_from_a_side_and_a_changed_one_of_ours_stands(base: Any, theirs: Any, ours: Any) -> None:
    merged = merge(base, theirs, ours)
    if merged.result is None or ours is None or theirs is None:
        return
    for field in ("label", "geometry", "group"):
        mine, other = getattr(ours, field), getattr(theirs, field)
        before = None if base is None else getattr(base, field)
        assert getattr(merged.result, field) == (other if base is not None and mine == before else mine)


@given(states(), states(), states())
def test_a_conflict_is_told_exactly_where_both_sides_changed_to_different_values(
    base: Any, theirs: Any, ours: Any
) -> None:
    told = {conflict.field for conflict in merge(base, theirs, ours).conflicts}
    if base is None or theirs is None or ours is None:
        return
    both = touched_fields(base, theirs) & touched_fields(base, ours) & touched_fields(theirs, ours)
    assert told == both


def box(**fields: Any) -> Annotation:
    return Annotation(id=ID, kind="box", **{"label": 1, "geometry": msgspec.Raw(b"[1,1,2,2]"), **fields})


def test_a_change_beats_a_deletion_whichever_came_first() -> None:
    changed = box(label=2)
    for theirs, ours in ((changed, None), (None, changed)):
        merged = merge(box(), theirs, ours)
        assert merged.result == changed
        assert [c.field for c in merged.conflicts] == ["deleted"]


def test_a_deletion_stands_where_the_other_side_did_nothing() -> None:
    assert merge(box(), box(), None) == (None, ())
    assert merge(box(), None, box()) == (None, ())


def test_attributes_merge_one_by_one() -> None:
    merged = merge(box(attributes={"7": 1}), box(attributes={"7": 1, "8": 2}), box(attributes={"7": 5}))
    assert merged.result is not None
    assert merged.result.attributes == {"7": 5, "8": 2}
    assert merged.conflicts == ()
