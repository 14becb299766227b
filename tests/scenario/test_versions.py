"""Versions and followers while 8 writers write: what a version shows never changes, and a follower sees all, once.

The writers draw and erase, add files and take them out, in real transactions on the real database. Every third of them
commits behind a transaction that began later, which is what a plain counter can't cope with.
"""

import hashlib
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import msgspec
import pytest

from penstock import datasets, files, log, people, schema
from penstock.annotations import branches, rows
from penstock.annotations.model import Create, Delete, encode
from penstock.core.ids import new_uuid
from penstock.datasets import versions
from penstock.datasets.model import Version
from penstock.files import NewFile, Probe
from penstock.log import Follower, Happening
from penstock.schema import WantedLabel, WantedSchema
from penstock.store import Store, Transaction

WRITERS = 8
VERSIONS = 10
MOST_WRITES = 300  #: of one writer: a bound for a machine on which naming hardly gets its turn
PROBE = Probe(media="image", mime="image/png", width=640, height=480)


@dataclass(frozen=True)
class Noted:
    """An event, as far as a transaction knows."""

    def record(self) -> tuple[str, str, str]:
        return "test.noted", "test:1", "{}"


@dataclass(frozen=True)
class Lab:
    """A dataset of files, and ways to write on it and to look at it."""

    store: Store
    project: int
    dataset: int
    files: Sequence[int]
    label: int

    def draw(self, tx: Transaction, file: int) -> UUID:
        id = new_uuid()
        rows.edit(tx, file, [Create(id=id, kind="box", label=self.label, geometry=msgspec.Raw(b"[1,2,30,40]"))])
        return id

    def shown(self, version: Version) -> str:
        """A hash of all that a version shows."""
        digest = hashlib.sha256()
        with self.store.db.transaction(self.project) as tx:
            page = versions.entries(tx, version.id, limit=1000)
            digest.update(repr([(entry.id, entry.file, entry.cause) for entry in page.items]).encode())
            for file, annotations in rows.stream(tx, branches.main(tx), version.seq, self.files):
                digest.update(b"%d " % file + encode(annotations))
        return digest.hexdigest()

    def holds(self, version: Version, file: int, annotation: UUID) -> bool:
        with self.store.db.transaction(self.project) as tx:
            return annotation in {found.id for found in rows.read(tx, branches.main(tx), file, version.seq)}

    def write(self, stop: threading.Event, seed: int) -> int:
        """What one writer does until it is told to stop; how many transactions."""
        rng = random.Random(seed)
        mine: list[tuple[int, UUID]] = []
        for n in range(MOST_WRITES):
            if stop.is_set():
                return n
            self.store.db.perform(self._verb(rng, mine, is_late=n % 3 == 0), self.project)
        return MOST_WRITES

    def _verb(self, rng: random.Random, mine: list[tuple[int, UUID]], is_late: bool) -> Callable[[Transaction], None]:
        what, file = rng.choice(("draw", "draw", "erase", "add", "remove")), rng.choice(self.files)

        def verb(tx: Transaction) -> None:
            if what == "add":
                datasets.add(tx, self.dataset, [file], {"kind": "person"})
            elif what == "remove":
                datasets.remove(tx, self.dataset, [file], {"kind": "person"})
            elif what == "erase" and mine:
                where, id = mine.pop()
                rows.edit(tx, where, [Delete(id=id)])
            else:
                mine.append((file, self.draw(tx, file)))
            if is_late:
                assert tx.seq
                with self.store.db.transaction(self.project) as overtaking:
                    overtaking.append(Noted())

        return verb

    @contextmanager
    def load(self) -> Iterator[list[Future[int]]]:
        """Eight writers at work for as long as the block lasts."""
        stop = threading.Event()
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="writer") as pool:
            try:
                writers = [pool.submit(self.write, stop, seed) for seed in range(WRITERS)]
                yield writers
            finally:
                stop.set()
        assert sum(writer.result() for writer in writers) > 0


@pytest.fixture
def lab(store: Store) -> Lab:
    project = store.db.perform(lambda tx: people.create_project(tx, "lab"), 0)
    wanted = WantedSchema(labels={"cell": WantedLabel()})
    made = store.db.perform(lambda tx: schema.replace(tx, wanted), project)
    news = [NewFile(key=f"{n:02}.png", hash=f"{n:064}", bytes=9, probe=PROBE) for n in range(24)]
    found = [known.file for known in store.db.perform(lambda tx: files.register_many(tx, news), project)]
    dataset = store.db.perform(lambda tx: datasets.create(tx, "cells"), project)
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, found, {"kind": "person"}), project)
    return Lab(store, project, dataset.id, found, made.labels[0].id)


def test_a_version_named_while_8_writers_write_never_changes_afterwards(lab: Lab) -> None:
    first_seen: list[tuple[Version, str]] = []
    with lab.load() as writers:
        for n in range(VERSIONS):
            own = lab.store.db.perform(lambda tx: lab.draw(tx, lab.files[0]), lab.project)
            version = versions.name(lab.store.db, lab.project, lab.dataset, f"v{n}")
            first_seen.append((version, lab.shown(version)))
            assert lab.holds(version, lab.files[0], own)  # what was acknowledged before it was named is in it
        assert not all(writer.done() for writer in writers)

    assert [lab.shown(version) for version, _ in first_seen] == [shown for _, shown in first_seen]
    assert len({shown for _, shown in first_seen}) == VERSIONS  # there was something to change


def test_a_follower_beside_8_writers_neither_skips_nor_repeats_an_event(lab: Lab) -> None:
    with lab.store.db.transaction(0) as tx:
        tx.run("create table trial.seen (id bigint generated always as identity, seq bigint, n int)")

    def copy(tx: Transaction, happenings: Sequence[Happening]) -> None:
        tx.many(
            "insert into trial.seen (seq, n) values (%(seq)s, %(n)s)", [{"seq": h.seq, "n": h.n} for h in happenings]
        )

    kinds = frozenset(
        {"annotations.edited", "dataset.file_added", "dataset.file_removed", "test.noted", "version.named"}
    )
    follower = Follower("test.copier", kinds, copy, batch=20)

    def follow(stop: threading.Event) -> int:
        """One of two processes that both run the follower."""
        batches = 0
        while not stop.is_set():
            batches += log.step(lab.store.db, lab.project, follower) > 0
        return batches

    stop = threading.Event()
    with ThreadPoolExecutor(2, thread_name_prefix="follower") as pool:
        try:
            both = [pool.submit(follow, stop) for _ in range(2)]
            with lab.load():
                for n in range(VERSIONS):
                    versions.name(lab.store.db, lab.project, lab.dataset, f"v{n}")
        finally:
            stop.set()
    while log.step(lab.store.db, lab.project, follower):
        pass

    with lab.store.db.transaction(lab.project) as tx:
        written = tx.rows(
            "select seq, n from event where project = %(project)s and kind = any(%(kinds)s) order by seq, n",
            kinds=sorted(kinds),
        )
        assert tx.rows("select seq, n from trial.seen order by id") == written
    assert len(written) > VERSIONS * WRITERS
    assert sum(process.result() for process in both) > 1  # it followed along, not only at the end
