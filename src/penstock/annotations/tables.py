"""The tables of branches and annotations: the only SQL of this room.

An overlay reads its own rows first, then what its parent held at its base: see `Level`.
"""

import datetime as dt
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import msgspec

from penstock.annotations import values
from penstock.annotations.model import Annotation
from penstock.core import Value
from penstock.store import SEQ, Transaction

COLUMNS = 'id, kind, label, geometry, attributes, source, confidence, "group", at, author, "foreign"'


class Branch(Value):
    """A line of annotation history: `main` is the truth, every other kind overlays its parent."""

    id: int
    kind: str
    name: str | None = None
    parent: int | None = None
    base_seq: int | None = None
    """The parent's revision that is overlaid; absent: its head, until the first save."""
    state: str = "open"


class Level(NamedTuple):
    """One branch to read, as of a revision (None: its head). Nearer levels hide further ones, per annotation."""

    branch: int
    as_of: int | None


class HeadRow(NamedTuple):
    """An annotation at a branch's head, and what wrote it."""

    annotation: Annotation
    origin: str
    gone: bool


def from_row(row: Sequence[Any]) -> Annotation:
    """An annotation from the first eleven columns of a row, in the order of COLUMNS."""
    return Annotation(
        id=row[0],
        kind=row[1],
        label=row[2],
        geometry=msgspec.Raw(row[3].encode()),
        attributes=row[4],
        source=row[5],
        confidence=row[6],
        group=row[7],
        at=row[8],
        author=row[9],
        foreign=row[10] or {},
    )


# Branches.


def find_branch(tx: Transaction, branch: int) -> Branch | None:
    return tx.maybe(
        Branch,
        "select id, kind, name, parent, base_seq, state from branch where project = %(project)s and id = %(branch)s",
        branch=branch,
    )


def recall_branch(tx: Transaction, branch: int) -> Branch | None:
    """A branch, from memory where it can't have changed: all but a draft have no base to fix."""
    key = ("branch", tx.project, branch)
    known: Branch | None = tx.memory.get(key)
    if known is None:
        known = find_branch(tx, branch)
        if known is not None and known.kind != "draft":
            tx.memory[key] = known
    return known


def find_main(tx: Transaction) -> int | None:
    return tx.value(int, "select id from branch where project = %(project)s and kind = 'main'")


def find_predictions(tx: Transaction, name: str) -> int | None:
    return tx.value(
        int,
        "select id from branch where project = %(project)s and kind = 'predictions' and name = %(name)s",
        name=name,
    )


def list_predictions(tx: Transaction) -> list[Branch]:
    return tx.all(
        Branch,
        "select id, kind, name, parent, base_seq, state from branch"
        " where project = %(project)s and kind = 'predictions' order by name",
    )


def insert_branch(tx: Transaction, kind: str, name: str | None, parent: int | None, base_seq: int | None) -> int | None:
    """A new branch's id; None when one of that kind and name is there already."""
    return tx.value(
        int,
        "insert into branch (project, kind, name, parent, base_seq, at)"
        " values (%(project)s, %(kind)s, %(name)s, %(parent)s, %(base_seq)s, moment())"
        " on conflict do nothing returning id",
        kind=kind,
        name=name,
        parent=parent,
        base_seq=base_seq,
    )


def fix_base(tx: Transaction, branch: int, file: int) -> None:
    """Pin a draft to its parent's present state of a file, whose row is shared until the transaction ends."""
    tx.before_seq()
    tx.post("select fix_base(%(project)s, %(branch)s, %(file)s)", branch=branch, file=file)


def set_branch_state(tx: Transaction, branches: Sequence[int], state: str) -> None:
    tx.run(
        "update branch set state = %(state)s where project = %(project)s and id = any(%(branches)s)",
        branches=list(branches),
        state=state,
    )


# Reading.


