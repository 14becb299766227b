"""An open installation: its settings, its database, its bytes and its master key."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from penstock.core import Settings, Unavailable
from penstock.store import embedded, migrate, recovery
from penstock.store.blobs import Blobs
from penstock.store.db import Database


class HomeUnusable(Unavailable):
    """The home folder {home} can't be used: {why}. Give another by PENSTOCK_HOME, or mend its rights."""


@dataclass(frozen=True)
class Store:
    """Everything durable. One per process; close it at the end."""

    settings: Settings
    db: Database
    blobs: Blobs
    key: bytes = field(repr=False)
    release: Callable[[], None]

    def close(self) -> None:
        self.db.close()
        self.release()


def open_store(settings: Settings, application: str = "penstock") -> Store:
    """Open an installation, making what is missing: home, key, embedded PostgreSQL, schema. Safe to repeat.

    Raises HomeUnusable, HomeHalfRestored, DatabaseTooOld, DatabaseTooNew.
    """
    home = settings.home
    recovery.check(home)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = master_key(home / "key")
    except OSError as error:
        raise HomeUnusable(home=home, why=error.strerror or error) from error
    if settings.database_url:
        dsn, revive, release = settings.database_url, None, _nothing
    else:
        server = embedded.start(home)
        dsn, revive, release = server.dsn, server.revive, server.close
    try:
        migrate.upgrade(dsn)
        db = Database(dsn, revive=revive, application=application)
    except BaseException:
        release()
        raise
    return Store(settings=settings, db=db, blobs=Blobs(home / "blobs"), key=key, release=release)


def master_key(file: Path) -> bytes:
    """The 32 bytes that seal this installation's secrets, made at first use. Safe to call from many processes."""
    if not file.exists():
        draft = file.with_name(f".key-{os.getpid()}-{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, secrets.token_bytes(32))
            os.fsync(handle)
        finally:
            os.close(handle)
        try:
            os.link(draft, file)  # fails when another process was first: its key stands
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = file.read_bytes()
    if len(key) != 32:
        raise OSError(None, f"its key file has {len(key)} bytes in place of 32")
    return key


def _nothing() -> None:
    pass
