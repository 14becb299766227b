"""Bringing a batch of items in: files, annotations and entries in one transaction, the entries last."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from penstock import datasets, files, schema
from penstock.annotations import clipping, geometry, rows
from penstock.annotations.model import Annotation, holder_id
from penstock.core import Problem
from penstock.core.ids import FileId, import_uuid
from penstock.files import File, NewFile, Registered
from penstock.formats import NamedAnnotation, naming
from penstock.ingest import tables
from penstock.ingest.content import Prepared
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
    width: int
    height: int
    is_new: bool
    outcome: str
    problems: list[RunProblem] = field(default_factory=list[RunProblem])


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
    known = [one for one in due if one.reason is None and one.blob is None]
    files.hold(tx, [_id_in(one) for one in known])
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
        self._schema = schema.current(tx)
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
            elif one.probe is not None:
                incoming = _Incoming(one, result.file, one.probe.width, one.probe.height, result.is_new, result.outcome)
                self._incoming.append(incoming)

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

    def find(self, prepared: Sequence[Prepared]) -> None:
        """Take up items that are annotations of files which are here already."""
        ids = {_id_in(one): one for one in prepared}
        known = {file.id: file for file in files.get_many(self._tx, sorted(ids))} if ids else {}
        for id, one in ids.items():
            file = known.get(FileId(id))
            if reason := _unusable(file):
                self.fail(one.planned.key, reason)
            elif file and file.width and file.height:
                self._incoming.append(_Incoming(one, id, file.width, file.height, False, "same"))

    def annotate(self) -> None:
        """Write the annotations: in bulk for files that are new in this transaction, with care for the others."""
        branch = self._run.branch
        assert branch is not None
        ready = [(incoming, self._annotations(incoming)) for incoming in self._incoming]
        fresh = [(incoming.file, found) for incoming, found in ready if incoming.is_new]
        self.tally.count("annotations_added", rows.import_new(self._tx, branch, fresh) if fresh else 0)
        for incoming, found in ready:
            if not incoming.is_new and found:
                result = rows.import_file(self._tx, branch, incoming.file, found)
                for column in ("added", "updated", "kept", "same"):
                    self.tally.count(f"annotations_{column}", getattr(result, column))
                if result.kept:
                    detail = f"{result.kept} annotations were touched by a person and stayed as they were."
                    incoming.problems.append(RunProblem(at="annotations", detail=detail, code="kept"))

    def enter(self) -> None:
        """Let the files enter the dataset: the last thing that becomes visible."""
        ids = [incoming.file for incoming in self._incoming]
        if ids:
            datasets.add(self._tx, self._run.dataset, ids, {"kind": "import", "import": self._run.id})
        for incoming in self._incoming:
            self.tally.count(incoming.outcome)
            key, problems = incoming.prepared.planned.key, incoming.problems[:_MOST_PROBLEMS]
            settled = Settled(key, "done", incoming.outcome, incoming.file, None, problems)
            self.settled.append(settled)

    def fail(self, key: str, reason: str) -> None:
        self.tally.count("failed")
        self.settled.append(Settled(key, "failed", reason=reason))
        self._tx.append(ImportItemFailed(import_id=self._run.id, key=key, reason=reason))

    def _skip(self, key: str, result: Registered) -> None:
        self.tally.count("skipped")
        reason = f"{result.key!r} has the same bytes"
        self.settled.append(Settled(key, "skipped", "skipped", result.file, reason))

    def _annotations(self, incoming: _Incoming) -> list[Annotation]:
        """The item's annotations with our ids, those that can't be taken being reported at the item."""
        item = incoming.prepared.planned.item
        incoming.problems += [_told(problem) for problem in item.problems]
        incoming.problems += _size_problems(item.width, item.height, incoming)
        found: list[Annotation] = []
        for n, named in enumerate(item.annotations):
            made = self._identified(incoming, named, n)
            if made is not None:
                found.append(made)
        self.tally.count("annotations_refused", len(item.problems) + len(item.annotations) - len(found))
        problems: list[Problem] = []
        values = naming.identified_values(item.attributes, None, self._schema, "file", problems)
        incoming.problems += [_told(problem) for problem in problems]
        if values:
            source = "import" if self._is_truth else "model"
            found.append(Annotation(id=holder_id(incoming.file), kind="tag", attributes=values, source=source))
        return found

    @property
    def _is_truth(self) -> bool:
        return self._run.request.annotations_as == TRUTH

    def _identified(self, incoming: _Incoming, named: NamedAnnotation, n: int) -> Annotation | None:
        source = f"{self._run.format}:{self._run.request.annotations_as}"
        id = named.id or import_uuid(incoming.file, source, named.ordinal or n)
        made, problems = naming.identified(named, self._schema, id, f"annotations[{n}]")
        if made is not None:
            made = _inside(made, incoming, f"annotations[{n}]", problems)
        if made is not None and not self._is_truth and made.source == "import":
            made = msgspec.structs.replace(made, source="model")
        incoming.problems += [_told(problem) for problem in problems]
        return made


def _id_in(one: Prepared) -> int:
    """The id of the known file that an item's annotations are for."""
    return int(one.planned.place.removeprefix("file:"))


def _inside(made: Annotation, incoming: _Incoming, at: str, problems: list[Problem]) -> Annotation | None:
    """The annotation clipped to its image; None when nothing of it is inside."""
    shape = made.shape
    if geometry.is_inside(made.kind, shape, incoming.width, incoming.height):
        return made
    kept = clipping.clip(made.kind, shape, incoming.width, incoming.height)
    size = f"{incoming.width} x {incoming.height}"
    if kept is None:
        problems.append(Problem(at, f"It lies outside the image of {size}, or is a mask of another size.", "outside"))
        return None
    problems.append(Problem(at, f"It was clipped to the image of {size}.", "clipped"))
    return msgspec.structs.replace(made, geometry=geometry.canonical(kept))


def _size_problems(width: int, height: int, incoming: _Incoming) -> list[RunProblem]:
    if not width or not height or (width, height) == (incoming.width, incoming.height):
        return []
    real = f"{incoming.width} x {incoming.height}"
    detail = f"The annotations are for {width} x {height} pixels, the upright image has {real}."
    return [RunProblem(at="size", detail=detail, code="size-differs")]


def _unusable(file: File | None) -> str | None:
    if file is None or file.retired_seq is not None:
        return "the file was replaced meanwhile"
    if file.state != "ready":
        return "the file is not ready yet; import the annotations again later"
    return None


def _told(problem: Problem) -> RunProblem:
    return RunProblem(at=problem.at, detail=problem.detail, code=problem.code)
