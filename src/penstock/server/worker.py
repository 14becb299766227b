"""A worker as a process: background work until it is told to stop, or until whoever started it is gone.

`python -m penstock.server.worker` is what `penstock up` keeps beside the server: it reads its settings from the first
line of its standard input, and knows by the end of that input that the server is gone.
"""

import gc
import importlib
import logging
import os
import signal
import sys
import threading
from types import FrameType

from penstock.core import Settings
from penstock.engine import Engine
from penstock.store.store import open_store

_SOON = ("penstock.connections.guard", "penstock.jobs.writing", "httpx")
"""What a server puts off until somebody asks for it, and a worker had better not import at its first delivery."""


def work(settings: Settings, concurrency: int = 4, until_orphaned: bool = False) -> None:
    """Work until SIGTERM or SIGINT. With `until_orphaned`, also until standard input ends, as it does when the
    parent dies, however it died.
    """
    store = open_store(settings, application="penstock worker")
    for name in _SOON:
        importlib.import_module(name)
    engine = Engine(store, concurrency=concurrency)
    # Imports and exports make millions of objects and hardly a cycle: looking for those took half of their time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        engine.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if until_orphaned:
        threading.Thread(target=_stop_with_parent, args=(engine,), name="penstock parent", daemon=True).start()
    try:
        engine.run()
    finally:
        store.close()


def _stop_with_parent(engine: Engine) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not through sys.stdin, whose lock would hold up the interpreter's end
        pass
    engine.stop()


if __name__ == "__main__":
    told = sys.stdin.buffer.readline()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s worker %(levelname)s %(name)s: %(message)s")
    work(Settings.model_validate_json(told), until_orphaned=True)
