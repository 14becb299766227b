"""Following the log: in order, whole transactions, exactly once, each follower for itself."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
import pytest

from penstock import engine, log, people
from penstock.log import Follower, Happening, follow
from penstock.log.follow import IDLE_LAG
from penstock.store import Store, Transaction, doctor, horizon


@dataclass(frozen=True)
class Noted:
    """An event, as far as a transaction knows."""

    text: str
    kind: str = "test.noted"

    def record(self) -> tuple[str, str, str]:
        return self.kind, f"test:{self.text}", "{}"


@dataclass
class Copier:
    """A follower that copies what it sees into a table of its own."""

    store: Store
    project: int
    name: str = "test.copier"
    kinds: frozenset[str] | Callable[[Transaction], frozenset[str]] = frozenset({"test.noted"})
    batch: int = 500
    batches: list[list[str]] = field(default_factory=list)
    poison: str | None = None
    between: Callable[[], None] = lambda: None

    @property
    def follower(self) -> Follower:
        return Follower(self.name, self.kinds, self._apply, self.batch)

    def _apply(self, tx: Transaction, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            text = happening.subject.removeprefix("test:")
            tx.run("insert into trial.copied (name, text) values (%(name)s, %(text)s)", name=self.name, text=text)
            if text == self.poison:
                raise ValueError(f"can't digest {text}")
        self.batches.append([happening.subject.removeprefix("test:") for happening in happenings])
        self.between()

    def step(self) -> int:
        return log.step(self.store.db, self.project, self.follower)

    @property
    def copied(self) -> list[str]:
        with self.store.db.transaction(self.project) as tx:
            return tx.values(str, "select text from trial.copied where name = %(name)s order by id", name=self.name)

    @property
    def cursor(self) -> tuple[int, str | None]:
        query = "select seq, trouble from cursor where project = %(project)s and name = %(name)s"
        with self.store.db.transaction(self.project) as tx:
            found = tx.rows(query, name=self.name)
        return found[0] if found else (0, None)


@pytest.fixture
def project(store: Store) -> int:
    with store.db.transaction(0) as tx:
        tx.run("create table trial.copied (id bigint generated always as identity, name text, text text)")
        return people.create_project(tx, "followed")


@pytest.fixture
def copier(store: Store, project: int) -> Copier:
    return Copier(store, project)


def note(store: Store, project: int, *texts: str, kind: str = "test.noted") -> int:
    """One transaction with these events; its seq."""
    with store.db.transaction(project) as tx:
        for text in texts:
            tx.append(Noted(text, kind))
        return tx.seq


def test_what_a_follower_keeps_is_behind_until_it_took_everything(store: Store, project: int, copier: Copier) -> None:
    def is_behind() -> bool:
        with store.db.transaction(project) as tx:
            return log.has_unread(tx, [copier.follower])

    assert not is_behind()
    with store.db.transaction(project) as tx:
        tx.append(Noted("a", kind="test.passed"))
    assert not is_behind()
    with store.db.transaction(project) as tx:
        tx.append(Noted("b"))
    assert is_behind()
    assert copier.step() == 1
    assert not is_behind()


def test_a_follower_gets_events_in_order_and_each_once(store: Store, copier: Copier) -> None:
    note(store, copier.project, "a", "b")
    note(store, copier.project, "c")
    assert copier.step() == 3
    assert copier.step() == 0
    note(store, copier.project, "d")
    assert copier.step() == 1

    assert copier.copied == ["a", "b", "c", "d"]


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5, 8, 500])
def test_a_batch_never_splits_a_transactions_events(store: Store, copier: Copier, batch: int) -> None:
    groups = [["a1"], ["b1", "b2", "b3", "b4", "b5"], ["c1", "c2"], ["d1"]]
    for group in groups:
        note(store, copier.project, *group)
    copier.batch = batch
    while copier.step():
        pass

    assert [text for batch in copier.batches for text in batch] == [text for group in groups for text in group]
    for group in groups:
        assert sum(group[0] in batch for batch in copier.batches) == 1
        assert sum(set(group) <= set(batch) for batch in copier.batches) == 1
    assert all(len(batch) <= max(copier.batch, 5) for batch in copier.batches)


def test_the_cursor_moves_with_the_effects_or_not_at_all(store: Store, copier: Copier) -> None:
    note(store, copier.project, "good")
    copier.step()
    before = copier.cursor
    note(store, copier.project, "also good", "bad")
    copier.poison = "bad"

    with pytest.raises(ValueError, match="can't digest bad"):
        copier.step()
    assert copier.copied == ["good"]
    assert copier.cursor == before

    copier.poison = None
    copier.step()
    assert copier.copied == ["good", "also good", "bad"]


def test_nothing_above_the_horizon_is_seen(store: Store, copier: Copier) -> None:
    with store.db.transaction(copier.project) as slow:
        early = slow.seq
        late = note(store, copier.project, "late")
        assert early < late
        assert copier.step() == 0
        slow.append(Noted("early"))
    copier.step()

    assert copier.copied == ["early", "late"]


def test_a_second_process_at_the_same_follower_leaves_it_to_the_first(store: Store, copier: Copier) -> None:
    note(store, copier.project, "before")
    copier.step()
    note(store, copier.project, "once")
    second: list[int] = []
    copier.between = lambda: second.append(copier.step())
    assert copier.step() == 1

    assert second == [0]
    assert copier.copied == ["before", "once"]


def test_two_processes_at_a_follower_that_never_ran_do_its_work_once(store: Store, copier: Copier) -> None:
    """The second waits for the first one's cursor, since there is none to skip yet."""
    note(store, copier.project, "once")
    second = threading.Thread(target=copier.step)
    copier.between = lambda: second.start() if second.ident is None else None
    assert copier.step() == 1
    second.join()
    assert copier.copied == ["once"]


