"""Live events: one thread per process listens and reads the log in order; each stream gets what its caller may see.

Nothing is skipped: only what lies below the horizon is read, and a stream that begins catches up from the log first.
"""

import asyncio
import json
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import psycopg

from penstock import log
from penstock.core import Invalid, Refusal, Unavailable
from penstock.log import Happening
from penstock.store import Database, Transaction, horizon
from penstock.store.news import CHANNEL

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0  #: the safety net below NOTIFY, and how long an unsettled revision may hide
HEARTBEAT_SECONDS = 15.0
PAGE = 500
_END = 2**31  #: behind every event of a revision
_BACKLOG = 5_000  #: a stream this far behind is closed; its client comes back and reads on from where it was


class PlaceInvalid(Invalid):
    """{text!r} is no place in the log. Pass the id of an event, like 1234.0, or leave it out to begin now."""


Place = tuple[int, int]
Sees = Callable[[Sequence[Happening]], Sequence[Happening]]
"""What of a batch a caller may see now. Raises a Refusal when they may see nothing any more, which ends the stream."""


def place(text: str) -> Place:
    """An event's place from its id, ``seq.n``. Raises PlaceInvalid."""
    seq, _, n = text.partition(".")
    if not (seq.isdigit() and (n.isdigit() or not n) and len(seq) < 19 and len(n) < 10):
        raise PlaceInvalid(text=text)
    return int(seq), int(n) if n else _END


@dataclass(eq=False)
class Stream:
    """One client's waiting events. Filled by the hub's thread, emptied in the event loop."""

    project: int
    loop: asyncio.AbstractEventLoop
    waiting: deque[Happening] = field(default_factory=deque[Happening])
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def give(self, found: Sequence[Happening]) -> None:
        if len(self.waiting) + len(found) > _BACKLOG:
            self.closed = True
        else:
            self.waiting.extend(found)
        self._wake()

    def close(self) -> None:
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.woken.set)

    def take(self) -> list[Happening]:
        self.woken.clear()
        taken: list[Happening] = []
        while self.waiting:
            taken.append(self.waiting.popleft())
        return taken


