"""Does a query make sense where it stands? Asked once, when it is written down, so that it can't fail at work."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penstock.datasets.query import expression as e
from penstock.datasets.query.errors import QueryInvalid
from penstock.datasets.query.evaluate import moment_of

Context: TypeAlias = Literal["file", "task", "event"]
"""Where a query stands: over files (export, live datasets), over a file and the task at hand (routes, reviews), or over
an event and its file (conditions of actions)."""

Need: TypeAlias = Literal["added", "annotations", "meta", "datasets", "task", "tasks", "changes", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names that exist in the project. None: not known here, so not checked."""

    labels: Collection[str] | None = None
    attributes: Collection[str] | None = None
    datasets: Collection[str] | None = None
    templates: Collection[str] | None = None
    versions: Collection[str] | None = None
    """Of the dataset at hand."""
    pins: Mapping[str, Collection[str]] | None = None
    """The versions of each dataset, by its name."""


_UNKNOWN = Names()


def check(expression: e.Expression, context: Context = "file", names: Names = _UNKNOWN) -> None:
    """Refuse with QueryInvalid what can't work here: another context's fields, wrong types, names that don't exist."""
    for part, inside in walk(expression):
        match part:
            case e.Compare(asked, sign, wanted):
                _check_field(asked, context, inside, names)
                _check_answer(asked, sign, wanted, part.place)
                if sign in ("=", "!="):
                    _check_label(asked, (wanted,), names)
            case e.Among(asked, wanted):
                _check_field(asked, context, inside, names)
                for one in wanted:
                    _check_answer(asked, "=", one, part.place)
                _check_label(asked, wanted, names)
            case e.InDataset(datasets):
                for dataset in datasets:
                    _check_pin(dataset, "dataset", names.datasets, names, part.place)
            case e.ChangedSince(version):
                _check_pin(version, "version", names.versions, names, part.place)
            case e.AnyOf(where) | e.CountOf(where):
                if inside:
                    _refuse("any(...) and count(...) can't stand inside one another", _first_place(where))
            case _:
                pass


def needs(expression: e.Expression) -> frozenset[Need]:
    """What has to be loaded to evaluate it; fields of the file are taken for granted."""
    return frozenset(need for part, inside in walk(expression) for need in _needs(part, inside))


def mentions_now(expression: e.Expression) -> bool:
    """Whether its answer depends on the moment it is asked."""
    for part, _ in walk(expression):
        match part:
            case e.Compare(_, _, e.Now()):
                return True
            case e.Among(_, wanted) if any(isinstance(one, e.Now) for one in wanted):
                return True
            case _:
                pass
    return False


def walk(expression: e.Expression, inside: bool = False) -> Iterator[tuple[e.Expression, bool]]:
    """Every part of a query, outermost first, and whether it stands inside `any(...)` or `count(...)`."""
    yield expression, inside
    match expression:
        case e.Or(terms) | e.And(terms):
            for term in terms:
                yield from walk(term, inside)
        case e.Not(term):
            yield from walk(term, inside)
        case e.AnyOf(where) | e.CountOf(where):
            yield from walk(where, True)
        case _:
            pass


def _needs(part: e.Expression, inside: bool) -> Iterator[Need]:
    match part:
        case e.AnyOf() | e.CountOf():
            yield "annotations"
        case e.InDataset():
            yield "datasets"
        case e.ChangedSince():
            yield "changes"
        case e.Compare(asked) | e.Among(asked):
            match asked:
                case e.Attribute() | e.LabelCount():
                    yield "annotations"
                case e.Meta():
                    yield "meta"
                case e.EventField():
                    yield "event"
                case e.TaskField():
                    yield "tasks"
                case e.Plain("added"):
                    yield "added"
                case e.Plain(name) if name in e.ANNOTATION_FIELDS:
                    yield "annotations"
                case e.Plain(name) if name in e.TASK_FIELDS and not inside:
                    yield "task"
                case _:
                    pass
        case _:
            pass


