"""How two states of datasets differ, in SQL. Rows that both sides share are never looked at.

A side reads levels, nearest first (see `annotations.tables.Level`). Where both have a level, what changed between its
two revisions may differ; where one has it alone, all of it may.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier, Literal

from penstock.annotations.tables import COLUMNS, Level
from penstock.datasets.states import State
from penstock.store import Transaction

_SHORT = ("author", "source", "confidence", "label", "kind", "group")
_LONG = ("at", "attributes", "geometry", "foreign")
CONTENT = (*_SHORT, *_LONG)
"""What an annotation says: first what most changes change, and what is compared at once."""

_WRITTEN = ("gone", "origin", "task")

_CAUSE: LiteralString = (
    "case when {0}.origin = 'migration' then 'migration' when {0}.origin = 'restore' then 'restore'"
    " when {0}.origin = 'merge' and {0}.task is null then 'merge' when {0}.source = 'model' then 'prediction'"
    " when {0}.origin = 'import' then 'import' else 'person' end"
)
# Nothing is written where an annotation ends, so the log says who ended it.
_ENDED: LiteralString = (
    "(select case e.kind when 'dataset.merged' then 'merge' when 'dataset.restored' then 'restore'"
    " when 'annotations.imported' then 'import' when 'predictions.changed' then 'prediction' else 'person' end"
    " from event e where e.project = %(project)s and e.seq = f.ended and e.kind in ('task.done',"
    " 'dataset.merged', 'dataset.restored', 'annotations.edited', 'annotations.imported', 'predictions.changed')"
    " and f.ended <= {} order by e.n limit 1)"
)


class Part(NamedTuple):
    """A level whose rows may differ: those changed after `after` up to `upto`, or all as of `upto`."""

    branch: int
    after: int | None
    upto: int


class EntryRow(NamedTuple):
    """How one file's membership differs, or its metadata."""

    file: int
    key: str
    change: str
    cause: dict[str, Any] | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class CountRow(NamedTuple):
    """How many annotations or files differ in some way; or, with no change named, on how many files annotations do."""

    of: str
    change: str | None
    by: str | None
    n: int


class RefRow(NamedTuple):
    """Where an annotation's states on both sides are; None where there is none."""

    file: int
    id: UUID
    a_branch: int | None
    a_seq: int | None
    b_branch: int | None
    b_seq: int | None
    change: str
    by: str | None


@contextmanager
def by_hash(tx: Transaction) -> Generator[None]:
    """Statistics never know of the newest revisions, so the planner takes them for empty and joins them row by row:
    10,000 changes took 10 s. What has to be looked up row by row is written as a lateral.
    """
    tx.post("set local enable_nestloop = off")
    yield
    tx.post("set local enable_nestloop = on")


def parts(a: Sequence[Level], b: Sequence[Level]) -> list[Part]:
    """The levels in which two sides may differ."""
    left = {level.branch: _upto(level) for level in a}
    right = {level.branch: _upto(level) for level in b}
    found: list[Part] = []
    for branch in sorted(left.keys() | right.keys()):
        one, other = left.get(branch), right.get(branch)
        if one is None or other is None:
            found.append(Part(branch, None, one or other or 0))
        elif one != other:
            found.append(Part(branch, min(one, other), max(one, other)))
    return found


def _upto(level: Level) -> int:
    assert level.as_of is not None
    return level.as_of


def count(tx: Transaction, a: State, b: State) -> list[CountRow]:
    """How many annotations were added, removed and changed, by what did it; on how many files; and how many files."""
    # By files first: where an annotation's file is, and who ended it, is asked once for all that are alike.
    query = SQL(
        "{found}, {described}, tally as materialized (select file, change, by, ended, placed, count(*) as n from found"
        " group by file, change, by, ended, placed),"
        " told as materialized (select file, change, coalesce(by, {ended}) as by, n from tally f where {placed})"
        " select 'annotations' as of, change, by, sum(n)::bigint as n from told group by change, by"
        " union all select 'annotations', null, null, count(distinct file) from told"
        " union all select 'files', case when in_b then 'added' else 'removed' end, null, count(*) from moved"
        " group by in_b union all select 'files', 'changed', null, count(*) from described"
    ).format(found=_found(a, b), described=_described(a, b), ended=_who_ended(b), placed=_placed(a))
    with by_hash(tx):
        return tx.all(CountRow, query)


