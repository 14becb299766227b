"""Followers are woken by what was committed, and by nothing else."""

from collections.abc import Generator
from contextlib import suppress

import pytest

from penstock.store import Store
from penstock.store.news import CHANNEL
from penstock.store.wire import Line

PROJECT, ANOTHER = 7, 8


class Happened:
    """An event of no room."""

    def record(self) -> tuple[str, str, str]:
        return ("something.happened", "something:1", "{}")


@pytest.fixture
def listener(store: Store) -> Generator[Line]:
    with store.db.connect() as conn:
        conn.execute(f"listen {CHANNEL}")
        yield conn


def heard(listener: Line, seconds: float) -> list[str]:
    return [notice.payload for notice in listener.notifies(timeout=seconds, stop_after=1)]


def test_a_commit_with_events_is_told(store: Store, listener: Line) -> None:
    with store.db.transaction(PROJECT) as tx:
        tx.append(Happened())
    assert heard(listener, 10) == [str(PROJECT)]


def test_what_was_undone_or_happened_nowhere_is_not_told(store: Store, listener: Line) -> None:
    with suppress(RuntimeError), store.db.transaction(PROJECT) as tx:
        tx.append(Happened())
        tx.flush()
        raise RuntimeError
    with store.db.transaction(PROJECT) as tx:
        assert tx.seq
    with store.db.transaction(ANOTHER) as tx:
        tx.append(Happened())
    assert heard(listener, 10) == [str(ANOTHER)]


def test_many_commits_of_a_moment_are_told_together_and_none_is_forgotten(store: Store, listener: Line) -> None:
    for _ in range(50):
        with store.db.transaction(PROJECT) as tx:
            tx.append(Happened())
    with store.db.transaction(ANOTHER) as tx:
        tx.append(Happened())
    told: list[str] = []
    while str(ANOTHER) not in told:
        told += heard(listener, 10)
    assert 1 <= told.count(str(PROJECT)) < 50


def test_news_that_cannot_be_told_fails_nobody(store: Store) -> None:
    with store.db.connect() as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            " and datname = current_database() and application_name = 'penstock'"
        )
    with store.db.transaction(PROJECT) as tx:
        tx.append(Happened())
    with store.db.transaction(PROJECT) as tx:
        assert tx.value(int, "select count(*) from event") == 1
