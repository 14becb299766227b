"""The database as verbs see it: one commit, deadlocks undone and repeated, lost connections replaced unseen."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from penstock.store import Database, Store, Transaction
from penstock.store import db as database
from penstock.store.db import DatabaseAway, is_away


@pytest.fixture
def two_rows(store: Store) -> None:
    with store.db.transaction(0) as tx:
        tx.run("create table trial.thing (id int primary key, n int not null default 0)")
        tx.run("insert into trial.thing values (1), (2)")


def numbers(store: Store) -> list[int]:
    with store.db.transaction(0) as tx:
        return tx.values(int, "select n from trial.thing order by id")


def raise_n(tx: Transaction, id: int) -> None:
    tx.run("update trial.thing set n = n + 1 where id = %(id)s", id=id)


@pytest.mark.usefixtures("two_rows")
def test_two_verbs_that_lock_crosswise_both_happen_once(store: Store) -> None:
    both = threading.Barrier(2)

    def perform(first: int, second: int) -> None:
        met = False

        def verb(tx: Transaction) -> None:
            nonlocal met
            raise_n(tx, first)
            if not met:
                met = True
                both.wait(60)
            raise_n(tx, second)

        store.db.perform(verb, 0)

    threads = [threading.Thread(target=perform, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert numbers(store) == [2, 2]


@pytest.mark.usefixtures("two_rows")
def test_a_verb_that_fails_changes_nothing_and_gives_its_connection_back(store: Store) -> None:
    def verb(tx: Transaction) -> None:
        raise_n(tx, 1)
        raise ZeroDivisionError

    for _ in range(50):  # more than the pool has
        with pytest.raises(ZeroDivisionError):
            store.db.perform(verb, 0)
    assert numbers(store) == [0, 0]


@pytest.mark.usefixtures("two_rows")
def test_a_snapshot_sees_one_moment_throughout(store: Store) -> None:
    with store.db.snapshot(0) as before:
        assert before.values(int, "select n from trial.thing order by id") == [0, 0]
        store.db.perform(lambda tx: raise_n(tx, 1), 0)
        assert before.values(int, "select n from trial.thing order by id") == [0, 0]
    assert numbers(store) == [1, 0]


def end_sessions(store: Store) -> None:
    """What a restart of the database does to every connection in the pool."""
    with psycopg.connect(store.db.dsn, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


@pytest.mark.usefixtures("two_rows")
def test_connections_that_died_in_the_pool_are_replaced_unseen(store: Store) -> None:
    with store.db.transaction(0), store.db.transaction(0), store.db.transaction(0):
        pass  # three connections lie in the pool now
    end_sessions(store)

    for _ in range(3):
        store.db.perform(lambda tx: raise_n(tx, 1), 0)
    assert numbers(store) == [3, 0]


@pytest.mark.usefixtures("two_rows")
def test_a_connection_that_dies_in_a_transaction_undoes_it_and_says_that_the_database_went_away(store: Store) -> None:
    def verb(tx: Transaction) -> None:
        raise_n(tx, 1)
        end_sessions(store)
        raise_n(tx, 2)

    with pytest.raises(psycopg.OperationalError) as lost:
        store.db.perform(verb, 0)
    assert is_away(lost.value)
    assert numbers(store) == [0, 0]


def test_a_transaction_that_slept_too_long_is_told_as_a_database_that_went_away(store: Store) -> None:
    def verb(tx: Transaction) -> None:
        tx.run("set local idle_in_transaction_session_timeout = 1")
        time.sleep(0.2)
        tx.run("select 1")

    with pytest.raises(psycopg.Error) as lost:
        store.db.perform(verb, 0)
    assert is_away(lost.value)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database that isn't there, and asks for help; patience is short."""
    monkeypatch.setattr(database, "REVIVE_SECONDS", 0.1)
    asked = Database("host=/nonexistent dbname=nowhere", revive=lambda: None)
    yield asked
    asked.close()


def test_a_database_that_stays_away_is_told_as_that(nowhere: Database) -> None:
    with pytest.raises(DatabaseAway, match="can't be reached") as away, nowhere.transaction(0):
        pass
    assert is_away(away.value)


def test_a_database_that_the_machine_cannot_start_is_told_as_that() -> None:
    def revive() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    asked = Database("host=/nonexistent dbname=nowhere", revive=revive)
    try:
        with pytest.raises(DatabaseAway, match="temporarily unavailable"), asked.transaction(0):
            pass
    finally:
        asked.close()
