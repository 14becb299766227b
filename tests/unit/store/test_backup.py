"""A backup holds everything, is whole or isn't there, and makes an installation that is the same."""

import errno
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from databases import Postgres
from penstock import datasets, files, people
from penstock import store as stores
from penstock.core import Settings
from penstock.datasets import versions
from penstock.files import NewFile
from penstock.store import Store, backup, bundle, recovery

PERSON = {"kind": "person", "person": 1}


@pytest.fixture
def project(store: Store) -> int:
    return store.db.perform(lambda tx: people.create_project(tx, "cells"), 0)


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"{postgres.name}_restored"
    postgres.admin(f"create database {name}")
    yield postgres.database(name)
    postgres.admin(f"drop database {name} with (force)")


@pytest.fixture
def filled(store: Store, project: int) -> int:
    """A dataset with files, some retired rows, a version, and odd characters everywhere."""

    def fill(n: int) -> list[int]:
        blob = store.blobs.put(f"bytes {n}".encode())
        new = NewFile(key=f"a {n} \\ \u00e9.png", hash=blob.hash, bytes=blob.bytes)
        return [r.file for r in store.db.perform(lambda tx: files.register_many(tx, [new]), project)]

    made = [file for n in range(5) for file in fill(n)]
    dataset = store.db.perform(lambda tx: datasets.create(tx, "gold"), project)
    store.db.perform(lambda tx: datasets.add(tx, dataset.id, made, PERSON), project)
    store.db.perform(lambda tx: datasets.remove(tx, dataset.id, made[:1], PERSON), project)
    versions.name(store.db, project, dataset.id, "v1", "a tab\t a line\n a \\N and \\.")
    store.blobs.derived.put("import-1-1-ab.spool", b"[]", durable=True)
    (store.settings.home / "exports").mkdir()
    (store.settings.home / "exports" / "7.zip").write_bytes(b"PK")
    return dataset.id


def everything(dsn: str, home: Path) -> dict[str, str]:
    """Each table, blob and other file of an installation, as a hash."""
    found: dict[str, str] = {}
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("set timezone = 'UTC'")
        for table in backup.tables(conn):
            rows = sorted(map(str, conn.execute(f"select t::text from public.{table.name} t").fetchall()))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    for part in ("key", "blobs/content", "blobs/derived", "exports"):
        for path in [home / part] if (home / part).is_file() else sorted((home / part).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(home))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.mark.parametrize("name", ["safe", "safe.tar"])
def test_what_is_restored_is_equal(
    store: Store, filled: int, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    done = backup.write(store.settings, tmp_path / name)
    assert (done.blobs, done.missing) == (5, [])
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", empty)
    made = recovery.restore(tmp_path / name, tmp_path / "new")
    before = everything(store.settings.database_url or "", store.settings.home)
    assert len(before) > 40
    assert everything(empty, tmp_path / "new") == before
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]

    opened = store_opened(made)
    try:
        with opened.db.transaction(1) as tx:
            (version,) = versions.list_(tx).items
            assert version.note == "a tab\t a line\n a \\N and \\."
            assert [e.key for e in versions.entries(tx, version.id).items] == [
                f"a {n} \\ \u00e9.png" for n in range(1, 5)
            ]
            assert opened.blobs.get(files.get(tx, versions.entries(tx, version.id).items[0].file).hash) == b"bytes 1"
        added = opened.db.perform(lambda tx: (datasets.create(tx, "new"), tx.seq)[1], 1)
        assert added > recovery.GAP
    finally:
        opened.close()


def test_what_a_killed_backup_left_goes_with_the_next(tmp_path: Path) -> None:
    for name in ("dead", "alive"):
        (tmp_path / f".penstock-backup-{name}.part").mkdir()
        (tmp_path / f".penstock-backup-{name}.part" / "half").touch()
        (tmp_path / f".penstock-backup-{name}.lock").touch()
        os.utime(tmp_path / f".penstock-backup-{name}.lock", (1, 1))
    with (tmp_path / ".penstock-backup-alive.lock").open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with bundle.write(tmp_path / "new", {}) as writer:
            writer.add("a", b"b")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"new", ".penstock-backup-alive.part", ".penstock-backup-alive.lock"}


def test_a_full_disk_is_told_with_the_name_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No space left.*new\.tar"), bundle.write(tmp_path / "new.tar", {}):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list(tmp_path.iterdir())


