"""Links, passwords, sessions, invites and tokens: who gets in, and for how long."""

import datetime as dt
import threading
import time

import httpx
import pytest

from penstock import jobs, people
from penstock.people import secrets, sign_in
from penstock.people.caller import COOKIE
from penstock.people.model import NewMember
from penstock.people.standing import KEEP_SECONDS, CredentialUnusable, Standings
from penstock.store import Store


def session_of(api, body: dict) -> tuple[httpx.Client, dict]:
    """A signed-in browser's client, with the CSRF token it was told."""
    client = api.bare()
    answer = client.post("/sign-in", json=body)
    assert answer.status_code == 200, answer.text
    client.headers["x-csrf-token"] = answer.json()["csrf"]
    return client, answer.json()


def link_of(api, person: int = 1) -> str:
    return api.store.db.perform(lambda tx: sign_in.create_link(tx, person), 0).secret


def test_the_first_start_makes_one_owner_however_many_start(store: Store) -> None:
    found: list[int] = []
    starts = [threading.Thread(target=lambda: found.append(store.db.perform(sign_in.first_admin, 0))) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(set(found)) == 1
    with store.db.transaction(0) as tx:
        assert tx.value(int, "select count(*) from person") == 1


def test_a_link_works_once_and_not_for_ever(api, wrote, move_clock) -> None:
    link, late = link_of(api), link_of(api)
    with wrote(0) as written:
        client, me = session_of(api, {"link": link})
    assert written.kinds == ["person.signed_in"]
    assert (me["owner"], client.get("/me").status_code) == (True, 200)
    again = api.bare().post("/sign-in", json={"link": link})
    assert (again.status_code, again.json()["type"]) == (401, "link-unusable")
    move_clock(dt.timedelta(hours=sign_in.LINK_HOURS + 1))
    assert api.bare().post("/sign-in", json={"link": late}).status_code == 401


def test_a_changing_request_with_a_cookie_needs_the_csrf_token(api) -> None:
    client, _ = session_of(api, {"link": link_of(api)})
    right = client.headers.pop("x-csrf-token")
    assert client.get("/projects").status_code == 200
    refused = client.post("/projects", json={"name": "second"})
    assert (refused.status_code, refused.json()["type"]) == (403, "csrf-token-wrong")
    assert client.post("/projects", json={"name": "second"}, headers={"x-csrf-token": "0" * 64}).status_code == 403
    assert client.post("/projects", json={"name": "second"}, headers={"x-csrf-token": right}).status_code == 201


def test_a_password_is_set_once_signed_in_and_ends_other_sessions(api, wrote) -> None:
    with api.store.db.transaction(api.project) as tx:
        person = people.name_member(tx, NewMember(email="kim@example.org")).person
    here, _ = session_of(api, {"link": link_of(api, person)})
    there, _ = session_of(api, {"link": link_of(api, person)})
    with wrote(0) as written:
        assert here.put("/me/password", json={"password": "correct horse"}).status_code == 204
    assert written.kinds == ["person.password_changed", "person.signed_out"]
    assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 401)
    assert here.put("/me/password", json={"password": "another horse"}).json()["type"] == "wrong-password"
    session_of(api, {"email": "KIM@example.org ", "password": "correct horse"})
    with api.store.db.transaction(0) as tx:
        stored = tx.value(str, "select password from person where id = %(person)s", person=person)
    assert stored.startswith("$argon2id$")


def test_guessing_a_password_gets_slower(api) -> None:
    with api.store.db.transaction(api.project) as tx:
        people.name_member(tx, NewMember(email="guessed@example.org"))
    guess = {"email": "guessed@example.org", "password": "wrong"}
    tries = [api.bare().post("/sign-in", json=guess).status_code for _ in range(sign_in.throttle.free + 1)]
    assert tries == [401] * sign_in.throttle.free + [429]
    sign_in.throttle.forget("guessed@example.org")


def test_signing_out_ends_the_session_at_once(api) -> None:
    client, _ = session_of(api, {"link": link_of(api)})
    cookie = client.cookies[COOKIE]
    assert client.post("/sign-out").status_code == 204
    assert COOKIE not in client.cookies
    assert api.bare({"cookie": f"{COOKIE}={cookie}"}).get("/me").status_code == 401


