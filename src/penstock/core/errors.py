"""Refusals: errors that a caller can understand and act on.

A refusal's docstring is its message, so the text and the code can't drift apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a request: where, what, and a code that programs can compare."""

    at: str  #: path into the request, like ``changes[3].geometry``
    detail: str
    code: str = ""


class Refusal(Exception):
    """The request was refused."""

    status: ClassVar[int] = 400
    detail: str
    errors: tuple[Problem, ...]

    def __init__(self, *, errors: Sequence[Problem] = (), **parts: Any) -> None:
        template = " ".join((type(self).__doc__ or "").split())
        self.parts = parts
        self.errors = tuple(errors)
        self.detail = template.format(**parts)
        super().__init__(self.detail)

    @property
    def type(self) -> str:
        """The refusal's name in kebab-case, stable for programs."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()

    @property
    def title(self) -> str:
        return self.type.replace("-", " ").capitalize()

    def problem(self) -> dict[str, Any]:
        """This refusal as an RFC 9457 problem document."""
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": [{"at": e.at, "detail": e.detail, "code": e.code} for e in self.errors],
        }


class NotFound(Refusal):
    """There is no {what} {name!r} here. List what there is, or check the spelling."""

    status = 404


class Conflict(Refusal):
    """{detail}"""

    status = 409


class Invalid(Refusal):
    """{detail}"""

    status = 422


class Forbidden(Refusal):
    """{detail}"""

    status = 403


class Unauthorized(Refusal):
    """{detail}"""

    status = 401


class TooLarge(Refusal):
    """{detail}"""

    status = 413


class PreconditionFailed(Refusal):
    """This was edited meanwhile: you hold edition {held}, the present one is {present}. Load it and repeat the edit."""

    status = 412


class Unavailable(Refusal):
    """{detail}"""

    status = 503
