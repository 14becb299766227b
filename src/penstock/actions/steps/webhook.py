"""Send a signed message to a receiver. It is kept, tried until it arrives, and can be sent again."""

import json
from typing import Any

from pydantic import Field, model_validator

from penstock.actions import deliveries
from penstock.actions.steps.kind import Call, Failed, Finished, Outcome, StepKind, Waits
from penstock.actions.steps.naming import Names, NamesById
from penstock.connections.verbs import get_connection
from penstock.core import Invalid, Value
from penstock.store import Transaction


class NotAReceiver(Invalid):
    """The connection {name!r} is of kind {kind}; a webhook needs one of kind webhook."""


class WebhookSettings(Value):
    """Where the message goes, and what is in it beside the event and the outputs of earlier steps."""

    to: int
    """A connection of kind webhook: its address and secret."""
    data: dict[str, Any] = {}
    """More, under ``data`` of the message."""
    timeout_seconds: float = Field(default=20, gt=0, le=120)
    """For one try. The connection may set a shorter one."""


class WrittenWebhook(Value):
    """A webhook in a pipeline file; `webhook: training trigger` is enough."""

    to: str
    """The name of a connection of kind webhook."""
    data: dict[str, Any] = {}
    timeout_seconds: float = Field(default=20, gt=0, le=120)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"to": given} if isinstance(given, str) else given


class Webhook(StepKind[WebhookSettings]):
    kind = "webhook"
    retries = 0  # deliveries have a table of their own
    wakes = frozenset({"delivery.succeeded", "delivery.failed"})
    settings = WebhookSettings
    written = WrittenWebhook

    def read(self, written: WrittenWebhook, names: Names) -> dict[str, Any]:
        return {**written.model_dump(exclude={"to"}), "to": names.id("connection", written.to, "to")}

    def write(self, settings: WebhookSettings, names: NamesById) -> WrittenWebhook:
        given = settings.model_dump(exclude={"to"})
        return WrittenWebhook(to=names.name("connection", settings.to), **given)

    def check(self, tx: Transaction, settings: WebhookSettings) -> None:
        found = get_connection(tx, settings.to)
        if found.kind != "webhook":
            raise NotAReceiver(name=found.name, kind=found.kind)

    def begin(self, tx: Transaction, call: Call[WebhookSettings]) -> Outcome:
        wanted = call.settings
        body = message(call)
        id = deliveries.put(tx, call.run, call.n, wanted.to, call.key, body, wanted.timeout_seconds)
        return Waits(f"delivery:{id}")

    def look(self, tx: Transaction, call: Call[WebhookSettings], waits_on: str | None) -> Outcome:
        sent = deliveries.get(tx, _id(waits_on))
        match sent.state:
            case "delivered":
                last = sent.log[-1]
                return Finished({"delivery": sent.id, "id": str(sent.key), "status": last.status, "tries": sent.tries})
            case "pending":
                return Waits(waits_on)
            case _:
                return Failed(sent.error or sent.state, final=True, output={"delivery": sent.id})

    def cancel(self, tx: Transaction, call: Call[WebhookSettings], waits_on: str | None) -> None:
        deliveries.cancel(tx, _id(waits_on))

    def preview(self, tx: Transaction, call: Call[WebhookSettings]) -> str:
        found = get_connection(tx, call.settings.to)
        return f"send a signed message to {found.name!r} ({found.settings['url']})"


def message(call: Call[WebhookSettings]) -> str:
    """The body: the same bytes on every try and replay, since nothing in it tells the present time."""
    event = dict(call.event or {})
    body = {
        "type": event.get("kind", "action.started"),
        "timestamp": event.get("at") or call.at.isoformat(),
        "data": {
            "project": call.project,
            "action": call.known["action"],
            "run": call.run,
            "cause": call.cause,
            "as_of": call.as_of,
            "event": event,
            "steps": call.known["steps"],
            **call.settings.data,
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _id(waits_on: str | None) -> int:
    return int((waits_on or "").removeprefix("delivery:"))