class Live:
    """The process's one listener. It runs only while somebody watches."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._streams: dict[int, set[Stream]] = {}
        self._read_to: dict[int, int] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def open(self, project: int, loop: asyncio.AbstractEventLoop) -> tuple[Stream, int]:
        """A stream of what follows the returned revision. Close it by `drop`. Talks to the database."""
        stream = Stream(project, loop)
        with self._db.transaction(project) as tx:
            begin = horizon(tx)
        with self._lock:
            begin = self._read_to.setdefault(project, begin)
            self._streams.setdefault(project, set()).add(stream)
            if self._closed.is_set():
                stream.close()
            elif self._thread is None:
                self._thread = threading.Thread(target=self._run, name="penstock live", daemon=True)
                self._thread.start()
            return stream, begin

    def drop(self, stream: Stream) -> None:
        with self._lock:
            others = self._streams.get(stream.project, set())
            others.discard(stream)
            if not others:
                self._streams.pop(stream.project, None)
                self._read_to.pop(stream.project, None)

    def close(self) -> None:
        """End every stream. Call it before the server waits for its connections."""
        self._closed.set()
        with self._lock:
            for streams in self._streams.values():
                for stream in streams:
                    stream.close()

    def _run(self) -> None:
        while self._watched():
            try:
                with self._db.connect() as conn:
                    self._listen(conn)
            except (psycopg.Error, Unavailable):
                logger.warning("live events lost their connection; they go on as soon as the database is back")
                self._closed.wait(POLL_SECONDS)
                self._revive()

    def _revive(self) -> None:
        # Asking for a transaction starts an embedded database that died; a bare connection doesn't.
        with suppress(psycopg.Error, Unavailable), self._db.transaction(0) as tx:
            tx.value(int, "select 1")

    def _watched(self) -> bool:
        with self._lock:
            if self._streams and not self._closed.is_set():
                return True
            self._thread = None
            return False

    def _listen(self, conn: psycopg.Connection[tuple[object, ...]]) -> None:
        conn.execute(f"listen {CHANNEL}")
        look_at_all = 0.0
        unsettled: set[str] = set()  # told of, but not below the horizon yet
        while not self._closed.is_set() and self._streams:
            pause = 0.02 if unsettled else POLL_SECONDS / 4
            named = unsettled | {n.payload for n in conn.notifies(timeout=pause, stop_after=1)}
            everybody = time.monotonic() > look_at_all
            if everybody:
                look_at_all = time.monotonic() + POLL_SECONDS
            unsettled = set()
            for project in list(self._streams):
                if everybody or str(project) in named:
                    taken = self._read_on(project)
                    if not taken and str(project) in named and not everybody:
                        unsettled.add(str(project))

    def _read_on(self, project: int) -> int:
        """Hand out what is new; how many events."""
        taken = 0
        while found := self._read_page(project):
            taken += found
        return taken

    def _read_page(self, project: int) -> int:
        with self._lock:
            after = self._read_to.get(project)
        if after is None:
            return 0
        with self._db.transaction(project) as tx:
            upto = horizon(tx)
            found = log.read(tx, after, upto, limit=PAGE) if upto > after else []
        with self._lock:
            if self._read_to.get(project) != after:
                return 0
            self._read_to[project] = found[-1].seq if found else max(after, upto)
            for stream in self._streams.get(project, ()):
                stream.give(found)
        return len(found)


def read_after(tx: Transaction, after: Place, upto: int | None = None, limit: int = PAGE) -> list[Happening]:
    """Events behind a place and up to a revision (the horizon when none is given), whole revisions, oldest first."""
    seq, n = after
    found = log.read(tx, seq - 1, horizon(tx) if upto is None else upto, limit=limit)
    return [happening for happening in found if (happening.seq, happening.n) > (seq, n)]


def encoded(happening: Happening) -> bytes:
    """One server-sent event."""
    told = json.dumps(plain(happening), separators=(",", ":"), ensure_ascii=False)
    return f"id: {happening.seq}.{happening.n}\ndata: {told}\n\n".encode()


def plain(happening: Happening) -> dict[str, object]:
    return {
        "project": happening.project,
        "seq": happening.seq,
        "n": happening.n,
        "kind": happening.kind,
        "subject": happening.subject,
        "body": happening.body,
        "actor": happening.actor,
        "at": happening.at.isoformat(),
    }


async def stream_events(
    live: Live, db: Database, project: int, after: Place | None, sees: Sees, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[bytes]:
    """Server-sent events of a project behind a place in its log, without end.

    The stream ends when the server stops, when the caller falls far behind or may see it no more, and when the database
    goes away: who comes back is told why, or goes on where they were.
    """
    async with aclosing(_events(live, db, project, after, sees, heartbeat)) as events:
        try:
            async for chunk in events:
                yield chunk
        except (Refusal, psycopg.OperationalError) as reason:
            logger.info("a stream of project %s ended: %s", project, reason)


async def _events(
    live: Live, db: Database, project: int, after: Place | None, sees: Sees, heartbeat: float
) -> AsyncGenerator[bytes]:
    stream, begin = await _opened(live, project)
    try:
        yield b"retry: 1000\n\n"
        reached = after or (begin, _END)
        while reached < (begin, _END) and (page := await asyncio.to_thread(_page, db, project, reached, begin)):
            for chunk in await _seen(sees, page):
                yield chunk
            reached = page[-1].seq, page[-1].n
        while not stream.closed:
            try:
                await asyncio.wait_for(stream.woken.wait(), heartbeat)
            except TimeoutError:
                await asyncio.to_thread(sees, [])
                yield b": here\n\n"
                continue
            for chunk in await _seen(sees, [h for h in stream.take() if (h.seq, h.n) > reached]):
                yield chunk
    finally:
        live.drop(stream)


async def _opened(live: Live, project: int) -> tuple[Stream, int]:
    """A stream. A thread that opens one goes on when the client goes away meanwhile: what it brings is dropped."""
    opening = asyncio.ensure_future(asyncio.to_thread(live.open, project, asyncio.get_running_loop()))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(lambda done: done.cancelled() or done.exception() or live.drop(done.result()[0]))
        raise


def _page(db: Database, project: int, after: Place, upto: int) -> list[Happening]:
    with db.transaction(project) as tx:
        return read_after(tx, after, upto)


async def _seen(sees: Sees, found: Sequence[Happening]) -> list[bytes]:
    if not found:
        return []
    return [encoded(happening) for happening in await asyncio.to_thread(sees, found)]