OVERLAID: LiteralString = (
    ' a.id, a.kind, a.label, a.geometry, a.attributes, a.source, a.confidence, a."group", a.at, a.author,'
    ' a."foreign", a.file, a.gone'
)
LEVELS: LiteralString = (
    " from unnest(%(branches)s::bigint[], %(as_of)s::bigint[]) with ordinality as level(branch, as_of, n)"
    " join annotation a on a.project = %(project)s and a.branch = level.branch"
    " and (case when level.as_of is null then a.retired_seq is null"
    " else a.created_seq <= level.as_of and (a.retired_seq is null or a.retired_seq > level.as_of) end)"
)
"""The states that levels show. Of several states of one annotation that of the lowest `level.n` counts."""


def at_levels(levels: Sequence[Level]) -> dict[str, list[int] | list[int | None]]:
    """What `LEVELS` is asked with."""
    return {"branches": [level.branch for level in levels], "as_of": [level.as_of for level in levels]}


def select(tx: Transaction, levels: Sequence[Level], file: int) -> list[Annotation]:
    """The annotations of a file, overlaid, in order of their ids."""
    if len(levels) == 1 and levels[0].as_of is None:
        rows = tx.rows(
            'select id, kind, label, geometry, attributes, source, confidence, "group", at, author, "foreign"'
            " from annotation where project = %(project)s and branch = %(branch)s and file = %(file)s"
            " and retired_seq is null and not gone order by id",
            branch=levels[0].branch,
            file=file,
        )
        return [from_row(row) for row in rows]
    return [annotation for _, annotation in select_files(tx, levels, [file])]


def select_files(tx: Transaction, levels: Sequence[Level], files: Sequence[int]) -> Iterator[tuple[int, Annotation]]:
    """(file, annotation) of many files, overlaid, in order of file and id."""
    rows = tx.rows(
        "select * from ("
        " select distinct on (a.file, a.id)" + OVERLAID + LEVELS + " and a.file = any(%(files)s)"
        " order by a.file, a.id, level.n) as found where not gone order by file, id",
        **at_levels(levels),
        files=list(files),
    )
    for row in rows:
        yield row[11], from_row(row)


def select_own(tx: Transaction, branch: int, file: int) -> dict[UUID, Annotation | None]:
    """What a branch itself holds of a file at its head; None for what it deletes."""
    rows = tx.rows(
        'select id, kind, label, geometry, attributes, source, confidence, "group", at, author, "foreign", gone'
        " from annotation where project = %(project)s and branch = %(branch)s and file = %(file)s"
        " and retired_seq is null order by id",
        branch=branch,
        file=file,
    )
    return {row[0]: None if row[11] else from_row(row) for row in rows}


class FileStates(NamedTuple):
    """What a draft and its parent hold of one file; None for what the draft deletes."""

    own: dict[UUID, Annotation | None]
    base: dict[UUID, Annotation]  #: the parent's, as of the draft's base
    head: dict[UUID, Annotation]  #: the parent's, now

    @property
    def present(self) -> dict[UUID, Annotation]:
        """The file as the draft sees it."""
        states: dict[UUID, Annotation | None] = {**self.base, **self.own}
        return {id: state for id, state in sorted(states.items()) if state is not None}


_STATES: LiteralString = (
    'select id, kind, label, geometry, attributes, source, confidence, "group", at, author, "foreign", gone,'
    " branch, created_seq, retired_seq from annotation where project = %(project)s and file = %(file)s"
    " and branch = any(%(branches)s) and (retired_seq is null or retired_seq > %(base)s)"
)


def select_states(tx: Transaction, draft: Branch, file: int) -> FileStates:
    """A draft over a branch without a parent, and that branch at the draft's base and now, in one statement."""
    return _states(draft, tx.rows(_STATES, **_of_draft(draft, file)))


def select_ids(tx: Transaction, draft: Branch, file: int, ids: Collection[UUID]) -> FileStates:
    """The same of some annotations alone."""
    return _states(
        draft, tx.rows(_STATES + " and id = any(%(ids)s::uuid[])", **_of_draft(draft, file), ids=_array(ids))
    )


def _of_draft(draft: Branch, file: int) -> dict[str, Any]:
    base = _NEVER if draft.base_seq is None else draft.base_seq
    return {"file": file, "branches": [draft.id, draft.parent], "base": base}


