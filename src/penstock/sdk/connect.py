"""Connecting: to a server by its address, to the one of one's own home folder, or to none but this process."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from penstock.people.model import Joining, Me, NewToken, Place, Token
from penstock.sdk import places
from penstock.sdk.errors import NotConnected, Refused
from penstock.sdk.http import Client
from penstock.sdk.project import Project


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    project: str | None = None,
    home: Path | str | None = None,
    progress: bool | None = None,
) -> Project:
    """A project, ready to work in.

    The server is the first of: `url`; PENSTOCK_URL; the one that serves `home`; the one that `penstock login`
    remembered; the one that serves the default home (PENSTOCK_HOME, else the platform's data folder). Where none
    serves the home, this process does, on a private port, until it ends: database, API and worker.

    The token is `token`, PENSTOCK_TOKEN or the remembered one; the owner of a home folder needs none. The project is
    `project`, PENSTOCK_PROJECT or, where there is only one, that one; a pipeline file that is applied names its own.
    Raises NotConnected when a server is named and no token is known.
    """
    place = _find(url, token, Path(home).expanduser().absolute() if home else None)
    client = Client(place.url, place.token)
    return Project(client, project or os.environ.get("PENSTOCK_PROJECT"), progress=progress)


def _find(url: str | None, token: str | None, home: Path | None) -> places.Place:
    named = url or (None if home else os.environ.get("PENSTOCK_URL"))
    token = token or os.environ.get("PENSTOCK_TOKEN")
    if named is not None:
        return places.Place(named, token or _known_token(named))
    known = places.remembered() if home is None and "PENSTOCK_HOME" not in os.environ else None
    if known is not None:
        return places.Place(known.url, token or known.token)
    place = places.running(home or places.default_home()) or _serve(home or places.default_home())
    return places.Place(place.url, token or place.token)


def _known_token(url: str) -> str:
    known = places.remembered()
    if known is not None and known.token and known.url.rstrip("/") == url.rstrip("/"):
        return known.token
    local = places.running(places.default_home())
    if local is not None and local.token and local.url == url.rstrip("/"):
        return local.token
    raise NotConnected(f"No token for {url}. Give one by PENSTOCK_TOKEN, or run: penstock login {url}")


def _serve(home: Path) -> places.Place:
    from penstock.sdk import inprocess  # the whole server: only where it is needed

    return inprocess.serve(home)


def join(
    link: str,
    *,
    name: str | None = None,
    email: str | None = None,
    password: str | None = None,
    token_days: float = 90,
    transport: httpx.BaseTransport | None = None,
) -> Project:
    """Follow an invite's link as a newcomer; the project, connected to with a token of one's own.

    The token is at `project.token`: keep it, for the link may not work twice. Raises Refused.
    """
    server, _, secret = link.rpartition("/join/")
    if not urlsplit(server).scheme or not secret:
        raise NotConnected(f"{link!r} is no invite: it should look like http://127.0.0.1:7373/join/...")
    told = {"name": name, "email": email, "password": password}
    joining = Joining.model_validate({field: value for field, value in told.items() if value is not None})
    client = Client(server, transport=transport)
    try:
        place = client.get(f"/join/{secret}", dict[str, object])
        me = client.post(f"/join/{secret}", Me, joining)
        project = next(one for one in me.projects if one.name == place["project"])
        made = _own_token(client, me, project, token_days)
    finally:
        client.close()
    assert made.secret is not None  # it is shown in the answer that makes it
    return Project(Client(server, made.secret, transport=transport), project.name, token=made.secret)


def _own_token(client: Client, me: Me, project: Place, days: float) -> Token:
    """A token by the session that joining began; its cookie is in the client already."""
    answer = client.request(
        "POST",
        f"/projects/{project.id}/tokens",
        body=NewToken(name="joined by the SDK", expires_in_days=days),
        headers={"x-csrf-token": me.csrf or ""},
    )
    return Token.model_validate(answer.json(), extra="ignore")


def reachable(url: str) -> bool:
    """Whether a Penstock server answers there."""
    try:
        return httpx.get(f"{url.rstrip('/')}/api/v1/health", timeout=3.0).status_code == 200
    except httpx.HTTPError:
        return False


def check(project: Project) -> Me:
    """Who the token says one is. Raises Refused when it is no good."""
    try:
        return project.me()
    except Refused as refused:
        if refused.status == 401:
            raise NotConnected(f"{project.url} does not take this token: {refused.detail}") from refused
        raise
