"""The SDK on the real app, in process: whatever waits lets the background work run on."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from penstock.sdk.http import Client
from penstock.sdk.project import Project


class Lent(httpx.BaseTransport):
    """The test's transport, which outlives the clients that close."""

    def __init__(self, lender: httpx.BaseTransport) -> None:
        self._lender = lender

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._lender.handle_request(request)


@pytest.fixture
def transport(api) -> httpx.BaseTransport:
    return Lent(api.transport)


@pytest.fixture
def connected(api, transport: httpx.BaseTransport, drain: Callable[[], None]) -> Callable[..., Project]:
    """A project for a token, the owner's unless given."""

    def connect(token: str | None = None, name: str | None = "first") -> Project:
        owner = api.owner.headers["authorization"].removeprefix("Bearer ")
        client = Client("http://penstock.test", token or owner, transport=transport, pause=lambda _: drain())
        return Project(client, name, progress=False)

    return connect


@pytest.fixture
def p(connected: Callable[..., Project]) -> Iterator[Project]:
    """The project `first`, as its owner. It stays open when a command that was given it closes it."""
    project = connected()
    project.close = lambda: None
    yield project
    Project.close(project)
