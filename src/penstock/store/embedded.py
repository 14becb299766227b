"""Starts, shares and stops the embedded PostgreSQL of one home.

Its law: only a connection tells whether the server is up. Process ids get reused, and their files outlive crashes.

`start.lock` is held exclusively around each start and stop, so that these happen one at a time. Each process holds
`users.lock` shared while it uses the server; the kernel drops it even on kill -9. The last one out stops the server.
"""

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psycopg

from penstock.core.errors import Unavailable
from penstock.store import place as places
from penstock.store.place import Place

RECOVERY_SECONDS = 600.0
"""How long a server that says it is starting may take: a crash recovery reads up to `max_wal_size` of log."""
GRACE_SECONDS = 10.0
"""How long a server that does not answer may still be on its way up or out."""
STOP_SECONDS = 60.0
CONNECT_SECONDS = 20
"""How long the server may take to answer when it is up: longer means that it hangs."""
LOG_LIMIT_BYTES = 16 * 1024 * 1024

CONFIG = """\
# Written by Penstock at every start. Your own settings go into {own}, which wins.
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
cluster_name = '{title}'
max_connections = 100
# Nothing acknowledged is ever lost.
fsync = on
synchronous_commit = on
full_page_writes = on
# Not minimal: what a transaction does to its own new tables and sequences would not be logged as it happens, and a
# sequence drawn from in there goes back after a crash.
wal_level = replica
max_wal_senders = 0
# Less, and it is written over again while it is in memory still: a bulk import takes a tenth less time than with 1 GB.
max_wal_size = 384MB
wal_buffers = 8MB
min_wal_size = 80MB
# Small when idle, quick on one machine.
shared_buffers = 64MB
work_mem = 16MB
maintenance_work_mem = 64MB
effective_cache_size = 1GB
random_page_cost = 1.1
io_method = sync
jit = off
# Parallel queries need shared memory that containers often lack, and starve the other writers of a small machine.
max_parallel_workers_per_gather = 0
max_logical_replication_workers = 0
# Statements are planned while tables are empty and keep those plans until the tables are analyzed: with the minute that
# is usual, a query that takes 8 ms took 500 for all of a new project's first minute.
autovacuum_naptime = '10s'
# A forgotten transaction must not hold back everybody's horizon.
idle_in_transaction_session_timeout = '60s'
# A backend whose client was killed gives its locks back soon.
client_connection_check_interval = '{check}'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
logging_collector = off
log_line_prefix = '%m [%p] '
log_checkpoints = off
include_if_exists = '{own}'
"""


class DatabaseFailed(Unavailable):
    """The embedded database did not start. Its log, {log}, ends with:
    {tail}"""


class DatabaseHangs(Unavailable):
    """The embedded database (process {pid}) is there but doesn't answer. End that process, then start again; nothing
    that was acknowledged is lost. Its log is {log}."""


class DiskFull(Unavailable):
    """The disk that holds {folder} is full, so the embedded database can't run. Free some space and start again;
    nothing that was acknowledged is lost."""


class DatabaseOfAnotherVersion(Unavailable):
    """The database in {folder} was made by PostgreSQL {found}, and this Penstock brings {ours}. Start it once with the
    Penstock that made it and export, or name a PostgreSQL {found} in PENSTOCK_DATABASE_URL."""


class DatabaseInUse(Unavailable):
    """The database of {home} is in use. Stop every Penstock process that uses this home first."""


State = Literal["up", "coming", "down"]


@dataclass(slots=True)
class Server:
    """This process's share in the running database of one home."""

    dsn: str
    """How to connect, for libpq."""
    place: Place
    _users: int = field(repr=False)
    _process: int = field(default_factory=os.getpid, repr=False)

    def revive(self) -> None:
        """Start the server again if it died. Cheap and safe to repeat."""
        with _starting(self.place):
            _ensure(self.place)

    def close(self) -> None:
        """Leave; the last one out stops the server. Safe to repeat."""
        if self._users < 0:
            return
        descriptor, self._users = self._users, -1
        atexit.unregister(self.close)
        if self._process != os.getpid():  # inherited over a fork: the parent still counts
            os.close(descriptor)
            return
        with _starting(self.place):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                _stop(self.place)
            finally:
                os.close(descriptor)


