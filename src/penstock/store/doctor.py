"""What may be wrong with an installation, found out without changing it.

Each check answers with findings in plain words: what was seen, why it matters, and what to do about it.
"""

import http.client
import json
import os
import shutil
import socket
import stat
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from penstock.core import Refusal, Settings, Value
from penstock.store import embedded, migrate, recovery

LOW_DISK_BYTES = 1024**3
SILENT_WORKER_SECONDS = 30
UNEVEN_CLOCKS_SECONDS = 60  #: by so much a clock may be set back without a word
OLDEST_POSTGRESQL = 15
SET_ASIDE_DAYS = 30
SET_ASIDE_SHOWN = 10

Connection = psycopg.Connection[tuple[object, ...]]


class Finding(Value):
    """One thing that was looked at."""

    ok: bool
    what: str
    """What was found."""
    why: str = ""
    """Why it matters; empty when all is well."""
    do: str = ""
    """What to do about it; empty when all is well."""


def examine(settings: Settings) -> list[Finding]:
    """Every finding about this installation, the good ones too. Changes nothing."""
    found = [_python()]
    for check in (_home, _key, _disk, _roots, _port):
        found.extend(check(settings))
    try:
        with _database(settings) as connection:
            if connection is None:
                found.append(Finding(ok=True, what="There is no database yet; `penstock up` makes it."))
            else:
                found.extend(_inside(connection))
    except (Refusal, psycopg.Error, OSError) as error:
        found.append(_unreachable(settings, error))
    return found


def _python() -> Finding:
    # An older Python is refused by the installer, and could not read this file.
    return Finding(ok=True, what=f"Python is {'.'.join(map(str, sys.version_info[:3]))}.")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            ok=False,
            what=f"The home folder {home} can't be written.",
            why="The database, the media and the keys live there.",
            do="Give this user the right to write there, or choose another home with PENSTOCK_HOME.",
        )
        return
    if existing == home and home.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            ok=False,
            what=f"The home folder {home} is open to other users of this machine.",
            why="They could read media and settings.",
            do=f"chmod 700 {home}",
        )
        return
    if (home / recovery.NOTE).exists():
        yield Finding(
            ok=False,
            what=f"A restore into {home} didn't end.",
            why="The home holds half an installation, so nothing opens it.",
            do="Remove the folder, and restore again.",
        )
        return
    yield Finding(ok=True, what=f"The home folder is {home}.")


def _key(settings: Settings) -> Iterator[Finding]:
    key = settings.home / "key"
    if not key.exists():
        return
    if key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            ok=False,
            what=f"The key file {key} is open to other users of this machine.",
            why="It opens every secret that connections hold.",
            do=f"chmod 600 {key}, and renew the secrets if somebody may have read it.",
        )
    elif key.stat().st_size != 32:
        yield Finding(
            ok=False,
            what=f"The key file {key} has {key.stat().st_size} bytes in place of 32.",
            why="Without the right key no connection's secret can be read.",
            do="Put the key back from a backup, or remove the file and enter the connections' secrets again.",
        )
    else:
        yield Finding(ok=True, what="The key file is readable by its owner only.")


def _disk(settings: Settings) -> Iterator[Finding]:
    for place, folder in {"home": settings.home, "database": (settings.home / "postgres").resolve()}.items():
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if place == "database" and existing.stat().st_dev == _device(settings.home):
            continue
        free = shutil.disk_usage(existing).free
        low = free < LOW_DISK_BYTES
        yield Finding(
            ok=not low,
            what=f"The disk of the {place} has {free / 1024**3:.1f} GB free.",
            why="A full disk stops the database." if low else "",
            do="Free some space, or move the home to a larger disk." if low else "",
        )


def _device(folder: Path) -> int:
    return next(parent for parent in (folder, *folder.parents) if parent.exists()).stat().st_dev


