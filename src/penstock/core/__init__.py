"""What every room stands on: values, ids, refusals, settings, pages. Imports nothing of ours."""

from penstock.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    Problem,
    Refusal,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from penstock.core.paging import Page
from penstock.core.settings import Settings
from penstock.core.values import Value

__all__ = [
    "Conflict",
    "Forbidden",
    "Invalid",
    "NotFound",
    "Page",
    "PreconditionFailed",
    "Problem",
    "Refusal",
    "Settings",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "Value",
]
