"""Text to expression. The grammar stands in `grammar.lark`; lark is loaded at the first query, not at import."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from penstock.datasets.query.errors import QueryInvalid
from penstock.datasets.query.expression import Expression, Place
from penstock.datasets.query.reader import Reader

if TYPE_CHECKING:
    from lark import Lark, Token

LONGEST = 10_000

_WORDS = {
    "NAME": "a name",
    "TEXT": "a text in quotes",
    "NUMBER": "a number",
    "OPERATOR": "an operator (=, !=, <, <=, >, >=)",
    "DURATION": "a duration such as 7d (s, m, h, d or w)",
    "SIGN": "+ or -",
    "LPAR": "(",
    "RPAR": ")",
    "DOT": "a dot",
    "COMMA": "a comma",
    "SLASH": "a / and a version",
    "$END": "the end",
}
_VALUE = frozenset({"NAME", "TEXT", "NUMBER"})
_CONDITION = frozenset({"NAME", "TEXT", "LPAR"})
_DASH = "a name with characters other than letters, digits and _ goes in quotes"


@lru_cache(maxsize=512)
def parse(text: str) -> Expression:
    """Read a query. Raises QueryInvalid with the line, the column and what was expected there."""
    if len(text) > LONGEST:
        raise QueryInvalid(f"it is longer than {LONGEST} characters", Place(text[:LONGEST], 1, 1))
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken  # noqa: PLC0415 lazy, for import time

    try:
        tree = grammar().parse(text)  # pyright: ignore[reportUnknownMemberType] lark leaves it open
    except UnexpectedToken as error:
        token = cast("Token", error.token)
        found, place = "the end", _end(text)
        if token.type != "$END":
            found, place = f"'{token}'", Place(text, token.line or 1, token.column or 1)
        expected = set(error.accepts or error.expected)
        why = _DASH if token == "-" and "OPERATOR" in expected else f"expected {_expected(expected)}, found {found}"
        raise QueryInvalid(why, place) from None
    except UnexpectedCharacters as error:
        rest = text[error.pos_in_stream or 0 :]
        raise QueryInvalid(_stray(rest, set(error.allowed or ())), Place(text, error.line, error.column)) from None
    return Reader(text).expression(tree)


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The grammar, read at first use."""
    from lark import Lark  # noqa: PLC0415 lazy, for import time

    grammar = Path(__file__).with_name("grammar.lark").read_text()
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _end(text: str) -> Place:
    before = text.rstrip()
    return Place(before, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _expected(terminals: set[str]) -> str:
    if terminals >= _VALUE:
        return "a value (a number, a name, a text in quotes, true, false, null or now)"
    if terminals >= _CONDITION:
        return "a condition, such as labels.car >= 3"
    words = sorted({_WORDS.get(t, t.lower()) for t in terminals})
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _stray(rest: str, allowed: set[str]) -> str:
    character = rest[:1]
    if character in "\"'":
        return "this quote is never closed"
    if character == "-" and "OPERATOR" in allowed:
        return _DASH
    return f"expected {_expected(allowed)}, found '{character}'" if allowed else f"'{character}' means nothing here"
