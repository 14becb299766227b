"""What all commands share: which server and project they speak to, and how they say what they found.

Every command that uses `speaks` has `--json`, `--project`, `--url` and `--home`; its first argument is the Session.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic_core import to_jsonable_python

from penstock.sdk.connect import connect
from penstock.sdk.project import Project

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Session:
    as_json: bool
    project: str | None
    url: str | None
    home: Path | None

    @functools.cached_property
    def penstock(self) -> Project:
        """The project, connected to at first use."""
        project = connect(self.url, project=self.project, home=self.home, progress=False if self.as_json else None)
        click.get_current_context().call_on_close(project.close)
        return project

    def say(self, value: Any, human: str | Callable[[], object] | None = None) -> None:
        """Print the value as JSON, or for people: a line, or whatever `human` prints."""
        if self.as_json:
            click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))
        elif callable(human):
            human()
        elif human is not None:
            click.echo(human)

    def table(
        self, rows: Iterable[Any], columns: Sequence[str], *, cells: Callable[[Any], Sequence[object]], none: str
    ) -> None:
        """Print rows: a JSON list of whole values, or a table of a few cells of each; `none` when there is nothing."""
        found = list(rows)
        if self.as_json:
            return self.say(found)
        if not found:
            return click.echo(none)
        from rich.console import Console
        from rich.table import Table

        drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in found:
            drawn.add_row(*("" if cell is None else str(cell) for cell in cells(row)))
        Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(drawn)


def speaks(command: F) -> F:
    """Give a command its Session, from the options that all commands share."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
    @click.option(
        "--project", envvar="PENSTOCK_PROJECT", help="The project, by name; needed only when there are several."
    )
    @click.option("--url", envvar="PENSTOCK_URL", help="The server; else the one of the home folder.")
    @click.option(
        "--home", envvar="PENSTOCK_HOME", type=click.Path(path_type=Path), help="The installation's home folder."
    )
    @functools.wraps(command)
    def with_session(
        *args: Any, as_json: bool, project: str | None, url: str | None, home: Path | None, **options: Any
    ) -> Any:
        return command(Session(as_json, project, url, home), *args, **options)

    return with_session  # pyright: ignore[reportReturnType]  # click's decorators keep the callable, not its signature


def plain(value: Any) -> Any:
    """A value as JSON types."""
    return to_jsonable_python(value)
