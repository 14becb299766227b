"""An archive as it is being made: whoever asks for it early gets each piece as soon as it is written.

An archive only ever grows, and a try after a crash writes the same bytes again. So a reader needs to know nothing but
how far it is: it goes on in the next try's file, and at last in the one that is in its place.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from penstock.export import destination, publishing, verbs
from penstock.export.model import Export, ExportNotReady
from penstock.store import Store

_PIECE = 1 << 20
_PAUSE_SECONDS = 0.02
_ASK_SECONDS = 0.25


class Follower:
    """Reads the download of one export from its beginning to its end."""

    def __init__(self, store: Store, project: int, export: Export) -> None:
        self._store, self._project, self._id = store, project, export.id
        self._path = destination.path_of(store, project, export)
        self._at = 0

    async def pieces(self) -> AsyncGenerator[bytes]:
        """All of it. Raises ExportNotReady when it won't be ready any more."""
        is_ready, waited = False, _ASK_SECONDS
        while True:
            while piece := await run_sync(self._next):
                yield piece
            if is_ready:
                return
            if waited >= _ASK_SECONDS:
                is_ready, waited = await run_sync(self._is_ready), 0.0
            else:
                await anyio.sleep(_PAUSE_SECONDS)
                waited += _PAUSE_SECONDS

    def _next(self) -> bytes:
        """What comes next of what there is by now."""
        for path in self._places():
            with suppress(FileNotFoundError), path.open("rb") as file:
                file.seek(self._at)
                piece = file.read(_PIECE)
                self._at += len(piece)
                return piece
        return b""

    def _places(self) -> Iterator[Path]:
        yield self._path
        yield from publishing.growing(self._path, self._id)

    def _is_ready(self) -> bool:
        with self._store.db.transaction(self._project) as tx:
            found = verbs.get(tx, self._id)
        if found.is_ended and found.state != "ready":
            raise ExportNotReady(id=self._id, state=found.state)
        return found.state == "ready"
