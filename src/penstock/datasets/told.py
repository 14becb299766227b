"""What the sets of a census tell of a query: which bits it combines, and how.

The law: it tells what `evaluate` says, by asking it of each value; of a comparison without sets it tells nothing.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from psycopg.sql import SQL, Composable

from penstock.annotations import values
from penstock.datasets import asking, query, set_tables
from penstock.datasets.census_tables import Place
from penstock.datasets.found_tables import Held
from penstock.datasets.query import Expression, Facts
from penstock.datasets.query import expression as e
from penstock.datasets.query.compile import compile, options
from penstock.datasets.query.evaluate import compare
from penstock.datasets.query.place import Asked
from penstock.datasets.set_tables import Bits, Known, Source
from penstock.schema.model import Attribute
from penstock.store import Transaction


class Leaf(NamedTuple):
    """The files with a value of some fields that satisfies something; those with none too, if that does."""

    sources: tuple[Source, ...]
    holds: Callable[[str], bool]
    at_none: bool = False


class Untold(Exception):
    """Sets don't tell."""


class Told(NamedTuple):
    """What sets tell of a query."""

    bits: Bits
    is_whole: bool
    """Else files that it doesn't hold for are among them: some of what it asks together is told, not all."""


def tell(tx: Transaction, scope: asking.Scope, place: Place, expression: Expression | None) -> Told | None:
    """Which files of a dataset a query holds for, now or at a revision; None where all have to be asked."""
    terms = () if expression is None else expression.terms if isinstance(expression, e.And) else (expression,)
    asked = asking.asked(tx, scope)
    teller = _Teller(tx, asked)
    known = set_tables.known(tx, place, sorted({source for term in terms for source in teller.sources(term)}))
    if known is None:
        return None
    told = [(term, bits) for term in terms if (bits := teller.try_bits(term, known, place.dataset)) is not None]
    if terms and not told:
        return None
    sql = SQL(" & ").join([SQL("f.files"), *(bits for _, bits in told)])
    where = compile(e.And(tuple(term for term, _ in told)), asked) if told else None
    return Told(Bits(place, known.seq, sql, where), len(told) == len(terms))