def test_a_database_that_goes_away_is_told(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup.write(store.settings, tmp_path / "safe" / "whole")
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", "postgresql://127.0.0.1:1/nobody")
    gone = store.settings.model_copy(update={"database_url": "postgresql://127.0.0.1:1/nobody"})
    with pytest.raises(backup.DatabaseLost, match="doctor"):
        backup.write(gone, tmp_path / "safe" / "new")
    with pytest.raises(backup.DatabaseLost, match="doctor"):
        recovery.restore(tmp_path / "safe" / "whole", tmp_path / "safe" / "home")
    assert [path.name for path in (tmp_path / "safe").iterdir()] == ["whole"]


def store_opened(settings: Settings) -> Store:
    return stores.open(settings)


def test_people_go_on_writing_meanwhile(
    store: Store, project: int, filled: int, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, written = threading.Event(), [0]

    def work() -> None:
        while not stop.is_set():
            written[0] += 1
            blob = store.blobs.put(f"more {written[0]}".encode())
            new = NewFile(key=f"more {written[0]}", hash=blob.hash, bytes=blob.bytes)

            def verb(tx: stores.Transaction, new: NewFile = new) -> None:
                made = [r.file for r in files.register_many(tx, [new])]
                datasets.add(tx, filled, made, PERSON)

            store.db.perform(verb, project)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while written[0] < 5:
            stop.wait(0.01)
        backup.write(store.settings, tmp_path / "safe")
    finally:
        stop.set()
        thread.join()
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", empty)
    opened = store_opened(recovery.restore(tmp_path / "safe", tmp_path / "new"))
    try:
        with opened.db.transaction(project) as tx:
            held = datasets.entries(tx, filled, limit=1000).items
            # Whole transactions only: each file has its entry, and its bytes.
            assert tx.value(int, "select count(*) from file where key like 'more %%'") == len(held) - 4
            assert all(opened.blobs.has(files.get(tx, entry.file).hash) for entry in held)
    finally:
        opened.close()


def test_half_a_backup_is_not_taken_for_a_whole_one(
    store: Store, filled: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.write(store.settings, tmp_path / "safe.tar")
    backup.write(store.settings, tmp_path / "safe")
    whole = (tmp_path / "safe.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "bent.tar").write_bytes(whole.replace(b"bytes 3", b"bytes X"))
    (tmp_path / "safe" / "manifest.json").unlink()
    (tmp_path / "text").write_text("hello")
    for name in ("cut.tar", "bent.tar", "safe", "text"):
        with pytest.raises(bundle.BundleDamaged):
            recovery.restore(tmp_path / name, tmp_path / "new")
        assert not (tmp_path / "new").exists()

    def burst(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_write_home", burst)
    with pytest.raises(OSError, match="No space"):
        backup.write(store.settings, tmp_path / "later")
    assert not [path.name for path in tmp_path.iterdir() if "later" in path.name]


def test_nothing_is_overwritten(store: Store, filled: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup.write(store.settings, tmp_path / "safe")
    with pytest.raises(bundle.BundleTaken):
        backup.write(store.settings, tmp_path / "safe")
    with pytest.raises(recovery.HomeNotEmpty):
        recovery.restore(tmp_path / "safe", store.settings.home)
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", store.settings.database_url or "")
    with pytest.raises(recovery.DatabaseNotEmpty):
        recovery.restore(tmp_path / "safe", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_restore_that_was_killed_leaves_a_home_that_nobody_opens(
    store: Store, filled: int, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: object) -> None:
        raise KeyboardInterrupt

    backup.write(store.settings, tmp_path / "safe")
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", empty)
    monkeypatch.setattr(recovery, "_write_rows", burst)
    with pytest.raises(KeyboardInterrupt):
        recovery.restore(tmp_path / "safe", tmp_path / "new")
    with pytest.raises(recovery.HomeHalfRestored):
        store_opened(Settings(home=tmp_path / "new", database_url=empty))


def test_a_backup_is_closed_to_others(store: Store, filled: int, tmp_path: Path) -> None:
    backup.write(store.settings, tmp_path / "safe")
    backup.write(store.settings, tmp_path / "safe.tar")
    paths = [tmp_path / "safe", tmp_path / "safe.tar", tmp_path / "safe" / "home" / "key"]
    assert [oct(path.stat().st_mode & 0o077) for path in paths] == ["0o0"] * 3
