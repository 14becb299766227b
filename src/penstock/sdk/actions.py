"""Actions: what fires when, the runs that came of it, and the deliveries of their webhooks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from penstock.actions.model import (
    OVER,
    ActionSettings,
    Delivery,
    DeliveryDetail,
    DryRun,
    Fire,
    NewAction,
    Replay,
    ReplayPeriod,
    RunDetail,
)
from penstock.actions.model import Action as ActionValue
from penstock.actions.model import Run as RunValue
from penstock.sdk.people import given
from penstock.sdk.scope import Named, Scope


class Run:
    """One firing of an action. `refresh()` reads it anew."""

    def __init__(self, scope: Scope, value: RunValue) -> None:
        self._scope = scope
        self.value = value

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def state(self) -> str:
        """How it stands."""
        return self.value.state

    def detail(self) -> RunDetail:
        """With its steps, their tries and its deliveries."""
        return self._scope.get(f"/runs/{self.id}", RunDetail)

    def wait(self, timeout_seconds: float = 60.0) -> RunDetail:
        """Wait until it is over, well or badly. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            found = self.detail()
            self.value = found
            if found.state in OVER:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"run {self.id} is still {found.state} after {timeout_seconds:g} s")
            self._scope.client.pause(0.1)

    def cancel(self) -> Run:
        """Stop it. What was done stays done."""
        self.value = self._scope.post(f"/runs/{self.id}/cancel", RunDetail)
        return self

    def replay(self, *, current: bool = False) -> Run:
        """Run it again, under the same idempotency keys; with `current`, by the action's present steps."""
        self.value = self._scope.post(f"/runs/{self.id}/replay", RunDetail, Replay(current=current))
        return self

    def __repr__(self) -> str:
        return f"<run {self.id}, {self.state}>"


class Action:
    """When something happens, do something."""

    def __init__(self, scope: Scope, value: ActionValue) -> None:
        self._scope = scope
        self.value = value

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.value.name

    def runs(self, *, state: str | None = None) -> Iterator[Run]:
        """Its runs, newest first."""
        for value in self._scope.pages(f"/actions/{self.id}/runs", RunValue, {"state": state}):
            yield Run(self._scope, value)

    def fire(self, note: str = "", *, file: int | None = None) -> Run:
        """Fire it by hand."""
        body = Fire.model_validate(given(note=note, file=file))
        return Run(self._scope, self._scope.post(f"/actions/{self.id}/fire", RunDetail, body))

    def dry_run(self, *, file: int | None = None) -> DryRun:
        """What it would do now, without doing it."""
        return self._scope.post(f"/actions/{self.id}/dry-run", DryRun, Fire.model_validate(given(file=file)))

    def change(self, **fields: Any) -> Action:
        """Give it another `name`, `settings` or `state` ("on", "off")."""
        changed = self._scope.patch(f"/actions/{self.id}", ActionValue, fields, edition=self.value.edition)
        return Action(self._scope, changed)

    def rearm(self) -> Action:
        """Let a threshold that has fired fire again."""
        return Action(self._scope, self._scope.post(f"/actions/{self.id}/rearm", ActionValue))

    def remove(self) -> None:
        """Take it away. Its runs stay readable."""
        self._scope.delete(f"/actions/{self.id}")

    def __repr__(self) -> str:
        return f"<action {self.name!r}, {self.value.state}>"


class Actions(Named[Action]):
    """`p.actions["early export"]`."""

    what = "action"

    def all(self) -> Mapping[str, Action]:
        return {value.name: Action(self._scope, value) for value in self._scope.pages("/actions", ActionValue)}

    def create(self, name: str, settings: ActionSettings | Mapping[str, Any]) -> Action:
        """Make an action from `{"when": ..., "if": ..., "do": [...]}`, with ids. A pipeline file has names instead."""
        told = settings if isinstance(settings, ActionSettings) else ActionSettings.model_validate(settings)
        return Action(self._scope, self._scope.post("/actions", ActionValue, NewAction(name=name, settings=told)))

    def run(self, id: int) -> Run:
        """A run by its id, of any action."""
        return Run(self._scope, self._scope.get(f"/runs/{id}", RunDetail))

    def deliveries(self, *, state: str | None = None, run: int | None = None) -> Iterator[Delivery]:
        """What was sent to receivers, newest first."""
        return self._scope.pages("/deliveries", Delivery, {"state": state, "run": run})

    def delivery(self, id: int) -> DeliveryDetail:
        """A delivery with its body and every try."""
        return self._scope.get(f"/deliveries/{id}", DeliveryDetail)

    def replay_delivery(self, id: int) -> Delivery:
        """Send it again, under the same id."""
        return self._scope.post(f"/deliveries/{id}/replay", DeliveryDetail)

    def replay_deliveries(self, since: datetime, until: datetime) -> int:
        """Send again what failed in a period; how many."""
        return len(self._scope.post("/deliveries/replay", list[int], ReplayPeriod(since=since, until=until)))

    def receivers_off(self) -> list[int]:
        """The connections whose receiver answered 410 Gone, by id: nothing is sent there."""
        return self._scope.get("/receivers/off", list[int])

    def enable_receiver(self, connection: int) -> None:
        """Send there again. Safe to repeat."""
        self._scope.post(f"/receivers/{connection}/enable", type(None))
