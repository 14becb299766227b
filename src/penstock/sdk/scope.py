"""One project's corner of the API: what every part of the SDK speaks through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from penstock.schema.model import Schema
from penstock.sdk.errors import UnknownName
from penstock.sdk.http import Client, Query
from penstock.sdk.shapes import Names

T = TypeVar("T")


class Scope:
    """A client and the project it works in, found at first use."""

    def __init__(self, client: Client, find: Callable[[], int], *, progress: bool | None = None) -> None:
        self.client = client
        self.progress = progress  #: whether long work shows a bar; None decides by the terminal
        self._find = find
        self._id: int | None = None
        self._names: dict[int, Names] = {}

    @property
    def id(self) -> int:
        if self._id is None:
            self._id = self._find()
        return self._id

    def settle(self, id: int) -> None:
        """From now on work in this project."""
        self._id = id

    def names(self, version: int) -> Names:
        """The translation between names and ids of a schema version, which never changes."""
        known = self._names.get(version)
        if known is None:
            known = self._names[version] = Names(self.get(f"/schema/versions/{version}", Schema))
        return known

    def path(self, tail: str = "") -> str:
        return f"/projects/{self.id}{tail}"

    def get(self, tail: str, shape: type[T], query: Query | None = None) -> T:
        return self.client.get(self.path(tail), shape, query)

    def pages(self, tail: str, shape: type[T], query: Query | None = None) -> Iterator[T]:
        return self.client.pages(self.path(tail), shape, query)

    def post(self, tail: str, shape: type[T], body: Any = None, *, query: Query | None = None) -> T:
        return self.client.post(self.path(tail), shape, body, query=query)

    def put(self, tail: str, shape: type[T], body: Any = None, *, edition: int | None = None) -> T:
        return self.client.put(self.path(tail), shape, body, edition=edition)

    def patch(self, tail: str, shape: type[T], body: Any = None, *, edition: int | None = None) -> T:
        return self.client.patch(self.path(tail), shape, body, edition=edition)

    def delete(self, tail: str, query: Query | None = None) -> None:
        self.client.delete(self.path(tail), query=query)


class Named(Generic[T]):
    """Things of a project by name, like a mapping. Every look-up asks the server, so it is never stale."""

    what: str  #: the word for one of them

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def all(self) -> Mapping[str, T]:
        """All of them, by name, in the server's order."""
        raise NotImplementedError

    def __getitem__(self, name: str) -> T:
        found = self.all()
        if name not in found:
            raise UnknownName(self.what, name, list(found))
        return found[name]

    def get(self, name: str) -> T | None:
        """The one of this name, or None."""
        return self.all().get(name)

    def __contains__(self, name: object) -> bool:
        return name in self.all()

    def __iter__(self) -> Iterator[T]:
        return iter(self.all().values())

    def __len__(self) -> int:
        return len(self.all())
