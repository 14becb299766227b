"""Annotations and changes of them: values, pure. One JSON form everywhere, in the API, the SDK, exports and drafts.

These are msgspec structs, not pydantic ones: a save decodes 20 of them, an export a million. `geometry` stays JSON text
(canonical, see `geometry`), so that reading a row and sending it parses nothing.

Values of attributes that are asked per file are held by one annotation of kind `tag` with no label. Its id follows from
the file (`holder_id`), so two people who answer at the same time answer on the same annotation.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import UNREADABLE, Bounds, Shape
from penstock.core import Invalid, Problem
from penstock.core.ids import import_uuid, new_uuid
from penstock.schema.model import Kind

Source = Literal["person", "model", "import"]
NOTHING = msgspec.Raw(b"null")
NO_ATTRIBUTES: dict[str, Any] = {}


class Annotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One labelled thing on a file."""

    id: UUID
    kind: Kind
    label: int | None = None
    geometry: msgspec.Raw = NOTHING  #: canonical JSON text; `shape` is the parsed one
    attributes: dict[str, Any] = {}  #: by attribute id as a string; options by id
    source: Source = "person"
    confidence: float | None = None  #: 0 to 1, of models
    group: str | None = None  #: annotations that belong together have the same
    at: dict[str, Any] | None = None  #: frames, time or characters; of images none
    author: int | None = None
    foreign: dict[str, dict[str, Any]] = {}

    @property
    def shape(self) -> Shape:
        return shapes.parse(self.kind, self.geometry)

    @property
    def geometry_text(self) -> str:
        return bytes(self.geometry).decode()

    @property
    def bounds(self) -> Bounds:
        return shapes.bounds(self.kind, self.shape)

    @property
    def area(self) -> float:
        return shapes.area(self.kind, self.shape)

    @property
    def is_of_file(self) -> bool:
        """Whether it holds the file's own attributes."""
        return self.label is None


class Create(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="create"):
    """A new annotation, under an id that its creator made."""

    id: UUID
    kind: Kind
    label: int | None = None
    geometry: msgspec.Raw = NOTHING
    attributes: dict[str, Any] = {}
    source: Source = "person"
    confidence: float | None = None
    group: str | None = None
    at: dict[str, Any] | None = None
    foreign: dict[str, dict[str, Any]] = {}


class Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="update"):
    """New values of some fields; those left out stay. The kind never changes."""

    id: UUID
    label: int | None | UnsetType = UNSET
    geometry: msgspec.Raw | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET  #: only the changed ones; null takes a value away
    confidence: float | None | UnsetType = UNSET
    group: str | None | UnsetType = UNSET
    at: dict[str, Any] | None | UnsetType = UNSET


class Delete(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag="delete"):
    """Take an annotation away."""

    id: UUID


Change = Create | Update | Delete


class BadJson(Invalid):
    """The request can't be read: {why}."""


class Glance(msgspec.Struct, frozen=True):
    """A file's annotations, or the first of them."""

    file: int
    annotations: list[Annotation]
    more: bool
    """Whether there are others."""


class ChangesInvalid(Invalid):
    """{count} of the changes can't be made, so none was. Each problem is listed."""


def drawn(kind: Kind, shape: Any, **fields: Any) -> Annotation:
    """An annotation from a shape built in Python, under a new id unless one is given. Raises geometry.BadGeometry."""
    fields.setdefault("id", new_uuid())
    return Annotation(kind=kind, geometry=shapes.canonical(shapes.check(kind, shape)), **fields)


def holder_id(file: int) -> UUID:
    """The id of the annotation that holds a file's own attributes."""
    return import_uuid(file, "file", "attributes")


T = TypeVar("T")
_CHANGE: msgspec.json.Decoder[Change] = msgspec.json.Decoder(Change)
_ANNOTATIONS = msgspec.json.Decoder(list[Annotation])
_ENCODER = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Annotations, changes, or anything that holds them, as JSON."""
    return _ENCODER.encode(value)


def decode(body: bytes, shape: type[T]) -> T:
    """A request body as a struct. Raises BadJson with one problem, at its place."""
    try:
        return msgspec.json.decode(body, type=shape)
    except UNREADABLE as error:
        raise BadJson(why=_in_words(error, body), errors=[_problem(error, "")]) from None


def decode_all(text: str) -> list[Annotation]:
    """A list of annotations that the database wrote."""
    return _ANNOTATIONS.decode(text)


def decode_changes(parts: Sequence[msgspec.Raw | bytes]) -> list[Change]:
    """Changes, each from its own JSON text. Raises ChangesInvalid with one problem for each that can't be read."""
    changes: list[Change] = []
    problems: list[Problem] = []
    for at, part in enumerate(parts):
        try:
            changes.append(_CHANGE.decode(part))
        except UNREADABLE as error:
            problems.append(_problem(error, f"changes[{at}]"))
    if problems:
        raise ChangesInvalid(count=len(problems), errors=problems)
    return changes


def _problem(error: Exception, under: str) -> Problem:
    detail, _, path = str(error).partition(" - at `")
    at = path.rstrip("`").removeprefix("$").removeprefix(".")
    joined = under + ("." if under and at and not at.startswith("[") else "") + at
    code = "field" if isinstance(error, msgspec.ValidationError) else "json"
    return Problem(at=joined, detail=f"{detail}.", code=code)


def _in_words(error: Exception, body: bytes) -> str:
    said = str(error)
    if isinstance(error, msgspec.ValidationError):
        return said
    for word in (b"NaN", b"Infinity"):
        if word in body:
            return f"{said}. JSON has no {word.decode()}: numbers must be finite"
    return said
