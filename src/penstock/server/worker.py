"""A worker as a process: background work until it is told to stop, or until whoever started it is gone.

`python -m penstock.server.worker` is what `penstock up` keeps beside the server: it reads its settings from the first
line of its standard input, and knows by the end of that input that the server is gone. With the argument `bulk` it is
the helper of such a worker (`crew`).
"""

import gc
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from penstock.core import Settings
from penstock.engine import Engine
from penstock.server.crew import Crew
from penstock.store.store import open_store

_SOON = ("penstock.connections.guard", "penstock.jobs.writing", "httpx")
"""What a server puts off until somebody asks for it, and a worker had better not import at its first delivery."""


CONCURRENCY = 4
HELPER_CONCURRENCY = 2
"""Bulk jobs that a helper has at hand: while the database is at one, it is at the other."""


def work(
    settings: Settings, concurrency: int = CONCURRENCY, until_orphaned: bool = False, is_helper: bool = False
) -> None:
    """Work until SIGTERM or SIGINT. With `until_orphaned`, also until standard input ends, as it does when the
    parent dies, however it died. A helper has bulk jobs alone, and its settings allow it none itself.
    """
    store = open_store(settings, application="penstock worker")
    for name in () if is_helper else _SOON:
        importlib.import_module(name)
    engine = Engine(store, concurrency=concurrency, bulk_alone=is_helper)
    crew = Crew(store.db, settings, engine.share_bulk, concurrency)
    # Imports and exports make millions of objects and hardly a cycle: looking for those took half of their time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)

    def stop(_signal: int = 0, _frame: FrameType | None = None) -> None:
        crew.dismiss()
        engine.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if until_orphaned:
        threading.Thread(target=_stop_with_parent, args=(stop,), name="penstock parent", daemon=True).start()
    crew.start()
    try:
        engine.run()
    finally:
        crew.stop()
        store.close()


def _stop_with_parent(stop: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not through sys.stdin, whose lock would hold up the interpreter's end
        pass
    stop()


if __name__ == "__main__":
    if not (told := sys.stdin.buffer.readline()):
        sys.exit()  # whoever made it ready is gone
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s worker %(levelname)s %(name)s: %(message)s")
    is_helper = sys.argv[-1:] == ["bulk"]
    slots = HELPER_CONCURRENCY if is_helper else CONCURRENCY
    work(Settings.model_validate_json(told), slots, until_orphaned=True, is_helper=is_helper)
