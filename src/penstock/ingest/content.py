"""The bytes of items: fetched from wherever they are, hashed, looked into and stored, a batch at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from penstock import connections, files, schema
from penstock.core import Refusal
from penstock.files import Probe, jobs, probing
from penstock.formats import Fractional, Traced
from penstock.ingest.identifying import Identified, Size, identify, identify_traced
from penstock.ingest.places import Places
from penstock.ingest.spool import Planned
from penstock.jobs.niceness import be_nice
from penstock.schema import Schema
from penstock.store import Store
from penstock.store.blobs import Blob

_THREADS = 4
_DOWNLOAD_SECONDS = 300.0
_ANNOTATIONS_OF_A_FILE = 3
"""A file takes as long as so many annotations."""
SMALL_BYTES = 1 << 20
"""Up to that, bytes are held in memory between hashing, looking and storing."""


@dataclass
class Prepared:
    """An item whose bytes are in the blob store, or which failed."""

    planned: Planned
    blob: Blob | None = None
    probe: Probe | None = None
    reason: str | None = None
    held: bytes | None = None
    thumbnail: bytes | None = None
    size: Size | None = None
    traced: Traced | Fractional | None = None
    """Its annotations, where they are columns."""
    identified: Identified = field(default_factory=Identified)


def prepare(
    store: Store,
    project: int,
    planned: Sequence[Planned],
    finish: Callable[[], Sequence[Traced | Fractional | None]] | None = None,
    *,
    is_truth: bool = True,
) -> list[Prepared]:
    """Fetch, look into and durably store the bytes of items, and check their annotations, all outside a transaction.

    `finish` makes those annotations that are still texts, and gives the columns of each item.

    An item that can't be used has a reason; the others go on. What is known already under the same key with the same
    bytes is not looked into again.
    """
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="penstock-import", initializer=be_nice) as pool:
        fetcher = _Fetcher(store)
        prepared = [Prepared(one, reason=one.reason) for one in planned]
        list(pool.map(fetcher.fetch, [made for made in prepared if known_file(made.planned) is None]))
        present = _recognize(store, project, prepared)
        list(pool.map(fetcher.look, [made for made in prepared if made.blob is not None]))
        if finish is not None:
            for made, traced in zip(prepared, pool.submit(finish).result(), strict=True):
                made.traced = traced
        pool.submit(_identify_all, present, is_truth, prepared).result()
    small = [one for one in prepared if one.held is not None and one.reason is None and one.blob is not None]
    store.blobs.put_many([one.held or b"" for one in small])
    for one in small:
        if one.thumbnail and one.blob:
            store.blobs.derived.put(jobs.thumbnail_name(one.blob.hash), one.thumbnail)
        one.held = None
    return prepared


def batches(planned: Sequence[Planned], items: int, annotations: int) -> Iterator[list[Planned]]:
    """Items in groups that one transaction can take: not too many that bring bytes, nor with too many annotations."""
    batch: list[Planned] = []
    bringing = weight = 0
    for one in planned:
        brings, weighs = known_file(one) is None, one.annotations + _ANNOTATIONS_OF_A_FILE
        if batch and (bringing + brings > items or weight + weighs > annotations):
            yield batch
            batch, bringing, weight = [], 0, 0
        batch.append(one)
        bringing += brings
        weight += weighs
    if batch:
        yield batch


class _Fetcher:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._allowed = Places(store.settings.roots)

    def fetch(self, made: Prepared) -> None:
        """Find the item's hash, and its bytes when they are few."""
        if made.reason is not None:
            return
        scheme, _, rest = made.planned.place.partition(":")
        try:
            match scheme:
                case "path":
                    self._read(made, Path(rest))
                case "blob":
                    made.blob = Blob(rest, self._store.blobs.size(rest))
                case "url":
                    made.blob = self._download(rest)
                case _:
                    made.reason = f"nothing can be read from {scheme!r} addresses yet"
        except Refusal as refused:
            made.reason = refused.detail
        except OSError as error:
            made.reason = f"it can't be read ({error.strerror or type(error).__name__})"

    def _read(self, made: Prepared, path: Path) -> None:
        if not self._allowed.allows(path):
            made.reason = "it is a link that leads outside of the folders that the server may read"
            return
        limit = self._store.settings.upload_limit_bytes
        with path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size > SMALL_BYTES:
                made.blob = self._store.blobs.put(file, limit)
                return
            made.held = file.readall()
            made.blob = Blob(sha256(made.held).hexdigest(), len(made.held))

    def _download(self, url: str) -> Blob:
        settings = self._store.settings
        with self._store.blobs.open(settings.upload_limit_bytes) as incoming:
            connections.guard.fetch(url, incoming.write, _DOWNLOAD_SECONDS, settings.allow_networks)
            return incoming.finish()

    def look(self, made: Prepared) -> None:
        """Probe what is not known."""
        if made.reason is not None or made.probe is not None or made.blob is None:
            return
        content = made.held if made.held is not None else self._store.blobs.path(made.blob.hash)
        try:
            made.probe, made.thumbnail = probing.look(content, self._store.settings.pixel_limit)
        except probing.ContentRefused as refused:
            made.reason = str(refused.parts["why"])
            return
        if made.thumbnail and made.held is None:
            self._store.blobs.derived.put(jobs.thumbnail_name(made.blob.hash), made.thumbnail)


def known_file(planned: Planned) -> int | None:
    """The id of the file that is here already, when an item is annotations alone."""
    scheme, _, rest = planned.place.partition(":")
    return int(rest) if scheme == "file" else None


def _recognize(store: Store, project: int, prepared: Sequence[Prepared]) -> Schema:
    """Put in what is known of items' files; the schema, as of the same moment."""
    hashed = {one.planned.key: one for one in prepared if one.blob is not None}
    here = {id: one for one in prepared if (id := known_file(one.planned)) is not None}
    with store.db.transaction(project) as tx:
        present = schema.current(tx)
        ready = files.ready_named(tx, list(hashed))
        found = files.standings(tx, list(here)) if here else {}
    for id, file in found.items():
        here[id].size = file.size
    for key, file in ready.items():
        made = hashed[key]
        if made.blob and made.blob.hash == file.hash and file.media and file.mime and file.width and file.height:
            made.probe = Probe(
                media=file.media,
                mime=file.mime,
                width=file.width,
                height=file.height,
                duration=file.duration,
                frames=file.frames,
            )
            made.held = None if store.blobs.has(file.hash) else made.held
    return present


def _identify_all(present: Schema, is_truth: bool, prepared: Sequence[Prepared]) -> None:
    due = [(made, size) for made in prepared if made.reason is None and (size := _size_of(made)) is not None]
    drawn = [(made, traced, size) for made, size in due if (traced := made.traced) is not None]
    some = [(made.planned.item, traced, size) for made, traced, size in drawn]
    found = identify_traced(some, present, is_truth=is_truth)
    ready = {made.planned.key: one for (made, _, _), one in zip(drawn, found, strict=True) if one is not None}
    for made, size in due:
        if (one := ready.get(made.planned.key)) is not None:
            made.identified = one
            continue
        if made.traced is not None:
            made.planned.item.annotations += made.traced.annotations()
        made.identified = identify(made.planned.item, size, present, is_truth=is_truth)


def _size_of(made: Prepared) -> Size | None:
    return (made.probe.width, made.probe.height) if made.probe else made.size
