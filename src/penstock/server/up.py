"""`penstock up`: the server of one home, with its worker beside it, until it is told to stop."""

import gc
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from penstock import jobs
from penstock.core import Conflict, Settings, Unavailable
from penstock.people import sign_in
from penstock.server import announce
from penstock.server.announce import Announcement
from penstock.server.app import create_app
from penstock.server.child import Child
from penstock.server.trust import local_secret
from penstock.store import Store
from penstock.store.store import open_store

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 15
WORKER = (sys.executable, "-m", "penstock.server.worker")
Say = Callable[[str], None]


class AlreadyUp(Conflict):
    """A server serves {home} already, at {url}. Use that one, or stop it first (process {pid})."""


class PortTaken(Unavailable):
    """{host}:{port} can't be listened on: {why}. Choose another port with --port, or 0 for any free one."""


def up(settings: Settings, say: Say = print, worker: bool = True, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and stop everything that was started.

    `ready` is called with the URL once it answers. Raises AlreadyUp, PortTaken, and what `open_store` refuses.
    """
    other = announce.answering(settings.home)
    if other is not None:
        raise AlreadyUp(home=settings.home, url=other.url, pid=other.pid)
    listener = listen(settings.host, settings.port)
    try:
        store = open_store(settings)
    except BaseException:
        listener.close()
        raise
    child = Child(WORKER, settings.model_dump_json().encode()) if worker else None
    try:
        _serve(store, listener, say, child, ready)
    finally:
        if child is not None:
            child.stop()
        listener.close()
        store.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortTaken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortTaken(host=host, port=port, why=error.strerror or error) from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)  # from here on clients wait for us in place of being refused
    except OSError as error:
        listener.close()
        raise PortTaken(host=host, port=port, why=error.strerror or error) from error
    listener.set_inheritable(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """The address at which this machine reaches a listener."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens, and ends live streams before it waits for connections to close."""

    def __init__(self, app: FastAPI, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                lifespan="off",
            )
        )
        self._app = app
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.live.close()
        await super().shutdown(sockets)


def _serve(
    store: Store, listener: socket.socket, say: Say, child: Child | None, ready: Callable[[str], None] | None
) -> None:
    app = create_app(store)
    url = url_of(listener)
    announcement = Announcement(url=url, pid=os.getpid(), token=local_secret(app))
    _remember_tidying(store)

    def on_start() -> None:
        announce.publish(store.settings.home, announcement)
        for line in welcome(store, url):
            say(line)
        if child is not None:
            child.start()
        if ready is not None:
            ready(url)
        gc.collect()
        gc.freeze()  # what was imported stays: the collector need not walk it again and again
        gc.enable()

    # Uvicorn raises the signal once more when it has stopped: that must not kill us in the middle of cleaning up.
    before = {number: signal.signal(number, _heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _Server(app, on_start).run(sockets=[listener])
    finally:
        announce.withdraw(store.settings.home, announcement)
        if child is not None:
            child.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _heard(_signal: int, _frame: object) -> None:
    pass


def welcome(store: Store, url: str) -> list[str]:
    """What to tell whoever started the server: where it is, and the way in while nobody has a password."""
    public = (store.settings.public_url or url).rstrip("/")
    with store.db.transaction(0) as tx:
        admin = sign_in.first_admin(tx)
        link = sign_in.create_link(tx, admin) if sign_in.needs_link(tx, admin) else None
    lines = [f"Penstock is up at {public}"]
    if link is not None:
        lines.append(f"Sign in once, within {sign_in.LINK_HOURS} hours, by {public}/sign-in/{link.secret}")
    if not ipaddress.ip_address(store_host(store)).is_loopback and public.startswith("http://"):
        lines.append("It is reachable from other machines without encryption: put a TLS proxy before it.")
    return lines


def store_host(store: Store) -> str:
    """The numeric address that the server was told to listen on."""
    return str(socket.getaddrinfo(store.settings.host, None)[0][4][0])


def _remember_tidying(store: Store) -> None:
    with store.db.transaction(0) as tx:
        jobs.at(tx, tx.now, "people.tidy", key="people.tidy")
        jobs.at(tx, tx.now, "export.expire", key="export.expire")
        jobs.at(tx, tx.now, "files.sweep", key="files.sweep", queue="bulk")
