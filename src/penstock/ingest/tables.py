"""The tables of imports. The only place with their SQL."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from penstock.core.ids import ImportId
from penstock.ingest.model import Counts, Import, ItemReport, ItemState, NewImport, RunProblem, RunState
from penstock.store import Transaction

_RUN = (
    "select id, dataset, request, state, reason, format, branch, ignored, problems, actor, started_at, finished_at"
    " from import_run where project = %(project)s"
)
OUTCOMES = ("new", "same", "duplicate", "replaced", "skipped", "failed")
ANNOTATIONS = ("added", "updated", "kept", "same", "refused")
MOST_PROBLEMS = 200
"""Problems that a run lists; more of them tell nobody anything new."""


class _Counted(NamedTuple):
    run: int
    counts: dict[str, int]


class _State(NamedTuple):
    state: RunState


class _Numbered(NamedTuple):
    n: int


class Settled(msgspec.Struct, omit_defaults=True):
    """What became of one item, to be written."""

    key: str
    state: str
    outcome: str | None = None
    file: int | None = None
    reason: str | None = None
    problems: list[dict[str, Any]] | None = None


@dataclass
class Tally:
    """What a batch adds to its chunk's counters."""

    columns: dict[str, int] = field(default_factory=dict[str, int])

    def count(self, column: str, n: int = 1) -> None:
        self.columns[column] = self.columns.get(column, 0) + n


def insert_run(tx: Transaction, new: NewImport) -> ImportId:
    made = tx.value(
        int,
        "insert into import_run (project, dataset, request, state, actor, started_at)"
        " values (%(project)s, %(dataset)s, %(request)s, 'scanning', %(actor)s, %(now)s) returning id",
        dataset=new.dataset,
        request=Jsonb(new.model_dump(mode="json")),
        actor=tx.actor,
        now=tx.now,
    )
    assert made is not None
    return ImportId(made)


def run(tx: Transaction, id: int) -> Import | None:
    found = tx.maybe(Import, _RUN + " and id = %(id)s", id=id)
    return None if found is None else _counted(tx, [found])[0]


def lock_run(tx: Transaction, id: int) -> Import | None:
    found = tx.lock(Import, _RUN + " and id = %(id)s for no key update", id=id)
    return found[0] if found else None


def runs(tx: Transaction, before: int, dataset: int | None, limit: int) -> list[Import]:
    """Imports, newest first."""
    found = tx.all(
        Import,
        _RUN + " and id < %(before)s and (%(dataset)s::bigint is null or dataset = %(dataset)s)"
        " order by id desc limit %(limit)s",
        before=before,
        dataset=dataset,
        limit=limit,
    )
    return _counted(tx, found)


def last_runs(tx: Transaction) -> dict[int, Import]:
    """The newest import into each dataset, by dataset."""
    found = tx.all(
        Import,
        _RUN + " and id in (select max(id) from import_run where project = %(project)s group by dataset)",
    )
    return {run.dataset: run for run in _counted(tx, found)}


def state(tx: Transaction, id: int) -> RunState | None:
    found = tx.maybe(_State, "select state from import_run where project = %(project)s and id = %(id)s", id=id)
    return found.state if found else None


def share_run(tx: Transaction, id: int) -> RunState | None:
    """The state of an import, which then stays as it is until this transaction ends."""
    found = tx.lock(_State, "select state from import_run where project = %(project)s and id = %(id)s for share", id=id)
    return found[0].state if found else None


def _counted(tx: Transaction, found: Sequence[Import]) -> list[Import]:
    counts = totals(tx, [run.id for run in found])
    return [run.model_copy(update={"counts": counts.get(run.id, Counts())}) for run in found]


def totals(tx: Transaction, runs: Sequence[int]) -> Mapping[int, Counts]:
    """What became of the items of some imports, by import."""
    rows = tx.all(
        _Counted,
        "select run, jsonb_build_object('found', sum(items), 'waiting', sum(items) - sum(new) - sum(same)"
        " - sum(duplicate) - sum(replaced) - sum(skipped) - sum(failed), 'new', sum(new), 'same', sum(same),"
        " 'duplicate', sum(duplicate), 'replaced', sum(replaced), 'skipped', sum(skipped), 'failed', sum(failed),"
        " 'annotations_added', sum(annotations_added), 'annotations_updated', sum(annotations_updated),"
        " 'annotations_kept', sum(annotations_kept), 'annotations_same', sum(annotations_same),"
        " 'annotations_refused', sum(annotations_refused)) as counts"
        " from import_chunk where project = %(project)s and run = any(%(runs)s) group by run",
        runs=list(runs),
    )
    return {row.run: Counts.model_validate(row.counts) for row in rows}


