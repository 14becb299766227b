"""Outgoing calls reach public addresses and allowed networks, and nothing else."""

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from penstock.connections import guard
from penstock.connections.guard import AddressRefused, CallFailed, UrlUnusable

LOOPBACK = ["127.0.0.0/8"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2001::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "2001:db8::1",
    ],
)
def test_addresses_that_lead_inside_are_refused(address: str) -> None:
    assert not guard.is_allowed(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_pass(address: str) -> None:
    assert guard.is_allowed(ipaddress.ip_address(address))


def test_a_network_can_be_allowed_and_no_more_than_it() -> None:
    allowed = guard.networks(["10.1.0.0/16", "fd00::/8"])
    assert guard.is_allowed(ipaddress.ip_address("10.1.2.3"), allowed)
    assert guard.is_allowed(ipaddress.ip_address("::ffff:10.1.2.3"), allowed)
    assert guard.is_allowed(ipaddress.ip_address("fd00::1"), allowed)
    assert not guard.is_allowed(ipaddress.ip_address("10.2.0.1"), allowed)
    assert not guard.is_allowed(ipaddress.ip_address("64:ff9b::a01:203"), allowed)


def test_a_name_is_refused_when_any_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        guard.check("two.test", 80)


def test_the_connection_goes_to_the_address_that_was_checked(receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves to something else a moment later gains nothing: it is resolved once."""
    answers = iter(["127.0.0.1", "169.254.169.254"])
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host, port, *args, **more):
        if host != "rebinding.test":
            return real(host, port, *args, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    answer = guard.post(f"http://rebinding.test:{receiver.port}/hook", b"{}", allow_networks=LOOPBACK)
    assert (answer.status, asked) == (200, ["rebinding.test"])
    assert receiver.got[0]["host"] == f"rebinding.test:{receiver.port}"


@pytest.mark.parametrize("url", ["ftp://x.test/", "file:///etc/passwd", "http://", "//x", "http://a:b@x.test/", "x"])
def test_other_addresses_are_no_receivers(url: str) -> None:
    with pytest.raises(UrlUnusable):
        guard.post(url, b"")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_the_loopback_is_refused_however_it_is_spelt(host: str) -> None:
    with pytest.raises((AddressRefused, CallFailed)):
        guard.post(f"http://{host}:9/", b"")


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        kept = self.server.receiver
        kept.got.append({k.lower(): v for k, v in self.headers.items()})
        self.rfile.read(int(self.headers.get("content-length", 0)))
        with contextlib.suppress(OSError):
            kept.behave(self)

    def log_message(self, *args) -> None:
        pass


class Receiver:
    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.receiver = self
        self.port = self.server.server_address[1]
        self.behave = self.well

    @staticmethod
    def well(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_an_answer_is_read(receiver: Receiver) -> None:
    answer = guard.post(receiver.url, b'{"a": 1}', {"content-type": "application/json"}, allow_networks=LOOPBACK)
    assert (answer.status, answer.text, answer.is_success) == (200, "ok", True)
    assert receiver.got[0]["content-type"] == "application/json"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("location", receiver.url)
        handler.send_header("content-length", "0")
        handler.end_headers()

    receiver.behave = redirect
    answer = guard.post(receiver.url, b"", allow_networks=LOOPBACK)
    assert (answer.status, answer.is_success, len(receiver.got)) == (302, False, 1)


def test_an_endless_answer_is_cut(receiver: Receiver) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    receiver.behave = pour
    answer = guard.post(receiver.url, b"", allow_networks=LOOPBACK)
    assert len(answer.text) == guard.ANSWER_LIMIT_BYTES


def test_a_trickling_answer_ends_at_the_time_limit(receiver: Receiver) -> None:
    stop = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.05):
            handler.wfile.write(b"x")

    receiver.behave = trickle
    began = time.monotonic()
    with pytest.raises(CallFailed, match="no answer within"):
        guard.post(receiver.url, b"", timeout=0.4, allow_networks=LOOPBACK)
    stop.set()
    assert time.monotonic() - began < 5


def test_a_resolver_that_hangs_ends_at_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: hang.wait(10) and [])
    with pytest.raises(CallFailed, match="no answer within"):
        guard.post("http://slow.test/", b"", timeout=0.2)
    hang.set()


def test_nobody_there_is_a_failure_that_hides_the_path(receiver: Receiver) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/secret-path"
        with pytest.raises(CallFailed) as failure:
            guard.post(url, b"", allow_networks=LOOPBACK)
    assert "secret-path" not in failure.value.detail
