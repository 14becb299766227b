"""HTTP of connections. Making and changing one needs the permission `connections`; secrets go in and never come out."""

from typing import Annotated

from fastapi import APIRouter, Depends

from penstock.connections import kinds, verbs
from penstock.connections.model import ConnectionChange, ConnectionShown, NewConnection, Rotation, TrialShown
from penstock.lazy_route import LazyRoute
from penstock.people.http import Caller, may
from penstock.store import Transaction

router = APIRouter(prefix="/projects/{project}/connections", tags=["connections"], route_class=LazyRoute)

Viewer = Annotated[Caller, Depends(may("viewer"))]
Engineer = Annotated[Caller, Depends(may("editor", connections=True))]


@router.get("")
def list_connections(who: Viewer) -> list[ConnectionShown]:
    """The project's connections, without their secrets."""
    return who.read(verbs.list_connections)


@router.post("", status_code=201)
def create_connection(body: NewConnection, who: Engineer) -> ConnectionShown:
    """Make a connection. A webhook's signing secret is made when none is given, and shown this once."""
    return who.do(lambda tx: verbs.create_connection(tx, body, who.store.key, who.store.settings))


@router.get("/{connection}")
def get_connection(connection: int, who: Viewer) -> ConnectionShown:
    """One connection, without its secrets."""
    return who.read(lambda tx: verbs.get_connection(tx, connection))


@router.patch("/{connection}")
def change_connection(connection: int, body: ConnectionChange, who: Engineer) -> ConnectionShown:
    """Change a connection. Secrets that are not given stay."""

    def work(tx: Transaction) -> ConnectionShown:
        who.if_match(verbs.lock_connection(tx, connection).edition)
        return verbs.change_connection(tx, connection, body, who.store.key, who.store.settings)

    return who.do(work)


@router.post("/{connection}/rotate")
def rotate_secret(connection: int, body: Rotation, who: Engineer) -> ConnectionShown:
    """Replace a secret. Deliveries are signed by both until the old one's time is over."""
    return who.do(lambda tx: verbs.rotate_secret(tx, connection, body, who.store.key, who.store.settings))


@router.post("/{connection}/test")
def test_connection(connection: int, who: Engineer) -> TrialShown:
    """Try a connection out, changing nothing outside."""
    opened = who.read(lambda tx: verbs.open_connection(tx, connection, who.store.key))
    trial = kinds.kind_of(opened.kind).test(opened, who.store.settings)
    shown = TrialShown(works=trial.works, detail=trial.detail)

    def work(tx: Transaction) -> TrialShown:
        verbs.record_test(tx, connection, trial)
        return shown

    return who.do(work)
