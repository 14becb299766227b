"""Items between the scan and their chunk: written once, durably, read by whichever worker takes the chunk."""

import os
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from penstock.formats import Deferred, Item
from penstock.store.blobs import Blobs


class Planned(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One item on its way in."""

    key: str  #: the file's key, or a stand-in for one that can't be a key
    place: str = ""  #: where its bytes are: `path:`, `blob:` or `url:` and more, or `file:` and the id of a known file
    item: Item  #: its annotations and metadata
    raws: Sequence[Any] = ()  #: annotations that are still texts, as in `formats.Deferred`
    together: int | None = None  #: how many, as there
    part: str = ""  #: of the set that they are from
    reason: str | None = None  #: why it failed already

    @property
    def annotations(self) -> int:
        return len(self.item.annotations) + self.deferred.count

    @property
    def deferred(self) -> Deferred:
        return Deferred(item=self.item, raws=self.raws, together=self.together, part=self.part)


class Spool(msgspec.Struct):
    """What a worker needs to bring a chunk in."""

    planned: list[Planned]
    told: str = ""  #: what the set says of all annotations that are still texts
    sizes: list[list[int]] = []  #: of these texts, by item: they stand behind it, one after the other, as they are


class SpoolLost(Exception):
    """A chunk's spool is gone or cut off; the import must be scanned again."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Spool)
_SIZE = 8


def write(blobs: Blobs, run: int, chunk: int, planned: Sequence[Planned], told: bytes) -> str:
    """Keep a chunk's items; the spool's name, never used twice, so that a worker back from the dead does no harm."""
    name = f"import-{run}-{chunk}-{os.urandom(6).hex()}.spool"
    bare = [msgspec.structs.replace(one, raws=()) for one in planned]
    head = _encoder.encode(Spool(bare, told.decode(), [list(map(len, one.raws)) for one in planned]))
    texts = (text for one in planned for text in one.raws)
    blobs.derived.put(name, b"".join((len(head).to_bytes(_SIZE), head, *texts)), durable=True)
    return name


def read(blobs: Blobs, name: str) -> Spool:
    """A chunk's items. Raises SpoolLost."""
    content = blobs.derived.get(name)
    if content is None:
        raise SpoolLost(name)
    at = _SIZE + int.from_bytes(content[:_SIZE])
    found = _decoder.decode(memoryview(content)[_SIZE:at])
    for one, sizes in zip(found.planned, found.sizes, strict=True):
        places = [*accumulate(sizes, initial=at)]
        one.raws = [content[start:end] for start, end in pairwise(places)]
        at = places[-1]
    return found