def _states(draft: Branch, rows: Iterable[tuple[Any, ...]]) -> FileStates:
    found = FileStates({}, {}, {})
    for row in rows:
        gone, branch, created, retired = row[11:15]
        annotation = None if gone else from_row(row)
        if branch == draft.id:
            found.own[row[0]] = annotation
        elif annotation is not None:
            if retired is None:
                found.head[row[0]] = annotation
            if draft.base_seq is None or created <= draft.base_seq:
                found.base[row[0]] = annotation
    return found


_NEVER = 2**62  #: beyond every revision


def select_heads(tx: Transaction, levels: Sequence[Level], file: int) -> dict[UUID, HeadRow]:
    """What a branch holds of a file at its head, overlaid, deleted ones too."""
    rows = tx.rows(
        'select distinct on (a.id) a.id, a.kind, a.label, a.geometry, a.attributes, a.source, a.confidence, a."group",'
        ' a.at, a.author, a."foreign", a.origin, a.gone' + LEVELS + " and a.file = %(file)s order by a.id, level.n",
        **at_levels(levels),
        file=file,
    )
    return {row[0]: HeadRow(from_row(row), row[11], row[12]) for row in rows}


def select_touched(tx: Transaction, branches: Sequence[int], files: Collection[int]) -> set[int]:
    """Those of the files that have a row on one of these branches, be it retired."""
    # In the order of the key: without it, a planner that knew a few files of the branch alone took another index, and
    # read the whole branch for each file. 600 files took 16 s in place of a millisecond.
    return set(
        tx.values(
            int,
            "select distinct f from unnest(%(files)s::bigint[]) f, unnest(%(branches)s::bigint[]) b,"
            " lateral (select from annotation a where a.project = %(project)s and a.branch = b and a.file = f"
            " order by a.id, a.retired_seq limit 1) as found",
            files=array("q", files),
            branches=list(branches),
        )
    )


def select_known_ids(tx: Transaction, branches: Sequence[int], file: int) -> set[UUID]:
    """Every id that some branches ever held on a file, deleted ones too."""
    return set(
        tx.values(
            UUID,
            "select distinct id from annotation"
            " where project = %(project)s and branch = any(%(branches)s) and file = %(file)s",
            branches=list(branches),
            file=file,
        )
    )


class Change(Value):
    """One state of one annotation in its history."""

    id: UUID
    created_seq: int
    retired_seq: int | None
    gone: bool
    kind: str
    label: int | None
    geometry: str
    """JSON text."""
    attributes: dict[str, Any]
    source: str
    confidence: float | None
    author: int | None
    origin: str
    task: int | None
    at: dt.datetime | None = None
    """When it became so."""
    by: int | None = None
    """Who made it so; none for imports by jobs."""
    retired_at: dt.datetime | None = None
    retired_by: int | None = None


def select_history(tx: Transaction, levels: Sequence[Level], file: int) -> list[Change]:
    """Every state that levels show or showed. What ended below after it was overlaid goes on."""
    return tx.all(
        Change,
        "select id, created_seq, ended as retired_seq, gone, kind, label, geometry, attributes, source, confidence,"
        " author, origin, task, made.at, made.actor as by, retired.at as retired_at, retired.actor as retired_by"
        " from (select x.*, case when x.retired_seq <= coalesce(level.as_of, x.retired_seq) then x.retired_seq end"
        " as ended from unnest(%(branches)s::bigint[], %(as_of)s::bigint[]) as level(branch, as_of)"
        " join annotation x on x.project = %(project)s and x.branch = level.branch and x.file = %(file)s"
        " and x.created_seq <= coalesce(level.as_of, x.created_seq)) a"
        " left join lateral (select at, actor from event e where e.project = a.project"
        " and e.seq = a.created_seq order by n limit 1) made on true"
        " left join lateral (select at, actor from event e where e.project = a.project"
        " and e.seq = a.ended order by n limit 1) retired on true"
        " order by created_seq, id",
        **at_levels(levels),
        file=file,
    )


# Writing. The caller holds the file's lock where the branch is not a draft of its own.

