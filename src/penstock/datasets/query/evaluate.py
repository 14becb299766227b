"""Does a query hold for one file? Plain recursion over the tree, used where one file is asked about.

Its three rules: a field can have several values and any one may satisfy a comparison; `!=` and `not in` are exactly the
negation of `=` and `in`; a value of another type never satisfies anything (so true is not 1, and "3" is not 3).
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from penstock.datasets.query import expression as e
from penstock.datasets.query.facts import Facts, Fields, Given, Mark, Scalar

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
    r"(Z|[+-](0[0-9]|1[0-5]):?[0-5][0-9])?)?\Z"
)


def evaluate(expression: e.Expression, facts: Facts) -> bool:
    """Whether the query holds for these facts. Raises nothing for an expression that `check` passes."""
    return _holds(expression, facts, None)


def _holds(expression: e.Expression, facts: Facts, mark: Mark | None) -> bool:
    match expression:
        case e.Or(terms):
            return any(_holds(term, facts, mark) for term in terms)
        case e.And(terms):
            return all(_holds(term, facts, mark) for term in terms)
        case e.Not(term):
            return not _holds(term, facts, mark)
        case e.Compare(asked, sign, wanted):
            return compare(_given(asked, facts, mark), sign, wanted, facts.now)
        case e.Among(asked, wanted, absent):
            found = _given(asked, facts, mark)
            return any(compare(found, "=", one, facts.now) for one in wanted) is not absent
        case e.InDataset(names):
            return any(_is_in(name, facts) for name in names)
        case e.AnyOf(where):
            return any(_holds(where, facts, one) for one in facts.annotations)
        case e.CountOf(where, sign, wanted):
            found = sum(_holds(where, facts, one) for one in facts.annotations)
            return compare((found,), sign, wanted, facts.now)
        case e.ChangedSince(version):
            return facts.changed_since(version)


def _is_in(name: str | e.Pin, facts: Facts) -> bool:
    return facts.in_version(name) if isinstance(name, e.Pin) else name in facts.datasets


def _given(asked: e.Field, facts: Facts, mark: Mark | None) -> Sequence[Scalar]:
    """The values that a field has here; empty when it has none."""
    match asked:
        case e.Plain(name):
            return _plain(name, facts, mark)
        case e.Attribute(name):
            return _attribute(name, facts, mark)
        case e.LabelCount(label):
            return (sum(label in _several(_field(one.fields, "label")) for one in facts.annotations),)
        case e.FileField(name):
            return _several(_field(facts.file, name))
        case e.Meta(path):
            return _dig(facts.meta, path)
        case e.EventField(path):
            return _dig(facts.event, path)
        case e.TaskField(template, name):
            return _several(_field(facts.tasks.get(template, {}), name))


def _plain(name: str, facts: Facts, mark: Mark | None) -> Sequence[Scalar]:
    if name == "added":
        return _several(facts.added)
    if name in ("key", "state"):
        return _several(_field(facts.file, name))
    if name in e.ANNOTATION_FIELDS or (mark is not None and name == "author"):
        name = "person" if name == "author" else name
        marks = facts.annotations if mark is None else (mark,)
        return [value for one in marks for value in _several(_field(one.fields, name))]
    return _several(_field(facts.task, name))


def _attribute(name: str, facts: Facts, mark: Mark | None) -> Sequence[Scalar]:
    whole = _several(facts.attributes.get(name))
    if mark is not None:
        return _several(mark.attributes.get(name)) or whole
    return [*whole, *(value for one in facts.annotations for value in _several(one.attributes.get(name)))]


def _field(fields: Fields, name: str) -> Given:
    value = fields.get(name)
    return value() if callable(value) else value


def _several(value: Given) -> Sequence[Scalar]:
    if value is None:
        return ()
    if isinstance(value, str | int | float | dt.datetime):
        return (value,)
    return value


def _dig(tree: Mapping[str, object], path: Sequence[str]) -> Sequence[Scalar]:
    """What stands at a path of JSON. A list gives each of its values."""
    found: object = tree
    for step in path:
        if not isinstance(found, Mapping):
            return ()
        found = cast("Mapping[str, object]", found).get(step)  # pyright: ignore[reportUnnecessaryCast] of unknowns
    values = cast("list[object]", found) if isinstance(found, list | tuple) else [found]
    return [value for value in values if isinstance(value, str | int | float | dt.datetime)]


def compare(found: Sequence[Scalar], sign: e.Operator, wanted: e.Answer, now: dt.datetime) -> bool:
    """Whether one of some values satisfies a comparison."""
    if sign == "!=":
        return not compare(found, "=", wanted, now)
    if wanted is None:
        return sign == "=" and not found
    test = operator.eq if sign == "=" else _ORDER[sign]
    return any(_test(one, test, wanted, now) for one in found)


def _test(one: Scalar, test: Callable[[Any, Any], bool], wanted: e.Answer, now: dt.datetime) -> bool:
    if isinstance(wanted, bool) or isinstance(one, bool):
        return test is operator.eq and one is wanted
    if isinstance(wanted, e.Now):
        moment = _moment(one)
        return moment is not None and test(moment, later(now, wanted))
    if isinstance(one, dt.datetime):
        moment = _moment(wanted)
        return moment is not None and test(one, moment)
    if isinstance(wanted, str):
        return isinstance(one, str) and test(one, wanted)
    return isinstance(one, int | float) and test(one, wanted)


def later(now: dt.datetime, wanted: e.Now) -> dt.datetime:
    """The moment that `now - 7d` means; the end of time where the calendar ends."""
    try:
        return now + dt.timedelta(seconds=wanted.seconds)
    except OverflowError:
        return dt.datetime.max.replace(tzinfo=dt.UTC) if wanted.amount > 0 else dt.datetime.min.replace(tzinfo=dt.UTC)


def _moment(value: object) -> dt.datetime | None:
    if isinstance(value, str):
        return moment_of(value)
    return value if isinstance(value, dt.datetime) else None


def moment_of(text: str) -> dt.datetime | None:
    """A day or a time in ISO 8601, in UTC unless it says otherwise; None for anything else.

    The database's `moment_of` reads the very same texts.
    """
    if not _ISO.match(text):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment
