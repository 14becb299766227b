"""A query as SQL: a condition on a file `m` (`m.file`, `m.key`, `m.at`), which is never null. Pure; it runs nothing.

The law: it holds for exactly the files that `evaluate` says; a property compares the two over random data. Each
comparison is an `exists` about the file, so that the planner may walk files and ask each, or join whole sets.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal, Placeholder
from psycopg.types.json import Jsonb

from penstock.annotations import values
from penstock.datasets.query import expression as e
from penstock.datasets.query.evaluate import compare, later, moment_of
from penstock.datasets.query.place import Asked
from penstock.datasets.query.relations import FALSE, TRUE, Relations, json_given, json_holds
from penstock.schema.model import Attribute

_SIGNS: Mapping[str, LiteralString] = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_PYTHON: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE: Mapping[str, LiteralString] = {"=": "<>", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_COUNTED = {"source": values.SOURCE, "person": values.AUTHOR}
_NUMBERS = frozenset(name for name, kind in e.ANNOTATION_FIELDS.items() if kind == "number")


@dataclass(frozen=True)
class Condition:
    """A compiled query: SQL, and the values of its parameters. `project` is a parameter too."""

    sql: Composable
    parameters: Mapping[str, Any]
    few: int | None = None
    """How many files may be in, where it names them."""


def compile(expression: e.Expression, asked: Asked) -> Condition:
    """The condition under which a file is in. The query must have passed `check` in the context of files."""
    compiler = _Compiler(asked)
    return Condition(compiler.condition(expression, False), compiler.parameters)


class _Compiler:
    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.parameters: dict[str, Any] = {}
        self._of = Relations(asked)

    def condition(self, part: e.Expression, inside: bool) -> Composable:
        """What holds of `m`; inside, of the annotation `a` of `m`."""
        match part:
            case e.Or(terms):
                return SQL("({})").format(SQL(" or ").join(self.condition(term, inside) for term in terms))
            case e.And(terms):
                return SQL("({})").format(SQL(" and ").join(self.condition(term, inside) for term in terms))
            case e.Not(term):
                return SQL("not ({})").format(self.condition(term, inside))
            case e.Compare(field, sign, wanted):
                return self._compare(field, sign, wanted, inside)
            case e.Among(field, wanted, absent):
                found = SQL(" or ").join(self._compare(field, "=", one, inside) for one in wanted)
                return SQL("not ({})" if absent else "({})").format(found)
            case e.InDataset(datasets):
                return SQL("({})").format(SQL(" or ").join(map(self._in, datasets)))
            case e.AnyOf(where):
                return self._any(where)
            case e.CountOf(where, sign, wanted):
                return self._count(where, sign, wanted)
            case e.ChangedSince(version):
                found = self._asked.pin(version)
                return FALSE if found is None else self._of.changed(*found)

    def _put(self, value: Any) -> Placeholder:
        name = f"q{len(self.parameters)}"
        self.parameters[name] = value
        return Placeholder(name)

    # Annotations as a whole.

    def _any(self, where: e.Expression) -> Composable:
        found = self._of.mark(self.condition(where, True))
        return SQL("({})").format(SQL(" and ").join([*self._implied(where), found]))

    def _count(self, where: e.Expression, sign: e.Operator, wanted: float) -> Composable:
        if names := _labels(where):
            return self._label_count(names, sign, wanted)
        number = self._of.marks(self.condition(where, True))
        found = SQL("{} {} {}::float8").format(number, _sign(sign), self._put(float(wanted)))
        implied = [] if _PYTHON[sign](0, wanted) else self._implied(where)
        return SQL("({})").format(SQL(" and ").join([*implied, found]))

    def _implied(self, where: e.Expression) -> list[Composable]:
        """What a file must have for one of its annotations to meet a condition, where that is known without looking."""
        if not self._of.is_counted:
            return []
        terms = where.terms if isinstance(where, e.And) else (where,)
        return [self._as_of_file(term) for term in terms if _is_cheap(term)]

    def _as_of_file(self, term: e.Expression) -> Composable:
        if isinstance(term, e.Compare) and isinstance(term.field, e.Plain) and term.field.name == "author":
            term = e.Compare(e.Plain("person"), term.operator, term.value)
        return self.condition(term, False)

    # One comparison.

    def _compare(self, field: e.Field, sign: e.Operator, wanted: e.Answer, inside: bool) -> Composable:
        if sign == "!=":
            return SQL("not ({})").format(self._compare(field, "=", wanted, inside))
        if wanted is None:
            return SQL("not ({})").format(self._given(field, inside)) if sign == "=" else FALSE
        match field:
            case e.Plain(name) if name in e.ENTRY_FIELDS:
                return self._entry(name, sign, wanted)
            case e.Plain(name):
                return self._mark("person" if name == "author" else name, sign, wanted, inside)
            case e.LabelCount(label):
                return self._label_count((label,), sign, wanted)
            case e.FileField(name):
                return self._file(name, sign, wanted)
            case e.Meta(path):
                return self._meta(path, sign, wanted)
            case e.Attribute(name):
                return self._attribute(name, sign, wanted, inside)
            case e.TaskField(template, name):
                return self._task(template, name, sign, wanted)
            case e.EventField():
                return FALSE

    def _entry(self, name: str, sign: e.Operator, wanted: e.Answer) -> Composable:
        """A field of the file in its dataset."""
        if name == "added":
            return self._time(SQL("m.at"), sign, wanted) if self._asked.dataset is not None else FALSE
        return self._scalar(SQL("m.key"), "text", sign, wanted) if name == "key" else self._file(name, sign, wanted)

    def _given(self, field: e.Field, inside: bool) -> Composable:
        """Whether a field has any value."""
        match field:
            case e.LabelCount() | e.Plain("key") | e.Plain("state"):
                return TRUE
            case e.Plain("added"):
                return TRUE if self._asked.dataset is not None else FALSE
            case e.FileField(name):
                return self._of.file(SQL("f.{} is not null").format(Identifier(name)))
            case e.Meta(path):
                return self._of.meta(json_given(self._dug(path)))
            case e.Attribute(name):
                found = [self._attribute_given(one, inside) for one in self._asked.attributes(name)]
                return _either(found)
            case e.TaskField(template, name):
                return self._of.task(template, TRUE if name == "template" else _not_null("t", name))
            case e.Plain(name):
                return self._mark_given("person" if name == "author" else name, inside)
            case e.EventField():
                return FALSE

    def _wanted(self, wanted: e.Answer) -> Any:
        return later(self._asked.now, wanted) if isinstance(wanted, e.Now) else wanted

    def _scalar(self, column: Composable, kind: str, sign: e.Operator, wanted: e.Answer) -> Composable:
        """A column that may be null, against a value of the right kind; of another, nothing satisfies it."""
        fits = isinstance(wanted, str) if kind == "text" else _is_number(wanted)
        if not fits:
            return FALSE
        cast = SQL("text") if kind == "text" else SQL("float8")
        return SQL("({} is not null and {} {} {}::{})").format(column, column, _sign(sign), self._put(wanted), cast)

    def _time(self, column: Composable, sign: e.Operator, wanted: e.Answer) -> Composable:
        moment = self._wanted(wanted)
        moment = moment_of(moment) if isinstance(moment, str) else moment
        if isinstance(moment, bool | int | float) or moment is None:
            return FALSE
        return SQL("{} {} {}::timestamptz").format(column, _sign(sign), self._put(moment))

    def _file(self, name: str, sign: e.Operator, wanted: e.Answer) -> Composable:
        held = self._scalar(SQL("f.{}").format(Identifier(name)), e.FILE_FIELDS[name], sign, wanted)
        return FALSE if held is FALSE else self._of.file(held)

    def _meta(self, path: Sequence[str], sign: e.Operator, wanted: e.Answer) -> Composable:
        if sign != "=" or isinstance(wanted, e.Now):
            return self._of.meta(json_holds(self._dug(path), sign, self._wanted(wanted), self._put))
        # Containment is ten times as fast as walking the path: the value itself, or a list that has it.
        bare: Any = wanted
        listed: Any = [wanted]
        for step in reversed(path):
            bare, listed = {step: bare}, {step: listed}
        found = SQL("(h.meta @> {} or h.meta @> {})").format(self._put(Jsonb(bare)), self._put(Jsonb(listed)))
        return self._of.meta(found)

    def _dug(self, path: Sequence[str]) -> Composed:
        """What stands at a path of the metadata. A step into a list is no step."""
        steps = [SQL(" -> {}::text").format(self._put(step)) for step in path]
        return SQL("(h.meta{})").format(SQL("").join(steps))

    # Datasets and tasks.

    def _in(self, name: str | e.Pin) -> Composable:
        if isinstance(name, e.Pin):
            found = self._asked.pin(name)
            return FALSE if found is None else self._of.entry([found[0]], found[1])
        return self._of.entry(self._asked.datasets(name), self._asked.as_of)

    def _task(self, template: str, name: str, sign: e.Operator, wanted: e.Answer) -> Composable:
        if name == "template":
            return self._of.task(template, TRUE) if compare((template,), sign, wanted, self._asked.now) else FALSE
        if name in ("author", "reviewer"):
            people = self._people(sign, wanted)
            return self._of.task(template, _is_one("t", name, people)) if people else FALSE
        held = self._scalar(SQL("t.{}").format(Identifier(name)), e.TASK_FIELDS[name], sign, wanted)
        return FALSE if held is FALSE else self._of.task(template, held)

    def _people(self, sign: e.Operator, wanted: e.Answer) -> list[int]:
        return list(self._asked.people(wanted)) if isinstance(wanted, str) and sign == "=" else []

    # Annotations and their attributes.

    def _label_count(self, names: Collection[str], sign: e.Operator, wanted: e.Answer) -> Composable:
        if isinstance(wanted, bool) or not isinstance(wanted, int | float):
            return FALSE
        ids = self._asked.labels(lambda name: name in names)
        number, at_none = float(wanted), _PYTHON[sign](0, wanted)
        if len(ids) == 1 and self._of.is_counted:
            # Where none would do, those files are out that have some and too many or too few.
            asked = _OPPOSITE[sign] if at_none else sign
            found = self._of.labelled(ids, SQL("l.n > 0 and l.n {} {}").format(SQL(asked), _whole(number)))
            return SQL("not ({})").format(found) if at_none else found
        return SQL("{} {} {}::float8").format(self._of.label_count(ids), _sign(sign), self._put(number))

    def _mark(self, name: str, sign: e.Operator, wanted: e.Answer, inside: bool) -> Composable:
        """A field of the annotation `a`, or outside of any annotation of the file."""
        if name not in e.ANNOTATION_FIELDS:
            return FALSE  # of the task at hand, of which there is none
        if name == "label":
            ids = self._asked.labels(lambda label: compare((label,), sign, wanted, self._asked.now))
            if inside or not self._of.is_counted:
                held = _is_one("a", "label", ids)
                return held if inside else self._of.mark(held)
            return self._of.labelled(ids, SQL("l.n > 0")) if ids else FALSE
        people = self._people(sign, wanted) if name == "person" else list[int]()
        if name in _COUNTED and not inside and self._of.is_counted:
            found = people if name == "person" else [wanted] if isinstance(wanted, str) else []
            texts = [values.text(one) for one in found]
            return self._of.counted(_COUNTED[name], self._one_of(texts)) if texts else FALSE
        if name == "person":
            held = _is_one("a", "author", people) if people else FALSE
        elif name == "area":
            area = SQL("area_of(a.kind, a.w, a.h, a.geometry)")
            held = self._scalar(area, "number", sign, wanted)
        else:
            kind = "number" if name in _NUMBERS else "text"
            held = self._scalar(SQL("a.{}").format(Identifier(name)), kind, sign, wanted)
        return held if inside or held is FALSE else self._of.mark(held)

    def _mark_given(self, name: str, inside: bool) -> Composable:
        if name not in e.ANNOTATION_FIELDS:
            return FALSE
        column = {"person": "author", "area": "kind"}.get(name, name)
        held = _not_null("a", column)
        return held if inside else self._of.mark(held)

    def _one_of(self, texts: list[str]) -> Composable:
        """A counted value that is one of some; asked for one, the planner knows that a file has it once at most."""
        if len(texts) == 1:
            return SQL("v.value = {}").format(self._put(texts[0]))
        return SQL("v.value = any({})").format(self._put(texts)) if texts else FALSE

    def _attribute(self, name: str, sign: e.Operator, wanted: e.Answer, inside: bool) -> Composable:
        return _either([self._of_attribute(one, sign, wanted, inside) for one in self._asked.attributes(name)])

    def _of_attribute(self, attribute: Attribute, sign: e.Operator, wanted: e.Answer, inside: bool) -> Composable:
        if inside and attribute.per == "annotation":
            return self._in_json(attribute, sign, wanted)
        told = self._counted_value(attribute, sign, wanted) if self._of.is_counted else None
        if told is not None:
            return told if told is FALSE else self._of.counted(attribute.id, told)
        return self._of.row(self._in_json(attribute, sign, wanted))

    def _attribute_given(self, attribute: Attribute, inside: bool) -> Composable:
        if inside and attribute.per == "annotation":
            return json_given(_value(attribute))
        if self._of.is_counted:
            return self._of.counted(attribute.id, TRUE)
        return self._of.row(json_given(_value(attribute)))

    def _in_json(self, attribute: Attribute, sign: e.Operator, wanted: e.Answer) -> Composable:
        chosen = options(attribute, sign, wanted, self._asked.now)
        if chosen is None:
            return json_holds(_value(attribute), sign, self._wanted(wanted), self._put)
        return _either([json_holds(_value(attribute), "=", id, self._put) for id in chosen])

    def _counted_value(self, attribute: Attribute, sign: e.Operator, wanted: e.Answer) -> Composable | None:
        """The same of a value as it is counted (`v.value`); None when counting doesn't tell."""
        chosen = options(attribute, sign, wanted, self._asked.now)
        if chosen is not None:
            return self._one_of([values.text(id) for id in chosen])
        match attribute.kind:
            case "checkbox":
                if sign != "=" or not isinstance(wanted, bool):
                    return FALSE
                return SQL("v.value = {}").format(Literal(values.text(wanted)))
            case "number" | "slider":
                if not _is_number(wanted):
                    return FALSE
                number = SQL("case when v.field = {} then v.value::float8 end").format(Literal(attribute.id))
                return SQL("{} {} {}::float8").format(number, _sign(sign), self._put(wanted))
            case _ if isinstance(wanted, e.Now):
                return SQL("moment_of(v.value) {} {}").format(_sign(sign), self._put(self._wanted(wanted)))
            case _ if not isinstance(wanted, str):
                return FALSE
            case _ if len(wanted) >= values.LONGEST:
                return None
            case _:
                return SQL("v.value {} {}").format(_sign(sign), self._put(wanted))