_INTO: LiteralString = (
    "insert into annotation (project, branch, file, id, created_seq, gone, kind, label, x, y, w, h, geometry,"
    ' attributes, source, confidence, "group", at, author, "foreign", origin, task)'
)
# As JSON, whose texts stay as they are: foreign keys are spelled as their reader did it, and COCO writes them so again.
_INSERT: LiteralString = (
    _INTO
    + " select %(project)s, %(branch)s, %(file)s, r.id, "
    + SEQ
    + ", r.gone, r.kind, r.label, r.x, r.y, r.w, r.h, r.geometry,"
    ' r.attributes, r.source, r.confidence, r."group", r.at, r.author, r."foreign", %(origin)s, %(task)s'
    " from json_to_recordset(%(rows)s::json) as r(id uuid, gone boolean, kind text, label int,"
    " x float8, y float8, w float8, h float8, geometry text, attributes jsonb, source text, confidence float8,"
    ' "group" text, at jsonb, author int, "foreign" json)'
)
_UPSERT: LiteralString = (
    _INSERT + " on conflict (project, branch, file, id, retired_seq) do update set gone = excluded.gone,"
    " kind = excluded.kind, label = excluded.label, x = excluded.x, y = excluded.y, w = excluded.w, h = excluded.h,"
    " geometry = excluded.geometry, attributes = excluded.attributes, source = excluded.source,"
    ' confidence = excluded.confidence, "group" = excluded."group", at = excluded.at, author = excluded.author,'
    ' "foreign" = excluded."foreign"'
)


class _Row(msgspec.Struct):
    id: UUID
    gone: bool
    kind: str
    label: int | None
    x: float
    y: float
    w: float
    h: float
    geometry: str
    attributes: dict[str, Any]
    source: str
    confidence: float | None
    group: str | None
    at: dict[str, Any] | None
    author: int | None
    foreign: dict[str, Any] | None


def _row(annotation: Annotation, gone: bool) -> _Row:
    x, y, w, h = annotation.bounds
    return _Row(
        annotation.id,
        gone,
        annotation.kind,
        annotation.label,
        x,
        y,
        w,
        h,
        annotation.geometry_text,
        annotation.attributes,
        annotation.source,
        annotation.confidence,
        annotation.group,
        annotation.at,
        annotation.author,
        annotation.foreign or None,
    )


def _gone(id: UUID) -> _Row:
    return _Row(id, True, "tag", None, 0, 0, 0, 0, "null", {}, "person", None, None, None, None, None)


def upsert_draft(tx: Transaction, branch: int, file: int, states: Mapping[UUID, Annotation | None]) -> None:
    """Put states on a draft's head: an annotation, or None for a deletion."""
    rows = [_gone(id) if state is None else _row(state, False) for id, state in states.items()]
    tx.post(
        _UPSERT,
        seq=tx.seq_in_sql,
        branch=branch,
        file=file,
        origin="edit",
        task=None,
        rows=msgspec.json.encode(rows).decode(),
    )


def drop_draft(tx: Transaction, branch: int, file: int, ids: Collection[UUID]) -> None:
    """Let a draft say nothing of some annotations any more."""
    if ids:
        tx.run(
            "delete from annotation where project = %(project)s and branch = %(branch)s and file = %(file)s"
            " and id = any(%(ids)s)",
            branch=branch,
            file=file,
            ids=list(ids),
        )


def retire(tx: Transaction, branch: int, file: int, ids: Collection[UUID]) -> None:
    """End the present states of some annotations at this transaction's revision."""
    if ids:
        tx.post(
            "update annotation set retired_seq = " + SEQ + " where project = %(project)s and branch = %(branch)s"
            " and file = %(file)s and id = any(%(ids)s::uuid[]) and retired_seq is null",
            branch=branch,
            file=file,
            ids=_array(ids),
            seq=tx.seq_in_sql,
        )


