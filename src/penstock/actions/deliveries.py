"""Messages to receivers, and every try of them: their tables, and what people do with them."""

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from penstock import jobs
from penstock.actions.events import DeliveryEnabled, DeliveryReplayed
from penstock.actions.model import Delivery, DeliveryDetail, DeliveryTry, ReplayPeriod
from penstock.core import Conflict, NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.store import Transaction

_DELIVERY = (
    "select id, run, n, connection, key, state, tries, next_at, error, created_at, finished_at from delivery"
    " where project = %(project)s"
)


class DeliveryPending(Conflict):
    """This message is still being tried, so there is nothing to replay."""


class Sending(NamedTuple):
    """What a try needs to know of its message."""

    id: int
    run: int
    connection: int
    key: UUID
    body: str
    timeout_seconds: float
    state: str
    tries: int
    failures: int
    next_at: dt.datetime | None


def put(tx: Transaction, run: int, n: int, connection: int, key: UUID, body: str, timeout_seconds: float) -> int:
    """The message of a step, to be sent now. A step has one: put again, it is sent again under the id of its step."""
    id = tx.value(
        int,
        "insert into delivery as d (project, run, n, connection, key, body, timeout_seconds, state, created_at)"
        " values (%(project)s, %(run)s, %(n)s, %(connection)s, %(key)s, %(body)s, %(timeout)s, 'pending', %(now)s)"
        " on conflict (project, run, n) do update set connection = excluded.connection, body = excluded.body,"
        " key = excluded.key,"
        " timeout_seconds = excluded.timeout_seconds, state = 'pending', failures = 0, next_at = null, error = null,"
        " finished_at = null returning id",
        run=run,
        n=n,
        connection=connection,
        key=key,
        body=body,
        timeout=timeout_seconds,
        now=tx.now,
    )
    assert id is not None
    send(tx, id)
    return id


def send(tx: Transaction, id: int) -> None:
    """Let a worker try a message, once this transaction commits."""
    jobs.later(
        tx,
        "actions.deliver",
        queue="deliver",
        lock=f"actions.deliver:{tx.project}:{id}",
        project=tx.project,
        delivery=id,
    )


def send_at(tx: Transaction, id: int, when: dt.datetime) -> None:
    jobs.at(tx, when, "actions.deliver", key=timer_of(id), queue="deliver", project=tx.project, delivery=id)


def timer_of(id: int) -> str:
    return f"actions.deliver:{id}"


def lock(tx: Transaction, id: int) -> Sending | None:
    rows = tx.lock(
        Sending,
        "select id, run, connection, key, body, timeout_seconds, state, tries, failures, next_at from delivery"
        " where project = %(project)s and id = %(id)s for no key update",
        id=id,
    )
    return rows[0] if rows else None


def insert_try(tx: Transaction, id: int, number: int, request: dict[str, Any]) -> None:
    tx.run(
        "update delivery set tries = %(number)s, next_at = null where project = %(project)s and id = %(id)s",
        id=id,
        number=number,
    )
    tx.run(
        "insert into delivery_try (project, delivery, number, at, request)"
        " values (%(project)s, %(id)s, %(number)s, %(now)s, %(request)s)",
        id=id,
        number=number,
        now=tx.now,
        request=Jsonb(request),
    )


def end_try(
    tx: Transaction,
    id: int,
    number: int,
    *,
    status: int | None = None,
    response: dict[str, Any] | None = None,
    body: str | None = None,
    error: str | None = None,
    took_seconds: float | None = None,
) -> None:
    tx.run(
        "update delivery_try set status = %(status)s, response = %(response)s, body = %(body)s, error = %(error)s,"
        " took_seconds = %(took)s where project = %(project)s and delivery = %(id)s and number = %(number)s",
        id=id,
        number=number,
        status=status,
        response=None if response is None else Jsonb(response),
        body=body,
        error=error,
        took=took_seconds,
    )


def end_interrupted(tx: Transaction, id: int) -> None:
    """Say of a try without an end that its worker died."""
    tx.run(
        "update delivery_try set error = 'the worker died before the answer came'"
        " where project = %(project)s and delivery = %(id)s and status is null and error is null",
        id=id,
    )


