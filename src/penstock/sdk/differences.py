"""What differs between two states of datasets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from penstock.datasets.model import Compared, Diff, EntryChange
from penstock.sdk.landing import landing
from penstock.sdk.scope import Scope


class Difference:
    """What happened on the way from one state to another. Counted once, so that lists and counts are of one moment."""

    def __init__(self, scope: Scope, a: str, b: str) -> None:
        self._scope = scope
        self._a = a
        self._b = b

    @cached_property
    def counts(self) -> Diff:
        """How much was added, removed and changed, and by what."""
        return self._scope.get("/diff", Diff, {"a": self._a, "b": self._b})

    def files(self) -> Iterator[EntryChange]:
        """The files that entered, left, or whose metadata differ."""
        return self._scope.pages("/diff/files", EntryChange, self._pair(limit=1000))

    def annotations(self) -> Iterator[dict[str, Any]]:
        """The annotations that differ, with `before` and `after`, as plain JSON."""
        return self._scope.pages("/diff/annotations", dict[str, Any], self._pair(limit=1000))

    def download(self, path: Path | str) -> Path:
        """Write a delta: one JSON object a line. It appears under its name only when it is whole."""
        target = Path(path)
        pair = self._pair()
        with self._scope.client.stream(self._scope.path("/diff/delta"), query=pair) as answer, landing(target) as out:
            for block in answer.iter_bytes(1 << 20):
                out.write(block)
        return target

    def tell(self, into: int | None = None) -> Diff:
        """Write the event `dataset.compared`; the new and changed files may enter a dataset, given by its id."""
        body = {"a": self.counts.a, "b": self.counts.b} | ({} if into is None else {"into": into})
        return self._scope.post("/diff", Diff, Compared.model_validate(body))

    def _pair(self, **more: Any) -> dict[str, Any]:
        return {"a": self.counts.a, "b": self.counts.b, **more}
