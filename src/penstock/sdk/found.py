"""What a query finds: `p.files.where("labels.car >= 3")`, `p.datasets["gold"].where(...)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from penstock.datasets.facet_model import Facets
from penstock.datasets.query_model import Completions, NewSavedQuery, SavedQuery, SavedQueryChange
from penstock.datasets.query_model import Found as Counted
from penstock.sdk.http import Query
from penstock.sdk.scope import Named, Scope

T_co = TypeVar("T_co", covariant=True)


class Found(Generic[T_co]):
    """The files that a query finds, asked anew each time. Iterate it, or ask how many there are."""

    def __init__(self, scope: Scope, place: str, shape: type[T_co], q: str, **more: str | int | None) -> None:
        self._scope = scope
        self._place = place
        self._shape = shape
        self.query: Query = {"q": q, **more}

    def __iter__(self) -> Iterator[T_co]:
        return self._scope.pages(f"{self._place}/files", self._shape, {**self.query, "limit": 1000})

    def count(self) -> int:
        """How many there are."""
        path = f"{self._place}/files/count" if self._place else "/queries/count"
        return self._scope.get(path, Counted, self.query).files

    def facets(self) -> Facets:
        """What there is among them: labels, attributes, metadata, people, sources, confidence, states and times."""
        return self._scope.get(f"{self._place or '/queries'}/facets", Facets, self.query)


class Queries(Named[SavedQuery]):
    """`p.queries["dark cars"]`: queries that were kept under a name."""

    what = "saved query"

    def all(self) -> dict[str, SavedQuery]:
        return {saved.name: saved for saved in self._scope.get("/queries", list[SavedQuery])}

    def save(self, name: str, query: str) -> SavedQuery:
        """Keep a query under a name; one of that name gets this text. Raises Refused with the place of a mistake."""
        known = self.all().get(name)
        if known is None:
            return self._scope.post("/queries", SavedQuery, NewSavedQuery(name=name, query=query))
        change = SavedQueryChange(query=query)
        return self._scope.patch(f"/queries/{known.id}", SavedQuery, change, edition=known.edition)

    def remove(self, name: str) -> None:
        """Forget one."""
        self._scope.delete(f"/queries/{self[name].id}")

    def complete(self, query: str, at: int | None = None) -> Completions:
        """Ways to go on with a query at a place in it, its end unless given."""
        return self._scope.get("/queries/complete", Completions, {"q": query, "at": at})
