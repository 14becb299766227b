"""Annotations of files over HTTP: reading any revision, editing outside of tasks, and bringing predictions in."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from penstock.annotations import branches, rows, tables
from penstock.annotations.model import Annotation, decode, decode_changes, encode
from penstock.annotations.predictions import predict
from penstock.core import NotFound
from penstock.lazy_route import LazyRoute
from penstock.people.caller import Caller, may
from penstock.people.threads import on_thread
from penstock.store import Transaction

router = APIRouter(prefix="/projects/{project}", tags=["annotations"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Editor = Annotated[Caller, Depends(may("editor"))]
_JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": {}}}}}
_LIST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}},
    }
}


@router.get("/files/{file}/annotations", responses=_JSON)
def read(who: Viewer, file: int, branch: int | None = None, as_of: int | None = None) -> Response:
    """A file's annotations on a branch (main unless given), as of a revision (the present one unless given)."""

    def annotations(tx: Transaction) -> list[Annotation]:
        found = rows.read(tx, _branch(tx, branch, as_of), file, as_of)
        if not found:
            _file(tx, file)  # one that has some is there
        return found

    return Response(encode(who.read(annotations)), media_type="application/json")


@router.get("/annotations", responses=_JSON)
def glance(
    who: Viewer,
    file: Annotated[list[int], Query(min_length=1, max_length=200)],
    branch: int | None = None,
    as_of: int | None = None,
    most: Annotated[int, Query(ge=1, le=2000)] = 200,
) -> Response:
    """The annotations of several files in one call, of each the first `most`; `more` where it has others."""
    found = who.read(lambda tx: rows.glance(tx, _branch(tx, branch, as_of), file, as_of, most))
    return Response(encode(found), media_type="application/json")


@router.get("/files/{file}/annotations/history")
def history(who: Viewer, file: int, branch: int | None = None) -> list[tables.Change]:
    """Every state that a file's annotations ever had on a branch (main unless given), oldest first; of a fork, those
    that it began with too.
    """

    def read(tx: Transaction) -> list[tables.Change]:
        line = branches.get(tx, _branch(tx, branch))
        return tables.select_history(tx, branches.levels(tx, line), _file(tx, file))

    return who.read(read)


@router.post("/files/{file}/annotations", responses=_JSON, openapi_extra=_LIST)
async def edit(who: Editor, file: int, request: Request, branch: int | None = None) -> Response:
    """Change a file's annotations outside any task, on the main branch or a fork's: all of the changes or none."""
    changes = decode_changes(decode(await request.body(), list[msgspec.Raw]))

    def verb(tx: Transaction) -> list[Annotation]:
        return rows.edit(tx, _file(tx, file), changes, branch)

    made = await on_thread(lambda: who.store.db.perform(verb, who.project, who.person))
    return Response(encode(made), media_type="application/json")


@router.get("/predictions")
def list_predictions(who: Viewer) -> list[tables.Branch]:
    """Branches of models' predictions."""
    return who.read(tables.list_predictions)


@router.put("/predictions/{name}/files/{file}", responses=_JSON, openapi_extra=_LIST)
async def put_predictions(who: Editor, name: str, file: int, request: Request) -> Response:
    """Make a model's predictions for a file these, each with a confidence. Safe to repeat."""
    predicted = decode(await request.body(), list[Annotation])

    def verb(tx: Transaction) -> list[Annotation]:
        return predict(tx, name, _file(tx, file), predicted)

    made = await on_thread(lambda: who.store.db.perform(verb, who.project, who.person))
    return Response(encode(made), media_type="application/json")


def _branch(tx: Transaction, branch: int | None, as_of: int | None = None) -> int:
    found = branches.main(tx) if branch is None else branches.get(tx, branch).id
    if as_of is not None:
        branches.check_revision(tx, found, as_of)
    return found


def _file(tx: Transaction, file: int) -> int:
    if not tables.file_exists(tx, file):
        raise NotFound(what="file", name=file)
    return file
