"""Writing the annotations of many files at once. The caller holds the files."""

from collections.abc import Sequence
from uuid import UUID

from penstock.store import Transaction


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
