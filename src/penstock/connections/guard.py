"""Outgoing HTTP that can't be turned against our own network.

A name is resolved once, every address it has is checked, and the connection goes to the checked address, so a name
that resolves to something else a moment later gains nothing. No redirects, no proxies, a time limit for the whole call
and a size limit for the answer. Receivers on the premises are reached by an allow-list of networks.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpcore

from penstock.core import Invalid, Refusal

if TYPE_CHECKING:
    import httpx

ANSWER_LIMIT_BYTES = 256 * 1024
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_EMBEDDED: tuple[tuple[ipaddress.IPv6Network, int], ...] = (
    # Networks that carry an IPv4 address, and by how many bits it must be shifted down. Python's `is_global` passes
    # some of them, though they lead to wherever the inner address does.
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/23",
        "::/96",
        "::ffff:0:0:0/96",
        "100::/64",
        "fec0::/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "3fff::/20",
        "5f00::/16",
        "100.64.0.0/10",
    )
)


class UrlUnusable(Invalid):
    """{url!r} can't be called: {why}. Give an http:// or https:// address."""


class AddressRefused(Invalid):
    """{host} is not a public address. If it is a receiver of yours, whoever runs the server can add its network to the
    setting `allow_networks`."""


class CallFailed(Refusal):
    """{url} did not answer: {why}."""

    status = 502


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. The text is cut at the limit."""

    status: int
    headers: dict[str, str]
    text: str
    seconds: float

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from their CIDR notation. Raises UrlUnusable for one that is malformed."""
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise UrlUnusable(url=", ".join(texts), why=str(error)) from error


