"""The world outside: a receiver that acts once for each message, and somebody who watches where exports appear."""

import hashlib
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + "c2VjcmV0" * 5


@dataclass
class Receiver:
    """Verifies each message and acts on the first of each id. A context manager."""

    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    acted: list[dict[str, Any]] = field(default_factory=list)
    got: int = 0
    forged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver._receive({name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """The sender was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="receiver", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def _receive(self, headers: dict[str, str], body: bytes) -> None:
        with self._lock:
            self.got += 1
            try:
                told = Webhook(SECRET).verify(body, headers)
            except WebhookVerificationError:
                self.forged += 1
                return
            if headers["webhook-id"] not in self.bodies:
                self.acted.append(told)
            self.bodies[headers["webhook-id"]].add(body)


class Watcher(threading.Thread):
    """Looks at each export the moment it can be seen: it must be whole then, and never change."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="watcher", daemon=True)
        self._folder = folder
        self._over = threading.Event()
        self.seen: dict[Path, str] = {}
        self.troubles: list[str] = []

    def run(self) -> None:
        while not self._over.wait(0.03):
            self.look()

    def look(self) -> None:
        for found in sorted(self._folder.iterdir()):
            if not found.name.startswith(".") and found not in self.seen:
                self.seen[found] = self.digest(found)

    def stop(self) -> None:
        """Look once more, and end. Safe to repeat."""
        self._over.set()
        self.join()
        self.look()

    def digest(self, export: Path) -> str:
        """A hash of an export, after every file was held against its manifest."""
        try:
            manifest = (export / "manifest.json").read_bytes()
            listed = {one["path"]: one["sha256"] for one in json.loads(manifest)["files"]}
        except (OSError, ValueError) as error:
            self.troubles.append(f"{export} has no whole manifest: {error}")
            return ""
        there = {
            path.relative_to(export).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in export.rglob("*")
            if path.is_file() and path.name != "manifest.json"
        }
        if there != listed:
            odd = sorted(listed.items() ^ there.items())[:4]
            self.troubles.append(f"{export} is not what its manifest lists: {odd}")
        return hashlib.sha256(manifest).hexdigest()
