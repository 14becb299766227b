"""What makes a whole schema sound: names, references and limits across labels and attributes. Pure."""

import math
from collections import Counter
from collections.abc import Iterator

from penstock.core import Invalid, Problem
from penstock.schema.model import WITH_OPTIONS, Attribute, Label, Schema

MOST_LABELS = 20_000
MOST_OPTIONS = 10_000


class SchemaInvalid(Invalid):
    """The schema can't be like that: {why}"""


def check(schema: Schema) -> Schema:
    """The same schema when it is sound. Raises SchemaInvalid with every problem."""
    problems = [*_labels(schema), *_attributes(schema)]
    refuse(problems)
    return schema


def refuse(problems: list[Problem]) -> None:
    """Raise SchemaInvalid when there is any problem."""
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise SchemaInvalid(why=problems[0].detail + more, errors=problems)


def _labels(schema: Schema) -> Iterator[Problem]:
    if len(schema.labels) > MOST_LABELS:
        yield Problem("labels", f"A project has at most {MOST_LABELS} labels.", "too-many")
    yield from _twice("label", "labels", [label.name for label in schema.live_labels])
    for label in schema.labels:
        at = f"labels.{label.name}"
        if "keypoints" in label.kinds and label.skeleton is None:
            yield Problem(at, f"The label {label.name!r} may be keypoints, so it needs a skeleton.", "skeleton-missing")
        if label.skeleton is not None:
            yield from _skeleton(label, at)


def _skeleton(label: Label, at: str) -> Iterator[Problem]:
    assert label.skeleton is not None
    points = label.skeleton.points
    yield from _twice(f"point in the skeleton of {label.name!r}", f"{at}.skeleton", points)
    for a, b in label.skeleton.edges:
        if a == b or not (0 <= a < len(points) and 0 <= b < len(points)):
            detail = f"The edge {a}-{b} of {label.name!r} joins no two of its {len(points)} points (counted from 0)."
            yield Problem(f"{at}.skeleton.edges", detail, "edge")


def _attributes(schema: Schema) -> Iterator[Problem]:
    yield from _twice("attribute", "attributes", [attribute.name for attribute in schema.live_attributes])
    for attribute in schema.attributes:
        at = f"attributes.{attribute.name}"
        for label in attribute.on:
            if label not in schema.labels_by_id:
                yield Problem(
                    f"{at}.on", f"{attribute.name!r} is on label {label}, which doesn't exist.", "unknown-label"
                )
        if attribute.per == "file" and attribute.on:
            yield Problem(f"{at}.on", f"{attribute.name!r} is asked per file, so it can't be on labels.", "on-file")
        if not attribute.archived:
            yield from _options(attribute, at)
            yield from _limits(attribute, at)
            yield from _condition(attribute, schema, at)


def _options(attribute: Attribute, at: str) -> Iterator[Problem]:
    name, live = attribute.name, [option for option in attribute.options if not option.archived]
    if attribute.kind not in WITH_OPTIONS:
        if live:
            yield Problem(f"{at}.options", f"{name!r} is a {attribute.kind}, which has no options.", "options")
        return
    if not live:
        yield Problem(f"{at}.options", f"{name!r} is a {attribute.kind}, so it needs options.", "options")
    if len(live) > MOST_OPTIONS:
        yield Problem(f"{at}.options", f"{name!r} has more than {MOST_OPTIONS} options.", "too-many")
    yield from _twice(f"option of {name!r}", f"{at}.options", [option.name for option in live])
    above = {option.id: option.parent for option in attribute.options}
    for option in live:
        if option.parent is None:
            continue
        if attribute.kind != "tree":
            yield Problem(f"{at}.options", f"Only options of a tree have a parent; {name!r} is no tree.", "parent")
        elif option.parent not in above:
            yield Problem(f"{at}.options", f"The parent of {option.name!r} is not an option of {name!r}.", "parent")
        elif _loops(option.id, above):
            yield Problem(f"{at}.options", f"{option.name!r} is above itself in the tree {name!r}.", "parent")


def _loops(start: int, above: dict[int, int | None]) -> bool:
    seen = {start}
    at = above.get(start)
    while at is not None and at not in seen:
        seen.add(at)
        at = above.get(at)
    return at is not None


def _limits(attribute: Attribute, at: str) -> Iterator[Problem]:
    low, high = attribute.min, attribute.max
    if attribute.kind not in ("number", "slider"):
        if (low, high, attribute.step) != (None, None, None):
            yield Problem(at, f"{attribute.name!r} is a {attribute.kind}: no min, max or step.", "limits")
    elif not all(math.isfinite(n) for n in (low, high, attribute.step) if n is not None):
        yield Problem(at, f"The limits of {attribute.name!r} must be finite.", "limits")
    elif low is not None and high is not None and low >= high:
        yield Problem(at, f"{attribute.name!r} has min {low:g}, which is not below max {high:g}.", "limits")
    elif attribute.kind == "slider" and (low is None or high is None):
        yield Problem(at, f"{attribute.name!r} is a slider, so it needs min and max.", "limits")
    elif attribute.step is not None and attribute.step <= 0:
        yield Problem(at, f"The step of {attribute.name!r} must be above 0.", "limits")
    if attribute.default is not None and (fault := attribute.fault(attribute.default)) is not None:
        yield Problem(f"{at}.default", f"The default of {attribute.name!r} must be {fault}.", "default")


def _condition(attribute: Attribute, schema: Schema, at: str) -> Iterator[Problem]:
    condition, name = attribute.condition, attribute.name
    if condition is None:
        return
    other = schema.attributes_by_id.get(condition.attribute)
    if other is None or other.archived:
        yield Problem(f"{at}.if", f"{name!r} is asked by an attribute that doesn't exist.", "condition")
        return
    if other.per != attribute.per:
        yield Problem(f"{at}.if", f"{name!r} and {other.name!r} must both be per {attribute.per}.", "condition")
    for value in condition.one_of:
        if (fault := other.fault([value] if other.kind == "multi_select" else value)) is not None:
            yield Problem(
                f"{at}.if", f"{name!r} is asked by a value of {other.name!r} that must be {fault}.", "condition"
            )
    asked_by = {a.id: a.condition.attribute if a.condition else None for a in schema.live_attributes}
    if _loops(attribute.id, asked_by):
        yield Problem(f"{at}.if", f"{name!r} is asked only when itself is answered.", "condition-loop")


def _twice(what: str, at: str, names: list[str] | tuple[str, ...]) -> Iterator[Problem]:
    for name, n in Counter(names).items():
        if n > 1:
            yield Problem(at, f"There are {n} of the {what} {name!r}; names must differ.", "twice")
