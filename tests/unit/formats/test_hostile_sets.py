"""Whatever is in a set, reading it gives items, reports or one refusal in words: the same attacks on every reader."""

import base64
import json
import random
import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock import formats
from penstock.core import Refusal
from penstock.formats import BadItem, Containing, Item, Readable, pictures
from penstock.ingest.identifying import identify
from penstock.ingest.scan import shown
from penstock.ingest.spool import Planned
from penstock.schema import Schema
from penstock.schema.model import KINDS
from penstock.schema.planning import extended
from sets import HEIGHT, WIDTH, MemoryTree, written
from unit.formats.test_every_format import one
from unit.formats.test_tools_formats import diffgram

READERS = [pytest.param(format, id=format.name) for format in (*formats.FORMATS, *formats.READ_ONLY)]
EMPTY = Schema(version=0)

HUGE: list[Any] = [1e308, 10**30, -(10**30), 2**63, 99999999]
TEXTS: list[Any] = [
    "",
    "x",
    "\u0000",
    "\ud800",
    "x" * 300,
    "../../x",
    "/etc/passwd",
    "NaN",
    "1e999",
    "12,13;",
    "2024-13-45",
]
VALUES: list[Any] = [None, True, False, 0, -1, 0.5, [], {}, [[]], [None], {"a": 1}, [1, 2, 3], ["a", {}], *HUGE, *TEXTS]
NUMBERS = [
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-0",
    b"9" * 400,
    b"99999999",
    b"2147483647",
    b"1e-400",
    b"-1",
    b"0x10",
    b"1_0",
    "١٢".encode(),
    b"",
]


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def flipped(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.choice([1, 3, 20])):
        made[chance.randrange(len(made))] = chance.choice(b'\x00"{}[]<>&-e9,\xff\n\r;\\')
    return bytes(made)


def renumbered(content: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?", content))
    if not found:
        return content
    at = chance.choice(found)
    return content[: at.start()] + chance.choice(NUMBERS) + content[at.end() :]


def requoted(content: bytes, chance: random.Random) -> bytes:
    """Another text between two quotes or tags, or in a cell."""
    found = list(re.finditer(rb'"[^"]*"|>[^<]*<|,[^,]*(?=,)', content))
    if not found:
        return content
    at = chance.choice(found)
    text = chance.choice([b"", b"\xff\xfe", b"\n\n", b"&amp;&#0;", b'a"b', b"'", b"9" * 30, b"x" * 140_000, b"../../x"])
    return content[: at.start() + 1] + text + content[at.end() - (at[0][:1] != b",") :]


def framed(content: bytes, chance: random.Random) -> bytes:
    before = [
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b" \n",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"<a>" * 100_000,
        b"\x00" * 9,
        b"%",
    ]
    return chance.choice(before) + content + chance.choice([b"", b"", b"\x00", b"]}", b"</a>", b"\n\n"])


def in_crlf(content: bytes, _: random.Random) -> bytes:
    return content.replace(b"\n", b"\r\n")


def bombed(content: bytes, _: random.Random) -> bytes:
    bomb = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    return content.replace(b"<annotation", bomb + b"<annotation", 1).replace(b">", b">&b;&c;", 3)


def twice(content: bytes, chance: random.Random) -> bytes:
    """Some of it again: lines, ids and keys that were there before."""
    at, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:end] + content[at:end] + content[end:]


def changed(content: bytes, chance: random.Random) -> bytes:
    """A value of a JSON document in another's place, or gone; of one of its lines, where it has lines."""
    lines = content.splitlines()
    try:
        document, n = json.loads(content), -1
    except ValueError:
        n = chance.randrange(len(lines))
        try:
            document = json.loads(lines[n])
        except ValueError:
            return flipped(content, chance)
    places = list(inside(document))
    if not places:
        return b"null"
    holder, key = chance.choice(places)
    if chance.random() < 0.3:
        del holder[key]
    else:
        holder[key] = chance.choice(VALUES)
    text = json.dumps(document).encode()
    return text if n < 0 else b"\n".join([*lines[:n], text, *lines[n + 1 :]])


def inside(document: Any) -> Any:
    """Every place of a document: a container and a key of it."""
    keys: Any = document.keys() if isinstance(document, dict) else range(len(document))
    for key in list(keys) if isinstance(document, (dict, list)) else ():
        yield document, key
        if isinstance(document[key], (dict, list)):
            yield from inside(document[key])