def _roots(settings: Settings) -> Iterator[Finding]:
    if not settings.roots:
        yield Finding(
            ok=True, what="No folders of this machine are open to imports and exports on the server (setting `roots`)."
        )
    for root in settings.roots:
        fine = root.is_dir() and os.access(root, os.R_OK | os.X_OK)
        yield Finding(
            ok=fine,
            what=f"The folder {root} is open to imports and exports." if fine else f"The folder {root} can't be read.",
            why="" if fine else "The setting `roots` opens it to imports and exports, and they would fail.",
            do="" if fine else "Make the folder, give this user the right to read it, or take it out of `roots`.",
        )


def _port(settings: Settings) -> Iterator[Finding]:
    told = _announced(settings.home)
    if told is not None and (version := _served_version(*told)) is not None:
        yield Finding(ok=True, what=f"A Penstock server ({version}) answers on {told[0]}:{told[1]}.")
        return
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if (version := _served_version(settings.host, settings.port)) is not None:
            yield Finding(ok=True, what=f"A Penstock server ({version}) answers on {where}.")
            return
        yield Finding(
            ok=False,
            what=f"The address {where} can't be used: {error.strerror or error}.",
            why="The server listens there.",
            do="Stop the program that uses it, or set another `port` (PENSTOCK_PORT) or `host` (PENSTOCK_HOST).",
        )
    else:
        free = f"The address {where} is free" if settings.port else "The server takes any free port"
        yield Finding(ok=True, what=f"{free}; no server runs.")


def _announced(home: Path) -> tuple[str, int] | None:
    """Where this home's server says that it is; it may have ended without taking that back."""
    try:
        url = urlsplit(str(json.loads((home / "server.json").read_text())["url"]))
        return (url.hostname, url.port) if url.hostname and url.port else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _served_version(host: str, port: int) -> str | None:
    """The version of the Penstock that answers there; None when it is something else."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/api/v1/health")
        return str(json.loads(connection.getresponse().read())["version"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


@contextmanager
def _database(settings: Settings) -> Generator[Connection | None]:
    """A connection to the installation's database; None when it was never made."""
    if settings.database_url:
        with psycopg.connect(settings.database_url, autocommit=True, connect_timeout=10) as connection:
            yield connection
        return
    if not (settings.home / "postgres" / "data").exists():
        yield None
        return
    server = embedded.start(settings.home)
    try:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            yield connection
    finally:
        server.close()


def _unreachable(settings: Settings, error: Exception) -> Finding:
    if isinstance(error, Refusal):
        return Finding(
            ok=False, what="The embedded database does not run.", why="Nothing works without it.", do=str(error)
        )
    return Finding(
        ok=False,
        what=f"The database can't be reached: {' '.join(str(error).split())}",
        why="Nothing works without it.",
        do="Check PENSTOCK_DATABASE_URL, and that the PostgreSQL it names runs and lets this machine in."
        if settings.database_url
        else f"Read the end of its log, {settings.home / 'postgres' / 'log'}.",
    )


def _inside(connection: Connection) -> Iterator[Finding]:
    version = connection.info.server_version // 10000
    fine = version >= OLDEST_POSTGRESQL
    yield Finding(
        ok=fine,
        what=f"The database answers; it is PostgreSQL {version}.",
        why="" if fine else f"Penstock needs {OLDEST_POSTGRESQL} or later.",
        do="" if fine else "Upgrade it, or unset PENSTOCK_DATABASE_URL to use the embedded one.",
    )
    schema = _schema(connection)
    yield schema
    if schema.ok:
        for check in (_clock, _workers, _followers, _set_aside, _failed_jobs):
            yield check(connection)


def _schema(connection: Connection) -> Finding:
    found, known = migrate.applied(connection), migrate.head()
    if found == known:
        return Finding(ok=True, what=f"The tables are up to date ({found}).")
    if found is not None and found > known:
        return Finding(
            ok=False,
            what=f"The tables are at {found}, and this Penstock knows them up to {known}.",
            why="A newer Penstock changed them.",
            do="Run the newer Penstock.",
        )
    return Finding(
        ok=False,
        what=f"The tables are at {found or 'nothing'}, and this Penstock needs {known}.",
        why="It can't work on older tables.",
        do="Run `penstock up`: it brings them up to date.",
    )


