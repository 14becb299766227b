"""HTTP of the server itself: live events, the log page by page, and how the server is."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from penstock.core import Forbidden, Page, Settings, Value
from penstock.engine import FOLLOWERS
from penstock.lazy_route import LazyRoute
from penstock.log import Happening, aside
from penstock.log.event import Setback
from penstock.log.past import back, kinds_of
from penstock.people.caller import credential
from penstock.people.http import Caller, may, owner
from penstock.people.standing import NotSignedIn, Standing
from penstock.server.live import Sees, place, plain, read_after, stream_events
from penstock.server.sight import seen_by
from penstock.store import doctor
from penstock.store.doctor import Finding

router = APIRouter(tags=["server"], route_class=LazyRoute)

AnyMember = Annotated[Caller, Depends(may("member"))]
Viewer = Annotated[Caller, Depends(may("viewer"))]
Admin = Annotated[Caller, Depends(may("admin"))]


class Health(Value):
    """The server answers, and so does its database."""

    status: str = "ok"
    version: str
    uptime_seconds: float
    public_url: str | None = None
    """The address by which people reach the server, for links; when it was told."""
    reach: Literal["machine", "network"]
    """Who can come: this machine alone (the server listens on the loopback, and no other address was told), or more."""


class LoggedEvent(Value):
    """One thing that happened. `seq.n` is its id and its place in the log."""

    project: int
    seq: int
    n: int
    kind: str
    subject: str
    body: dict[str, Any]
    actor: int | None = None
    at: datetime


@router.get("/health")
def get_health(request: Request) -> Health:
    """Whether the server and its database answer. Needs no credential; 503 when the database is away."""
    with request.app.state.store.db.transaction(0) as tx:
        tx.value(int, "select 1")
    settings: Settings = request.app.state.store.settings
    return Health(
        version=request.app.version,
        uptime_seconds=round(time.monotonic() - request.app.state.began, 3),
        public_url=settings.public_url,
        reach="machine" if settings.is_for_this_machine else "network",
    )


@router.get("/doctor")
def examine(who: Annotated[Caller, Depends(owner)]) -> list[Finding]:
    """What is right and wrong with this installation, in plain words. For owners of the installation."""
    return doctor.examine(who.store.settings)


@router.get(
    "/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def follow_events(
    request: Request,
    who: AnyMember,
    kinds: Annotated[str | None, Query(description="Only these kinds, with commas between.")] = None,
    after: Annotated[str | None, Query(description="Begin behind this event; else with what happens next.")] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """The project's events as they happen, as server-sent events: `id` is `seq.n`, `data` one event as JSON.

    Nothing is skipped or repeated: come back with `Last-Event-ID` and it goes on behind that event. Annotators see the
    events of their own work alone. A lost connection is noticed by a comment every 15 s.
    """
    told = last_event_id or after
    begin = place(told) if told else None
    live = request.app.state.live
    events = stream_events(live, who.store.db, who.project, begin, _sight(request, who, kinds))
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@router.get("/projects/{project}/events")
def list_events(
    request: Request,
    who: AnyMember,
    kinds: Annotated[str | None, Query(description="Only these kinds, with commas between.")] = None,
    after: Annotated[str | None, Query(description="Begin behind this event; else with the first.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Page[LoggedEvent]:
    """The project's log, oldest first. The next page begins behind `next`, an event's id.

    Only an empty page has no `next`. A page ends where a revision ends, so it can hold more events than `limit`.
    """
    found = who.read(lambda tx: read_after(tx, place(after or "0.0"), limit=limit))
    last = found[-1] if found else None
    items = [LoggedEvent.model_validate(plain(happening)) for happening in _sight(request, who, kinds)(found)]
    return Page(items=items, next=f"{last.seq}.{last.n}" if last else None)


@router.get("/projects/{project}/activity")
def list_activity(
    who: Viewer,
    kinds: Annotated[
        str | None, Query(description="Only these kinds, with commas between: task.done, task.*, !attempt.saved.")
    ] = None,
    subject: Annotated[str | None, Query(description="Only of this thing, as events name it: dataset:3.")] = None,
    actor: Annotated[int | None, Query(description="Only what this person or program did.")] = None,
    after: Annotated[str | None, Query(description="Go on behind this event, back in time.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[LoggedEvent]:
    """The project's log, newest first. A page of one person's events may be short: go on while there is a `next`."""
    wanted = kinds_of(kind.strip() for kind in kinds.split(",") if kind.strip()) if kinds else None
    found = who.read(lambda tx: back(tx, place(after) if after else None, wanted, subject, actor, limit))
    items = [LoggedEvent.model_validate(plain(happening)) for happening in found.events]
    return Page(items=items, next=f"{found.before[0]}.{found.before[1]}" if found.before else None)


@router.get("/projects/{project}/setbacks")
def list_setbacks(
    who: Viewer, after: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> Page[Setback]:
    """Events that followers of the log set aside because they couldn't take them, the newest first, and what became of
    them. The status tells also which followers stand still.
    """
    return who.read(lambda tx: aside.list_(tx, after, limit))


@router.get("/projects/{project}/setbacks/{setback}")
def get_setback(setback: int, who: Viewer) -> Setback:
    """One setback."""
    return who.read(lambda tx: aside.get(tx, setback))


@router.post("/projects/{project}/setbacks/{setback}/replay")
def replay_setback(setback: int, who: Admin) -> Setback:
    """Give events that were set aside to their follower again, all at once. Safe to repeat: it takes them once.

    Writes `setback.replayed` and what follows from the events. Where it fails again the answer says why, and they stay.
    """
    try:
        return who.do(lambda tx: aside.replay(tx, FOLLOWERS, setback))
    except aside.ReplayFailed as failed:
        who.store.db.perform(lambda tx, failed=failed: aside.stays(tx, setback, failed), who.project, who.person)
        raise


@router.post("/projects/{project}/setbacks/{setback}/dismiss")
def dismiss_setback(setback: int, who: Admin) -> Setback:
    """Tell of a setback no more; what should have followed from its events does not. Safe to repeat. Writes
    `setback.dismissed`.
    """
    return who.do(lambda tx: aside.dismiss(tx, setback))


def _sight(request: Request, who: Caller, kinds: str | None) -> Sees:
    """What this caller may see, asked anew for each batch: access can be taken away while a stream is open."""
    wanted = kinds_of(kind.strip() for kind in kinds.split(",") if kind.strip()) if kinds else None
    found = credential(request)
    if found is None:
        raise NotSignedIn
    secret = found[0]

    def sees(batch: Sequence[Happening]) -> Sequence[Happening]:
        standing: Standing = request.app.state.standings.of(secret, who.project)
        if standing.role is None:
            raise SightLost
        chosen = [h for h in batch if wanted is None or h.kind in wanted]
        return seen_by(who.store.db, standing, chosen) if chosen else []

    return sees


class SightLost(Forbidden):
    """You may not see this project's events any more."""
