"""HTTP of imports: start, watch, stop; and sending one file straight into a dataset."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from penstock import files
from penstock.core import Page
from penstock.files import Duplicates, NewFile
from penstock.files.http import check_key
from penstock.files.receiving import receive
from penstock.ingest import sources, verbs
from penstock.ingest.model import Added, Import, ItemReport, ItemState, NewImport
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may
from penstock.people.threads import on_thread
from penstock.store import Transaction

router = APIRouter(prefix="/projects/{project}", tags=["ingest"], route_class=LazyRoute)

Editor = Annotated[Caller, Depends(may("editor"))]
Viewer = Annotated[Caller, Depends(may("viewer"))]

_OCTETS = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}}


@router.post("/imports", status_code=201)
def start_import(body: NewImport, who: Editor) -> Import:
    """Begin an import. Follow it by GET, or by the events `import.progress` and `import.finished`."""
    ids = sources.uploads_of(body)
    uploads = who.read(lambda tx: files.uploads(tx, ids))
    sources.check(who.store, body, uploads)
    return who.do(lambda tx: verbs.start(tx, body))


@router.get("/imports")
def list_imports(
    who: Viewer,
    after: str | None = None,
    dataset: int | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[Import]:
    """Imports, newest first."""
    return who.read(lambda tx: verbs.list_(tx, after, dataset, limit))


@router.get("/imports/{run}")
def get_import(who: Viewer, run: int) -> Import:
    """How far an import is."""
    return who.read(lambda tx: verbs.get(tx, run))


@router.get("/imports/{run}/items")
def list_items(
    who: Viewer,
    run: int,
    after: str | None = None,
    state: ItemState | None = None,
    troubled: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Page[ItemReport]:
    """What became of each item; `troubled` lists only those that failed or have problems."""
    return who.read(lambda tx: verbs.items(tx, run, after, state, troubled, limit))


@router.post("/imports/{run}/cancel")
def cancel_import(who: Editor, run: int) -> Import:
    """Stop an import. What came in stays."""
    return who.do(lambda tx: verbs.cancel(tx, run))


@router.post("/datasets/{dataset}/upload", status_code=201, openapi_extra=_OCTETS)
async def add_file_to_dataset(
    request: Request, who: Editor, dataset: int, key: str, duplicates: Duplicates = "keep"
) -> Added:
    """Send one file straight into a dataset; the body is its bytes. Watching templates get it when it is ready."""
    check_key(key)
    stored = await receive(who.store, request, media=True)
    new = NewFile(key=key, hash=stored.hash, bytes=stored.bytes, duplicates=duplicates)

    def add(tx: Transaction) -> Added:
        return verbs.add_file(tx, dataset, new)

    return await on_thread(lambda: who.do(add))
