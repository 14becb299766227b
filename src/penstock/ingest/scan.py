"""Scanning a source into chunks of items. A scan that was killed goes on where its last chunk was written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, BinaryIO

import msgspec

from penstock import datasets, files, formats, jobs, schema
from penstock.annotations import branches
from penstock.core import Invalid
from penstock.files.model import key_fault
from penstock.formats import BadItem, Containing, Deferred, Deferring, Item, Readable, Reading
from penstock.ingest import manifest, sources, spool, tables
from penstock.ingest.model import PREDICTIONS, Import, ManifestSource, NewImport, PathSource, RunProblem, UploadSource
from penstock.ingest.sources import FileSet, Stored
from penstock.ingest.spool import Planned
from penstock.schema import WantedSchema
from penstock.store import Store, Transaction

CHUNK_ITEMS = 200
"""Items that bring bytes, at most, in one chunk."""
CHUNK_KNOWN = 1_500
"""Items in all: most are annotations of files that are here already."""
CHUNK_ANNOTATIONS = 10_000
MOST_FOREIGN_BYTES = 16 << 20
"""What a set may say of itself, apart from its items."""


class LabelsUnknown(Invalid):
    """The schema lacks what these annotations use: {lacking}. Add it, or import with `labels: create` or `skip`."""


class NothingFound(Invalid):
    """The source holds no image and no annotations that we know ({ignored} other files). Look at the path, and at
    `format`."""


class Stopped(Exception):
    """The import was cancelled, or another worker has scanned it to the end."""


class Scan:
    """One walk through a source. What it notices on the way is in `problems` and `ignored`."""

    def __init__(self, store: Store, project: int, run: Import) -> None:
        self._store = store
        self._project = project
        self._run = run
        self._seen: set[str] = set()
        self._by_name: dict[str, list[int]] | None = None
        self._told = b""
        self.problems: list[RunProblem] = []
        self.ignored = 0

    @property
    def _request(self) -> NewImport:
        return self._run.request

    def write_chunks(self) -> None:
        """Write every chunk that is not there yet. Raises Stopped, and Refusals that end the import."""
        chunk: list[Planned] = []
        annotations = bringing = found = 0
        for planned in self._planned():
            chunk.append(planned)
            found += 1
            bringing += planned.place != ""
            annotations += planned.annotations
            if bringing == CHUNK_ITEMS or len(chunk) == CHUNK_KNOWN or annotations >= CHUNK_ANNOTATIONS:
                self._write(chunk)
                chunk, annotations, bringing = [], 0, 0
        self._write(chunk)
        if not found and not self.problems:
            raise NothingFound(ignored=self.ignored)

    def _planned(self) -> Iterator[Planned]:
        match self._request.source:
            case ManifestSource() as source:
                self._aim(None, None)
                yield from self._unique(self._of_manifest(source))
            case PathSource(path=path):
                yield from self._unique(self._of_set(sources.of_path(self._store, path)))
            case UploadSource(uploads=ids):
                yield from self._unique(self._of_set(sources.of_uploads(self._store, self._uploads(ids))))

    def _uploads(self, ids: Sequence[int]) -> list[files.Upload]:
        with self._store.db.transaction(self._project) as tx:
            found = files.uploads(tx, ids)
        if lacking := sorted(set(ids) - {upload.id for upload in found}):
            raise sources.UploadsMissing(ids=", ".join(map(str, lacking[:20])))
        return found

    # Sets of files, with or without annotations.

    def _of_set(self, found: FileSet) -> Iterator[Planned]:
        format = self._format(found)
        reading = format.read(found) if format else None
        self._aim(format, reading.schema() if reading else None, self._foreign(reading) if reading else {})
        containing = reading if isinstance(reading, Containing) else None
        taken = set(reading.used()) if reading else set[str]()
        paths = frozenset(found.paths())
        broken: dict[str, BadItem] = {}
        for one in self._items(reading) if reading else ():
            if isinstance(one, BadItem) and one.key in paths:
                broken[_stem(one.key)] = one
            elif isinstance(one, BadItem):
                yield Planned(key=one.key, item=Item(key=one.key), reason=one.detail)
            else:
                item = one.item
                taken.add(item.media or "")
                place = self._place(item, found, containing)
                yield Planned(key=item.key, place=place, item=item, raws=one.raws, together=one.together, part=one.part)
        yield from self._unannotated(found, taken, broken)
        for bad in broken.values():
            yield Planned(key=bad.key, item=Item(key=bad.key), reason=bad.detail)

    def _items(self, reading: Reading) -> Iterator[Deferred | BadItem]:
        """Items whose annotations are made by whoever takes their chunk, where the format can leave them so long."""
        if isinstance(reading, Deferring):
            self._told = reading.told()
            return reading.deferred()
        return (item if isinstance(item, BadItem) else Deferred(item=item) for item in reading.items())

    def _place(self, item: Item, found: FileSet, containing: Containing | None) -> str:
        """Where an item's bytes are; those inside an annotation file are stored first."""
        if item.media is None and containing is not None:
            content = containing.content(item)
            return "" if content is None else f"blob:{self._store.blobs.put(content).hash}"
        return found.place(item.media) if item.media else ""

    def _format(self, found: FileSet) -> Readable | None:
        if self._request.format == sources.NO_FORMAT:
            return None
        return formats.readable(self._request.format) if self._request.format else formats.detect(found)

    def _unannotated(self, found: FileSet, taken: set[str], broken: dict[str, BadItem]) -> Iterator[Planned]:
        """Media that no annotations mention. Those whose annotations are broken fail with them."""
        for path in found.paths():
            if path in taken:
                continue
            if not sources.is_media(found, path):
                self.ignored += 1
            elif bad := broken.pop(_stem(path), None):
                yield Planned(key=path, item=Item(key=path), reason=f"{bad.key}: {bad.detail}")
            else:
                yield Planned(key=path, place=found.place(path), item=Item(key=path, media=path))

    def _foreign(self, reading: Reading) -> dict[str, Any]:
        """What the set says of itself, unless it is too much to keep."""
        foreign = reading.foreign()
        if (size := len(msgspec.json.encode(foreign))) > MOST_FOREIGN_BYTES:
            detail = f"What the set says of itself is {size:,} bytes, more than {MOST_FOREIGN_BYTES:,}: it isn't kept."
            self.problems.append(RunProblem(at="set", detail=detail, code="foreign-too-large"))
            return {}
        return foreign

    def _aim(
        self, format: Readable | None, wanted: WantedSchema | None, foreign: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Settle where annotations go, make the labels that they need, and keep what the set says of itself."""
        request = self._request

        def aim(tx: Transaction) -> None:
            tables.lock_run(tx, self._run.id)
            dataset = datasets.open_to_change(tx, request.dataset)
            if wanted is not None and request.labels == "create":
                schema.extend(tx, wanted)
            if wanted is not None and request.labels == "refuse":
                _refuse_unknown(schema.current(tx), wanted)
            predictions = request.annotations_as.removeprefix(PREDICTIONS)
            is_truth = predictions == request.annotations_as
            branch = dataset.branch if is_truth else branches.predictions(tx, predictions)
            tables.note_annotations(tx, self._run.id, format.name if format else None, branch)
            if foreign and is_truth:
                tables.note_foreign(tx, self._run.id, dict(foreign))

        self._store.db.perform(aim, self._project, self._run.actor)

    # Manifests.

    def _of_manifest(self, source: ManifestSource) -> Iterator[Planned]:
        content, name, beside = self._manifest(source)
        with content:
            for row in manifest.read(content, name):
                if isinstance(row, manifest.BadRow):
                    self.problems.append(RunProblem(at=f"line {row.line}", detail=f"{row.why}.", code="bad-row"))
                    continue
                place = _place_of(row.uri, beside)
                item = Item(key=row.key or row.uri, meta=row.meta, foreign=row.foreign)
                reason = None if place else f"there is nothing at {row.uri!r}, which line {row.line} names"
                yield Planned(key=row.key or _plain(row.uri), place=place or "", item=item, reason=reason)

    def _manifest(self, source: ManifestSource) -> tuple[BinaryIO, str, FileSet]:
        """The manifest, open, its name, and what stands beside it."""
        if source.upload is not None:
            (upload,) = self._uploads([source.upload])
            beside = Stored({u.name: u.hash for u in self._uploads(source.uploads)}, self._store.blobs)
            return self._store.blobs.path(upload.hash).open("rb"), upload.name, beside
        found = sources.of_path(self._store, source.path or "")
        name = found.paths()[0]
        return found.open(name), name, found

    # Chunks.

    def _unique(self, planned: Iterable[Planned]) -> Iterator[Planned]:
        """Each key once, and none that the table couldn't hold."""
        for given in planned:
            one = given
            if fault := key_fault(one.key):
                short = shown(one.key)
                one = Planned(key=short, item=Item(key=short), reason=one.reason or f"{fault}. Rename it")
            if one.key in self._seen:
                self.problems.append(RunProblem(at=one.key, detail="The source names it twice.", code="twice"))
                continue
            self._seen.add(one.key)
            yield one

    def _write(self, chunk: Sequence[Planned]) -> None:
        if not chunk:
            return
        db, run = self._store.db, self._run.id
        with db.transaction(self._project) as tx:
            known = tables.known_keys(tx, run, [planned.key for planned in chunk])
            n = tables.next_chunk(tx, run)
            fresh = [planned for planned in chunk if planned.key not in known]
            self._find_known_files(tx, fresh)
        if not fresh:
            return
        name = spool.write(self._store.blobs, run, n, fresh, self._told)

        def insert(tx: Transaction) -> None:
            # Shared, as bringing a batch in does: neither waits for the other.
            if tables.share_run(tx, run) != "scanning":
                raise Stopped
            tables.insert_chunk(tx, run, n, name, [planned.key for planned in fresh])
            jobs.later(tx, "ingest.chunk", queue="bulk", project=self._project, run=run, chunk=n)

        db.perform(insert, self._project, self._run.actor)

    def _find_known_files(self, tx: Transaction, planned: Sequence[Planned]) -> None:
        """Annotations without media are for files that are here already: by their key, else by the end of it."""
        homeless = [one for one in planned if not one.place and one.reason is None]
        ids = files.ids_named(tx, [one.key for one in homeless]) if homeless else {}
        for one in homeless:
            found = [ids[one.key]] if one.key in ids else self._ending_in(tx, one.key)
            if len(found) == 1:
                one.place = f"file:{found[0]}"
            elif found:
                one.reason = f"{len(found)} files of the dataset are named so; give its whole key"
            else:
                one.reason = "the annotations name it, but it is neither in the source nor in the project"

    def _ending_in(self, tx: Transaction, key: str) -> list[int]:
        if self._by_name is None:
            self._by_name = {}
            for id, known in tables.keys_in(tx, self._request.dataset):
                parts = known.split("/")
                for n in range(1, len(parts)):
                    self._by_name.setdefault("/".join(parts[n:]), []).append(id)
        return self._by_name.get(key, [])


def shown(key: str) -> str:
    """What stands for a key that can't be one, in reports."""
    plain = "".join(c if c.isprintable() else "?" for c in key.encode("utf-8", "replace").decode())
    return f"{plain[:150]}... ({sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:8]})"


def _refuse_unknown(present: schema.Schema, wanted: WantedSchema) -> None:
    lacking = schema.differences(present, schema.extended(present, wanted))
    if lacking:
        raise LabelsUnknown(lacking="; ".join(lacking[:20]) + ("; ..." if len(lacking) > 20 else ""))


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _plain(uri: str) -> str:
    return uri.removeprefix("file://").removeprefix("./")


def _place_of(uri: str, beside: FileSet) -> str | None:
    """Where a manifest's URI leads; None where it can't be followed."""
    if uri.startswith(("http://", "https://")):
        return f"url:{uri}"
    if uri.startswith(("file://", "/")):
        return f"path:{uri.removeprefix('file://')}"
    if "://" in uri:
        return None
    try:
        return beside.place(_plain(uri))
    except KeyError:
        return None
