"""The evaluator, against an independent one that spells every rule out."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import example, given

from penstock.datasets import query
from penstock.datasets.query import Facts, Mark
from penstock.datasets.query import expression as e
from query_strategies import NOW, questions, worlds


def brute_force(expression: e.Expression, facts: Facts, mark: Mark | None = None) -> bool:
    """By the book, and slowly: every comparison is a list of (value, wanted) pairs that could satisfy it."""
    kind = type(expression).__name__
    if kind == "Or":
        return True in [brute_force(term, facts, mark) for term in expression.terms]
    if kind == "And":
        return False not in [brute_force(term, facts, mark) for term in expression.terms]
    if kind == "Not":
        return not brute_force(expression.term, facts, mark)
    if kind == "AnyOf":
        return [brute_force(expression.where, facts, one) for one in facts.annotations].count(True) > 0
    if kind == "CountOf":
        n = [brute_force(expression.where, facts, one) for one in facts.annotations].count(True)
        return satisfies(n, expression.operator, expression.value)
    if kind == "InDataset":
        there = [facts.in_version(d) if isinstance(d, e.Pin) else d in facts.datasets for d in expression.datasets]
        return True in there
    if kind == "ChangedSince":
        return facts.changed_since(expression.version)
    found = values_of(expression.field, facts, mark)
    if kind == "Among":
        holds = bool([1 for wanted in expression.values if equals(found, wanted)])
        return holds != expression.absent
    if expression.operator == "=":
        return equals(found, expression.value)
    if expression.operator == "!=":
        return not equals(found, expression.value)
    return bool([1 for value in found if satisfies(value, expression.operator, expression.value)])


def equals(found: list[Any], wanted: Any) -> bool:
    return found == [] if wanted is None else bool([1 for value in found if satisfies(value, "=", wanted)])


def satisfies(value: Any, operator: str, wanted: Any) -> bool:
    if isinstance(wanted, e.Now):
        wanted = NOW + dt.timedelta(seconds=wanted.seconds)
        if isinstance(value, str):
            value = moment(value)
    elif isinstance(value, dt.datetime):
        wanted = moment(wanted) if isinstance(wanted, str) else None
    if wanted is None or value is None or sort(value) != sort(wanted):
        return False
    if operator in ("=", "!="):
        return (value == wanted) is (operator == "=")
    if sort(value) == "flag":
        return False
    return {"<": value < wanted, "<=": value <= wanted, ">": value > wanted, ">=": value >= wanted}[operator]


def sort(value: Any) -> str:
    return "flag" if value is True or value is False else "number" if type(value) in (int, float) else str(type(value))


def moment(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def values_of(field: e.Field, facts: Facts, mark: Mark | None) -> list[Any]:
    marks = [mark] if mark is not None else list(facts.annotations)
    own = [value for one in marks for value in flat((one.fields | one.attributes).get(str(field)))]
    match str(field).split(".", 1):
        case ["labels", label]:
            return [len([1 for one in facts.annotations if one.fields["label"] == label.strip('"')])]
        case ["file", name]:
            return flat(facts.file.get(name))
        case ["meta", _]:
            return dug(facts.meta, field.path)
        case ["event", _]:
            return dug(facts.event, field.path)
        case [start, name] if start.startswith("task("):
            return flat(facts.tasks.get(field.template, {}).get(name))
        case [("wet" | "side" | "weather") as name]:
            whole = flat(facts.attributes.get(name))
            return (own or whole) if mark is not None else own + whole
    if str(field) == "author" and mark is not None:
        return flat(mark.fields["person"])
    if str(field) in ("label", "confidence", "area", "person"):
        return own
    there = {**facts.task, "added": facts.added, "key": facts.file["key"], "state": facts.file["state"]}
    return flat(there.get(str(field)))


def dug(tree: Any, path: tuple[str, ...]) -> list[Any]:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return [] if isinstance(tree, dict) else flat(tree)


def flat(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


@given(questions, worlds)
@example(e.Compare(e.Attribute("wet"), "=", True), Facts(now=NOW, attributes={"wet": 1}))
def test_it_agrees_with_brute_force(question: e.Expression, facts: Facts) -> None:
    assert query.evaluate(question, facts) is brute_force(question, facts), str(question)


@given(questions, worlds)
def test_not_is_the_opposite(question: e.Expression, facts: Facts) -> None:
    assert query.evaluate(e.Not(question), facts) is not query.evaluate(question, facts)


@given(questions, worlds)
def test_what_is_not_needed_is_not_looked_at(question: e.Expression, facts: Facts) -> None:
    needs = query.needs(question)
    lean = Facts(
        now=facts.now,
        file=facts.file,
        added=facts.added,
        meta=facts.meta if "meta" in needs else {},
        attributes=facts.attributes if "annotations" in needs else {},
        annotations=facts.annotations if "annotations" in needs else (),
        datasets=facts.datasets if "datasets" in needs else (),
        in_version=facts.in_version,
        task=facts.task if "task" in needs else {},
        tasks=facts.tasks if "tasks" in needs else {},
        event=facts.event if "event" in needs else {},
        changed_since=facts.changed_since,
    )
    assert query.evaluate(question, lean) is query.evaluate(question, facts)


CAR = Mark({"label": "car", "confidence": 0.4, "area": 500, "person": ("Ann", "ann@example.org")}, {"occluded": True})
BUS = Mark({"label": "bus", "confidence": None, "area": 90}, {"colour": ["red", "white"]})
FACTS = Facts(
    now=NOW,
    file={"key": "a/b.jpg", "width": 640},
    added=NOW - dt.timedelta(days=3),
    meta={"camera": {"side": "left", "tags": ["night", 7]}, "age": "3", "taken": "2026-02-27"},
    attributes={"weather": "rain"},
    annotations=[CAR, BUS, BUS],
    datasets=["region a"],
    task={"status": "done", "round": 1, "author": ("Bo", "bo@example.org")},
    tasks={"expert": {"status": "returned"}},
    event={"done": 25, "was": {"deep": True}},
    changed_since=lambda version: version == "v3",
)


@pytest.mark.parametrize(
    "text",
    [
        'labels.car >= 1 and weather = "rain" and not in "region b"',
        'any(label = "car" and occluded = true and area > 400)',
        'count(label in ("car", "bus")) > 2',
        "added > now - 7d",
        'changed since "v3"',
        "confidence < 0.6",
        'meta.camera.side = "left"',
        'task("expert").status = returned',
        "author = Bo and any(author = 'ann@example.org')",
        "labels.tram = 0",
        "colour = red and colour = white and colour != blue",
        "any(colour = null) and any(confidence = null)",
        "missing = null and missing != 3",
        "any(label = bus and weather = rain)",
        "meta.camera.tags = night and meta.camera.tags = 7",
        'meta.age = "3" and meta.age != 3',
        "meta.taken > now - 7d and meta.taken > '2026-01-01'",
        "added < '2026-02-28' and added > '2026-02-26'",
        "event.done >= 25 and event.was.deep = true",
        "status in (done, skipped) and round not in (2, 3)",
        'in ("region a", "region b")',
        "file.width = 640 and key = 'a/b.jpg'",
        "added > now - 99999999w",
    ],
)
def test_it_holds(text: str) -> None:
    assert query.evaluate(query.parse(text), FACTS)


@pytest.mark.parametrize(
    "text",
    [
        "occluded = 1",
        "occluded = 'true'",
        "confidence > 0.6",
        "any(label = bus and occluded = true)",
        "task('other').status = returned",
        "event.done > 25",
        "meta.camera = left",
        "missing < 3",
        "missing > 3",
        "added = null",
        'changed since "v2"',
        "count(label = bus) != 2",
    ],
)
def test_it_does_not_hold(text: str) -> None:
    assert not query.evaluate(query.parse(text), FACTS)


def test_costly_values_are_asked_for_only_when_needed() -> None:
    def never() -> float:
        raise AssertionError

    facts = Facts(now=NOW, annotations=[Mark({"label": "car", "area": never})])
    assert query.evaluate(query.parse("labels.car = 1 or area > 3"), facts)
