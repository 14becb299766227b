"""The table of live datasets, and their entries. The only place with their SQL."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg.types.json import Jsonb

from penstock.datasets.live_model import LiveSettings
from penstock.store import Transaction

_COLUMNS: LiteralString = (
    "l.dataset, d.name, d.branch, d.query, l.combine, l.sources, l.tick_seconds, l.now, l.problem from live_dataset l"
    " join dataset d on d.id = l.dataset and d.archived_at is null where l.project = %(project)s"
)


class Row(NamedTuple):
    """A live dataset in use."""

    dataset: int
    name: str
    branch: int
    query: str
    combine: str
    sources: list[dict[str, Any]]
    tick_seconds: int
    now: dt.datetime
    problem: str | None


def all_(tx: Transaction) -> list[Row]:
    return tx.all(Row, "select " + _COLUMNS + " order by l.dataset")


def one(tx: Transaction, dataset: int) -> Row | None:
    return tx.maybe(Row, "select " + _COLUMNS + " and l.dataset = %(dataset)s", dataset=dataset)


def is_any(tx: Transaction) -> bool:
    return bool(
        tx.value(bool, "select exists(select from live_dataset where project = %(project)s)"),
    )


def write(tx: Transaction, dataset: int, settings: LiveSettings) -> None:
    """What a dataset follows from now on."""
    tx.run(
        "update dataset set query = %(query)s, edition = edition + 1 where project = %(project)s and id = %(dataset)s",
        dataset=dataset,
        query=settings.query,
    )
    tx.run(
        "insert into live_dataset (project, dataset, combine, sources, tick_seconds, now)"
        " values (%(project)s, %(dataset)s, %(combine)s, %(sources)s, %(tick_seconds)s, %(now)s)"
        " on conflict (dataset) do update set combine = excluded.combine, sources = excluded.sources,"
        " tick_seconds = excluded.tick_seconds, now = excluded.now, problem = null",
        dataset=dataset,
        combine=settings.combine,
        sources=Jsonb([source.model_dump() for source in settings.sources]),
        tick_seconds=settings.tick_seconds,
        now=tx.now,
    )


def tick(tx: Transaction, dataset: int) -> None:
    """Let `now` be now."""
    tx.run(
        "update live_dataset set now = %(now)s where project = %(project)s and dataset = %(dataset)s",
        dataset=dataset,
        now=tx.now,
    )


def note(tx: Transaction, dataset: int, problem: str | None) -> None:
    """Why a live dataset stands still, or that it doesn't."""
    tx.run(
        "update live_dataset set problem = %(problem)s where project = %(project)s and dataset = %(dataset)s"
        " and problem is distinct from %(problem)s",
        dataset=dataset,
        problem=problem,
    )


def held(tx: Transaction, dataset: int, only: Sequence[int] | None) -> set[int]:
    """The files in it now, or those of some."""
    return set(
        tx.values(
            int,
            "select file from entry where project = %(project)s and dataset = %(dataset)s and retired_seq is null"
            " and (%(only)s::bigint[] is null or file = any(%(only)s))",
            dataset=dataset,
            only=None if only is None else list(only),
        )
    )


def replaced(tx: Transaction, files: Sequence[int]) -> set[int]:
    """Those of the files whose place another one took."""
    return set(
        tx.values(
            int,
            "select id from file where project = %(project)s and id = any(%(files)s) and retired_seq is not null",
            files=list(files),
        )
    )
