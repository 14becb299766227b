"""What a query is once it is read: a tree of frozen values, each of which prints as the text that reads back to it.

The law of this file: `parse(str(expression)) == expression`. Places (where in the text a thing stood) are carried for
error messages alone and never take part in equality.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from penstock.schema.model import Kind

KEYWORDS = ("and", "or", "not", "in", "any", "count", "changed", "since", "now", "true", "false", "null")
ROOTS = ("task", "labels", "meta", "attributes", "file", "event")
RESERVED = frozenset({*KEYWORDS, *ROOTS})

FILE_FIELDS = {
    "key": "text",
    "media": "text",
    "mime": "text",
    "bytes": "number",
    "width": "number",
    "height": "number",
    "state": "text",
    "hash": "text",
}
"""`file.width`; the type of each."""

ANNOTATION_FIELDS = {
    "label": "text",
    "kind": "text",
    "source": "text",
    "confidence": "number",
    "area": "number",
    "x": "number",
    "y": "number",
    "w": "number",
    "h": "number",
    "group": "text",
    "person": "text",
}
"""Plain words that speak of one annotation inside `any(...)` and `count(...)`, and of any annotation outside. Inside,
`author` is another word for `person`."""

TASK_FIELDS = {
    "status": "text",
    "round": "number",
    "template": "text",
    "priority": "number",
    "author": "text",
    "reviewer": "text",
}
"""Plain words that speak of the task at hand; after `task("name").`, of the file's task under that template."""

ENTRY_FIELDS = {"key": "text", "state": "text", "added": "time"}
"""Plain words that speak of the file, and of it in its dataset."""

PLAIN_FIELDS = {**ENTRY_FIELDS, **ANNOTATION_FIELDS, **TASK_FIELDS}

VOCABULARY = {
    "status": ("open", "in_progress", "in_review", "returned", "done", "skipped", "cancelled"),
    "state": ("processing", "ready", "failed"),
    "source": ("person", "model", "import"),
    "kind": get_args(Kind),
}
"""Fields that can only have these values, so that a typing error is refused and doesn't just find nothing."""

OPERATORS = ("=", "!=", "<=", ">=", "<", ">")
Operator: TypeAlias = Literal["=", "!=", "<=", ">=", "<", ">"]

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
Unit: TypeAlias = Literal["s", "m", "h", "d", "w"]

_NAME = re.compile(r"[^\W\d]\w*\Z")
_RESERVED = re.compile(
    f"({'|'.join(sorted(RESERVED))})\\Z", re.IGNORECASE
)  # as the lexer does: K is also the Kelvin sign
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def is_reserved(word: str) -> bool:
    """Whether a word means something in the grammar, so that as a name it goes in quotes."""
    return _RESERVED.match(word) is not None


