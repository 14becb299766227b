"""`penstock connection`: named access to folders and receivers outside."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.group()
def command() -> None:
    """Named access to folders and receivers outside."""


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The connections. Secrets are never shown."""
    session.table(
        [connection.value for connection in session.penstock.connections],
        ["connection", "kind", "settings"],
        cells=lambda row: (row.name, row.kind, " ".join(f"{k}={v}" for k, v in row.settings.items())),
        none="No connection yet.",
    )


@command.command()
@click.argument("name")
@click.argument("path")
@speaks
def folder(session: Session, name: str, path: str) -> None:
    """Make a connection to a folder of the server, under one of its roots."""
    made = session.penstock.connections.folder(name, path)
    session.say(made.value, f"Made the connection {name!r}.")


@command.command()
@click.argument("name")
@click.argument("receiver")
@click.option("--secret", envvar="PENSTOCK_WEBHOOK_SECRET", help="The signing secret; made when left out.")
@speaks
def webhook(session: Session, name: str, receiver: str, secret: str | None) -> None:
    """Make a connection to RECEIVER, a URL that takes signed calls (Standard Webhooks)."""
    made = session.penstock.connections.webhook(name, receiver, secret=secret)
    shown = f" Its signing secret, shown this once: {made.secret}" if made.secret else ""
    session.say(made.value, f"Made the connection {name!r}.{shown}")


@command.command()
@click.argument("name")
@click.argument("field", default="secret")
@click.option("--value", envvar="PENSTOCK_SECRET", help="The secret; asked for when left out.")
@speaks
def set_secret(session: Session, name: str, field: str, value: str | None) -> None:
    """Give a connection a secret, in place of the one it has."""
    value = value or click.prompt("Secret", hide_input=True, err=True)
    changed = session.penstock.connections[name].change(secrets={field: value})
    session.say(changed.value, f"{name!r} has a new {field}.")


@command.command()
@click.argument("name")
@speaks
def test(session: Session, name: str) -> int:
    """Try whether a connection works. Exit code 1 when it doesn't."""
    trial = session.penstock.connections[name].test()
    session.say(trial, f"{name}: {'works' if trial.works else 'does not work'}. {trial.detail}")
    return 0 if trial.works else 1
