"""Parts of an export that any worker may make, and the folder where they lie until whoever makes the export takes them.

Whoever makes a part holds a lock on a file, which goes with its process, however that ends. A part has its name once it
is whole. The folder is of one try and goes with it, so whatever came too late has no place.
"""

import fcntl
import io
import logging
import os
import secrets
import threading
from array import array
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from penstock import formats
from penstock.export import packing, publishing, tables, verbs
from penstock.export.content import Cancelled, Counted, Pulse, Reader
from penstock.export.model import Export
from penstock.export.packing import Inside, Member
from penstock.export.publishing import Appender, Listing, media_line, safe
from penstock.formats import Item, Loss, Sharing, Writing
from penstock.jobs import Work
from penstock.store import Store, Transaction

logger = logging.getLogger(__name__)

QUEUE = "parts"
_alone = threading.Lock()  #: two at once would wait for one interpreter, and take a tenth more of its core
_SIZES = 2
_EACH = 8


class Plan(msgspec.Struct):
    """What there is to make."""

    told: bytes  #: `Writing.told`
    starts: list[int]  #: where each part begins among the files, and at last where the last one ends


class Made(msgspec.Struct):
    """What is said of a part. Its bytes are before that, and what its `Writing` left is behind."""

    counted: Counted
    losses: dict[str, int]
    path: str | None  #: of the file that its bytes add to; None when they are whole files
    members: list[Member]
    listing: bytes
    listed: int  #: how many bytes those have that are listed
    media: bytes


class Part:
    """A part that was made, opened."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        sizes = [int.from_bytes(file.read(_EACH)) for _ in range(_SIZES)]
        self._body, head = sizes
        file.seek(self._body, os.SEEK_CUR)
        self.made = _MADE.decode(file.read(head))
        self.left = file

    def body(self) -> BinaryIO:
        """The file where its bytes begin."""
        self._file.seek(_SIZES * _EACH)
        return self._file

    def chunks(self) -> Iterator[bytes]:
        """Its bytes."""
        file, left = self.body(), self._body
        while left:
            piece = file.read(min(left, 1 << 20))
            yield piece
            left -= len(piece)


_PLAN, _MADE = msgspec.msgpack.Decoder(Plan), msgspec.msgpack.Decoder(Made)


class Parts:
    """The folder of one try."""

    def __init__(self, store: Store, name: str) -> None:
        self.folder = store.settings.home / "parts" / name
        self.name = name

    @classmethod
    @contextmanager
    def begun(cls, store: Store, project: int, export: int, plan: Plan, files: "array[int]") -> Generator[Self]:
        """A new one. It is gone afterwards."""
        parts = cls(store, f"{project}-{export}-{secrets.token_hex(4)}")
        parts.folder.mkdir(parents=True)
        try:
            (parts.folder / "files").write_bytes(files.tobytes())
            (parts.folder / "plan").write_bytes(msgspec.msgpack.encode(plan))
            yield parts
        finally:
            publishing.drop(parts.folder)

    @staticmethod
    def sweep(store: Store, project: int, export: int) -> None:
        """Take away what earlier tries of an export left."""
        for folder in (store.settings.home / "parts").glob(f"{project}-{export}-*"):
            publishing.drop(folder)

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()

    def plan(self) -> Plan:
        """Raises FileNotFoundError when the try is over."""
        return _PLAN.decode((self.folder / "plan").read_bytes())

    def files(self, start: int, end: int) -> "array[int]":
        with (self.folder / "files").open("rb") as file:
            file.seek(start * _EACH)
            return array("q", file.read((end - start) * _EACH))

    @contextmanager
    def claimed(self, part: int) -> Generator[bool]:
        """Hold a part; whether it is to be made, and nobody else has it."""
        if self._path(part).exists():
            yield False
            return
        handle = os.open(self.folder / f"{part}.claim", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield not self._path(part).exists()
        finally:
            os.close(handle)

    @contextmanager
    def making(self, part: int) -> Generator[BinaryIO]:
        """A file for a part, which gets its name at the end."""
        path = self.folder / f"{part}-{secrets.token_hex(4)}.new"
        try:
            with path.open("xb+") as file:
                yield file
            path.rename(self._path(part))
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def opened(self, part: int) -> Generator[Part | None]:
        """A part, if it was made."""
        try:
            file = self._path(part).open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:
            yield Part(file)

    def settle(self, part: int) -> None:
        """Nobody is to make this part any more, and what was made of it isn't needed."""
        self._path(part).open("wb").close()

    def _path(self, part: int) -> Path:
        return self.folder / f"{part}.part"


