"""The files of a state with their annotations, one JSON object a line, for programs that train on them.

The order is that of the keys, or one that follows from a seed. Shards split it evenly, and `start` goes on in the
middle: the same call gives the same lines for ever, so a stream that broke is taken up again.
"""

import random
from array import array
from collections.abc import Iterator, Sequence

import msgspec

from penstock.annotations import rows
from penstock.annotations.model import Annotation
from penstock.core import Invalid
from penstock.datasets import tables
from penstock.datasets.states import State
from penstock.store import Database

AT_ONCE = 200


class ShardUnknown(Invalid):
    """There is no shard {shard} of {shards}: they are numbered from 0."""


class Item(msgspec.Struct, frozen=True):
    """A ready file of a state."""

    file: int
    key: str
    hash: str
    bytes: int
    mime: str | None
    width: int | None
    height: int | None
    meta: dict[str, object]
    annotations: list[Annotation]


def lines(
    db: Database,
    project: int,
    state: State,
    *,
    shard: int = 0,
    shards: int = 1,
    start: int = 0,
    seed: int | None = None,
) -> Iterator[bytes]:
    """Items as lines of JSON, in pieces. Raises ShardUnknown before the first."""
    if not 0 <= shard < shards:
        raise ShardUnknown(shard=shard, shards=shards)
    with db.transaction(project) as tx:
        ids = array("q", (file for some in tables.ready_files(tx, state.dataset.id, state.seq) for _, file in some))
    if seed is not None:
        random.Random(seed).shuffle(ids)  # noqa: S311  # an order, no secret
    mine = ids[shard::shards][start:]
    return _read(db, project, state, mine)


def _read(db: Database, project: int, state: State, ids: Sequence[int]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for at in range(0, len(ids), AT_ONCE):
        wanted = list(ids[at : at + AT_ONCE])
        with db.transaction(project) as tx:
            found = {one.id: one for one in tables.file_states(tx, wanted, state.seq)}
            annotations = dict(rows.stream(tx, state.line, state.seq, wanted))
        piece = bytearray()
        for id in wanted:
            one = found[id]
            item = Item(id, one.key, one.hash, one.bytes, one.mime, one.width, one.height, one.meta, annotations[id])
            piece += encoder.encode(item) + b"\n"
        yield bytes(piece)
