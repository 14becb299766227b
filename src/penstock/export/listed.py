"""Which files an export is of: the first of them at once, so that they can be read while the others are looked for."""

from array import array
from collections.abc import Collection, Iterator, Sequence

from penstock.datasets import tables as datasets
from penstock.export.model import Export
from penstock.store import Transaction

_FIRST = 1000


class Listed:
    """The files of an export, in the order of their keys."""

    def __init__(self, tx: Transaction, export: Export, picked: Collection[int] | None) -> None:
        """Looks for the first ones. `picked` are the only ones that it can be of, where they were picked one by one."""
        self._export = export
        self._picked = picked
        self._entries = datasets.count_at(tx, export.dataset, export.as_of)
        self._ready = 0
        self._last = ("", 0)
        self.ids = array("q")
        """Those that are known, from the first on. What is here stays as it is."""
        self._find(tx, _FIRST)
        self.is_whole = self._ready < _FIRST

    def find_rest(self, tx: Transaction) -> None:
        """Look for all others. Safe to repeat."""
        if not self.is_whole:
            self._find(tx, None)
            self.is_whole = True

    def parts(self, tx: Transaction) -> Iterator[Sequence[int]]:
        """The first ones, then the others, which nobody looks for who needs no more than the first."""
        yield self.ids
        known = len(self.ids)
        self.find_rest(tx)
        yield self.ids[known:]

    @property
    def total(self) -> int:
        """How many there are; at most, until all are known."""
        if self.is_whole:
            return len(self.ids)
        return self._entries if self._picked is None else min(self._entries, len(self._picked))

    @property
    def left_out(self) -> int:
        """How many were in the dataset and not ready, once all are known."""
        return self._entries - self._ready

    def _find(self, tx: Transaction, most: int | None) -> None:
        found = array("q", self.ids)
        picked = self._picked
        for rows in datasets.ready_files(tx, self._export.dataset, self._export.as_of, self._last, most):
            self._ready += len(rows)
            self._last = rows[-1]
            found.extend([file for _, file in rows if picked is None or file in picked])
            self.ids = found[:]
