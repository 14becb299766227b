"""Following the log: events in order, up to the horizon, exactly once.

What a follower does to our own tables commits together with its cursor. A transaction's events are never split.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from penstock.log.event import Happening
from penstock.store import Database, Transaction, horizon

logger = logging.getLogger(__name__)

IDLE_LAG = 1000  #: revisions of other kinds that a cursor may lag behind before it is moved for their sake alone


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


def step(db: Database, project: int, follower: Follower) -> int:
    """Let a follower take its next batch; how many events it got. Safe to call from many processes at once.

    0 means that there was nothing new, or that another process is at it.
    """
    with db.transaction(project) as tx:
        cursor = _claim(tx, follower.name)
        if cursor is None:
            return 0
        upto = horizon(tx)
        if upto <= cursor:
            return 0
        kinds = follower.kinds(tx) if callable(follower.kinds) else follower.kinds
        found = read(tx, cursor, upto, sorted(kinds), follower.batch)
        if found:
            follower.apply(tx, found)
        elif upto - cursor < IDLE_LAG:
            return 0
        tx.run(
            "update cursor set seq = %(seq)s, trouble = null where name = %(name)s and project = %(project)s",
            seq=found[-1].seq if found else upto,
            name=follower.name,
        )
        return len(found)


def having_news(db: Database, project: int, followers: Sequence[Follower]) -> list[Follower]:
    """The followers that have something to read, found in one look.

    A busy log is looked at many times a second, and most of its events concern one follower of many: a look costs 7
    statements, where a step of each of 6 followers cost 34.
    """
    with db.transaction(project) as tx:
        upto = horizon(tx)
        kinds = [follower.kinds(tx) if callable(follower.kinds) else follower.kinds for follower in followers]
        awake = tx.values(
            str,
            "select f.name from unnest(%(names)s::text[], %(kinds)s::text[]) as f(name, kinds)"
            " left join cursor c on c.project = %(project)s and c.name = f.name"
            " where c.seq is null or %(upto)s - c.seq >= %(lag)s"
            # One kind after the other, each by its index: as a list they are filtered out of all events since.
            " or exists (select from unnest(string_to_array(f.kinds, ',')) as k(kind), lateral (select from event e"
            " where e.project = %(project)s and e.kind = k.kind and e.seq > c.seq and e.seq <= %(upto)s limit 1) x)",
            names=[follower.name for follower in followers],
            kinds=[",".join(sorted(some)) for some in kinds],
            upto=upto,
            lag=IDLE_LAG,
        )
    return [follower for follower in followers if follower.name in awake]


def _claim(tx: Transaction, name: str) -> int | None:
    seq = tx.value(
        int,
        "select seq from cursor where name = %(name)s and project = %(project)s for no key update skip locked",
        name=name,
    )
    if seq is None:
        tx.run(
            "insert into cursor (name, project) values (%(name)s, %(project)s) on conflict do nothing",
            name=name,
        )
        seq = tx.value(
            int,
            "select seq from cursor where name = %(name)s and project = %(project)s for no key update skip locked",
            name=name,
        )
    return seq


def report_trouble(db: Database, project: int, follower: Follower, error: Exception) -> None:
    """Leave a note on a follower's cursor, for `penstock doctor` and the status."""
    with db.transaction(project) as tx:
        tx.run(
            "insert into cursor (name, project, trouble) values (%(name)s, %(project)s, %(trouble)s)"
            " on conflict (name, project) do update set trouble = excluded.trouble",
            trouble=f"{type(error).__name__}: {error}"[:2000],
            name=follower.name,
        )
