"""A project with an admin, a receiver on the loopback that answers by script, and ways to write events."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from penstock import people
from penstock.connections import create_connection
from penstock.connections.model import NewConnection
from penstock.core import Settings
from penstock.core.settings import Command
from penstock.people import persons
from penstock.store import Store
from unit.actions.world import SECRET, Receiver, World

COMMANDS = {
    "count": "import json,sys; g = json.load(sys.stdin); print('hello'); print(json.dumps({'n': len(g['inputs'])}))",
    "fail": "import sys; print('no luck'); sys.exit(3)",
    "slow": "import time; print('begun', flush=True); time.sleep(60)",
    "patient": "import time; time.sleep(60)",
    "environment": "import json,os; print(json.dumps(dict(os.environ)))",
}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        database_url=database_url,
        roots=[tmp_path],
        allow_networks=["127.0.0.0/8"],
        port=0,
        commands={
            name: Command(
                argv=[sys.executable, "-c", code],
                timeout_seconds=0.7 if name == "slow" else 60,
                env=["PENSTOCK_TEST_PASSED"],
                after_crash="retry" if name in ("count", "patient") else "ask",
            )
            for name, code in COMMANDS.items()
        },
    )


@pytest.fixture
def world(store: Store) -> World:
    with store.db.transaction(0) as tx:
        admin = persons.create_person(tx, "human", "Ada")
    with store.db.transaction(0, admin) as tx:
        project = people.create_project(tx, "first")
    return World(store, project, admin)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            receiver.reached.set()
            answer = receiver.answer()
            if answer == "hang":
                receiver.release.wait(30)
                return
            self.send_response(int(answer))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"thank")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def webhook(world: World, receiver: Receiver) -> int:
    """A connection to the receiver."""
    new = NewConnection(
        name="training trigger",
        kind="webhook",
        settings={"url": receiver.url, "timeout_seconds": 0.5},
        secrets={"secret": SECRET},
    )
    return world.do(create_connection, new, world.store.key, world.store.settings).id
