"""From a schema to a wanted one: what keeps its id, what is new, what is archived; and the same in words. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from penstock.core import Problem
from penstock.schema.model import (
    Attribute,
    AttributeValue,
    Condition,
    Label,
    Option,
    Scalar,
    Schema,
)
from penstock.schema.rules import check, refuse
from penstock.schema.wanted import WantedAttribute, WantedCondition, WantedLabel, WantedOption, WantedSchema

COLORS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#0077bb", "#33bbee", "#cc3311",
    "#009988", "#ee3377", "#997700", "#6699cc", "#994455", "#004488", "#117733", "#882255", "#ddaa33", "#44aa99",
)  # fmt: skip
"""Paul Tol's palettes: told apart by colour-blind people too. A label takes one by its id."""

_SAME_VALUES = (frozenset({"radio", "select", "tree"}), frozenset({"number", "slider"}))


_Thing = TypeVar("_Thing", Label, Attribute)
_Wanted = TypeVar("_Wanted", WantedLabel, WantedAttribute)


def planned(schema: Schema, wanted: WantedSchema, prune: bool = False) -> Schema:
    """The schema that is wanted, at the next version; the very same object when nothing changes.

    Names (or `was`) decide what stays itself; something archived comes back under its id. With `prune` what isn't named
    is archived, else it stays. Raises SchemaInvalid with every problem.
    """
    plan = _Plan(schema)
    labels = {name: plan.label(name, want) for name, want in _renamed_first(wanted.labels)}
    plan.labels = _merged(schema.labels, [labels[name] for name in wanted.labels], prune)
    drafts = {name: plan.attribute(name, want) for name, want in _renamed_first(wanted.attributes)}
    plan.attributes = _merged(schema.attributes, [drafts[name] for name in wanted.attributes], prune)
    whole = {draft.id: plan.referring(draft, wanted.attributes[name]) for name, draft in drafts.items()}
    plan.attributes = [whole.get(attribute.id, attribute) for attribute in plan.attributes]
    refuse(plan.problems)
    return _next(schema, plan.labels, plan.attributes, plan.last_id)


def _renamed_first(wanted: Mapping[str, _Wanted]) -> list[tuple[str, _Wanted]]:
    """Names with `was` before those without, so that `A: {was: B}` and a new `B` can stand in one file in any order."""
    return sorted(wanted.items(), key=lambda pair: pair[1].was is None)


def extended(schema: Schema, wanted: WantedSchema) -> Schema:
    """The schema with whatever of `wanted` it lacks (labels, attributes, options); what it has stays as it is."""
    have_labels = {label.name: label for label in schema.live_labels}
    have = {attribute.name: attribute for attribute in schema.live_attributes}
    missing = planned(
        schema,
        WantedSchema(
            labels={name: want for name, want in wanted.labels.items() if name not in have_labels},
            attributes={name: want for name, want in wanted.attributes.items() if name not in have},
        ),
    )
    plan = _Plan(missing)
    labels = [_with_skeleton(label, wanted.labels.get(label.name)) for label in missing.labels]
    attributes = [plan.with_options(asked, wanted.attributes.get(asked.name)) for asked in missing.attributes]
    return _next(schema, labels, attributes, plan.last_id)


def _with_skeleton(label: Label, want: WantedLabel | None) -> Label:
    if want is None or want.skeleton is None or label.skeleton is not None or label.archived:
        return label
    return label.model_copy(update={"skeleton": want.skeleton})


def _next(schema: Schema, labels: list[Label], attributes: list[Attribute], last_id: int) -> Schema:
    new = Schema(version=schema.version + 1, labels=tuple(labels), attributes=tuple(attributes), last_id=last_id)
    if (new.labels, new.attributes) == (schema.labels, schema.attributes):
        return schema
    return check(new)


def _merged(old: Sequence[_Thing], wanted: Sequence[_Thing], prune: bool) -> list[_Thing]:
    """Old and wanted things: in the wanted order when every live thing is named, else with the new ones at the end."""
    named = {thing.id: thing for thing in wanted}
    if prune or all(thing.archived or thing.id in named for thing in old):
        rest = [thing.model_copy(update={"archived": True}) for thing in old if thing.id not in named]
        return [*wanted, *rest]
    known = {thing.id for thing in old}
    return [named.get(thing.id, thing) for thing in old] + [thing for thing in wanted if thing.id not in known]