def make(store: Store, project: int, export: Export, parts: Parts, some: Iterable[int]) -> int | None:
    """Make the first of some parts that nobody has; which one. Raises Cancelled, and FileNotFoundError when the try is
    over.
    """
    for part in some:
        with parts.claimed(part) as is_ours:
            if is_ours:
                with parts.making(part) as file:
                    _Making(store, project, export, parts, part).write(file)
                return part
    return None


class _Making:
    """One part of one export."""

    def __init__(self, store: Store, project: int, export: Export, parts: Parts, part: int) -> None:
        self._export, self._parts = export, parts
        self._plan = parts.plan()
        start, end = self._plan.starts[part : part + 2]
        self._files = parts.files(start, end)
        self._loss = Loss()
        self._reader = Reader(store.db, project, export, None, self._loss)
        self._media = io.BytesIO()

    def _is_wanted(self, tx: Transaction, _: int) -> bool:
        return self._parts.is_there and tables.is_running(tx, self._export.id)

    def _items(self, format: Sharing) -> Iterator[Item]:
        for state, item in self._reader.read(self._next, Pulse(self._is_wanted)):
            if self._export.media == "copy":
                self._media.write(media_line(state, safe(format.media_path(item))))
            yield item

    def write(self, file: BinaryIO) -> None:
        format = formats.named(self._export.format)
        assert isinstance(format, Sharing)
        writing = format.begin(self._reader.written_schema, self._loss, None, self._plan.told)
        self._loss.counts.clear()  # that is counted once, by who makes the export
        file.write(bytes(_SIZES * _EACH))
        with closing(writing):
            path, members, listing, listed = self._body(format, writing, file)
            body = file.tell() - _SIZES * _EACH
            media = self._media.getvalue()
            made = Made(self._reader.counted, self._loss.as_dict(), path, members, listing, listed, media)
            head = msgspec.msgpack.encode(made)
            file.write(head)
            file.writelines(writing.leave())
        file.seek(0)
        file.write(body.to_bytes(_EACH) + len(head).to_bytes(_EACH))

    def _body(self, format: Sharing, writing: Writing, file: BinaryIO) -> tuple[str | None, list[Member], bytes, int]:
        items = self._items(format)
        if format.goes_on:
            path = ""
            for path, data in writing.items(items):  # noqa: B007 all are of one file
                file.write(data)
            return path, [], b"", 0
        archive, lines = packing.apart(file, self._export.pack), io.BytesIO()
        listing = Listing(lines)
        with Appender(Inside(archive, self._parts.folder), listing) as appender:
            for chunk in writing.items(items):
                appender.append(chunk.path, chunk.data)
        return None, archive.members, lines.getvalue(), listing.bytes

    def _next(self, at: int, most: int) -> Sequence[int]:
        return self._files[at : at + most]


def run(work: Work, project: int, export: int, name: str) -> None:
    """Make a part of an export, if one is still wanted. Safe to repeat. When it can't be made nothing is lost: whoever
    makes the export makes that part too then, and says what is wrong with it.
    """
    try:
        with work.db.transaction(project) as tx:
            asked = verbs.get(tx, export)
        parts = Parts(work.store, name)
        with _alone:
            make(work.store, project, asked, parts, range(len(parts.plan().starts) - 1))
    except (Cancelled, FileNotFoundError):
        pass  # nobody waits for it any more
    except Exception:  # see above
        logger.warning("no part of export %s of project %s is made here", export, project, exc_info=True)


def let_be(work: Work, why: str, project: int, export: int, name: str) -> None:
    """Leave the parts to whoever makes the export."""
