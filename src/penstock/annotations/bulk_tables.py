"""Writing the annotations of many files at once. The caller holds the files."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import LiteralString
from uuid import UUID

from penstock.annotations import copying, values
from penstock.annotations.copying import ColumnRows, FileRows
from penstock.store import Transaction

_BLOCK_BYTES = 128 << 10
"""What goes to libpq at once. Each time costs as much as ten rows; what a socket can't hold waits for 0.1 s."""


def retire_many(tx: Transaction, branch: int, places: Sequence[tuple[int, UUID]]) -> None:
    """End the present states of annotations of many files, (file, id), at this transaction's revision."""
    if places:
        tx.run(
            "update annotation a set retired_seq = %(seq)s"
            " from unnest(%(files)s::bigint[], %(ids)s::uuid[]) as p(file, id) where a.project = %(project)s"
            " and a.branch = %(branch)s and a.file = p.file and a.id = p.id and a.retired_seq is null",
            branch=branch,
            files=[file for file, _ in places],
            ids=[id for _, id in places],
            seq=tx.seq,
        )


def insert_gone(tx: Transaction, branch: int, places: Sequence[tuple[int, UUID]], origin: str) -> None:
    """Hide the parent's annotations of many files, (file, id), on an overlay."""
    if places:
        tx.run(
            "insert into annotation (project, branch, file, id, created_seq, gone, kind, x, y, w, h, geometry,"
            " attributes, source, origin) select %(project)s, %(branch)s, p.file, p.id, %(seq)s, true, 'tag', 0, 0, 0,"
            " 0, 'null', '{}', 'person', %(origin)s from unnest(%(files)s::bigint[], %(ids)s::uuid[]) as p(file, id)",
            branch=branch,
            files=[file for file, _ in places],
            ids=[id for _, id in places],
            seq=tx.seq,
            origin=origin,
        )


def copy_in(tx: Transaction, branch: int, files: Iterable[FileRows | ColumnRows], origin: str) -> None:
    """Stream new states of many files. No id may be at the branch's head yet."""
    rows = copying.annotations(tx.project, branch, tx.seq, origin, files)
    _copy(tx, "copy annotation (" + copying.COLUMNS + ") from stdin (format binary)", rows)


def _copy(tx: Transaction, into: LiteralString, rows: Iterable[bytes]) -> None:
    with tx.conn.cursor() as cursor, cursor.copy(into) as copy:
        block = bytearray(copying.HEAD)
        for some in rows:
            block += some
            while len(block) > _BLOCK_BYTES:
                copy.write(bytes(block[:_BLOCK_BYTES]))
                del block[:_BLOCK_BYTES]
        copy.write(bytes(block + copying.TAIL))


def are_counted(tx: Transaction, branch: int, files: Collection[int]) -> bool:
    """Whether facets of any of these files are there."""
    return bool(
        tx.value(
            bool,
            "select exists (select from file_label where branch = %(branch)s and file = any(%(files)s::bigint[]))"
            " or exists (select from file_value where branch = %(branch)s and file = any(%(files)s::bigint[]))",
            branch=branch,
            files=array("q", files),
        )
    )


def copy_labels(tx: Transaction, branch: int, counted: Mapping[values.Counted, int]) -> None:
    """Count facets of files that have none yet."""
    rows = copying.file_labels(tx.project, branch, counted)
    _copy(tx, "copy file_label (project, branch, file, label, n) from stdin (format binary)", [rows])
    rows = copying.file_values(tx.project, branch, counted)
    _copy(tx, "copy file_value (project, branch, file, field, value, n) from stdin (format binary)", [rows])