def start(home: Path) -> Server:
    """The running database of this home: made, started or joined, whichever is needed.

    Raises a refusal that says what to do when it can't run. Close the result to leave.
    """
    place = places.find(home)
    with _starting(place):
        users = _open_lock(place.folder / "users.lock")
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure(place)
        except BaseException:
            os.close(users)
            raise
    server = Server(dsn=place.dsn, place=place, _users=users)
    atexit.register(server.close)
    return server


def erase(home: Path) -> None:
    """Delete the database of a home that nobody uses. Safe to repeat."""
    place = places.find(home)
    with _starting(place):
        users = _open_lock(place.folder / "users.lock")
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatabaseInUse(home=home) from error
        else:
            _stop(place)
            places.remove(home, place)
        finally:
            os.close(users)


@contextmanager
def _starting(place: Place) -> Generator[None]:
    descriptor = _open_lock(place.folder / "start.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _ensure(place: Place) -> None:
    """Called under `start.lock`."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (state := _state(place)) != "up":
        pid = _live_postmaster(place)
        if state == "down" and pid is None:
            _launch(place)
            return
        if state == "coming":
            deadline = max(deadline, time.monotonic() + GRACE_SECONDS)
        elif pid is not None and time.monotonic() > deadline:  # nobody can reach it: its socket was removed
            _end(place, pid)
        time.sleep(0.02)


def _state(place: Place) -> State:
    try:
        with psycopg.connect(place.dsn, connect_timeout=CONNECT_SECONDS, dbname="postgres"):
            return "up"
    except psycopg.errors.ConnectionTimeout as error:
        raise DatabaseHangs(pid=_noted_pid(place), log=place.log) from error
    except psycopg.OperationalError as error:
        said = str(error)
    if "FATAL" not in said:
        return "down"
    if "starting up" in said or "shutting down" in said or "not yet accepting" in said or "in recovery" in said:
        return "coming"
    if "too many clients" in said or "connection slots" in said:
        return "up"
    raise DatabaseFailed(log=place.log, tail=said)


def _launch(place: Place) -> None:
    """Called when no postmaster of ours is alive."""
    if not place.data.exists():
        _initialise(place)
    found = (place.data / "PG_VERSION").read_text().strip()
    if found != str(places.MAJOR):
        raise DatabaseOfAnotherVersion(folder=place.data, found=found, ours=places.MAJOR)
    _configure(place)
    _end_orphans(place)
    _disown_stale_pids(place)
    if place.log.exists() and place.log.stat().st_size > LOG_LIMIT_BYTES:
        place.log.replace(place.log.with_name("log.1"))
    log = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(log).st_size
        process = _postgres(place, log)
    finally:
        os.close(log)
    # Reaped at once when it ends: a zombie would still count as alive for the next postmaster.
    threading.Thread(target=process.wait, name="penstock-postgres", daemon=True).start()
    _await(place, process, before)
    with psycopg.connect(place.dsn, dbname="postgres", autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = 'penstock'").fetchone() is None:
            connection.execute("create database penstock")


def _postgres(place: Place, log: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [place.binaries / "postgres", "-D", place.data],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        umask=0o077,
        **place.switch(),
    )


def _initialise(place: Place) -> None:
    """Make the data folder; half of one is never seen under its final name."""
    fresh = place.folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    place.own(fresh)
    command = [place.binaries / "initdb", "-D", fresh, "-U", places.SYSTEM_USER, "--auth=peer", "--no-instructions"]
    # The builtin C.UTF-8 sorts alike on every platform, so an index survives a move to another.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [*command, *locale],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
        env=_environment(),
        check=False,
        **place.switch(),
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        if "No space left" in done.stdout:
            raise DiskFull(folder=place.folder)
        raise DatabaseFailed(log=place.log, tail=done.stdout.strip()[-2000:])
    fresh.rename(place.data)
    descriptor = os.open(place.folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _environment() -> dict[str, str]:
    """No PG* variable, locale or library path of the caller reaches the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def _configure(place: Place) -> None:
    def quoted(path: Path) -> str:
        return str(path).replace("'", "''")

    users = sorted({place.me, place.user.pw_name})
    files = {
        "postgresql.conf": CONFIG.format(
            socket=quoted(place.socket),
            title=place.title,
            own=quoted(place.folder / "own.conf"),
            check="10s" if os.uname().sysname == "Linux" else "0",
        ),
        "pg_hba.conf": "# Only the users of this machine that pg_ident.conf names; no password, no network.\n"
        "local all all peer map=penstock\n",
        "pg_ident.conf": "".join(f'penstock "{name}" {places.SYSTEM_USER}\n' for name in users),
    }
    try:
        for name, text in files.items():
            place.write(place.data / name, text)
    except OSError as error:
        if _full(place):
            raise DiskFull(folder=place.folder) from error
        raise


def _await(place: Place, process: "subprocess.Popen[bytes]", log_start: int) -> None:
    """Until it answers; or ended, whose reason stands in the log; or took too long."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while _state(place) != "up":
        if process.poll() is not None:
            with place.log.open("rb") as log:
                log.seek(log_start)
                said = log.read().decode(errors="replace")
            if "No space left" in said or _full(place):
                raise DiskFull(folder=place.folder)
            raise DatabaseFailed(log=place.log, tail="\n".join(said.splitlines()[-12:]))
        if time.monotonic() > deadline:
            raise DatabaseHangs(pid=process.pid, log=place.log)
        time.sleep(0.01)


def _full(place: Place) -> bool:
    return shutil.disk_usage(place.folder).free < 1024 * 1024


def _stop(place: Place) -> None:
    """Called under `start.lock` by the last user. A server that is not up needs no stopping."""
    if _state(place) != "up":
        return
    with psycopg.connect(place.dsn, dbname="postgres") as connection:
        # Its own word for its id: the file's first line could be another process's by now.
        row = connection.execute("select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int").fetchone()
    if row is not None:
        _end(place, int(row[0]))


def _end(place: Place, pid: int) -> None:
    """Stop the postmaster: sessions are cut, what was committed is on disk."""
    for how, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, GRACE_SECONDS)):
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not (place.data / "postmaster.pid").exists() or _live_postmaster(place) is None:
                return
            time.sleep(0.005)
    raise DatabaseHangs(pid=pid, log=place.log)


def _noted_pid(place: Place) -> int:
    try:
        return abs(int((place.data / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return 0


def _live_postmaster(place: Place) -> int | None:
    """The noted process, if it lives and is a postmaster of this data folder: not a zombie, not a reused id."""
    pid = _noted_pid(place)
    return pid if pid and _command_line(pid).endswith(f"/postgres -D {place.data}") else None


def _disown_stale_pids(place: Place) -> None:
    """Put our own id in the place of a dead postmaster's, which may be another process's by now.

    PostgreSQL takes its parent's id for a stale one, and still checks the shared memory that the file names, so that it
    won't start beside survivors. Deleting the file would skip that check.
    """
    for path in (place.data / "postmaster.pid", place.socket / ".s.PGSQL.5432.lock"):
        with suppress(FileNotFoundError):
            _, newline, rest = path.read_text().partition("\n")
            if newline:
                place.write(path, f"{os.getpid()}\n{rest}")
            else:  # a crash of the machine left it empty
                path.unlink()


def _end_orphans(place: Place) -> None:
    """End processes that outlived their killed postmaster, too busy to notice."""
    prefix = f"postgres: {place.title}: "
    while orphans := [pid for pid, command in _processes() if command.startswith(prefix)]:
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes() -> Iterator[tuple[int, str]]:
    if Path("/proc/self/cmdline").exists():
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                yield int(entry.name), _command_line(int(entry.name))
        return
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command.strip()


def _command_line(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