def _check_field(asked: e.Field, context: Context, inside: bool, names: Names) -> None:
    match asked:
        case e.EventField(path) if context != "event":
            _refuse(f"event.{path[0]} is known only in the condition of an action", asked.place)
        case e.Plain(name) if name in e.TASK_FIELDS and not (inside and name == "author"):
            if context == "file":
                hint = "any(author = ...)" if name == "author" else f'task("...").{name}'
                _refuse(f"no task is at hand here, so say {hint} in place of {name}", asked.place)
        case e.FileField(name) if name not in e.FILE_FIELDS:
            _refuse(f"a file has no field '{name}'{_nearest(name, e.FILE_FIELDS)}", asked.place)
        case e.TaskField(template, name):
            if name not in e.TASK_FIELDS:
                _refuse(f"a task has no field '{name}'{_nearest(name, e.TASK_FIELDS)}", asked.place)
            _known("template", template, names.templates, asked.place)
        case e.Attribute(name):
            _known("attribute", name, names.attributes, asked.place, more=e.PLAIN_FIELDS)
        case e.LabelCount(label):
            _known("label", label, names.labels, asked.place)
        case _:
            pass


def _check_pin(pin: str | e.Pin, what: str, there: Collection[str] | None, names: Names, place: e.Place | None) -> None:
    if isinstance(pin, str):
        _known(what, pin, there, place)
        return
    _known("dataset", pin.dataset, names.datasets, place)
    if names.pins is not None:
        _known(f"version of '{pin.dataset}' called", pin.version, names.pins.get(pin.dataset, ()), place)


def _check_label(asked: e.Field, wanted: tuple[e.Answer, ...], names: Names) -> None:
    if isinstance(asked, e.Plain) and asked.name == "label":
        for label in wanted:
            if isinstance(label, str):
                _known("label", label, names.labels, asked.place)


def _known(
    what: str, name: str, there: Collection[str] | None, place: e.Place | None, more: Collection[str] = ()
) -> None:
    if there is not None and name not in there:
        _refuse(f"there is no {what} '{name}'{_nearest(name, [*there, *more])}", place)


def _nearest(name: str, there: Collection[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else f" (there is {', '.join(sorted(there)[:12])})" if there else ""


def _type(asked: e.Field) -> str | None:
    """The type of a field, None where it depends on the project's data."""
    match asked:
        case e.Plain(name):
            return e.PLAIN_FIELDS[name]
        case e.FileField(name):
            return e.FILE_FIELDS[name]
        case e.TaskField(_, name):
            return e.TASK_FIELDS[name]
        case e.LabelCount():
            return "number"
        case _:
            return None


def _check_answer(asked: e.Field, sign: e.Operator, wanted: e.Answer, place: e.Place | None) -> None:
    kind = _type(asked)
    ordered = sign not in ("=", "!=")
    if ordered and (wanted is None or isinstance(wanted, bool)):
        _refuse(f"{e.literal(wanted)} has no order, so only = and != can be asked of it", place)
    if kind is None or wanted is None:
        return
    if kind == "text" and (ordered or not isinstance(wanted, str)):
        _refuse(f"{asked} is a text, so it takes =, != or in with a text", place)
    if kind == "number" and (isinstance(wanted, bool) or not isinstance(wanted, int | float)):
        _refuse(f"{asked} is a number, so {e.literal(wanted)} can't be compared with it", place)
    if kind == "time" and not (isinstance(wanted, e.Now) or (isinstance(wanted, str) and moment_of(wanted))):
        _refuse(f'{asked} is a time, so compare it with now - 7d or a day such as "2026-01-31"', place)
    _check_word(asked, wanted, place)


def _check_word(asked: e.Field, wanted: e.Answer, place: e.Place | None) -> None:
    words = e.VOCABULARY.get(asked.name) if isinstance(asked, e.Plain | e.FileField | e.TaskField) else None
    if words and wanted not in words:
        _refuse(f"{asked} is one of {', '.join(words)}, not {e.literal(wanted)}", place)


def _first_place(expression: e.Expression) -> e.Place | None:
    places = (getattr(part, "place", None) for part, _ in walk(expression))
    return next((place for place in places if place is not None), None)


def _refuse(why: str, place: e.Place | None) -> None:
    raise QueryInvalid(why, place or e.Place("", 1, 1))
