"""Media as HTTP answers: ranges, ETags, and headers that keep a hostile file from doing anything but being shown."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from penstock.core import Refusal
from penstock.store.blobs import Blobs

_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_AT_ONCE = 1 << 20


class RangeUnsatisfiable(Refusal):
    """The range {asked!r} lies outside of the {size:,} bytes."""

    status = 416


def media_headers(etag: str, name: str) -> dict[str, str]:
    """Headers of every answer with media. Bytes under an id never change, so they may be kept; only by this person."""
    return _SAFE | {
        "ETag": f'"{etag}"',
        "Cache-Control": "private, max-age=86400, immutable",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name.rsplit('/', 1)[-1], safe='')}",
    }


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """304 when the caller has these bytes already."""
    held = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in held.split(",")}
    return Response(status_code=304, headers=dict(headers)) if headers["ETag"] in tags or held == "*" else None


def blob(request: Request, blobs: Blobs, hash: str, mime: str, name: str) -> Response:
    """A blob, whole or the one range that was asked for. Raises RangeUnsatisfiable, BlobMissing."""
    headers = media_headers(hash, name) | {"Accept-Ranges": "bytes"}
    if known := unchanged(request, headers):
        return known
    size = blobs.size(hash)
    start, end, status = 0, size, 200
    if asked := _asked(request, headers["ETag"]):
        start, end = _span(asked, size)
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if end - start <= _AT_ONCE:
        body = b"".join(blobs.stream(hash, start, end))
        return Response(body, status_code=status, media_type=mime, headers=headers)
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(blobs.stream(hash, start, end), status_code=status, media_type=mime, headers=headers)


def _asked(request: Request, etag: str) -> str | None:
    """The single range that was asked for. Several at once, or of another content, get the whole."""
    asked = request.headers.get("range")
    unless = request.headers.get("if-range")
    if asked is None or (unless is not None and unless != etag):
        return None
    found = _RANGE.fullmatch(asked.strip())
    return asked.strip() if found and (found[1] or found[2]) else None


def _span(asked: str, size: int) -> tuple[int, int]:
    first, last = asked.removeprefix("bytes=").split("-")
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
    if start >= end:
        raise RangeUnsatisfiable(asked=asked, size=size)
    return start, end
