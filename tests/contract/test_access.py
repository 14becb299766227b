"""Every route x every role: who comes through is what the route declares, and what it declares is written down here."""

import re
from collections.abc import Iterator
from functools import cache

import httpx
import pytest

from penstock.people.caller import May
from penstock.server.access import Access, calls
from penstock.server.app import PREFIX, ROUTERS

STOPPED = {"not-signed-in", "credential-unusable", "role-lacking", "permission-lacking", "owner-needed"}

ANYBODY = {
    ("GET", "/api/v1/health"),
    ("POST", "/api/v1/sign-in"),
    ("GET", "/api/v1/join/{secret}"),
    ("POST", "/api/v1/join/{secret}"),
}
"""The only calls that ask for no credential. Each is here for a reason one can name."""

ANNOTATORS_MAY_CHANGE = re.compile(
    r"/projects/\{project\}/(attempts|tasks|templates/\{template\}/(next|reservations)|tokens)(/|$)"
)


def address(call: Access, project: int) -> str:
    """The route's path in a real project, with parts of it that name nothing."""
    path = call.path.removeprefix("/api/v1").replace("{project}", str(project))
    return re.sub(r"\{\w+\}", "987654", path)


def send(client: httpx.Client, call: Access, project: int) -> httpx.Response:
    params = {"project": project} if call.path == "/api/v1/events" else {}
    body = {} if call.method in ("POST", "PUT", "PATCH") else None
    return client.request(call.method, address(call, project), json=body, params=params)


def stopped(answer: httpx.Response) -> bool:
    return answer.status_code in (401, 403) and answer.json()["type"] in STOPPED


def answered_by_streaming(call: Access) -> bool:
    """Live events never end, so only refusals of them can be asked for here."""
    return call.path == "/api/v1/events"


@cache
def every_call() -> list[Access]:
    return list(calls(ROUTERS, PREFIX))


def test_a_credential_is_asked_for_everywhere_else() -> None:
    assert {(c.method, c.path) for c in every_call() if c.needs is None} == ANYBODY


def test_calls_inside_a_project_ask_for_a_role_in_it() -> None:
    assert [c.path for c in every_call() if "{project}" in c.path and not isinstance(c.needs, May)] == []


def test_annotators_and_viewers_change_nothing_but_their_own_work() -> None:
    changing = [c for c in every_call() if isinstance(c.needs, May) and c.method != "GET" and not _only_reads(c)]
    for call in changing:
        assert call.needs.need != "viewer", call
        if call.lets("annotator"):
            assert ANNOTATORS_MAY_CHANGE.search(call.path), call


def _only_reads(call: Access) -> bool:
    return call.path.endswith("/queries/read")


def test_only_the_permission_reaches_credentials() -> None:
    changing = [c for c in every_call() if "/connections" in c.path and c.method != "GET"]
    assert changing
    assert all(isinstance(c.needs, May) and c.needs.connections for c in changing)


@pytest.mark.parametrize("role", ["admin", "editor", "annotator", "viewer", "engineer"])
def test_a_member_comes_through_exactly_where_their_role_allows(api, role: str) -> None:
    connections = role == "engineer"
    role = "editor" if connections else role
    wrong: list[str] = []
    for call in every_call():
        expected = call.lets(role, connections)
        if expected and answered_by_streaming(call):
            continue
        client, _ = (api.client(role, connections), 0) if call.path != "/api/v1/sign-out" else api.member(role)
        answer = send(client, call, api.project)
        if expected == stopped(answer):
            wrong.append(f"{call.method} {call.path} ({call.word}): {answer.status_code} {answer.text[:120]}")
    assert wrong == []


def test_nobody_comes_through_without_a_credential(api) -> None:
    for client in (
        api.bare(),
        api.bare({"authorization": "Bearer pst_guess"}),
        api.bare({"authorization": "Basic eDp5"}),
    ):
        for call in every_call():
            if call.needs is not None:
                answer = send(client, call, api.project)
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), call


def test_a_project_is_not_there_for_those_who_are_not_in_it(api) -> None:
    """Its routes answer as if there were no such project, whatever role one has in another."""
    other = api.owner.post("/projects", json={"name": "other"}).json()["id"]
    admin = api.client("admin", connections=True)
    for call in every_call():
        if isinstance(call.needs, May):
            answer = send(admin, call, other)
            assert (answer.status_code, answer.json()["detail"].startswith("There is no project")) == (404, True), call


@pytest.fixture
def answers(api) -> Iterator[httpx.Response]:
    """Errors of every route: nonsense in its path, body and query, by somebody who may do everything."""

    def every() -> Iterator[httpx.Response]:
        for call in every_call():
            if call.path == "/api/v1/sign-out":
                continue
            if not answered_by_streaming(call):
                yield send(api.owner, call, api.project)
                yield api.owner.request(
                    call.method,
                    address(call, api.project),
                    content=b'{"n": NaN, "deep": [',
                    headers={"content-type": "application/json"},
                )
            yield api.owner.request("TRACE", address(call, api.project))
            yield api.bare().request(call.method, address(call, api.project).replace(str(api.project), "x", 1))

    return every()


def test_every_error_of_every_route_has_one_shape(answers: Iterator[httpx.Response]) -> None:
    seen = 0
    for answer in answers:
        assert answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.text}"
        if answer.status_code < 400:
            continue
        seen += 1
        assert answer.headers["content-type"] == "application/problem+json", answer.request.url
        told = answer.json()
        assert set(told) == {"type", "title", "status", "detail", "errors"}
        assert told["status"] == answer.status_code
        assert told["detail"].strip()
        assert "{" not in told["detail"].replace("{}", ""), told["detail"]
        for error in told["errors"]:
            assert set(error) == {"at", "detail", "code"}
    assert seen > len(every_call())
