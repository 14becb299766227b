"""The whole of Penstock in this process, for a home folder that no server serves: database, API and worker.

The API listens on a private port of the loopback, the worker runs in threads of its own, and all ends with the process.
A crash loses nothing that was acknowledged: the next process, or a server, goes on from the same home.
"""

from __future__ import annotations

import atexit
import threading
from pathlib import Path

import uvicorn

from penstock import store
from penstock.core import Settings
from penstock.engine import Engine
from penstock.sdk.errors import PenstockError
from penstock.sdk.places import Place
from penstock.server import create_app
from penstock.server.trust import local_secret
from penstock.store import Store

START_SECONDS = 20.0
_running: dict[Path, Served] = {}
_lock = threading.Lock()


class DidNotStart(PenstockError):
    """The server in this process did not start."""


class Served:
    """One installation, served from this process: API and worker, in threads."""

    def __init__(self, settings: Settings) -> None:
        self._store: Store = store.open(settings)
        app = create_app(self._store)
        self._live = app.state.live
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
        self._server = uvicorn.Server(config)
        self._engine = Engine(self._store)
        self._threads = [
            threading.Thread(target=self._server.run, name="penstock api", daemon=True),
            threading.Thread(target=self._engine.run, name="penstock worker", daemon=True),
        ]
        self._token = local_secret(app)

    def start(self) -> Place:
        for thread in self._threads:
            thread.start()
        pause = threading.Event()
        for _ in range(int(START_SECONDS / 0.02)):
            if self._server.started:
                port = self._server.servers[0].sockets[0].getsockname()[1]
                return Place(f"http://127.0.0.1:{port}", self._token)
            pause.wait(0.02)
        raise DidNotStart(f"The server in this process did not start within {START_SECONDS:.0f} seconds.")

    def stop(self) -> None:
        self._live.close()
        self._server.should_exit = True
        self._engine.stop()
        for thread in self._threads:
            thread.join(timeout=10)
        self._store.close()


def serve(home: Path) -> Place:
    """Serve a home from this process until it ends; the same server for every call with this home."""
    with _lock:
        if home not in _running:
            local = Served(Settings.load(home=home))
            place = local.start()
            _running[home] = local
            _places[home] = place
            atexit.register(stop, home)
        return _places[home]


_places: dict[Path, Place] = {}


def stop(home: Path) -> None:
    """Stop serving a home from this process. Safe to repeat."""
    with _lock:
        local = _running.pop(home, None)
        _places.pop(home, None)
    if local is not None:
        local.stop()
