"""A real installation: a home, its own PostgreSQL, `penstock up` and its worker, as processes to be killed."""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from penstock.core import Settings
from penstock.store import embedded, place

Process = Literal["server", "worker", "database"]
PROCESSES: tuple[Process, ...] = ("server", "worker", "database")

HERE = Path(__file__).parent
ANSWER_SECONDS = 120.0


class NotThere(AssertionError):
    """A process that should be there, or an answer that should come, is not."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Installation:
    """Start it, kill parts of it, start it again."""

    folder: Path
    hasty: bool = True
    port: int = field(default_factory=free_port)
    _server: "subprocess.Popen[bytes] | None" = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def socket(self) -> Path:
        return self.folder / "steps"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> place.Place:
        return place.find(self.home)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home, roots=[self.folder], allow_networks=["127.0.0.0/8"], port=self.port)

    def start(self) -> None:
        """Start the server, as whoever looks after it would, and wait for its first answer."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of them compiles every module anew
        env |= {
            "PENSTOCK_HOME": str(self.home),
            "PENSTOCK_PORT": str(self.port),
            "PENSTOCK_ROOTS": str(self.folder),
            "PENSTOCK_ALLOW_NETWORKS": "127.0.0.0/8",
            "PENSTOCK_CRASH_SOCKET": str(self.socket),
            "PENSTOCK_CRASH_HASTE": "yes" if self.hasty else "",
        }
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-P", str(HERE / "process.py"), "up"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._await_answer()

    def stop(self) -> int:
        """Ask the server to stop, and wait for it; its exit code."""
        assert self._server is not None
        self._server.send_signal(signal.SIGTERM)
        return self._server.wait(ANSWER_SECONDS)

    def kill(self, process: Process, chance: random.Random) -> None:
        """`kill -9`. Of the database either the postmaster or one of the processes that serve connections."""
        match process:
            case "server":
                assert self._server is not None
                self._server.kill()
                self._server.wait()
            case "worker":
                self._worker().kill()
            case "database":
                chance.choice(self._database()).kill()

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self._server is not None and self._server.poll() is None:
            for found in [*psutil.Process(self._server.pid).children(recursive=True), self._server]:
                found.kill()
            self._server.wait()
        for found in psutil.process_iter(["cmdline"]):
            if str(self.place.data) in " ".join(found.info["cmdline"] or []):
                found.kill()
        embedded.erase(self.home)

    def _await_answer(self) -> None:
        assert self._server is not None
        give_up = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < give_up:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                line.request("GET", "/api/v1/health")
                if line.getresponse().status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            finally:
                line.close()
            if self._server.poll() is not None:
                raise NotThere(f"the server ended with {self._server.returncode}:\n{self.tail()}")
            time.sleep(0.05)
        raise NotThere(f"the server did not answer within {ANSWER_SECONDS:g} s:\n{self.tail()}")

    def _worker(self) -> psutil.Process:
        """The server's present worker; one may just be on its way."""
        assert self._server is not None
        give_up = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < give_up:
            for found in psutil.Process(self._server.pid).children():
                if found.cmdline()[-1:] == ["worker"]:
                    return found
            time.sleep(0.01)
        raise NotThere(f"the server has no worker:\n{self.tail()}")

    def _database(self) -> list[psutil.Process]:
        give_up = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < give_up:
            try:
                postmaster = psutil.Process(int((self.place.data / "postmaster.pid").read_text().split("\n")[0]))
                if str(self.place.data) not in postmaster.cmdline():  # dead, and whoever starts it anew noted itself
                    raise psutil.NoSuchProcess(postmaster.pid)
                serving = [one for one in postmaster.children() if " penstock " in " ".join(one.cmdline())]
                return [postmaster] * max(1, 2 * len(serving)) + serving
            except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
                time.sleep(0.01)
        raise NotThere(f"there is no database:\n{self.tail()}")

    def tail(self, lines: int = 400) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