def test_followers_go_at_their_own_pace(store: Store, copier: Copier) -> None:
    other = Copier(store, copier.project, name="test.other", batch=1)
    note(store, copier.project, "a")
    note(store, copier.project, "b")
    copier.step()
    other.step()
    assert (copier.copied, other.copied) == (["a", "b"], ["a"])
    other.step()
    assert other.copied == ["a", "b"]


def test_a_poisonous_event_stops_its_follower_alone_and_visibly(
    store: Store, copier: Copier, caplog: pytest.LogCaptureFixture
) -> None:
    other = Copier(store, copier.project, name="test.other")
    copier.poison = "bad"
    note(store, copier.project, "good", "bad")
    followers = [copier.follower, other.follower]

    assert engine.follow_all(store, copier.project, followers) == 2
    assert other.copied == ["good", "bad"]
    assert copier.copied == []
    assert copier.cursor == (0, "ValueError: can't digest bad")
    assert "follower test.copier" in caplog.text

    copier.poison = None  # mended
    note(store, copier.project, "more")
    assert engine.follow_all(store, copier.project, followers) == 4
    assert copier.copied == other.copied == ["good", "bad", "more"]
    assert copier.cursor[1] is None


def test_a_follower_sees_its_kinds_alone(store: Store, copier: Copier) -> None:
    note(store, copier.project, "mine")
    note(store, copier.project, "not mine", kind="test.ignored")
    copier.step()
    assert copier.copied == ["mine"]


def test_a_follower_may_change_its_mind_about_kinds(store: Store, copier: Copier) -> None:
    wished = {"test.noted"}
    copier.kinds = lambda _tx: frozenset(wished)
    note(store, copier.project, "a")
    copier.step()
    wished.add("test.second")
    note(store, copier.project, "b", kind="test.second")
    copier.step()
    assert copier.copied == ["a", "b"]


def test_another_projects_events_are_not_seen(store: Store, copier: Copier) -> None:
    with store.db.transaction(0) as tx:
        another = people.create_project(tx, "another")
    note(store, another, "theirs")
    note(store, copier.project, "ours")
    copier.step()
    assert copier.copied == ["ours"]


