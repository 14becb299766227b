"""`penstock token`: tokens for programs."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.group()
def command() -> None:
    """Tokens for programs."""


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The tokens. Their secrets are never shown."""
    session.table(
        session.penstock.tokens,
        ["token", "name", "role", "expires", "revoked"],
        cells=lambda row: (
            row.id,
            row.name,
            row.role,
            f"{row.expires_at:%Y-%m-%d}",
            row.revoked_at and f"{row.revoked_at:%Y-%m-%d}",
        ),
        none="No token yet.",
    )


@command.command()
@click.argument("name")
@click.option("--program", help="A program of the project; it is made when there is none of this name.")
@click.option("--role", type=click.Choice(["admin", "editor", "annotator", "viewer"]), help="At most this role.")
@click.option("--days", type=float, help="For how long.")
@speaks
def create(session: Session, name: str, program: str | None, role: str | None, days: float | None) -> None:
    """Make a token, for yourself or a program, and print it: it is shown this once."""
    p = session.penstock
    if program and program not in p.members:
        p.members.add_program(program, role or "annotator")  # pyright: ignore[reportArgumentType]  # a Choice
    made = p.tokens.create(name, program=program, role=role, expires_in_days=days)  # pyright: ignore[reportArgumentType]
    session.say(made, made.secret)


@command.command()
@click.argument("token", type=int)
@speaks
def revoke(session: Session, token: int) -> None:
    """Stop a token from working."""
    session.penstock.tokens.revoke(token)
    session.say({"revoked": token}, f"Token {token} works no more.")
