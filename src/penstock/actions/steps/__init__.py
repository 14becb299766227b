"""What actions can do: one module per kind of step, and the registry that later rooms and extras may add to."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.actions.steps.kind import (
        Call,
        Failed,
        Finished,
        Outcome,
        Outside,
        StepKind,
        StepKindUnknown,
        Waits,
        known,
        named,
        register,
    )

__all__ = [
    "Call",
    "Failed",
    "Finished",
    "Outcome",
    "Outside",
    "StepKind",
    "StepKindUnknown",
    "Waits",
    "known",
    "named",
    "register",
]

__getattr__ = lazily(__name__)
