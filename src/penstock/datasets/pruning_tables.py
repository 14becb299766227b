"""The table of prunings, and the SQL that finds and deletes rows which no pinned revision shows.

A row is shown by a revision from when it was created until it was retired. What pins one: versions, the beginnings of
forks, drafts and predictions, the last merges of forks, and what is unfinished in later rooms (`Hold`).
"""

from collections.abc import Sequence

from psycopg.sql import SQL, Composed, Identifier

from penstock.datasets.pruning_model import Hold, Prunable, Pruning
from penstock.store import Transaction

_PRUNING = "id, cut, keep_days, state, annotations, entries, metadata, author, at, ended_at"

_HELD = SQL("unnest(%(seqs)s::bigint[], %(branches)s::bigint[]) h (seq, branch)")
_DRAFTS = SQL(
    " and not exists (select from branch b where b.project = r.project and b.parent = r.branch and b.kind = 'draft'"
    " and b.base_seq >= r.created_seq and b.base_seq < r.retired_seq and (b.state = 'open' or exists"
    " (select from annotation d where d.project = r.project and d.branch = b.id and d.file = r.file)))"
)
_PINS = {
    "annotation": SQL(
        "select v.branch, v.seq from version v where v.project = %(project)s"
        " union select b.parent, b.base_seq from branch b where b.project = %(project)s"
        " and b.kind in ('fork', 'predictions') and b.base_seq is not null"
        " union select d.branch, m.fork_seq from dataset_merge m join dataset d on d.id = m.fork"
        " where m.project = %(project)s"
        " union select coalesce(h.branch, b.id), h.seq from {} join branch b on b.project = %(project)s"
        " and b.kind <> 'draft' and b.id = coalesce(h.branch, b.id)"
    ).format(_HELD),
    "entry": SQL(
        "select v.dataset, v.seq from version v where v.project = %(project)s"
        " union select d.forked_from, d.base_seq from dataset d where d.project = %(project)s"
        " and d.base_seq is not null"
        " union select m.fork, m.fork_seq from dataset_merge m where m.project = %(project)s"
        " union select d.id, h.seq from {} join dataset d on d.project = %(project)s"
        " and d.branch = coalesce(h.branch, d.branch)"
    ).format(_HELD),
    "file_meta": SQL(
        "select null::bigint, v.seq from version v where v.project = %(project)s"
        " union select null, d.base_seq from dataset d where d.project = %(project)s and d.base_seq is not null"
        " union select null, m.fork_seq from dataset_merge m where m.project = %(project)s"
        " union select null, h.seq from {}"
    ).format(_HELD),
}
_OF = {"annotation": SQL("p.at = r.branch and"), "entry": SQL("p.at = r.dataset and"), "file_meta": SQL("")}
_COUNTER = {"annotation": SQL("annotations"), "entry": SQL("entries"), "file_meta": SQL("metadata")}
_ORDER = {
    "annotation": ("branch", "retired_seq"),
    "entry": ("dataset", "retired_seq"),
    "file_meta": ("file", "created_seq"),
}
"""In which order an index has the rows of a table."""
TABLES = tuple(_PINS)
Place = tuple[int, int]
BEFORE_ALL: Place = (-1, -1)


def _unseen(table: str) -> Composed:
    """The condition that no pin shows a row `r`."""
    return SQL(
        "not exists (select from pin p where {of} p.seq >= r.created_seq and p.seq < r.retired_seq){drafts}"
    ).format(of=_OF[table], drafts=_DRAFTS if table == "annotation" else SQL(""))


def _with(table: str) -> Composed:
    return SQL("with pin (at, seq) as materialized ({})").format(_PINS[table])


def _held(holds: Sequence[Hold]) -> dict[str, list[int] | list[int | None]]:
    return {"seqs": [hold.seq for hold in holds], "branches": [hold.branch for hold in holds]}


def count(tx: Transaction, cut: int, holds: Sequence[Hold]) -> Prunable:
    """How many rows would go."""
    found: dict[str, int] = {}
    for table in TABLES:
        query = SQL(
            "{pins} select count(*) from {table} r where r.project = %(project)s and r.retired_seq <= %(cut)s"
            " and {unseen}"
        ).format(pins=_with(table), table=Identifier(table), unseen=_unseen(table))
        found[table] = tx.value(int, query, cut=cut, **_held(holds)) or 0
    return Prunable(cut=cut, annotations=found["annotation"], entries=found["entry"], metadata=found["file_meta"])


