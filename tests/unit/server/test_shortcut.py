"""A shortcut answers what the framework would, and leaves to it what is wrong with a request."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from conftest import InProcess
from penstock.core import NotFound
from penstock.server import errors
from penstock.server.app import ROUTERS
from penstock.server.shortcut import Shortcut
from penstock.server.switchboard import Ahead, Switchboard

router = APIRouter()


class Sent(BaseModel):
    note: str
    times: int = 1


class Lost(NotFound):
    """There is no task {task}."""


@router.post("/tasks/{task}/notes")
def note(task: int, body: Sent, role: Literal["work", "review"] = "work", most: int | None = None) -> Response:
    if task == 9:
        raise Lost(task=task)
    return Response(f"{task} {role} {most} {body.note * body.times}", 201, {"etag": '"1"'})


@router.get("/tasks/{task}")
async def read(task: int, request: Request, word: Annotated[str, Query(max_length=3)] = "-") -> Response:
    return Response(f"{task} {word} {request.url.path} {request.path_params['task']}")


def app_of(*, ahead: bool) -> FastAPI:
    app = FastAPI()
    errors.install(app)
    board = Switchboard([router])
    app.mount("/api", board)
    if ahead:
        app.add_middleware(Ahead, board=board, prefix="/api")
    return app


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """One of an app with shortcuts, which has seen a request of each shape, and one of an app without."""
    made = [httpx.Client(transport=InProcess(app_of(ahead=ahead)), base_url="http://a.test") for ahead in (True, False)]
    for client in made:
        assert client.post("/api/tasks/1/notes", json={"note": "a"}).status_code == 201
        assert client.get("/api/tasks/1").status_code == 200
    yield made[0], made[1]
    for client in made:
        client.close()


ASKED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a body": ("POST", "/api/tasks/12/notes", {"json": {"note": "ab", "times": 2}}),
    "a query": ("POST", "/api/tasks/12/notes?role=review&most=3", {"json": {"note": "ab"}}),
    "a query twice": ("POST", "/api/tasks/12/notes?role=review&role=work", {"json": {"note": "ab"}}),
    "an unknown query": ("POST", "/api/tasks/12/notes?colour=red", {"json": {"note": "ab"}}),
    "a refusal": ("POST", "/api/tasks/9/notes", {"json": {"note": "ab"}}),
    "a wrong word": ("POST", "/api/tasks/12/notes?role=dance", {"json": {"note": "ab"}}),
    "a wrong number": ("POST", "/api/tasks/1.5/notes", {"json": {"note": "ab"}}),
    "a wrong body": ("POST", "/api/tasks/12/notes", {"json": {"note": 5}}),
    "another body": ("POST", "/api/tasks/12/notes", {"json": ["note"]}),
    "no JSON": ("POST", "/api/tasks/12/notes", {"content": b"{", "headers": {"content-type": "application/json"}}),
    "no text": ("POST", "/api/tasks/12/notes", {"content": b"\xff", "headers": {"content-type": "application/json"}}),
    "no body": ("POST", "/api/tasks/12/notes", {}),
    "a body of another kind": ("POST", "/api/tasks/12/notes", {"content": b'{"note": "ab"}'}),
    "JSON of a kind": (
        "POST",
        "/api/tasks/12/notes",
        {"content": b'{"note": "ab"}', "headers": {"content-type": "application/x+json; charset=utf-8"}},
    ),
    "another method": ("DELETE", "/api/tasks/12", {}),
    "the head": ("HEAD", "/api/tasks/12", {}),
    "a path": ("GET", "/api/tasks/12", {}),
    "an empty value": ("GET", "/api/tasks/12?word=", {}),
    "a value too long": ("GET", "/api/tasks/12?word=long", {}),
    "no number": ("GET", "/api/tasks/0x12", {}),
    "a prefix twice": ("GET", "/api/api/tasks/12", {}),
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_shortcut_answers_what_the_framework_does(clients: tuple[httpx.Client, httpx.Client], asked: str) -> None:
    method, path, more = ASKED[asked]
    short, usual = (client.request(method, path, **more) for client in clients)
    assert (short.status_code, short.content, short.headers) == (usual.status_code, usual.content, usual.headers)


def test_the_framework_handles_only_what_is_wrong(
    clients: tuple[httpx.Client, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    handled: list[str] = []

    async def handle(self: APIRoute, *_: object) -> None:
        handled.append(self.path)
        raise Lost(task=0)

    monkeypatch.setattr(APIRoute, "handle", handle)
    assert clients[0].post("/api/tasks/3/notes?role=review", json={"note": "a"}).text == "3 review None a"
    assert clients[0].get("/api/tasks/3").text.startswith("3 -")
    assert handled == []
    clients[0].post("/api/tasks/3/notes", json={})
    assert handled == ["/tasks/{task}/notes"]


def test_a_route_that_takes_more_has_none() -> None:
    other = APIRouter()

    @other.get("/a")
    def by_header(token: Annotated[str, Header()]) -> Response:
        return Response(token)

    @other.get("/b")
    def by_list(word: Annotated[list[str], Query()]) -> Response:
        return Response(" ".join(word))

    @other.get("/c")
    def by_framework() -> str:
        return ""

    @other.post("/d")
    def by_two(one: Sent, two: Sent) -> Response:
        return Response(one.note + two.note)

    assert [Shortcut.through(route) for route in other.routes] == [None] * 4


def test_what_annotators_wait_for_has_a_shortcut() -> None:
    found = {
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and Shortcut.through(route) is not None
        for method in route.methods
    }
    project = "/projects/{project}"
    assert found >= {
        ("POST", f"{project}/templates/{{template}}/next"),
        ("POST", f"{project}/attempts/{{attempt}}/save"),
        ("POST", f"{project}/attempts/{{attempt}}/submit"),
        ("GET", f"{project}/files/{{file}}/thumbnail"),
    }
