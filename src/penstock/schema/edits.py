"""Single edits of a schema, by id: what an editor's screen sends. Pure.

Each is tagged by `do`. A list of them is applied in order and checked once, at the end.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from penstock.core import Problem, Value
from penstock.schema.model import (
    Attribute,
    AttributeValue,
    Color,
    Condition,
    Kind,
    Label,
    Name,
    Option,
    Schema,
    Skeleton,
)
from penstock.schema.planning import planned
from penstock.schema.rules import SchemaInvalid, check, refuse
from penstock.schema.wanted import WantedAttribute, WantedLabel, WantedSchema


class AddLabel(Value):
    """Add a label."""

    do: Literal["add_label"] = "add_label"
    name: Name
    label: WantedLabel = WantedLabel()


class ChangeLabel(Value):
    """Change the given fields of a label; `archived` takes it away or brings it back."""

    do: Literal["change_label"] = "change_label"
    id: int
    name: Name = ""
    kinds: tuple[Kind, ...] = ()
    color: Color = ""
    skeleton: Skeleton | None = None
    foreign: dict[str, Any] = {}
    archived: bool = False


class AddAttribute(Value):
    """Add an attribute."""

    do: Literal["add_attribute"] = "add_attribute"
    name: Name
    attribute: WantedAttribute


class ChangeAttribute(Value):
    """Change the given fields of an attribute. Its kind, and what it is asked per, can't change."""

    do: Literal["change_attribute"] = "change_attribute"
    id: int
    name: Name = ""
    on: tuple[int, ...] = ()
    required: bool = False
    condition: Condition | None = None
    min: float | None = None
    max: float | None = None
    step: float | None = None
    default: AttributeValue | None = None
    foreign: dict[str, Any] = {}
    archived: bool = False


class AddOption(Value):
    """Add an option to an attribute; in a tree, under the option `parent`."""

    do: Literal["add_option"] = "add_option"
    attribute: int
    name: Name
    parent: int | None = None


class ChangeOption(Value):
    """Change the given fields of an option."""

    do: Literal["change_option"] = "change_option"
    attribute: int
    id: int
    name: Name = ""
    parent: int | None = None
    archived: bool = False


Edit = Annotated[
    AddLabel | ChangeLabel | AddAttribute | ChangeAttribute | AddOption | ChangeOption, Field(discriminator="do")
]


def edited(schema: Schema, edits: Sequence[Edit]) -> Schema:
    """The schema after the edits, one version on; the same object when nothing changes. Raises SchemaInvalid."""
    new = schema
    for at, edit in enumerate(edits):
        new = _one(new, edit, f"edits[{at}]")
    if (new.labels, new.attributes) == (schema.labels, schema.attributes):
        return schema
    return check(new.model_copy(update={"version": schema.version + 1}))


def _one(schema: Schema, edit: Edit, at: str) -> Schema:
    match edit:
        case AddLabel():
            _refuse_taken(edit.name, [label.name for label in schema.live_labels], "label", at)
            return planned(schema, WantedSchema(labels={edit.name: edit.label}))
        case AddAttribute():
            _refuse_taken(edit.name, [attribute.name for attribute in schema.live_attributes], "attribute", at)
            return planned(schema, WantedSchema(attributes={edit.name: edit.attribute}))
        case ChangeLabel():
            old = _known(schema.labels_by_id.get(edit.id), "label", edit.id, at)
            new = _changed(old, edit)
            _refuse_other_points(old, new, at)
            return _with(schema, labels=[new if label.id == new.id else label for label in schema.labels])
        case ChangeAttribute():
            old = _known(schema.attributes_by_id.get(edit.id), "attribute", edit.id, at)
            return _with_attribute(schema, _changed(old, edit))
        case AddOption():
            old = _known(schema.attributes_by_id.get(edit.attribute), "attribute", edit.attribute, at)
            option = Option(id=schema.last_id + 1, name=edit.name, parent=edit.parent)
            added = old.model_copy(update={"options": (*old.options, option)})
            return _with_attribute(schema, added, last_id=option.id)
        case ChangeOption():
            old = _known(schema.attributes_by_id.get(edit.attribute), "attribute", edit.attribute, at)
            option = _known(next((o for o in old.options if o.id == edit.id), None), "option", edit.id, at)
            options = tuple(_changed(option, edit) if o.id == option.id else o for o in old.options)
            return _with_attribute(schema, old.model_copy(update={"options": options}))


_Thing = TypeVar("_Thing", Label, Attribute, Option)


def _changed(old: _Thing, edit: Value) -> _Thing:
    """A copy with the fields that the edit gives."""
    given = {field: getattr(edit, field) for field in edit.model_fields_set if field in type(old).model_fields}
    return old.model_copy(update=given)


def _with_attribute(schema: Schema, new: Attribute, **more: Any) -> Schema:
    return _with(schema, attributes=[new if old.id == new.id else old for old in schema.attributes], **more)


def _with(schema: Schema, **fields: Any) -> Schema:
    """A new schema, not a copy: a copy would keep the cached lookups."""
    old = {field: getattr(schema, field) for field in Schema.model_fields}
    return Schema(**{**old, **fields})


def _known(found: _Thing | None, what: str, id: int, at: str) -> _Thing:
    if found is None:
        problem = Problem(at, f"There is no {what} {id}.", f"unknown-{what}")
        raise SchemaInvalid(why=problem.detail, errors=[problem])
    return found


def _refuse_taken(name: str, names: Sequence[str], what: str, at: str) -> None:
    if name in names:
        refuse(
            [
                Problem(
                    f"{at}.name", f"There is {'an' if what == 'attribute' else 'a'} {what} {name!r} already.", "twice"
                )
            ]
        )


def _refuse_other_points(old: Label, new: Label, at: str) -> None:
    if old.skeleton and (new.skeleton is None or len(old.skeleton.points) != len(new.skeleton.points)):
        detail = f"The skeleton of {new.name!r} can't get more or fewer points. Make a new label for it."
        refuse([Problem(f"{at}.skeleton", detail, "skeleton-points")])
