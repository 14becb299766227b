"""`penstock login`: remember a server and a token for the next commands."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks
from penstock.sdk import places
from penstock.sdk.connect import check, connect


@click.command()
@click.argument("server", required=False)
@click.option("--token", envvar="PENSTOCK_TOKEN", help="Asked for when left out.")
@click.option("--forget", is_flag=True, help="Forget the remembered server.")
@speaks
def command(session: Session, server: str | None, token: str | None, forget: bool) -> None:
    """Remember SERVER (a URL) and a token, in a file that only you can read."""
    if forget:
        known = places.forget()
        session.say({"forgotten": known}, "Forgotten." if known else "No server was remembered.")
        return
    url = server or session.url
    if not url:
        raise click.UsageError("Give the server's URL.")
    token = token or click.prompt("Token", hide_input=True)
    with connect(url, token) as project:
        me = check(project)
    file = places.remember(places.Place(url.rstrip("/"), token))
    session.say({"url": url, "person": me.person}, f"You are {me.person.name} at {url}. Remembered in {file}.")