@dataclass
class _Teller:
    tx: Transaction
    asked: Asked

    def sources(self, part: Expression) -> set[Source]:
        """The fields that it asks of; none where sets don't tell it."""
        try:
            return {source for leaf in self.leaves(part) for source in leaf.sources}
        except Untold:
            return set()

    def try_bits(self, part: Expression, known: Known, dataset: int) -> Composable | None:
        try:
            return self.bits(part, known, dataset)
        except Untold:
            return None

    def leaves(self, part: Expression) -> Iterator[Leaf]:
        match part:
            case e.Or(terms) | e.And(terms):
                for term in terms:
                    yield from self.leaves(term)
            case e.Not(term):
                yield from self.leaves(term)
            case e.InDataset():
                pass
            case _ if (other := _plainer(part)) is not None:
                yield from self.leaves(other)
            case e.Compare(field, sign, wanted):
                yield from self._compared(part, field, sign, wanted)
            case _:
                raise Untold

    def _held(self, names: tuple[str | e.Pin, ...]) -> Iterator[Held]:
        for name in names:
            if isinstance(name, e.Pin):
                pins = [self.asked.pin(name)]
            else:
                pins = [(dataset, self.asked.as_of) for dataset in self.asked.datasets(name)]
            for dataset, as_of in filter(None, pins):
                yield Held(self.asked.entries(dataset), dataset, as_of)

    def bits(self, part: Expression, known: Known, dataset: int) -> Composable:
        """The bits of a block of files `f` for which it holds."""
        match part:
            case e.Or(terms):
                return SQL("({})").format(SQL(" | ").join(self.bits(term, known, dataset) for term in terms))
            case e.And(terms):
                return SQL("({})").format(SQL(" & ").join(self.bits(term, known, dataset) for term in terms))
            case e.Not(term):
                return SQL("~({})").format(self.bits(term, known, dataset))
            case e.InDataset(names):
                return SQL("({})").format(SQL(" | ").join([set_tables.NONE, *map(self._members, self._held(names))]))
            case _ if (other := _plainer(part)) is not None:
                return self.bits(other, known, dataset)
            case _:
                found = [_of(leaf, known, dataset) for leaf in self.leaves(part)]
                return SQL("({})").format(SQL(" | ").join([set_tables.NONE, *found]))

    def _members(self, held: Held) -> Composable:
        if held.dataset is None or set_tables.is_larger(self.tx, held):
            raise Untold
        return set_tables.of_members(held)

    def _compared(self, part: Expression, field: e.Field, sign: e.Operator, wanted: e.Answer) -> Iterator[Leaf]:
        """The leaves of a comparison; it holds where one of them does."""
        match field:
            case e.LabelCount(label):
                yield self._label_count(label, sign, wanted)
            case e.Meta(path):
                yield self._meta(part, path[0])
            case _ if sign == "!=" or wanted is None:
                raise Untold  # what is asked of several values is split before
            case e.Plain("label"):
                for label in self.asked.labels(lambda name: compare((name,), sign, wanted, self.asked.now)):
                    yield Leaf((Source("count", str(label)),), _any)
            case e.Plain("source"):
                yield Leaf((Source("value", str(values.SOURCE)),), [wanted].__contains__)
            case e.Plain("person"):
                people = [str(person) for person in self.asked.people(wanted)] if isinstance(wanted, str) else []
                yield Leaf((Source("value", str(values.AUTHOR)),), people.__contains__)
            case e.Attribute(name):
                for attribute in self.asked.attributes(name):
                    yield self._attribute(attribute, sign, wanted)
            case _:
                raise Untold

    def _label_count(self, label: str, sign: e.Operator, wanted: e.Answer) -> Leaf:
        ids = self.asked.labels(lambda name: name == label)
        if len(ids) != 1:
            raise Untold

        def holds(value: str) -> bool:
            return compare((int(value),), sign, wanted, self.asked.now)

        return Leaf((Source("count", str(ids[0])),), holds, holds("0"))

    def _meta(self, part: Expression, key: str) -> Leaf:
        def holds(value: str) -> bool:
            return query.evaluate(part, Facts(now=self.asked.now, meta={key: json.loads(value)}))

        sources = Source("meta", f"{key}="), Source("meta", f"{key}.")
        return Leaf(sources, holds, query.evaluate(part, Facts(now=self.asked.now)))

    def _attribute(self, attribute: Attribute, sign: e.Operator, wanted: e.Answer) -> Leaf:
        """The answers to an attribute, as they are counted."""
        chosen = options(attribute, sign, wanted, self.asked.now)
        if isinstance(wanted, str) and len(wanted) >= values.LONGEST:
            raise Untold

        def holds(value: str) -> bool:
            match attribute.kind:
                case _ if chosen is not None:
                    return value in texts
                case "checkbox":
                    return compare((value == "true",), sign, wanted, self.asked.now)
                case "number" | "slider":
                    return compare((float(value),), sign, wanted, self.asked.now)
                case _:
                    return compare((value,), sign, wanted, self.asked.now)

        texts = {values.text(option) for option in chosen or ()}
        return Leaf((Source("value", str(attribute.id)),), holds)


def _of(leaf: Leaf, known: Known, dataset: int) -> Composable:
    """The bits of a leaf's files. Fewer values make it: those that satisfy, or those that don't."""
    found: list[Composable] = [set_tables.NONE]
    for source in leaf.sources:
        if source not in known.values:
            raise Untold
        wanted = [value for value in known.values[source] if leaf.holds(value) is not leaf.at_none]
        if wanted:
            found.append(set_tables.of_values(dataset, source, wanted))
    return SQL("~({})" if leaf.at_none else "({})").format(SQL(" | ").join(found))


def _plainer(part: Expression) -> Expression | None:
    """The same, said in words that sets are asked by; None where it is already."""
    match part:
        case e.Compare(field, "!=", wanted) if not isinstance(field, e.Meta | e.LabelCount):
            return e.Not(e.Compare(field, "=", wanted))
        case e.Among(field, wanted, absent):
            found = e.Or(tuple(e.Compare(field, "=", one) for one in wanted))
            return e.Not(found) if absent else found
        case e.AnyOf(e.Compare(e.Plain("label"), "=", str()) as same):
            return same
        case e.CountOf(e.Compare(e.Plain("label"), "=", str() as label), sign, wanted):
            return e.Compare(e.LabelCount(label), sign, wanted)
        case _:
            return None


def _any(_value: str) -> bool:
    return True
