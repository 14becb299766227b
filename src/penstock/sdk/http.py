"""One HTTP client for the whole SDK: typed answers, pages, live events, and calls that survive a lost connection.

Its law: a call is sent again only when that is safe. Reads are; every POST carries an Idempotency-Key, so it is too.
"""

from __future__ import annotations

import json
import random
import ssl
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
from pydantic import BaseModel, TypeAdapter

from penstock.core.ids import new_uuid
from penstock.sdk.errors import Refused, Unreachable

T = TypeVar("T")
PAUSES = (0.1, 0.3, 0.8, 2.0, 4.0, 8.0)
"""Seconds between tries: a server that is killed and started again is back within them."""
PASSING = frozenset({502, 503, 504})
Query = Mapping[str, Any]


@lru_cache(maxsize=256)
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


class Client:
    """Calls to one server with one token. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
        timeout_seconds: float = 60.0,
    ) -> None:
        self.pause = pause  #: how everything that waits, waits
        self.url = url.rstrip("/")
        self.token = token
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"authorization": f"Bearer {token}"} if token else {},
            transport=transport,
            verify=trusted(self.url),
            timeout=httpx.Timeout(timeout_seconds, connect=5.0),
            follow_redirects=False,
            trust_env=not _is_loopback(self.url),
        )

    @cached_property
    def public_url(self) -> str:
        """The address for links that people are given: the server's own word, else where it was reached."""
        told: Any = self.request("GET", "/health").json().get("public_url")
        return str(told).rstrip("/") if told else self.url

    def get(self, path: str, shape: type[T], query: Query | None = None) -> T:
        return self._read(shape, self.request("GET", path, query=query))

    def post(
        self, path: str, shape: type[T], body: Any = None, *, query: Query | None = None, key: str | None = None
    ) -> T:
        return self._read(shape, self.request("POST", path, body=body, query=query, key=key))

    def put(
        self, path: str, shape: type[T], body: Any = None, *, query: Query | None = None, edition: int | None = None
    ) -> T:
        return self._read(shape, self.request("PUT", path, body=body, query=query, edition=edition))

    def patch(self, path: str, shape: type[T], body: Any = None, *, edition: int | None = None) -> T:
        return self._read(shape, self.request("PATCH", path, body=body, edition=edition))

    def delete(self, path: str, *, query: Query | None = None) -> None:
        self.request("DELETE", path, query=query)

    def pages(self, path: str, shape: type[T], query: Query | None = None) -> Iterator[T]:
        """Every item of a list, page after page. Lists without pages work too."""
        asked = dict(query or {})
        while True:
            answer: Any = self.request("GET", path, query=asked).json()
            items = cast(list[Any], answer if isinstance(answer, list) else answer["items"])
            for item in items:
                yield self._value(shape, item)
            after = None if isinstance(answer, list) else cast(str | None, answer.get("next"))
            if not after:
                return
            asked["after"] = after

    def bytes(self, path: str, query: Query | None = None) -> bytes:
        return self.request("GET", path, query=query).content

    @contextmanager
    def stream(
        self, path: str, *, query: Query | None = None, headers: Mapping[str, str] | None = None
    ) -> Generator[httpx.Response]:
        """An answer read as it arrives; the caller handles a connection lost midway."""
        timeout = httpx.Timeout(60.0, connect=5.0)
        with self._http.stream(
            "GET", path, params=_plain(query), headers=dict(headers or {}), timeout=timeout
        ) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise self._refusal(answer)
            yield answer

    def patience(self) -> Patience:
        """For an answer that is read as it arrives, and taken up again where it broke."""
        return Patience(self)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: Callable[[], Iterator[bytes]] | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        edition: int | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """Send one call, again after a lost connection. Raises Refused, or Unreachable when no try got through.

        `body` goes as JSON; `content` makes the bytes of each try.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent["idempotency-key"] = key or str(new_uuid())
        if edition is not None:
            sent["if-match"] = f'"{edition}"'
        if body is not None:
            plain = _json(body)
            sent["content-type"] = "application/json"
            content = lambda: iter((plain,))  # noqa: E731
            sent["content-length"] = str(len(plain))
        pauses = iter(PAUSES)
        while True:
            answer = self._try(method, path, content() if content else None, query, sent)
            if isinstance(answer, httpx.Response) and answer.status_code < 400:
                return answer
            lost = isinstance(answer, httpx.TransportError) or answer.status_code in PASSING
            pause = next(pauses, None) if lost else None
            if pause is not None:
                self.pause(_told(answer, pause) * (0.75 + random.random() / 2))  # noqa: S311  # jitter, no secret
            elif isinstance(answer, httpx.Response):
                raise self._refusal(answer)
            else:
                raise _unreachable(self.url, answer) from answer

    def _try(
        self, method: str, path: str, content: Iterator[bytes] | None, query: Query | None, headers: Mapping[str, str]
    ) -> httpx.Response | httpx.TransportError:
        try:
            return self._http.request(method, path, content=content, params=_plain(query), headers=headers)
        except httpx.TransportError as error:
            return error

    def send(self, path: str, file: Path, *, query: Query | None = None) -> httpx.Response:
        """POST a file's bytes, read as they go; each try opens it anew."""
        size = {"content-length": str(file.stat().st_size), "content-type": "application/octet-stream"}
        return self.request("POST", path, content=lambda: _blocks(file), query=query, headers=size)

    def close(self) -> None:
        self._http.close()

    def _refusal(self, answer: httpx.Response) -> Refused:
        try:
            return Refused.from_problem(answer.status_code, answer.json())
        except ValueError:
            return Refused.from_problem(answer.status_code, answer.text)

    def _read(self, shape: type[T], answer: httpx.Response) -> T:
        if answer.status_code == 204 or not answer.content:
            return self._value(shape, None)
        return self._value(shape, answer.json())

    def _value(self, shape: type[T], plain: object) -> T:
        """Fields that a newer server adds are ignored, so an older SDK goes on working."""
        return _adapter(shape).validate_python(plain, extra="ignore")


