"""Annotations as people speak of them: labels, attributes and options by name. Pure.

Geometry is in pixels of the upright image, x right, y down, edges exclusive:

    tag         None
    box         [x, y, w, h]
    rotated_box [x, y, w, h, angle]: a box, then turned about its centre by degrees, clockwise
    ellipse     [cx, cy, rx, ry, angle]: its centre and radii, turned likewise
    polygon     [[outer, hole, ...], ...], one list per part, rings flat: [x1, y1, x2, y2, ...]
    polyline    [x1, y1, x2, y2, ...]
    point       [x, y]
    keypoints   [x, y, v, ...] in the order of the label's skeleton
    mask        {"size": [h, w], "counts": COCO's compressed RLE}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast
from uuid import UUID

from penstock.core.ids import new_uuid
from penstock.schema.model import Attribute, Kind, Schema
from penstock.sdk.errors import UnknownName

Plain = dict[str, Any]
_UNSAID: Any = object()


@dataclass(frozen=True)
class Shape:
    """One labelled thing on a file. `box(...)` and its siblings make new ones, `but` a changed copy."""

    kind: Kind
    label: str | None
    geometry: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    id: UUID = field(default_factory=new_uuid)
    source: Literal["person", "model", "import"] = "person"
    confidence: float | None = None
    group: str | None = None
    at: Mapping[str, Any] | None = None
    author: int | None = None

    def but(
        self,
        *,
        label: str = _UNSAID,
        geometry: Any = _UNSAID,
        attributes: Mapping[str, Any] = _UNSAID,
        group: str | None = _UNSAID,
    ) -> Shape:
        """This shape with other values. Attributes are added to those it has; None takes one away."""
        said = {"label": label, "geometry": geometry, "group": group}
        changed = {name: value for name, value in said.items() if value is not _UNSAID}
        if attributes is not _UNSAID:
            changed["attributes"] = {**self.attributes, **attributes}
        return replace(self, **changed)


@dataclass(frozen=True)
class Removal:
    """Take a shape away."""

    id: UUID


@dataclass(frozen=True)
class Acceptance:
    """Take a model's suggestion as it is."""

    id: UUID


Change = Shape | Removal | Acceptance


def box(label: str, x: float, y: float, w: float, h: float, **attributes: Any) -> Shape:
    """A new box: its left upper corner, width and height, in pixels of the upright image."""
    return Shape("box", label, [x, y, w, h], attributes)


def rotated_box(label: str, x: float, y: float, w: float, h: float, angle: float, **attributes: Any) -> Shape:
    """A new box that is turned about its centre by an angle in degrees, clockwise as one sees the image."""
    return Shape("rotated_box", label, [x, y, w, h, angle], attributes)


def ellipse(label: str, cx: float, cy: float, rx: float, ry: float, angle: float = 0, **attributes: Any) -> Shape:
    """A new ellipse by its centre and radii; `rx` points along the angle, in degrees, clockwise."""
    return Shape("ellipse", label, [cx, cy, rx, ry, angle], attributes)


def polygon(label: str, *rings: Sequence[float], **attributes: Any) -> Shape:
    """One part: its outer ring, then its holes, each flat. For several parts use `Shape("polygon", ...)` itself."""
    return Shape("polygon", label, [[list(ring) for ring in rings]], attributes)


def polyline(label: str, points: Sequence[float], **attributes: Any) -> Shape:
    """A line through points, flat: x1, y1, x2, y2, ..."""
    return Shape("polyline", label, list(points), attributes)


def point(label: str, x: float, y: float, **attributes: Any) -> Shape:
    """A single point."""
    return Shape("point", label, [x, y], attributes)


def keypoints(label: str, points: Sequence[float], **attributes: Any) -> Shape:
    """x, y and visibility (0 unknown, 1 hidden, 2 seen) of each point of the label's skeleton."""
    return Shape("keypoints", label, list(points), attributes)


def mask(label: str, size: tuple[int, int], counts: str, **attributes: Any) -> Shape:
    """A mask of (height, width) as a compressed COCO RLE."""
    return Shape("mask", label, {"size": list(size), "counts": counts}, attributes)


