"""Bytes that nothing uses go, and nothing else does."""

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path

from penstock import engine, files, jobs
from penstock.files import NewFile, sweeping, tables
from penstock.people import create_project
from penstock.store import Store
from penstock.store.blobs import Blobs, Swept

OLD = time.time() - 3 * 86400


def age(path: Path) -> None:
    os.utime(path, (OLD, OLD))


def test_unused_bytes_go_with_what_was_derived_from_them(store: Store) -> None:
    project = store.db.perform(lambda tx: create_project(tx, "cells"), 0)
    used, replaced, unused, fresh = (store.blobs.put(text) for text in (b"used", b"replaced", b"unused", b"fresh"))
    for blob in (replaced, used):  # under one key, one after the other
        new = NewFile(key="a.png", hash=blob.hash, bytes=blob.bytes)
        store.db.perform(lambda tx, new=new: files.register_many(tx, [new]), project)
    for blob in (used, replaced, unused):
        store.blobs.derived.put(f"{blob.hash}.thumbnail", b"small")
        age(store.blobs.path(blob.hash))
    assert sweeping.sweep(store) == Swept(1, len(b"unused"))
    assert [store.blobs.has(blob.hash) for blob in (used, replaced, unused, fresh)] == [True, True, False, True]
    assert store.blobs.derived.get(f"{unused.hash}.thumbnail") is None
    assert store.blobs.derived.get(f"{used.hash}.thumbnail") == b"small"
    assert sweeping.sweep(store) == Swept(0, 0)


def test_bytes_that_come_again_count_as_new(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    one, many = blobs.put(b"one"), blobs.put_many([b"two", b"three"])
    for blob in (one, *many):
        age(blobs.path(blob.hash))
    blobs.put(b"one")
    blobs.put_many([b"two", b"four"])
    assert blobs.sweep(lambda _: ()) == Swept(1, len(b"three"))


def test_bytes_that_come_while_a_sweep_looks_stay(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blob = blobs.put(b"in flight")
    age(blobs.path(blob.hash))

    def used(_: object) -> list[str]:
        blobs.put(b"in flight")  # its row is not there yet
        return []

    assert blobs.sweep(used) == Swept(0, 0)
    assert blobs.has(blob.hash)


def test_uploads_that_nobody_used_are_forgotten_after_a_month(
    store: Store, move_clock: Callable[[dt.timedelta], None]
) -> None:
    blob = store.blobs.put(b"sent")
    with store.db.transaction(1) as tx:
        tables.keep_upload(tx, "a.png", blob.hash, blob.bytes)
    age(store.blobs.path(blob.hash))
    assert sweeping.sweep(store) == Swept(0, 0)
    move_clock(dt.timedelta(days=31))
    assert sweeping.sweep(store) == Swept(1, 4)


def test_it_runs_each_day(store: Store, move_clock: Callable[[dt.timedelta], None]) -> None:
    with store.db.transaction(0) as tx:
        jobs.at(tx, tx.now, "files.sweep", key="files.sweep", queue="bulk")
    engine.drain(store)
    age(store.blobs.path(store.blobs.put(b"unused").hash))
    move_clock(dt.timedelta(days=1, minutes=1))
    engine.drain(store)
    assert not [path for path in (store.blobs.root / "content").rglob("*") if path.is_file()]
