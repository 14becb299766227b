"""Calls survive a lost connection, and refusals arrive as the server meant them."""

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from penstock.people.model import Person
from penstock.sdk import http
from penstock.sdk.errors import Refused, Unreachable
from penstock.sdk.http import Client

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, pauses: list[float] | None = None) -> Client:
    pause = (pauses if pauses is not None else list[float]()).append
    return Client("http://here", "secret", transport=httpx.MockTransport(handler), pause=pause)


class Flaky:
    """Loses the first `lost` calls after reading them, then answers."""

    def __init__(self, lost: int, answer: httpx.Response) -> None:
        self.lost, self.answer = lost, answer
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        if len(self.seen) <= self.lost:
            raise httpx.ReadError("gone")
        return self.answer


def person(**more: object) -> httpx.Response:
    return httpx.Response(200, json={"id": 1, "kind": "human", "name": "Ann", **more})


def test_a_lost_connection_is_tried_again_under_the_same_key() -> None:
    flaky = Flaky(2, person())
    found = client(flaky).post("/x", Person, {"a": 1})
    assert found.name == "Ann"
    assert len({request.headers["idempotency-key"] for request in flaky.seen}) == 1
    assert [request.content for request in flaky.seen] == [b'{"a":1}'] * 3


def test_two_calls_have_two_keys() -> None:
    flaky = Flaky(0, person())
    c = client(flaky)
    c.post("/x", Person)
    c.post("/x", Person)
    assert len({request.headers["idempotency-key"] for request in flaky.seen}) == 2


def test_a_file_is_sent_again_from_its_start(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"bytes" * 1000)
    flaky = Flaky(1, httpx.Response(201, json={}))
    client(flaky).send("/uploads", tmp_path / "a", query={"name": "a"})
    assert [request.content for request in flaky.seen] == [b"bytes" * 1000] * 2


def test_a_server_that_stays_away_is_named() -> None:
    pauses: list[float] = []
    flaky = Flaky(99, person())
    with pytest.raises(Unreachable, match=r"No answer from http://here .* penstock up"):
        client(flaky, pauses).get("/x", Person)
    assert len(flaky.seen) == len(http.PAUSES) + 1 == len(pauses) + 1


def test_a_server_over_tls_must_prove_itself_and_over_plain_http_nobody_vouches_for_anyone() -> None:
    assert http.trusted("https://penstock.example") is True
    nobody = http.trusted("http://penstock.example")
    assert isinstance(nobody, ssl.SSLContext)
    assert nobody.verify_mode is ssl.CERT_REQUIRED
    assert nobody.get_ca_certs() == []


def test_a_server_that_says_when_to_come_back_is_heeded() -> None:
    pauses: list[float] = []
    answers = iter([httpx.Response(503, headers={"retry-after": "7"}), person()])
    client(lambda _: next(answers), pauses).get("/x", Person)
    assert 5 < pauses[0] < 9


def test_a_refusal_says_what_the_server_said_and_is_not_repeated() -> None:
    problem = {
        "type": "request-invalid",
        "title": "Request invalid",
        "status": 422,
        "detail": "Two problems.",
        "errors": [{"at": "changes[0].label", "detail": "There is no label 9.", "code": "unknown"}],
    }
    flaky = Flaky(0, httpx.Response(422, json=problem))
    with pytest.raises(Refused) as caught:
        client(flaky).post("/x", Person)
    refused = caught.value
    assert (refused.status, refused.type, refused.errors[0].code) == (422, "request-invalid", "unknown")
    assert str(refused) == "Two problems. changes[0].label: There is no label 9."
    assert len(flaky.seen) == 1


def test_an_answer_that_is_no_problem_document_is_quoted() -> None:
    with pytest.raises(Refused, match="answered 418: short and stout"):
        client(lambda _: httpx.Response(418, text="short and stout")).get("/x", Person)


def test_pages_are_read_to_the_end() -> None:
    pages = {None: ([1, 2], "b"), "b": ([3], "c"), "c": ([4], None)}

    def handler(request: httpx.Request) -> httpx.Response:
        items, following = pages[request.url.params.get("after")]
        assert request.url.params["limit"] == "2"
        return httpx.Response(200, json={"items": items, "next": following})

    assert list(client(handler).pages("/x", int, {"limit": 2, "state": None})) == [1, 2, 3, 4]


def test_a_plain_list_is_one_page() -> None:
    assert list(client(lambda _: httpx.Response(200, json=[1, 2])).pages("/x", int)) == [1, 2]


def test_fields_of_a_newer_server_are_ignored() -> None:
    assert client(lambda _: person(shoe_size=42)).get("/x", Person).name == "Ann"


def test_editing_sends_the_edition_it_holds() -> None:
    flaky = Flaky(0, person())
    client(flaky).patch("/x", Person, {"name": "Bea"}, edition=3)
    assert flaky.seen[0].headers["if-match"] == '"3"'


def test_only_what_was_said_is_sent() -> None:
    flaky = Flaky(0, person())
    client(flaky).post("/x", Person, Person(id=1, kind="human", name="Ann"))
    assert json.loads(flaky.seen[0].content) == {"id": 1, "kind": "human", "name": "Ann"}


def test_a_big_answer_is_read_as_it_comes() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    with client(lambda _: httpx.Response(200, content=blocks())).stream("/x") as answer:
        assert b"".join(answer.iter_bytes()) == b"onetwo"