def tag(label: str, **attributes: Any) -> Shape:
    """A label on the whole image."""
    return Shape("tag", label, None, attributes)


def remove(shape: Shape | UUID) -> Removal:
    """Take a shape away, or reject a suggestion."""
    return Removal(shape if isinstance(shape, UUID) else shape.id)


def accept(shape: Shape | UUID) -> Acceptance:
    """Take a suggestion as it is. To take it otherwise, save a changed copy: `shape.but(...)`."""
    return Acceptance(shape if isinstance(shape, UUID) else shape.id)


class Names:
    """Translates between names and ids by one schema version."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def shape(self, plain: Plain) -> Shape:
        """An annotation as the API writes it."""
        label = plain.get("label")
        return Shape(
            kind=plain["kind"],
            label=None if label is None else self.schema.label(label).name,
            geometry=plain.get("geometry"),
            attributes=self.attributes(plain.get("attributes") or {}),
            id=UUID(str(plain["id"])),
            source=plain.get("source", "person"),
            confidence=plain.get("confidence"),
            group=plain.get("group"),
            at=plain.get("at"),
            author=plain.get("author"),
        )

    def attributes(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Attribute values by name, options by name, from values by id."""
        known = [(self.schema.attribute(int(id)), value) for id, value in values.items()]
        return {attribute.name: _named_value(attribute, value) for attribute, value in known}

    def ids(self, attributes: Mapping[str, Any]) -> Plain:
        """Attribute values by id, options by id, from values by name. Raises UnknownName."""
        plain: Plain = {}
        for name, value in attributes.items():
            attribute = self._attribute(name)
            plain[str(attribute.id)] = None if value is None else _plain_value(attribute, value)
        return plain

    def label(self, name: str | None) -> int | None:
        """Raises UnknownName."""
        if name is None:
            return None
        live = {label.name: label.id for label in self.schema.live_labels}
        if name not in live:
            raise UnknownName("label", name, list(live))
        return live[name]

    def create(self, shape: Shape) -> Plain:
        """The change that makes a shape."""
        plain: Plain = {"do": "create", "id": str(shape.id), "kind": shape.kind, "label": self.label(shape.label)}
        plain |= {"geometry": shape.geometry, "attributes": self.ids(shape.attributes), "source": shape.source}
        more = {"confidence": shape.confidence, "group": shape.group, "at": shape.at}
        return plain | {name: value for name, value in more.items() if value is not None}

    def update(self, before: Shape, after: Shape) -> Plain | None:
        """The change from one state of a shape to another: only what differs, or None."""
        plain: Plain = {}
        if after.label != before.label:
            plain["label"] = self.label(after.label)
        if after.geometry != before.geometry:
            plain["geometry"] = after.geometry
        differing = {n: v for n, v in after.attributes.items() if before.attributes.get(n) != v}
        if differing:
            plain["attributes"] = self.ids(differing)
        if after.group != before.group:
            plain["group"] = after.group
        return {"do": "update", "id": str(after.id), **plain} if plain else None

    def _attribute(self, name: str) -> Attribute:
        live = {attribute.name: attribute for attribute in self.schema.live_attributes}
        if name not in live:
            raise UnknownName("attribute", name, list(live))
        return live[name]


def _named_value(attribute: Attribute, value: Any) -> Any:
    if attribute.kind == "multi_select":
        return [attribute.option(one).name for one in value]
    return attribute.option(value).name if attribute.options and isinstance(value, int) else value


def _plain_value(attribute: Attribute, value: Any) -> Any:
    if not attribute.options:
        return value
    if attribute.kind == "multi_select":
        return [_option(attribute, one) for one in cast(Sequence[str], value)]
    return _option(attribute, value)


def _option(attribute: Attribute, name: str) -> int:
    live = {option.name: option.id for option in attribute.options if not option.archived}
    if name not in live:
        raise UnknownName(f"option of {attribute.name}", name, list(live))
    return live[name]
