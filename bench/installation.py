"""A Penstock of the bench's own: a fresh home, a server with its worker, and plain HTTP to talk to it."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from penstock.store import embedded


class Line:
    """One kept-alive connection. It does as little as it can, so that what is measured is the server."""

    def __init__(self, url: str, token: str | None = None) -> None:
        where = urlsplit(url)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=120)
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def post(self, path: str, body: bytes = b"{}") -> Any:
        return self._ask("POST", path, body)

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def put(self, path: str, body: bytes) -> Any:
        return self._ask("PUT", path, body)

    def patch(self, path: str, body: bytes) -> Any:
        return self._ask("PATCH", path, body)

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        try:
            self._connection.request(method, path, body, self._headers)
            answer = self._connection.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            self._connection.close()  # the server hung up while we were idle
            self._connection.request(method, path, body, self._headers)
            answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')[:500]}")
        return json.loads(text) if text else None

    def pieces(self, path: str) -> Iterator[bytes]:
        """An answer as it comes."""
        self._connection.request("GET", path, None, self._headers)
        answer = self._connection.getresponse()
        if answer.status >= 400:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.read().decode(errors='replace')[:500]}")
        while piece := answer.read1(1 << 16):
            yield piece

    def close(self) -> None:
        self._connection.close()


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables a server starts with: ours alone, and modules compiled once, as for everybody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PENSTOCK_", "PYTHON"))}
    return {**kept, "PENSTOCK_HOME": str(home), "PENSTOCK_PORT": "0", **more}


_IS_VACUUMED = """
select not exists (select from pg_stat_progress_vacuum) and not exists (
  select from pg_stat_user_tables s join pg_class c on c.oid = s.relid
  where s.n_ins_since_vacuum > 1000 + 0.2 * greatest(c.reltuples, 0)
  or s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0))
"""


@dataclass
class Installation:
    """A server that is up."""

    home: Path
    env: dict[str, str]
    process: "subprocess.Popen[str]" = field(init=False)
    url: str = ""
    token: str = ""

    def start(self) -> float:
        """Start the server; seconds until its first answer."""
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "penstock.cli.main", "up", "--json"], stdout=subprocess.PIPE, text=True, env=self.env
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the server did not start")
        self.url = json.loads(line)["url"]
        Line(self.url).get("/api/v1/health")
        took = time.perf_counter() - began
        self.token = json.loads((self.home / "server.json").read_text())["token"]
        return took

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)

    def line(self) -> Line:
        return Line(self.url, self.token)

    def processes(self) -> "dict[str, list[psutil.Process]]":
        """The processes of the server, its worker with its helpers, and the database."""
        server = psutil.Process(self.process.pid)
        with embedded_server(self.home) as running:
            title = f"postgres: {running.place.title}: "
            postmaster = int((running.place.data / "postmaster.pid").read_text().split("\n", 1)[0])
        found = {"server": [server], "worker": list[psutil.Process](), "database": list[psutil.Process]()}
        ours = {process.pid for process in server.children(recursive=True)}
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or [])
            if process.pid == postmaster or command.startswith(title):
                found["database"].append(process)
            elif process.pid in ours and "penstock.server.worker" in command:
                found["worker"].append(process)
        return found

    def memory_mb(self) -> dict[str, float]:
        """Proportional memory: shared pages are counted once."""
        return {name: sum(map(_memory_mb, processes)) for name, processes in self.processes().items()}

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time used so far."""
        return {name: sum(map(cpu_seconds, processes)) for name, processes in self.processes().items()}

    def await_rest(self, seconds: float = 120) -> None:
        """Wait until the worker and the database have done what follows from all that was done: followers read events,
        it is counted, tables are vacuumed.
        """
        give_up = time.monotonic() + seconds
        used = self.cpu_seconds()
        with embedded_server(self.home) as server, psycopg.connect(server.dsn, autocommit=True) as conn:
            while time.monotonic() < give_up:
                time.sleep(0.5)
                before, used = used, self.cpu_seconds()
                is_calm = all(used[name] - before[name] < 0.04 for name in ("worker", "database"))
                if is_calm and conn.execute(_IS_VACUUMED).fetchone() == (True,):
                    return


def _memory_mb(process: psutil.Process) -> float:
    return getattr(process.memory_full_info(), "pss", process.memory_info().rss) / 2**20


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of one process; 0 when it has gone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


@contextmanager
def embedded_server(home: Path) -> Generator[embedded.Server]:
    server = embedded.start(home)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def installation(**settings: str) -> Generator[Installation]:
    """A fresh installation, up; everything of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as folder:
        home = Path(folder) / "home"
        running = Installation(home, environment(home, PENSTOCK_ROOTS=tempfile.gettempdir(), **settings))
        running.start()
        try:
            yield running
        finally:
            running.stop()
            embedded.erase(home)
