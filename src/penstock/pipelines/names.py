"""The names of a project as it is at this moment: for reading a file, and for writing one."""

import difflib
from collections.abc import Callable, Iterable, Iterator

from penstock import actions, datasets, people
from penstock.actions.steps.naming import What
from penstock.connections import list_connections
from penstock.core import Problem
from penstock.pipelines.document import Document, Path, PipelineInvalid
from penstock.store import Transaction
from penstock.tasks import templates

_Pairs = Iterable[tuple[str, int]]


class Book:
    """Names and ids, looked up once. Call `forget` when names changed."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._ids: dict[What, dict[str, int]] = {}

    def forget(self) -> None:
        self._ids.clear()

    def find(self, what: What, name: str) -> int | None:
        return self._of(what).get(name.lower() if "@" in name and what == "member" else name)

    def all(self, what: What) -> list[str]:
        return list(self._of(what))

    def name(self, what: What, id: int) -> str:
        """The name of something; its number in place of one when it is gone."""
        found = [name for name, one in self._of(what).items() if one == id]
        return found[0] if found else f"#{id}"

    def _of(self, what: What) -> dict[str, int]:
        if what not in self._ids:
            self._ids[what] = {}
            for name, id in _SOURCES[what](self._tx):
                self._ids[what].setdefault(name, id)
        return self._ids[what]


def _datasets(tx: Transaction) -> Iterator[tuple[str, int]]:
    after: str | None = None
    while True:
        page = datasets.list_(tx, after=after, limit=1000)
        yield from ((dataset.name, dataset.id) for dataset in page.items)
        if (after := page.next) is None:
            return


def _members(tx: Transaction) -> Iterator[tuple[str, int]]:
    """By e-mail address; those without one by their names."""
    everybody = people.members(tx)
    yield from ((member.email.lower(), member.person) for member in everybody if member.email)
    yield from ((member.name, member.person) for member in everybody if not member.email)


_SOURCES: dict[What, Callable[[Transaction], _Pairs]] = {
    "dataset": _datasets,
    "template": lambda tx: [(template.name, template.id) for template in templates.list_(tx)],
    "team": lambda tx: [(team.name, team.id) for team in people.list_teams(tx)],
    "member": _members,
    "connection": lambda tx: [(connection.name, connection.id) for connection in list_connections(tx)],
    "action": lambda tx: [(action.name, action.id) for action in actions.list_(tx)],
}


class Reading:
    """Names as one part of a file uses them: what isn't there becomes a problem with its line."""

    def __init__(self, book: Book, document: Document, *base: str | int) -> None:
        self._book = book
        self._document = document
        self._base: Path = base
        self.problems: list[Problem] = []

    def below(self, *path: str | int) -> "Reading":
        """The same for a smaller part; problems are collected together."""
        inner = Reading(self._book, self._document, *self._base, *path)
        inner.problems = self.problems
        return inner

    def id(self, what: What, name: str, *at: str | int) -> int:
        """The id behind a name; 0, and a problem, when there is none."""
        found = self._book.find(what, name)
        if found is None:
            known = self._book.all(what)
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(known[:12]) or 'none'}"
            self.refuse(f"there is no {what} {name!r}{hint}", *at)
        return found or 0

    def has(self, what: What, name: str) -> bool:
        return self._book.find(what, name) is not None

    def all(self, what: What) -> list[str]:
        return self._book.all(what)

    def name(self, what: What, id: int) -> str:
        return self._book.name(what, id)

    def refuse(self, detail: str, *at: str | int) -> None:
        """Note a problem at a place of this part."""
        self.problems.append(self._document.problem((*self._base, *at), detail, "unknown-name"))

    def settle(self) -> None:
        """Raise PipelineInvalid when there was any problem."""
        if self.problems:
            raise PipelineInvalid.of(self.problems)
