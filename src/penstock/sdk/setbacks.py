"""Setbacks: events that followers of the log set aside because they couldn't take them."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.log.event import Setback as SetbackValue
from penstock.sdk.scope import Scope


class Setback:
    """Events of one revision that a follower couldn't take."""

    def __init__(self, scope: Scope, value: SetbackValue) -> None:
        self._scope = scope
        self.value = value

    def replay(self) -> Setback:
        """Give them to it again. Raises Refused, with the reason, when it fails again; then they stay set aside."""
        return self._end("replay")

    def dismiss(self) -> Setback:
        """Let them be: what should have followed from them does not."""
        return self._end("dismiss")

    def _end(self, how: str) -> Setback:
        self.value = self._scope.post(f"/setbacks/{self.value.id}/{how}", SetbackValue)
        return self

    def __repr__(self) -> str:
        return f"<setback {self.value.id} of {self.value.follower}, {self.value.state}>"


class Setbacks:
    """`p.setbacks[3]`, and all of them, the newest first."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, id: int) -> Setback:
        return Setback(self._scope, self._scope.get(f"/setbacks/{id}", SetbackValue))

    def __iter__(self) -> Iterator[Setback]:
        for value in self._scope.pages("/setbacks", SetbackValue):
            yield Setback(self._scope, value)
