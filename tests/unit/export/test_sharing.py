"""An export that several make has the same bytes as one that is made by one, whatever becomes of who helps."""

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from penstock import engine
from penstock.datasets import Dataset
from penstock.export import Destination, Export, NewExport, making, parts, sharing, verbs
from penstock.export import content as content_room
from penstock.export.parts import Parts
from penstock.jobs import Work
from penstock.store import Store
from unit.export.test_columns import drawn

__all__ = ["drawn"]

Make = Callable[..., Export]
FORMATS = ("coco", "yolo", "yolo-segment", "darknet", "voc", "voc-segment")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets of few files are shared too."""
    monkeypatch.setattr(sharing, "_FIRST", 3)
    monkeypatch.setattr(sharing, "_TIMED", 5)
    monkeypatch.setattr(sharing, "PART", 5)
    monkeypatch.setattr(sharing, "WORTH", 1)
    monkeypatch.setattr(sharing, "WORTH_SECONDS", 0)


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch, small: None) -> list[int]:
    """Others make all the parts that are asked for, and one behind them; these parts."""
    made: list[int] = []
    ask = sharing.Together._ask_for_help

    def help(self: Any, shared: Parts, times: int) -> None:
        ask(self, shared, times)
        count = len(shared.plan().starts) - 1
        while (part := parts.make(self._work.store, self._project, self._export, shared, range(count))) is not None:
            made.append(part)

    monkeypatch.setattr(sharing.Together, "_ask_for_help", help)
    return made


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("pack", ["folder", "zip", "tar"])
@pytest.mark.parametrize("format", FORMATS)
def test_what_several_make_is_what_one_makes(
    store: Store, drawn: Dataset, export: Make, folder: Path, format: str, pack: str, request: pytest.FixtureRequest
) -> None:
    asked = {"dataset": drawn.id, "format": format, "pack": pack, "media": "none"}
    alone = export(**asked, to={"folder": str(folder), "path": "alone/x"})
    helped: list[int] = request.getfixturevalue("helped")
    shared = export(**asked, as_of=alone.as_of, to={"folder": str(folder), "path": "shared/x"})
    assert len(helped) > 3
    assert content(folder / "shared") == content(folder / "alone")
    assert (shared.files, shared.annotations, shared.bytes, shared.losses, shared.looked) == (
        alone.files,
        alone.annotations,
        alone.bytes,
        alone.losses,
        alone.total,
    )
    assert not list((store.settings.home / "parts").iterdir())


TRANSFORMS: tuple[dict[str, Any], ...] = (
    {"do": "tile", "size": [20, 20]},
    {"do": "boxes"},
    {"do": "labels", "map": {"car": "vehicle"}},
    {"do": "split", "train": 0.5, "val": 0.5},
)


@pytest.mark.parametrize("format", ["coco", "yolo"])
def test_what_several_make_with_transforms_is_what_one_makes(
    drawn: Dataset, export: Make, folder: Path, format: str, request: pytest.FixtureRequest
) -> None:
    asked = {"dataset": drawn.id, "format": format, "transforms": TRANSFORMS, "media": "none"}
    alone = export(**asked, to={"folder": str(folder), "path": "alone"})
    assert alone.state == "ready", alone.reason
    helped: list[int] = request.getfixturevalue("helped")
    shared = export(**asked, as_of=alone.as_of, to={"folder": str(folder), "path": "shared"})
    assert len(helped) > 3
    assert content(folder / "shared") == content(folder / "alone")
    assert (shared.files, shared.annotations, shared.losses) == (alone.files, alone.annotations, alone.losses)


def started(store: Store, project: int, dataset: Dataset, folder: Path) -> int:
    to = Destination(folder=str(folder), path="out")
    new = NewExport(dataset=dataset.id, format="coco", media="none", to=to)
    return store.db.perform(lambda tx: verbs.start(tx, new), project).id


def test_who_died_at_a_part_left_it_to_others(
    store: Store, drawn: Dataset, small: None, export: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds every part while it lives, and the export waits for it."""
    script = (
        "import fcntl, sys\nheld = [open(path, 'w') for path in sys.argv[1:]]\n"
        "for file in held: fcntl.flock(file, fcntl.LOCK_EX)\nprint(flush=True)\nsys.stdin.read()"
    )
    others: list[subprocess.Popen[bytes]] = []

    def hold(self: Any, shared: Parts, times: int) -> None:
        paths = [str(shared.folder / f"{part}.claim") for part in range(len(shared.plan().starts) - 1)]
        other = subprocess.Popen([sys.executable, "-Sc", script, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        others.append(other)
        assert other.stdout is not None
        other.stdout.readline()
        (shared.folder / "0-half.new").write_bytes(b"half of it")

    def kill(seconds: float) -> None:
        for other in others:
            other.kill()
            other.communicate()

    monkeypatch.setattr(sharing.Together, "_ask_for_help", hold)
    monkeypatch.setattr(sharing, "_PATIENCE_SECONDS", 600)
    monkeypatch.setattr(sharing, "time", SimpleNamespace(monotonic=time.monotonic, sleep=kill))
    asked = {"dataset": drawn.id, "format": "coco", "media": "none"}
    made = export(**asked, to={"folder": str(folder), "path": "out"})
    assert (made.state, made.files) == ("ready", 40)
    assert [other.returncode for other in others] == [-signal.SIGKILL]


def test_who_holds_a_part_for_ever_is_not_waited_for(
    store: Store, drawn: Dataset, small: None, export: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as held:

        def hold(self: Any, shared: Parts, times: int) -> None:
            for part in (0, 2):
                held.enter_context(shared.claimed(part))

        monkeypatch.setattr(sharing.Together, "_ask_for_help", hold)
        monkeypatch.setattr(sharing, "_PATIENCE_SECONDS", 0.05)
        made = export(dataset=drawn.id, format="voc", media="none", to={"folder": str(folder), "path": "out"})
    assert (made.state, made.files) == ("ready", 40)


def test_without_room_for_parts_each_is_made_in_its_turn(
    store: Store, drawn: Dataset, small: None, export: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Parts, part: int) -> Any:
        raise OSError(errno.ENOSPC, "no room")

    def hold(self: Any, shared: Parts, times: int) -> None:
        if times > 1:
            held.enter_context(shared.claimed(0))

    monkeypatch.setattr(sharing.Together, "_ask_for_help", hold)
    monkeypatch.setattr(sharing, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(Parts, "making", full)
    with ExitStack() as held:
        made = export(dataset=drawn.id, format="yolo", media="none", to={"folder": str(folder), "path": "out"})
    assert (made.state, made.files) == ("ready", 40)


def test_a_cancelled_export_leaves_no_parts_and_nobody_makes_more(
    store: Store, project: int, drawn: Dataset, small: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = started(store, project, drawn, folder)
    named: list[str] = []
    ask = sharing.Together._ask_for_help

    def cancel(self: Any, shared: Parts, times: int) -> None:
        named.append(shared.name)
        ask(self, shared, times)
        store.db.perform(lambda tx: verbs.cancel(tx, asked), project)
        parts.run(Work(store), project, asked, shared.name)
        assert not list(shared.folder.glob("*.part"))

    monkeypatch.setattr(sharing.Together, "_ask_for_help", cancel)
    monkeypatch.setattr(content_room, "_PULSE_SECONDS", 0.0)
    making.run(Work(store), project, asked)
    assert not list((store.settings.home / "parts").iterdir())
    assert not list(folder.iterdir())
    parts.run(Work(store), project, asked, named[0])
    engine.drain(store)
    with store.db.transaction(project) as tx:
        assert verbs.get(tx, asked).state == "cancelled"
        assert tx.value(int, "select count(*) from procrastinate_jobs") == 0


def test_what_a_killed_try_left_is_taken_away(
    store: Store, project: int, drawn: Dataset, small: None, folder: Path
) -> None:
    asked = started(store, project, drawn, folder)
    left = store.settings.home / "parts" / f"{project}-{asked}-dead"
    other = store.settings.home / "parts" / f"{project}-{asked + 1}-other"
    for one in (left, other):
        one.mkdir(parents=True)
        (one / "0.part").write_bytes(b"...")
    making.run(Work(store), project, asked)
    assert [path.name for path in left.parent.iterdir()] == [other.name]
