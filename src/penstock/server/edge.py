"""What stands around the whole app: how large a body may be, and the headers that tell browsers what not to do.

Plain ASGI, because it is passed by every save of an annotator.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penstock.server.errors import BodyTooLarge, answer

JSON_LIMIT_BYTES = 64 * 1024 * 1024
"""The largest JSON body. Bytes of media and annotation files go as they are, up to the setting `upload_limit_bytes`."""

_HEADERS: tuple[tuple[str, str], ...] = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
)


class Edge:
    """Middleware: limits of size, and security headers where a route set none of its own."""

    def __init__(self, app: ASGIApp, upload_limit_bytes: int) -> None:
        self._app = app
        self._upload_limit = upload_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope)
        if limit is not None:
            length = Headers(scope=scope).get("content-length", "")
            if length.isdigit() and int(length) > limit:
                await answer(BodyTooLarge(limit=limit))(scope, receive, send)
                return
            receive = _counted(receive, limit)
        await self._app(scope, receive, _with_headers(send))

    def _limit(self, scope: Scope) -> int | None:
        if scope["method"] in ("GET", "HEAD", "DELETE", "OPTIONS"):
            return JSON_LIMIT_BYTES
        kind = Headers(scope=scope).get("content-type", "")
        return JSON_LIMIT_BYTES if not kind or "json" in kind else self._upload_limit


def _counted(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413)  # the one error that FastAPI lets through while it reads a body
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            for name, value in _HEADERS:
                headers.setdefault(name, value)
        await send(message)

    return sending
