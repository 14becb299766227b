"""Runs: each step once, whatever dies in between; commands; what fails, and how it goes on."""

import contextlib
import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock import actions, datasets
from penstock.actions import jobs as action_jobs
from penstock.actions import replaying, running, runs
from penstock.actions.model import Replay
from penstock.actions.runs import RunIsOver
from penstock.actions.steps.command import WARDEN
from penstock.jobs import Work
from penstock.people import inbox
from unit.actions.world import Receiver, World

Move = Callable[[dt.timedelta], None]
TELL: dict[str, Any] = {"kind": "notify", "settings": {"subject": "hello ${run.cause}"}}


class Killed(BaseException):
    """The worker died."""


def told(world: World) -> list[str]:
    with world.store.db.transaction(world.project) as tx:
        return [message.subject for message in inbox.messages(tx, world.admin).items]


def command(run: str, **more: Any) -> dict[str, Any]:
    return {"kind": "command", "settings": {"run": run, "inputs": {"a": 1, "b": "${run.as_of}"}}, **more}


def test_steps_run_in_order_and_later_ones_use_earlier_ones(world: World) -> None:
    action = world.create(command("count", name="train"), {**TELL, "settings": {"subject": "n is ${steps.train.n}"}})
    run = world.fire(action)
    world.drain()
    found = world.run(run)
    assert found.state == "done"
    assert [(step.name, step.state, step.tries) for step in found.steps] == [
        ("train", "done", 1),
        ("notify", "done", 1),
    ]
    assert found.steps[0].output == {"n": 2, "exit_code": 0}
    assert found.tries[0].log is not None
    assert found.tries[0].log.startswith("hello\n")
    assert told(world) == ["n is 2"]
    assert world.kinds("action") == ["action.created", "action.started", "action.finished"]


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_worker_killed_between_any_two_moves_does_nothing_twice(
    world: World, webhook: int, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    action = world.create(
        TELL, {"kind": "webhook", "settings": {"to": webhook}}, command("count"), {**TELL, "name": "last"}
    )
    advance = running.advance
    for kill_at in range(6):
        run = world.fire(action)
        moves = 0

        def dying(tx: Any, id: int, kill_at: int = kill_at) -> Any:
            nonlocal moves
            moves += 1
            if moves == kill_at + 1 and when == "before":
                raise Killed
            result = advance(tx, id)
            if moves == kill_at + 1:
                raise Killed
            return result

        with monkeypatch.context() as patched:
            patched.setattr(running, "advance", dying)
            with contextlib.suppress(Killed):
                action_jobs.go_on(Work(world.store), project=world.project, run=run)
        world.drain()
        assert world.run(run).state == "done", kill_at
        assert len(told(world)) == 2 * (kill_at + 1)
        assert len(receiver.ids) == len(set(receiver.ids)) == kill_at + 1
        assert [step.tries for step in world.run(run).steps] == [1, 1, 1, 1]


def test_a_refused_step_is_tried_again_then_fails_the_run(world: World, move_clock: Move) -> None:
    gold = world.do(datasets.create, "gold")
    action = world.create({"kind": "add", "settings": {"to": gold.id, "file": "${event.file}"}, "retries": 2})
    run = world.fire(action, file=12345)
    for _ in range(4):
        world.drain()
        move_clock(dt.timedelta(hours=1))
    found = world.run(run)
    assert found.state == "failed"
    assert found.error == "There is no file 12345 here. List what there is, or check the spelling."
    assert [one.error for one in found.tries] == [found.error] * 3
    assert world.kinds("action")[-1] == "action.failed"


def test_a_placeholder_without_a_value_fails_at_once_and_says_what_there_is(world: World) -> None:
    action = world.create(command("count", name="train"), {**TELL, "settings": {"subject": "${steps.train.score}"}})
    run = world.fire(action)
    world.drain()
    found = world.run(run)
    assert found.state == "failed"
    assert "steps.train has no 'score'; there is n, exit_code" in (found.error or "")
    assert [step.state for step in found.steps] == ["done", "failed"]


def test_a_replay_begins_at_the_step_that_failed_with_the_present_steps_if_asked(world: World) -> None:
    action = world.create(command("count", name="train"), {**TELL, "settings": {"subject": "${steps.train.score}"}})
    run = world.fire(action)
    world.drain()
    keys = [step.key for step in world.run(run).steps]
    world.do(replaying.replay, run, Replay())
    world.drain()
    assert world.run(run).state == "failed"
    mended = action.settings.model_copy(
        update={"do": (action.settings.do[0], action.settings.do[1].model_copy(update={"settings": {"subject": "ok"}}))}
    )
    world.do(actions.change, action.id, actions.ActionChange(settings=mended))
    world.do(replaying.replay, run, Replay(current=True))
    world.drain()
    found = world.run(run)
    assert (found.state, found.round, found.edition) == ("done", 3, 2)
    assert [step.key for step in found.steps] == keys
    assert [step.tries for step in found.steps] == [1, 3]
    assert told(world) == ["ok"]


def test_a_run_that_goes_on_is_not_replayed_and_one_that_is_over_not_cancelled(world: World) -> None:
    run = world.fire(world.create(TELL))
    with pytest.raises(replaying.RunGoesOn):
        world.do(replaying.replay, run, Replay())
    world.drain()
    with pytest.raises(RunIsOver):
        world.do(runs.cancel, run)


def test_a_cancelled_run_does_no_further_step(world: World) -> None:
    run = world.fire(world.create(TELL))
    world.do(runs.cancel, run)
    world.drain()
    assert told(world) == []
    assert world.run(run).steps[0].state == "cancelled"
    assert world.kinds("action")[-1] == "action.cancelled"


# Commands


def test_a_command_that_fails_says_how(world: World) -> None:
    run = world.fire(world.create(command("fail")))
    world.drain()
    found = world.run(run)
    assert (found.state, found.error) == ("failed", "it ended with exit code 3: no luck")
    assert found.tries[0].log == "no luck\n"
    assert found.steps[0].output == {"exit_code": 3}


def test_a_command_that_takes_too_long_is_stopped(world: World) -> None:
    run = world.fire(world.create(command("slow")))
    world.drain()
    found = world.run(run)
    assert found.error == "it took longer than 0.7 s"
    assert found.tries[0].log == "begun\n"


def test_a_command_gets_its_key_and_only_what_its_configuration_lets_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_TEST_PASSED", "yes")
    monkeypatch.setenv("PENSTOCK_TEST_SECRET", "no")
    run = world.fire(world.create(command("environment")))
    world.drain()
    step = world.run(run).steps[0]
    assert step.output is not None
    assert step.output["PENSTOCK_IDEMPOTENCY_KEY"] == str(step.key)
    assert step.output["PENSTOCK_TEST_PASSED"] == "yes"
    assert "PENSTOCK_TEST_SECRET" not in step.output


def test_a_command_that_the_configuration_does_not_name_fails_and_says_which_it_names(world: World) -> None:
    run = world.fire(world.create(command("rm")))
    world.drain()
    assert "It names: count, environment, fail, patient, slow." in (world.run(run).error or "")


def die_during(world: World, run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker die while the run's first step is outside."""

    def killed(*_: object) -> None:
        raise Killed

    action_jobs.go_on(Work(world.store), project=world.project, run=run)
    with monkeypatch.context() as patched:
        patched.setattr("penstock.actions.steps.command.CommandStep.outside", killed)
        with pytest.raises(Killed):
            action_jobs.do_outside(Work(world.store), project=world.project, run=run, n=0, number=1)


def test_after_a_crash_a_command_is_started_again_where_its_configuration_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.fire(world.create(command("count")))
    die_during(world, run, monkeypatch)
    world.drain()
    found = world.run(run)
    assert found.state == "done"
    assert [one.error for one in found.tries] == ["the worker died while it ran", None]


def test_after_a_crash_any_other_command_asks_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = world.fire(world.create(command("environment"), TELL))
    die_during(world, run, monkeypatch)
    world.drain()
    assert world.run(run).state == "asking"
    assert world.kinds("action")[-1] == "action.asks"
    key = world.run(run).steps[0].key
    world.do(replaying.replay, run, Replay())
    world.drain()
    found = world.run(run)
    assert (found.state, found.steps[0].key) == ("done", key)
    assert len(told(world)) == 1


def test_a_run_that_asks_can_be_cancelled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = world.fire(world.create(command("environment"), TELL))
    die_during(world, run, monkeypatch)
    world.drain()
    world.do(runs.cancel, run)
    world.drain()
    assert world.run(run).state == "cancelled"
    assert told(world) == []


def test_a_worker_that_stops_cuts_a_command_short_and_another_one_asks_or_repeats(world: World) -> None:
    run = world.fire(world.create(command("slow"), name="slow"))
    again = world.fire(world.create(command("patient"), name="patient"))
    for id in (run, again):
        action_jobs.go_on(Work(world.store), project=world.project, run=id)
        stopping = Work(world.store, should_stop=lambda: True)
        action_jobs.do_outside(stopping, project=world.project, run=id, n=0, number=1)
    assert world.run(run).state == "asking"
    found = world.run(again)
    assert (found.state, found.steps[0].tries) == ("running", 2)
    assert found.tries[0].error == "the worker was stopped while it ran"


def test_a_command_does_not_outlive_its_worker(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    sleeper = f"import os,time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    argv = [sys.executable, "-c", sleeper]
    guarded = f"[sys.executable, {str(WARDEN)!r}, str(os.getpid()), *{argv!r}]"
    run = f"import os, subprocess, sys; subprocess.run({guarded}, start_new_session=True)"
    worker = subprocess.Popen([sys.executable, "-c", run])
    pid = int(eventually(lambda: pid_file.exists() and pid_file.read_text()))
    worker.kill()
    worker.wait()
    assert eventually(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(look: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true answer: the operating system takes its time, and nothing tells when."""
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return found