def settle(
    tx: Transaction,
    id: int,
    state: str,
    *,
    failures: int = 0,
    error: str | None = None,
    next_at: dt.datetime | None = None,
) -> None:
    tx.run(
        "update delivery set state = %(state)s, failures = %(failures)s, error = %(error)s, next_at = %(next_at)s,"
        " finished_at = case when %(state)s = 'pending' then null else %(now)s end"
        " where project = %(project)s and id = %(id)s",
        id=id,
        state=state,
        failures=failures,
        error=error,
        next_at=next_at,
        now=tx.now,
    )


# Receivers


def is_off(tx: Transaction, connection: int) -> bool:
    """Whether this receiver answered 410 Gone, and nobody has enabled it since."""
    query = "select true from receiver_off where project = %(project)s and connection = %(connection)s"
    return tx.value(bool, query, connection=connection) is not None


def receivers_off(tx: Transaction) -> list[int]:
    """The connections whose receivers are off."""
    return tx.values(int, "select connection from receiver_off where project = %(project)s order by connection")


def turn_off(tx: Transaction, connection: int) -> bool:
    """Send nothing there any more; False when it was off already."""
    return bool(
        tx.run(
            "insert into receiver_off (project, connection, since) values (%(project)s, %(connection)s, %(now)s)"
            " on conflict do nothing",
            connection=connection,
            now=tx.now,
        )
    )


def enable(tx: Transaction, connection: int) -> None:
    """Send there again. What failed meanwhile can be replayed. Safe to repeat. Writes `delivery.enabled`."""
    gone = tx.run(
        "delete from receiver_off where project = %(project)s and connection = %(connection)s", connection=connection
    )
    if gone:
        tx.append(DeliveryEnabled(connection=connection))


# What people see and do


def of_run(tx: Transaction, run: int) -> list[Delivery]:
    return tx.all(Delivery, _DELIVERY + " and run = %(run)s order by n", run=run)


def get(tx: Transaction, id: int) -> DeliveryDetail:
    """A message with its body and every try. Raises NotFound."""
    found = tx.maybe(Delivery, _DELIVERY + " and id = %(id)s", id=id)
    if found is None:
        raise NotFound(what="delivery", name=id)
    body = tx.value(str, "select body from delivery where project = %(project)s and id = %(id)s", id=id)
    log = tx.all(
        DeliveryTry,
        "select number, at, request, status, response, body, error, took_seconds from delivery_try"
        " where project = %(project)s and delivery = %(id)s order by number",
        id=id,
    )
    return DeliveryDetail(**dict(found), body=body or "", log=tuple(log))


def list_(
    tx: Transaction,
    state: str | None = None,
    connection: int | None = None,
    run: int | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Delivery]:
    """Messages, newest first."""
    before = decode_cursor(after, int)[0] if after else 2**62
    found = tx.all(
        Delivery,
        _DELIVERY + " and (%(state)s::text is null or state = %(state)s::text)"
        " and (%(connection)s::bigint is null or connection = %(connection)s::bigint)"
        " and (%(run)s::bigint is null or run = %(run)s::bigint)"
        " and id < %(before)s order by id desc limit %(limit)s + 1",
        state=state,
        run=run,
        connection=connection,
        before=before,
        limit=limit,
    )
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if len(found) > limit else None)


def failed_in(tx: Transaction, period: ReplayPeriod) -> list[Delivery]:
    """The messages that were given up in a period, oldest first."""
    return tx.all(
        Delivery,
        _DELIVERY + " and state = 'failed' and finished_at >= %(since)s and finished_at < %(until)s"
        " and (%(connection)s::bigint is null or connection = %(connection)s::bigint) order by id",
        since=period.since,
        until=period.until,
        connection=period.connection,
    )


def again(tx: Transaction, id: int) -> None:
    """Send a message again, under its own id. Writes `delivery.replayed`. Raises DeliveryPending."""
    held = lock(tx, id)
    if held is None:
        raise NotFound(what="delivery", name=id)
    if held.state == "pending":
        raise DeliveryPending
    settle(tx, id, "pending")
    send(tx, id)
    tx.append(DeliveryReplayed(delivery=id, run=held.run))


def cancel(tx: Transaction, id: int) -> None:
    """Send it no more. Safe to repeat."""
    held = lock(tx, id)
    if held and held.state == "pending":
        settle(tx, id, "cancelled", failures=held.failures)
        jobs.cancel_timer(tx, timer_of(id))
