"""Progress bars for long work: shown on a terminal, silent elsewhere. rich is imported only when a bar is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager


class Bar:
    """A bar that shows nothing; `Shown` draws it."""

    def at(self, done: int, total: int | None = None) -> None:
        """Say how far the work is."""

    def step(self, by: int = 1) -> None:
        """Say that `by` more are done."""


@contextmanager
def bar(title: str, total: int | None = None, *, show: bool | None = None) -> Generator[Bar]:
    """A progress bar on stderr while the block runs. `show=None` decides by the terminal and PENSTOCK_PROGRESS=0."""
    if show is None:
        show = sys.stderr.isatty() and os.environ.get("PENSTOCK_PROGRESS", "1") != "0"
    if not show:
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(title, total=total)

        class Shown(Bar):
            def at(self, done: int, total: int | None = None) -> None:
                drawn.update(task, completed=done, total=total)

            def step(self, by: int = 1) -> None:
                drawn.advance(task, by)

        yield Shown()
