"""Killed anywhere, an import goes on from where it was: nothing is lost, nothing comes twice."""

import errno
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from penstock.ingest import Import, bringing, content, jobs, scan, spool, tables
from penstock.ingest.spool import SpoolLost
from penstock.jobs import Work
from penstock.store import Transaction, blobs

from .conftest import Desk, NewDesk, image, voc


class Killed(BaseException):
    """The process is gone: nothing after this runs, also no handler of errors."""


def kill_at(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, at: int, after: bool) -> None:
    """Die at the n-th call of a function, before or after it did its work."""
    real: Callable[..., Any] = getattr(where, name)
    calls = 0

    def dying(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at and not after:
            raise Killed
        result = real(*args, **more)
        if calls == at:
            raise Killed
        return result

    monkeypatch.setattr(where, name, dying)


STEPS: list[tuple[Any, str]] = [
    (scan.spool, "write"),
    (scan.tables, "insert_chunk"),
    (tables, "note_scan"),
    (content.jobs, "thumbnail_name"),
    (jobs, "prepare"),
    (bringing.files, "register_many"),
    (bringing.rows, "import_new"),
    (bringing.datasets, "add"),
    (tables, "settle"),
    (jobs, "bring"),
    (tables, "close_chunk"),
    (Transaction, "flush"),
    (tables, "set_state"),
]


@pytest.mark.parametrize(
    ("at", "after"),
    [
        pytest.param(1, False, id="before the first", marks=pytest.mark.thorough),
        pytest.param(2, True, id="after the second"),
    ],
)
def test_an_import_that_was_killed_anywhere_goes_on(
    new_desk: NewDesk, monkeypatch: pytest.MonkeyPatch, at: int, after: bool
) -> None:
    monkeypatch.setattr(scan, "CHUNK_ITEMS", 5)
    monkeypatch.setattr(jobs, "BATCH_ITEMS", 3)
    desks: dict[str, tuple[Desk, Import]] = {}
    for where, name in STEPS:
        desk = new_desk()
        for n in range(12):
            desk.put(f"{n:02}.jpg", image(n, width=400))
            desk.put(f"{n:02}.xml", voc(f"{n:02}.jpg", ("RBC", n + 1, 1, n + 9, 9), size=(400, 80)))
        desks[name] = desk, desk.start()
        with monkeypatch.context() as deadly:
            kill_at(deadly, where, name, at, after)
            work_until_killed(*desks[name])
    desk.drain()
    for name, (desk, run) in desks.items():
        assert outcome(desk, run) == WHOLE, name


WHOLE = {
    "state": "finished",
    "counts": (12, 12, 12),
    "keys": [f"{n:02}.jpg" for n in range(12)],
    "rows": 12,
    "files": {"file.added": 12, "file.ready": 12, "annotations.imported": 12, "dataset.file_added": 12},
    "imports": {"import.started": 1, "import.finished": 1},
}


def work_until_killed(desk: Desk, run: Import) -> None:
    work = Work(desk.store)
    with suppress(Killed):
        jobs.scan(work, desk.project, run.id)
        for chunk in range(3):
            jobs.bring_chunk(work, desk.project, run.id, chunk)
        jobs.settle(work, desk.project, run.id)


def outcome(desk: Desk, run: Import) -> dict[str, Any]:
    found = desk.get(run.id)
    with desk.store.db.transaction(desk.project) as tx:
        kinds = Counter(tx.values(str, "select kind from event where project = %(project)s"))
        rows = tx.value(int, "select count(*) from annotation where project = %(project)s")
    return {
        "state": found.state,
        "counts": (found.counts.found, found.counts.new, found.counts.annotations_added),
        "keys": desk.keys(),
        "rows": rows,
        "files": {kind: n for kind, n in kinds.items() if kind.startswith(("file.", "annotations.", "dataset.file"))},
        "imports": {kind: kinds[kind] for kind in ("import.started", "import.finished")},
    }


def test_two_workers_on_one_chunk_bring_it_in_once(desk: Desk) -> None:
    for n in range(6):
        desk.put(f"{n}.jpg", image(n))
    run = desk.start()
    work = Work(desk.store)
    jobs.scan(work, desk.project, run.id)
    found = desk.get(run.id)
    with desk.store.db.transaction(desk.project) as tx:
        name = tables.spool(tx, run.id, 0)
    assert name is not None
    prepared = content.prepare(desk.store, desk.project, spool.read(desk.store.blobs, name).planned)
    for _ in range(2):
        desk.store.db.perform(lambda tx: bringing.bring(tx, found, 0, prepared), desk.project)
    desk.drain()
    assert desk.get(run.id).counts.new == 6
    with desk.store.db.transaction(desk.project) as tx:
        assert tx.value(int, "select count(*) from file where project = %(project)s") == 6


def test_a_chunk_that_is_done_leaves_no_spool(desk: Desk) -> None:
    for n in range(3):
        desk.put(f"{n}.jpg", image(n))
    run = desk.start()
    work = Work(desk.store)
    jobs.scan(work, desk.project, run.id)
    with desk.store.db.transaction(desk.project) as tx:
        name = tables.spool(tx, run.id, 0)
    assert name is not None
    assert desk.store.blobs.derived.get(name) is not None
    for _ in range(2):
        jobs.bring_chunk(work, desk.project, run.id, 0)
        assert desk.store.blobs.derived.get(name) is None
    assert desk.get(run.id).counts.new == 3


def test_a_spool_that_is_gone_is_an_error_that_is_tried_again(desk: Desk) -> None:
    with pytest.raises(SpoolLost):
        spool.read(desk.store.blobs, "import-1-1-abc.spool")


def test_a_source_that_grows_while_it_is_scanned_again_is_taken_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "CHUNK_ITEMS", 2)
    for n in range(4):
        desk.put(f"{n}.jpg", image(n))
    run = desk.start()
    with monkeypatch.context() as deadly:
        kill_at(deadly, scan.spool, "write", 2, after=True)
        with pytest.raises(Killed):
            jobs.scan(Work(desk.store), desk.project, run.id)
    desk.put("00.jpg", image(9))
    desk.drain()
    assert desk.get(run.id).counts.new == 5


