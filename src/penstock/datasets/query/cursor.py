"""Where in a query somebody is writing: what the grammar would take there, and what stands before. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from penstock.datasets.query.parse import grammar

if TYPE_CHECKING:
    from lark import Token

_WORD = re.compile(r"""([^\W\d]\w*|"(\\.|[^"\\])*|'(\\.|[^'\\])*)\Z""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Cursor:
    """A place in a query."""

    start: int
    """Where the word begins that is being written; the place itself between words."""
    typed: str
    """That word so far, without its quote."""
    tokens: tuple[tuple[str, str], ...]
    """(kind, text) of what stands before it. Texts are without quotes."""
    accepts: frozenset[str]
    """The kinds of tokens that may come; none where the query is wrong already."""

    @property
    def last(self) -> str:
        """The kind of the token before."""
        return self.tokens[-1][0] if self.tokens else ""

    def text(self, back: int) -> str:
        """The text so many tokens before, from 1."""
        return self.tokens[-back][1] if len(self.tokens) >= back else ""

    def kinds(self, count: int) -> tuple[str, ...]:
        """The kinds of the last tokens."""
        return tuple(kind for kind, _ in self.tokens[-count:])

    def before(self, back: int) -> Cursor:
        """The same, so many tokens earlier."""
        return Cursor(self.start, self.typed, self.tokens[: len(self.tokens) - back], frozenset())


def place(text: str, at: int) -> Cursor:
    """What is at a place in a query, in characters from 0."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415 lazy, for import time

    head = text[:at]
    found = (
        _WORD.search(head)
        if head.count('"') % 2 or head.count("'") % 2 or head[-1:].isalnum() or head[-1:] == "_"
        else None
    )
    start = found.start() if found else len(head)
    typed = _ESCAPE.sub(r"\1", head[start:].lstrip("\"'"))
    parser = cast(Any, grammar()).parse_interactive(head[:start])
    tokens: list[tuple[str, str]] = []
    try:
        for token in cast("list[Token]", parser.exhaust_lexer()):
            tokens.append((token.type, _plain(token)))  # noqa: PERF401 what was read before a mistake counts
        accepts = frozenset[str](parser.accepts())
    except UnexpectedInput:
        accepts = frozenset[str]()
    return Cursor(start, typed, tuple(tokens), accepts)


def _plain(token: Token) -> str:
    return _ESCAPE.sub(r"\1", token[1:-1]) if token.type == "TEXT" else str(token)
