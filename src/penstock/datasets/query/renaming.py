"""A query in new names: labels, attributes, options, datasets and templates may be called otherwise now. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from penstock.datasets.query import expression as e
from penstock.datasets.query.errors import QueryInvalid
from penstock.datasets.query.parse import LONGEST, parse
from penstock.schema.model import Attribute, Label, Option, Schema


@dataclass(frozen=True)
class Renames:
    """Names that changed, by the old one. Options by the old name of their attribute, then by their own."""

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    datasets: Mapping[str, str] = field(default_factory=dict[str, str])
    templates: Mapping[str, str] = field(default_factory=dict[str, str])

    def __bool__(self) -> bool:
        return self.of_schema or bool(self.datasets or self.templates)

    @property
    def of_schema(self) -> bool:
        return bool(self.labels or self.attributes or self.options)


def renames(old: Schema, new: Schema) -> Renames:
    """What is called otherwise in a newer version of a schema. A name that lived and was archived too is the living
    one's.
    """
    options: dict[str, Mapping[str, str]] = {}
    for attribute in _live_last(old.attributes):
        if (now := new.attributes_by_id.get(attribute.id)) is not None:
            options[attribute.name] = _changed(attribute.options, {option.id: option for option in now.options})
    return Renames(
        labels=_changed(old.labels, new.labels_by_id),
        attributes=_changed(old.attributes, new.attributes_by_id),
        options={name: changed for name, changed in options.items() if changed},
    )


def _live_last(things: Iterable[Attribute]) -> list[Attribute]:
    return sorted(things, key=lambda thing: thing.archived, reverse=True)


def _changed(
    old: Iterable[Label] | Iterable[Attribute] | Iterable[Option],
    new: Mapping[int, Label] | Mapping[int, Attribute] | Mapping[int, Option],
) -> dict[str, str]:
    last = sorted(old, key=lambda one: one.archived, reverse=True)  # so that a name means the living one
    now = {thing.name: new[thing.id].name for thing in last if thing.id in new}
    return {was: name for was, name in now.items() if was != name}


def renamed(text: str, renames: Renames) -> str:
    """A query in the new names; as it was written where it uses none of them. Raises QueryInvalid when it gets too
    long.
    """
    if not renames:
        return text
    try:
        before = parse(text)
    except QueryInvalid:
        return text  # it can't be asked anyway, and says so
    after = _expression(before, renames)
    if after == before:
        return text
    if len(plain := str(after)) > LONGEST:
        raise QueryInvalid(f"in the new names it is longer than {LONGEST} characters", e.Place(plain[:LONGEST], 1, 1))
    return plain


def _expression(expression: e.Expression, renames: Renames) -> e.Expression:
    match expression:
        case e.Or(terms) | e.And(terms):
            return dataclasses.replace(expression, terms=tuple(_expression(term, renames) for term in terms))
        case e.Not(term):
            return e.Not(_expression(term, renames))
        case e.AnyOf(where) | e.CountOf(where):
            return dataclasses.replace(expression, where=_expression(where, renames))
        case e.Compare(field, _, value):
            return dataclasses.replace(
                expression, field=_field(field, renames), value=_answers(field, (value,), renames)[0]
            )
        case e.Among(field, values):
            return dataclasses.replace(
                expression, field=_field(field, renames), values=_answers(field, values, renames)
            )
        case e.InDataset(datasets):
            return dataclasses.replace(expression, datasets=tuple(_dataset(one, renames) for one in datasets))
        case e.ChangedSince(e.Pin() as version):
            return dataclasses.replace(expression, version=_dataset(version, renames))
        case e.ChangedSince():
            return expression


def _dataset(named: str | e.Pin, renames: Renames) -> str | e.Pin:
    if isinstance(named, str):
        return renames.datasets.get(named, named)
    return dataclasses.replace(named, dataset=renames.datasets.get(named.dataset, named.dataset))


def _field(field: e.Field, renames: Renames) -> e.Field:
    match field:
        case e.TaskField(template):
            return dataclasses.replace(field, template=renames.templates.get(template, template))
        case e.Attribute(name):
            return dataclasses.replace(field, name=renames.attributes.get(name, name))
        case e.LabelCount(label):
            return dataclasses.replace(field, label=renames.labels.get(label, label))
        case _:
            return field


def _answers(field: e.Field, values: tuple[e.Answer, ...], renames: Renames) -> tuple[e.Answer, ...]:
    """The values that a field is compared with, where they are names themselves."""
    match field:
        case e.Plain("label"):
            names = renames.labels
        case e.Plain("template") | e.TaskField(_, "template"):
            names = renames.templates
        case e.Attribute(name):
            names = renames.options.get(name, {})
        case _:
            return values
    return tuple(names.get(value, value) if isinstance(value, str) else value for value in values)