def quote(text: str) -> str:
    """A text in double quotes, as the grammar reads it back."""
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def name(text: str) -> str:
    """A name after a dot: bare where that is safe, else quoted."""
    return text if _NAME.match(text) and not is_reserved(text) else quote(text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a query something stood; line and column count from 1."""

    text: str
    line: int
    column: int


def _place() -> Place | None:
    return field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Now:
    """`now`, or a time so many units before (negative) or after it."""

    amount: float = 0
    unit: Unit = "s"

    @property
    def seconds(self) -> float:
        return self.amount * UNIT_SECONDS[self.unit]

    def __str__(self) -> str:
        if not self.amount:
            return "now"
        return f"now {'-' if self.amount < 0 else '+'} {number(abs(self.amount))}{self.unit}"


Scalar: TypeAlias = str | int | float | bool | None
Answer: TypeAlias = Scalar | Now


def number(value: float) -> str:
    return repr(value)


def literal(value: Answer) -> str:
    """A value on the right of an operator, as text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    return str(value) if isinstance(value, Now) else number(value)


@dataclass(frozen=True, slots=True)
class Plain:
    """A word the language knows: `confidence`, `added`, `status`."""

    name: str
    place: Place | None = _place()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the schema, by its name. Quoted, a name is always an attribute's."""

    name: str
    place: Place | None = _place()

    def __str__(self) -> str:
        known = self.name.lower() in PLAIN_FIELDS
        return quote(self.name) if known else name(self.name)


@dataclass(frozen=True, slots=True)
class LabelCount:
    """`labels.car`: how many annotations of the file have the label."""

    label: str
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"labels.{name(self.label)}"


@dataclass(frozen=True, slots=True)
class FileField:
    """`file.width`."""

    name: str
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"file.{name(self.name)}"


@dataclass(frozen=True, slots=True)
class Meta:
    """`meta.camera.side`: a value in the file's metadata."""

    path: tuple[str, ...]
    place: Place | None = _place()

    def __str__(self) -> str:
        return ".".join(["meta", *map(name, self.path)])


@dataclass(frozen=True, slots=True)
class TaskField:
    """`task("expert").status`: of the file's latest task under that template."""

    template: str
    name: str
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"task({quote(self.template)}).{name(self.name)}"


@dataclass(frozen=True, slots=True)
class EventField:
    """`event.done`: a value in the body of the event that fired."""

    path: tuple[str, ...]
    place: Place | None = _place()

    def __str__(self) -> str:
        return ".".join(["event", *map(name, self.path)])


Field: TypeAlias = Plain | Attribute | LabelCount | FileField | Meta | TaskField | EventField


@dataclass(frozen=True, slots=True)
class Or:
    terms: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(f"({term})" if isinstance(term, Or) else str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class And:
    terms: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(f"({term})" if isinstance(term, And | Or) else str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Not:
    term: Expression

    def __str__(self) -> str:
        return f"not ({self.term})" if isinstance(self.term, And | Or) else f"not {self.term}"


@dataclass(frozen=True, slots=True)
class Compare:
    """`field operator value`. `!=` is true exactly when `=` is not, so it holds for a missing value too."""

    field: Field
    operator: Operator
    value: Answer
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"{self.field} {self.operator} {literal(self.value)}"


@dataclass(frozen=True, slots=True)
class Among:
    """`field in (a, b)`; with `absent`, `field not in (a, b)`."""

    field: Field
    values: tuple[Answer, ...]
    absent: bool = False
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"{self.field} {'not ' if self.absent else ''}in ({', '.join(map(literal, self.values))})"


@dataclass(frozen=True, slots=True)
class Pin:
    """`"gold"/"v3"`: a version, with the dataset that it is of."""

    dataset: str
    version: str

    def __str__(self) -> str:
        return f"{quote(self.dataset)}/{quote(self.version)}"


def pin(name: str | Pin) -> str:
    """A dataset, a version of the dataset at hand, or a version with its dataset, as text."""
    return quote(name) if isinstance(name, str) else str(name)


@dataclass(frozen=True, slots=True)
class InDataset:
    """`in "region b"`, or `in ("region a", "gold"/"v1")` for any of them."""

    datasets: tuple[str | Pin, ...]
    place: Place | None = _place()

    def __str__(self) -> str:
        if len(self.datasets) == 1:
            return f"in {pin(self.datasets[0])}"
        return f"in ({', '.join(map(pin, self.datasets))})"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`any(condition)`: at least one annotation of the file meets it."""

    where: Expression

    def __str__(self) -> str:
        return f"any({self.where})"


@dataclass(frozen=True, slots=True)
class CountOf:
    """`count(condition) > 2`: so many annotations of the file meet it."""

    where: Expression
    operator: Operator
    value: float
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"count({self.where}) {self.operator} {number(self.value)}"


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """`changed since "v3"`: the file entered, or an annotation of it changed, after that version was pinned."""

    version: str | Pin
    place: Place | None = _place()

    def __str__(self) -> str:
        return f"changed since {pin(self.version)}"


Expression: TypeAlias = Or | And | Not | Compare | Among | InDataset | AnyOf | CountOf | ChangedSince
