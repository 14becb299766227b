"""Following the log: events in order, up to the horizon, exactly once.

What a follower does to our own tables commits together with its cursor. A transaction's events are never split.
"""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import LiteralString, NamedTuple

import psycopg

from penstock.core import Unavailable
from penstock.log.event import Happening
from penstock.store import Database, Transaction, horizon
from penstock.store.db import is_away

logger = logging.getLogger(__name__)

_ANY = 2**63 - 1  #: above every revision
IDLE_LAG = 1000  #: revisions of other kinds that a cursor may lag behind before it is moved for their sake alone
TRIES = 5  #: of one transaction's events, before they are set aside
WAIT_SECONDS = (0, 1, 5, 20)  #: after the first failure, the second, ...
NOT_THE_EVENTS = (
    OSError,
    MemoryError,
    Unavailable,
    psycopg.InterfaceError,
    psycopg.InternalError,
    psycopg.NotSupportedError,
    psycopg.ProgrammingError,
)
"""Errors that another try or a mend of the installation may heal: nothing is set aside for them."""


@dataclass(frozen=True)
class Follower:
    """A reader of some kinds of events. `apply` gets a batch in order, inside one transaction: locks first.

    Kinds may be asked for anew at each step, by followers whose interest users choose. They are asked after the horizon
    was read, so whatever was wished for up to there is seen.
    """

    name: str
    kinds: frozenset[str] | Callable[[Transaction], frozenset[str]]
    apply: Callable[[Transaction, Sequence[Happening]], None]
    batch: int = 500
    rest_seconds: float = 0.0
    """How long a worker lets it be after a batch, while others go on: what nobody waits for is cheaper in big bites."""


def read(
    tx: Transaction, after: int, upto: int, kinds: Sequence[str] | None = None, limit: int = 500
) -> list[Happening]:
    """Events with `after < seq <= upto`, oldest first: about `limit` of them, the last seq's whole."""
    found = _select(tx, after, upto, kinds, limit + 1)
    if len(found) <= limit:
        return found
    last = found[-1].seq
    whole = [happening for happening in found if happening.seq < last]
    return whole or _select(tx, last - 1, last, kinds, None)


def _select(tx: Transaction, after: int, upto: int, kinds: Sequence[str] | None, limit: int | None) -> list[Happening]:
    return tx.all(
        Happening,
        "select project, seq, n, kind, subject, body, actor, at from event"
        " where project = %(project)s and seq > %(after)s and seq <= %(upto)s"
        " and (%(kinds)s::text[] is null or kind = any(%(kinds)s::text[])) order by seq, n limit %(limit)s",
        after=after,
        upto=upto,
        kinds=None if kinds is None else list(kinds),
        limit=limit,
    )


def kinds_of(tx: Transaction, follower: Follower) -> list[str]:
    """The kinds that a follower reads at present."""
    return sorted(follower.kinds(tx) if callable(follower.kinds) else follower.kinds)


def step(db: Database, project: int, follower: Follower) -> int:
    """Let a follower take its next batch; how many events it got. Safe to call from many processes at once.

    0 means that there was nothing new, that it waits after a failure, or that another process is at it.
    """
    return _step(db, project, follower, [])


def _step(db: Database, project: int, follower: Follower, tried: list[Happening]) -> int:
    """`tried` tells the caller what was given to the follower, should it raise."""
    with db.transaction(project) as tx:
        cursor = _claim(tx, follower.name)
        if cursor is None or (cursor.waits_until is not None and cursor.waits_until > tx.now):
            return 0
        upto = horizon(tx)
        if upto <= cursor.seq:
            return 0
        kinds = kinds_of(tx, follower)
        is_careful = cursor.careful_to is not None and cursor.careful_to > cursor.seq
        found = read(tx, cursor.seq, upto, kinds, 1 if is_careful else follower.batch)
        if found:
            tried += found
            follower.apply(tx, found)
        elif upto - cursor.seq < IDLE_LAG:
            return 0
        tx.run(_GO_ON, name=follower.name, seq=found[-1].seq if found else upto)
        return len(found)


_GO_ON: LiteralString = (
    "update cursor set seq = %(seq)s, trouble = null, failures = 0, waits_until = null,"
    " careful_to = case when careful_to > %(seq)s then careful_to end"
    " where name = %(name)s and project = %(project)s"
)


_FOLLOWED: LiteralString = (
    " from unnest(%(names)s::text[], %(kinds)s::text[]) as f(name, kinds)"
    " left join cursor c on c.project = %(project)s and c.name = f.name"
)
_HAS_UNREAD: LiteralString = (
    # One kind after the other, each by its index: as a list they are filtered out of all events since.
    " exists (select from unnest(string_to_array(f.kinds, ',')) as k(kind), lateral (select from event e where"
    " e.project = %(project)s and e.kind = k.kind and e.seq > coalesce(c.seq, 0) and e.seq <= %(upto)s limit 1) x)"
)


