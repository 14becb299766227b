"""What each route asks of its caller, read from the routes themselves: for the OpenAPI page, the docs and the tests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from penstock.people.caller import May, SignedIn
from penstock.people.model import GRANTS, Role


@dataclass(frozen=True, slots=True)
class Access:
    """One call, and whom it lets through."""

    method: str
    path: str
    needs: May | SignedIn | None
    """None: anybody, also somebody not signed in."""

    @property
    def word(self) -> str:
        """In a word: `anybody`, `signed in`, `owner`, or the need of a role in the project."""
        if self.needs is None:
            return "anybody"
        if isinstance(self.needs, SignedIn):
            return "owner" if self.needs.owner else "signed in"
        return self.needs.need + (" + connections" if self.needs.connections else "")

    def lets(self, role: Role, connections: bool = False) -> bool:
        """Whether a member of this role in the project, who doesn't own the installation, comes through."""
        if isinstance(self.needs, May):
            return self.needs.need in GRANTS[role] and (connections or not self.needs.connections)
        return self.needs is None or not self.needs.owner


def calls(routers: Iterable[APIRouter], prefix: str) -> Iterator[Access]:
    """Every call of these routers."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in sorted(route.methods or ()):
                    yield Access(method, prefix + route.path, _need(route.dependant))


def _need(dependant: Dependant) -> May | SignedIn | None:
    for inner in dependant.dependencies:
        if isinstance(inner.call, May | SignedIn):
            return inner.call
        if (found := _need(inner)) is not None:
            return found
    return None
