"""What can't be asked is refused when it is written down, not when it is needed."""

import subprocess
import sys

import pytest

from penstock.datasets import query
from penstock.datasets.query import Context, Names, QueryInvalid
from penstock.datasets.query.check import mentions_now

NAMES = Names(
    labels=["car"],
    attributes=["weather"],
    datasets=["gold"],
    templates=["expert"],
    versions=["v1"],
    pins={"gold": ["v3"]},
)


@pytest.mark.parametrize(
    ("text", "context", "why"),
    [
        ("event.done > 3", "file", "only in the condition of an action"),
        ("event.done > 3", "task", "only in the condition of an action"),
        ("status = done", "file", 'say task("...").status'),
        ("author = ann", "file", "any(author = ...)"),
        ("file.widht > 3", "file", "did you mean 'width'?"),
        ("file.colour = red", "file", "a file has no field 'colour'"),
        ("task('expert').state = done", "file", "did you mean 'status'?"),
        ("task('exprt').status = done", "file", "did you mean 'expert'?"),
        ("status = retuned", "task", "status is one of open, in_progress"),
        ("status in (done, finished)", "task", 'not "finished"'),
        ("any(kind = circle)", "file", "kind is one of"),
        ("labels.cra > 1", "file", "did you mean 'car'?"),
        ("label = cra", "file", "did you mean 'car'?"),
        ("label in (car, van)", "file", "there is no label 'van' (there is car)"),
        ("confidnce < 1", "file", "did you mean 'confidence'?"),
        ("in 'golf'", "file", "did you mean 'gold'?"),
        ("changed since 'v2'", "file", "there is no version 'v2' (there is v1)"),
        ("in 'gold'/v2", "file", "there is no version of 'gold' called 'v2' (there is v3)"),
        ("changed since 'golf'/'v3'", "file", "did you mean 'gold'?"),
        ("labels.car = 'x'", "file", "labels.car is a number"),
        ("confidence < true", "file", "true has no order"),
        ("weather < null", "file", "null has no order"),
        ("label < car", "file", "label is a text"),
        ("key = 3", "file", "key is a text"),
        ("added > 3", "file", "added is a time"),
        ("added > yesterday", "file", "added is a time"),
        ("confidence > now", "file", "can't be compared"),
        ("any(count(weather = rain) > 1)", "file", "can't stand inside one another"),
    ],
)
def test_it_is_refused(text: str, context: Context, why: str) -> None:
    with pytest.raises(QueryInvalid) as refused:
        query.check(query.parse(text), context, NAMES)
    assert why in refused.value.why
    assert refused.value.pointer.startswith(text)


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("labels.car > 1 and weather = rain and in 'gold' and changed since 'v1'", "file"),
        ("any(author = ann) and person = ann and state = ready", "file"),
        ("in ('gold', 'gold'/v3) and changed since 'gold'/v3", "file"),
        ("author = ann and status = done and round < 3", "task"),
        ("event.anything.at_all = 3 and event.kind = 'task.done'", "event"),
        ("added > '2026-01-01' or added > now - 7d", "file"),
        ("confidence = null", "file"),
    ],
)
def test_it_passes(text: str, context: Context) -> None:
    query.check(query.parse(text), context, NAMES)


def test_names_that_are_not_known_here_pass() -> None:
    query.check(query.parse("labels.tram > 1 and in 'x' and wind = strong"))


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("file.width > 3 and key = 'a.png'", set[str]()),
        ("added > now", {"added"}),
        ("labels.car > 3", {"annotations"}),
        ("weather = rain", {"annotations"}),
        ("meta.a = 1 or in 'gold'", {"meta", "datasets"}),
        ("status = done and task('expert').round = 1", {"task", "tasks"}),
        ("any(author = ann)", {"annotations"}),
        ("changed since 'v1' and event.x = 1", {"changes", "event"}),
    ],
)
def test_it_needs(text: str, needs: set[str]) -> None:
    assert query.needs(query.parse(text)) == needs


def test_whether_the_moment_matters_is_known() -> None:
    assert mentions_now(query.parse("not (a = 1 or added > now - 7d)"))
    assert mentions_now(query.parse("meta.t in (1, now)"))
    assert not mentions_now(query.parse("added > '2026-01-01'"))


def test_the_grammar_is_read_at_the_first_query_only() -> None:
    code = "import sys, penstock.datasets.query; assert 'lark' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
