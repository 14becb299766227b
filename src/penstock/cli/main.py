"""The `penstock` command: finds a command's file when it is asked for, and turns every refusal into one line.

`penstock --help` imports click and nothing else, so that it answers in a blink: the table below names the commands.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("penstock.cli.up", "Start the server and its worker."),
    "worker": ("penstock.cli.worker", "Run one more worker, on this or another machine."),
    "demo": ("penstock.demo.command", "Watch a two-stage pipeline run on drawn digits."),
    "doctor": ("penstock.cli.doctor", "Say what is wrong with this installation, in plain words."),
    "backup": ("penstock.cli.backup", "Write the whole installation into a folder or file, while it works."),
    "restore": ("penstock.cli.restore", "Make an installation from a backup."),
    "sign-in-link": ("penstock.cli.sign_in_link", "Print a one-time link into the browser."),
    "login": ("penstock.cli.login", "Remember a server and a token for the next commands."),
    "status": ("penstock.cli.status", "Draw the pipeline as a tree with its counts."),
    "plan": ("penstock.cli.plan", "Show what a pipeline file would change."),
    "apply": ("penstock.cli.apply", "Make the project what a pipeline file says."),
    "show": ("penstock.cli.show", "Print the project as a pipeline file."),
    "import": ("penstock.cli.import_", "Pour files and annotations into a dataset."),
    "export": ("penstock.cli.export", "Write a dataset or a version out, in a format of choice."),
    "dataset": ("penstock.cli.dataset", "Make, list and change datasets."),
    "query": ("penstock.cli.query", "Ask which files a condition holds for, and keep such questions."),
    "version": ("penstock.cli.version", "Name what a dataset holds now, for ever."),
    "diff": ("penstock.cli.diff", "Say what happened between two versions or datasets."),
    "prune": ("penstock.cli.prune", "Delete old history that nothing shows, for good."),
    "template": ("penstock.cli.template", "See how far each kind of work is, pause and end it."),
    "task": ("penstock.cli.task", "Look at tasks, and work on them."),
    "action": ("penstock.cli.action", "See what fires when, and what it did."),
    "log": ("penstock.cli.log", "See what followers of the log set aside, and give it to them again."),
    "connection": ("penstock.cli.connection", "Named access to folders and receivers outside."),
    "member": ("penstock.cli.member", "People, teams and invites."),
    "token": ("penstock.cli.token", "Tokens for programs."),
}


class Commands(click.Group):
    """The table of commands. Each is imported when it is run or when its own help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(COMMANDS[cmd_name][0]).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.command(cls=Commands)
@click.version_option(package_name="penstock", prog_name="penstock")
def penstock() -> None:
    """Training data as a pipeline: files flow into datasets, people and models annotate, finished work flows on."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Bad input is one line on stderr and exit code 2."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    try:
        answer: Any = penstock.main(args=arguments, prog_name="penstock", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return 0
    except click.ClickException as error:
        return _say(_usage(error))
    except click.Abort:
        return _say("Stopped.", code=130)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing is left to say
        return 141
    except Exception as error:
        line = _refusal(error)
        if line is None:
            raise
        return _say(line)
    return answer if isinstance(answer, int) else 0


def _usage(error: click.ClickException) -> str:
    said = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    return f"{said} See: {context.command_path} --help" if context is not None else said


def _refusal(error: Exception) -> str | None:
    """The line for an error that its reader can act on; None for a defect of ours, which shows its traceback."""
    from penstock.core.errors import Refusal
    from penstock.sdk.errors import PenstockError

    if isinstance(error, (PenstockError, Refusal)):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"That file is not UTF-8: {error}"
    if isinstance(error, OSError):
        return (
            f"{error.strerror or error}: {error.filename}"
            if error.filename is not None
            else error.strerror or str(error)
        )
    return _invalid(error)


def _invalid(error: Exception) -> str | None:
    """What a value that we were given breaks, field by field."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return None
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or error.title}: {one['msg']}" for one in error.errors())


def _say(line: str, code: int = 2) -> int:
    click.echo(f"penstock: {' '.join(line.split())}", err=True)
    return code


if __name__ == "__main__":
    main()
