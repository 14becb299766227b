"""Items between the scan and their chunk: written once, durably, read by whichever worker takes the chunk."""

import os
from collections.abc import Sequence

import msgspec

from penstock.formats import Deferred, Item
from penstock.store.blobs import Blobs


class Planned(msgspec.Struct, kw_only=True):
    """One item on its way in."""

    key: str  #: the file's key, or a stand-in for one that can't be a key
    place: str = ""  #: where its bytes are: `path:`, `blob:` or `url:` and more, or `file:` and the id of a known file
    item: Item  #: its annotations and metadata
    raws: list[msgspec.Raw] = []  #: annotations that are still texts, as in `formats.Deferred`
    part: str = ""  #: of the set that they are from
    reason: str | None = None  #: why it failed already

    @property
    def annotations(self) -> int:
        return len(self.item.annotations) + len(self.raws)

    @property
    def deferred(self) -> Deferred:
        return Deferred(item=self.item, raws=self.raws, part=self.part)


class Spool(msgspec.Struct):
    """What a worker needs to bring a chunk in."""

    planned: list[Planned]
    told: str = ""  #: what the set says of all annotations that are still texts


class SpoolLost(Exception):
    """A chunk's spool is gone or cut off; the import must be scanned again."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Spool)


def write(blobs: Blobs, run: int, chunk: int, planned: Sequence[Planned], told: bytes) -> str:
    """Keep a chunk's items; the spool's name, never used twice, so that a worker back from the dead does no harm."""
    name = f"import-{run}-{chunk}-{os.urandom(6).hex()}.spool"
    blobs.derived.put(name, _encoder.encode(Spool(list(planned), told.decode())), durable=True)
    return name


def read(blobs: Blobs, name: str) -> Spool:
    """A chunk's items. Raises SpoolLost."""
    content = blobs.derived.get(name)
    if content is None:
        raise SpoolLost(name)
    return _decoder.decode(content)
