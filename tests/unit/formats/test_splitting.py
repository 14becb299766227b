"""A document is split as it would be decoded, wherever its blocks end."""

import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.formats import splitting
from penstock.formats.splitting import BadDocument, Run, split, split_in_runs

scalars = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-1, 1) | st.text('"\\,{}[] é', max_size=6)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=2), v, max_size=3))
objects = st.dictionaries(st.text('a"\\', max_size=2), values, max_size=4)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "BLOCK_BYTES", 16)


def together(text: bytes) -> Any:
    """A document from its parts, checked to be where they say they are."""
    found: dict[str, Any] = {}
    for part in split(io.BytesIO(text)):
        raw = bytes(part.raw)
        if raw != b"[]" or part.is_element:
            assert text[part.at : part.at + len(raw)] == raw
        value = msgspec.json.decode(raw)
        if part.is_element:
            found[part.key].append(value)
        else:
            found[part.key] = value
    return found


@given(st.one_of(objects, st.lists(values, max_size=5), st.lists(objects, min_size=2)), st.sampled_from([None, 1]))
def test_parts_make_the_document(value: Any, indent: int | None):
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    assert together(text) == (value if isinstance(value, dict) else {"": value})


class Some(msgspec.Struct):
    """What is wanted of objects; "a" may be of another type."""

    a: int | str | None = None


SOME = msgspec.json.Decoder(list[Some])


@given(st.lists(objects | objects | objects | values, max_size=6), st.sampled_from([None, 1]))
def test_elements_that_are_decoded_are_found_where_they_are(listed: list[Any], indent: int | None):
    text = json.dumps({"b": listed}, indent=indent, ensure_ascii=False).encode()
    runs = [run for run in split_in_runs(io.BytesIO(text), {"b": SOME}) if isinstance(run, Run)]
    raws = [text[at : at + size] for run in runs for at, size in zip(*run.places(), strict=True)]
    assert [msgspec.json.decode(raw) for raw in raws] == listed
    for run in runs:
        if run.made is not None:
            assert run.made == [SOME.decode(b"[" + bytes(raw) + b"]")[0] for raw in run.raws()]


@given(objects, st.integers(0, 200))
def test_a_document_that_is_cut_off_is_bad(value: Any, at: int):
    text = json.dumps(value).encode()
    if at < len(text):
        with pytest.raises(BadDocument):
            together(text[:at])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "it is empty"),
        (b"7", "expected an object or a list"),
        (b'{"a": [1,]}', "trailing comma"),
        (b'{"a": 1,}', "expected a key"),
        (b'{"a": }', "expected a value"),
        (b'{"a" 1}', "expected a colon"),
        (b'{"a": NaN}', "malformed"),
        (b'{"a": [1 2]}', "malformed"),
        (b"[]]", "more after its end"),
        (b'[{"a": 1}, {"a": ', "ends in the middle"),
        (b'["' + b"x" * 100, "ends in the middle"),
        (b"[" * 100_000, "ends in the middle"),
        (b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}", "from byte 7 on"),
    ],
)
def test_a_bad_document_is_told_with_its_place(text: bytes, says: str):
    with pytest.raises(BadDocument, match=says):
        together(text)


def test_a_value_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(splitting, "LARGEST_VALUE_BYTES", 64)
    with pytest.raises(BadDocument, match="more than 64 bytes"):
        together(b'{"a": "' + b"x" * 1000 + b'"}')