def annotation_refs(tx: Transaction, a: State, b: State, after: tuple[int, UUID], limit: int | None) -> list[RefRow]:
    """The annotations that differ, in order of file and id."""
    # In order before it is asked where a file is, and who ended something: so that is asked of the page alone.
    query = SQL(
        "{} select file, id, a_branch, a_seq, b_branch, b_seq, change, coalesce(by, {}) as by from"
        " (select * from found where (file, id) > (%(file)s, %(id)s) order by file, id offset 0) f"
        " where {} order by file, id limit %(limit)s"
    ).format(_found(a, b), _who_ended(b), _placed(a))
    with by_hash(tx):
        return tx.all(RefRow, query, file=after[0], id=after[1], limit=limit)


def entry_changes(tx: Transaction, a: State, b: State, after: int, limit: int | None) -> list[EntryRow]:
    """The files that entered, left, or whose metadata differ, in order of their ids."""
    query = SQL(
        "with {moved}, {described},"
        " different as (select file, case when in_b then 'added' else 'removed' end as change, in_a, in_b from moved"
        " union all select file, 'changed', true, true from described)"
        " select c.file, f.key, c.change,"
        " case c.change when 'added' then (select e.cause from membership e where e.project = %(project)s"
        " and e.dataset = %(b)s and e.file = c.file and e.created_seq <= %(b_seq)s"
        " and (e.retired_seq is null or e.retired_seq > %(b_seq)s))"
        " when 'removed' then (select e.retired_cause from membership e where e.project = %(project)s"
        " and e.dataset = %(a)s and e.file = c.file and e.created_seq <= %(a_seq)s and e.retired_seq > %(a_seq)s)"
        " end as cause, case when c.in_a then {meta_a} end as before, case when c.in_b then {meta_b} end as after"
        " from different c join file f on f.project = %(project)s and f.id = c.file"
        " where c.file > %(after)s order by c.file limit %(limit)s"
    ).format(
        moved=moved(a, b),
        described=_described(a, b),
        meta_a=_meta(a, SQL("c.file")),
        meta_b=_meta(b, SQL("c.file")),
    )
    return tx.all(EntryRow, query, a=a.dataset.id, b=b.dataset.id, a_seq=a.seq, b_seq=b.seq, after=after, limit=limit)


def changed_files(tx: Transaction, a: State, b: State) -> list[int]:
    """The files of `b` that are new in it, or whose annotations or metadata differ, in order of their ids."""
    query = SQL(
        "{found}, {described} select file from moved where in_b union select file from described union select file"
        " from (select distinct file, placed from found where by is distinct from 'left' offset 0) f where {placed}"
        " order by file"
    ).format(found=_found(a, b), described=_described(a, b), placed=_placed(a))
    with by_hash(tx):
        return tx.values(int, query)


def rows_at(tx: Transaction, refs: Sequence[tuple[int, UUID, int, int]]) -> list[tuple[Any, ...]]:
    """Annotation rows by (file, id, branch, created_seq): the columns of COLUMNS, then file, branch and created_seq."""
    return tx.rows(
        "select " + ", ".join(f"x.{name.strip()}" for name in COLUMNS.split(",")) + ", x.file, x.branch, x.created_seq"
        " from unnest(%(branches)s::bigint[], %(files)s::bigint[], %(ids)s::uuid[], %(seqs)s::bigint[])"
        " as r(branch, file, id, seq) join annotation x on x.project = %(project)s and x.branch = r.branch"
        " and x.file = r.file and x.id = r.id and x.created_seq = r.seq",
        branches=[branch for _, _, branch, _ in refs],
        files=[file for file, _, _, _ in refs],
        ids=[id for _, id, _, _ in refs],
        seqs=[seq for _, _, _, seq in refs],
    )


