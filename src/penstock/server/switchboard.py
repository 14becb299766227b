"""Leads a request to its route. It remembers where paths of the same shape led.

Matching some 130 patterns in turn, twice, took 0.8 ms of each save: more than all else before the verb.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from penstock.server.shortcut import Shortcut

MOST_REMEMBERED = 1000
"""Shapes, not paths: there are a few hundred, unless somebody makes up names."""

_NUMBER = re.compile(r"\d+")


class _Way(NamedTuple):
    route: BaseRoute
    shortcut: Shortcut | None


class Switchboard(APIRouter):
    """The routes of some routers as one flat list. Mount it, and put an `Ahead` of it before the app."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        super().__init__()
        self.routes.extend(route for router in routers for route in router.routes)
        # Paths that differ only in their numbers must lead to one route.
        assert not any(re.search(r"\d(?![^{]*})", getattr(route, "path", "")) for route in self.routes)
        self._remembered: dict[tuple[str, str], _Way] = {}

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        known = self.known(scope) if scope["type"] == "http" else None
        if known is not None:
            match, child_scope = known.route.matches(scope)
            if match == Match.FULL:
                scope.update(child_scope)
                await known.route.handle(scope, receive, send)
                return
        try:
            await super().app(scope, receive, send)
        finally:
            route = scope.get("route")
            if isinstance(route, BaseRoute) and len(self._remembered) < MOST_REMEMBERED:
                self._remembered[_shape(scope)] = _Way(route, Shortcut.through(route))

    def known(self, scope: Scope) -> _Way | None:
        """Where a request of this shape led."""
        return self._remembered.get(_shape(scope))


class Ahead:
    """Middleware: takes the shortcut, past the app's own routing, where one is known for requests of this shape."""

    def __init__(self, app: ASGIApp, board: Switchboard, prefix: str) -> None:
        self._app = app
        self._board = board
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self._board.known(scope) if scope["type"] == "http" and not scope["root_path"] else None
        if known is not None and known.shortcut is not None:
            inner = {**scope, "root_path": self._prefix, "app_root_path": ""}
            match, child_scope = known.route.matches(inner)
            if match == Match.FULL:
                inner.update(child_scope)
                answered = await known.shortcut.answer(Request(inner, receive))
                if isinstance(answered, Response):
                    await answered(inner, receive, send)
                    return
                receive = answered
        await self._app(scope, receive, send)


def _shape(scope: Scope) -> tuple[str, str]:
    return scope["method"], _NUMBER.sub("0", scope["path"])
