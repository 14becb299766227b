"""What goes over the wire: several statements in one round trip, and what happens when one of them fails."""

import threading
import uuid
from array import array

import psycopg
import pytest
from psycopg import pq
from psycopg.sql import SQL, Identifier

from penstock.core import Value
from penstock.store import Store, Transaction, wire
from penstock.store.db import is_away
from penstock.store.transaction import RowMissing

pytestmark = pytest.mark.usefixtures("thing")


class Thing(Value):
    id: int
    name: str | None


@pytest.fixture
def thing(store: Store) -> None:
    with store.db.connect() as conn:
        conn.execute("create table if not exists trial.wired (id int primary key, name text)")
        conn.execute("truncate trial.wired")


def names(store: Store) -> list[str | None]:
    with store.db.transaction(0) as tx:
        return tx.values(str, "select name from trial.wired order by id")


ADD = "insert into trial.wired (id, name) values (%(id)s, %(name)s)"


@pytest.mark.parametrize("times", [1, 2, 5], ids=["first", "prepared", "again"])
def test_values_come_back_as_they_went(store: Store, times: int) -> None:
    given = {"n": 7, "text": "50 % of 'it'", "none": None, "uuid": uuid.uuid4(), "list": [1, 2, 3], "yes": True}
    query = (
        "select %(n)s::int as n, %(text)s::text || '%%' as text, %(none)s::text as none, %(uuid)s::uuid as uuid,"
        " %(list)s::int[] as list, %(yes)s::bool as yes"
    )
    with store.db.transaction(0) as tx:
        found = [tx.rows(query, **given) for _ in range(times)]
    assert found == [[tuple({**given, "text": "50 % of 'it'%"}.values())]] * times


def test_ids_go_as_one_value(store: Store) -> None:
    with store.db.transaction(0) as tx:
        found = [tx.values(int, "select unnest(%(ids)s)", ids=array("q", ids)) for ids in ([], [3, 1 << 40], [5])]
    assert found == [[], [3, 1 << 40], [5]]


def test_rows_take_shape_by_column_name(store: Store) -> None:
    with store.db.transaction(0) as tx:
        assert tx.run(ADD, id=1, name="a") == 1
        assert tx.one(Thing, "select name, id from trial.wired") == Thing(id=1, name="a")
        assert tx.maybe(Thing, "select * from trial.wired where id = 2") is None
        assert tx.value(int, "select count(*) from trial.wired") == 1
        with pytest.raises(RowMissing):
            tx.one(Thing, "select * from trial.wired where id = 2")


def test_a_composed_statement_is_taken_too(store: Store) -> None:
    with store.db.transaction(0) as tx:
        for n in range(4):
            query = SQL("insert into {} (id, name) values (%(id)s, %(name)s)").format(Identifier("trial", "wired"))
            tx.run(query, id=n, name=str(n))
    assert names(store) == ["0", "1", "2", "3"]


def test_posted_statements_come_before_the_next_one_and_before_the_commit(store: Store) -> None:
    with store.db.transaction(0) as tx:
        tx.post(ADD, id=1, name="posted first")
        tx.post("update trial.wired set name = name || ', changed' where id = 1")
        assert tx.values(str, "select name from trial.wired") == ["posted first, changed"]
        tx.post(ADD, id=2, name="posted last")
    assert names(store) == ["posted first, changed", "posted last"]


def test_what_fails_of_posted_statements_is_raised_later_and_nothing_happened(store: Store) -> None:
    def verb(tx: Transaction) -> None:
        tx.post(ADD, id=1, name="a")
        tx.post(ADD, id=1, name="b")

    def verb_that_reads(tx: Transaction) -> None:
        verb(tx)
        tx.value(int, "select 1")

    for one in (verb, verb_that_reads):
        with pytest.raises(psycopg.errors.UniqueViolation):
            store.db.perform(one, 0)
    assert names(store) == []


