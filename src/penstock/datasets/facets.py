"""What there is among the files that a query finds: labels, attributes, metadata, people, sources, states, times.

Each value comes with the condition that finds it, written in the query language, so that whoever shows facets can
narrow a query by them.
"""

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from penstock import people
from penstock.annotations import values
from penstock.datasets import asking, census, counting, facet_tables, facts
from penstock.datasets.facet_model import MOST_DESCRIBED, MOST_VALUES, Bar, Day, Facet, Facets, Field
from penstock.datasets.facet_tables import Row
from penstock.datasets.query import expression as e
from penstock.datasets.query.expression import Compare, Expression
from penstock.datasets.query.relations import Relations
from penstock.schema.model import Attribute, Schema
from penstock.store import Transaction

MOST_TEMPLATES = 20


def count(tx: Transaction, scope: asking.Scope, text: str | None) -> Facets:
    """The facets of the files that a query finds. Raises QueryInvalid."""
    expression = asking.read(tx, text, scope)
    asked = asking.asked(tx, scope)
    templates = [(name, asked.tasks(name)) for name in sorted(facts.tasks.names(tx))[:MOST_TEMPLATES]]
    held = asking.held(tx, scope)
    known = census.rows(tx, scope) if expression is None else None
    if known is None:
        where = counting.condition(tx, scope, expression)
        found = facet_tables.rows(tx, held, where, Relations(asked), templates)
    else:
        [files] = [row.files for row in known if row.facet == "files"]
        found = [
            *known,
            *facet_tables.rows_of_states(tx, held, files),
            *facet_tables.rows_of_tasks(tx, held, templates),
        ]
    by: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        by[row.facet].append(row)
    files = by["files"][0].files
    fields = _by_field(by["value"])
    return Facets(
        files=files,
        labels=_labels(by["label"], asked.schema),
        attributes=_attributes(fields, asked.schema),
        metadata=_metadata(by["meta"]),
        described=files if known is not None else min(files, MOST_DESCRIBED),
        people=_people(tx, fields.get(str(values.AUTHOR), [])),
        sources=[
            _facet(row, row.value, Compare(e.Plain("source"), "=", row.value))
            for row in fields.get(str(values.SOURCE), [])
        ],
        confidence=_bars(fields.get(str(values.CONFIDENCE), [])),
        states=[
            _of_file(row, Compare(e.Plain("state"), "=", row.value))
            for row in sorted(by["state"], key=lambda row: (-row.files, row.value))
        ],
        tasks=_tasks(by["task"]),
        added=_days(by["day"]),
    )


def _by_field(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.field or ""].append(row)
    return found


def _facet(row: Row, value: Any, query: Expression) -> Facet:
    return Facet(value=value, files=row.files, annotations=row.annotations, query=str(query))


def _of_file(row: Row, query: Expression) -> Facet:
    return Facet(value=row.value, files=row.files, query=str(query))


def _labels(rows: Sequence[Row], schema: Schema) -> list[Facet]:
    found: list[Facet] = []
    for row in sorted(rows, key=lambda row: -row.files):
        label = schema.labels_by_id.get(row.value)
        if label is not None:
            found.append(_facet(row, label.name, Compare(e.LabelCount(label.name), ">", 0)))
    return found


def _attributes(fields: Mapping[str, Sequence[Row]], schema: Schema) -> list[Field]:
    found: list[Field] = []
    for attribute in schema.attributes:
        rows = fields.get(str(attribute.id), ())
        facets = [_answer(row, attribute) for row in rows]
        listed = [facet for facet in facets if facet is not None]
        if listed:
            found.append(Field(name=attribute.name, distinct=rows[0].distinct, values=listed))
    return found


def _answer(row: Row, attribute: Attribute) -> Facet | None:
    value: Any = row.value
    if attribute.options:
        option = next((option for option in attribute.options if str(option.id) == row.value), None)
        if option is None:
            return None
        value = option.name
    elif attribute.kind == "checkbox":
        value = row.value == "true"
    elif attribute.kind in ("number", "slider"):
        value = float(row.value)
        value = int(value) if value.is_integer() else value
    query = Compare(e.Attribute(attribute.name), "=", value)
    return Facet(
        value=value, files=row.files, annotations=None if attribute.per == "file" else row.annotations, query=str(query)
    )


def _metadata(rows: Sequence[Row]) -> list[Field]:
    """By path, two keys deep. A list has each of its values; one that is in it twice counts once."""
    counted: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    told: dict[tuple[str, ...], int] = {}
    for row in rows:
        key, value = (row.field or "")[:-1], row.value
        if not isinstance(value, dict | list):
            told[key,] = row.distinct
        for path, inner in _paths(key, value):
            counted[path].update(dict.fromkeys(_scalars(inner), row.files))
    return [
        Field(
            name=".".join(map(e.name, path)),
            distinct=max(told.get(path, 0), len(found)),
            values=[
                Facet(value=(value := json.loads(text)), files=files, query=str(Compare(e.Meta(path), "=", value)))
                for text, files in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_VALUES]
            ],
        )
        for path, found in sorted(counted.items())
        if found
    ]


def _paths(key: str, value: Any) -> list[tuple[tuple[str, ...], Any]]:
    if not isinstance(value, dict):
        return [((key,), value)]
    nested = cast("dict[str, Any]", value)
    return [((key, inner), one) for inner, one in nested.items()]


def _scalars(value: Any) -> set[str]:
    """The values that a query can ask for, as JSON."""
    several = cast("list[Any]", value) if isinstance(value, list) else [value]
    return {json.dumps(one) for one in several if isinstance(one, str | int | float)}


def _people(tx: Transaction, rows: Iterable[Row]) -> list[Facet]:
    found: list[Facet] = []
    for row in rows:
        person = people.person(tx, int(row.value))
        name = person.email or person.name
        found.append(_facet(row, name, Compare(e.Plain("person"), "=", name)))
    return found


def _bars(rows: Sequence[Row]) -> list[Bar]:
    by_tenth = {int(row.value): row for row in rows}
    if not by_tenth:
        return []
    bars: list[Bar] = []
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10
        row = by_tenth.get(tenth)
        above = Compare(e.Plain("confidence"), ">=", low)
        below = Compare(e.Plain("confidence"), "<" if tenth < 9 else "<=", high)
        bars.append(
            Bar(
                low=low,
                high=high,
                files=row.files if row else 0,
                annotations=row.annotations if row else 0,
                query=str(e.AnyOf(e.And((above, below)))),
            )
        )
    return bars


def _tasks(rows: Iterable[Row]) -> list[Field]:
    return [
        Field(
            name=name,
            distinct=found[0].distinct,
            values=[_of_file(row, Compare(e.TaskField(name, "status"), "=", row.value)) for row in found],
        )
        for name, found in _by_field(rows).items()
    ]


def _days(rows: Iterable[Row]) -> list[Day]:
    found: list[Day] = []
    for row in rows:
        day = dt.date.fromisoformat(row.value)
        begins = Compare(e.Plain("added"), ">=", day.isoformat())
        ends = Compare(e.Plain("added"), "<", (day + dt.timedelta(days=1)).isoformat())
        found.append(Day(day=day, files=row.files, query=str(e.And((begins, ends)))))
    return sorted(found, key=lambda one: one.day, reverse=True)
