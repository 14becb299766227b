"""Our own format loses nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import formats
from penstock.core.ids import new_uuid
from penstock.formats import BadItem, Item, Loss
from penstock.formats.jsonl import JsonlInvalid
from penstock.schema import Schema, as_wanted, planned
from sets import SCHEMA, MemoryTree, annotations, items, read, texts, written

JSONL = formats.named("jsonl")
HEADER = b'{"format": "penstock", "version": 1}\n'


@given(items(), annotations(), texts, st.dictionaries(texts, texts | st.integers(-5, 5)))
def test_a_round_trip_is_equal(things, extra, text, foreign):
    extra = msgspec.structs.replace(
        extra, id=new_uuid(), author=text, source="model", ordinal=text, foreign={"x": foreign}, at={"frame": 3}
    )
    things.append(
        Item(
            key="whole.png",
            width=3,
            height=4,
            meta=foreign,
            attributes={"weather": "rain"},
            annotations=[extra],
            foreign={"coco": foreign},
            hash="ab" * 32,
        )
    )
    tree = written(JSONL, things, foreign={"coco": {"info": foreign}})
    found = read(JSONL, tree)
    assert [msgspec.structs.replace(item, media=None) for item in found] == things
    assert all(item.media == f"media/{item.key}" for item in found)
    reading = JSONL.read(tree)
    assert reading.foreign() == {"coco": {"info": foreign}}
    assert reading.schema() == as_wanted(SCHEMA)
    assert planned(SCHEMA, reading.schema()) is SCHEMA


@given(items())
def test_the_same_items_are_the_same_bytes(things):
    assert written(JSONL, things).files == written(JSONL, things).files


def test_nothing_is_reported_as_lost():
    loss = Loss()
    list(JSONL.write([Item(key="a", attributes={"weather": "sun"}, meta={"x": 1})], SCHEMA, loss))
    assert loss.as_dict() == {}


def test_bounds_that_a_file_claims_are_not_believed():
    told = b'{"kind": "box", "label": "x", "geometry": [0, 0, -5, 1], "bounds": [0, 0, 1, 1]}'
    line = b'{"key": "a", "annotations": [' + told + b"]}"
    tree = MemoryTree({"penstock.jsonl": HEADER + line})
    [item] = JSONL.read(tree).items()
    assert isinstance(item, Item)
    assert item.annotations[0].bounds is msgspec.UNSET


def test_bad_lines_are_told_and_the_rest_is_read():
    lines = [b'{"key": "a"}', b"", b'{"key": "a"}', b'{"kee": "b"}', b"{", b'{"key": "\xff"}', b'{"key": "c"}']
    tree = MemoryTree({"set/penstock.jsonl": HEADER + b"\n".join(lines), "set/media/a": b""})
    found = list(JSONL.read(tree).items())
    assert [item.key for item in found] == [
        "a",
        "set/penstock.jsonl line 4",
        "set/penstock.jsonl line 5",
        "set/penstock.jsonl line 6",
        "set/penstock.jsonl line 7",
        "c",
    ]
    good = [item for item in found if not isinstance(item, BadItem)]
    assert [item.media for item in good] == ["set/media/a", None]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"{}\n", "first line can't be read"),
        (b'{"format": "other", "version": 1}\n', "it is 'other' version 1"),
        (b'{"format": "penstock", "version": 2}\n', "reads 'penstock' version 1"),
        (b"\xff\n", "first line can't be read"),
        (b"[" * 100_000, "first line can't be read"),
    ],
)
def test_a_foreign_file_is_refused_in_words(header: bytes, says: str):
    with pytest.raises(JsonlInvalid, match=says):
        JSONL.read(MemoryTree({"penstock.jsonl": header}))


def test_a_schema_that_makes_no_sense_is_refused():
    header = b'{"format":"penstock","version":1,"schema":{"labels":{"a":{"kinds":["x"]}}}}'
    tree = MemoryTree({"penstock.jsonl": header})
    with pytest.raises(JsonlInvalid, match="its schema"):
        JSONL.read(tree).schema()


def test_an_empty_set_is_a_header():
    tree = written(JSONL, [], Schema(version=0))
    assert read(JSONL, tree) == []
