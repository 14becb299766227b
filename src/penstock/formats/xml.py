"""Small XML documents as trees, read without trust: no entities, no document types, bounded depth and size; and written
again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

NAME = re.compile(r"[A-Za-z_][\w.-]*")
"""What can be the name of a tag or of its attribute."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DEEPEST = 64
MOST_ELEMENTS = 2_000_000


class BadXml(ValueError):
    """A document can't be read, or is not safe to."""


@dataclass(slots=True)
class Element:
    """A tag, its text and its children. Attributes of tags are kept under `@name` as children."""

    tag: str
    text: str = ""
    children: list["Element"] = field(default_factory=list["Element"])

    def child(self, tag: str) -> "Element | None":
        return next((child for child in self.children if child.tag == tag), None)

    def all(self, tag: str) -> list["Element"]:
        return [child for child in self.children if child.tag == tag]

    def text_of(self, tag: str) -> str:
        """The text of a child, stripped; empty when there is none."""
        found = self.child(tag)
        return found.text.strip() if found else ""

    def as_value(self) -> Any:
        """As JSON: text, or a mapping as `as_mapping` gives it."""
        return self.as_mapping() if self.children else self.text.strip()

    def as_mapping(self, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The children by name, those of one name as a list; text beside children under `#text`."""
        found: dict[str, Any] = {"#text": self.text.strip()} if self.text.strip() else {}
        for child in self.children:
            if child.tag in without:
                continue
            value = child.as_value()
            if child.tag in found:
                before = found[child.tag]
                found[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
            else:
                found[child.tag] = value
        return found


def read_xml(content: bytes) -> Element:
    """The root of a document. Raises BadXml, also for any entity or document type, which bombs are made of."""
    building = _Building()
    building.feed(content, True)
    return building.top.children[0]


def stream_xml(stream: BinaryIO, root: str) -> Iterator[Element]:
    """The children of a document's root, one after the other, so that a large document is never held. Raises BadXml."""
    building = _Building()
    while True:
        block = stream.read(_BLOCK_BYTES)
        building.feed(block, not block)
        if building.top.children and building.top.children[0].tag != root:
            raise BadXml(f"its root is <{building.top.children[0].tag}>, not <{root}>")
        yield from building.taken()
        if not block:
            return


_BLOCK_BYTES = 1 << 20


class _Building:
    """A tree that grows with what the parser finds."""

    def __init__(self) -> None:
        self.top = Element("")
        self._stack = [self.top]
        self._count = 0
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.buffer_text = True

    def feed(self, content: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(content, is_last)
        except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding that nobody knows is a LookupError
            raise BadXml(str(error)) from None

    def taken(self) -> list[Element]:
        """The root's children that are whole, which are then forgotten."""
        root = self.top.children[0] if self.top.children else self.top
        is_open = len(self._stack) > 2
        whole = root.children[: len(root.children) - is_open]
        root.children = root.children[len(whole) :]
        self._count = 0
        return [child for child in whole if not child.tag.startswith("@")]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1 + len(attributes)
        if len(self._stack) > DEEPEST or self._count > MOST_ELEMENTS:
            raise BadXml("it is nested too deep or has too many tags")
        element = Element(tag, children=[Element(f"@{name}", text) for name, text in attributes.items()])
        self._stack[-1].children.append(element)
        self._stack.append(element)

    def _end(self, _tag: str) -> None:
        self._stack.pop()

    def _text(self, data: str) -> None:
        if len(self._stack) > 2 or not data.isspace():  # between the parts of a large document there is much of it
            self._stack[-1].text += data

    def _refuse(self, *_: object) -> int:
        raise BadXml("it has a document type or entities, which are refused")


def clean(value: Any) -> str:
    """Text without the control characters that no XML document can hold."""
    return _CONTROL.sub("\ufffd", str(value))


RETURN = {"\r": "&#13;"}
"""A parser would read it as a line feed."""


def written(tag: str, value: Any, depth: int) -> Iterator[str]:
    """A tag with its text, or with tags from a mapping; once for each value of a list. No impossible names."""
    if isinstance(value, list):
        for one in cast(list[Any], value):
            yield from written(tag, one, depth)
    elif NAME.fullmatch(tag):
        indent = "\t" * depth
        parts = cast(dict[str, Any], value) if isinstance(value, dict) else {"#text": value}
        own = [f" {k[1:]}={quoteattr(clean(v))}" for k, v in parts.items() if k[:1] == "@" and NAME.fullmatch(k[1:])]
        yield f"{indent}<{tag}{''.join(own)}>{escape(clean(parts.get('#text', '')), RETURN)}"
        inner = [written(k, v, depth + 1) for k, v in parts.items() if k[:1] not in "@#"]
        if inner:
            yield "\n"
            for part in inner:
                yield from part
            yield indent
        yield f"</{tag}>\n"
