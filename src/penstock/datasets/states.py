"""States of datasets that can be forked, compared and merged: a version, a dataset at a revision, or as it is.

One is written `version:7`, `dataset:3@1200` or `dataset:3`.
"""

import re
from typing import NamedTuple

from penstock.annotations import branches
from penstock.annotations.tables import Branch, Level
from penstock.datasets import pruning, tables, verbs, versions
from penstock.datasets.model import Dataset, RevisionAhead, RevisionTooOld, StateUnreadable, Version
from penstock.datasets.relation import inherited
from penstock.store import Transaction, horizon

_WRITTEN = re.compile(r"version:(?P<version>\d{1,18})|dataset:(?P<dataset>\d{1,18})(@(?P<seq>\d{1,18}))?")


class State(NamedTuple):
    """A dataset at a settled revision: nothing of it changes any more."""

    dataset: Dataset
    seq: int
    line: Branch
    levels: list[Level]
    """Of its annotations."""
    entries: list[Level]
    """Of its entries: its own, then those that it inherited. Their `branch` is a dataset."""
    version: Version | None = None

    @property
    def written(self) -> str:
        """How to say this very state again."""
        return f"dataset:{self.dataset.id}@{self.seq}" if self.version is None else f"version:{self.version.id}"


def read(tx: Transaction, written: str) -> State:
    """The state that is meant; of a dataset without a revision, the newest that can be read as a whole.

    Raises StateUnreadable, NotFound, RevisionAhead, RevisionTooOld, RevisionPruned.
    """
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        raise StateUnreadable(written=written[:200])
    if found["version"]:
        return of_version(tx, versions.get(tx, int(found["version"])))
    return at(tx, verbs.get(tx, int(found["dataset"])), int(found["seq"]) if found["seq"] else None)


def of_version(tx: Transaction, version: Version) -> State:
    """What a version shows."""
    return at(tx, verbs.get(tx, version.dataset), version.seq)._replace(version=version)


def at(tx: Transaction, dataset: Dataset, seq: int | None = None) -> State:
    """A dataset at a revision. Raises RevisionAhead, RevisionTooOld, RevisionPruned."""
    newest = horizon(tx)
    seq = newest if seq is None else seq
    if seq > newest:
        raise RevisionAhead(seq=seq, newest=newest)
    if seq < dataset.created_seq:
        raise RevisionTooOld(name=dataset.name, first=dataset.created_seq, seq=seq)
    pruning.check(tx, dataset.id, seq)
    line = branches.get(tx, dataset.branch)
    begun = inherited(tx, dataset.id)
    entries = [Level(dataset.id, seq), *([] if begun is None else [Level(begun.dataset, begun.seq)])]
    return State(dataset, seq, line, branches.levels(tx, line, seq), entries)


def head(tx: Transaction, dataset: Dataset) -> State:
    """A dataset as this transaction sees it, settled or not: whoever asks holds the locks of what matters."""
    line = branches.get(tx, dataset.branch)
    begun = inherited(tx, dataset.id)
    entries = [Level(dataset.id, tables.HEAD), *([] if begun is None else [Level(begun.dataset, begun.seq)])]
    return State(dataset, tables.HEAD, line, branches.levels(tx, line, tables.HEAD), entries)
