"""The pipeline as a tree: everything stands in it once, and circles close."""

import io

import pytest
from rich.console import Console

from penstock.cli.tree import draw
from penstock.log import Setback
from penstock.metrics.model import Progress
from penstock.pipelines.status_model import ActionStatus, DatasetStatus, LastRun, Status, TemplateStatus
from penstock.sdk.project import Project
from penstock.sdk.status import forest


def dataset(id: int, name: str, files: int = 0) -> DatasetStatus:
    return DatasetStatus(id=id, name=name, files=files, watched_by=(), fed_by=())


def template(
    id: int, name: str, watches: int, to: tuple[int, ...] = (), state: str = "active", **counts: int
) -> TemplateStatus:
    counted = Progress(template=id, **counts)
    progress = {
        "template": id,
        "counts": counted.counts(),
        "done": counted.done,
        "total": counted.total,
        "share": counted.share,
        "as_of": 1,
    }
    return TemplateStatus(id=id, name=name, state=state, progress=progress, watches=(watches,), routes_to=to)


def action(id: int, name: str, of: int | None, last: LastRun | None = None) -> ActionStatus:
    return ActionStatus(
        id=id,
        name=name,
        state="on",
        when="progress one, reaches 25%",
        template=of,
        steps=("export",),
        runs={"done": 2} if last else {},
        last_run=last,
    )


def drawn(status: Status, width: int = 110) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(draw(status))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_two_stages() -> None:
    run = LastRun(id=1, state="failed", created_at="2026-01-02T03:04:05Z", error="no route to host")
    status = Status(
        datasets=(dataset(1, "first pass", 4), dataset(2, "complete", 1), dataset(3, "gold")),
        templates=(
            template(1, "one", 1, (2,), done=1, in_progress=2, open=1, skipped=1),
            template(2, "two", 2, (3,), state="paused"),
        ),
        actions=(action(1, "early export", 1, run), action(2, "nightly", None)),
    )
    assert drawn(status) == [
        "▤ first pass  4 files",
        "└── ✎ one  ━━━━━━━━━━━━━━━━━━━━  1 of 4 done, 2 in progress, 1 skipped",
        "    ├── ⚡ early export  reaches 25%: export  2 runs, the last failed: no route to host",
        "    └── ▤ complete  1 file",
        "        └── ✎ two  ━━━━━━━━━━━━━━━━━━━━  0 of 0 done  paused",
        "            └── ▤ gold  0 files",
        "⚡ nightly  progress one, reaches 25%: export  0 runs",
    ]


def test_a_circle_closes() -> None:
    status = Status(
        datasets=(dataset(1, "work"), dataset(2, "again")),
        templates=(template(1, "one", 1, (2,)), template(2, "two", 2, (1,))),
        actions=(),
    )
    lines = drawn(status)
    assert lines[0] == "▤ work  0 files"
    assert lines[-1].strip() == "└── ▤ work  0 files  (see above)"


def test_nothing_is_left_out() -> None:
    status = Status(
        datasets=(dataset(1, "a"), dataset(2, "b")),
        templates=(template(1, "alone", 99), template(2, "one", 1), template(3, "other", 1)),
        actions=(action(1, "x", None),),
    )
    assert [branch.thing.name for branch in forest(status)] == ["a", "b", "alone", "x"]
    assert [branch.thing.name for branch in forest(status)[0].after] == ["one", "other"]


def test_an_empty_project_says_how_to_begin(p: Project) -> None:
    assert drawn(p.status()) == ["Nothing yet. A pipeline file makes it all: penstock apply pipeline.yaml"]


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits_narrow_terminals(width: int) -> None:
    status = Status(datasets=(dataset(1, "a" * 60),), templates=(), actions=())
    assert all(len(line) <= width for line in drawn(status, width))


def test_followers_that_stand_still_are_told() -> None:
    setbacks = (
        Setback(follower="tasks.watching", seq=8, events=0, trouble="KeyError: 3", state="stopped"),
        Setback(id=3, follower="metrics.work", seq=5, events=2, trouble="ValueError: odd", state="set_aside"),
    )
    told = drawn(Status(datasets=(), templates=(), actions=(), setbacks=setbacks))
    assert told[1:] == [
        "✗ tasks.watching stands still before revision 8: KeyError: 3",
        "✗ metrics.work went past revision 5 (2 set aside, penstock log replay 3): ValueError: odd",
    ]
