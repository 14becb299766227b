"""Names in place of ids: how a step's settings stand in a pipeline file."""

from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator

from penstock.metrics.model import parse_share

What = Literal["dataset", "template", "team", "member", "connection", "action"]


class NamesById(Protocol):
    """The names of one project, for writing a file."""

    def name(self, what: What, id: int) -> str:
        """The name of something. What is gone has its number in place of one."""
        ...


class Names(NamesById, Protocol):
    """The names of one project, for reading a file. What isn't there becomes a problem of the file, with its line."""

    def id(self, what: What, name: str, *at: str | int) -> int:
        """The id behind a name that stands `at` a place of the part being read; 0, and a problem, if there is none."""
        ...

    def has(self, what: What, name: str) -> bool: ...

    def all(self, what: What) -> list[str]: ...

    def refuse(self, detail: str, *at: str | int) -> None:
        """Note a problem of the file."""
        ...


def _read_share(given: Any) -> Any:
    return float(parse_share(given)) if isinstance(given, str) else given


ShareNumber = Annotated[float, BeforeValidator(_read_share)]
"""A share as people write it, ``20%`` or 0.2."""


def share_text(share: float) -> str:
    """``20%``."""
    return f"{share * 100:.6f}".rstrip("0").rstrip(".") + "%"