def test_an_invite_makes_a_member_of_its_role_and_team(api, wrote) -> None:
    team = api.owner.post(api.path("/teams"), json={"name": "experts"}).json()["id"]
    invite = api.owner.post(api.path("/invites"), json={"role": "annotator", "team": team, "uses": 1}).json()
    assert api.bare().get(f"/join/{invite['secret']}").json() == {
        "project": "first", "role": "annotator", "team": "experts", "person": None,
    }  # fmt: skip
    with wrote(api.project) as written:
        joined = api.bare().post(f"/join/{invite['secret']}", json={"name": "Kim"})
    assert written.kinds == ["member.added", "team.changed", "person.signed_in"]
    assert joined.json()["projects"] == [
        {"id": api.project, "name": "first", "role": "annotator", "connections": False}
    ]
    assert api.owner.get(api.path(f"/teams/{team}")).json()["members"] == [joined.json()["person"]["id"]]
    assert api.bare().post(f"/join/{invite['secret']}", json={"name": "Lee"}).json()["type"] == "invite-unusable"


def test_an_invite_expires_and_can_be_revoked(api, move_clock) -> None:
    first, second = (api.owner.post(api.path("/invites"), json={"expires_in_hours": 1}).json() for _ in range(2))
    assert api.owner.delete(api.path(f"/invites/{first['id']}")).status_code == 204
    assert api.bare().post(f"/join/{first['secret']}", json={"name": "Kim"}).status_code == 409
    move_clock(dt.timedelta(hours=2))
    assert api.bare().post(f"/join/{second['secret']}", json={"name": "Kim"}).status_code == 409


def test_an_admin_can_t_enter_another_project_as_one_of_its_members(api) -> None:
    """Neither by a link nor by an invite: whoever is in two projects, or has signed in, signs in as themselves."""
    other = api.owner.post("/projects", json={"name": "other"}).json()["id"]
    shared = api.owner.post(api.path("/members"), json={"email": "shared@example.org"}).json()["person"]
    fresh = api.owner.post(api.path("/members"), json={"email": "fresh@example.org"}).json()["person"]
    api.owner.post(f"/projects/{other}/members", json={"email": "shared@example.org"})
    admin = api.client("admin")
    assert admin.post(api.path(f"/members/{shared}/sign-in-link")).status_code == 403
    assert admin.post(api.path("/members/1/sign-in-link")).status_code == 403
    invite = admin.post(api.path("/invites"), json={"person": shared}).json()["secret"]
    assert api.bare().post(f"/join/{invite}", json={"name": "Mallory"}).json()["type"] == "already-signed-in"
    assert admin.post(api.path(f"/members/{fresh}/sign-in-link")).status_code == 201


def test_a_named_person_claims_their_place_by_an_invite(api) -> None:
    person = api.owner.post(api.path("/members"), json={"email": "one@example.org", "role": "editor"}).json()["person"]
    invite = api.owner.post(api.path("/invites"), json={"person": person}).json()["secret"]
    joined = api.bare().post(f"/join/{invite}", json={"name": "One", "password": "correct horse"}).json()
    assert (joined["person"]["id"], joined["projects"][0]["role"]) == (person, "editor")
    session_of(api, {"email": "one@example.org", "password": "correct horse"})


def test_a_token_is_narrowed_and_stored_as_a_hash(api) -> None:
    program = api.owner.post(api.path("/programs"), json={"name": "trainer", "role": "editor"}).json()["person"]
    body = {"name": "read", "person": program, "role": "viewer"}
    token = api.owner.post(api.path("/tokens"), json=body).json()
    client = api.bare({"authorization": f"Bearer {token['secret']}"})
    assert client.get("/me").json()["projects"][0]["role"] == "viewer"
    assert client.get(api.path("/members")).status_code == 200
    assert client.post(api.path("/members"), json={"email": "x@example.org"}).status_code == 403
    assert client.post(api.path("/tokens"), json={"name": "more"}).json()["type"] == "token-from-token"
    other = api.owner.post("/projects", json={"name": "other"}).json()["id"]
    assert client.get(f"/projects/{other}").status_code == 404
    with api.store.db.transaction(0) as tx:
        assert tx.value(bytes, "select hash from token where id = %(id)s", id=token["id"]) == secrets.digest(
            token["secret"]
        )
    assert "secret" not in api.owner.get(api.path("/tokens")).text.replace('"secret":null', "")


