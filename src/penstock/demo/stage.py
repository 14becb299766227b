"""What the demo plays on: a server of its own with a worker, and a receiver, each a process, in a home of its own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from penstock.core import Value
from penstock.sdk.errors import PenstockError
from penstock.store import embedded

STOP_SECONDS = 20


class DidNotStart(PenstockError):
    """A process of the demo ended before it said that it is there."""


class Report(Value):
    """What the receiver says of what it received."""

    deliveries: int
    accepted: int
    duplicates: int
    refused: int
    crops: int
    score: float | None
    error: str | None
    exports: list[str]


@dataclass(frozen=True)
class Stage:
    home: Path
    exports: Path  #: where exports go: the server may write here
    url: str
    receiver: str
    secret: str

    def report(self) -> Report:
        answer = httpx.get(f"{self.receiver}/report", timeout=10, trust_env=False)
        return Report.model_validate(answer.raise_for_status().json())


@contextmanager
def set_up(home: Path | None, seed: int) -> Generator[Stage]:
    """Start both, stop both at the end. A home that was not named is removed then."""
    with ExitStack() as last:
        if home is None:
            home = Path(tempfile.mkdtemp(prefix="penstock-demo-"))
            last.callback(_remove, home)
        home = home.expanduser().absolute()
        exports = home / "exports"
        exports.mkdir(parents=True, exist_ok=True)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        receiver = _start(
            last,
            ["penstock.demo.receiver", "--seed", str(seed)],
            {"PENSTOCK_RECEIVER_SECRET": secret},
        )
        told = {"PENSTOCK_HOME": str(home), "PENSTOCK_ROOTS": str(exports), "PENSTOCK_ALLOW_NETWORKS": "127.0.0.0/8"}
        server = _start(last, ["penstock.cli.main", "up", "--json", "--port", "0"], told)
        yield Stage(
            home, exports, json.loads(_first_line(server, "server"))["url"], _first_line(receiver, "receiver"), secret
        )


def _start(last: ExitStack, module: list[str], told: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        env=_environment() | told,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the demo, which stops them in order
    )
    last.callback(_stop, process)
    return process


def _environment() -> dict[str, str]:
    """Ours without what would point the demo at another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}


def _first_line(process: subprocess.Popen[str], what: str) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise DidNotStart(f"The demo's {what} did not start; its last words are above.")
    return line


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _remove(home: Path) -> None:
    embedded.erase(home)
    shutil.rmtree(home, ignore_errors=True)