def delete(
    tx: Transaction, pruning: Pruning, table: str, holds: Sequence[Hold], after: Place, most: int
) -> Place | None:
    """Look at the next rows that ended, so many or a few more, and delete those that nothing shows.

    Where it has come to, for the next call; None at the end. What is deleted is counted with the pruning.
    """
    first, second = map(Identifier, _ORDER[table])
    query = SQL(
        "{pins}, old as materialized (select r.ctid as place, r.{first} as a, r.{second} as b from {table} r"
        " where r.project = %(project)s and r.retired_seq <= %(cut)s and (r.{first}, r.{second}) > (%(a)s, %(b)s)"
        " order by r.{first}, r.{second} fetch first %(most)s rows with ties),"
        " gone as (delete from {table} r using old where r.ctid = old.place and {unseen} returning 1)"
        " select a, b, (select count(*) from gone) from old order by a desc, b desc limit 1"
    ).format(pins=_with(table), first=first, second=second, table=Identifier(table), unseen=_unseen(table))
    found = tx.rows(query, cut=pruning.cut, a=after[0], b=after[1], most=most, **_held(holds))
    if not found:
        return None
    a, b, gone = found[0]
    counted = SQL("update pruning set {counter} = {counter} + %(gone)s where project = %(project)s and id = %(id)s")
    tx.run(counted.format(counter=_COUNTER[table]), id=pruning.id, gone=gone)
    return a, b


def hold_pins(tx: Transaction) -> None:
    """Let nobody name a version or fork until this transaction ends."""
    tx.before_seq()
    tx.run("lock table version, dataset in share row exclusive mode")


def hold_prunings(tx: Transaction) -> None:
    """Wait for whoever begins to prune, and let nobody begin until this transaction ends."""
    tx.post("lock table version, dataset in row exclusive mode")


def revision_before(tx: Transaction, days: int) -> int:
    """The last revision of the project that is older than so many days; 0 when all are younger."""
    return (
        tx.value(
            int,
            "select max(seq) from event where project = %(project)s and at < %(now)s - make_interval(days => %(days)s)",
            now=tx.now,
            days=days,
        )
        or 0
    )


def insert(tx: Transaction, cut: int, keep_days: int) -> int:
    id = tx.value(
        int,
        "insert into pruning (project, cut, keep_days, author, at) values (%(project)s, %(cut)s, %(keep_days)s,"
        " %(author)s, %(now)s) returning id",
        cut=cut,
        keep_days=keep_days,
        author=tx.actor,
        now=tx.now,
    )
    assert id is not None
    return id


def find(tx: Transaction, id: int) -> Pruning | None:
    return tx.maybe(Pruning, "select " + _PRUNING + " from pruning where project = %(project)s and id = %(id)s", id=id)


def running(tx: Transaction) -> Pruning | None:
    return tx.maybe(
        Pruning, "select " + _PRUNING + " from pruning where project = %(project)s and state = 'running' order by id"
    )


def page(tx: Transaction, before: int | None, limit: int) -> list[Pruning]:
    """The newest first."""
    return tx.all(
        Pruning,
        "select " + _PRUNING + " from pruning where project = %(project)s"
        " and (%(before)s::bigint is null or id < %(before)s) order by id desc limit %(limit)s",
        before=before,
        limit=limit,
    )


def end(tx: Transaction, id: int) -> bool:
    """Note that it is done; False when that was noted before."""
    return bool(
        tx.run(
            "update pruning set state = 'done', ended_at = %(now)s where project = %(project)s and id = %(id)s"
            " and state = 'running'",
            id=id,
            now=tx.now,
        )
    )


def cut_above(tx: Transaction, seq: int) -> int | None:
    """The revision until which history was pruned, where that is above this one."""
    return tx.value(int, "select max(cut) from pruning where project = %(project)s and cut > %(seq)s", seq=seq)


def is_pinned(tx: Transaction, dataset: int, seq: int) -> bool:
    """Whether a version or a fork shows this very revision of a dataset, or a merge ended there."""
    return bool(
        tx.value(
            bool,
            "select exists (select from version v where v.project = %(project)s and v.dataset = %(dataset)s"
            " and v.seq = %(seq)s) or exists (select from dataset d where d.project = %(project)s"
            " and d.forked_from = %(dataset)s and d.base_seq = %(seq)s) or exists (select from dataset_merge m"
            " where m.project = %(project)s and m.fork = %(dataset)s and m.fork_seq = %(seq)s)",
            dataset=dataset,
            seq=seq,
        )
    )


def is_branch_pinned(tx: Transaction, branch: int, seq: int) -> bool:
    """Whether something shows this very revision of a branch's annotations."""
    query = SQL("{pins} select exists (select from pin where at = %(branch)s and seq = %(seq)s)")
    return bool(tx.value(bool, query.format(pins=_with("annotation")), branch=branch, seq=seq, **_held([])))
