"""The switchboard leads where the routers would, remembered or not."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from conftest import InProcess
from penstock.server.switchboard import Switchboard


@pytest.fixture
def board() -> Switchboard:
    router = APIRouter(prefix="/projects/{project}")

    @router.get("/tasks/mine")
    def mine(project: int) -> str:
        return f"mine of {project}"

    @router.get("/tasks/{task}")
    def one(project: int, task: str) -> str:
        return f"{task} of {project}"

    @router.post("/tasks/{task}")
    def change(project: int, task: str) -> str:
        return f"changed {task} of {project}"

    return Switchboard([router])


@pytest.fixture
def client(board: Switchboard) -> Iterator[httpx.Client]:
    app = FastAPI()
    app.mount("/api", board)
    transport = InProcess(app)
    with httpx.Client(transport=transport, base_url="http://penstock.test") as client:
        yield client


def test_the_second_request_of_a_shape_gets_its_own_parameters(client: httpx.Client) -> None:
    for project, task in ((1, 2), (3, 4), (12, 345)):
        assert client.get(f"/api/projects/{project}/tasks/{task}").json() == f"{task} of {project}"


def test_a_word_is_another_shape_than_a_number(client: httpx.Client) -> None:
    for _ in range(2):
        assert client.get("/api/projects/1/tasks/7").json() == "7 of 1"
        assert client.get("/api/projects/1/tasks/mine").json() == "mine of 1"
        assert client.get("/api/projects/1/tasks/yours").json() == "yours of 1"


def test_methods_are_told_apart(client: httpx.Client) -> None:
    for _ in range(2):
        assert client.get("/api/projects/1/tasks/7").json() == "7 of 1"
        assert client.post("/api/projects/1/tasks/7").json() == "changed 7 of 1"
        assert client.delete("/api/projects/1/tasks/7").status_code == 405


def test_what_is_nowhere_stays_nowhere(client: httpx.Client) -> None:
    for _ in range(2):
        assert client.get("/api/projects/1/nothing/7").status_code == 404


def test_made_up_names_fill_no_memory(
    client: httpx.Client, board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.server.switchboard.MOST_REMEMBERED", 20)
    for n in range(30):
        word = "".join(chr(ord("a") + int(digit)) for digit in str(n))
        assert client.get(f"/api/projects/1/tasks/{word}").status_code == 200
    assert len(board._remembered) == 20
    assert client.get("/api/projects/1/tasks/more").json() == "more of 1"


def test_a_number_in_a_route_s_own_words_is_refused() -> None:
    router = APIRouter()
    refused: Callable[[], str] = lambda: ""  # noqa: E731
    router.add_api_route("/v2/things", refused)
    with pytest.raises(AssertionError):
        Switchboard([router])
