"""Bytes from a request's body into the blob store, without holding them in memory."""

from functools import partial
from pathlib import Path

from fastapi import Request

from penstock.files import probing
from penstock.people.threads import on_thread
from penstock.store import Store
from penstock.store.blobs import Blob, Incoming, StreamTooLarge

_PIECE = 1 << 18


async def receive(store: Store, request: Request, *, media: bool) -> Blob:
    """Store the body. Raises StreamTooLarge, DiskFull and, for `media`, ContentRefused; then nothing is kept."""
    limit = store.settings.upload_limit_bytes
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise StreamTooLarge(limit=limit)
    with store.blobs.open(limit) as incoming:
        await _fill(incoming, request)
        return await on_thread(lambda: _finish(incoming, media))


async def _fill(incoming: Incoming, request: Request) -> None:
    # The server hands over pieces of 64 KB; a thread for each would cost more than the writing.
    held: list[bytes] = []
    size = 0
    async for piece in request.stream():
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            await on_thread(partial(incoming.write, b"".join(held)))
            held, size = [], 0
    await on_thread(partial(incoming.write, b"".join(held)))


def _finish(incoming: Incoming, media: bool) -> Blob:
    if media:
        probing.check_whole(Path(incoming.path))
    return incoming.finish()
