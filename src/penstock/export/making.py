"""Making an export: the job `export.run`. It starts from the beginning whenever it starts, and can't publish twice.

Before it publishes, it seals: the hash of what comes next is in the database. So a restart after a crash in between
knows its own work from somebody else's.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO

from penstock import formats
from penstock.core import Refusal
from penstock.datasets import query, versions
from penstock.datasets.query.check import mentions_now
from penstock.export import destination, packing, publishing, tables, verbs
from penstock.export.content import Cancelled, Content, Read
from penstock.export.model import Export
from penstock.export.parts import Parts
from penstock.export.publishing import MANIFEST, Appender, Listing, Place, Workshop
from penstock.export.sharing import Together
from penstock.export.shelf import Shelf
from penstock.formats import Enclosing, Format, Item, Loss, Sharing, foreign
from penstock.formats.carries import EVERYTHING, count_labels
from penstock.formats.model import WORDS
from penstock.jobs import Work
from penstock.store.db import DatabaseAway, is_away

logger = logging.getLogger(__name__)

TRIES = 5


def run(work: Work, project: int, export: int) -> None:
    """Make an export and put it in its place. Safe to repeat, and to interrupt at any moment."""
    with work.db.transaction(project) as tx:
        begun = tables.begin(tx, export)
        asked = verbs.get(tx, export)
        sealed = tables.sealed(tx, export)
    Parts.sweep(work.store, project, export)
    path: Path | None = None
    try:
        path = destination.path_of(work.store, project, asked)
        if begun and (not publishing.is_there(path, sealed)):
            _make(work, project, asked, path)
        else:  # what a try left that was killed after it had published, or before the export was cancelled
            publishing.sweep(path.parent, export)
        if not begun:
            return
        uri = destination.uri_of(work.store, project, asked, path)
        work.db.perform(lambda tx: verbs.finish(tx, export, uri), project)
    except Cancelled:
        logger.info("export %s of project %s was cancelled", export, project)
    except DatabaseAway:
        raise
    except Refusal as refusal:
        _fail(work, project, export, refusal.detail)
    except OSError as error:
        if work.tries < TRIES - 1:
            raise
        _fail(work, project, export, f"It can't be made ({error.filename or path}: {error.strerror or error}).")
    except Exception as error:  # whatever it was, nobody should wait for this export for ever
        if work.tries >= TRIES - 1 and not is_away(error):
            _fail(work, project, export, f"A defect stopped it ({type(error).__name__}: {error}). The log says more.")
        raise


def give_up(work: Work, why: str, project: int, export: int) -> None:
    """Let an export fail that too many workers died of. Safe to repeat."""
    _fail(work, project, export, f"It can't be made: {why}.")


def _fail(work: Work, project: int, export: int, reason: str) -> None:
    work.db.perform(lambda tx: verbs.fail(tx, export, reason), project)


def _make(work: Work, project: int, export: Export, path: Path) -> None:
    store = work.store
    with Workshop(path, export.id) as shop:
        shelf, loss = Shelf(store.blobs, shop.folder / "made"), Loss()
        content = Content(store.db, project, export, shelf if export.media == "copy" else None, loss)
        made = Making(work, project, export, content, shop, shelf, loss).make()
        seal = publishing.hash_of(publishing.seal_of(made.path))
        assert seal is not None
        with store.db.transaction(project) as tx:
            if not tables.seal(tx, export.id, seal):
                raise Cancelled
            tables.count(tx, export.id, content.counted.files, content.counted.annotations, made.bytes, made.losses)
        if not publishing.is_there(path, seal):  # another export may have made the very same
            shop.publish(made.path)


class Made:
    """What stands ready in the workshop."""

    def __init__(self, path: Path, bytes: int, losses: dict[str, int]) -> None:
        self.path = path
        self.bytes = bytes
        self.losses = losses


class _Stored:
    """Media of items for formats that hold them."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def size(self, item: Item) -> int:
        return self._shelf.size(item.hash or "")

    def chunks(self, item: Item) -> Iterator[bytes]:
        return publishing.checked(self._shelf.stream(item.hash or ""), item.hash or "", item.key)


class _Media:
    """Media that go with a set: copied into a folder, and listed."""

    def __init__(self, export: Export, format: Format, index: BinaryIO, folder: Path | None, shelf: Shelf) -> None:
        """`folder` is where they are copied to, if they are."""
        self._is_wanted, self._path = export.media == "copy", format.media_path
        self._index, self._folder, self._shelf = index, folder, shelf

    def carried(self, found: Iterator[Read]) -> Iterator[Item]:
        """The items of what was read, while their media go."""
        if not self._is_wanted:
            yield from map(itemgetter(1), found)
            return
        for state, item in found:
            self.carry(publishing.media_line(state, publishing.safe(self._path(item))))
            yield item

    def carry(self, lines: bytes) -> None:
        """Carry those that are listed in these lines."""
        self._index.write(lines)
        if self._folder is not None:
            for line in map(json.loads, lines.splitlines()):
                self._copy(self._folder, **line)

    def _copy(self, folder: Path, path: str, bytes: int, sha256: str, key: str) -> None:
        with publishing.create(folder / path, path) as target:
            for chunk in publishing.checked(self._shelf.stream(sha256), sha256, key):
                target.write(chunk)
        self._shelf.drop(sha256)