def test_a_token_expires_and_can_be_revoked(api, move_clock) -> None:
    client, person = api.member("viewer")
    token = api.owner.get(api.path("/tokens")).json()[0]
    assert token["person"] == person
    assert api.owner.delete(api.path(f"/tokens/{token['id']}")).status_code == 204
    assert client.get(api.path()).status_code == 401
    other, _ = api.member("viewer")
    move_clock(dt.timedelta(days=91))
    api.app.state.standings.forget()
    assert other.get(api.path()).status_code == 401


def test_losing_access_elsewhere_is_noticed_within_two_seconds(api, monkeypatch: pytest.MonkeyPatch) -> None:
    client, person = api.member("annotator")
    assert client.get(api.path()).status_code == 200
    with api.store.db.transaction(api.project) as tx:  # as another process would
        people.remove_member(tx, person)
    assert client.get(api.path()).status_code == 200
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + KEEP_SECONDS + 0.01)
    assert client.get(api.path()).status_code == 401
    assert KEEP_SECONDS < 2


def test_a_remembered_standing_asks_no_database(api, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = api.member("annotator")
    assert client.get(api.path()).status_code == 200
    asked: list[str] = []
    monkeypatch.setattr(Standings, "_look_up", lambda self, secret, project: asked.append(secret))
    assert client.get(api.path()).status_code == 200
    assert asked == []


def test_an_unknown_token_is_refused(api) -> None:
    with pytest.raises(CredentialUnusable):
        Standings(api.store.db).of("pst_unknown", api.project)


def test_the_same_key_and_request_are_done_once(api) -> None:
    headers = {"idempotency-key": "k1"}
    answers = [api.owner.post(api.path("/teams"), json={"name": "a"}, headers=headers) for _ in range(3)]
    assert {(a.status_code, a.text, a.headers["etag"]) for a in answers} == {(201, answers[0].text, '"1"')}
    assert [a.headers.get("idempotency-replayed") for a in answers] == [None, "true", "true"]
    other = api.owner.post(api.path("/teams"), json={"name": "b"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "key-reused")
    assert api.client("admin").post(api.path("/teams"), json={"name": "b"}, headers=headers).status_code == 201
    assert api.owner.post(api.path("/teams"), json={"name": "c"}, headers={"idempotency-key": ""}).status_code == 422


def test_a_refused_request_may_be_sent_again_under_its_key(api) -> None:
    headers = {"idempotency-key": "k2"}
    body = {"name": "later", "members": [1]}
    assert api.owner.post(api.path("/teams"), json={"name": "t", "members": [9999]}, headers=headers).status_code == 422
    assert api.owner.post(api.path("/teams"), json=body, headers=headers).status_code == 201


def test_the_same_key_at_the_same_moment_is_done_once(api) -> None:
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(api.owner.post(api.path("/teams"), json={"name": "race"}, headers={"idempotency-key": "k3"}))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(a.status_code, a.json()["id"]) for a in answers} == {(201, answers[0].json()["id"])}
    assert [t["name"] for t in api.owner.get(api.path("/teams")).json()] == ["race"]


def test_answers_are_forgotten_after_a_day(api, drain, move_clock) -> None:
    api.owner.post(api.path("/teams"), json={"name": "a"}, headers={"idempotency-key": "old"})
    move_clock(dt.timedelta(hours=25))
    with api.store.db.transaction(0) as tx:
        jobs.later(tx, "people.tidy")
    drain()
    with api.store.db.transaction(0) as tx:
        assert tx.value(int, "select count(*) from answered") == 0


def test_messages_arrive_are_listed_and_read(api, wrote) -> None:
    client, person = api.member("annotator")
    with wrote(api.project) as written, api.store.db.transaction(api.project) as tx:
        people.notify(tx, [person], "one", "text", "/tasks")
        people.notify(tx, [person, 1], "two")
    assert written.kinds == ["inbox.message_sent"] * 3
    page = client.get("/inbox", params={"limit": 1}).json()
    assert [m["subject"] for m in page["items"]] == ["two"]
    rest = client.get("/inbox", params={"limit": 1, "after": page["next"]}).json()
    assert [m["subject"] for m in rest["items"]] == ["one"]
    assert client.get("/me").json()["unread"] == 2
    assert client.post(f"/inbox/{rest['items'][0]['id']}/read").status_code == 204
    assert [m["subject"] for m in client.get("/inbox", params={"unread": True}).json()["items"]] == ["two"]
    assert client.get("/inbox", params={"after": "nonsense"}).status_code == 422
