"""The short way through a route that makes its own response, as those do that annotators wait for.

The framework is ready for any route that can be written: it solves trees of dependencies, keeps stacks of what is to be
closed, and wraps each call twice more. Ours take a caller, values of the path and the query, and at most one body of
JSON (decision 0026). What is wrong with a request isn't said here: such a request goes the framework's way.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import iscoroutinefunction
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Protocol, Union, get_args, get_origin, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Message, Receive

from penstock.people.caller import May, SignedIn
from penstock.people.threads import on_thread
from penstock.server import errors

_SCALARS = frozenset({int, float, str, bool, NoneType})


class _Field(Protocol):
    """A parameter, as the framework describes it."""

    name: str
    field_info: Any

    @property
    def alias(self) -> str: ...
    def get_default(self) -> Any: ...
    def validate(self, value: Any, /) -> tuple[Any, Sequence[Any]]: ...


class _Unusual(Exception):
    """The request isn't what the route takes."""


class _Need(NamedTuple):
    """Who may call, and the parameter that says who does."""

    name: str | None
    need: May | SignedIn
    path: Sequence[_Field]


class Shortcut:
    """How one route is called."""

    @classmethod
    def through(cls, route: BaseRoute) -> "Shortcut | None":
        """The short way through a route; None where it takes more, or leaves its response to the framework."""
        if not isinstance(route, APIRoute) or not _makes_response(route.endpoint):
            return None
        takes = route.dependant
        needs = [need for inner in takes.dependencies if (need := _need(inner)) is not None]
        is_other = takes.header_params or takes.cookie_params or takes.response_param_name
        if is_other or takes.background_tasks_param_name or len(needs) < len(takes.dependencies):
            return None
        bodies = [field for field in takes.body_params if _is_model(field)]
        if len(takes.body_params) > len(bodies[:1]) or not all(map(_is_scalar, takes.query_params)):
            return None
        return cls(route, takes, needs, bodies[0] if bodies else None)

    def __init__(self, route: APIRoute, takes: Dependant, needs: Sequence[_Need], body: _Field | None) -> None:
        self._endpoint = route.endpoint
        self._is_async = iscoroutinefunction(route.endpoint)
        self._needs = needs
        self._path: Sequence[_Field] = takes.path_params
        self._query: Sequence[_Field] = takes.query_params
        self._body = body
        self._request = takes.request_param_name

    async def answer(self, request: Request) -> Response | Receive:
        """What the route answers; or, where the request isn't what it takes, how the framework receives it still.

        Raises what is a fault of ours.
        """
        try:
            values = await self._values(request)
            places = [_values(need.path, request.path_params) for need in self._needs]
            return await self._called(request, values, places)
        except _Unusual:
            return request.receive if self._body is None else _once_more(await request.body())
        except Exception as error:  # noqa: BLE001 (raised again if it is no answer)
            return await errors.told(request, error)

    async def _called(self, request: Request, values: dict[str, Any], places: Sequence[Mapping[str, Any]]) -> Response:
        for (name, need, _), place in zip(self._needs, places, strict=True):
            # What a need puts into a response isn't sent where the route makes its own.
            caller = await need(request, Response(), **place)
            if name is not None:
                values[name] = caller
        call = partial(self._endpoint, **values)
        return await (call() if self._is_async else on_thread(call))

    async def _values(self, request: Request) -> dict[str, Any]:
        values = _values(self._path, request.path_params)
        values |= _values(self._query, request.query_params if request.scope["query_string"] else {})
        if self._body is not None:
            values[self._body.name] = _value(self._body, await _json(request))
        if self._request is not None:
            values[self._request] = request
        return values


def _values(fields: Sequence[_Field], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field.name: _value(field, given[field.alias]) if field.alias in given else _default(field) for field in fields
    }


def _value(field: _Field, given: Any) -> Any:
    value, errors = field.validate(given)
    if errors:
        raise _Unusual
    return value


def _default(field: _Field) -> Any:
    if field.field_info.is_required():
        raise _Unusual
    return field.get_default()


async def _json(request: Request) -> Any:
    try:
        body = await request.body()
        if not body or request.headers.get("content-type") != "application/json":
            raise _Unusual
        return await request.json()
    except ClientDisconnect as gone:
        raise HTTPException(400, "the connection ended before the body did") from gone
    except ValueError as error:
        raise _Unusual from error


def _once_more(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _makes_response(endpoint: Callable[..., Any]) -> bool:
    made = get_type_hints(endpoint).get("return")
    return isinstance(made, type) and issubclass(made, Response)


def _need(inner: Dependant) -> _Need | None:
    others = (inner.dependencies, inner.query_params, inner.header_params, inner.cookie_params, inner.body_params)
    if not isinstance(inner.call, May | SignedIn) or any(others):
        return None
    return _Need(inner.name, inner.call, inner.path_params)


def _is_model(field: _Field) -> bool:
    info = field.field_info
    is_embedded = getattr(info, "embed", None) or info.validation_alias is not None
    return not is_embedded and isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)


def _is_scalar(field: _Field) -> bool:
    info = field.field_info
    kinds = get_args(info.annotation) if get_origin(info.annotation) in (Union, UnionType) else (info.annotation,)
    return info.validation_alias in (None, field.alias) and all(
        kind in _SCALARS or get_origin(kind) is Literal for kind in kinds
    )
