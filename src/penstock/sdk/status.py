"""The pipeline with its counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from penstock.sdk.scope import Scope


@dataclass(frozen=True)
class Status:
    plain: dict[str, Any]

    @classmethod
    def read(cls, scope: Scope) -> Status:
        return cls(scope.get("/pipeline/status", dict[str, Any]))
