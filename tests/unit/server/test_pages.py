"""Signing in, joining and looking around in a browser, with cookies and forms alone."""

import httpx
import pytest

from penstock.people import sign_in
from penstock.people.caller import COOKIE

ORIGIN = {"origin": "http://penstock.test"}


@pytest.fixture
def browser(api) -> httpx.Client:
    return httpx.Client(transport=api.transport, base_url="http://penstock.test", follow_redirects=False)


def link_of(api, person: int = 1) -> str:
    secret = api.store.db.perform(lambda tx: sign_in.create_link(tx, person), 0).secret
    assert secret is not None
    return secret


def test_a_link_signs_in_once(api, browser: httpx.Client) -> None:
    link = link_of(api)
    assert browser.get("/").headers["location"] == "/sign-in"
    assert "<button" in browser.get(f"/sign-in/{link}").text
    entered = browser.post(f"/sign-in/{link}", headers=ORIGIN)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "first" in browser.get("/").text
    assert "Sign in once" not in browser.get(f"/projects/{api.project}").text
    stranger = httpx.Client(transport=api.transport, base_url="http://penstock.test")
    again = stranger.post(f"/sign-in/{link}")
    assert again.status_code == 401
    assert "used before or has expired" in again.text
    assert COOKIE not in stranger.cookies


def test_a_form_from_another_site_is_refused(api, browser: httpx.Client) -> None:
    link = link_of(api)
    assert browser.post(f"/sign-in/{link}", headers={"origin": "https://elsewhere.test"}).status_code == 403
    assert browser.post(f"/sign-in/{link}", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.post(f"/sign-in/{link}", headers=ORIGIN).status_code == 303


def test_signing_out_needs_the_page_s_own_form(api, browser: httpx.Client) -> None:
    browser.post(f"/sign-in/{link_of(api)}")
    csrf = browser.get("/").text.split('name="csrf" value="')[1].split('"')[0]
    cookie = {COOKIE: browser.cookies[COOKIE]}
    browser.post("/sign-out", data={"csrf": "guess"})
    browser.cookies.update(cookie)
    assert browser.get("/").status_code == 200
    browser.post("/sign-out", data={"csrf": csrf})
    browser.cookies.update(cookie)
    assert browser.get("/").status_code == 303


def test_an_invite_s_link_makes_a_member_who_can_come_back(api, browser: httpx.Client) -> None:
    invite = api.owner.post(api.path("/invites"), json={"role": "annotator"}).json()["secret"]
    assert "first" in browser.get(f"/join/{invite}").text
    short = browser.post(f"/join/{invite}", data={"name": "Kim", "email": "kim@example.org", "password": "short"})
    assert short.status_code == 422
    form = {"name": "Kim", "email": "kim@example.org", "password": "correct horse"}
    assert browser.post(f"/join/{invite}", data=form).status_code == 303
    assert "annotator" in browser.get("/").text
    later = httpx.Client(transport=api.transport, base_url="http://penstock.test")
    assert later.post("/sign-in", data={"email": "kim@example.org", "password": "wrong horse"}).status_code == 401
    assert later.post("/sign-in", data={"email": "Kim@example.org", "password": "correct horse"}).status_code == 303
    assert browser.get("/join/psi_nothing").status_code == 409


def test_pages_load_nothing_from_elsewhere(api, browser: httpx.Client) -> None:
    page = browser.get("/sign-in")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text.replace("http://penstock.test", "")
    assert browser.get("/static/live.js").headers["content-type"].startswith("text/javascript")
    assert browser.get("/static/app.py").status_code == 404
