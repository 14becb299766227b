"""Looking back: the log from its newest event on, a page at a time, with filters that stay fast in a long log."""

from collections.abc import Iterable, Sequence
from typing import LiteralString, NamedTuple

from penstock.core import Invalid
from penstock.log.event import Event, Happening
from penstock.store import Transaction, horizon

WINDOW = 20_000
"""How many events one page looks at, at most, where no index leads to those that are asked for."""

_SELECT: LiteralString = "select e.project, e.seq, e.n, e.kind, e.subject, e.body, e.actor, e.at"
_BEFORE: LiteralString = (
    " e.project = %(project)s and e.seq <= %(upto)s and (e.seq, e.n) < (%(seq)s::bigint, %(n)s::int)"
)
_NEWEST: LiteralString = " order by e.seq desc, e.n desc limit "


class KindUnknown(Invalid):
    """No event is called {kind!r}. Kinds look like task.done; task.* means all of tasks, !task.noted all but these."""


class Back(NamedTuple):
    """Events, the newest first, and where to go on; `before` is None where there are none further back."""

    events: Sequence[Happening]
    before: tuple[int, int] | None


def kinds_of(told: Iterable[str]) -> list[str] | None:
    """The kinds that are meant by kinds, `task.*` and `!attempt.saved`; None for all. Raises KindUnknown."""
    wanted, unwanted = set[str](), set[str]()
    for text in told:
        kind = text.removeprefix("!")
        found = {one for one in Event.registry if one == kind or (kind[-2:] == ".*" and one.startswith(kind[:-1]))}
        if not found:
            raise KindUnknown(kind=text)
        (unwanted if text.startswith("!") else wanted).update(found)
    if not wanted and not unwanted:
        return None
    return sorted((wanted or set(Event.registry)) - unwanted)


def back(
    tx: Transaction,
    before: tuple[int, int] | None,
    kinds: Sequence[str] | None = None,
    subject: str | None = None,
    actor: int | None = None,
    limit: int = 50,
) -> Back:
    """Events before a place (None: from the newest on), newest first.

    With `actor` a page may hold fewer than `limit` and yet say `before`: it looks at WINDOW events at most.
    """
    upto = horizon(tx)
    seq, n = before or (upto + 1, 0)
    where = {"upto": upto, "seq": seq, "n": n}
    if subject is not None:
        found = _of_subject(tx, where, subject, kinds, actor, limit + 1)
    elif actor is not None:
        found = _of_actor(tx, where, kinds, actor, limit + 1)
        if len(found) <= limit:
            return Back(found, _window_end(tx, where))
    elif kinds is not None:
        found = _of_kinds(tx, where, kinds, limit + 1)
    else:
        found = tx.all(
            Happening, _SELECT + " from event e where" + _BEFORE + _NEWEST + "%(limit)s", **where, limit=limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    return Back(found[:limit], (last.seq, last.n) if last else None)


def _of_subject(
    tx: Transaction, where: dict[str, int], subject: str, kinds: Sequence[str] | None, actor: int | None, limit: int
) -> list[Happening]:
    return tx.all(
        Happening,
        _SELECT + " from event e where" + _BEFORE + " and e.subject = %(subject)s"
        " and (%(kinds)s::text[] is null or e.kind = any(%(kinds)s::text[]))"
        " and (%(actor)s::int is null or e.actor = %(actor)s::int)" + _NEWEST + "%(limit)s",
        **where,
        subject=subject,
        kinds=kinds,
        actor=actor,
        limit=limit,
    )


def _of_kinds(tx: Transaction, where: dict[str, int], kinds: Sequence[str], limit: int) -> list[Happening]:
    # One kind after the other, each by its index: as a list they are filtered out of the whole log.
    return tx.all(
        Happening,
        _SELECT + " from unnest(%(kinds)s::text[]) as k(kind), lateral (select * from event e where" + _BEFORE
        + " and e.kind = k.kind" + _NEWEST + "%(limit)s) e" + _NEWEST + "%(limit)s",
        **where,
        kinds=kinds,
        limit=limit,
    )  # fmt: skip


def _of_actor(
    tx: Transaction, where: dict[str, int], kinds: Sequence[str] | None, actor: int, limit: int
) -> list[Happening]:
    return tx.all(
        Happening,
        _SELECT + " from (select * from event e where" + _BEFORE + _NEWEST + "%(window)s) e where e.actor = %(actor)s"
        " and (%(kinds)s::text[] is null or e.kind = any(%(kinds)s::text[]))" + _NEWEST + "%(limit)s",
        **where,
        actor=actor,
        kinds=kinds,
        window=WINDOW,
        limit=limit,
    )


def _window_end(tx: Transaction, where: dict[str, int]) -> tuple[int, int] | None:
    """The oldest event that a page by actor looked at; None when that was the whole log."""
    rows = tx.rows(
        "select e.seq, e.n from event e where" + _BEFORE + " order by e.seq desc, e.n desc offset %(skip)s limit 1",
        **where,
        skip=WINDOW - 1,
    )
    return (rows[0][0], rows[0][1]) if rows else None
