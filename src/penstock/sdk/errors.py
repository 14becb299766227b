"""What can go wrong in a call, as the caller meets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a request: where, what, and a code that programs can compare."""

    at: str
    detail: str
    code: str = ""


class PenstockError(Exception):
    """The base of everything that the SDK raises by itself."""


class Refused(PenstockError):
    """The server refused: what happened, why, and what to do, as it said it.

    `type` is stable for programs (`version-is-frozen`), `status` the HTTP status, `errors` one problem each.
    """

    def __init__(self, status: int, type: str, title: str, detail: str, errors: Sequence[Problem] = ()) -> None:
        self.status, self.type, self.title, self.detail, self.errors = status, type, title, detail, tuple(errors)
        super().__init__(_one_line(detail or title, self.errors))

    @classmethod
    def from_problem(cls, status: int, body: Any) -> Refused:
        """From a problem+json body; anything else becomes a Refused that quotes it."""
        told = cast(dict[str, Any], body) if isinstance(body, dict) else dict[str, Any]()
        if "title" not in told:
            said = f"The server answered {status}: {str(cast(object, body))[:300]}"
            return cls(status, "unexpected-answer", f"HTTP {status}", said)
        given = cast(list[dict[str, Any]], told.get("errors") or [])
        errors = [Problem(str(e.get("at", "")), str(e.get("detail", "")), str(e.get("code", ""))) for e in given]
        return cls(status, str(told.get("type", "")), str(told["title"]), str(told.get("detail") or ""), errors)


class Unreachable(PenstockError):
    """No server could be reached, or the connection was lost and trying again did not help."""


class NotConnected(PenstockError):
    """It isn't known which server, project or token to use."""


class UnknownName(PenstockError):
    """A name that the project doesn't have. The message lists what there is."""

    def __init__(self, what: str, name: str, known: Sequence[str]) -> None:
        offer = ", ".join(repr(one) for one in list(known)[:12]) or "none yet"
        super().__init__(f"There is no {what} {name!r} here. There is: {offer}.")


class Failed(PenstockError):
    """Work on the server that was waited for ended badly: an import, an export, an action run."""


def _one_line(detail: str, errors: Sequence[Problem]) -> str:
    unsaid = [error for error in errors if error.detail.split("\n")[0] not in detail]  # below it may be drawn where
    if not unsaid:
        return detail
    shown = "; ".join(f"{e.at}: {e.detail}" if e.at else e.detail for e in unsaid[:5])
    more = f" (and {len(unsaid) - 5} more)" if len(unsaid) > 5 else ""
    return f"{detail} {shown}{more}".strip()
