"""Labels, attributes and the schema that holds them: values and their rules, pure.

A schema is an immutable snapshot with a version. Ids of labels, attributes and options come from one counter of the
project and are never used again, so renaming is free and an old annotation never changes its meaning.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar, cast, get_args

from pydantic import Field, StringConstraints

from penstock.core import NotFound, Value

Kind = Literal["tag", "box", "rotated_box", "ellipse", "polygon", "polyline", "point", "keypoints", "mask"]
"""How an annotation is drawn."""
KINDS: frozenset[str] = frozenset(get_args(Kind))

AttributeKind = Literal["radio", "select", "multi_select", "checkbox", "text", "number", "slider", "date", "tree"]
WITH_OPTIONS: frozenset[str] = frozenset({"radio", "select", "multi_select", "tree"})
Per = Literal["annotation", "file"]

Scalar = bool | int | float | str
AttributeValue = Scalar | list[int]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""What people call a thing: up to 200 characters, none of them a control character."""
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]

LONGEST_TEXT = 10_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class Skeleton(Value):
    """The named points of a keypoints label, and which of them are joined by a line."""

    points: tuple[Name, ...] = Field(min_length=1)
    edges: tuple[tuple[int, int], ...] = ()
    """Pairs of positions in `points`, from 0."""


class Label(Value):
    """A class of things to annotate."""

    id: int
    name: Name
    kinds: tuple[Kind, ...] = ()
    """How it may be drawn; empty means any way (but keypoints need a skeleton)."""
    color: Color = "#4477aa"
    skeleton: Skeleton | None = None
    archived: bool = False
    """Kept for annotations that have it; no longer offered or accepted for new ones."""
    foreign: dict[str, Any] = {}
    """Ids and keys of other formats, such as COCO's category id."""

    def allows(self, kind: str) -> bool:
        """Whether an annotation of this kind may have this label."""
        if kind == "keypoints" and self.skeleton is None:
            return False
        return not self.kinds or kind in self.kinds


class Option(Value):
    """One answer of a radio, select, multi-select or tree."""

    id: int
    name: Name
    parent: int | None = None
    """The option above it, in a tree."""
    archived: bool = False


class Condition(Value):
    """Ask only when another attribute has one of these values (options by id)."""

    attribute: int
    one_of: tuple[Scalar, ...] = Field(min_length=1)

    def holds(self, value: AttributeValue | None) -> bool:
        """Whether the other attribute's value satisfies this condition. No answer is no, and false for a checkbox."""
        if isinstance(value, list):
            return any(chosen in self.one_of for chosen in value)
        if value is None:
            return any(wanted is False for wanted in self.one_of)
        return value in self.one_of


