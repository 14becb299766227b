"""Pages for people until the web app is there: signing in, joining, and the pipeline as it moves.

They work without scripts; a script keeps the pipeline live. Nothing is loaded from elsewhere, and forms are taken only
from our own pages.
"""

import html
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from penstock.core import Forbidden, Refusal, Unauthorized
from penstock.people import invites, projects, secrets, sign_in
from penstock.people.caller import COOKIE
from penstock.people.http import set_session
from penstock.people.model import Joining, Place
from penstock.people.sign_in import Session
from penstock.people.standing import Standing
from penstock.store import Store, Transaction

router = APIRouter(include_in_schema=False)

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_KINDS = {"penstock.css": "text/css", "live.js": "text/javascript"}
FORM_LIMIT_BYTES = 16_384


class FormFromElsewhere(Forbidden):
    """This form was sent from another site. Open the page here and send it again."""


class FormTooLarge(Refusal):
    """This form is too large."""

    status = 413


@router.get("/static/{name}")
def get_static(name: str) -> Response:
    if name not in _KINDS:
        return _page("Nothing here", "<p>There is nothing at this address.</p>", 404)
    return Response(_asset(name), media_type=_KINDS[name], headers={"Cache-Control": "no-cache"})


@router.get("/")
def home(request: Request) -> Response:
    """What one may do, and the pipelines of one's projects."""
    standing = _signed_in(request)
    if standing is None:
        return RedirectResponse("/sign-in", 303)
    with _store(request).db.transaction(0) as tx:
        places = projects.places(tx, standing.person)
    return _page("Penstock", _places(places) + _WAYS, session=_cookie(request))


@router.get("/projects/{project}")
def show_project(project: int, request: Request) -> Response:
    """One project's pipeline, live."""
    standing = _signed_in(request)
    if standing is None:
        return RedirectResponse("/sign-in", 303)
    with _store(request).db.transaction(0) as tx:
        place = next((p for p in projects.places(tx, standing.person) if p.id == project), None)
    if place is None:
        return _page("Nothing here", "<p>There is no such project, or you are not a member of it.</p>", 404)
    body = (
        f'<h2>{html.escape(place.name)} <span class="muted">{place.role}</span></h2>'
        f'<div id="pipeline" data-project="{place.id}"><p class="muted">The pipeline needs a script to be drawn here.'
        f" <code>penstock status</code> draws it in a terminal.</p></div><h2>Latest</h2><ol id=log></ol>"
        '<script src="/static/live.js" defer></script>'
    )
    return _page(place.name, body, session=_cookie(request))


@router.get("/sign-in")
def show_sign_in() -> Response:
    return _page("Sign in", _SIGN_IN)


@router.get("/sign-in/{secret}")
def show_link(secret: str) -> Response:
    """A button, because programs that preview links must not use them up."""
    return _page(
        "Sign in",
        f'<form class="card" method="post" action="/sign-in/{html.escape(secret, quote=True)}">'
        "<p>This link signs you in once.</p><button autofocus>Sign in</button></form>",
    )


@router.post("/sign-in/{secret}")
async def follow_link(secret: str, request: Request) -> Response:
    await _form(request)
    return await run_in_threadpool(_enter, request, lambda tx: sign_in.follow_link(tx, secret))


@router.post("/sign-in")
async def use_password(request: Request) -> Response:
    form = await _form(request)

    def work(tx: Transaction) -> Session:
        person = sign_in.check_password(tx, form.get("email", ""), form.get("password", ""))
        return sign_in.begin_session(tx, person, "password")

    return await run_in_threadpool(_enter, request, work)


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    form = await _form(request)
    cookie = _cookie(request)
    if cookie is not None and secrets.same(form.get("csrf", ""), secrets.csrf(cookie)):
        await run_in_threadpool(_store(request).db.perform, lambda tx: sign_in.end_session(tx, cookie), 0)
        request.app.state.standings.forget()
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/join/{secret}")
def show_invite(secret: str, request: Request) -> Response:
    try:
        with _store(request).db.transaction(0) as tx:
            offer = invites.look(tx, secret)
    except Refusal as refusal:
        return _page("Join", f'<p class="fail">{html.escape(refusal.detail)}</p>', refusal.status)
    to = f"{html.escape(offer.project)} as {offer.role}" + (f" in {html.escape(offer.team)}" if offer.team else "")
    known = _signed_in(request) is not None
    fields = "" if known else _JOIN_FIELDS.format(name=html.escape(offer.person or "", quote=True))
    return _page(
        "Join",
        f'<form class="card" method="post" action="/join/{html.escape(secret, quote=True)}"><h2>Join {to}</h2>'
        f"{fields}<button>Join</button></form>",
        session=_cookie(request) if known else None,
    )


