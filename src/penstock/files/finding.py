"""Which files a query finds: a later room knows the query language, and fills this in when the program starts."""

from collections.abc import Callable
from dataclasses import dataclass

from penstock.core import Page
from penstock.files.model import State
from penstock.store import Transaction


def _nothing(_tx: Transaction, _q: str, _after: str | None, _state: State | None, _limit: int) -> Page[int]:
    return Page(items=[])


@dataclass
class Finding:
    """What the room of datasets knows."""

    page: Callable[[Transaction, str, str | None, State | None, int], Page[int]] = _nothing
    """A page of the project's files that a query finds, in the order of their keys."""


finding = Finding()
