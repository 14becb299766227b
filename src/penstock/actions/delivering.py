"""Sending messages: note the try, send with no transaction open, note what came of it.

By the rules of Standard Webhooks: one id for all tries, a table of retries with jitter, `Retry-After` heard, redirects
are failures, 410 turns the receiver off. https://github.com/standard-webhooks/standard-webhooks
"""

import datetime as dt
import email.utils
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock import connections
from penstock.actions import deliveries
from penstock.actions.events import DeliveryDisabled, DeliveryFailed, DeliverySucceeded
from penstock.actions.retrying import retry_at
from penstock.connections import open_connection, secrets_of, signing
from penstock.core import Refusal
from penstock.store import Store, Transaction

if TYPE_CHECKING:
    from penstock.connections import guard

logger = logging.getLogger(__name__)

RETRY_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
LONGEST_WAIT = dt.timedelta(days=1)
GONE = 410
SHOWN_CHARACTERS = 2_000  #: of an answer


@dataclass(frozen=True)
class _Letter:
    """One try, ready to send."""

    id: int
    number: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_seconds: float


@dataclass(frozen=True)
class _Result:
    """What came of a try."""

    answer: "guard.Answer | None" = None
    error: str | None = None


def deliver(store: Store, project: int, id: int) -> None:
    """Try a message once, if it is due. Safe to repeat: a try cut short by a crash is made again under the same id."""
    letter = store.db.perform(lambda tx: _begin(tx, store, id), project)
    if letter is None:
        return
    result = _send(letter, store.settings.allow_networks)
    store.db.perform(lambda tx: _end(tx, letter, result), project)


def _begin(tx: Transaction, store: Store, id: int) -> _Letter | None:
    held = deliveries.lock(tx, id)
    if held is None or held.state != "pending" or (held.next_at and held.next_at > tx.now):
        return None
    deliveries.end_interrupted(tx, id)
    if deliveries.is_off(tx, held.connection):
        _give_up(tx, held, "the receiver answered 410 Gone earlier and is off; enable it again first")
        return None
    try:
        connection = open_connection(tx, held.connection, store.key)
    except Refusal as refusal:
        _give_up(tx, held, refusal.detail)
        return None
    keys = secrets_of(connection)
    body = held.body.encode()
    headers = {
        "content-type": "application/json",
        **signing.sign(keys, str(held.key), tx.now, body),
    }
    guard = connections.guard
    host = guard.host_of(guard.usable(connection.settings.url))  # a path or query may hold a secret
    shown = {name: value for name, value in headers.items() if name != "webhook-signature"}
    deliveries.insert_try(tx, id, held.tries + 1, {"to": host, "headers": shown})
    return _Letter(
        id=id,
        number=held.tries + 1,
        url=connection.settings.url,
        headers=headers,
        body=body,
        timeout_seconds=min(held.timeout_seconds, connection.settings.timeout_seconds),
    )


def _send(letter: _Letter, allow_networks: list[str]) -> _Result:
    try:
        answer = connections.guard.post(letter.url, letter.body, letter.headers, letter.timeout_seconds, allow_networks)
    except Refusal as refusal:
        return _Result(error=refusal.detail)
    except Exception as error:  # whatever a receiver can provoke is a failed try, in place of a job that nobody sees
        logger.exception("message %s could not be sent by a defect", letter.id)
        return _Result(error=f"{type(error).__name__}: {error}")
    if answer.is_success:
        return _Result(answer)
    return _Result(answer, f"the receiver answered {answer.status}")


def _end(tx: Transaction, letter: _Letter, result: _Result) -> None:
    held = deliveries.lock(tx, letter.id)
    if held is None:
        return
    answer = result.answer
    deliveries.end_try(
        tx,
        letter.id,
        letter.number,
        status=answer and answer.status,
        response=answer and {"headers": answer.headers},
        body=answer and answer.text[:SHOWN_CHARACTERS],
        error=result.error,
        took_seconds=answer and answer.seconds,
    )
    if held.state != "pending" or held.tries != letter.number:
        return  # cancelled, or taken over by another try meanwhile
    if result.error is None:
        deliveries.settle(tx, held.id, "delivered")
        tx.append(DeliverySucceeded(delivery=held.id, run=held.run, connection=held.connection, tries=letter.number))
    elif answer and answer.status == GONE:
        if deliveries.turn_off(tx, held.connection):
            tx.append(DeliveryDisabled(connection=held.connection, delivery=held.id))
        _give_up(tx, held, result.error)
    elif held.failures >= len(RETRY_SECONDS):
        _give_up(tx, held, result.error)
    else:
        _try_later(tx, held, result)


def _try_later(tx: Transaction, held: deliveries.Sending, result: _Result) -> None:
    due = retry_at(tx.now, held.failures + 1, RETRY_SECONDS)
    if result.answer and (asked := _retry_after(result.answer.headers, tx.now)):
        due = max(due, min(asked, tx.now + LONGEST_WAIT))
    deliveries.settle(tx, held.id, "pending", failures=held.failures + 1, error=result.error, next_at=due)
    deliveries.send_at(tx, held.id, due)


def _give_up(tx: Transaction, held: deliveries.Sending, why: str) -> None:
    deliveries.settle(tx, held.id, "failed", failures=held.failures + 1, error=why)
    tx.append(DeliveryFailed(delivery=held.id, run=held.run, connection=held.connection, error=why))


def abandon(tx: Transaction, id: int, why: str) -> None:
    """Settle a message that can't even be tried, by a defect of ours: a dead letter, which can be replayed."""
    held = deliveries.lock(tx, id)
    if held is not None and held.state == "pending":
        deliveries.end_interrupted(tx, id)
        _give_up(tx, held, why)


def _retry_after(headers: Mapping[str, str], now: dt.datetime) -> dt.datetime | None:
    """When the receiver asks to be tried again: seconds, or an HTTP date."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 9:
        return now + dt.timedelta(seconds=int(asked))
    try:
        return email.utils.parsedate_to_datetime(asked).astimezone(dt.UTC)
    except (ValueError, OverflowError):  # whatever a receiver says is no more than a wish
        return None