def set_state(tx: Transaction, id: int, state: RunState, reason: str | None = None) -> None:
    tx.run(
        "update import_run set state = %(state)s, reason = %(reason)s,"
        " finished_at = case when %(over)s then %(now)s::timestamptz end"
        " where project = %(project)s and id = %(id)s",
        id=id,
        state=state,
        reason=reason,
        over=state in ("finished", "failed", "cancelled"),
        now=tx.now,
    )


def note_annotations(tx: Transaction, id: int, format: str | None, branch: int) -> None:
    """Record where annotations go, and what format they were found in."""
    tx.run(
        "update import_run set format = %(format)s, branch = %(branch)s where project = %(project)s and id = %(id)s",
        id=id,
        format=format,
        branch=branch,
    )


def note_foreign(tx: Transaction, id: int, foreign: Mapping[str, Any]) -> None:
    """Record what the set says of itself, as of this revision."""
    tx.run(
        "update import_run set foreign_keys = %(foreign)s, foreign_seq = %(seq)s"
        " where project = %(project)s and id = %(id)s",
        id=id,
        foreign=Jsonb(foreign),
        seq=tx.seq,
    )


def foreign_of(tx: Transaction, files: Iterable[Sequence[int]], as_of: int) -> list[dict[str, Any]]:
    """What the sets that some files came from said of themselves until a revision, the oldest first.

    Files are given some at a time, and no more are asked for once every set was met.
    """
    said = dict(
        tx.rows(
            "select id, foreign_keys from import_run where project = %(project)s and foreign_keys is not null"
            " and foreign_seq <= %(as_of)s order by id",
            as_of=as_of,
        )
    )
    left = set(said)
    for some in files if left else ():
        left -= _runs_among(tx, left, some)
        if not left:
            break
    return [keys for run, keys in said.items() if run not in left]


def _runs_among(tx: Transaction, runs: Collection[int], files: Sequence[int]) -> set[int]:
    """Those of some imports that brought one of these files."""
    return set(
        tx.values(
            int,
            "select r.id from unnest(%(runs)s::bigint[]) r(id) where exists (select from import_item i"
            " where i.project = %(project)s and i.run = r.id and i.file = any(%(files)s::bigint[]))",
            runs=sorted(runs),
            files=list(files),
        )
    )


def note_scan(tx: Transaction, id: int, ignored: int, problems: Sequence[RunProblem]) -> None:
    tx.run(
        "update import_run set ignored = %(ignored)s, problems = %(problems)s"
        " where project = %(project)s and id = %(id)s",
        id=id,
        ignored=ignored,
        problems=Jsonb([problem.model_dump() for problem in problems[:MOST_PROBLEMS]]),
    )


def known_keys(tx: Transaction, run: int, keys: Collection[str]) -> set[str]:
    """Those of the keys that are items of an import already."""
    return set(
        tx.values(
            str,
            "select key from import_item where project = %(project)s and run = %(run)s and key = any(%(keys)s)",
            run=run,
            keys=list(keys),
        )
    )


def next_chunk(tx: Transaction, run: int) -> int:
    found = tx.value(int, "select max(n) + 1 from import_chunk where project = %(project)s and run = %(run)s", run=run)
    return found or 0


def insert_chunk(tx: Transaction, run: int, n: int, spool: str, keys: Sequence[str]) -> None:
    tx.run(
        "insert into import_chunk (project, run, n, state, spool, items)"
        " values (%(project)s, %(run)s, %(n)s, 'waiting', %(spool)s, %(items)s)",
        run=run,
        n=n,
        spool=spool,
        items=len(keys),
    )
    tx.run(
        "insert into import_item (project, run, chunk, key, state)"
        " select %(project)s, %(run)s, %(n)s, key, 'waiting' from unnest(%(keys)s::text[]) key",
        run=run,
        n=n,
        keys=list(keys),
    )


