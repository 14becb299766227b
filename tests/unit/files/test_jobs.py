"""Probing in the background: ready or failed with a reason, once, with a thumbnail."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from penstock import files
from penstock.files import NewFile, jobs
from penstock.jobs import Work
from penstock.store import Store

from .conftest import Picture

Wrote = Callable[[int], AbstractContextManager[Any]]


def send(store: Store, project: int, key: str, content: bytes) -> int:
    stored = store.blobs.put(content)
    new = NewFile(key=key, hash=stored.hash, bytes=stored.bytes)
    return store.db.perform(lambda tx: files.register(tx, new), project).file


def state(store: Store, project: int, file: int) -> tuple[str, str | None]:
    with store.db.transaction(project) as tx:
        found = files.get(tx, file)
    return found.state, found.reason


def test_uploads_become_ready_or_fail_and_nothing_else_stops(
    store: Store, project: int, picture: Picture, drain: Callable[[], None], wrote: Wrote
) -> None:
    good = send(store, project, "good.jpg", picture("JPEG", 800, 600, orientation=6))
    bad = send(store, project, "bad.jpg", picture("JPEG", 800, 600)[:3000])
    other = send(store, project, "other.png", picture("PNG"))
    with wrote(project) as written:
        drain()
    assert sorted(written.kinds) == ["file.failed", "file.ready", "file.ready"]
    assert state(store, project, good) == ("ready", None)
    assert state(store, project, other) == ("ready", None)
    failed, reason = state(store, project, bad)
    assert failed == "failed"
    assert "truncated" in (reason or "")
    with store.db.transaction(project) as tx:
        found = files.get(tx, good)
    assert (found.width, found.height) == (600, 800)
    assert (jobs.thumbnail(store, found) or b"").startswith(b"\xff\xd8")


def test_a_job_that_runs_twice_writes_once(store: Store, project: int, picture: Picture, wrote: Wrote) -> None:
    file = send(store, project, "a.jpg", picture())
    with wrote(project) as written:
        for _ in range(2):
            jobs.probe(Work(store), project, [file])
    assert written.kinds == ["file.ready"]


def test_bytes_that_are_gone_fail_the_file(store: Store, project: int, picture: Picture) -> None:
    file = send(store, project, "a.jpg", picture())
    with store.db.transaction(project) as tx:
        store.blobs.path(files.get(tx, file).hash).unlink()
    jobs.probe(Work(store), project, [file])
    failed, reason = state(store, project, file)
    assert failed == "failed"
    assert "Restore" in (reason or "")


def test_files_that_workers_died_of_are_looked_into_alone_and_then_fail(
    store: Store, project: int, picture: Picture, drain: Callable[[], None]
) -> None:
    good, deadly = (send(store, project, key, picture()) for key in ("a.jpg", "b.jpg"))
    jobs.give_up(Work(store), "workers died", project, [good, deadly])
    with store.db.transaction(0) as tx:
        asked = tx.values(list, "select args -> 'files' from procrastinate_jobs order by id desc limit 2")
    assert asked == [[deadly], [good]]
    jobs.give_up(Work(store), "workers died", project, [deadly])
    drain()
    assert state(store, project, good) == ("ready", None)
    assert state(store, project, deadly) == ("failed", "it can't be looked into: workers died")


def test_a_lost_thumbnail_is_made_again(
    store: Store, project: int, picture: Picture, drain: Callable[[], None]
) -> None:
    file = send(store, project, "a.jpg", picture("JPEG", 800, 600))
    drain()
    with store.db.transaction(project) as tx:
        found = files.get(tx, file)
    before = jobs.thumbnail(store, found)
    store.blobs.derived.drop(jobs.thumbnail_name(found.hash))
    assert jobs.thumbnail(store, found) == before
    assert before is not None


def test_many_files_share_jobs(store: Store, project: int, picture: Picture) -> None:
    stored = store.blobs.put(picture())
    with store.db.transaction(project) as tx:
        news = [NewFile(key=f"{n}.jpg", hash=stored.hash, bytes=stored.bytes) for n in range(250)]
        files.register_many(tx, news)
    with store.db.transaction(project) as tx:
        assert tx.value(int, "select count(*) from procrastinate_jobs where task_name = 'files.probe'") == 3
