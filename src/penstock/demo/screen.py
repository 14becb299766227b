"""What the demo shows while it runs: the story line by line and, on a terminal, the pipeline below it, live."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from penstock.cli.tree import draw
from penstock.sdk.status import Status


class Screen:
    """Where the story is told."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console = console
        self._live = live

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def show(self, status: Status) -> None:
        """Draw the pipeline anew, in place. Where that can't be done, nothing is shown before the end."""
        if self._live is not None:
            self._live.update(draw(status))

    def leave(self, status: Status) -> None:
        """Draw the pipeline as it stands in the end."""
        if self._live is None:
            self._console.print(draw(status))
        else:
            self._live.update(draw(status))


@contextmanager
def open_screen(*, show: bool) -> Generator[Screen]:
    """A screen; with `show=False` one that nobody sees."""
    console = Console(quiet=not show)
    if not (show and console.is_terminal):
        yield Screen(console, None)
        return
    with Live(Text(""), console=console, refresh_per_second=8) as live:
        yield Screen(console, live)
