"""The clock and the order of locks (DESIGN 4.1 and 4.2): what was measured when they were found stays so."""

import datetime as dt
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.store import Store, Transaction, horizon
from penstock.store.transaction import LockAfterSeq, VersionTooYoung, unwrap

PROJECT, ANOTHER = 7, 8
WRAP = 2**31


def horizon_of(store: Store, project: int = PROJECT) -> int:
    with store.db.transaction(project) as tx:
        return horizon(tx)


def draw_and_commit(store: Store, project: int = PROJECT) -> int:
    with store.db.transaction(project) as tx:
        return tx.seq


@contextmanager
def drawn(store: Store, project: int = PROJECT) -> Generator[int]:
    """A transaction that has drawn its seq and stays open."""
    with store.db.transaction(project) as tx:
        yield tx.seq


# The horizon


def test_the_horizon_is_the_newest_revision_while_nothing_is_open(store: Store) -> None:
    newest = draw_and_commit(store)
    assert horizon_of(store) == newest


def test_an_open_transaction_holds_the_horizon_below_its_revision(store: Store) -> None:
    with drawn(store) as early:
        late = draw_and_commit(store)
        assert early < late
        assert horizon_of(store) < early
    assert horizon_of(store) >= late


def test_the_lowest_of_several_open_transactions_holds_it(store: Store) -> None:
    with ExitStack() as others:
        with drawn(store) as first:
            second = others.enter_context(drawn(store))
            others.enter_context(drawn(store))
            assert horizon_of(store) < first
        assert first <= horizon_of(store) < second


def test_it_is_held_from_the_announcement_on_not_only_from_the_draw(store: Store) -> None:
    """Between the two, others may draw and commit: their revisions must wait for the lower one that is to come."""
    with store.db.transaction(PROJECT) as slow:
        slow.run(
            "select pg_advisory_xact_lock_shared(%(project)s, (select last_value & 2147483647 from seq)::int)"
        )  # the first half of draw()
        between = draw_and_commit(store)
        assert horizon_of(store) < between
        assert slow.value(int, "select nextval('seq')") == between + 1
        assert horizon_of(store) < between
    assert horizon_of(store) == between + 1


def test_a_transaction_that_only_reads_holds_nobody_back(store: Store) -> None:
    with store.db.transaction(PROJECT) as reader:
        reader.value(int, "select count(*) from event")
        newest = draw_and_commit(store)
        assert horizon_of(store) == newest


def test_another_projects_open_transaction_holds_nobody_back(store: Store) -> None:
    with drawn(store, ANOTHER):
        newest = draw_and_commit(store)
        assert horizon_of(store) == newest


def test_a_revision_drawn_in_a_transaction_that_failed_stays_empty_and_holds_nobody_back(store: Store) -> None:
    seqs: list[int] = []

    def fails(tx: Transaction) -> None:
        seqs.append(tx.seq)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.db.perform(fails, PROJECT)
    assert horizon_of(store) >= seqs[0]
    assert draw_and_commit(store) > seqs[0]


def test_plain_nextval_would_let_a_reader_skip_what_commits_late(store: Store) -> None:
    """Why there is a horizon: the newest committed revision says nothing about the ones below it."""
    with store.db.transaction(PROJECT) as tx:
        tx.run("create table trial.plain (seq bigint)")
    insert, newest = "insert into trial.plain select nextval('seq')", "select coalesce(max(seq), 0) from trial.plain"
    with store.db.transaction(PROJECT) as slow:
        slow.run(insert)
        with store.db.transaction(PROJECT) as quick:
            quick.run(insert)
        with store.db.transaction(PROJECT) as reader:
            cursor = reader.value(int, newest)
            seen = reader.values(int, "select seq from trial.plain where seq <= %(cursor)s", cursor=cursor)
    with store.db.transaction(PROJECT) as reader:
        seen += reader.values(int, "select seq from trial.plain where seq > %(cursor)s", cursor=cursor)
        assert len(seen) < len(reader.values(int, "select seq from trial.plain"))


def test_a_savepoint_rolled_back_loses_the_announcement(store: Store) -> None:
    """Why the seq is drawn at the outermost level."""
    with store.db.transaction(PROJECT) as tx:
        with tx.conn.transaction(force_rollback=True):
            tx.value(int, "select draw(%(project)s)")
        newest = draw_and_commit(store)
        assert horizon_of(store) == newest


# Locks hold 31 bits of a revision