def _clock(connection: Connection) -> Finding:
    ahead = "select max(at) at time zone 'UTC' from event where at > moment() + make_interval(secs => %s)"
    (newest,) = connection.execute(ahead, [UNEVEN_CLOCKS_SECONDS]).fetchone() or (None,)
    if newest is None:
        return Finding(ok=True, what="No event is of a time to come.")
    return Finding(
        ok=False,
        what=f"The log has events of up to {newest:%Y-%m-%d %H:%M} UTC, and the database's clock isn't there yet.",
        why="The clock was wrong then, or is now. What was set then, as by schedules and leases, waits for that time.",
        do="Set the clock right. If it is right now, switch each action with a schedule off and on again, replay the"
        " deliveries that wait, and release tasks that nobody works on.",
    )


def _workers(connection: Connection) -> Finding:
    row = connection.execute(
        "select count(*) filter (where last_heartbeat > clock_timestamp() - make_interval(secs => %s)),"
        " (select count(*) from procrastinate_jobs where status = 'todo') from procrastinate_workers",
        [SILENT_WORKER_SECONDS],
    ).fetchone()
    alive, waiting = row or (0, 0)
    if alive:
        return Finding(ok=True, what=f"Workers alive: {alive}. Jobs waiting: {waiting}.")
    return Finding(
        ok=not waiting,
        what=f"No worker is alive. Jobs waiting: {waiting}.",
        why="Imports, exports and deliveries stand still." if waiting else "",
        do="Run `penstock up`, which starts one, or `penstock worker`." if waiting else "",
    )


def _followers(connection: Connection) -> Finding:
    stopped = connection.execute("select name, project, trouble from cursor where trouble is not null").fetchall()
    if not stopped:
        return Finding(ok=True, what="Every follower of the log goes on.")
    listed = "; ".join(f"{name} in project {project}: {trouble}" for name, project, trouble in stopped)
    return Finding(
        ok=False,
        what=f"Followers of the log stopped: {listed}",
        why="What follows from events, such as new tasks or progress, stands still there.",
        do="It is tried again, and single events that can't be taken are set aside after a minute. If it does not heal,"
        " report the message and the worker's log.",
    )


def _set_aside(connection: Connection) -> Finding:
    found = connection.execute(
        "select id, follower, project, seq, events, trouble from set_aside"
        " where state = 'set_aside' and at > moment() - make_interval(days => %s) order by at desc",
        [SET_ASIDE_DAYS],
    ).fetchall()
    if not found:
        return Finding(ok=True, what="Followers of the log set nothing aside.")
    listed = "; ".join(
        f"{id}, {name} in project {project}, {events} of revision {seq}: {trouble}"
        for id, name, project, seq, events, trouble in found[:SET_ASIDE_SHOWN]
    )
    more = f"; and {len(found) - SET_ASIDE_SHOWN} more" if len(found) > SET_ASIDE_SHOWN else ""
    return Finding(
        ok=False,
        what=f"Followers of the log set events aside that they couldn't take: {listed}{more}",
        why="What should have followed from these events, such as new tasks or figures, did not.",
        do="Report the message and the worker's log. Once that is mended, `penstock log replay` with the first number"
        f" gives them to it again; `penstock log dismiss` lets them be. It is told for {SET_ASIDE_DAYS} days.",
    )


def _failed_jobs(connection: Connection) -> Finding:
    failed = connection.execute(
        "select task_name, count(*) from procrastinate_jobs where status = 'failed' group by 1 order by 1"
    ).fetchall()
    if not failed:
        return Finding(ok=True, what="No job failed for good.")
    listed = ", ".join(f"{name} ({number})" for name, number in failed)
    return Finding(
        ok=False,
        what=f"Jobs failed for good: {listed}.",
        why="What they should have done was not done.",
        do="Look at the item itself (`penstock import`, `penstock action`), then ask for it again.",
    )
