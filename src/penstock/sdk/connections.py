"""Connections: named access to folders and receivers outside. Secrets go in, and never come out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.connections.model import ConnectionChange, ConnectionShown, NewConnection, Rotation, TrialShown
from penstock.sdk.people import given
from penstock.sdk.scope import Named, Scope


class Connection:
    """Named access to something outside."""

    def __init__(self, scope: Scope, value: ConnectionShown) -> None:
        self._scope = scope
        self.value = value

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.value.name

    @property
    def secret(self) -> str | None:
        """A secret that the server just made, such as a webhook's signing secret: shown this once."""
        return self.value.secret

    def test(self) -> TrialShown:
        """Whether it works now."""
        return self._scope.post(f"/connections/{self.id}/test", TrialShown)

    def change(self, **fields: Any) -> Connection:
        """Give it another `name`, `settings` or `secrets`."""
        body = ConnectionChange.model_validate(fields)
        changed = self._scope.patch(f"/connections/{self.id}", ConnectionShown, body, edition=self.value.edition)
        return Connection(self._scope, changed)

    def rotate(self, value: str | None = None, *, keep_old_hours: float | None = None) -> Connection:
        """Put a new secret in place of the old one; both are good until the old one's time is over."""
        body = Rotation.model_validate(given(value=value, keep_old_hours=keep_old_hours))
        return Connection(self._scope, self._scope.post(f"/connections/{self.id}/rotate", ConnectionShown, body))

    def __repr__(self) -> str:
        return f"<connection {self.name!r}, {self.value.kind}>"


class Connections(Named[Connection]):
    """`p.connections["training trigger"]`."""

    what = "connection"

    def all(self) -> Mapping[str, Connection]:
        found = self._scope.pages("/connections", ConnectionShown)
        return {value.name: Connection(self._scope, value) for value in found}

    def folder(self, name: str, path: str) -> Connection:
        """A folder on the server, under one of its roots."""
        return self.create(name, "folder", {"path": path})

    def webhook(self, name: str, url: str, *, secret: str | None = None) -> Connection:
        """A receiver of signed calls (Standard Webhooks). The server makes a secret unless one is given."""
        return self.create(name, "webhook", {"url": url}, given(secret=secret))

    def create(
        self, name: str, kind: str, settings: Mapping[str, Any], secrets: Mapping[str, Any] | None = None
    ) -> Connection:
        """A connection of any kind, from its settings and secrets."""
        body = NewConnection(name=name, kind=kind, settings=dict(settings), secrets=dict(secrets or {}))
        return Connection(self._scope, self._scope.post("/connections", ConnectionShown, body))
