"""The rows of merges, and the three sides of what a fork changed."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg.sql import SQL, Literal
from psycopg.types.json import Jsonb

from penstock.annotations.tables import Level
from penstock.datasets import diff_tables
from penstock.datasets.model import Merge, Rule, Tally
from penstock.datasets.states import State
from penstock.store import Transaction

_MERGE = "id, fork, target, fork_seq, rule, conflicts_to, annotations, files, conflicts, author, at"


class Sides(NamedTuple):
    """Where an annotation's states are at the common base, on the target and on the fork; None: not there."""

    file: int
    id: UUID
    base_branch: int | None
    base_seq: int | None
    theirs_branch: int | None
    theirs_seq: int | None
    ours_branch: int | None
    ours_seq: int | None

    @property
    def places(self) -> list[tuple[int, UUID, int, int]]:
        """Where the states are: (file, id, branch, revision they were made at)."""
        sides = (
            (self.base_branch, self.base_seq),
            (self.theirs_branch, self.theirs_seq),
            (self.ours_branch, self.ours_seq),
        )
        return [(self.file, self.id, branch, seq) for branch, seq in sides if branch is not None and seq is not None]


class Membership(NamedTuple):
    """Which sides hold a file."""

    file: int
    base: bool
    theirs: bool
    ours: bool


def sides(
    tx: Transaction, base: Sequence[Level], theirs: Sequence[Level], ours: State, own: int | None = None
) -> list[Sides]:
    """The annotations that differ from the base, on files that `ours` holds, in order of file and id.

    What a fork's `own` branch changed counts on every file: one that it doesn't hold now may come back to it.
    """
    query = SQL(
        "with candidate as materialized (select distinct file, id from ({parts}) p),"
        " places as materialized (select c.file from (select distinct file from candidate) c,"
        " lateral (select {held} or exists (select from annotation x where x.project = %(project)s"
        " and x.branch = {own} and x.file = c.file) as held offset 0) h where held)"
        " select c.file, c.id, a.branch as base_branch, a.created_seq as base_seq, t.branch as theirs_branch,"
        " t.created_seq as theirs_seq, b.branch as ours_branch, b.created_seq as ours_seq"
        " from candidate c join places p on p.file = c.file left join lateral {base} a on not a.gone"
        " left join lateral {theirs} t on not t.gone left join lateral {ours} b on not b.gone"
        " where (a.branch, a.created_seq) is distinct from (b.branch, b.created_seq) order by c.file, c.id"
    ).format(
        parts=diff_tables.candidates(diff_tables.parts(base, ours.levels)),
        held=diff_tables.holds(ours, SQL("c.file")),
        own=Literal(own),
        base=diff_tables.state_of(base, "c"),
        theirs=diff_tables.state_of(theirs, "c"),
        ours=diff_tables.state_of(ours.levels, "c"),
    )
    with diff_tables.by_hash(tx):
        return tx.all(Sides, query)


def memberships(tx: Transaction, base: State, theirs: State, ours: State) -> list[Membership]:
    """The files that entered or left the fork since the base."""
    query = SQL(
        "with {moved} select file, in_a as base, {theirs} as theirs, in_b as ours from moved order by file"
    ).format(moved=diff_tables.moved(base, ours), theirs=diff_tables.holds(theirs, SQL("moved.file")))
    return tx.all(Membership, query)


def last(tx: Transaction, fork: int, target: int) -> Merge | None:
    return tx.maybe(
        Merge,
        "select " + _MERGE + " from dataset_merge where project = %(project)s and fork = %(fork)s"
        " and target = %(target)s order by id desc limit 1",
        fork=fork,
        target=target,
    )


def find(tx: Transaction, merge: int) -> Merge | None:
    return tx.maybe(
        Merge, "select " + _MERGE + " from dataset_merge where project = %(project)s and id = %(merge)s", merge=merge
    )


def insert(
    tx: Transaction,
    fork: int,
    target: int,
    fork_seq: int,
    rule: Rule,
    conflicts_to: int | None,
    annotations: Tally,
    files: Tally,
    conflicts: int,
) -> Merge:
    return tx.one(
        Merge,
        "insert into dataset_merge (project, fork, target, fork_seq, rule, conflicts_to, annotations, files, conflicts,"
        " author, at) values (%(project)s, %(fork)s, %(target)s, %(fork_seq)s, %(rule)s, %(conflicts_to)s,"
        " %(annotations)s, %(files)s, %(conflicts)s, %(author)s, %(now)s) returning " + _MERGE,
        fork=fork,
        target=target,
        fork_seq=fork_seq,
        rule=rule,
        conflicts_to=conflicts_to,
        annotations=Jsonb(annotations.model_dump()),
        files=Jsonb(files.model_dump()),
        conflicts=conflicts,
        author=tx.actor,
        now=tx.now,
    )


def insert_conflicts(tx: Transaction, merge: int, conflicts: Sequence[Any]) -> None:
    """Keep what both sides had: structs with file, id, fields, base, theirs and ours."""
    tx.run(
        "insert into merge_conflict (project, merge, file, annotation, fields, base, theirs, ours)"
        " select %(project)s, %(merge)s, c.file, c.id, c.fields, nullif(c.base, 'null'), nullif(c.theirs, 'null'),"
        " nullif(c.ours, 'null') from jsonb_to_recordset(%(conflicts)s::jsonb)"
        " as c(file bigint, id uuid, fields jsonb, base jsonb, theirs jsonb, ours jsonb)",
        merge=merge,
        conflicts=msgspec.json.encode(conflicts).decode(),
    )


def conflicts(tx: Transaction, merge: int, after: tuple[int, UUID], limit: int) -> list[dict[str, Any]]:
    """Conflicts of a merge as plain JSON, in order of file and id."""
    return tx.values(
        dict[str, Any],
        "select jsonb_build_object('file', c.file, 'key', f.key, 'id', c.annotation, 'fields', c.fields,"
        " 'base', c.base, 'theirs', c.theirs, 'ours', c.ours) from merge_conflict c"
        " join file f on f.project = c.project and f.id = c.file where c.project = %(project)s and c.merge = %(merge)s"
        " and (c.file, c.annotation) > (%(file)s, %(id)s) order by c.file, c.annotation limit %(limit)s",
        merge=merge,
        file=after[0],
        id=after[1],
        limit=limit,
    )
