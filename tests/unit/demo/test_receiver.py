"""The receiver trusts only good signatures and acts once per delivery."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from penstock.demo import receiver, training

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were trained on, in place of training."""
    folders: list[Path] = []

    def train(folder: Path, seed: int) -> training.Result:
        folders.append(folder)
        return training.Result(crops=3, score=0.9)

    monkeypatch.setattr(receiver.training, "train", train)
    return folders


@pytest.fixture
def url(trained: list[Path]) -> Iterator[str]:
    server = receiver.serve(receiver.Inbox(SECRET, seed=7))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def deliver(url: str, id: str = "msg_1", secret: str = SECRET, uri: str = "file:///exports/early") -> int:
    now = dt.datetime.now(dt.UTC)
    body = json.dumps({"type": "template.progress_reached", "data": {"steps": {"export": {"uri": uri}}}})
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, now, body),
    }
    return httpx.post(f"{url}/hook", content=body, headers=headers, trust_env=False).status_code


def report(url: str) -> dict[str, object]:
    return httpx.get(f"{url}/report", trust_env=False).json()


def settled(url: str) -> dict[str, object]:
    """The report once training, which runs in a thread of its own, has ended."""
    for thread in threading.enumerate():
        if thread.name == receiver.TRAINING:
            thread.join(timeout=10)
    return report(url)


def test_a_delivery_is_trained_on_once_however_often_it_comes(url: str, trained: list[Path]) -> None:
    assert [deliver(url), deliver(url), deliver(url)] == [204, 204, 204]
    told = settled(url)
    assert (told["deliveries"], told["accepted"], told["duplicates"]) == (3, 1, 2)
    assert (told["score"], told["crops"]) == (0.9, 3)
    assert trained == [Path("/exports/early")]


def test_a_forged_delivery_is_refused(url: str, trained: list[Path]) -> None:
    assert deliver(url, secret="whsec_" + "A" * 32) == 401
    assert settled(url)["refused"] == 1
    assert trained == []


def test_a_payload_that_names_no_export_is_reported(url: str) -> None:
    assert deliver(url, uri="") == 204
    assert "names no exported folder" in str(settled(url)["error"])


def test_export_folder() -> None:
    steps = {"note": {}, "early": {"uri": "file:///a%20b/c"}}
    assert receiver.export_folder({"data": {"steps": steps}}) == Path("/a b/c")


@pytest.mark.parametrize("payload", [{}, [], {"data": {}}, {"data": {"steps": {"export": {"uri": "s3://x"}}}}])
def test_a_payload_without_a_folder(payload: object) -> None:
    with pytest.raises(ValueError, match="names no exported folder"):
        receiver.export_folder(payload)