def _told(tx: Transaction, followers: Sequence[Follower]) -> dict[str, list[str]]:
    """What `_FOLLOWED` is asked with."""
    kinds = [",".join(kinds_of(tx, follower)) for follower in followers]
    return {"names": [follower.name for follower in followers], "kinds": kinds}


def having_news(db: Database, project: int, followers: Sequence[Follower]) -> list[Follower]:
    """The followers that have something to read, found in one look.

    A busy log is looked at many times a second, and most of its events concern one follower of many: a look costs 7
    statements, where a step of each of 6 followers cost 34.
    """
    with db.transaction(project) as tx:
        upto = horizon(tx)
        awake = tx.values(
            str,
            "select f.name" + _FOLLOWED + " where c.seq is null or %(upto)s - c.seq >= %(lag)s or" + _HAS_UNREAD,
            **_told(tx, followers),
            upto=upto,
            lag=IDLE_LAG,
        )
    return [follower for follower in followers if follower.name in awake]


def has_unread(tx: Transaction, followers: Sequence[Follower]) -> bool:
    """Whether anything happened that these followers have not taken yet: what they keep is behind."""
    query = "select f.name" + _FOLLOWED + " where" + _HAS_UNREAD + " limit 1"
    return bool(tx.values(str, query, **_told(tx, followers), upto=_ANY))


class _Cursor(NamedTuple):
    seq: int
    failures: int
    waits_until: dt.datetime | None
    careful_to: int | None
    """Up to here one transaction at a time is read, since one of them can't be taken."""


def _claim(tx: Transaction, name: str) -> _Cursor | None:
    found = tx.rows(_CLAIM, name=name)
    if not found:
        tx.run("insert into cursor (name, project) values (%(name)s, %(project)s) on conflict do nothing", name=name)
        found = tx.rows(_CLAIM, name=name)
    return _Cursor(*found[0]) if found else None


_CLAIM: LiteralString = (
    "select seq, failures, waits_until, careful_to from cursor where name = %(name)s and project = %(project)s"
    " for no key update skip locked"
)


def take(db: Database, project: int, follower: Follower) -> int:
    """A step that outlives its follower's failure: how many events were taken or set aside.

    A batch that failed is tried again, then transaction by transaction. One that goes on failing by an error of its own
    is set aside, so that it doesn't hold up all that come after it; `doctor` and the status tell. Raises what is no
    event's fault, such as a database that is away.
    """
    tried: list[Happening] = []
    try:
        return _step(db, project, follower, tried)
    except Exception as error:  # one follower's defect must not stop the others; it is shown by doctor and status
        if isinstance(error, psycopg.OperationalError) or is_away(error):
            raise
        logger.exception("follower %s of project %s failed", follower.name, project)
        trouble = said(error)
        is_its_own = bool(tried) and not isinstance(error, NOT_THE_EVENTS)
        return db.perform(lambda tx: _stumbled(tx, follower.name, tried, trouble, is_its_own), project)


def said(error: Exception) -> str:
    """What a follower failed with, as it is kept."""
    return f"{type(error).__name__}: {error}"[:2000].replace("\0", "")


def _stumbled(tx: Transaction, name: str, tried: Sequence[Happening], trouble: str, is_its_own: bool) -> int:
    """Note a failure on the cursor, and set the events aside once they failed often enough."""
    cursor = _claim(tx, name)
    if cursor is None or (tried and cursor.seq >= tried[0].seq):
        return 0  # another process is at it, or past it
    failures = cursor.failures + 1
    if is_its_own and failures >= TRIES and tried[0].seq == tried[-1].seq:
        logger.error("follower %s of project %s sets revision %s aside: %s", name, tx.project, tried[0].seq, trouble)
        tx.run(
            "insert into set_aside (project, follower, seq, events, trouble, at)"
            " values (%(project)s, %(name)s, %(seq)s, %(events)s, %(trouble)s, %(now)s)",
            name=name,
            seq=tried[0].seq,
            events=len(tried),
            trouble=trouble,
            now=tx.now,
        )
        tx.run(_GO_ON, name=name, seq=tried[0].seq)
        return len(tried)
    wait = dt.timedelta(seconds=WAIT_SECONDS[min(failures, len(WAIT_SECONDS)) - 1])
    tx.run(
        "update cursor set trouble = %(trouble)s, failures = %(failures)s, waits_until = %(until)s,"
        " careful_to = %(careful)s where name = %(name)s and project = %(project)s",
        trouble=trouble,
        failures=min(failures, TRIES),
        until=tx.now + wait if wait else None,
        careful=max(cursor.careful_to or 0, tried[-1].seq) if tried and failures > 1 else cursor.careful_to,
        name=name,
    )
    return 0