def keys_of(tx: Transaction, files: Sequence[int]) -> dict[int, str]:
    return dict(
        tx.rows("select id, key from file where project = %(project)s and id = any(%(files)s)", files=list(files))
    )


# The pieces.


def candidates(found: Sequence[Part]) -> Composable:
    """(file, id) of the annotations that these parts have."""
    pieces: list[Composable] = [SQL("select file, id from annotation where false")]
    of: LiteralString = "select file, id from annotation where project = %(project)s and branch = {branch} and "
    for part in found:
        if part.after is None:
            wheres: list[LiteralString] = ["created_seq <= {upto} and (retired_seq is null or retired_seq > {upto})"]
        else:
            wheres = [
                "created_seq > {after} and created_seq <= {upto}",
                "retired_seq > {after} and retired_seq <= {upto}",
            ]
        values = {"branch": Literal(part.branch), "after": Literal(part.after), "upto": Literal(part.upto)}
        pieces += [SQL(of + where).format(**values) for where in wheres]
    return SQL(" union all ").join(pieces)


def state_of(levels: Sequence[Level], place: LiteralString) -> Composable:
    """A lateral: the row of `annotation` that a side reads for `place`.file and `place`.id, perhaps a `gone` one."""
    one: LiteralString = (
        "select {n} as n, x.* from annotation x where x.project = %(project)s and x.branch = {branch} and x.file = "
        + place
        + ".file and x.id = "
        + place
        + ".id and x.created_seq <= {upto} and (x.retired_seq is null or x.retired_seq > {upto})"
    )
    reads = [
        SQL(one).format(n=Literal(n), branch=Literal(level.branch), upto=Literal(_upto(level)))
        for n, level in enumerate(levels)
    ]
    if not reads:
        return SQL("(select 0 as n, x.* from annotation x where false)")
    if len(reads) == 1:
        return SQL("({} limit 1)").format(reads[0])
    return SQL("(select * from ({}) either order by n limit 1)").format(SQL(" union all ").join(reads))


def holds(state: State, file: Composable) -> Composable:
    """Whether a side holds a file."""
    own = state.entries[0]
    # Two looks by two indexes: in one, both are always read and put together. And looks at the rows of this file: for
    # an `exists` the planner, who takes many files to differ, would read all entries of the dataset beforehand.
    at: LiteralString = (
        "((select true from entry e where e.project = %(project)s and e.dataset = {dataset} and e.file = {file}"
        " and e.retired_seq is null and e.created_seq <= {upto} limit 1) is not null"
        " or (select true from entry e where e.project = %(project)s and e.dataset = {dataset} and e.file = {file}"
        " and e.created_seq <= {upto} and e.retired_seq > {upto} limit 1) is not null)"
    )
    held = SQL(at).format(dataset=Literal(own.branch), file=file, upto=Literal(own.as_of))
    if len(state.entries) == 1:
        return held
    begun = SQL(at).format(dataset=Literal(state.entries[1].branch), file=file, upto=Literal(state.entries[1].as_of))
    left = SQL(
        "exists (select from fork_left l where l.project = %(project)s and l.dataset = {dataset} and l.file = {file}"
        " and l.seq <= {upto})"
    ).format(dataset=Literal(own.branch), file=file, upto=Literal(own.as_of))
    return SQL("({} or {} and not {})").format(held, begun, left)


def moved(a: State, b: State) -> Composable:
    """CTE `moved`: the files that one side holds and the other doesn't."""
    pieces: list[Composable] = [SQL("select file from entry where false")]
    for part in parts(a.entries, b.entries):
        values = {"dataset": Literal(part.branch), "after": Literal(part.after), "upto": Literal(part.upto)}
        wheres: list[LiteralString]
        if part.after is None:
            wheres = ["entry where {at} created_seq <= {upto} and (retired_seq is null or retired_seq > {upto})"]
            wheres.append("fork_left where {at} seq <= {upto}")
        else:
            wheres = ["entry where {at} created_seq > {after} and created_seq <= {upto}"]
            wheres.append("entry where {at} retired_seq > {after} and retired_seq <= {upto}")
            wheres.append("fork_left where {at} seq > {after} and seq <= {upto}")
        at = SQL("project = %(project)s and dataset = {} and").format(Literal(part.branch))
        pieces += [SQL("select file from " + where).format(at=at, **values) for where in wheres]
    return SQL(
        "moved as materialized (select file, in_a, in_b from (select distinct file from ({pieces}) p) c,"
        " lateral (select {in_a} as in_a, {in_b} as in_b offset 0) held where in_a <> in_b)"
    ).format(pieces=SQL(" union all ").join(pieces), in_a=holds(a, SQL("c.file")), in_b=holds(b, SQL("c.file")))