def is_allowed(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether a call may go to this address: it is public, or in a network that is allowed by name."""
    if any(address.version == network.version and address in network for network in allowed):
        return True
    inner = embedded(address)
    if inner is not None and address in ipaddress.IPv6Network("::ffff:0:0/96"):
        return is_allowed(inner, allowed)  # a mapped address is the inner one: that is where the connection goes
    if inner is not None:
        return False
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a translated, tunnelled or mapped IPv6 one."""
    if address.version == 4:
        return None
    for network, shift in _EMBEDDED:
        if address in network:
            return ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return None


def check(host: str, port: int, allowed: Sequence[Network] = ()) -> list[str]:
    """The addresses of a host, resolved now, each of them checked. Raises CallFailed, AddressRefused."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CallFailed(url=host, why=f"its name can't be resolved ({error})") from error
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    for text in addresses:
        if not is_allowed(ipaddress.ip_address(text), allowed):
            raise AddressRefused(host=host if text == host else f"{host}, at {text},")
    return addresses


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str] | None = None,
    timeout: float = 20.0,
    allow_networks: Sequence[str] = (),
) -> Answer:
    """POST and read the answer. A redirect is an answer like any other: it is not followed.

    Raises UrlUnusable, AddressRefused, CallFailed (no connection, no answer in time).
    """
    return call("POST", url, content, headers, timeout, allow_networks)


def call(
    method: str,
    url: str,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    timeout: float = 20.0,
    allow_networks: Sequence[str] = (),
) -> Answer:
    """One guarded call. `timeout` is in seconds, for everything from resolving to the last byte."""
    began = time.monotonic()
    with _answering(method, url, content, headers or {}, timeout, allow_networks) as answer:
        text = _read(answer)
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return Answer(answer.status, told, text, round(time.monotonic() - began, 3))


def fetch(url: str, take: Callable[[bytes], None], timeout: float = 120.0, allow_networks: Sequence[str] = ()) -> None:
    """GET something large, handing over its bytes as they come. Whatever `take` raises ends it.

    Raises UrlUnusable, AddressRefused, CallFailed, also for any answer but 200.
    """
    with _answering("GET", url, b"", {}, timeout, allow_networks) as answer:
        if answer.status != 200:
            raise CallFailed(url=host_of(usable(url)), why=f"it answered {answer.status}")
        for chunk in answer.iter_stream():
            take(chunk)


@contextmanager
def _answering(
    method: str, url: str, content: bytes, headers: Mapping[str, str], timeout: float, allow_networks: Sequence[str]
) -> Generator[httpcore.Response]:
    """A call whose answer is being read."""
    target, tls = usable(url), _tls()  # what is read from disk at the first call doesn't count
    deadline = time.monotonic() + timeout
    sent = {"host": target.netloc.decode(), "user-agent": "penstock", "accept-encoding": "identity", **headers}
    sent["content-length"] = str(len(content))
    try:
        with (
            httpcore.ConnectionPool(
                network_backend=_Pinned(networks(allow_networks), deadline), ssl_context=tls, max_connections=1
            ) as pool,
            pool.stream(method, str(target), headers=list(sent.items()), content=content) as answer,
        ):
            yield answer
    except httpcore.TimeoutException as error:
        raise CallFailed(url=host_of(target), why=f"no answer within {timeout:g} s") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
        raise CallFailed(url=host_of(target), why=str(error) or type(error).__name__) from error


def reach(host: str, port: int, allowed: Sequence[Network], timeout: float) -> str:
    """Open and close a connection to a checked address of a host; that address. Raises AddressRefused, CallFailed."""
    backend = _Pinned(allowed, time.monotonic() + timeout)
    try:
        stream = backend.connect_tcp(host, port)
    except (httpcore.TimeoutException, httpcore.NetworkError) as error:
        raise CallFailed(url=host, why=str(error) or "no connection in time") from error
    address: tuple[Any, ...] = stream.get_extra_info("server_addr")
    stream.close()
    return str(address[0])


def usable(url: str) -> "httpx.URL":
    """The address, if it is one that may be called at all. Raises UrlUnusable."""
    import httpx  # noqa: PLC0415 lazy, for import time: a tenth of a server's start

    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise UrlUnusable(url=url, why=str(error)) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise UrlUnusable(url=url, why="its scheme is not http or https, or it names no host")
    if target.userinfo:
        raise UrlUnusable(url=f"{target.scheme}://...@{target.host}", why="it holds a user name or password")
    return target


def host_of(url: "httpx.URL") -> str:
    """The part of an address that can be shown: a path or query may hold a secret."""
    return f"{url.scheme}://{url.netloc.decode()}"


def _read(answer: httpcore.Response) -> str:
    read = bytearray()
    for chunk in answer.iter_stream():
        read += chunk
        if len(read) >= ANSWER_LIMIT_BYTES:
            break
    return bytes(read[:ANSWER_LIMIT_BYTES]).decode(errors="replace").replace("\0", "\ufffd")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    import httpx  # noqa: PLC0415 lazy, for import time

    return httpx.create_ssl_context()  # SSL_CERT_FILE adds authorities of one's own


class _Pinned(httpcore.NetworkBackend):
    """Connects only to addresses that were checked, and only until the deadline. TLS still asks for the name."""

    def __init__(self, allowed: Sequence[Network], deadline: float) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _in_time(lambda: check(host, port, self._allowed), self._deadline)
        for address in addresses[:-1]:
            try:
                return self._connect(address, port, remaining(self._deadline) / 2)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connect(addresses[-1], port, remaining(self._deadline))

    def _connect(self, address: str, port: int, timeout: float) -> httpcore.NetworkStream:
        return _Timed(self._plain.connect_tcp(address, port, timeout=timeout), self._deadline)


class _Timed(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline, so that an answer that only trickles ends there too."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, remaining(self._deadline))
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def remaining(deadline: float) -> float:
    """Seconds left. Raises httpcore.ReadTimeout when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


def _in_time(work: Callable[[], list[str]], deadline: float) -> list[str]:
    """The result of something that has no time limit of its own, like the system's resolver."""
    done: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except Exception as error:  # noqa: BLE001 # it is raised again by whoever waits
            done.put(error)

    threading.Thread(target=run, name="penstock resolver", daemon=True).start()
    try:
        result = done.get(timeout=remaining(deadline))
    except queue.Empty as error:
        raise httpcore.ConnectTimeout from error
    if isinstance(result, Exception):
        raise result
    return result
