"""Small XML documents as trees, read without trust: no entities, no document types, bounded depth and size."""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

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
    parser = expat.ParserCreate()
    top = Element("")
    stack = [top]
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1 + len(attributes)
        if len(stack) > DEEPEST or count > MOST_ELEMENTS:
            raise BadXml("it is nested too deep or has too many tags")
        element = Element(tag, children=[Element(f"@{name}", text) for name, text in attributes.items()])
        stack[-1].children.append(element)
        stack.append(element)

    def end(_tag: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def refuse(*_: object) -> int:
        raise BadXml("it has a document type or entities, which are refused")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BadXml(str(error)) from None
    return top.children[0]