class _Plan:
    """The making of one plan: draws ids and collects problems."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.last_id = schema.last_id
        self.problems: list[Problem] = []
        self.labels: list[Label] = list(schema.labels)
        self.attributes: list[Attribute] = list(schema.attributes)
        self._taken: set[int] = set()

    def draw(self) -> int:
        self.last_id += 1
        return self.last_id

    def _found(self, things: tuple[Any, ...], name: str, was: str | None, at: str) -> Any:
        """What a name (else `was`) means now; each thing once."""
        for wanted in (name, was):
            named = [thing for thing in things if thing.name == wanted and thing.id not in self._taken]
            if wanted is not None and named:
                found = min(named, key=lambda thing: thing.archived)
                self._taken.add(found.id)
                return found
        if was is not None:
            self.problems.append(Problem(at, f"{name!r} was {was!r}, but there is no {was!r} to rename.", "was"))
        return None

    def label(self, name: str, want: WantedLabel) -> Label:
        old: Label | None = self._found(self.schema.labels, name, want.was, f"labels.{name}")
        if old is None:
            id = self.draw()
            color = want.color or COLORS[(id - 1) % len(COLORS)]
            skeleton, foreign = want.skeleton, want.foreign
        else:
            id, color = old.id, want.color or old.color
            skeleton, foreign = want.skeleton or old.skeleton, old.foreign | want.foreign
            if old.skeleton and want.skeleton and len(old.skeleton.points) != len(want.skeleton.points):
                detail = f"The skeleton of {name!r} can't get more or fewer points. Make a new label for it."
                self.problems.append(Problem(f"labels.{name}.skeleton", detail, "skeleton-points"))
        return Label(id=id, name=name, kinds=want.kinds, color=color, skeleton=skeleton, foreign=foreign)

    def attribute(self, name: str, want: WantedAttribute) -> Attribute:
        """The attribute with its options, but not yet what refers to other attributes."""
        at = f"attributes.{name}"
        old: Attribute | None = self._found(self.schema.attributes, name, want.was, at)
        if old is not None and not _convertible(old, want):
            detail = f"{name!r} is a {old.kind} per {old.per} and can't become a {want.kind} per {want.per}."
            self.problems.append(Problem(f"{at}.kind", f"{detail} Archive it, and add a new one.", "kind-change"))
        return Attribute(
            id=old.id if old else self.draw(),
            name=name,
            kind=want.kind,
            on=self._label_ids(want, at),
            per=want.per,
            options=self._options(old.options if old else (), want, at),
            required=want.required,
            min=want.min,
            max=want.max,
            step=want.step,
            foreign=(old.foreign if old else {}) | want.foreign,
        )

    def referring(self, attribute: Attribute, want: WantedAttribute) -> Attribute:
        """The attribute with its default and its condition, now that all have ids."""
        at = f"attributes.{attribute.name}"
        default = None if want.default is None else self._value(attribute, want.default, f"{at}.default")
        condition = None if want.if_ is None else self._condition(want.if_, f"{at}.if")
        return attribute.model_copy(update={"default": default, "condition": condition})

    def with_options(self, attribute: Attribute, want: WantedAttribute | None) -> Attribute:
        """The attribute with the wanted options that it lacks added."""
        if want is None or attribute.archived:
            return attribute
        have = {option.name for option in attribute.options if not option.archived}
        lacking = [option for option in _options(want) if option.name not in have]
        if not lacking or want.kind != attribute.kind:
            return attribute
        added = self._add_options(list(attribute.options), lacking, f"attributes.{attribute.name}")
        return attribute.model_copy(update={"options": added})

    def _label_ids(self, want: WantedAttribute, at: str) -> tuple[int, ...]:
        ids: list[int] = []
        for name in want.on:
            found = [label for label in self.labels if label.name == name and not label.archived]
            ids += [label.id for label in found[:1]]
            if not found:
                self.problems.append(Problem(f"{at}.on", f"There is no label {name!r}.", "unknown-label"))
        return tuple(ids)

    def _options(self, old: tuple[Option, ...], want: WantedAttribute, at: str) -> tuple[Option, ...]:
        made = self._add_options([], list(_options(want)), at, old)
        named = {option.id for option in made}
        return made + tuple(o.model_copy(update={"archived": True}) for o in old if o.id not in named)

    def _add_options(
        self, options: list[Option], wanted: list[WantedOption], at: str, old: tuple[Option, ...] = ()
    ) -> tuple[Option, ...]:
        ids = {option.name: option.id for option in options if not option.archived}
        for want in wanted:
            found: Option | None = self._found((*old, *(o for o in options if o.archived)), want.name, want.was, at)
            options = [option for option in options if found is None or option.id != found.id]
            ids[want.name] = found.id if found else self.draw()
            options.append(Option(id=ids[want.name], name=want.name))
        parents = {want.name: want.parent for want in wanted if want.parent is not None}
        for name, parent in parents.items():
            if parent not in ids:
                self.problems.append(
                    Problem(f"{at}.options", f"{name!r} is under {parent!r}, which isn't there.", "parent")
                )
        return tuple(
            option.model_copy(update={"parent": ids.get(parents[option.name])}) if option.name in parents else option
            for option in options
        )

    def _condition(self, want: WantedCondition, at: str) -> Condition | None:
        found = [a for a in self.attributes if a.name == want.attribute and not a.archived]
        if not found:
            self.problems.append(Problem(at, f"There is no attribute {want.attribute!r}.", "unknown-attribute"))
            return None
        values = [self._single(found[0], value, at) for value in want.values]
        return Condition(attribute=found[0].id, one_of=tuple(values))

    def _value(self, attribute: Attribute, value: AttributeValue | list[str], at: str) -> Any:
        if isinstance(value, list):
            return [self._single(attribute, part, at) for part in value]
        return self._single(attribute, value, at)

    def _single(self, attribute: Attribute, value: Scalar, at: str) -> Scalar:
        """An option's id from its name; any other value is itself."""
        if attribute.kind not in ("radio", "select", "multi_select", "tree"):
            return value
        name = _spelled(value)
        found = [option.id for option in attribute.options if option.name == name and not option.archived]
        if not found:
            self.problems.append(Problem(at, f"{attribute.name!r} has no option {name!r}.", "unknown-option"))
        return found[0] if found else 0


