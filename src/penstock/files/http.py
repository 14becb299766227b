"""HTTP of files: send, read, describe, and look at their media."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from penstock.core import NotFound, Page
from penstock.core.ids import FileId
from penstock.files import jobs, probing, serving, verbs, visibility
from penstock.files.model import Described, Duplicates, File, NewFile, Registered, State, Upload, key_fault
from penstock.files.receiving import receive
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may
from penstock.people.threads import on_thread
from penstock.store import Store, Transaction

router = APIRouter(prefix="/projects/{project}", tags=["files"], route_class=LazyRoute)

Editor = Annotated[Caller, Depends(may("editor"))]
Viewer = Annotated[Caller, Depends(may("viewer"))]
AnyMember = Annotated[Caller, Depends(may("member"))]
Ordinal = Annotated[int, Path(ge=0, le=100_000)]

_OCTETS = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}}


@router.post("/files", status_code=201, openapi_extra=_OCTETS)
async def add_file(request: Request, who: Editor, key: str, duplicates: Duplicates = "keep") -> Registered:
    """Send one file; the body is its bytes. It is `processing` until it was looked into. Safe to repeat.

    422 when the content is no image or is cut off, 413 when it is too large.
    """
    check_key(key)
    stored = await receive(who.store, request, media=True)
    new = NewFile(key=key, hash=stored.hash, bytes=stored.bytes, duplicates=duplicates)
    return await on_thread(lambda: who.do(lambda tx: verbs.register(tx, new)))


@router.post("/uploads", status_code=201, openapi_extra=_OCTETS)
async def add_upload(request: Request, who: Editor, name: str) -> Upload:
    """Send bytes for an import to come: media, annotations, an archive or a manifest. `name` is the path in the set."""
    check_key(name)
    stored = await receive(who.store, request, media=False)
    return await on_thread(lambda: who.do(lambda tx: verbs.keep_upload(tx, name, stored.hash, stored.bytes)))


@router.get("/files")
def list_files(
    who: Viewer,
    after: str | None = None,
    prefix: str = "",
    state: State | None = None,
    q: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page[File]:
    """The project's files in the order of their keys; with `q`, those that a query finds."""
    if q is not None:
        if prefix:
            raise verbs.PrefixOrQuery
        return who.read(lambda tx: verbs.found(tx, q, after, state, limit))
    return who.read(lambda tx: verbs.list_(tx, after, prefix, state, limit))


@router.get("/files/named")
def get_file_named(who: Viewer, key: str) -> File:
    """The file that has this key now."""
    found = who.read(lambda tx: verbs.named(tx, key))
    if found is None:
        raise NotFound(what="file", name=key)
    return found


@router.get("/files/{file}")
def get_file(who: AnyMember, file: int) -> File:
    return _visible(who, file)


@router.put("/files/{file}/meta")
def describe_file(who: Editor, file: int, body: Described) -> File:
    """Give a file metadata, in place of what it has."""
    return who.do(lambda tx: verbs.describe(tx, FileId(file), body.meta))


@router.get("/files/{file}/content", response_class=Response)
def get_content(request: Request, who: AnyMember, file: int) -> Response:
    """The bytes as they came. Ranges and If-None-Match are answered."""
    found = _visible(who, file)
    return serving.blob(request, who.store.blobs, found.hash, found.mime or "application/octet-stream", found.key)


@router.get("/files/{file}/thumbnail", response_class=Response)
def get_thumbnail(request: Request, who: AnyMember, file: int) -> Response:
    """A small upright picture of at most 320 pixels. 404 until the file is ready."""
    return _picture(request, who, file, "thumbnail", probing.THUMBNAIL_SIZE, jobs.thumbnail)


@router.get("/files/{file}/rendition", response_class=Response)
def get_rendition(request: Request, who: AnyMember, file: int) -> Response:
    """The picture for a screen, upright, of at most 4096 pixels; what is smaller as it is. 404 until it is ready."""
    return _picture(request, who, file, "rendition", jobs.RENDITION_SIDE, jobs.rendition)


@router.get("/files/{file}/tiles/{column}/{row}", response_class=Response)
def get_tile(request: Request, who: AnyMember, file: int, column: Ordinal, row: Ordinal) -> Response:
    """A piece of a picture of more than 4096 pixels as it is, upright: 2048 x 2048, less at the far edges."""

    def made(store: Store, found: File) -> bytes:
        if (piece := jobs.tile(store, found, column, row)) is None:
            raise NotFound(what="tile", name=f"{column}/{row}")
        return piece

    return _picture(request, who, file, "tile", f"{column}-{row}-{jobs.TILE_SIDE}", made)


def _picture(
    request: Request, who: Caller, file: int, what: str, which: str | int, made: Callable[[Store, File], bytes | None]
) -> Response:
    """A picture derived from a file; the file itself where that is small enough."""
    found = _visible(who, file)
    if found.state != "ready" or found.mime is None:
        raise NotFound(what=f"{what} of file", name=file)
    headers = serving.media_headers(f"{found.hash}-{which}", found.key)
    if known := serving.unchanged(request, headers):
        return known
    picture = made(who.store, found)
    if picture is None:
        return serving.blob(request, who.store.blobs, found.hash, found.mime, found.key)
    return Response(picture, media_type=_mime_of(picture), headers=headers)


def _mime_of(picture: bytes) -> str:
    return "image/webp" if picture.startswith(b"RIFF") else "image/jpeg"


def check_key(key: str) -> None:
    """Refuse a key that no file can have. Raises KeyInvalid."""
    if fault := key_fault(key):
        raise verbs.KeyInvalid(key=key[:200], why=fault)


def _visible(who: Caller, file: int) -> File:
    def find(tx: Transaction) -> File:
        sees_all = who.standing.may("viewer")
        if sees_all or any(sees(tx, file, who.person) for sees in visibility.visible_to):
            return verbs.get(tx, file)
        raise NotFound(what="file", name=file)

    return who.read(find)
