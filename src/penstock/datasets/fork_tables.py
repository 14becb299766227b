"""The rows of forks: what makes one, and what a fork of a fork copies."""

from typing import LiteralString

from penstock.datasets.model import Dataset
from penstock.datasets.relation import Inherited
from penstock.datasets.tables import DATASET
from penstock.store import SEQ, Transaction

_AT: LiteralString = " created_seq <= %(seq)s and (retired_seq is null or retired_seq > %(seq)s)"


def insert_fork(tx: Transaction, name: str, branch: int, root: Inherited) -> Dataset | None:
    """The new fork; None when the name is taken."""
    return tx.maybe(
        Dataset,
        "insert into dataset (project, name, branch, created_seq, forked_from, base_seq)"
        " values (%(project)s, %(name)s, %(branch)s, " + SEQ + ", %(root)s, %(base_seq)s)"
        " on conflict (project, name) where archived_at is null do nothing returning " + DATASET,
        name=name,
        branch=branch,
        seq=tx.seq_in_sql,
        root=root.dataset,
        base_seq=root.seq,
    )


def copy_annotations(tx: Transaction, source: int, seq: int, target: int) -> None:
    """What a fork's branch changed up to a revision, onto another over the same parent."""
    tx.run(
        "insert into annotation (project, branch, file, id, created_seq, gone, kind, label, x, y, w, h, geometry,"
        ' attributes, source, confidence, "group", at, author, "foreign", origin, task)'
        " select project, %(target)s, file, id, %(made)s, gone, kind, label, x, y, w, h, geometry, attributes, source,"
        ' confidence, "group", at, author, "foreign", origin, task from annotation'
        " where project = %(project)s and branch = %(source)s and" + _AT,
        source=source,
        seq=seq,
        target=target,
        made=tx.seq,
    )


def copy_entries(tx: Transaction, source: int, seq: int, target: int) -> None:
    """What entered and left a fork up to a revision, for another with the same beginning."""
    tx.run(
        "insert into entry (project, dataset, file, key, cause, at, created_seq)"
        " select project, %(target)s, file, key, cause, at, %(made)s from entry"
        " where project = %(project)s and dataset = %(source)s and" + _AT,
        source=source,
        seq=seq,
        target=target,
        made=tx.seq,
    )
    tx.run(
        "insert into fork_left (project, dataset, file, seq, cause) select project, %(target)s, file, %(made)s, cause"
        " from fork_left where project = %(project)s and dataset = %(source)s and seq <= %(seq)s",
        source=source,
        seq=seq,
        target=target,
        made=tx.seq,
    )
