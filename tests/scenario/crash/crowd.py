"""Annotators: each claims, draws in several saves, and submits, and calls again until there is an answer."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from penstock.core.ids import new_uuid
from scenario.crash.ledger import Ledger

PAUSE_SECONDS = 0.1
IDLE_SECONDS = 0.2
SAVES = 3


class Line:
    """Calls that survive every crash: the same call under the same key, until there is an answer."""

    def __init__(self, url: str, token: str, over: threading.Event) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=20, trust_env=False
        )
        self._over = over

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer, whether good or a refusal. Raises Over when the test ends first."""
        headers = {"idempotency-key": str(new_uuid())}
        while not self._over.is_set():
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                self._over.wait(PAUSE_SECONDS)
                continue
            if answer.status_code not in (502, 503, 504):
                return answer
            self._over.wait(PAUSE_SECONDS)
        raise Over

    def post(self, path: str, body: Any = None) -> Any:
        return _good(self.call("POST", path, {} if body is None else body))

    def get(self, path: str) -> Any:
        return _good(self.call("GET", path))

    def close(self) -> None:
        self._http.close()


class Over(Exception):
    """The test is over."""


class Refused(Exception):
    """A call got an answer that it should not get."""


def _good(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:400]}")
    return answer.json() if answer.content else None


@dataclass(frozen=True)
class Place:
    """Where somebody works."""

    project: int
    template: int
    label: int
    is_first: bool  #: nobody was at the file before


class Annotator:
    """Works on one template in a thread of their own, until told that it is enough."""

    def __init__(self, line: Line, place: Place, ledger: Ledger, seed: int) -> None:
        self._line, self._place, self._ledger, self._chance = line, place, ledger, random.Random(seed)
        self._base = f"/projects/{place.project}"
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"annotator {seed}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End between two tasks, or at once when the test is over. Safe to repeat."""
        self._enough.set()
        self._thread.join(30)

    def _run(self) -> None:
        try:
            while not self._enough.is_set():
                if not self._work():
                    self._enough.wait(IDLE_SECONDS)
        except Over:
            pass
        except (Refused, httpx.HTTPError, KeyError) as error:  # a thread's failure must reach the test
            self._ledger.trouble(f"{self._thread.name}: {type(error).__name__}: {error}")
        finally:
            self._line.close()

    def _work(self) -> bool:
        claim = self._line.call("POST", f"{self._base}/templates/{self._place.template}/next", {})
        if claim.status_code == 404 and claim.json()["type"] == "nothing-to-do":
            return False
        task, attempt = _good(claim)["task"], claim.json()["attempt"]["id"]
        self._ledger.claimed(task["id"], attempt)
        work = self._line.get(f"{self._base}/attempts/{attempt}/work")
        there = {found["id"]: found["geometry"] for found in work["annotations"]}
        self._ledger.found(task["file"], there, self._place.is_first)
        for _ in range(SAVES):
            self._save(task["file"], attempt, there)
        self._line.post(f"{self._base}/attempts/{attempt}/submit")
        self._ledger.submitted(task["id"])
        return True

    def _save(self, file: int, attempt: int, there: dict[str, list[float]]) -> None:
        changes = [self._create(there), self._create(there)]
        old = self._chance.choice(sorted(there.keys() - {change["id"] for change in changes}) or [None])
        if old is not None:
            changes.append(self._chance.choice((self._move, self._delete))(old, there))
        self._line.post(f"{self._base}/attempts/{attempt}/save", {"id": str(new_uuid()), "changes": changes})
        self._ledger.saved(file, changes)

    def _create(self, there: dict[str, list[float]]) -> dict[str, Any]:
        id = str(new_uuid())
        there[id] = self._box()
        return {"do": "create", "id": id, "kind": "box", "label": self._place.label, "geometry": there[id]}

    def _move(self, id: str, there: dict[str, list[float]]) -> dict[str, Any]:
        there[id] = self._box()
        return {"do": "update", "id": id, "geometry": there[id]}

    def _delete(self, id: str, there: dict[str, list[float]]) -> dict[str, Any]:
        del there[id]
        return {"do": "delete", "id": id}

    def _box(self) -> list[float]:
        return [self._chance.randint(0, 20) + 0.5, self._chance.randint(0, 14), 9, self._chance.randint(1, 9)]


def wait_until(holds: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Look again and again. Raises AssertionError with what there is instead when it takes too long."""
    give_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up:
            raise AssertionError(what())
        time.sleep(0.2)
