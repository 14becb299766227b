"""A parse tree read into expressions: one method per rule of the grammar."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeAlias, cast

from penstock.datasets.query import expression as e
from penstock.datasets.query.errors import QueryInvalid

if TYPE_CHECKING:
    from lark import Token, Tree

    Node: TypeAlias = Tree[Token] | Token

DEEPEST = 50

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_UNITS: dict[str, e.Unit] = {"s": "s", "m": "m", "h": "h", "d": "d", "w": "w"}
_OPERATORS: dict[str, e.Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}


class Reader:
    """Reads the tree of one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def expression(self, tree: Tree[Token], depth: int = 0) -> e.Expression:
        """Raises QueryInvalid for what the grammar alone can't refuse: depth, numbers out of range."""
        if depth > DEEPEST * 3:  # each pair of parentheses is three rules deep
            raise QueryInvalid(f"it is nested more than {DEEPEST} deep", self._place(tree))
        match tree.data:
            case "either" | "both":
                terms = tuple(self.expression(cast("Tree[Token]", child), depth + 1) for child in tree.children)
                if len(terms) == 1:
                    return terms[0]
                return e.Or(terms) if tree.data == "either" else e.And(terms)
            case "denied":
                return e.Not(self.expression(_tree(tree, 0), depth + 1))
            case "any_of":
                return e.AnyOf(self.expression(_tree(tree, 0), depth + 1))
            case "count_of":
                where = self.expression(_tree(tree, 0), depth + 1)
                operator, number = _tokens(tree)
                return e.CountOf(where, _OPERATORS[operator], self._number(number), place=self._place(tree))
            case _:
                return self._condition(tree)

    def _condition(self, tree: Tree[Token]) -> e.Expression:
        place = self._place(tree)
        match tree.data:
            case "compare":
                operator = _OPERATORS[_tokens(tree)[0]]
                return e.Compare(self._field(_tree(tree, 0)), operator, self._value(_tree(tree, 2)), place=place)
            case "among" | "not_among":
                values = tuple(self._value(cast("Tree[Token]", value)) for value in _tree(tree, 1).children)
                return e.Among(self._field(_tree(tree, 0)), values, tree.data == "not_among", place=place)
            case "in_dataset":
                return e.InDataset(tuple(_pin(cast("Tree[Token]", child)) for child in tree.children), place=place)
            case _:
                return e.ChangedSince(_pin(_tree(tree, 0)), place=place)

    def _field(self, tree: Tree[Token]) -> e.Field:
        place = self._place(tree)
        words = tuple(map(_text, _tokens(tree)))
        match tree.data:
            case "plain":
                known = words[0].lower() in e.PLAIN_FIELDS
                return e.Plain(words[0].lower(), place=place) if known else e.Attribute(words[0], place=place)
            case "label_count":
                return e.LabelCount(words[0], place=place)
            case "file_field":
                return e.FileField(words[0], place=place)
            case "meta":
                return e.Meta(words, place=place)
            case "event_field":
                return e.EventField(words, place=place)
            case "task_field":
                return e.TaskField(words[0], words[1], place=place)
            case _:
                return e.Attribute(words[0], place=place)

    def _value(self, tree: Tree[Token]) -> e.Answer:
        tokens = _tokens(tree)
        match tree.data:
            case "text":
                return _text(tokens[0])
            case "word":
                if e.is_reserved(tokens[0]):
                    raise QueryInvalid(
                        f"expected a value, found '{tokens[0]}' (as a text it goes in quotes)", self._place(tree)
                    )
                return str(tokens[0])
            case "number":
                return self._number(tokens[0])
            case "yes" | "no":
                return tree.data == "yes"
            case "nothing":
                return None
            case "now":
                return e.Now()
            case _:
                sign, duration = tokens
                amount = float(duration[:-1]) * (-1 if sign == "-" else 1)
                return e.Now(int(amount) if amount.is_integer() else amount, _UNITS[duration[-1].lower()])

    def _number(self, token: Token) -> int | float:
        if re.fullmatch(r"[+-]?\d{1,18}", token):
            return int(token)
        value = float(token)
        if math.isinf(value) or math.isnan(value):
            raise QueryInvalid("this number is too large", e.Place(self.text, token.line or 1, token.column or 1))
        return value

    def _place(self, tree: Tree[Token]) -> e.Place:
        return e.Place(self.text, tree.meta.line, tree.meta.column)


def _tree(tree: Tree[Token], child: int) -> Tree[Token]:
    return cast("Tree[Token]", tree.children[child])


def _pin(tree: Tree[Token]) -> str | e.Pin:
    names = list(map(_text, _tokens(tree)))
    return names[0] if len(names) == 1 else e.Pin(names[0], names[1])


def _tokens(tree: Tree[Token]) -> list[Token]:
    return [child for child in tree.children if isinstance(child, str)]


def _text(token: Token) -> str:
    if token.type != "TEXT":
        return str(token)
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), token[1:-1])
