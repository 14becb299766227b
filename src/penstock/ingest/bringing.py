"""Bringing a batch of items in: files, annotations and entries in one transaction, the entries last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from penstock import datasets, files
from penstock.annotations import rows
from penstock.files import NewFile, Registered, Standing
from penstock.ingest import tables
from penstock.ingest.content import Prepared, known_file
from penstock.ingest.events import ImportItemFailed, ImportProgress
from penstock.ingest.model import TRUTH, Import, RunProblem
from penstock.ingest.tables import Settled, Tally
from penstock.store import Transaction

_MOST_PROBLEMS = 50
"""Problems listed at one item."""


@dataclass
class _Incoming:
    """An item that has become a file."""

    prepared: Prepared
    file: int
    is_new: bool
    outcome: str
    kept: int = 0
    """Annotations that a person touched."""


def bring(tx: Transaction, run: Import, chunk: int, prepared: Sequence[Prepared]) -> None:
    """Bring in those of the items that wait still. Safe to repeat: a settled item is left alone.

    Writes what `files`, `annotations` and `datasets` write, `import.item_failed` for each that failed, and one
    `import.progress`.
    """
    if tables.share_run(tx, run.id) in ("cancelled", "failed") or not tables.lock_chunk(tx, run.id, chunk):
        return
    waiting = tables.waiting_keys(tx, run.id, chunk)
    due = [one for one in prepared if one.planned.key in waiting]
    if not due:
        return
    batch = _Batch(tx, run)
    known = {id: one for one in due if one.reason is None and (id := known_file(one.planned)) is not None}
    files.hold(tx, list(known))
    batch.register([one for one in due if one.reason is None and one.blob is not None])
    batch.find(known)
    batch.annotate()
    batch.enter()
    for one in due:
        if one.reason is not None:
            batch.fail(one.planned.key, one.reason)
    tables.settle(tx, run.id, chunk, batch.settled, batch.tally)
    total = tables.totals(tx, [run.id])[run.id]
    tx.append(ImportProgress(import_id=run.id, found=total.found, done=total.done, failed=total.failed))


class _Batch:
    def __init__(self, tx: Transaction, run: Import) -> None:
        self._tx = tx
        self._run = run
        self._incoming: list[_Incoming] = []
        self.settled: list[Settled] = []
        self.tally = Tally()

    def register(self, prepared: Sequence[Prepared]) -> None:
        """Make files of items that brought bytes."""
        registered = files.register_many(self._tx, [self._new_file(one) for one in prepared]) if prepared else []
        for one, result in zip(prepared, registered, strict=True):
            if result.outcome == "skipped":
                self._skip(one.planned.key, result)
            elif result.state == "failed":
                self.fail(one.planned.key, "it was sent before with the same bytes, and could not be used then")
            else:
                self._incoming.append(_Incoming(one, result.file, result.is_new, result.outcome))

    def _new_file(self, one: Prepared) -> NewFile:
        assert one.blob is not None
        meta = {**self._run.request.meta, **one.planned.item.meta}
        return NewFile(
            key=one.planned.key,
            hash=one.blob.hash,
            bytes=one.blob.bytes,
            meta=meta or None,
            meta_source="import",
            foreign=one.planned.item.foreign,
            probe=one.probe,
            duplicates=self._run.request.duplicates,
        )

    def find(self, prepared: Mapping[int, Prepared]) -> None:
        """Take up items that are annotations of files which are here already."""
        known = files.standings(self._tx, list(prepared)) if prepared else {}
        for id, one in prepared.items():
            if reason := _unusable(known.get(id)):
                self.fail(one.planned.key, reason)
            else:
                self._incoming.append(_Incoming(one, id, False, "same"))
        if self._run.request.annotations_as == TRUTH:
            files.adopt_foreign(self._tx, {one.file: one.prepared.planned.item.foreign for one in self._incoming})

    def annotate(self) -> None:
        """Write the annotations: in bulk for files that never had any, with care for the others."""
        branch = self._run.branch
        assert branch is not None
        source = f"{self._run.format}:{self._run.request.annotations_as}"
        ready = [(one, one.prepared.identified.of(one.file, source)) for one in self._incoming]
        known = [incoming.file for incoming, found in ready if found.size and not incoming.is_new]
        touched = rows.touched(self._tx, branch, known) if known else set[int]()
        fresh = [found for _, found in ready if found.file not in touched and found.size]
        self.tally.count("annotations_added", rows.import_new(self._tx, branch, fresh) if fresh else 0)
        for incoming, found in ready:
            if incoming.file in touched and found.size:
                result = rows.import_file(self._tx, branch, incoming.file, found.identified())
                for column in ("added", "updated", "kept", "same"):
                    self.tally.count(f"annotations_{column}", getattr(result, column))
                incoming.kept = result.kept

    def enter(self) -> None:
        """Let the files enter the dataset: the last thing that becomes visible."""
        ids = [incoming.file for incoming in self._incoming]
        if ids:
            datasets.add(self._tx, self._run.dataset, ids, {"kind": "import", "import": self._run.id})
        for incoming in self._incoming:
            self.tally.count(incoming.outcome)
            self.tally.count("annotations_refused", incoming.prepared.identified.refused)
            problems = [*_kept(incoming.kept), *incoming.prepared.identified.problems][:_MOST_PROBLEMS]
            told = [problem.model_dump() for problem in problems] or None
            key = incoming.prepared.planned.key
            self.settled.append(Settled(key, "done", incoming.outcome, incoming.file, None, told))

    def fail(self, key: str, reason: str) -> None:
        self.tally.count("failed")
        self.settled.append(Settled(key, "failed", reason=reason))
        self._tx.append(ImportItemFailed(import_id=self._run.id, key=key, reason=reason))

    def _skip(self, key: str, result: Registered) -> None:
        self.tally.count("skipped")
        reason = f"{result.key!r} has the same bytes"
        self.settled.append(Settled(key, "skipped", "skipped", result.file, reason))


def _unusable(file: Standing | None) -> str | None:
    if file is None or file.is_replaced:
        return "the file was replaced meanwhile"
    if file.state != "ready":
        return "the file is not ready yet; import the annotations again later"
    return None


def _kept(count: int) -> list[RunProblem]:
    detail = f"{count} annotations were touched by a person and stayed as they were."
    return [RunProblem(at="annotations", detail=detail, code="kept")] if count else []
