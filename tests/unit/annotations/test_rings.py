"""Many polygons at once: measured and spelled as each of them alone."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.annotations import geometry, rings
from penstock.annotations.geometry import BadGeometry


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "_AT_ONCE", 4)


NUMBERS = st.one_of(
    st.floats(-9, 700).map(lambda x: repr(round(x, 2))),
    st.sampled_from(("0.0", "0", "-0.0", "1.50", "100.0", "1e5", "0.001", "0.0001", "1.5E-7", "20", "1e300", "0.10")),
    st.sampled_from(("1234567.1234567", "12345678.5", "0.12345678", "9007199254740993.0", "0.30000000000000004")),
    st.integers(-(10**17), 10**17).map(str),
    st.decimals(0, 10**8, places=7).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
GAPS = st.sampled_from(("", "", "", " ", "\n"))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """The text of some rings; seldom of something else."""
    if draw(st.integers(0, 19)) == 0:
        return draw(
            st.sampled_from(
                (
                    "[]",
                    "{}",
                    "null",
                    "[[]]",
                    "[1.0,2.0]",
                    "[[[1.0]]]",
                    '["a"]',
                    "[[],[1.0]]",
                    "7.5",
                    "[[1.0,2.0],3.0]",
                    "[1.0,[2.0]]",
                )
            )
        )
    gap = draw(GAPS)
    listed = draw(st.lists(st.lists(NUMBERS, min_size=5, max_size=9), min_size=1, max_size=3))
    return "[" + f",{gap}".join(f"[{f'{gap},'.join(ring)}]" for ring in listed) + "]"


@given(st.lists(texts(), max_size=6))
@example(["[[1.0,2.0,3.0,4.0,5.0,6.0]]", "[[1.0,2.0,3.0,4.0,5.0,6]]"])
@example(["[[1.1,2.0,3.0,4.0,5.0]]", "7.5", "[[1.0,2.0,3.0,4.0,5.0,6.0],[1.0]]", "[[2.0,2.0,3.0,4.0,5.0,6.0]]"])
def test_many_rings_are_measured_and_spelled_as_each_alone(told: list[str]) -> None:
    drawn = rings.drawn([text.encode() for text in told])
    alone = {n: found for n, text in enumerate(told) if (found := _alone(text)) is not None}
    assert drawn.places == list(alone)
    assert list(map(tuple, drawn.bounds.tolist())) == [bounds for bounds, _ in alone.values()]
    assert drawn.texts == [text for _, text in alone.values()]


def _alone(text: str) -> Any:
    try:
        shape = [[ring] for ring in msgspec.convert(json.loads(text), list[list[float]])]
    except msgspec.ValidationError:
        return None
    around = _measured(shape)
    return None if around is None else (around, bytes(geometry.canonical(shape)))


def _measured(shape: Any) -> Any:
    try:
        return geometry.measured("polygon", shape)
    except BadGeometry:
        return None
