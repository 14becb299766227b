"""The follower of progress, on the real log."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from penstock import log, metrics
from penstock.core import NotFound
from penstock.metrics import Mark, Progress
from penstock.metrics.followers import FOLLOWERS
from penstock.store import Store

PROJECT = 7
NEXT = {"open": "in_progress", "in_progress": "done", "done": "open"}


@dataclass
class Move:
    """A task event, as the tasks room writes it."""

    name: str
    task: int
    was: str | None
    now: str
    template: int = 3

    def record(self) -> tuple[str, str, str]:
        body = {"task": self.task, "template": self.template, "was": self.was, "now": self.now}
        return self.name, f"task:{self.task}", json.dumps(body)


def opened(task: int) -> Move:
    return Move("task.opened", task, None, "open")


def done(task: int) -> Move:
    return Move("task.done", task, "open", "done")


def write(store: Store, *moves: Move) -> int:
    with store.db.transaction(PROJECT) as tx:
        for move in moves:
            tx.append(move)
        return tx.seq


def follow(store: Store) -> None:
    while log.step(store.db, PROJECT, FOLLOWERS[0]):
        pass


def arm(store: Store, **mark: Any) -> None:
    with store.db.transaction(PROJECT) as tx:
        metrics.arm(tx, 3, "action:1", Mark(**mark))


def reached(store: Store) -> list[tuple[str, int, int, int]]:
    with store.db.transaction(PROJECT) as tx:
        bodies = tx.values(
            dict[str, Any],
            "select body from event where project = %(project)s and kind = 'template.progress_reached' order by seq, n",
        )
    return [(body["mark"], body["done"], body["total"], body["as_of"]) for body in bodies]


def progress(store: Store) -> Progress:
    with store.db.transaction(PROJECT) as tx:
        return metrics.progress(tx, 3)


def test_progress_counts_every_move_once(store: Store) -> None:
    write(store, *map(opened, range(5)))
    last = write(
        store, done(0), Move("task.skipped", 1, "open", "skipped"), Move("task.cancelled", 2, "open", "cancelled")
    )
    follow(store)
    follow(store)
    found = progress(store)
    assert (found.done, found.total, found.skipped, found.cancelled, found.as_of) == (1, 3, 1, 1, last)


def test_the_very_event_that_crosses_fires_even_inside_a_batch(store: Store) -> None:
    arm(store, reaches="25%")
    write(store, *map(opened, range(20)))
    seqs = [write(store, done(task)) for task in range(10)]
    follow(store)
    assert reached(store) == [("25%", 5, 20, seqs[4])]


def test_two_tasks_that_finish_at_the_same_instant_fire_once(store: Store) -> None:
    arm(store, reaches="25%")
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(4)))
    with store.db.transaction(PROJECT) as first, store.db.transaction(PROJECT) as second:
        first.append(done(4))
        second.append(done(5))
        earlier = min(first.seq, second.seq)
        follow(store)
        assert reached(store) == []
    follow(store)
    assert reached(store) == [("25%", 5, 20, earlier)]


def test_a_later_commit_of_an_earlier_revision_is_not_overtaken(store: Store) -> None:
    arm(store, reaches="25%")
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(4)))
    with store.db.transaction(PROJECT) as slow:
        slow.append(done(4))
        mine = slow.seq
        write(store, done(5))
        follow(store)
        assert reached(store) == []
    follow(store)
    assert reached(store) == [("25%", 5, 20, mine)]


def test_files_that_push_progress_back_do_not_fire_again(store: Store) -> None:
    arm(store, reaches="25%")
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(5)))
    write(store, *map(opened, range(100, 180)))
    write(store, *map(done, range(100, 150)))
    follow(store)
    assert len(reached(store)) == 1


def test_reopening_lowers_done_and_never_fires_again(store: Store) -> None:
    arm(store, reaches="25%")
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(5)))
    write(store, Move("task.reopened", 0, "done", "open"))
    follow(store)
    assert progress(store).done == 4
    write(store, done(0))
    follow(store)
    assert len(reached(store)) == 1


def test_a_cancellation_can_cross(store: Store) -> None:
    arm(store, reaches="25%", at_least=10)
    write(store, *map(opened, range(21)))
    write(store, *map(done, range(5)))
    follow(store)
    assert reached(store) == []
    seq = write(store, Move("task.cancelled", 20, "open", "cancelled"))
    follow(store)
    assert reached(store) == [("25%", 5, 20, seq)]


def test_moves_that_change_no_count_fire_nothing(store: Store) -> None:
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(10)))
    follow(store)
    arm(store, reaches="25%")
    write(store, Move("task.claimed", 15, "open", "in_progress"))
    follow(store)
    assert reached(store) == []
    write(store, Move("task.done", 15, "in_progress", "done"))
    follow(store)
    assert [mark for mark, *_ in reached(store)] == ["25%"]


def test_events_before_arming_do_not_count_however_late_they_are_read(store: Store) -> None:
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(10)))
    arm(store, every="25%")
    follow(store)
    assert reached(store) == []
    seq = write(store, *map(done, range(10, 15)))
    follow(store)
    assert reached(store) == [("75%", 15, 20, seq)]


def test_one_event_can_cross_several_marks(store: Store) -> None:
    arm(store, every="5 tasks")
    write(store, *map(opened, range(20)))
    seq = write(store, *map(done, range(11)))
    follow(store)
    assert reached(store) == [("5 tasks", 5, 20, seq), ("10 tasks", 10, 20, seq)]


def test_arming_again_changes_nothing_and_rearming_by_hand_fires_again(store: Store) -> None:
    arm(store, reaches="25%")
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(5)))
    follow(store)
    arm(store, reaches="25%")
    write(store, done(5))
    follow(store)
    assert len(reached(store)) == 1
    with store.db.transaction(PROJECT) as tx:
        metrics.rearm(tx, 3, "action:1")
    write(store, done(6))
    follow(store)
    assert [(mark, count) for mark, count, *_ in reached(store)] == [("25%", 5), ("25%", 7)]


def test_disarmed_marks_are_silent(store: Store) -> None:
    arm(store, reaches="25%")
    with store.db.transaction(PROJECT) as tx:
        metrics.disarm(tx, "action:1")
        metrics.disarm(tx, "action:1")
    write(store, *map(opened, range(20)))
    write(store, *map(done, range(20)))
    follow(store)
    assert reached(store) == []
    with pytest.raises(NotFound), store.db.transaction(PROJECT) as tx:
        metrics.rearm(tx, 3, "action:1")


def test_arming_says_so_in_the_log(store: Store, wrote: Callable[[int], Any]) -> None:
    with wrote(PROJECT) as written:
        arm(store, reaches="25%")
        arm(store, reaches="25%")
        arm(store, every="25%")
    assert written.kinds == ["template.progress_armed", "template.progress_armed"]