def options(attribute: Attribute, sign: e.Operator, wanted: e.Answer, now: dt.datetime) -> list[int] | None:
    """The options that satisfy a comparison by their names, or by those above them; None when it has none."""
    if not attribute.options:
        return None
    by_id = {option.id: option for option in attribute.options}
    found: list[int] = []
    for option in attribute.options:
        names: list[str] = []
        above = option
        while above is not None and above.name not in names:
            names.append(above.name)
            above = by_id.get(above.parent or 0)
        if compare(names, sign, wanted, now):
            found.append(option.id)
    return found


def _labels(where: e.Expression) -> tuple[str, ...]:
    """The labels, where a condition of annotations asks for their labels alone."""
    match where:
        case e.Compare(e.Plain("label"), "=", str() as label):
            return (label,)
        case e.Among(e.Plain("label"), names, False):
            return tuple(name for name in names if isinstance(name, str)) if None not in names else ()
        case _:
            return ()


def _whole(number: float) -> Composable:
    """A bound for counts; a whole one, so that an index can compare it."""
    return Literal(int(number)) if number.is_integer() and abs(number) < 2**31 else SQL("{}::float8").format(number)


def _is_cheap(term: e.Expression) -> bool:
    """Whether any annotation that meets it shows in what is counted of the file."""
    match term:
        case e.Compare(field, sign, wanted):
            known = sign != "!=" and wanted is not None
        case e.Among(field, wanted, absent):
            known = not absent and None not in wanted
        case _:
            return False
    counted = isinstance(field, e.Attribute) or (
        isinstance(field, e.Plain) and field.name in ("label", "source", "person", "author")
    )
    return known and counted


def _is_number(wanted: e.Answer) -> bool:
    return isinstance(wanted, int | float) and not isinstance(wanted, bool)


def _sign(sign: e.Operator) -> SQL:
    return SQL("<>") if sign == "!=" else SQL(_SIGNS[sign])


def _value(attribute: Attribute) -> Composed:
    return SQL("(a.attributes -> {}::text)").format(Literal(str(attribute.id)))


def _is_one(alias: LiteralString, column: str, ids: Sequence[int]) -> Composed:
    found = SQL("{}.{}").format(SQL(alias), Identifier(column))
    return SQL("({} is not null and {} = any({}))").format(found, found, Literal(list(ids)))


def _not_null(alias: LiteralString, column: str) -> Composed:
    return SQL("{}.{} is not null").format(SQL(alias), Identifier(column))


def _either(conditions: Sequence[Composable]) -> Composable:
    return SQL("({})").format(SQL(" or ").join(conditions)) if conditions else FALSE
