"""Every error of every route in one shape: RFC 9457 problem+json, with one entry in `errors` per thing wrong."""

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from penstock.core import Invalid, NotFound, Problem, Refusal, TooLarge, Unauthorized, Unavailable
from penstock.people.answered import Replayed

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class RequestInvalid(Invalid):
    """The request is not what this call takes: see `errors`."""


class BodyNotJson(Invalid):
    """The request's body is not JSON: {why} at character {at}."""


class NothingHere(NotFound):
    """There is nothing at {path}. The calls that there are: /api/v1/openapi.json."""


class MethodNotAllowed(Refusal):
    """{path} can't be called with {method}. Use {allowed}."""

    status = 405


class BodyTooLarge(TooLarge):
    """The request's body is larger than the {limit} bytes that this call takes."""


class BadRequest(Refusal):
    """The request could not be read: {why}."""


class ValueUnstorable(Invalid):
    """The request holds a value that can't be stored: {why}."""


class DatabaseUnreachable(Unavailable):
    """The database can't be reached just now. Nothing was changed, or not acknowledged; send the request again."""


class ServerFault(Refusal):
    """The server failed at this request, and it is not your doing. Its log says more under {incident}."""

    status = 500


def answer(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    more = dict(headers or {})
    if isinstance(refusal, Unauthorized):
        more["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, Unavailable):
        more.setdefault("Retry-After", "1")
    try:
        body = msgspec.json.encode(refusal.problem())
    except UnicodeEncodeError:  # half a character, as a request may quote it: only escaped is it JSON
        body = json.dumps(refusal.problem(), default=msgspec.to_builtins).encode()
    return Response(body, status_code=refusal.status, headers=more, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Give an app the one shape."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def told(request: Request, error: Exception) -> Response:
    """What an app with this shape answers, but for faults, which are raised again."""
    for kind in type(error).__mro__:
        if kind is not Exception and (handler := _HANDLERS.get(kind)) is not None:
            return await handler(request, error)
    raise error


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return answer(error)


async def _replayed(_: Request, error: Exception) -> Response:
    assert isinstance(error, Replayed)
    headers = {"Idempotency-Replayed": "true"}
    told: Any = msgspec.json.decode(error.body)
    if isinstance(told, dict) and "edition" in told:
        headers["ETag"] = f'"{told["edition"]}"'
    if error.status == 204:
        return Response(status_code=204, headers=headers)
    return Response(error.body, error.status, headers, "application/json")


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found: Sequence[Any] = error.errors()
    if [e["type"] for e in found] == ["json_invalid"]:
        return answer(BodyNotJson(why=found[0]["ctx"]["error"], at=found[0]["loc"][-1]))
    return answer(RequestInvalid(errors=[Problem(at=place(e["loc"]), detail=e["msg"], code=e["type"]) for e in found]))


def place(steps: Sequence[str | int]) -> str:
    """Where in the request: ``changes[3].geometry`` in the body, ``query.limit`` elsewhere."""
    text = ""
    for step in steps[1:] if steps and steps[0] == "body" else steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "body"


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(NothingHere(path=request.url.path))
    if error.status_code == 405:
        headers = error.headers or {}
        allowed = headers.get("Allow", headers.get("allow", "another method"))
        return answer(MethodNotAllowed(path=request.url.path, method=request.method, allowed=allowed), headers)
    if error.status_code == 413:
        return answer(BodyTooLarge(limit=request.scope.get("starlette.max_body_size", "allowed")))
    return answer(BadRequest(why=error.detail or "it is malformed"), error.headers)


async def _database_away(request: Request, error: Exception) -> Response:
    logger.warning("%s %s: the database is away: %s", request.method, request.url.path, error)
    return answer(DatabaseUnreachable())


async def _unstorable(_: Request, error: Exception) -> Response:
    return answer(ValueUnstorable(why=str(error).split("\n")[0].lower() or type(error).__name__))


async def _fault(request: Request, error: Exception) -> Response:
    incident = secrets.token_hex(4)
    logger.error("incident %s in %s %s", incident, request.method, request.url.path, exc_info=error)
    return answer(ServerFault(incident=incident))


_HANDLERS: Mapping[type[Any], Callable[[Request, Exception], Awaitable[Response]]] = {
    Refusal: _refused,
    Replayed: _replayed,
    RequestValidationError: _invalid,
    HTTPException: _http,
    psycopg.OperationalError: _database_away,
    psycopg.InterfaceError: _database_away,
    psycopg.errors.IdleInTransactionSessionTimeout: _database_away,
    psycopg.DataError: _unstorable,
    Exception: _fault,
}