def test_a_cursor_keeps_up_with_a_log_of_other_kinds(store: Store, copier: Copier) -> None:
    """So that the first event of its own kind after a year doesn't make it read the year."""
    note(store, copier.project, "a")
    copier.step()
    before = copier.cursor[0]
    note(store, copier.project, "other", kind="test.ignored")
    copier.step()
    assert copier.cursor[0] == before  # not for one alone: that would be a write for every event and follower

    with store.db.transaction(copier.project) as tx:
        tx.value(int, "select setval('seq', (select last_value from seq) + %(lag)s)", lag=IDLE_LAG)
    copier.step()
    with store.db.transaction(copier.project) as tx:
        assert copier.cursor[0] == horizon(tx)


def test_reading_says_where_an_event_stands(store: Store, project: int) -> None:
    seq = note(store, project, "a", "b")
    with store.db.transaction(project) as tx:
        found = log.read(tx, seq - 1, horizon(tx), ["test.noted"])
    assert [(h.seq, h.n, h.kind, h.subject, h.actor, h.body) for h in found] == [
        (seq, 0, "test.noted", "test:a", None, {}),
        (seq, 1, "test.noted", "test:b", None, {}),
    ]


def test_only_followers_with_something_to_read_are_stepped(store: Store, copier: Copier) -> None:
    quiet = Follower("test.quiet", frozenset({"nothing.happens"}), lambda tx, found: None)
    both = [copier.follower, quiet]
    assert log.having_news(store.db, copier.project, both) == both  # neither ever ran: their cursors are missing
    for follower in both:
        log.step(store.db, copier.project, follower)
    assert log.having_news(store.db, copier.project, both) == []
    note(store, copier.project, "a")
    assert log.having_news(store.db, copier.project, both) == [copier.follower]


def test_an_event_that_can_never_be_taken_is_set_aside(
    store: Store, copier: Copier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "WAIT_SECONDS", (0,))
    copier.poison = "bad"
    _, bad, _ = [note(store, copier.project, *texts) for texts in (["a"], ["bad", "beside"], ["b"])]
    for _ in range(20):
        log.take(store.db, copier.project, copier.follower)

    assert copier.copied == ["a", "b"]
    assert copier.cursor[1] is None
    with store.db.transaction(copier.project) as tx:
        (setback,) = log.setbacks(tx)
    assert (setback.follower, setback.seq, setback.events, setback.state) == ("test.copier", bad, 2, "set_aside")
    assert setback.trouble == "ValueError: can't digest bad"
    assert any("can't digest bad" in finding.what for finding in doctor.examine(store.settings) if not finding.ok)


@pytest.mark.parametrize("error", [OSError("disk full"), psycopg.errors.UndefinedTable("no such table")])
def test_nothing_is_set_aside_for_what_is_no_events_fault(
    store: Store, copier: Copier, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(follow, "WAIT_SECONDS", (0,))
    note(store, copier.project, "a")

    def fail() -> None:
        raise error

    copier.between = fail
    for _ in range(10):
        assert log.take(store.db, copier.project, copier.follower) == 0
    with store.db.transaction(copier.project) as tx:
        assert [setback.state for setback in log.setbacks(tx)] == ["stopped"]
    copier.between = lambda: None
    assert log.take(store.db, copier.project, copier.follower) == 1
    assert copier.copied == ["a"]


def test_a_follower_that_failed_twice_waits(store: Store, copier: Copier) -> None:
    copier.poison = "bad"
    note(store, copier.project, "bad")
    for _ in range(2):
        log.take(store.db, copier.project, copier.follower)
    copier.poison = None
    assert log.take(store.db, copier.project, copier.follower) == 0
    with store.db.transaction(copier.project) as tx:
        tx.run("update cursor set waits_until = moment() where project = %(project)s")
    assert log.take(store.db, copier.project, copier.follower) == 1