@router.post("/join/{secret}")
async def join(secret: str, request: Request) -> Response:
    form = await _form(request)
    return await run_in_threadpool(_join, request, secret, form)


def _join(request: Request, secret: str, form: Mapping[str, str]) -> Response:
    db = _store(request).db
    standing = _signed_in(request)
    try:
        joining = Joining.model_validate({name: form[name] for name in ("name", "email", "password") if form.get(name)})
    except ValueError:
        return _page(
            "Join", '<p class="fail">A password has 10 characters or more, an address looks like a@b.org.', 422
        )
    try:
        with db.transaction(0) as tx:
            project = invites.project_of(tx, secret)

        def work(tx: Transaction) -> Session | None:
            person = invites.join(tx, secret, joining, standing.person if standing else None)
            return None if standing else sign_in.begin_session(tx, person, "invite")

        session = db.perform(work, project, standing.person if standing else None)
    except Refusal as refusal:
        return _page("Join", f'<p class="fail">{html.escape(refusal.detail)}</p>', refusal.status)
    request.app.state.standings.forget()
    answer = RedirectResponse("/", 303)
    if session is not None:
        set_session(request, answer, session)
    return answer


def _enter(request: Request, prove: Callable[[Transaction], Session]) -> Response:
    try:
        session = _store(request).db.perform(prove, 0)
    except Refusal as refusal:
        return _page("Sign in", f'<p class="fail">{html.escape(refusal.detail)}</p>' + _SIGN_IN, refusal.status)
    answer = RedirectResponse("/", 303)
    set_session(request, answer, session)
    return answer


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent. Raises FormFromElsewhere, FormTooLarge."""
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{request.url.netloc}":
        raise FormFromElsewhere
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormFromElsewhere
    body = await request.body()
    if len(body) > FORM_LIMIT_BYTES:
        raise FormTooLarge
    return {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}


def _store(request: Request) -> Store:
    return request.app.state.store


def _cookie(request: Request) -> str | None:
    return request.cookies.get(COOKIE)


def _signed_in(request: Request) -> Standing | None:
    cookie = _cookie(request)
    if cookie is None:
        return None
    try:
        return request.app.state.standings.of(cookie, 0)
    except Unauthorized:
        return None


@lru_cache
def _asset(name: str) -> bytes:
    return (files("penstock.server") / "screens" / name).read_bytes()


def _page(title: str, body: str, status: int = 200, session: str | None = None) -> HTMLResponse:
    leaving = (
        f'<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="{secrets.csrf(session)}">'
        "<button>Sign out</button></form>"
        if session
        else ""
    )
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/penstock.css">'
        f'<header><h1><a href="/">Penstock</a></h1>{leaving}</header><main>{body}</main></html>'
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(text, status, headers)


def _places(places: list[Place]) -> str:
    if not places:
        return "<h2>Projects</h2><p>There is none yet.</p>"
    rows = "".join(
        f'<li class="node"><a href="/projects/{place.id}">{html.escape(place.name)}</a>'
        f' <span class="muted">{place.role}</span></li>'
        for place in places
    )
    return f'<h2>Projects</h2><ul class="tree">{rows}</ul>'


_WAYS = """
<h2>From here</h2>
<pre>penstock status                   # the pipeline as a tree
penstock apply pipeline.yaml      # make the project what a file says
penstock import photos/ --dataset "first pass"</pre>
<p>The API: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>. In Python:
<code>import penstock; p = penstock.connect()</code></p>
"""
_SIGN_IN = """
<form class="card" method="post" action="/sign-in">
<label>E-mail address <input name="email" type="email" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
<p class="muted">No password yet? Use the link that the server printed when it started, or the one you were sent.</p>
</form>
"""
_JOIN_FIELDS = """
<label>Your name <input name="name" value="{name}" autocomplete="name" required maxlength="200"></label>
<label>E-mail address <input name="email" type="email" autocomplete="username"></label>
<label>Password, at least 10 characters <input name="password" type="password" minlength="10"
autocomplete="new-password"></label>
<p class="muted">With an address and a password you can sign in again.</p>
"""
