"""Who is calling, for every room's `http.py`: `Annotated[Caller, Depends(may("editor"))]`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request, Response

from penstock.core import Forbidden, PreconditionFailed
from penstock.people import answered, secrets
from penstock.people.model import Need, Role
from penstock.people.standing import NotSignedIn, Standing, Standings
from penstock.people.threads import on_thread
from penstock.store import Store, Transaction

T = TypeVar("T")

COOKIE = "penstock_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ROLES: dict[Need, str] = {
    "admin": "an admin",
    "editor": "an editor or admin",
    "annotator": "an annotator, editor or admin",
    "viewer": "a viewer, editor or admin",
    "member": "a member",
}


class RoleLacking(Forbidden):
    """This needs {need} of the project; you are {role}. Ask an admin of the project."""


class PermissionLacking(Forbidden):
    """This needs the permission `connections`, because connections hold credentials. Ask an admin of the project."""


class OwnerNeeded(Forbidden):
    """Only an owner of the installation may do this."""


class CsrfTokenWrong(Forbidden):
    """A changing request with a session cookie needs the header X-CSRF-Token with `csrf` from GET /api/v1/me."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The person calling, in the project called, and the ways to do and to read things in their name."""

    store: Store
    standing: Standing
    request: Request
    response: Response
    once: answered.Once | None = None

    @property
    def project(self) -> int:
        return self.standing.project

    @property
    def person(self) -> int:
        return self.standing.person

    @property
    def role(self) -> Role:
        """The role in the project. Only where the route asked for one by `may`."""
        assert self.standing.role is not None
        return self.standing.role

    def do(self, verb: Callable[[Transaction], T]) -> T:
        """Run a verb in one transaction, at most once per Idempotency-Key.

        Return its result unchanged from the endpoint: that is the answer a repeated request gets. A result with an
        `edition` sets the ETag.
        """
        work = verb if self.once is None else answered.wrap(verb, self.once)
        return self._tagged(self.store.db.perform(work, self.project, self.person))

    def read(self, query: Callable[[Transaction], T]) -> T:
        """Run a query. A result with an `edition` sets the ETag."""
        with self.store.db.transaction(self.project, self.person) as tx:
            return self._tagged(query(tx))

    def if_match(self, edition: int) -> None:
        """Refuse with 412 when the request's If-Match names another edition. Call it after locking the row."""
        held = self.request.headers.get("if-match")
        if held is None or held.strip() == "*":
            return
        if f'"{edition}"' not in {part.strip().removeprefix("W/") for part in held.split(",")}:
            raise PreconditionFailed(held=held.strip('" '), present=edition)

    def _tagged(self, result: T) -> T:
        edition = getattr(result, "edition", None)
        if isinstance(edition, int):
            self.response.headers["ETag"] = f'"{edition}"'
        return result


class May:
    """A route's need of a role in its project, as a dependency that yields the Caller."""

    def __init__(self, need: Need, connections: bool = False) -> None:
        self.need: Need = need
        self.connections = connections

    async def __call__(self, request: Request, response: Response, project: int) -> Caller:
        caller = await _identify(request, response, project)
        if not caller.standing.may(self.need):
            raise RoleLacking(need=_ROLES[self.need], role=caller.standing.role or "none of these with this token")
        if self.connections and not caller.standing.connections:
            raise PermissionLacking
        return caller


class SignedIn:
    """A route's need of somebody signed in, outside any project."""

    def __init__(self, owner: bool = False) -> None:
        self.owner = owner

    async def __call__(self, request: Request, response: Response) -> Caller:
        caller = await _identify(request, response, 0)
        if self.owner and not caller.standing.owner:
            raise OwnerNeeded
        return caller


_may: dict[tuple[Need, bool], May] = {}


def may(need: Need, connections: bool = False) -> May:
    """The dependency of a route that needs a role (and perhaps the permission `connections`) in `{project}`.

    ``viewer`` lets admins, editors and viewers pass, ``annotator`` admins, editors and annotators, ``member`` all.
    """
    return _may.setdefault((need, connections), May(need, connections))


caller = SignedIn()
owner = SignedIn(owner=True)


def credential(request: Request) -> tuple[str, bool] | None:
    """The secret that a request came with, and whether it was a cookie."""
    headers = request.headers
    bearer = headers.get("authorization")
    if bearer is not None:
        scheme, _, secret = bearer.partition(" ")
        return (secret.strip(), False) if scheme.lower() == "bearer" and secret else None
    cookie = request.cookies.get(COOKIE) if "cookie" in headers else None
    return (cookie, True) if cookie else None


async def _identify(request: Request, response: Response, project: int) -> Caller:
    found = credential(request)
    if found is None:
        raise NotSignedIn
    secret, by_cookie = found
    if by_cookie and request.method not in _SAFE:
        _check_csrf(request, secret)
    standings: Standings = request.app.state.standings
    standing = standings.remembered(secret, project)
    if standing is None:
        standing = await on_thread(lambda: standings.of(secret, project))
    return Caller(request.app.state.store, standing, request, response, await _once(request))


def _check_csrf(request: Request, secret: str) -> None:
    if not secrets.same(request.headers.get("x-csrf-token", ""), secrets.csrf(secret)):
        raise CsrfTokenWrong


async def _once(request: Request) -> answered.Once | None:
    if request.method != "POST" or (key := request.headers.get("idempotency-key")) is None:
        return None
    streamed = not request.headers.get("content-type", "").startswith("application/json")
    body = request.headers.get("content-length", "").encode() if streamed else await request.body()
    route: Any = request.scope.get("route")
    path = f"{request.url.path}?{request.url.query}"
    return answered.once(key, request.method, path, body, getattr(route, "status_code", None) or 200)