def test_a_swallowed_error_does_not_pass_for_a_commit(store: Store) -> None:
    def verb(tx: Transaction) -> None:
        tx.run(ADD, id=1, name="a")
        with pytest.raises(psycopg.errors.UndefinedTable):
            tx.run("select 1 from nowhere")

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        store.db.perform(verb, 0)
    assert names(store) == []


def test_a_missing_value_is_told_by_name(store: Store) -> None:
    with pytest.raises(psycopg.ProgrammingError, match="name"), store.db.transaction(0) as tx:
        tx.run(ADD, id=1)


def test_a_connection_forgets_what_it_prepared_longest_ago(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_PREPARED", 3)
    with store.db.transaction(0) as tx:
        for n in [*range(8), *range(8), *range(8)]:
            assert tx.value(int, f"select {n} + %(one)s::int", one=1) == n + 1  # pyright: ignore[reportArgumentType]
        prepared = tx.value(int, "select count(*)::int from pg_prepared_statements")
    assert prepared is not None
    assert prepared <= 3


def test_while_one_waits_for_the_database_others_go_on(store: Store) -> None:
    holds, waits = threading.Event(), threading.Event()

    def hold() -> None:
        with store.db.transaction(0) as tx:
            tx.run("lock table trial.wired in exclusive mode")
            holds.set()
            assert waits.wait(60)

    def wait() -> None:
        assert holds.wait(60)
        with store.db.transaction(0) as tx:
            tx.post("set local lock_timeout = '60s'")
            tx.run(ADD, id=1, name="waited")

    threads = [threading.Thread(target=hold), threading.Thread(target=wait)]
    for thread in threads:
        thread.start()
    assert holds.wait(60)
    with store.db.transaction(0) as tx:
        waiting = "select exists (select from pg_locks where not granted and relation = 'trial.wired'::regclass)"
        while not tx.value(bool, waiting):
            pass
    waits.set()
    for thread in threads:
        thread.join()
    assert names(store) == ["waited"]


def test_much_goes_over_in_both_directions(store: Store) -> None:
    text = "x" * 5_000_000
    with store.db.transaction(0) as tx:
        tx.post(ADD, id=1, name=text)
        tx.post(ADD, id=2, name=text)
        assert tx.values(str, "select name from trial.wired") == [text, text]


def test_a_connection_that_could_not_be_written_to_was_lost(store: Store) -> None:
    """The database was killed under it, and libpq took it for well still: it was told as a fault of ours."""
    with store.db.connect() as line:
        made_by_libpq = line.pgconn.make_empty_result(pq.ExecStatus.FATAL_ERROR)
        with pytest.raises(psycopg.OperationalError) as lost:
            line.wire._checked(made_by_libpq)
    assert is_away(lost.value)


@pytest.mark.parametrize(
    "texts", [["a"], ["", "null", "{x}", "a,b", " ", "é", "\t\n"], ['"', "\\"], ["a", None], [None], []]
)
def test_lists_of_texts_arrive_as_they_are(store: Store, texts: list[str | None]) -> None:
    with store.db.transaction(0) as tx:
        assert tx.rows("select unnest(%(texts)s::text[])", texts=texts) == [(text,) for text in texts]
        assert tx.rows("select key from unnest(%(texts)s::text[]) key where key = any(%(texts)s)", texts=texts) == [
            (text,) for text in texts if text is not None
        ]


@pytest.mark.parametrize("numbers", [[1], [-5, 0, 1 << 40], [1, None], [True, False]])
def test_lists_of_numbers_arrive_as_they_are(store: Store, numbers: list[int | None]) -> None:
    with store.db.transaction(0) as tx:
        assert [one for (one,) in tx.rows("select unnest(%(numbers)s)", numbers=numbers)] == numbers


def test_a_text_that_the_database_cannot_hold_is_refused(store: Store) -> None:
    with store.db.transaction(0) as tx, pytest.raises(psycopg.DataError):
        tx.rows("select unnest(%(texts)s::text[])", texts=["a\0b"])
