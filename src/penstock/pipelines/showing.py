"""A project's pipeline as a file. Applying it to the same project changes nothing."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from penstock import actions, people
from penstock import schema as schemas
from penstock.connections import kinds, list_connections
from penstock.pipelines import following
from penstock.pipelines.names import Book
from penstock.pipelines.translating import written_action, written_template
from penstock.schema import WantedSchema
from penstock.store import Transaction
from penstock.tasks import templates

WIDTH = 120
FLOW_CHARACTERS = 80  #: a small mapping or list stands on one line


def show(tx: Transaction) -> str:
    """The YAML."""
    book, schema = Book(tx), schemas.current(tx)
    sections: dict[str, Any] = {
        "project": people.project(tx).name,
        "schema": _schema(schemas.as_wanted(schema)),
        "connections": {one.name: _connection(one.kind, one.settings) for one in list_connections(tx)},
        "teams": {team.name: [book.name("member", id) for id in team.members] for team in people.list_teams(tx)},
        "datasets": following.written(tx, book),
        "templates": {one.name: written_template(one, book, schema) for one in templates.list_(tx)},
        "actions": {one.name: written_action(one, book) for one in actions.list_(tx)},
    }
    return to_yaml({name: section for name, section in sections.items() if section})


def to_yaml(data: Any) -> str:
    """Plain data as YAML that people like to read: small things on one line, long text in blocks."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(_dressed(data, ()), out)  # pyright: ignore[reportUnknownMemberType]
    return out.getvalue()


def _schema(wanted: WantedSchema) -> dict[str, Any]:
    labels = {name: label.model_dump(mode="json", exclude_defaults=True) for name, label in wanted.labels.items()}
    attributes = {
        name: attribute.model_dump(mode="json", exclude_defaults=True) for name, attribute in wanted.attributes.items()
    }
    found = {"labels": labels, "attributes": attributes}
    return {part: things for part, things in found.items() if things}


def _connection(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    usual = kinds.read_settings(kinds.kind_of(kind), settings).model_dump(mode="json", exclude_defaults=True)
    return {"kind": kind, **usual}


def _dressed(value: Any, path: tuple[str, ...]) -> Any:
    """The same data as ruamel's containers, those that fit on a line marked so."""
    if isinstance(value, dict):
        pairs: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        mapping: Any = CommentedMap((key, _dressed(inner, (*path, key))) for key, inner in pairs.items())
        if len(path) > 1 and _fits(pairs):
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list | tuple):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        sequence: Any = CommentedSeq(_dressed(inner, (*path, "")) for inner in items)
        if path and _fits(items):
            sequence.fa.set_flow_style()
        return sequence
    return value


def _fits(value: Any) -> bool:
    return len(str(value)) <= FLOW_CHARACTERS and "\n" not in str(value)
