"""What the demo shows while it runs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click


class Screen:
    def __init__(self, show: bool) -> None:
        self._show = show

    def say(self, line: str) -> None:
        if self._show:
            click.echo(line)

    def show(self, status: Any) -> None:
        """Draw the pipeline anew."""


@contextmanager
def open_screen(show: bool) -> Generator[Screen]:
    yield Screen(show)