def lock_chunk(tx: Transaction, run: int, n: int) -> bool:
    """Hold a chunk, so that one worker alone settles its items; whether it is still waiting."""
    found = tx.lock(
        _Numbered,
        "select n from import_chunk where project = %(project)s and run = %(run)s and n = %(n)s and state = 'waiting'"
        " for no key update",
        run=run,
        n=n,
    )
    return bool(found)


def waiting_keys(tx: Transaction, run: int, chunk: int) -> set[str]:
    return set(
        tx.values(
            str,
            "select key from import_item where project = %(project)s and run = %(run)s and chunk = %(chunk)s"
            " and state = 'waiting'",
            run=run,
            chunk=chunk,
        )
    )


def settle(tx: Transaction, run: int, chunk: int, items: Sequence[Settled], tally: Tally) -> None:
    """Write what became of a batch of items, and count it."""
    tx.post(
        "update import_item i set state = s.state, outcome = s.outcome, file = s.file, reason = s.reason,"
        " problems = s.problems from jsonb_to_recordset(%(items)s::jsonb)"
        " as s(key text, state text, outcome text, file bigint, reason text, problems jsonb)"
        " where i.project = %(project)s and i.run = %(run)s and i.chunk = %(chunk)s and i.state = 'waiting'"
        " and i.key = s.key",
        run=run,
        chunk=chunk,
        items=Jsonb(items),
    )
    if tally.columns:
        added = [SQL("{0} = {0} + {1}").format(Identifier(name), n) for name, n in sorted(tally.columns.items())]
        tx.run(
            SQL("update import_chunk set {} where project = %(project)s and run = %(run)s and n = %(chunk)s").format(
                SQL(", ").join(added)
            ),
            run=run,
            chunk=chunk,
        )


def close_chunk(tx: Transaction, run: int, chunk: int) -> None:
    tx.run(
        "update import_chunk set state = 'done' where project = %(project)s and run = %(run)s and n = %(chunk)s",
        run=run,
        chunk=chunk,
    )


def spool(tx: Transaction, run: int, chunk: int) -> str | None:
    """The name of a chunk's spool, while the chunk waits."""
    return tx.value(
        str,
        "select spool from import_chunk where project = %(project)s and run = %(run)s and n = %(chunk)s"
        " and state = 'waiting'",
        run=run,
        chunk=chunk,
    )


def spools(tx: Transaction, run: int) -> list[str]:
    return tx.values(str, "select spool from import_chunk where project = %(project)s and run = %(run)s", run=run)


def is_waiting(tx: Transaction, run: int) -> bool:
    """Whether a chunk of an import is not done yet."""
    return bool(
        tx.value(
            bool,
            "select exists(select from import_chunk where project = %(project)s and run = %(run)s"
            " and state = 'waiting')",
            run=run,
        )
    )


def items(
    tx: Transaction, run: int, after: str, state: ItemState | None, troubled: bool, limit: int
) -> list[ItemReport]:
    """Items in the order of their keys; with `troubled` only those that failed or have problems."""
    return tx.all(
        ItemReport,
        "select key, state, outcome, file, reason, coalesce(problems, '[]') as problems from import_item"
        " where project = %(project)s and run = %(run)s and key > %(after)s"
        " and (%(state)s::text is null or state = %(state)s)"
        " and (not %(troubled)s or (reason is not null or problems is not null)"
        " and (state = 'failed' or problems is not null)) order by key limit %(limit)s",
        run=run,
        after=after,
        state=state,
        troubled=troubled,
        limit=limit,
    )


def keys_in(tx: Transaction, dataset: int) -> list[tuple[int, str]]:
    """(id, key) of every file that a dataset holds."""
    rows = tx.rows(
        "select f.id, f.key from entry e join file f on f.project = e.project and f.id = e.file"
        " where e.project = %(project)s and e.dataset = %(dataset)s and e.retired_seq is null"
        " and f.retired_seq is null",
        dataset=dataset,
    )
    return [(id, key) for id, key in rows]
