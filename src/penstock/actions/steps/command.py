"""Start a program that the server's own configuration names, such as a training script.

It gets its inputs as JSON on its standard input and `PENSTOCK_IDEMPOTENCY_KEY` in its environment, and nothing of the
server's environment but what its configuration lets through. A last line that is a JSON object becomes its output.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from pydantic import model_validator

from penstock.actions import tables
from penstock.actions.model import OVER, ActionSettings
from penstock.actions.steps.kind import Call, Failed, Finished, Outcome, Outside, StepKind
from penstock.actions.steps.naming import Names, NamesById
from penstock.core import Invalid, Problem, Value
from penstock.core.settings import Command
from penstock.store import Store, Transaction
from penstock.store.db import is_away

LOG_BYTES = 64 * 1024  #: kept of what a command says: the end of it
LOOK_SECONDS = 0.5
ALWAYS_PASSED = ("PATH", "HOME", "LANG", "TZ", "SYSTEMROOT", "TMPDIR")
STOPPING = "the worker stops"
WARDEN = Path(__file__).with_name("warden.py")


class CommandUnknown(Invalid):
    """The server's configuration names no command {name!r}. It names: {known}."""


class CommandSettings(Value):
    """Which command, and its inputs."""

    run: str
    """The command's name in the server's configuration."""
    inputs: dict[str, Any] = {}
    """Given to it as JSON on its standard input."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"run": given} if isinstance(given, str) else given


class CommandStep(StepKind[CommandSettings]):
    kind = "command"
    retries = 0
    settings = CommandSettings
    written = CommandSettings

    def read(self, written: CommandSettings, names: Names) -> dict[str, Any]:
        return written.model_dump()

    def write(self, settings: CommandSettings, names: NamesById) -> CommandSettings:
        return settings

    def begin(self, tx: Transaction, call: Call[CommandSettings]) -> Outcome:
        return Outside()

    def may_repeat(self, store: Store, settings: CommandSettings) -> bool:
        command = store.settings.commands.get(settings.run)
        return command is not None and command.after_crash == "retry"

    def outside(
        self, store: Store, call: Call[CommandSettings], should_stop: Callable[[], bool]
    ) -> Finished | Failed | None:
        command = store.settings.commands.get(call.settings.run)
        if command is None:
            known = ", ".join(sorted(store.settings.commands)) or "none"
            return Failed(CommandUnknown(name=call.settings.run, known=known).detail, final=True)
        with tempfile.TemporaryFile() as log:
            code, stopped = _run(store, call, command, log, should_stop)
            return None if stopped == STOPPING else _conclude(code, stopped, log)

    def preview(self, tx: Transaction, call: Call[CommandSettings]) -> str:
        return f"start the command {call.settings.run!r} with {json.dumps(call.settings.inputs, ensure_ascii=False)}"


def unknown(store: Store, settings: ActionSettings) -> Iterator[tuple[int, CommandUnknown]]:
    """The steps, by their place, whose command the server's configuration doesn't name."""
    commands = store.settings.commands
    for n, step in enumerate(settings.do):
        name = step.settings.get("run")
        if step.kind == CommandStep.kind and isinstance(name, str) and name not in commands:
            yield n, CommandUnknown(name=name, known=", ".join(sorted(commands)) or "none")


def check_known(store: Store, settings: ActionSettings) -> None:
    """Refuse a command that the server's configuration doesn't name. Raises CommandUnknown."""
    for n, refusal in unknown(store, settings):
        at = f"settings.do[{n}].settings.run"
        raise CommandUnknown(errors=[Problem(at, refusal.detail, refusal.type)], **refusal.parts)


def _run(
    store: Store, call: Call[CommandSettings], command: Command, log: BinaryIO, should_stop: Callable[[], bool]
) -> tuple[int | None, str]:
    """Run it to its end; its exit code, or None and why it was stopped."""
    given = json.dumps({"key": str(call.key), "run": call.run, "cause": call.cause, "inputs": call.settings.inputs})
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given.encode())
        stdin.seek(0)
        try:
            # The warden stops the command when this worker dies: a killed worker must not leave a second one running.
            process = subprocess.Popen(
                [sys.executable, "-I", str(WARDEN), str(os.getpid()), *command.argv],
                cwd=command.cwd,
                env=_environment(call, command),
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return None, f"it can't be started: {error.strerror}"
    give_up = time.monotonic() + command.timeout_seconds
    while True:
        try:
            return process.wait(LOOK_SECONDS), ""
        except subprocess.TimeoutExpired:
            why = _why_stop(store, call, command, give_up, should_stop)
            if why is not None:
                _stop(process)
                return None, why


def _why_stop(
    store: Store,
    call: Call[CommandSettings],
    command: Command,
    give_up: float,
    should_stop: Callable[[], bool],
) -> str | None:
    if time.monotonic() > give_up:
        return f"it took longer than {command.timeout_seconds:g} s"
    if should_stop():
        return STOPPING
    return "the run was cancelled" if _is_cancelled(store, call) else None


def _environment(call: Call[CommandSettings], command: Command) -> dict[str, str]:
    passed = {name: os.environ[name] for name in (*ALWAYS_PASSED, *command.env) if name in os.environ}
    return passed | {
        "PENSTOCK_IDEMPOTENCY_KEY": str(call.key),
        "PENSTOCK_RUN": str(call.run),
        "PENSTOCK_PROJECT": str(call.project),
    }


def _is_cancelled(store: Store, call: Call[CommandSettings]) -> bool:
    try:
        with store.db.transaction(call.project) as tx:
            run = tables.run(tx, call.run)
    except Exception as error:  # it can't be asked while the database is away; the command goes on meanwhile
        if not is_away(error):
            raise
        return False
    return run is None or run.state in OVER


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if os.name == "nt":  # no process groups there
        process.kill()
        process.wait()
        return
    for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
            return
        except ProcessLookupError:
            process.wait()
            return
        except subprocess.TimeoutExpired:
            continue


def _conclude(code: int | None, stopped: str, log: BinaryIO) -> Finished | Failed:
    said = _tail(log)
    if code == 0:
        return Finished({**_told(said), "exit_code": 0}, log=said)
    if code is None:
        return Failed(stopped, log=said)
    how = f"it ended with exit code {code}" if code > 0 else f"it was killed by signal {-code}"
    last = said.strip().splitlines()
    return Failed(f"{how}: {last[-1][:300]}" if last else how, output={"exit_code": code}, log=said)


def _tail(log: BinaryIO) -> str:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - LOG_BYTES))
    return log.read().decode(errors="replace").replace("\0", "�")


def _told(said: str) -> dict[str, Any]:
    """What the command tells later steps: its last line, when that is a JSON object."""
    lines = said.strip().splitlines()
    try:
        told: Any = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return cast(dict[str, Any], told) if isinstance(told, dict) else {}