@given(st.integers(0, 2**62), st.integers(0, 2**30 - 1))
def test_an_announced_bound_unwraps_to_the_revision_it_was(head: int, behind: int) -> None:
    bound = max(0, head - behind)
    assert unwrap(bound & (WRAP - 1), head) == bound


@given(st.integers(0, 2**62), st.integers(1, 2**30))
def test_a_bound_announced_since_the_head_was_read_never_unwraps_too_high(head: int, ahead: int) -> None:
    assert unwrap((head + ahead) & (WRAP - 1), head) <= head + ahead


@pytest.mark.parametrize("turn", [1, 2, 3, 1000])
def test_the_horizon_passes_the_wrap_of_31_bits(store: Store, turn: int) -> None:
    with store.db.transaction(0) as tx:
        tx.value(int, "select setval('seq', %(at)s)", at=turn * WRAP - 2)
    with drawn(store) as before:
        assert before == turn * WRAP - 1
        after = [draw_and_commit(store) for _ in range(3)]
        assert after == [turn * WRAP, turn * WRAP + 1, turn * WRAP + 2]
        assert horizon_of(store) == before - 1
    assert horizon_of(store) == after[-1]


def test_a_transaction_opened_after_the_wrap_is_not_taken_for_an_old_one(store: Store) -> None:
    with store.db.transaction(0) as tx:
        tx.value(int, "select setval('seq', %(at)s)", at=WRAP - 1)
    with drawn(store) as seq:
        assert seq == WRAP
        assert horizon_of(store) == WRAP - 1


# Waiting for the horizon


def test_waiting_for_a_revision_ends_with_the_last_transaction_older_than_it(store: Store) -> None:
    with drawn(store) as early:
        late = draw_and_commit(store)
        with pytest.raises(VersionTooYoung, match=f"Revision {late} did not settle"):
            store.db.settle(PROJECT, late, timeout_seconds=0.01)
        store.db.settle(PROJECT, early - 1, timeout_seconds=0.01)
    store.db.settle(PROJECT, late)


def test_a_forgotten_transaction_is_ended_within_a_minute(store: Store) -> None:
    with store.db.transaction(PROJECT) as tx:
        assert tx.value(str, "show idle_in_transaction_session_timeout") == "1min"


# The order of locks


class Note:
    """An event, as far as a transaction knows."""

    def record(self) -> tuple[str, str, str]:
        return "test.noted", "test:1", "{}"


LOCK = "select single from clock for no key update"


def test_a_row_lock_after_the_seq_is_refused(store: Store) -> None:
    with store.db.transaction(PROJECT) as tx:
        assert tx.lock(_Clock, LOCK)
        assert tx.seq
        with pytest.raises(LockAfterSeq, match="the seq is drawn"):
            tx.lock(_Clock, LOCK)


def test_appending_an_event_draws_no_seq_so_locks_may_follow(store: Store) -> None:
    with store.db.transaction(PROJECT) as tx:
        tx.append(Note())
        assert not tx.is_drawn
        assert tx.lock(_Clock, LOCK)


def test_a_verb_of_many_verbs_that_holds_all_rows_may_go_on_locking(store: Store) -> None:
    with store.db.transaction(PROJECT) as tx:
        tx.holds_all()
        assert tx.seq
        assert tx.lock(_Clock, LOCK)


class _Clock:
    def __init__(self, single: bool) -> None:
        self.single = single


def test_a_transaction_has_one_seq_and_its_events_are_numbered_from_zero(store: Store) -> None:
    with store.db.transaction(PROJECT) as tx:
        for _ in range(3):
            tx.append(Note())
        seq = tx.seq
        tx.append(Note())
        assert tx.seq == seq
    with store.db.transaction(PROJECT) as tx:
        assert tx.rows("select seq, n from event where project = %(project)s order by seq, n") == [
            (seq, n) for n in range(4)
        ]


def test_a_transaction_without_events_draws_nothing(store: Store) -> None:
    before = draw_and_commit(store)
    with store.db.transaction(PROJECT) as tx:
        tx.run("update clock set offset_by = offset_by")
    assert draw_and_commit(store) == before + 1


# Time


def test_time_stands_still_in_a_transaction_and_moves_only_for_tests(
    store: Store, move_clock: Callable[[dt.timedelta], None]
) -> None:
    with store.db.transaction(PROJECT) as tx:
        assert tx.now is tx.now
        assert tx.now.tzinfo is dt.UTC
        before = tx.now
    move_clock(dt.timedelta(days=400))
    with store.db.transaction(PROJECT) as tx:
        assert dt.timedelta(days=400) <= tx.now - before < dt.timedelta(days=401)