def _described(a: State, b: State) -> Composable:
    """CTE `described`: the files that both sides hold and whose metadata differ."""
    return SQL(
        "described as (select d.file from (select distinct file from file_meta where project = %(project)s"
        " and created_seq > {low} and created_seq <= {high}) d, lateral (select {in_a} and {in_b} and"
        " {meta_a} <> {meta_b} as differs offset 0) x where differs)"
    ).format(
        low=Literal(min(a.seq, b.seq)),
        high=Literal(max(a.seq, b.seq)),
        in_a=holds(a, SQL("d.file")),
        in_b=holds(b, SQL("d.file")),
        meta_a=_meta(a, SQL("d.file")),
        meta_b=_meta(b, SQL("d.file")),
    )


def _meta(state: State, file: Composable) -> Composable:
    """A file's metadata at the revision of a side."""
    return SQL(
        "coalesce((select m.meta from file_meta m where m.project = %(project)s and m.file = {file}"
        " and m.created_seq <= {seq} and (m.retired_seq is null or m.retired_seq > {seq})), '{{}}')"
    ).format(file=file, seq=Literal(state.seq))


def _who_ended(b: State) -> Composable:
    """What did it, for a row of `found` that ended something."""
    return SQL(_ENDED).format(Literal(b.seq))


def _placed(a: State) -> Composable:
    """Whether both sides hold the file of a row of `found`: what neither entered nor left is held by both or none."""
    return SQL("(f.placed or f.file not in (select file from moved) and {})").format(holds(a, SQL("f.file")))


def _found(a: State, b: State) -> Composable:
    """CTEs up to `found`: every annotation that differs, with where its states are.

    Of one that ended, `by` is null where the log tells it, at the revision `ended`. Where a row isn't `placed`, whether
    the sides hold its file is yet to be asked.
    """
    if len(a.levels) == len(b.levels) == 1 and a.levels[0].branch == b.levels[0].branch:
        return _found_on_one_line(a, b)
    branches = sorted({level.branch for level in [*a.levels, *b.levels]})
    return SQL(
        "with {moved}, candidate as materialized (select file, id from ({parts}) p union"
        " select m.file, x.id from moved m, lateral (select x.id from annotation x where x.project = %(project)s"
        " and x.branch = any({branches}) and x.file = m.file offset 0) x), {places},"
        " found as (select {refs}, {change} as change,"
        " case when b.id is not null then {cause} when not p.in_b then 'left' end as by,"
        " case when b.id is null then a.retired_seq end as ended, true as placed"
        " from candidate c join places p on p.file = c.file and (p.in_a or p.in_b)"
        " left join lateral {state_a} a on p.in_a and not a.gone"
        " left join lateral {state_b} b on p.in_b"
        " where (a.id is not null or b.id is not null and not b.gone)"
        " and (a.branch, a.created_seq) is distinct from (b.branch, b.created_seq)"
        " and not (a.id is not null and b.id is not null and not b.gone and {same}))"
    ).format(
        moved=moved(a, b),
        parts=candidates(parts(a.levels, b.levels)),
        branches=Literal(branches),
        places=_places(a),
        refs=SQL(_REFS),
        change=SQL(_CHANGE),
        cause=SQL(_CAUSE).format(SQL("b")),
        state_a=state_of(a.levels, "c"),
        state_b=state_of(b.levels, "c"),
        same=_same("a", "b"),
    )


_REFS: LiteralString = (
    "c.file, c.id, a.branch as a_branch, a.created_seq as a_seq, b.branch as b_branch, b.created_seq as b_seq"
)
_CHANGE: LiteralString = (
    "case when a.id is null then 'added' when b.id is null or b.gone then 'removed' else 'changed' end"
)