class Patience:
    """How often a broken stream is taken up again, and after what pauses: as calls are sent again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pauses = iter(PAUSES)

    def renew(self) -> None:
        """Something came: begin anew."""
        self._pauses = iter(PAUSES)

    def bear(self, error: httpx.TransportError | Refused) -> None:
        """Wait for the next try. Raises Refused for what no try mends, Unreachable when there were enough."""
        lost = isinstance(error, httpx.TransportError) or error.status in PASSING
        pause = next(self._pauses, None) if lost else None
        if pause is not None:
            self._client.pause(pause * (0.75 + random.random() / 2))  # noqa: S311  # jitter, no secret
        elif isinstance(error, Refused):
            raise error
        else:
            raise _unreachable(self._client.url, error) from error


def _unreachable(url: str, error: httpx.TransportError) -> Unreachable:
    return Unreachable(f"No answer from {url} ({_why(error)}). Is the server up? Start one with: penstock up")


def _blocks(file: Path, size: int = 1 << 20) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(size):
            yield block


def _json(body: Any) -> bytes:
    if isinstance(body, BaseModel):
        return body.model_dump_json(exclude_unset=True).encode()
    return json.dumps(body, default=_plain_value, separators=(",", ":"), allow_nan=False).encode()


def _plain_value(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else str(value)


def _plain(query: Query | None) -> dict[str, Any]:
    return {name: value for name, value in (query or {}).items() if value is not None}


def _told(answer: httpx.Response | httpx.TransportError, otherwise: float) -> float:
    told = answer.headers.get("retry-after", "") if isinstance(answer, httpx.Response) else ""
    return min(float(told), 30.0) if told.isdigit() else otherwise


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def trusted(url: str) -> ssl.SSLContext | bool:
    """What vouches for a server. Over plain HTTP nobody is asked: to read all that a machine trusts takes 50 ms."""
    return httpx.URL(url).scheme == "https" or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _is_loopback(url: str) -> bool:
    """A proxy from the environment must not stand between a person and the server on their own machine."""
    return httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")
