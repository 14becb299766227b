"""The other end of the demo's webhook: a small HTTP receiver that trains a real classifier on what was exported.

It knows nothing of the drawn pages. It verifies each delivery (Standard Webhooks), acts once per delivery
id, reads the folder that the payload names, cuts the labelled crops out of the exported images, trains, and tests on
digits that were never drawn.

    POST /hook      a delivery; 204, or 401 when the signature is wrong
    GET  /report    what was received and what came of it
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
from pydantic import BaseModel, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from penstock.demo import training

MAX_BODY = 1_000_000
TRAINING = "training"


@dataclass
class Report:
    """What the receiver saw. `deliveries` counts requests with a good signature, `accepted` those with a new id."""

    deliveries: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    crops: int = 0
    score: float | None = None
    error: str | None = None
    exports: list[str] = field(default_factory=list[str])


class _Payload(BaseModel):
    """As much of a webhook's message as matters here."""

    data: dict[str, Any]


class Inbox:
    """Deliveries, once each. Training runs one at a time in a thread of its own, so a sender never waits for it."""

    def __init__(self, secret: str, seed: int) -> None:
        self._webhook = Webhook(secret)
        self._seed = seed
        self._lock = threading.Lock()
        self._training = threading.Lock()
        self._seen: set[str] = set()
        self._report = Report()

    def receive(self, body: bytes, headers: dict[str, str]) -> bool:
        """Take one delivery. False when its signature doesn't verify. A known id changes only a counter."""
        try:
            payload = self._webhook.verify(body, headers)
        except WebhookVerificationError:
            with self._lock:
                self._report.refused += 1
            return False
        with self._lock:
            self._report.deliveries += 1
            if headers["webhook-id"] in self._seen:
                self._report.duplicates += 1
                return True
            self._seen.add(headers["webhook-id"])
            self._report.accepted += 1
        threading.Thread(target=self._train, args=(payload,), name=TRAINING, daemon=True).start()
        return True

    def report(self) -> dict[str, Any]:
        with self._lock:
            return asdict(self._report)

    def _train(self, payload: object) -> None:
        with self._training:
            try:
                folder = export_folder(payload)
                result = training.train(folder, seed=self._seed)
            except (OSError, ValueError, KeyError) as problem:
                with self._lock:
                    self._report.error = f"{type(problem).__name__}: {problem}"
                return
        with self._lock:
            self._report.exports.append(str(folder))
            self._report.crops, self._report.score = result.crops, result.score


def export_folder(payload: object) -> Path:
    """The folder of the first step that exported something: `data.steps.<name>.uri`, a `file:` URI.

    Raises ValueError when there is none.
    """
    try:
        steps = _Payload.model_validate(payload).data["steps"]
        uri = next(output["uri"] for output in steps.values() if "uri" in output)
    except (ValidationError, KeyError, StopIteration):
        uri = ""
    if not uri.startswith("file:"):
        raise ValueError("the payload names no exported folder")
    return Path(unquote(urlsplit(uri).path))


def serve(inbox: Inbox, port: int = 0) -> ThreadingHTTPServer:
    """A server on the loopback, not yet serving. Its port is `server.server_address[1]`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            if size > MAX_BODY:
                return self._answer(413)
            body = self.rfile.read(size)
            good = inbox.receive(body, {name.lower(): value for name, value in self.headers.items()})
            self._answer(204 if good else 401)

        def do_GET(self) -> None:
            if self.path != "/report":
                return self._answer(404)
            self._answer(200, json.dumps(inbox.report()).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@click.command()
@click.option(
    "--secret", envvar="PENSTOCK_RECEIVER_SECRET", required=True, help="The webhook's signing secret (whsec_...)."
)
@click.option("--port", default=0, help="0 takes a free one. The first line printed is the receiver's URL.")
@click.option("--seed", default=7, help="The seed that the pages were drawn with: it tells which digits were held out.")
def main(secret: str, port: int, seed: int) -> None:
    """Receive webhooks and train on what they announce, until interrupted."""
    server = serve(Inbox(secret, seed), port)
    click.echo(f"http://127.0.0.1:{server.server_address[1]}")
    sys.stdout.flush()
    training.warm_up()
    server.serve_forever()


if __name__ == "__main__":
    main()
