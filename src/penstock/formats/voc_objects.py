"""Objects of VOC's documents: one by one, and many at once as columns. Pure.

Most documents are plain: after a head come objects alone, each a name, texts of other tags and a box. Such objects are
cut out as they are, and read by a pattern in a twentieth of the time that a parser takes.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import BadGeometry
from penstock.annotations.rle import Mask
from penstock.core import Problem
from penstock.formats.coco_shapes import fingerprint
from penstock.formats.model import Deferred, NamedAnnotation, is_name
from penstock.formats.traced import Traced
from penstock.formats.xml import BadXml, Element, read_xml

OF_OBJECT = frozenset({"name", "bndbox", "attributes"})
"""Tags of an object that have a place with us."""

_PLAIN_BYTES = 1 << 20
_SPACE = rb"[ \t\r\n]*"
_TEXT = rb"[^<>&\x00-\x1f]*"
_TAGS = rb"(?:" + _SPACE + rb"<([A-Za-z_]\w*)>" + _TEXT + rb"</%b>)*"
_SIDE = _SPACE + rb"<([xy]m(?:in|ax))>" + _SPACE + rb"(-?\d{1,9}(?:\.\d+)?)" + _SPACE + rb"</\%d>"
_OBJECT = re.compile(
    _SPACE
    + (rb"<object>" + _SPACE + rb"<name>(" + _TEXT + rb")</name>(" + _TAGS % rb"\3" + rb")" + _SPACE + rb"<bndbox>")
    + b"".join(_SIDE % n for n in (4, 6, 8, 10))
    + (_SPACE + rb"</bndbox>(" + _TAGS % rb"\13" + rb")" + _SPACE + rb"</object>")
)
_END = re.compile(_SPACE + rb"</annotation>" + _SPACE)
_OTHER_ENCODING = re.compile(rb"""encoding=["'](?!utf-8["'])""", re.IGNORECASE)
_TEXTS = msgspec.json.Decoder(list[str])
_RAWS = msgspec.json.Decoder(list[Raw])
_ENCODE = msgspec.json.Encoder().encode


class _Object(NamedTuple):
    name: str
    box: list[float]
    rest: str  #: its other tags

    @property
    def is_right(self) -> bool:
        """Whether `annotation` takes it."""
        return self.box[2] > 0 and self.box[3] > 0 and max(map(abs, self.box)) <= shapes.LARGEST and _is_name(self.name)


class Cut(NamedTuple):
    """A plain document: its root without objects, and these, also as they are."""

    root: Element
    objects: list[_Object]
    texts: list[str]

    def names(self) -> set[str]:
        """The names of objects that can be annotations."""
        return {one.name for one in self.objects if one.is_right}

    def raws(self) -> list[Raw]:
        """The objects in JSON."""
        return _RAWS.decode(_ENCODE(self.texts))


def cut(content: bytes) -> Cut | None:
    """A document that is plain; None for any other, broken ones too."""
    first = at = content.find(b"<object>")
    if first < 0 or len(content) > _PLAIN_BYTES or b"\xef\xbf" in content:  # not every character behind these is one
        return None
    if not content.isascii() and _OTHER_ENCODING.search(content, 0, first):
        return None
    objects: list[_Object] = []
    texts: list[str] = []
    try:
        while found := _OBJECT.match(content, at):
            if (made := _object(found)) is None:
                return None
            objects.append(made)
            texts.append(found.group().decode())
            at = found.end()
        if not _END.fullmatch(content, at):
            return None
        return Cut(read_xml(content[:first] + b"</annotation>"), objects, texts)
    except (UnicodeDecodeError, BadXml):
        return None


def _object(found: re.Match[bytes]) -> _Object | None:
    """An object of a plain document; None where tags come twice."""
    name, before, _, a, at_a, b, at_b, c, at_c, d, at_d, after, _ = found.groups()
    numbers = {a: float(at_a), b: float(at_b), c: float(at_c), d: float(at_d)}
    rest = before + after
    if len(numbers) < 4 or b"<bndbox>" in rest:
        return None
    left, top, right, bottom = numbers[b"xmin"], numbers[b"ymin"], numbers[b"xmax"], numbers[b"ymax"]
    return _Object(name.decode().strip(), [left - 1, top - 1, right - left + 1, bottom - top + 1], rest.decode())


_is_name = lru_cache(maxsize=4096)(is_name)


@lru_cache(maxsize=4096)
def _kept(rest: str) -> bytes:
    """What `annotation` keeps of an object's other tags."""
    return _ENCODE({"voc": read_xml(f"<object>{rest}</object>".encode()).as_mapping(OF_OBJECT)})


def finish(some: Sequence[Deferred]) -> None:
    """Make the annotations of some images, one by one."""
    for one in some:
        for n, raw in enumerate(one.raws):
            try:
                one.item.annotations.append(annotation(read_xml(msgspec.json.decode(raw, type=str).encode()), n, None))
            except BadGeometry as bad:
                one.item.problems.append(Problem(f"object[{n}]", bad.detail, bad.code))


def trace(some: Sequence[Deferred]) -> list[Traced | None]:
    """The annotations of those images that have nothing but boxes of plain documents."""
    return [_traced(one.raws) if one.raws else None for one in some]


def _traced(raws: Sequence[bytes | Raw]) -> Traced | None:
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    texts = _TEXTS.decode(b"[" + b",".join(raws) + b"]")
    every = (_object(found) for text in texts if (found := _OBJECT.match(text.encode())))
    found = [one for one in every if one is not None and one.is_right]
    if len(found) < len(raws):
        return None
    boxes = [one.box for one in found]
    geometries = [b"[%b]" % text for text in _ENCODE(boxes)[2:-2].split(b"],[")]
    ordinals = [str(n) for n in range(len(found))]
    return Traced([o.name for o in found], ordinals, np.array(boxes), geometries, [_kept(o.rest) for o in found], "box")


def annotation(part: Element, n: int, mask: Mask | None) -> NamedAnnotation:
    """An object, which a mask shows where there is one. Raises BadGeometry."""
    name = part.text_of("name")
    box = part.child("bndbox")
    if not is_name(name) or box is None:
        raise BadGeometry("An object needs a <name> and a <bndbox>.", "incomplete")
    left, top, right, bottom = (_number(box, side) for side in ("xmin", "ymin", "xmax", "ymax"))
    shape = shapes.check("box", [left - 1, top - 1, right - left + 1, bottom - top + 1])
    made = NamedAnnotation(
        kind="box",
        label=name,
        geometry=shapes.canonical(shape),
        attributes=_read_attributes(part.child("attributes")),
        ordinal=str(n),
        foreign={"voc": part.as_mapping(OF_OBJECT)},
    )
    if mask is not None:
        if list(shapes.bounds("mask", mask)) != shape:
            made.foreign["voc"] |= {"#box": shape, "#of": fingerprint(bytes(shapes.canonical(mask)))}
        made.kind, made.geometry = "mask", shapes.canonical(mask)
    return made


def _number(box: Element, side: str) -> float:
    text = box.text_of(side)
    try:
        return float(text)
    except ValueError:
        raise BadGeometry(f"The {side} of a box is {text!r}, which is no number.", "number") from None


def _read_attributes(part: Element | None) -> dict[str, Any]:
    found = part.all("attribute") if part else []
    pairs = ((one.text_of("name"), one.child("value")) for one in found)
    return {name: value.text for name, value in pairs if name and value is not None}
