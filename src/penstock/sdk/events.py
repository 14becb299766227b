"""The project's events, read once or followed live. A follower that loses its connection goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from penstock.sdk.errors import Unreachable
from penstock.sdk.http import PAUSES, Client


@dataclass(frozen=True)
class Event:
    """One thing that happened. `id` is its place in the log: pass it as `after` to go on behind it."""

    id: str
    kind: str
    subject: str
    body: dict[str, Any]
    at: datetime
    actor: int | None = None


@dataclass
class _Message:
    """A server-sent event while its lines arrive."""

    id: str | None = None
    kind: str = "message"
    data: list[str] = field(default_factory=list[str])


def follow(
    client: Client, project: int, *, after: str | None = None, kinds: Sequence[str] | None = None
) -> Iterator[Event]:
    """Events as they happen, without end. After a lost connection it connects again and repeats nothing.

    Raises Unreachable when the server stays away.
    """
    last, failures = after, 0
    while True:
        try:
            for event in _connection(client, project, last, kinds):
                last, failures = event.id, 0
                yield event
            client.pause(PAUSES[0])  # the server ended the stream, as it does before it stops: come back
        except httpx.TransportError as error:
            if failures == len(PAUSES):
                raise Unreachable(f"The live events of {client.url} stopped and did not come back.") from error
            client.pause(PAUSES[failures])
            failures += 1


def read(client: Client, path: str, *, after: str | None = None, kinds: Sequence[str] | None = None) -> Iterator[Event]:
    """The events that are in the log now, oldest first, page after page."""
    query = {"after": after, "kinds": ",".join(kinds) if kinds else None, "limit": 500}
    for told in client.pages(path, dict[str, Any], query):
        yield from_plain(told)


def _connection(client: Client, project: int, last: str | None, kinds: Sequence[str] | None) -> Iterator[Event]:
    query = {"project": project, "kinds": ",".join(kinds) if kinds else None}
    headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
    with client.stream("/events", query=query, headers=headers) as answer:
        for message in messages(answer.iter_lines()):
            if message.data:
                yield _event(message)


def messages(lines: Iterator[str]) -> Iterator[_Message]:
    """Server-sent events out of a stream's lines, by the rules of the HTML standard."""
    message, last = _Message(), None
    for line in lines:
        if not line:
            message.id = last
            yield message
            message = _Message()
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            last = value
        elif name == "event":
            message.kind = value
        elif name == "data":
            message.data.append(value)


def _event(message: _Message) -> Event:
    told: dict[str, Any] = json.loads("\n".join(message.data))
    return from_plain(told, message.id)


def from_plain(told: dict[str, Any], id: str | None = None) -> Event:
    """An event as the API writes it."""
    return Event(
        id=id or f"{told['seq']}.{told['n']}",
        kind=told["kind"],
        subject=told["subject"],
        body=told["body"],
        at=datetime.fromisoformat(told["at"]),
        actor=told.get("actor"),
    )