ATTACKS: list[Callable[[bytes, random.Random], bytes]] = [
    cut, flipped, renumbered, requoted, framed, in_crlf, bombed, twice, changed, changed, changed, changed,
]  # fmt: skip


def a_set(name: str) -> dict[str, bytes]:
    """A small set with an annotation of every kind that the format has."""
    if name not in {format.name for format in formats.READ_ONLY}:
        format = formats.named(name)
        some = [one(kind, attributes={"note": "x", "occluded": True}, confidence=0.5) for kind in sorted(KINDS)]
        item = Item(key="f/a.jpg", width=WIDTH, height=HEIGHT, attributes={"weather": "sun"}, annotations=some)
        item.meta = {"split": "val", "camera": 3}
        return written(format, [item, Item(key="b.jpg", width=WIDTH, height=HEIGHT)]).files
    return {"export.json": json.dumps(diffgram()).encode(), "a.jpg": b""}


def take(format: Readable, files: dict[str, bytes]) -> None:
    """All that an import does with a set before the database. Raises what the user is told."""
    tree = MemoryTree(files)
    formats.detect(tree)
    reading = format.read(tree)
    schema = extended(EMPTY, reading.schema())
    msgspec.json.encode(reading.foreign())
    assert reading.used() <= set(files)
    for found in reading.items():
        if isinstance(found, BadItem):
            assert found.detail
            continue
        if isinstance(reading, Containing):
            reading.content(found)
        shown(found.key)
        decoded = msgspec.json.decode(msgspec.json.encode(Planned(key=found.key, item=found)), type=Planned)
        identify(decoded.item, (WIDTH, HEIGHT), schema, is_truth=True)


def attack(format: Readable, examples: int, seed: int) -> None:
    whole = a_set(format.name)
    take(format, whole)
    attacked = [name for name, content in whole.items() if content]
    chance = random.Random(f"{format.name} {seed}")
    told: list[str] = []
    for n in range(examples if attacked else 0):
        name = chance.choice(attacked)
        content = ATTACKS[n % len(ATTACKS)](whole[name], chance)
        try:
            take(format, {**whole, name: content})
        except Refusal as refusal:
            told.append(refusal.detail)
        except Exception as error:
            error.add_note(f"{ATTACKS[n % len(ATTACKS)].__name__} of {name}: {content[:2000]!r}")
            raise
    assert [detail for detail in told if not 10 < len(detail) < 2000] == []


@pytest.mark.parametrize("format", READERS)
def test_nothing_but_words_comes_of_a_hostile_set(format: Readable) -> None:
    attack(format, 48, 1)


HUGE = b"9" * 400
POINTS = b'{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2], "keypoints": [%b, 1, 2, 5.0, 5.0, 2]}'
FOUND_ONCE = {
    "a mask without a corner": (
        "labelme",
        b'{"imagePath": "a.jpg", "shapes": [{"label": "car", "shape_type": "mask", "points": [], "mask": "%b"}]}'
        % base64.b64encode(pictures.png(np.ones((2, 2), np.uint16))),
    ),
    "a picture that is no ASCII": ("labelme", '{"imagePath": "a.jpg", "imageData": "\ufffd", "shapes": []}'.encode()),
    "a keypoint beyond all numbers": (
        "coco",
        b'{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "x"}], "annotations": [%b]}'
        % (POINTS % HUGE),
    ),
    "a colour that is a number": (
        "diffgram",
        b'{"label_map": {"3": "car"}, "label_colour_map": {"3": {"hex": 99999999}}, "7": {"file": {"id": 7}}}',
    ),
}


@pytest.mark.parametrize(("format", "content"), FOUND_ONCE.values(), ids=FOUND_ONCE.keys())
def test_what_was_found_once_is_told_in_words(format: str, content: bytes) -> None:
    take(formats.readable(format), {"a.json": content, "a.jpg": b""})


@pytest.mark.thorough
@pytest.mark.parametrize("format", READERS)
@pytest.mark.parametrize("seed", range(2, 6))
def test_nothing_but_words_comes_of_many_hostile_sets(format: Readable, seed: int) -> None:
    attack(format, 600, seed)
