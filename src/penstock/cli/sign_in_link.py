"""`penstock sign-in-link`: print a one-time link into the browser."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.command()
@click.argument("member", required=False)
@speaks
def command(session: Session, member: str | None) -> None:
    """Print a link that signs you in to the browser, once; or MEMBER, by e-mail address, who never signed in before."""
    p = session.penstock
    link = p.members.link(member) if member else p.sign_in_link()
    session.say({"link": link}, link)