def _spelled(value: Scalar) -> str:
    """An option's name as YAML may have read it: `yes` and `3` arrive as true and 3."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:g}"


def _options(want: WantedAttribute) -> Iterator[WantedOption]:
    for option in want.options:
        yield option if isinstance(option, WantedOption) else WantedOption(name=option)


def _convertible(old: Attribute, want: WantedAttribute) -> bool:
    same = old.kind == want.kind or any({old.kind, want.kind} <= group for group in _SAME_VALUES)
    return same and old.per == want.per


def as_wanted(schema: Schema) -> WantedSchema:
    """A schema's live labels and attributes by name: what a pipeline file would say."""
    names = {label.id: label.name for label in schema.labels}
    return WantedSchema(
        labels={
            label.name: WantedLabel(
                kinds=label.kinds, color=label.color, skeleton=label.skeleton, foreign=label.foreign
            )
            for label in schema.live_labels
        },
        attributes={attribute.name: _as_wanted(attribute, schema, names) for attribute in schema.live_attributes},
    )


def _as_wanted(attribute: Attribute, schema: Schema, labels: dict[int, str]) -> WantedAttribute:
    options = {option.id: option.name for option in attribute.options}
    return WantedAttribute(
        kind=attribute.kind,
        on=tuple(labels[label] for label in attribute.on),
        per=attribute.per,
        options=tuple(
            WantedOption(name=option.name, parent=options.get(option.parent or 0)) if option.parent else option.name
            for option in attribute.options
            if not option.archived
        ),
        required=attribute.required,
        if_=_as_condition(attribute.condition, schema) if attribute.condition else None,
        min=attribute.min,
        max=attribute.max,
        step=attribute.step,
        default=_names(attribute, attribute.default),
        foreign=attribute.foreign,
    )


def _as_condition(condition: Condition, schema: Schema) -> WantedCondition:
    other = schema.attribute(condition.attribute)
    return WantedCondition(attribute=other.name, in_=tuple(_name(other, value) for value in condition.one_of))


def _names(attribute: Attribute, value: AttributeValue | None) -> Any:
    return [_name(attribute, part) for part in value] if isinstance(value, list) else _name(attribute, value)


def _name(attribute: Attribute, value: Any) -> Any:
    return attribute.option(value).name if type(value) is int and value in attribute.option_ids else value


def differences(old: Schema, new: Schema) -> list[str]:
    """What changed from one schema to another, a line each."""
    labels = _compared("label", old.labels_by_id, new.labels)
    return [*labels, *_compared("attribute", old.attributes_by_id, new.attributes)]


def _compared(what: str, before: Mapping[int, _Thing], after: Iterable[_Thing]) -> Iterator[str]:
    for thing in after:
        was = before.get(thing.id)
        if was is None:
            yield f"{what} {thing.name!r} is new"
        elif was.archived != thing.archived:
            yield f"{what} {thing.name!r} {'is archived' if thing.archived else 'is back from the archive'}"
        elif was.name != thing.name:
            yield f"{what} {was.name!r} is renamed {thing.name!r}"
        elif was != thing:
            old, new = was.model_dump(), thing.model_dump()
            yield f"{what} {thing.name!r} has other {', '.join(field for field in new if old[field] != new[field])}"
