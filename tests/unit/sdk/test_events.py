"""Following events: in order, each once, also over a lost connection."""

import itertools
import json

import httpx
import pytest

from penstock.sdk import events
from penstock.sdk.errors import Refused, Unreachable
from penstock.sdk.http import Client


def told(seq: int) -> str:
    body = {"seq": seq, "n": 0, "kind": "task.done", "subject": "task:1", "body": {"task": 1}, "actor": 2}
    return f"id: {seq}.0\nevent: task.done\ndata: {json.dumps(body | {'at': '2026-01-02T03:04:05+00:00'})}\n\n"


class Server:
    """Sends two events per connection, then loses it."""

    def __init__(self, upto: int) -> None:
        self.upto = upto
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        last = request.headers.get("last-event-id")
        self.asked.append(last)
        begin = int((last or "0.0").split(".")[0]) + 1
        if begin > self.upto:
            raise httpx.ConnectError("gone")
        return httpx.Response(200, text="retry: 1000\n\n: here\n\n" + told(begin) + told(begin + 1))


def test_a_follower_goes_on_where_it_was() -> None:
    server = Server(upto=99)
    client = Client("http://here", pause=lambda _: None, transport=httpx.MockTransport(server))
    found = list(itertools.islice(events.follow(client, 1), 5))
    assert [event.id for event in found] == ["1.0", "2.0", "3.0", "4.0", "5.0"]
    assert server.asked == [None, "2.0", "4.0"]
    assert (found[0].kind, found[0].body, found[0].actor, found[0].at.year) == ("task.done", {"task": 1}, 2, 2026)


def test_a_server_that_stays_away_ends_it() -> None:
    client = Client("http://here", pause=lambda _: None, transport=httpx.MockTransport(Server(upto=2)))
    with pytest.raises(Unreachable, match="did not come back"):
        list(events.follow(client, 1))


def test_a_refusal_ends_it() -> None:
    answer = httpx.Response(403, json={"title": "Sight lost", "type": "sight-lost", "detail": "No more."})
    client = Client("http://here", pause=lambda _: None, transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(Refused, match="No more"):
        next(events.follow(client, 1))


def test_a_message_may_have_several_lines_of_data() -> None:
    lines = iter(["event: a", "data: one", "data: two", "id: 7", "", ": comment", "data:three", ""])
    found = list(events.messages(lines))
    assert [(m.id, m.kind, m.data) for m in found] == [("7", "a", ["one", "two"]), ("7", "message", ["three"])]
