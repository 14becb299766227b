"""One embedded PostgreSQL for the whole run; a database as good as new for each test."""

import asyncio
import datetime as dt
import fcntl
import itertools
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import hypothesis
import pytest
from fastapi import FastAPI
from hypothesis.internal.conjecture import providers
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from databases import Postgres
from penstock import engine, store
from penstock.core import Settings
from penstock.server import create_app, local_secret
from penstock.store import Store, embedded, set_offset

BUILD = Path(__file__).parents[1] / "web" / "build.py"
HOME = pytest.StashKey[Path]()
"""Of the database that all workers of a run share."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="run the long tests too")


def pytest_configure(config: pytest.Config) -> None:
    """Properties are tried on few examples, the same in each run, or on many new ones. A busy machine fails nothing."""
    is_thorough = config.getoption("--thorough")
    patient = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
    hypothesis.settings.register_profile("short", patient, max_examples=20, derandomize=True)
    hypothesis.settings.register_profile("thorough", patient, max_examples=300)
    hypothesis.settings.load_profile("thorough" if is_thorough else "short")
    if not is_thorough:
        # It would try what numbers and words stand in our modules too: in those that a worker has imported until then,
        # so that each run is another one, and to find them takes each worker 2 s.
        providers._get_local_constants = lambda: providers._local_constants
    given = _given(config)
    config.stash[HOME] = Path(given["home"] if given else tempfile.mkdtemp(prefix="penstock-test-"))


def _given(config: pytest.Config) -> dict[str, str]:
    """What xdist gave this process, if it is one of its workers."""
    return getattr(config, "workerinput", {})


@pytest.hookimpl(optionalhook=True)  # xdist may be off
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput["home"] = str(node.config.stash[HOME])


def pytest_unconfigure(config: pytest.Config) -> None:
    home = config.stash[HOME]
    if not _given(config):
        if any(home.iterdir()):
            embedded.erase(home)
        shutil.rmtree(home, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """One worker collects first, and writes down what it compiles: four who do that at once take four times as long."""
    with Path(__file__).open() as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(turn, fcntl.LOCK_SH)
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--thorough"):
        long = [item for item in items if "thorough" in item.keywords]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if "thorough" not in item.keywords]


class ByFile(LoadScopeScheduling):
    """Files go to whichever worker is free; all that need a browser go to one, as one server and one browser do."""

    def _split_scope(self, nodeid: str) -> str:
        folder = "tests/browser/"
        return folder if nodeid.startswith(folder) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # xdist may be off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def web_app() -> None:
    """The web app as its sources are now. `make test` builds it beside the tests that need none: this waits for it."""
    built = subprocess.run([sys.executable, BUILD], check=False, capture_output=True, text=True, timeout=600)
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Postgres]:
    postgres = Postgres(pytestconfig.stash[HOME], f"test_{_given(pytestconfig).get('workerid', 'alone')}")
    postgres.start()
    yield postgres
    postgres.close()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    yield postgres.database(postgres.name)
    postgres.renew()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", database_url=database_url, roots=[tmp_path], port=0)


@pytest.fixture
def store_(settings: Settings) -> Iterator[Store]:
    opened = store.open(settings)
    yield opened
    opened.close()


# Tests name it `store`, as verbs do.
@pytest.fixture(name="store")
def _store(store_: Store) -> Store:
    return store_


@pytest.fixture
def drain(store: Store) -> Callable[[], None]:
    """Run followers, due timers and jobs until nothing is left."""
    return lambda: engine.drain(store)


@pytest.fixture
def move_clock(store: Store) -> Callable[[dt.timedelta], None]:
    """Move the installation's clock forward from where it stands."""
    moved = dt.timedelta()

    def move(by: dt.timedelta) -> None:
        nonlocal moved
        moved += by
        with store.db.transaction(0) as tx:
            set_offset(tx, moved)

    return move


@dataclass
class Written:
    """The kinds of events that a block wrote, in order."""

    kinds: list[str] = field(default_factory=list)


@pytest.fixture
def wrote(store: Store) -> Callable[[int], object]:
    """`with wrote(project) as written: ...` and then compare `written.kinds`, the whole list."""

    @contextmanager
    def block(project: int) -> Generator[Written]:
        with store.db.transaction(project) as tx:
            before = tx.value(int, "select coalesce(max(seq), 0) from event where project = %(project)s")
        written = Written()
        yield written
        with store.db.transaction(project) as tx:
            written.kinds += tx.values(
                str,
                "select kind from event where project = %(project)s and seq > %(before)s order by seq, n",
                before=before,
            )

    return block


class InProcess(httpx.BaseTransport):
    """Calls an app without a network. Not for live events: an answer arrives whole."""

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 1))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def call() -> httpx.Response:
            sent = httpx.Request(
                request.method, request.url, headers=request.headers, content=body, extensions=request.extensions
            )
            answer = await self._inner.handle_async_request(sent)
            raw = b"".join([chunk async for chunk in answer.aiter_raw()])  # the client unpacks it
            return httpx.Response(answer.status_code, headers=answer.headers, content=raw)

        body = b"".join(request.stream)  # type: ignore[arg-type]
        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(timeout=120)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass
class Api:
    """The real app over the test's store, and clients of it. `api.project` is a project made by the owner."""

    store: Store
    app: FastAPI
    transport: InProcess
    owner: httpx.Client
    project: int = 0
    _clients: dict[tuple[str, bool], httpx.Client] = field(default_factory=dict)
    persons: dict[str, int] = field(default_factory=dict)
    """The member behind each role's client."""

    def bare(self, headers: dict[str, str] | None = None) -> httpx.Client:
        """A client that nobody has signed in with."""
        return httpx.Client(transport=self.transport, base_url="http://penstock.test/api/v1", headers=headers)

    def client(self, role: str, connections: bool = False) -> httpx.Client:
        """A member of this role in the project; the same one each time."""
        key = (role, connections)
        if key not in self._clients:
            self._clients[key], self.persons[role] = self.member(role, connections)
        return self._clients[key]

    def member(self, role: str, connections: bool = False, name: str = "") -> tuple[httpx.Client, int]:
        """One more member, with a token, and their id."""
        body = {"name": name or f"{role} {next(_numbers)}", "role": role, "connections": connections}
        person = self.owner.post(f"/projects/{self.project}/programs", json=body).json()["person"]
        token = {"name": "test", "person": person, "connections": connections}
        secret = self.owner.post(f"/projects/{self.project}/tokens", json=token).json()["secret"]
        return self.bare({"authorization": f"Bearer {secret}"}), person

    def path(self, path: str = "") -> str:
        return f"/projects/{self.project}{path}"


@pytest.fixture
def api(store: Store) -> Iterator[Api]:
    """HTTP without a network: `api.owner`, `api.client("annotator")`, `api.path("/datasets")`."""
    app = create_app(store)
    transport = InProcess(app)
    owner = httpx.Client(
        transport=transport,
        base_url="http://penstock.test/api/v1",
        headers={"authorization": f"Bearer {local_secret(app)}"},
    )
    made = Api(store, app, transport, owner)
    made.project = owner.post("/projects", json={"name": "first"}).json()["id"]
    yield made
    app.state.live.close()
    transport.close()
