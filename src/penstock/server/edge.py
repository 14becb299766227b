"""What stands around the whole app: how large a body may be, and the headers that tell browsers what not to do.

Plain ASGI, because it is passed by every save of an annotator.
"""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penstock.server.errors import BodyTooLarge, answer

JSON_LIMIT_BYTES = 64 * 1024 * 1024
"""The largest JSON body. Bytes of media and annotation files go as they are, up to the setting `upload_limit_bytes`."""

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
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
        headers: dict[bytes, bytes] = dict(scope["headers"])
        limit = self._limit(scope["method"], headers.get(b"content-type", b""))
        if limit is not None:
            length = headers.get(b"content-length", b"")
            if length.isdigit() and int(length) > limit:
                await answer(BodyTooLarge(limit=limit))(scope, receive, send)
                return
            receive = _counted(receive, limit)
        await self._app(scope, receive, _with_headers(send))

    def _limit(self, method: str, kind: bytes) -> int | None:
        if method in ("GET", "HEAD", "DELETE", "OPTIONS"):
            return JSON_LIMIT_BYTES
        return JSON_LIMIT_BYTES if not kind or b"json" in kind else self._upload_limit


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
            given = message["headers"]
            names = {name for name, _ in given}
            message["headers"] = [*given, *(header for header in _HEADERS if header[0] not in names)]
        await send(message)

    return sending
