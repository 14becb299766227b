"""Connections: sealed, never shown, rotated in peace."""

import datetime as dt
import json

import pytest
from standardwebhooks import Webhook

from penstock import connections
from penstock.connections import signing
from penstock.connections.sealing import SecretLocked, seal, unseal
from penstock.core.ids import new_uuid

HOOK = {"name": "trigger", "kind": "webhook", "settings": {"url": "https://receiver.example/hook"}}


@pytest.fixture
def engineer(api):
    return api.client("editor", connections=True)


def test_a_secret_opens_only_in_its_own_place() -> None:
    key = bytes(range(32))
    sealed = seal(key, "s3cret", 1, 2, "secret")
    assert unseal(key, sealed, 1, 2, "secret") == "s3cret"
    assert seal(key, "s3cret", 1, 2, "secret") != sealed
    for place in ((2, 2, "secret"), (1, 3, "secret"), (1, 2, "token")):
        with pytest.raises(SecretLocked):
            unseal(key, sealed, *place)
    with pytest.raises(SecretLocked):
        unseal(bytes(32), sealed, 1, 2, "secret")
    with pytest.raises(SecretLocked):
        unseal(key, "?" + sealed[1:], 1, 2, "secret")


def test_a_secret_is_shown_once_and_stored_sealed(api, engineer, wrote) -> None:
    with wrote(api.project) as written:
        made = engineer.post(api.path("/connections"), json=HOOK)
    assert (made.status_code, written.kinds) == (201, ["connection.created"])
    secret = made.json()["secret"]
    assert signing.check_secret(secret) == secret
    seen = [
        engineer.get(api.path("/connections")).text,
        engineer.get(api.path(f"/connections/{made.json()['id']}")).text,
    ]
    assert all(secret not in text and '"secrets":["secret"]' in text for text in seen)
    with api.store.db.transaction(api.project) as tx:
        rows = tx.values(str, "select row_to_json(c)::text from connection c")
        log = tx.values(str, "select body::text from event")
        assert not any(secret.removeprefix("whsec_") in text for text in rows + log)
        opened = connections.open_connection(tx, made.json()["id"], api.store.key)
    assert opened.secrets == {"secret": secret}
    assert secret not in repr(opened)


def test_a_repeated_request_does_not_show_the_secret_again(api, engineer) -> None:
    headers = {"idempotency-key": "once"}
    first = engineer.post(api.path("/connections"), json=HOOK, headers=headers).json()
    again = engineer.post(api.path("/connections"), json=HOOK, headers=headers).json()
    assert first["secret"]
    assert again == first | {"secret": None}
    with api.store.db.transaction(api.project) as tx:
        kept = tx.values(str, "select body from answered")
    assert not any(first["secret"] in text for text in kept)


def test_only_the_permission_lets_one_make_connections(api) -> None:
    for role in ("admin", "editor", "viewer", "annotator"):
        refused = api.client(role).post(api.path("/connections"), json=HOOK)
        assert refused.status_code == 403
    assert api.client("viewer").get(api.path("/connections")).json() == []
    assert api.client("annotator").get(api.path("/connections")).status_code == 403


def test_rotating_signs_with_both_until_the_old_one_s_time_is_over(api, engineer, wrote, move_clock) -> None:
    made = engineer.post(api.path("/connections"), json=HOOK).json()
    with wrote(api.project) as written:
        rotated = engineer.post(api.path(f"/connections/{made['id']}/rotate"), json={"keep_old_hours": 1}).json()
    assert written.kinds == ["connection.rotated"]
    assert rotated["secret"] not in (None, made["secret"])

    def signers() -> list[str]:
        with api.store.db.transaction(api.project) as tx:
            return connections.secrets_of(connections.open_connection(tx, made["id"], api.store.key))

    assert signers() == [rotated["secret"], made["secret"]]
    move_clock(dt.timedelta(hours=2))
    assert signers() == [rotated["secret"]]


def test_a_stale_edit_is_refused(api, engineer) -> None:
    made = engineer.post(api.path("/connections"), json=HOOK).json()
    path = api.path(f"/connections/{made['id']}")
    changed = engineer.patch(path, json={"name": "other"}, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = engineer.patch(path, json={"name": "third"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "precondition-failed")
    assert engineer.get(path).json()["name"] == "other"


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"kind": "pigeon"}, None),
        ({"settings": {}}, "settings.url"),
        ({"settings": {"url": "https://x.test", "colour": "red"}}, "settings.colour"),
        ({"settings": {"url": "ftp://x.test"}}, None),
        ({"secrets": {"password": "x"}}, None),
        ({"secrets": {"secret": "short"}}, None),
        ({"name": " "}, "name"),
    ],
)
def test_bad_connections_are_refused_and_change_nothing(api, engineer, wrote, change, at) -> None:
    with wrote(api.project) as written:
        refused = engineer.post(api.path("/connections"), json=HOOK | change)
    assert (refused.status_code, written.kinds) == (422, [])
    if at:
        assert [problem["at"] for problem in refused.json()["errors"]] == [at]
    assert engineer.get(api.path("/connections")).json() == []


def test_a_folder_connection_stays_under_the_roots(api, engineer, tmp_path) -> None:
    (tmp_path / "out").mkdir()
    folder = {"name": "lab", "kind": "folder", "settings": {"path": str(tmp_path / "out")}}
    made = engineer.post(api.path("/connections"), json=folder).json()
    tested = engineer.post(api.path(f"/connections/{made['id']}/test")).json()
    assert tested["works"]
    outside = engineer.post(api.path("/connections"), json=folder | {"name": "etc", "settings": {"path": "/etc"}})
    assert (outside.status_code, outside.json()["type"]) == (403, "outside-roots")


def test_testing_a_webhook_sends_nothing_and_says_what_stops_it(api, engineer) -> None:
    made = engineer.post(api.path("/connections"), json=HOOK | {"settings": {"url": "http://127.0.0.1:9/"}}).json()
    tested = engineer.post(api.path(f"/connections/{made['id']}/test")).json()
    assert not tested["works"]
    assert "not a public address" in tested["detail"]


def test_a_signature_is_right_whatever_the_zone_of_its_time() -> None:
    secret, id = signing.new_secret(), str(new_uuid())
    body = json.dumps({"a": "ö"}).encode()
    now = dt.datetime.now(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    headers = signing.sign([signing.new_secret(), secret], id, now, body)
    assert Webhook(secret).verify(body, headers) == {"a": "ö"}
    with pytest.raises(ValueError, match="zone"):
        signing.sign([secret], id, now.replace(tzinfo=None), body)