def insert(
    tx: Transaction,
    branch: int,
    file: int,
    annotations: Collection[Annotation],
    origin: str,
    task: int | None = None,
    gone: Collection[UUID] = (),
) -> None:
    """New states at this transaction's revision. `gone` are the parent's that an overlay deletes."""
    if annotations or gone:
        rows = [_row(annotation, False) for annotation in annotations] + [_gone(id) for id in gone]
        tx.post(
            _INSERT,
            seq=tx.seq_in_sql,
            branch=branch,
            file=file,
            origin=origin,
            task=task,
            rows=msgspec.json.encode(rows).decode(),
        )


_COPY: LiteralString = (
    _INTO + " select project, %(branch)s, file, id, " + SEQ + ", false, kind, label, x, y, w, h, geometry,"
    ' attributes, source, confidence, "group", at, author, "foreign", \'merge\', %(task)s'
    " from annotation where project = %(project)s and branch = %(draft)s and file = %(file)s and retired_seq is null"
    " and not gone and (%(ids)s::uuid[] is null or id = any(%(ids)s::uuid[]))"
)


def copy_states(
    tx: Transaction, draft: int, branch: int, file: int, ids: Collection[UUID] | None, task: int | None
) -> None:
    """New states on a branch at this transaction's revision, just as a draft holds them: some, or (None) all."""
    if ids is None or ids:
        given = None if ids is None else _array(ids)
        tx.post(_COPY, seq=tx.seq_in_sql, branch=branch, draft=draft, file=file, ids=given, task=task)


def _array(ids: Iterable[UUID]) -> str:
    """An array of UUIDs as PostgreSQL reads it: psycopg writes them one by one."""
    return "{" + ",".join(map(str, ids)) + "}"


def copy_branch_file(tx: Transaction, source: int, target: int, file: int) -> int:
    """Copy what one draft holds of a file onto another draft, over what that one holds."""
    states = select_own(tx, source, file)
    if states:
        upsert_draft(tx, target, file, states)
    return len(states)


def count_labels(tx: Transaction, branch: int, deltas: Mapping[values.Counted, int]) -> None:
    """Move the facets, (file, label) -> n and (file, field, value) -> n, in the transaction that wrote the rows."""
    moved = sorted((at[0], at[1], n) for at, n in deltas.items() if n and len(at) == 2)
    others = sorted((*at, n) for at, n in deltas.items() if n and len(at) == 3)
    if moved:
        tx.post(
            "insert into file_label (project, branch, file, label, n)"
            " select %(project)s, %(branch)s, d.file, d.label, d.n"
            " from unnest(%(files)s::bigint[], %(labels)s::int[], %(n)s::int[]) as d(file, label, n)"
            " on conflict (branch, file, label) do update set n = file_label.n + excluded.n",
            branch=branch,
            files=[m[0] for m in moved],
            labels=[m[1] for m in moved],
            n=[m[2] for m in moved],
        )
    if others:
        tx.post(
            "insert into file_value (project, branch, file, field, value, n)"
            " select %(project)s, %(branch)s, d.file, d.field, d.value, d.n"
            " from unnest(%(files)s::bigint[], %(fields)s::int[], %(values)s::text[], %(n)s::int[])"
            " as d(file, field, value, n)"
            " on conflict (branch, file, field, value) do update set n = file_value.n + excluded.n",
            branch=branch,
            files=[m[0] for m in others],
            fields=[m[1] for m in others],
            values=[m[2] for m in others],
            n=[m[3] for m in others],
        )


def tally(file: int, added: Iterable[Annotation], removed: Iterable[Annotation] = ()) -> Counter[values.Counted]:
    """The facet deltas of a change of one file."""
    deltas: Counter[values.Counted] = Counter()
    values.count(deltas, file, added, 1)
    values.count(deltas, file, removed, -1)
    return deltas


def lock_files(tx: Transaction, files: Collection[int]) -> None:
    """Hold files against other merges and imports, in id order, until this transaction ends. Before the seq."""
    tx.before_seq()
    tx.post(
        "select id from file where project = %(project)s and id = any(%(files)s) order by id for no key update",
        files=sorted(files),
    )


def file_exists(tx: Transaction, file: int) -> bool:
    return bool(tx.value(bool, "select true from file where project = %(project)s and id = %(file)s", file=file))
