"""Annotations of an item, from names to ids: what most are is made in a third of the time, and is the same."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.formats import Item, NamedAnnotation
from penstock.ingest import identifying
from penstock.ingest.identifying import Identified, identify
from penstock.schema.model import Attribute, Kind, Label, Schema, Skeleton
from strategies import HEIGHT, WIDTH, boxes, keypoints, masks, points, polygons, turned

SCHEMA = Schema(
    version=1,
    labels=(
        Label(id=1, name="cell", skeleton=Skeleton(points=("a", "b", "c"))),
        Label(id=2, name="boxed", kinds=("box",)),
        Label(id=3, name="gone", archived=True),
    ),
    attributes=(Attribute(id=9, name="sharp", kind="checkbox"),),
)
SHAPES: dict[Kind, st.SearchStrategy[Any]] = {
    "box": boxes(),
    "rotated_box": turned(),
    "polygon": polygons(),
    "polyline": points(-9, WIDTH, HEIGHT, 2).filter(bool),
    "keypoints": keypoints(),
    "mask": masks() | masks(3, 4),
    "tag": st.none(),
}
ODD = st.sampled_from((None, [], [1.0], [0, 0, 0, 5], [[[1, 2]]], {"size": [1, 1]}, [1e9, 1, 1, 1], "text"))


@st.composite
def annotations(draw: st.DrawFn) -> NamedAnnotation:
    kind = draw(st.sampled_from(list(SHAPES)))
    shape = draw(ODD if draw(st.integers(0, 9)) == 0 else SHAPES[kind])
    return NamedAnnotation(
        kind=kind,
        label=draw(st.sampled_from(("cell", "cell", "cell", "boxed", "gone", "unknown", None))),
        geometry=msgspec.Raw(msgspec.json.encode(shape)),
        source=draw(st.sampled_from(("import", "import", "person", "model"))),
        attributes=draw(st.sampled_from(({}, {}, {"sharp": True}))),
        confidence=draw(st.sampled_from((None, None, 0.5, 7.0))),
        foreign=draw(st.sampled_from(({}, {}, {"voc": {"pose": "Left"}}, {"voc": {"pose": "\0"}}))),
    )


def kept(made: Identified) -> Any:
    """All but the bounds, which are those of the shape where they are known."""
    for annotation, bounds in zip(made.annotations, made.bounds, strict=True):
        assert bounds is None or bounds == annotation.bounds
    return made.annotations, made.ordinals, made.problems, made.refused


@given(st.lists(annotations(), max_size=4), st.booleans(), st.booleans())
def test_what_passes_every_check_is_the_same_unchecked(
    listed: list[NamedAnnotation], fractional: bool, is_truth: bool
) -> None:
    def identified() -> Any:
        item = Item(key="a", annotations=[msgspec.structs.replace(one) for one in listed], fractional=fractional)
        return kept(identify(item, (WIDTH, HEIGHT), SCHEMA, is_truth=is_truth))

    quick = identified()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identifying, "_plain", lambda *_: None)
        assert identified() == quick
