"""HTTP of exports: ask for one, watch it, fetch it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse, Response, StreamingResponse

from penstock import formats
from penstock.core import NotFound, Page, Value
from penstock.export import destination, verbs
from penstock.export.following import Follower
from penstock.export.model import DownloadElsewhere, Export, ExportNotReady, NewExport
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may

router = APIRouter(prefix="/projects/{project}", tags=["exports"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]

_TYPES = {"zip": "application/zip", "tar": "application/x-tar"}


class FormatOffered(Value):
    """A format that exports can be written in."""

    name: str
    title: str


@router.get("/formats", dependencies=[Depends(may("viewer"))])
def list_formats() -> list[FormatOffered]:
    """The formats that this server writes and reads, by name and as people call them."""
    return [FormatOffered(name=one.name, title=one.title) for one in formats.FORMATS]


@router.get("/exports", response_model=Page[Export])
def list_exports(
    who: Viewer, after: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Page[Export]:
    """Exports, the newest first."""
    return who.read(lambda tx: verbs.list_(tx, after, limit))


@router.post("/exports", response_model=Export, status_code=201)
def start_export(body: NewExport, who: Editor) -> Export:
    """Ask for an export of a version, or of a dataset as it is or was; a job makes it. Writes `export.started`."""
    destination.check_folder(who.store.settings, body.to)
    return who.do(lambda tx: verbs.start(tx, body))


@router.get("/exports/{export}", response_model=Export)
def get_export(export: int, who: Viewer) -> Export:
    """One export, and how far it is."""
    return who.read(lambda tx: verbs.get(tx, export))


@router.post("/exports/{export}/cancel", response_model=Export)
def cancel_export(export: int, who: Editor) -> Export:
    """Call an export off; nothing of it is left. Writes `export.cancelled`."""
    return who.do(lambda tx: verbs.cancel(tx, export))


@router.get("/exports/{export}/download", response_class=FileResponse)
def download_export(export: int, who: Viewer, follow: bool = False) -> Response:
    """The archive of an export that was asked for without a destination. Ranges are served, so it can be resumed.

    With `follow`, one that isn't ready is sent while it is being made, in pieces and without its length; the connection
    breaks off when it fails or is called off.
    """
    found = who.read(lambda tx: verbs.get(tx, export))
    name = f"export-{export}.{found.pack}"
    if follow and found.to is None and not found.is_ended:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        pieces = Follower(who.store, who.project, found).pieces()
        return StreamingResponse(pieces, media_type=_TYPES[found.pack], headers=headers)
    if found.state != "ready":
        raise ExportNotReady(id=export, state=found.state)
    if found.to is not None:
        raise DownloadElsewhere(id=export, uri=found.uri)
    path = destination.path_of(who.store, who.project, found)
    if not path.is_file():
        raise NotFound(what="download of export", name=export)
    return FileResponse(path, media_type=_TYPES[found.pack], filename=name)
