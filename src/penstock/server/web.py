"""Serves the web app: its one page for every address that people see, and the files that the page loads.

`web/build.py` builds the app into the folder beside this module. Without it the API works, and `/` says what to do.
"""

import secrets
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from penstock.server import errors

router = APIRouter(include_in_schema=False)

FOLDER = Path(str(files("penstock.server") / "web"))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; font-src 'self';"
    " img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".md": "text/markdown; charset=utf-8",
    ".wasm": "application/wasm",
}
FOR_EVER = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Penstock</title>
<h1>The web app is not built</h1>
<p>This server runs from a checkout whose web app was never built. In that checkout, <code>make web</code> builds it;
then load this page again. An installed package carries it.</p>
<p>All else works: the command line, the Python client, and the API at
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p></html>
"""


@router.api_route("/assets/{name}", methods=["GET", "HEAD"])
def get_asset(name: str, request: Request) -> Response:
    """A file whose name holds a hash of its bytes: it never changes."""
    return _file(request, f"assets/{name}", FOR_EVER)


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def get_page(path: str, request: Request) -> Response:
    """The app's page. What the app doesn't know either is told by the app to people, and by a 404 to programs."""
    if path in ("icon.svg", "licences.md"):
        return _file(request, path, "no-cache")
    known = path.split("/", maxsplit=1)[0] in ("", "sign-in", "join", "start", "p", "tasks", "inbox", "you")
    if not known and "text/html" not in request.headers.get("accept", ""):
        return errors.answer(errors.NothingHere(path=f"/{path}"))
    try:
        page = (FOLDER / "index.html").read_text()
    except FileNotFoundError:
        return HTMLResponse(NOT_BUILT, 503, {"Cache-Control": "no-store"})
    nonce = secrets.token_urlsafe(16)
    headers = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
    return HTMLResponse(page.replace("__NONCE__", nonce), 200 if known else 404, headers)


def _file(request: Request, name: str, caching: str) -> Response:
    file = FOLDER / name
    if name not in _names(FOLDER) or name.startswith(".") or not file.is_file():
        _names.cache_clear()  # the app may have been built anew
        if name not in _names(FOLDER):
            return errors.answer(errors.NothingHere(path=f"/{name}"))
    kind = _KINDS.get(file.suffix, "application/octet-stream")
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    packed = f"{name}.gz"
    if packed in _names(FOLDER) and "gzip" in request.headers.get("accept-encoding", ""):
        file, headers["Content-Encoding"] = FOLDER / packed, "gzip"
    return FileResponse(file, headers=headers, media_type=kind)


@lru_cache(1)
def _names(folder: Path) -> frozenset[str]:
    """What was built. Only these are served, whatever a path says."""
    return frozenset(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
