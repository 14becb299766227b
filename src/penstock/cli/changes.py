"""How a plan is shown."""

from __future__ import annotations

from typing import Any

import click


def show_plan(plan: Any, *, done: bool) -> None:
    click.echo(str(plan))