def _same(a: LiteralString, b: LiteralString, names: Sequence[str] = CONTENT) -> Composable:
    """Whether the rows of two names say the same by these columns."""
    alike: list[Composable] = []
    for name in names:
        one, other = SQL(a + ".{}").format(Identifier(name)), SQL(b + ".{}").format(Identifier(name))
        equal = SQL("{} is not distinct from {}").format(one, other)
        if name == "foreign":  # texts that differ may say the same: who sends them spells them
            equal = SQL("({0}::text is not distinct from {1}::text or {0}::jsonb is not distinct from {1}::jsonb)")
            equal = equal.format(one, other)
        alike.append(equal)
    return SQL(" and ").join(alike)


def _places(a: State) -> Composable:
    """CTE `places`: which sides hold the candidates' files. What neither entered nor left is held by both or none."""
    return SQL(
        "places as materialized (select c.file, coalesce(m.in_a, held) as in_a, coalesce(m.in_b, held) as in_b"
        " from (select distinct file from candidate) c left join moved m on m.file = c.file,"
        " lateral (select m.file is null and {} as held offset 0) h)"
    ).format(holds(a, SQL("c.file")))


def _found_on_one_line(a: State, b: State) -> Composable:
    """The same of two revisions of one branch: what ended in between was there before, what began is there after.

    Rows are joined without their long columns, which would fill the memory that they are joined in. Those are read
    again of what doesn't differ in the short ones.
    """
    before, after = ("a", "b") if a.seq <= b.seq else ("b", "a")
    return SQL(
        "with {moved}, found as (select {refs}, {change} as change, case when b.id is not null then {cause} end as by,"
        " case when b.id is null then a.retired_seq end as ended, false as placed"
        " from (select {row} from annotation where project = %(project)s and branch = {branch}"
        " and created_seq <= {low} and retired_seq > {low} and retired_seq <= {high}) {before}"
        " full join (select {row} from annotation where project = %(project)s and branch = {branch}"
        " and created_seq > {low} and created_seq <= {high} and (retired_seq is null or retired_seq > {high})) {after}"
        " on a.file = b.file and a.id = b.id,"
        " lateral (select coalesce(a.file, b.file) as file, coalesce(a.id, b.id) as id) c"
        " where not (a.id is not null and b.id is not null and {same})"
        " union all select m.file, x.id, x.branch, x.created_seq, null, null, 'removed', 'left', null, true"
        " from moved m, lateral (select * from annotation x where x.project = %(project)s and x.branch = {branch}"
        " and x.file = m.file and x.created_seq <= {a} and (x.retired_seq is null or x.retired_seq > {a}) offset 0) x"
        " where m.in_a"
        " union all select m.file, x.id, null, null, x.branch, x.created_seq, 'added', {entered}, null, true"
        " from moved m, lateral (select * from annotation x where x.project = %(project)s and x.branch = {branch}"
        " and x.file = m.file and x.created_seq <= {b} and (x.retired_seq is null or x.retired_seq > {b}) offset 0) x"
        " where m.in_b)"
    ).format(
        moved=moved(a, b),
        branch=Literal(a.levels[0].branch),
        low=Literal(min(a.seq, b.seq)),
        high=Literal(max(a.seq, b.seq)),
        a=Literal(a.seq),
        b=Literal(b.seq),
        row=SQL(", ").join(
            [
                SQL("ctid as place"),
                *map(Identifier, ("branch", "file", "id", "created_seq", "retired_seq", *_WRITTEN, *_SHORT)),
            ]
        ),
        refs=SQL(_REFS),
        change=SQL(_CHANGE),
        cause=SQL(_CAUSE).format(SQL("b")),
        before=SQL(before),
        after=SQL(after),
        same=SQL(
            "{} and (select {} from annotation x, annotation y where x.ctid = a.place and y.ctid = b.place)"
        ).format(_same("a", "b", _SHORT), _same("x", "y", _LONG)),
        entered=SQL(_CAUSE).format(SQL("x")),
    )
