"""From names to ids and back: between what formats know and what the database holds. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import UNSET

from penstock.annotations.checks import admit
from penstock.annotations.model import Annotation
from penstock.core import Problem
from penstock.formats.model import NamedAnnotation
from penstock.schema.model import WITH_OPTIONS, Attribute, Schema


def named(annotation: Annotation, schema: Schema, author: str | None = None) -> NamedAnnotation:
    """An annotation with names in place of ids. What the schema doesn't know (a purged label) stays a number."""
    label = None if annotation.label is None else schema.labels_by_id.get(annotation.label)
    return NamedAnnotation(
        kind=annotation.kind,
        label=label.name if label else None if annotation.label is None else str(annotation.label),
        geometry=annotation.geometry,
        attributes=named_values(annotation.attributes, schema),
        source=annotation.source,
        confidence=annotation.confidence,
        group=annotation.group,
        at=annotation.at,
        ordinal=str(annotation.id),
        id=annotation.id,
        author=author,
        foreign=annotation.foreign,
    )


def named_values(values: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Attribute values by names, options by name, in the schema's order."""
    found: dict[str, Any] = {}
    for attribute in schema.attributes:
        if (value := values.get(str(attribute.id))) is not None:
            found[attribute.name] = _value_named(attribute, value)
    return found


def _value_named(attribute: Attribute, value: Any) -> Any:
    if attribute.kind not in WITH_OPTIONS:
        return value
    names = {option.id: option.name for option in attribute.options}
    if isinstance(value, list):
        return [names[one] for one in cast(list[Any], value) if one in names]
    return names.get(value)


class _Stored(NamedAnnotation):
    """An annotation as the database writes it, on its way to names."""

    label: Any = None
    author: Any = None


_STORED = msgspec.json.Decoder(list[list[_Stored]])


def split(texts: Sequence[str], schema: Schema) -> list[tuple[dict[str, Any], list[NamedAnnotation]]]:
    """Annotations of files as items have them: the file's own attributes, and the rest by names.

    `texts` are JSON lists as the database writes them (`annotations.rows.texts`), one for each file.
    """
    names = {label.id: label.name for label in schema.labels}
    return [_split(some, schema, names) for some in _STORED.decode(f"[{','.join(texts)}]")]


def _split(
    some: Sequence[_Stored], schema: Schema, names: Mapping[int, str]
) -> tuple[dict[str, Any], list[NamedAnnotation]]:
    own: dict[str, Any] = {}
    rest: list[NamedAnnotation] = []
    for one in some:
        if one.attributes:
            one.attributes = named_values(one.attributes, schema)
        if one.label is None:
            own |= one.attributes
            continue
        one.label = names.get(one.label) or str(one.label)
        one.author = None
        rest.append(one)
    return own, rest


def identified(
    annotation: NamedAnnotation, schema: Schema, id: UUID, at: str = ""
) -> tuple[Annotation | None, list[Problem]]:
    """An annotation with ids in place of names, checked; None when it can't be one, and what is wrong.

    A value that the schema doesn't take is told, and kept in `foreign` under `attributes`: formats write it again.
    """
    problems: list[Problem] = []
    label: int | None = None
    if annotation.label is not None:
        found = schema.live_labels_by_name.get(annotation.label)
        if found is None:
            return None, [Problem(f"{at}.label", f"There is no label {annotation.label!r}.", "unknown-label")]
        label = found.id
    values = identified_values(annotation.attributes, label, schema, at, problems)
    foreign = annotation.foreign
    if len(values) < len(annotation.attributes):
        taken = named_values(values, schema)
        left = {name: value for name, value in annotation.attributes.items() if name not in taken}
        foreign = {**foreign, "attributes": left}
    made = Annotation(
        id=id,
        kind=annotation.kind,
        label=label,
        geometry=annotation.geometry,
        attributes=values,
        source=annotation.source,
        confidence=annotation.confidence,
        group=annotation.group,
        at=annotation.at,
        foreign=foreign,
    )
    admitted, faults = admit(made, schema, at, is_canonical=annotation.bounds is not UNSET)
    return (None, [*problems, *faults]) if faults else (admitted, problems)


def all_values(annotation: NamedAnnotation) -> dict[str, Any]:
    """An annotation's values with those that the schema had no place for."""
    return {**(annotation.foreign.get("attributes") or {}), **annotation.attributes}


def identified_values(
    values: Mapping[str, Any], label: int | None, schema: Schema, at: str, problems: list[Problem]
) -> dict[str, Any]:
    """Attribute values by id, options by id; those that the schema doesn't take are told."""
    found: dict[str, Any] = {}
    if not values:
        return found
    by_name = {attribute.name: attribute for attribute in schema.live_attributes}
    for name, value in values.items():
        place = f"{at}.attributes.{name}"
        attribute = by_name.get(name)
        if attribute is None:
            problems.append(Problem(place, f"There is no attribute {name!r}.", "unknown-attribute"))
        elif not attribute.is_on(label):
            problems.append(Problem(place, f"{name!r} is not asked here.", "attribute-not-here"))
        else:
            right = _value_identified(attribute, value)
            fault = f"one of its options ({attribute.offered()})" if right is None else attribute.fault(right)
            if fault is None:
                found[str(attribute.id)] = right
            else:
                problems.append(Problem(place, f"{name!r} is {value!r}, but must be {fault}.", "attribute-value"))
    return found


def _value_identified(attribute: Attribute, value: Any) -> Any:
    """A value as the schema has it: options by id, numbers and truth also from text; None for an unknown option."""
    if attribute.kind in WITH_OPTIONS:
        ids = {option.name: option.id for option in attribute.options if not option.archived}
        if attribute.kind == "multi_select":
            listed = cast(list[Any], value) if isinstance(value, list) else [value]
            if isinstance(value, str) and value.strip() not in ids:  # as formats write several that have text alone
                listed = value.split(",")
            found = [ids.get(spelled(one).strip()) for one in listed]
            return None if None in found else found
        return ids.get(spelled(value).strip())
    if attribute.kind in ("number", "slider", "checkbox") and isinstance(value, str):
        try:
            return msgspec.json.decode(value.strip().lower())
        except msgspec.DecodeError:
            return value
    if attribute.kind in ("text", "date") and isinstance(value, (bool, int, float)):
        return spelled(value).strip()
    return value


def spelled(value: Any) -> str:
    """A scalar as an option's name spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
