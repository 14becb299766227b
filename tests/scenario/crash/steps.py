"""The test's end of the line: waits until some process is inside a step, and holds it there."""

import random
import socketserver
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

OPERATIONS = ("importing", "saving", "submitting", "merging", "exporting", "delivering")
NOWHERE = "-1"


@dataclass
class Hold:
    """A wish to hold the next process that enters a step, at a random moment of it."""

    operation: str
    at: str = ""  #: what the process was about to do
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float) -> bool:
        return self.held.wait(seconds)

    def release(self) -> None:
        self.released.set()


class Steps:
    """Listens to all processes of an installation. A context manager."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self.path = path
        self._chance = chance
        self._lock = threading.Lock()
        self._wanted: Hold | None = None
        self._lengths: dict[str, int] = dict.fromkeys(OPERATIONS, 4)  #: moments of the last such step
        steps = self

        class Line(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                hold: Hold | None = None
                for line in self.rfile:
                    word, operation, *rest = line.decode().split()
                    answer = NOWHERE
                    if word == "enter":
                        entered = steps._enter(operation)
                        if entered is not None:
                            hold, answer = entered
                    elif word == "held" and hold is not None:
                        hold.at = " ".join(rest)
                        hold.held.set()
                        hold.released.wait()
                        hold = None
                    elif word == "left":
                        steps._left(operation, int(rest[0]))
                        if hold is not None and hold.operation == operation:
                            hold = steps._again(hold)
                    try:
                        self.wfile.write(f"{answer}\n".encode())
                    except OSError:  # it was killed
                        return
                if hold is not None:  # it ended before it came to be held
                    steps._again(hold)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A process was killed while it spoke."""

        self._server = Server(str(path), Line)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="steps", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hold(self, operation: str) -> Hold:
        """Hold whoever enters this step next. One wish at a time."""
        with self._lock:
            self._wanted = Hold(operation)
            return self._wanted

    def _enter(self, operation: str) -> tuple[Hold, str] | None:
        with self._lock:
            hold = self._wanted
            if hold is None or hold.operation != operation:
                return None
            self._wanted = None
            return hold, str(self._chance.randint(0, self._lengths[operation]))

    def _left(self, operation: str, moments: int) -> None:
        with self._lock:
            self._lengths[operation] = moments

    def _again(self, hold: Hold) -> None:
        """The step was shorter than the moment drawn for it: hold the next one."""
        with self._lock:
            self._wanted = hold