class Making:
    """One try of one export."""

    def __init__(
        self, work: Work, project: int, export: Export, content: Content, shop: Workshop, shelf: Shelf, loss: Loss
    ) -> None:
        self._work = work
        self._project = project
        self._export = export
        self._content = content
        self._shop = shop
        self._shelf = shelf
        self._index = shop.folder / "media.jsonl"
        self._loss = loss

    def make(self) -> Made:
        """Write the annotations, copy the media, then say in the manifest what there is."""
        with (self._shop.folder / "files.jsonl").open("x+b") as listed:
            listing = Listing(listed)
            if self._export.pack == "folder":
                self._write(publishing.Folder(self._shop.set), listing)
                bytes = self._write_manifest(self._shop.set / MANIFEST, listing)
                return Made(self._shop.set, bytes, self._loss.as_dict())
            packed = self._shop.folder / f"set.{self._export.pack}"
            with packing.archive(packed, self._export.pack) as archive:
                self._write(packing.Inside(archive, self._shop.folder), listing)
                for line in self._media():
                    chunks = publishing.checked(self._shelf.stream(line["sha256"]), line["sha256"], line["key"])
                    archive.add(line["path"], line["bytes"], chunks, squeeze=False)
                manifest = self._shop.folder / MANIFEST
                self._write_manifest(manifest, listing)
                archive.add(MANIFEST, manifest.stat().st_size, publishing.read(manifest), squeeze=True)
            return Made(packed, packed.stat().st_size, self._loss.as_dict())

    def _write(self, place: Place, listing: Listing) -> None:
        """Write the annotations, and into a folder the media; the media of archives are listed."""
        export, content, loss = self._export, self._content, self._loss
        format, schema = formats.named(export.format), content.written_schema
        said = foreign.joined(content.foreign, None if format.carries == EVERYTHING else format.page, loss)
        count_labels(schema, format.carries, loss)
        with self._index.open("wb") as index, content.listing(), Appender(place, listing) as appender:
            media = _Media(export, format, index, self._shop.set if export.pack == "folder" else None, self._shelf)
            if isinstance(format, Sharing) and not content.makes_pictures:  # several threads of this process make those
                with closing(format.begin(schema, loss, said, None)) as writing:
                    Together(self._work, self._project, export, content, writing, appender, loss, media).write()
            else:
                if export.media == "copy" and isinstance(format, Enclosing):
                    items = map(itemgetter(1), content.items())
                    chunks = format.write_with(items, schema, loss, said, _Stored(self._shelf))
                else:
                    chunks = format.write(media.carried(content.items()), schema, loss, said)
                for chunk in chunks:
                    appender.append(chunk.path, chunk.data)
        content.report_all()

    def _media(self) -> Iterator[dict[str, Any]]:
        with self._index.open("rb") as index:
            for line in index:
                yield json.loads(line)

    def _write_manifest(self, path: Path, listing: Listing) -> int:
        """Write the manifest, file by file; the size of the whole set."""
        total = listing.bytes
        with path.open("xb") as manifest:
            head = json.dumps(self._head(), ensure_ascii=False, indent=1)
            manifest.write(head.removesuffix("\n}").encode() + b',\n "files": [')
            between = b"\n  "
            for line in listing.lines():
                manifest.write(between + line)
                between = b",\n  "
            for line in self._media():
                total += line["bytes"]
                del line["key"]
                manifest.write(between + json.dumps(line, ensure_ascii=False).encode())
                between = b",\n  "
            manifest.write(b"\n ]\n}\n")
            return total + manifest.tell()

    def _head(self) -> dict[str, Any]:
        """What the manifest says apart from the files; nothing of this run, so that a replay says the same."""
        export, content = self._export, self._content
        head: dict[str, Any] = {
            "manifest": 1,
            "project": self._project,
            "dataset": {"id": export.dataset, "name": content.dataset_name},
            "version": self._version(),
            "as_of": export.as_of,
            "schema_version": export.schema_version,
            "filter": export.filter,
        }
        if content.picked is not None:
            head["picked"] = content.picked
        if export.filter is not None and mentions_now(query.parse(export.filter)):
            head["now"] = export.now.isoformat()
        if export.transforms:
            head["transforms"] = [one.model_dump(mode="json") for one in export.transforms]
        head |= {
            "format": export.format,
            "media": export.media,
            "counts": {
                "files": content.counted.files,
                "annotations": content.counted.annotations,
                "labels": dict(sorted(content.labels.items())),
                "not_ready": content.left_out,
            },
            "losses": {code: {"count": n, "meaning": WORDS.get(code, code)} for code, n in self._losses()},
        }
        return head

    def _losses(self) -> list[tuple[str, int]]:
        return sorted(self._loss.as_dict().items())

    def _version(self) -> dict[str, Any] | None:
        if self._export.version is None:
            return None
        with self._work.db.transaction(self._project) as tx:
            version = versions.get(tx, self._export.version)
        return {"id": version.id, "name": version.name}
