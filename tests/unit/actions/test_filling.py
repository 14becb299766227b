"""Placeholders: what they give, and what they say when they can't."""

from typing import Any

import pytest

from penstock.actions.filling import PlaceholderUnknown, check, fill, placeholders

KNOWN = {
    "event": {"file": 7, "ratio": 0.5, "labels": ["a", "b"], "tag name": "x"},
    "steps": {"export": {"uri": "file:///out", "files": 3}},
}
ROOTS = ("event", "steps")


@pytest.mark.parametrize(
    ("written", "filled"),
    [
        ("${event.file}", 7),
        ("${ steps.export.uri }", "file:///out"),
        ("${event.labels}", ["a", "b"]),
        ("${event.tag name}", "x"),
        ("file ${event.file} of ${steps.export.files}", "file 7 of 3"),
        ("all: ${event.labels}", 'all: ["a", "b"]'),
        ("$${event.file}", "${event.file}"),
        ("costs $5 and {braces}", "costs $5 and {braces}"),
        ({"a": ["${event.file}"], "b": {"c": "${event.ratio}"}, "n": 3}, {"a": [7], "b": {"c": 0.5}, "n": 3}),
    ],
)
def test_they_are_filled_in(written: Any, filled: Any) -> None:
    assert fill(written, KNOWN) == filled


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("${steps.export.url}", "steps.export has no 'url'; there is uri, files"),
        ("${event.file.name}", "event.file has no 'name'; there is nothing"),
        ("${steps.train.uri}", "steps has no 'train'; there is export"),
    ],
)
def test_what_is_missing_is_told_with_what_there_is(written: str, says: str) -> None:
    with pytest.raises(PlaceholderUnknown, match=says):
        fill(written, KNOWN)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("${stepz.export.uri}", "not one of event, steps"),
        ("${steps.train.uri}", "no earlier step is called 'train'; earlier steps: export"),
        ("${steps}", "it names no step"),
        ("${}", "write it like"),
        ("${event..x}", "write it like"),
    ],
)
def test_what_can_never_be_filled_in_is_refused_when_it_is_written(written: str, says: str) -> None:
    with pytest.raises(PlaceholderUnknown, match=says):
        check({"deep": [written]}, ROOTS, ["export"])


def test_what_a_later_step_will_give_stays_as_it_is_in_a_dry_run() -> None:
    assert fill(["${steps.train.score}", "${event.file}"], KNOWN, later=["train"]) == ["${steps.train.score}", 7]


def test_placeholders_are_found_at_any_depth() -> None:
    assert list(placeholders({"a": ["${x.y}", {"b": "$${no} ${z}"}], "c": 1})) == ["x.y", "z"]
