"""One export made by several processes: whoever has its job writes what comes next, and others make later parts.

It never waits for somebody who may not come. A part that nobody has made when its turn comes is written at once; while
another is at it, a later one is made. So with no helper at all, everything is made here, in the same order.
"""

import logging
import os
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Protocol

from penstock import jobs
from penstock.export import parts
from penstock.export.content import Content, Read
from penstock.export.model import Export
from penstock.export.parts import QUEUE, Part, Parts, Plan
from penstock.export.publishing import Appender
from penstock.formats import Item, Loss, Writing
from penstock.jobs import Work

logger = logging.getLogger(__name__)

_FIRST = 1000  #: files that are written before the others are known
PART = 4000
"""Files of a part: half a second's work, and some megabytes to carry over."""
WORTH = 5000
"""So many files take as long as it takes for others to come."""
_TIMED = 1000  #: files that tell how long the others take
WORTH_SECONDS = 2.0
"""What takes no longer is made here: parts that others make are written twice."""
AHEAD = 2 + 4 * ((os.cpu_count() or 1) - 1)
"""Parts that others may make before their turn: for every four that wait, a helper comes."""
_PAUSE_SECONDS = 0.01
_PATIENCE_SECONDS = 10.0  #: who has a part for so long while nothing else is left was stopped, or is very slow


class Media(Protocol):
    """Media that go with a set."""

    def carried(self, found: Iterator[Read]) -> Iterator[Item]:
        """The items of what was read, while their media go."""
        ...

    def carry(self, lines: bytes) -> None:
        """Let those go that others listed."""
        ...


class Together:
    """One try of one export."""

    def __init__(
        self,
        work: Work,
        project: int,
        export: Export,
        content: Content,
        writing: Writing,
        appender: Appender,
        loss: Loss,
        media: Media,
    ) -> None:
        self._work, self._project, self._export = work, project, export
        self._content, self._writing, self._appender, self._loss = content, writing, appender, loss
        self._media = media
        self._own = set[int]()  #: parts that were made here before their turn

    def write(self) -> None:
        """Write it: the first files while the others are looked for."""
        content, at, told = self._content, 0, None
        while told is None or not content.is_listed:
            if at == len(content.known) and at == len(content.listed()):
                break
            end = min(at + _FIRST, len(content.known))
            self._write(at, end)
            at, told = end, self._writing.told()
        if told is not None and len(content.listed()) - at >= WORTH:
            end, begun = at + _TIMED, time.monotonic()
            self._write(at, end)
            left = (time.monotonic() - begun) / _TIMED * (len(content.listed()) - end)
            if left > WORTH_SECONDS:
                self._share(end, told)
            else:
                self._write(end, None)
        else:
            self._write(at, None)
        for chunk in self._writing.end():
            self._appender.append(chunk.path, chunk.data)

    def _write(self, start: int, end: int | None) -> None:
        for chunk in self._writing.items(self._media.carried(self._content.items(start, end))):
            self._appender.append(chunk.path, chunk.data)

    def _share(self, start: int, told: bytes) -> None:
        files = self._content.listed()
        starts = [*range(start, len(files), PART), len(files)]
        export = self._export.id
        with (
            Parts.begun(self._work.store, self._project, export, Plan(told, starts), files) as shared,
            self._work.apart(QUEUE),  # other threads of this process would only take the core that it uses itself
        ):
            self._ask_for_help(shared, AHEAD)
            for part, (begin, end) in enumerate(pairwise(starts)):
                later = range(part + 1, min(part + 1 + AHEAD, len(starts) - 1))
                if not self._is_taken(shared, part, later, begin):
                    self._write(begin, end)
                self._content.report(end)

    def _ask_for_help(self, shared: Parts, times: int) -> None:
        """Each time, somebody makes one part. More wouldn't be there for them, and helpers would come in vain."""
        with self._work.db.transaction(self._project) as tx:
            for _ in range(times):
                given: dict[str, Any] = {"project": self._project, "export": self._export.id}
                jobs.later(tx, "export.part", queue=QUEUE, name=shared.name, **given)

    def _is_taken(self, shared: Parts, part: int, later: range, looked: int) -> bool:
        """Take a part over; False when it is to be written here."""
        begun = time.monotonic()
        while True:
            with shared.opened(part) as found:
                is_taken = found is not None and self._take(found)
            if found is not None:
                shared.settle(part)
                if part not in self._own:
                    self._ask_for_help(shared, 1)
                return is_taken
            with shared.claimed(part) as is_ours:
                if is_ours or time.monotonic() - begun > _PATIENCE_SECONDS:
                    shared.settle(part)
                    return False
            if self._makes_one(shared, later):
                begun = time.monotonic()
            else:
                time.sleep(_PAUSE_SECONDS)
            self._content.report(looked)

    def _makes_one(self, shared: Parts, of: range) -> bool:
        try:
            made = parts.make(self._work.store, self._project, self._export, shared, of)
        except OSError:
            logger.warning("there is no room for parts of export %s", self._export.id, exc_info=True)
            return False
        if made is not None:
            self._own.add(made)
        return made is not None

    def _take(self, part: Part) -> bool:
        """Put what another made behind what is written; False when it doesn't fit there."""
        made = part.made
        if not self._writing.take(part.left):
            return False
        if made.path is None:
            self._appender.take(made.members, part.body(), made.listing, made.listed)
        else:
            for piece in part.chunks():
                self._appender.append(made.path, piece)
        self._content.counted.join(made.counted)
        self._loss.counts.update(made.losses)
        self._media.carry(made.media)
        return True
