"""HTTP of the schema. Its edition is its version: `If-Match: "7"` refuses an edit when it has moved on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from penstock.core import Page
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may
from penstock.schema import verbs
from penstock.schema.edits import Edit
from penstock.schema.model import Schema
from penstock.schema.tables import SchemaVersion
from penstock.schema.wanted import WantedSchema

router = APIRouter(tags=["schema"], route_class=LazyRoute)

Member = Annotated[Caller, Depends(may("member"))]
Editor = Annotated[Caller, Depends(may("editor"))]


@router.get("/projects/{project}/schema")
def current(who: Member) -> Schema:
    """The project's labels and attributes as they are."""
    return who.read(verbs.current)


@router.put("/projects/{project}/schema")
def replace(body: WantedSchema, who: Editor, prune: bool = True) -> Schema:
    """Make the schema as given, by names. What isn't named is archived, unless `prune=false`."""
    return who.do(lambda tx: verbs.replace(tx, body, prune, who.if_match))


@router.patch("/projects/{project}/schema")
def change(body: list[Edit], who: Editor) -> Schema:
    """Apply edits, by id: all of them or none."""
    return who.do(lambda tx: verbs.change(tx, body, who.if_match))


@router.get("/projects/{project}/schema/versions")
def versions(
    who: Member, after: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[SchemaVersion]:
    """The schema's versions, newest first, each with what it changed."""
    return who.read(lambda tx: verbs.versions(tx, after, limit))


@router.get("/projects/{project}/schema/versions/{version}")
def at(version: int, who: Member) -> Schema:
    """The labels and attributes of one version, such as the one an attempt began with."""
    return who.read(lambda tx: verbs.at(tx, version))