def test_a_chunk_that_never_works_fails_its_items_and_the_import_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.jpg", image(1))
    run = desk.start()
    jobs.scan(Work(desk.store), desk.project, run.id)
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "prepare", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            jobs.bring_chunk(Work(desk.store, tries=4), desk.project, run.id, 0)
        jobs.bring_chunk(Work(desk.store, tries=5), desk.project, run.id, 0)
    desk.drain()
    found = desk.get(run.id)
    assert (found.state, found.counts.failed) == ("finished", 1)
    assert "ZeroDivisionError" in (desk.items(found)["a.jpg"].reason or "")


def test_a_scan_that_never_works_ends_the_import(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put("a.jpg", image(1))
    run = desk.start()
    with monkeypatch.context() as broken:
        broken.setattr(scan.spool, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            jobs.scan(Work(desk.store), desk.project, run.id)
        jobs.scan(Work(desk.store, tries=5), desk.project, run.id)
    desk.drain()
    assert desk.get(run.id).state == "failed"


def test_a_full_disk_fails_what_it_stopped_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    desk.put("a.jpg", image(1))
    run = desk.start()
    jobs.scan(Work(desk.store), desk.project, run.id)
    with monkeypatch.context() as broken:
        broken.setattr(blobs.os, "fsync", full)
        jobs.bring_chunk(Work(desk.store, tries=5), desk.project, run.id, 0)
    assert "no room left" in (desk.items(run)["a.jpg"].reason or "")
    assert desk.run().counts.new == 1


def test_an_import_that_workers_died_of_ends(desk: Desk) -> None:
    desk.put("a.jpg", image(1))
    unread, run = desk.start(), desk.start()
    jobs.give_up_scan(Work(desk.store), "workers died", desk.project, unread.id)
    assert (desk.get(unread.id).state, desk.get(unread.id).reason) == ("failed", "workers died")
    jobs.scan(Work(desk.store), desk.project, run.id)
    jobs.give_up_scan(Work(desk.store), "workers died", desk.project, run.id)  # it had done its part
    jobs.give_up_chunk(Work(desk.store), "workers died", desk.project, run.id, 0)
    desk.drain()
    found = desk.get(run.id)
    assert (found.state, found.counts.failed, desk.items(found)["a.jpg"].reason) == ("finished", 1, "workers died")
