"""Forks: a dataset of one's own that begins as another one is, or was. Nothing is copied; what changes is kept apart.

The law: a fork reads what it came from as of one revision for ever, so whatever happens there doesn't reach it.
"""

from penstock.annotations import branches
from penstock.datasets import events, fork_tables, pruning, verbs, versions
from penstock.datasets.model import Dataset, DatasetNameTaken
from penstock.datasets.relation import Inherited, inherited
from penstock.datasets.states import State, read
from penstock.store import Database, Transaction


def fork(db: Database, project: int, source: str, name: str, *, actor: int | None = None) -> Dataset:
    """Fork a version or a dataset, which has everything that had committed when this was called.

    Writes `dataset.forked`. Raises what `make` does, and VersionTooYoung.
    """
    versions.settled(db, project)
    return db.perform(lambda tx: make(tx, read(tx, source), name), project, actor)


def make(tx: Transaction, source: State, name: str) -> Dataset:
    """A new dataset that begins as `source`, on a branch of its own. Nobody watches it. Writes `dataset.forked`.

    A fork of a fork begins where that one did, with a copy of what changed in it since.

    Raises DatasetNameTaken, RevisionPruned.
    """
    if there := verbs.named(tx, name):
        raise DatasetNameTaken(name=name, id=there.id)
    line, of = source.line, inherited(tx, source.dataset.id)
    assert line.kind != "draft"
    pruning.check_to_pin(tx, source.dataset.id, source.seq)
    root = Inherited(source.dataset.id, source.seq) if of is None else of
    if line.parent is None:
        branch = branches.fork(tx, line.id, source.seq)
    else:
        assert line.base_seq is not None
        branch = branches.fork(tx, line.parent, line.base_seq)
        fork_tables.copy_annotations(tx, line.id, source.seq, branch)
    made = fork_tables.insert_fork(tx, name, branch, root)
    if made is None:
        raise DatasetNameTaken(name=name, id=None)
    if of is not None:
        fork_tables.copy_entries(tx, source.dataset.id, source.seq, made.id)
    event = events.DatasetForked(
        dataset=made.id,
        name=made.name,
        branch=made.branch,
        source=source.dataset.id,
        seq=source.seq,
        version=source.version and source.version.id,
    )
    tx.append(event)
    return made
