"""What tests of actions stand on: a project with short ways, and a receiver that answers by script."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from penstock import actions, engine
from penstock.actions import Action, Fire, NewAction, deliveries, runs
from penstock.actions.model import DeliveryDetail, RunDetail
from penstock.store import Store

SECRET = "whsec_" + "c2VjcmV0" * 5


@dataclass
class World:
    """A project, and the short ways tests take."""

    store: Store
    project: int
    admin: int

    def create(
        self, *do: dict[str, Any], when: dict[str, Any] | None = None, name: str = "an action", **more: Any
    ) -> Action:
        settings = {"when": when or {"by_hand": True}, "do": do, **more}
        new = NewAction.model_validate({"name": name, "settings": settings})
        with self.store.db.transaction(self.project, self.admin) as tx:
            return actions.create(tx, new)

    def fire(self, action: Action, **by_hand: Any) -> int:
        with self.store.db.transaction(self.project, self.admin) as tx:
            return actions.fire(tx, action.id, Fire(**by_hand)).id

    def run(self, id: int) -> RunDetail:
        with self.store.db.transaction(self.project) as tx:
            return runs.get(tx, id)

    def runs(self) -> list[RunDetail]:
        with self.store.db.transaction(self.project) as tx:
            return [runs.get(tx, run.id) for run in reversed(runs.list_(tx).items)]

    def delivery(self, id: int) -> DeliveryDetail:
        with self.store.db.transaction(self.project) as tx:
            return deliveries.get(tx, id)

    def do(self, verb: Callable[..., Any], *args: Any) -> Any:
        with self.store.db.transaction(self.project, self.admin) as tx:
            return verb(tx, *args)

    def drain(self) -> None:
        engine.drain(self.store)

    def kinds(self, like: str = "") -> list[str]:
        with self.store.db.transaction(self.project) as tx:
            found = tx.values(str, "select kind from event where project = %(project)s order by seq, n")
        return [kind for kind in found if kind.startswith(like)]


@dataclass
class Receiver:
    """Answers by script (a status each, the last one for ever), and keeps what came."""

    url: str = ""
    script: list[int | str] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def answer(self) -> int | str:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]