class Attribute(Value):
    """A typed question on annotations or on whole files."""

    id: int
    name: Name
    kind: AttributeKind
    on: tuple[int, ...] = ()
    """Ids of the labels it is asked on; empty means every label."""
    per: Per = "annotation"
    options: tuple[Option, ...] = ()
    required: bool = False
    condition: Condition | None = None
    min: float | None = None
    max: float | None = None
    step: float | None = None
    default: AttributeValue | None = None
    """What the editor fills in first; never stored by itself."""
    archived: bool = False
    foreign: dict[str, Any] = {}

    def is_on(self, label: int | None) -> bool:
        """Whether it is asked on annotations with this label (None: on the file itself)."""
        if label is None or self.per == "file":
            return label is None and self.per == "file"
        return not self.on or label in self.on

    @cached_property
    def option_ids(self) -> frozenset[int]:
        return frozenset(option.id for option in self.options)

    def option(self, id: int) -> Option:
        return next((o for o in self.options if o.id == id), None) or _missing("option", id)

    def option_named(self, name: str) -> Option:
        return next((o for o in self.options if o.name == name), None) or _missing("option", name)

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value for this attribute, in words; None when nothing is."""
        if self.kind in ("radio", "select", "tree"):
            right = type(value) is int and value in self.option_ids
            return None if right else f"the id of one of its options ({self.offered()})"
        return _FAULTS[self.kind](self, value)

    def offered(self) -> str:
        """Its first options, as `id name`, for messages."""
        names = [f"{o.id} {o.name}" for o in self.options if not o.archived]
        return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _several_fault(attribute: Attribute, value: Any) -> str | None:
    chosen = cast(list[Any], value) if isinstance(value, list) else [None]
    known = all(type(one) is int and one in attribute.option_ids for one in chosen)
    if known and len(set(chosen)) == len(chosen):
        return None
    return f"a list of different ids of its options ({attribute.offered()})"


def _checkbox_fault(_: Attribute, value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _text_fault(_: Attribute, value: Any) -> str | None:
    right = isinstance(value, str) and len(value) <= LONGEST_TEXT and "\0" not in value
    return None if right else f"text of at most {LONGEST_TEXT} characters"


def _number_fault(attribute: Attribute, value: Any) -> str | None:
    right = type(value) in (int, float) and abs(value) < 1e300
    low, high = attribute.min, attribute.max
    if right and (low is None or value >= low) and (high is None or value <= high):
        return None
    return (
        "a finite number"
        + (f" from {low:g}" if low is not None else "")
        + (f" to {high:g}" if high is not None else "")
    )


def _date_fault(_: Attribute, value: Any) -> str | None:
    if isinstance(value, str) and _DAY.match(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            return "a day of the calendar, as YYYY-MM-DD"
        return None
    return "a day as YYYY-MM-DD"


_FAULTS = {
    "multi_select": _several_fault,
    "checkbox": _checkbox_fault,
    "text": _text_fault,
    "number": _number_fault,
    "slider": _number_fault,
    "date": _date_fault,
}


class Schema(Value):
    """One version of a project's labels and attributes. Archived ones stay listed, since old annotations have them."""

    version: int
    labels: tuple[Label, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    last_id: int = 0
    """The counter that labels, attributes and options draw their ids from."""

    @property
    def edition(self) -> int:
        """What `ETag` and `If-Match` say of it."""
        return self.version

    @cached_property
    def labels_by_id(self) -> Mapping[int, Label]:
        return {label.id: label for label in self.labels}

    @cached_property
    def attributes_by_id(self) -> Mapping[int, Attribute]:
        return {attribute.id: attribute for attribute in self.attributes}

    @cached_property
    def attributes_by_key(self) -> Mapping[str, Attribute]:
        """Attributes by the key that annotations use: the id as a string."""
        return {str(attribute.id): attribute for attribute in self.attributes}

    def label(self, id: int) -> Label:
        """The label with this id. Raises NotFound."""
        return self.labels_by_id.get(id) or _missing("label", id)

    def label_named(self, name: str) -> Label:
        """The label with this name; a live one before an archived one. Raises NotFound."""
        return _named(self.labels, name) or _missing("label", name)

    def attribute(self, id: int) -> Attribute:
        """The attribute with this id. Raises NotFound."""
        return self.attributes_by_id.get(id) or _missing("attribute", id)

    def attribute_named(self, name: str) -> Attribute:
        """The attribute with this name; a live one before an archived one. Raises NotFound."""
        return _named(self.attributes, name) or _missing("attribute", name)

    @cached_property
    def live_labels(self) -> tuple[Label, ...]:
        return tuple(label for label in self.labels if not label.archived)

    @cached_property
    def live_labels_by_name(self) -> Mapping[str, Label]:
        return {label.name: label for label in reversed(self.live_labels)}  # the first of a name

    @cached_property
    def live_ids(self) -> Mapping[tuple[str, Kind], int]:
        """The ids of live labels by their names, for each kind that an annotation with them may be."""
        found = self.live_labels_by_name.items()
        return {(name, kind): label.id for name, label in found for kind in get_args(Kind) if label.allows(kind)}

    @cached_property
    def live_attributes(self) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in self.attributes if not attribute.archived)

    def asked(self, label: int | None, values: Mapping[str, Any]) -> list[Attribute]:
        """The live attributes that apply to an annotation with this label and these values (None: to the file)."""
        return [a for a in self.live_attributes if a.is_on(label) and self._is_open(a, values, set())]

    def _is_open(self, attribute: Attribute, values: Mapping[str, Any], seen: set[int]) -> bool:
        """Whether its condition holds; a question under a closed question is closed too."""
        if attribute.condition is None:
            return True
        other = self.attributes_by_id.get(attribute.condition.attribute)
        if other is None or other.archived or other.id in seen:
            return False
        value = values.get(str(other.id))
        if value is None and other.kind != "checkbox":
            return False
        return attribute.condition.holds(value) and self._is_open(other, values, seen | {attribute.id})


_Thing = TypeVar("_Thing", Label, Attribute)


def _named(things: Iterable[_Thing], name: str) -> _Thing | None:
    found = [thing for thing in things if thing.name == name]
    return min(found, key=lambda thing: thing.archived) if found else None


def _missing(what: str, name: object) -> Any:
    raise NotFound(what=what, name=name)
