"""The project's files: their bytes and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.files.model import Described, File
from penstock.sdk.found import Found
from penstock.sdk.http import Query
from penstock.sdk.scope import Scope


class Files:
    """`p.files["page-001.png"]`: by key; and all of them, in the order of their keys."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, key: str) -> File:
        """The file that has this key now. Raises Refused (404)."""
        return self._scope.get("/files/named", File, {"key": key})

    def __iter__(self) -> Iterator[File]:
        return self.all()

    def all(self, *, prefix: str = "", state: str | None = None) -> Iterator[File]:
        """The files whose key begins with `prefix`: all, or those `processing`, `ready` or `failed`."""
        query: Query = {"prefix": prefix or None, "state": state, "limit": 1000}
        return self._scope.pages("/files", File, query)

    def where(self, query: str) -> Found[File]:
        """The files that a query finds: `p.files.where('labels.car >= 3 and in "gold"')`."""
        return Found(self._scope, "", File, query)

    def by_id(self, file: int) -> File:
        """A file by its id."""
        return self._scope.get(f"/files/{file}", File)

    def content(self, file: int) -> bytes:
        """A file's bytes, as they came."""
        return self._scope.client.bytes(self._scope.path(f"/files/{file}/content"))

    def thumbnail(self, file: int) -> bytes:
        """A small upright picture of at most 320 pixels."""
        return self._scope.client.bytes(self._scope.path(f"/files/{file}/thumbnail"))

    def tile(self, file: int, column: int, row: int) -> bytes:
        """A piece of a large picture in its own pixels, counted from the upper left. Raises Refused (404)."""
        return self._scope.client.bytes(self._scope.path(f"/files/{file}/tiles/{column}/{row}"))

    def describe(self, file: int, **meta: object) -> File:
        """Give a file metadata, in place of what it has."""
        return self._scope.put(f"/files/{file}/meta", File, Described(meta=meta))
