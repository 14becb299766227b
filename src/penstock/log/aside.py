"""Setbacks: what keeps followers of the log, and what they set aside. It is given to them again, or let be.

A replay takes the follower's cursor like a step does, so that it never runs beside one.
"""

import datetime as dt
from collections.abc import Iterable
from typing import LiteralString

import psycopg

from penstock.core import Conflict, NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.log.event import Setback
from penstock.log.events import SetbackDismissed, SetbackReplayed
from penstock.log.follow import Follower, kinds_of, read, said
from penstock.store import Transaction
from penstock.store.db import is_away

SHOWN = dt.timedelta(days=30)  #: for so long the status and doctor tell what was set aside

_SELECT: LiteralString = (
    "select id, follower, seq, events, trouble, state, at from set_aside where project = %(project)s"
)


class FollowerGone(Conflict):
    """No follower of the log is called {follower!r} any more, so nobody can take these events. Dismiss them."""


class ReplayFailed(Conflict):
    """{follower} could not take the events of revision {seq} again: {trouble}. They stay set aside; mend that first."""


def setbacks(tx: Transaction) -> list[Setback]:
    """What keeps this project's followers, and what they set aside of late."""
    stopped = tx.all(
        Setback,
        "select name as follower, seq + 1 as seq, 0 as events, trouble, 'stopped' as state from cursor"
        " where project = %(project)s and trouble is not null order by name",
    )
    return stopped + tx.all(
        Setback,
        _SELECT + " and state = 'set_aside' and at > %(since)s order by at desc limit 20",
        since=tx.now - SHOWN,
    )


def list_(tx: Transaction, after: str | None = None, limit: int = 100) -> Page[Setback]:
    """All that was ever set aside, the newest first, with what became of it."""
    found = tx.all(
        Setback,
        _SELECT + " and (%(before)s::bigint is null or id < %(before)s) order by id desc limit %(limit)s",
        before=decode_cursor(after, int)[0] if after else None,
        limit=limit + 1,
    )
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if more else None)


def get(tx: Transaction, id: int) -> Setback:
    """A setback. Raises NotFound."""
    found = tx.maybe(Setback, _SELECT + " and id = %(id)s", id=id)
    if found is None:
        raise NotFound(what="setback", name=id)
    return found


def replay(tx: Transaction, followers: Iterable[Follower], id: int) -> Setback:
    """Give events that were set aside to their follower again. Safe to repeat: what it took it is never given twice.

    Writes `setback.replayed`, and whatever the follower writes. Raises NotFound, FollowerGone, and ReplayFailed, after
    which `stays` notes why.
    """
    name = get(tx, id).follower
    tx.run("select from cursor where project = %(project)s and name = %(name)s for no key update", name=name)
    held = _locked(tx, id)
    if held.state == "replayed":
        return held
    follower = next((one for one in followers if one.name == name), None)
    if follower is None:
        raise FollowerGone(follower=name)
    found = read(tx, held.seq - 1, held.seq, kinds_of(tx, follower))
    tx.append(SetbackReplayed(setback=id, follower=name, seq=held.seq, events=len(found)))
    try:
        if found:
            follower.apply(tx, found)
        tx.run("update set_aside set state = 'replayed' where project = %(project)s and id = %(id)s", id=id)
        tx.flush()  # what it only posted fails here, if it does
    except Exception as error:  # whatever it was, the admin who asked is told it, and the events stay set aside
        if isinstance(error, psycopg.OperationalError) or is_away(error):
            raise
        raise ReplayFailed(follower=name, seq=held.seq, trouble=said(error)) from error
    return get(tx, id)


def stays(tx: Transaction, id: int, failed: ReplayFailed) -> None:
    """Note why a replay failed."""
    tx.run(
        "update set_aside set trouble = %(trouble)s, at = %(now)s, state = 'set_aside'"
        " where project = %(project)s and id = %(id)s and state <> 'replayed'",
        id=id,
        trouble=failed.parts["trouble"],
        now=tx.now,
    )


def dismiss(tx: Transaction, id: int) -> Setback:
    """Tell of a setback no more; its events stay untaken. Safe to repeat. Writes `setback.dismissed`."""
    held = _locked(tx, id)
    if held.state != "set_aside":
        return held
    tx.run("update set_aside set state = 'dismissed' where project = %(project)s and id = %(id)s", id=id)
    tx.append(SetbackDismissed(setback=id, follower=held.follower, seq=held.seq))
    return get(tx, id)


def _locked(tx: Transaction, id: int) -> Setback:
    found = tx.lock(Setback, _SELECT + " and id = %(id)s for no key update", id=id)
    if not found:
        raise NotFound(what="setback", name=id)
    return found[0]
