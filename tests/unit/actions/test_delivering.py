"""A receiver that fails, hangs, then works; that moves, that is gone. Every try is seen, under one id."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from penstock.actions import deliveries, delivering, replaying, runs
from penstock.actions import jobs as actions_jobs
from penstock.actions.model import Replay, ReplayPeriod
from penstock.connections import guard
from penstock.core.ids import new_uuid
from unit.actions.world import SECRET, Receiver, World

Move = Callable[[dt.timedelta], None]
SOON = dt.timedelta(seconds=6)


def send(world: World, webhook: int) -> int:
    action = world.create({"kind": "webhook", "settings": {"to": webhook}})
    return world.fire(action, note="go")


def test_a_message_is_signed_and_says_what_happened(world: World, webhook: int, receiver: Receiver) -> None:
    run = send(world, webhook)
    world.drain()
    headers, body = receiver.got[0]
    assert Webhook(SECRET).verify(body, headers)["data"]["event"]["note"] == "go"
    found = world.run(run)
    assert found.state == "done"
    assert found.steps[0].output == {"delivery": 1, "id": headers["webhook-id"], "status": 204, "tries": 1}
    assert headers["webhook-id"] == str(found.steps[0].key)
    assert world.kinds("delivery") == ["delivery.succeeded"]


def test_a_receiver_that_fails_then_hangs_then_works_gets_one_message(
    world: World, webhook: int, receiver: Receiver, move_clock: Move
) -> None:
    receiver.script = [500, "hang", 200]
    run = send(world, webhook)
    world.drain()
    assert world.run(run).state == "waiting"
    move_clock(SOON)
    world.drain()
    move_clock(dt.timedelta(minutes=6))
    world.drain()
    assert world.run(run).state == "done"
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.got}) == 1
    log = world.delivery(1).log
    assert [one.status for one in log] == [500, None, 200]
    assert "no answer within" in (log[1].error or "")
    assert log[0].body == "thank"
    assert "webhook-signature" not in log[0].request["headers"]
    assert "/hook" not in log[0].request["to"]


def test_after_the_last_try_it_is_a_dead_letter_that_can_be_replayed(
    world: World, webhook: int, receiver: Receiver, move_clock: Move
) -> None:
    receiver.script = [503]
    run = send(world, webhook)
    for _ in range(12):
        world.drain()
        move_clock(dt.timedelta(hours=27))
    assert len(receiver.got) == len(delivering.RETRY_SECONDS) + 1
    assert world.delivery(1).state == "failed"
    assert world.run(run).state == "failed"
    assert world.kinds("delivery") == ["delivery.failed"]
    receiver.script = [200]
    world.do(replaying.replay_delivery, 1)
    world.drain()
    assert world.delivery(1).state == "delivered"
    assert world.run(run).state == "done"
    assert len(set(receiver.ids)) == 1


def test_dead_letters_of_a_period_are_replayed_together(
    world: World, webhook: int, receiver: Receiver, move_clock: Move
) -> None:
    receiver.script = [410]
    send(world, webhook)
    world.drain()
    world.do(deliveries.enable, webhook)
    receiver.script = [200]
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    assert world.do(replaying.replay_period, ReplayPeriod(since=now + day, until=now + 2 * day)) == []
    assert world.do(replaying.replay_period, ReplayPeriod(since=now - day, until=now + day)) == [1]
    world.drain()
    assert world.delivery(1).state == "delivered"


def test_retry_after_is_heard(world: World, webhook: int, receiver: Receiver, move_clock: Move) -> None:
    receiver.script = [429, 200]
    receiver.headers = {"retry-after": "3600"}
    send(world, webhook)
    world.drain()
    move_clock(dt.timedelta(minutes=50))
    world.drain()
    assert len(receiver.got) == 1
    move_clock(dt.timedelta(minutes=11))
    world.drain()
    assert len(receiver.got) == 2


def test_gone_turns_the_receiver_off_until_it_is_enabled(world: World, webhook: int, receiver: Receiver) -> None:
    receiver.script = [410]
    send(world, webhook)
    world.drain()
    assert world.kinds("delivery") == ["delivery.disabled", "delivery.failed"]
    with world.store.db.transaction(world.project) as tx:
        assert deliveries.receivers_off(tx) == [webhook]
    receiver.script = [200]
    world.do(replaying.replay_delivery, 1)
    world.drain()
    assert len(receiver.got) == 1
    assert "enable it again" in (world.delivery(1).error or "")
    world.do(deliveries.enable, webhook)
    world.do(replaying.replay_delivery, 1)
    world.drain()
    assert world.delivery(1).state == "delivered"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure(world: World, webhook: int, receiver: Receiver, status: int) -> None:
    receiver.script = [status]
    receiver.headers = {"location": receiver.url}
    send(world, webhook)
    world.drain()
    assert len(receiver.got) == 1
    assert world.delivery(1).state == "pending"


def test_a_worker_killed_before_it_noted_the_answer_sends_again_under_the_same_id(
    world: World, webhook: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    run = send(world, webhook)
    with monkeypatch.context() as patched:
        patched.setattr("penstock.actions.jobs.delivering.deliver", lambda *_: None)
        world.drain()
    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_end", killed)
        with pytest.raises(Killed):
            delivering.deliver(world.store, world.project, 1)
    delivering.deliver(world.store, world.project, 1)
    world.drain()
    assert len(receiver.got) == 2
    assert len(set(receiver.ids)) == 1
    assert [one.error for one in world.delivery(1).log] == ["the worker died before the answer came", None]
    assert world.run(run).state == "done"


def test_a_cancelled_run_sends_nothing_more(world: World, webhook: int, receiver: Receiver, move_clock: Move) -> None:
    receiver.script = [500]
    run = send(world, webhook)
    world.drain()
    world.do(runs.cancel, run)
    move_clock(dt.timedelta(days=2))
    world.drain()
    assert len(receiver.got) == 1
    assert (world.run(run).state, world.delivery(1).state) == ("cancelled", "cancelled")


def test_a_replayed_run_sends_the_same_bytes_under_the_same_id(
    world: World, webhook: int, receiver: Receiver, move_clock: Move
) -> None:
    run = send(world, webhook)
    world.drain()
    move_clock(dt.timedelta(days=3))
    world.do(replaying.replay, run, Replay())
    world.drain()
    assert len(receiver.got) == 2
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert world.run(run).round == 2


def test_no_transaction_is_open_while_a_message_is_on_its_way(
    world: World, webhook: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    post = guard.post

    def watching(*args: object) -> guard.Answer:
        looks: list[tuple[int, int]] = []
        for _ in range(20):  # another job may be in the middle of its own transaction: ours would be all along
            with world.store.db.transaction(0) as tx:
                open_ones = tx.value(
                    int,
                    "select count(*) from pg_stat_activity where state like 'idle in transaction%%'"
                    " and datname = current_database()",
                )
                locks = tx.value(
                    int,
                    "select count(*) from pg_locks l join pg_class c on c.oid = l.relation"
                    " join pg_database d on d.oid = l.database and d.datname = current_database()"
                    " where c.relname in ('delivery', 'action_run', 'step_run') and l.pid <> pg_backend_pid()",
                )
            looks.append((open_ones or 0, locks or 0))
        seen.append(min(looks))
        return post(*args)  # type: ignore[arg-type]

    send(world, webhook)
    monkeypatch.setattr(guard, "post", watching)
    world.drain()
    assert seen == [(0, 0)]


def test_an_address_that_is_not_allowed_is_a_failed_try(world: World, webhook: int, receiver: Receiver) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(guard, "is_allowed", lambda *_: False)
        send(world, webhook)
        world.drain()
    assert receiver.got == []
    assert "not a public address" in (world.delivery(1).log[0].error or "")


@pytest.mark.parametrize("asked", ["²", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 99 Foo 2026", "-5", "9" * 30])
def test_whatever_a_receiver_asks_for_the_message_waits(
    world: World, webhook: int, receiver: Receiver, asked: str
) -> None:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert delivering._retry_after({"retry-after": asked}, moment) is None  # pyright: ignore[reportPrivateUsage]


def test_a_message_whose_job_gives_up_is_a_dead_letter(
    world: World, webhook: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = send(world, webhook)
    with monkeypatch.context() as broken:
        broken.setattr(delivering, "_end", lambda *_: 1 // 0)
        broken.setattr(actions_jobs, "DELIVER_RETRIES", 0)
        world.drain()
    assert world.delivery(1).state == "failed"
    assert "ZeroDivisionError" in (world.delivery(1).error or "")
    world.do(replaying.replay_delivery, 1)
    world.drain()
    assert world.run(run).state == "done"
    assert len(set(receiver.ids)) == 1


def test_a_message_that_is_put_again_has_the_id_of_its_step(world: World, webhook: int) -> None:
    run = send(world, webhook)
    world.drain()
    key = new_uuid()
    world.do(lambda tx: deliveries.put(tx, run, 0, webhook, key, "{}", 5.0))
    with world.store.db.transaction(world.project) as tx:
        assert tx.values(UUID, "select key from delivery where project = %(project)s") == [key]
