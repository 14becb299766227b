"""Ways to go on with a query while somebody writes it: words of the language, and names of the project."""

from collections.abc import Iterable, Sequence

from penstock import people
from penstock import schema as schemas
from penstock.datasets import facts, saved_tables, tables
from penstock.datasets.query import Context, QueryInvalid, check, parse
from penstock.datasets.query import expression as e
from penstock.datasets.query.cursor import Cursor, place
from penstock.datasets.query_model import Completion, Completions
from penstock.schema import Schema
from penstock.store import Transaction

MOST = 50
_TIMES = ("- 1h", "- 1d", "- 7d", "- 4w")


def complete(tx: Transaction, text: str, at: int, context: Context = "file", dataset: int | None = None) -> Completions:
    """What may come at a place, those first that begin as the word there; and what is wrong with the whole text."""
    cursor = place(text, at)
    found = _Completer(tx, cursor, context, dataset).items()
    typed = cursor.typed.casefold()
    fitting = [item for item in found if typed in item.label.casefold()]
    fitting.sort(key=lambda item: not item.label.casefold().startswith(typed))
    problem = _problem(tx, text, context, dataset)
    return Completions(
        start=cursor.start,
        items=fitting[:MOST],
        problem=problem and problem.why,
        at=None if problem is None else _offset(text, problem),
    )


def _problem(tx: Transaction, text: str, context: Context, dataset: int | None) -> QueryInvalid | None:
    try:
        check(parse(text), context, facts.names(tx, dataset))
    except QueryInvalid as refusal:
        return refusal
    return None


def _offset(text: str, problem: QueryInvalid) -> int:
    lines = text.split("\n")[: problem.line - 1]
    return sum(len(line) + 1 for line in lines) + problem.column - 1


class _Completer:
    def __init__(self, tx: Transaction, cursor: Cursor, context: Context, dataset: int | None) -> None:
        self._tx = tx
        self._cursor = cursor
        self._context: Context = context
        self._dataset = dataset
        self._schema: Schema = schemas.current(tx)

    def items(self) -> list[Completion]:
        cursor = self._cursor
        if cursor.last == "DOT":
            return self._after_dot()
        if cursor.last in ("SLASH", "SINCE") or cursor.kinds(2) == ("TASK", "LPAR"):
            return self._named()
        if "ANY" in cursor.accepts:
            return self._fields()
        if {"NOW", "NUMBER"} <= cursor.accepts:
            return self._values()
        if cursor.accepts & {"TEXT"} and not cursor.accepts & {"NAME"}:
            return self._datasets()
        return self._words()

    def _fields(self) -> list[Completion]:
        plain = dict(e.ENTRY_FIELDS | e.ANNOTATION_FIELDS | (e.TASK_FIELDS if self._context != "file" else {}))
        roots = [("labels.", "how many of a label"), ("meta.", "metadata"), ("file.", "of the file")]
        if self._context == "event":
            roots.append(("event.", "of the event that fired"))
        return [
            *(_item(name, "field", detail) for name, detail in plain.items()),
            *(
                _item(e.name(a.name) if a.name.lower() not in plain else e.quote(a.name), "attribute", a.kind, a.name)
                for a in self._schema.live_attributes
            ),
            *(_item(root, "field", detail) for root, detail in roots),
            *(
                _item(f"task({e.quote(name)}).", "template", "the file's task", name)
                for name in facts.tasks.names(self._tx)
            ),
            *(_item(word, "keyword") for word in ("not ", "in ", "any(", "count(", "changed since ")),
            *(_item(f"({saved.query})", "value", "saved query", saved.name) for saved in saved_tables.all_(self._tx)),
        ]

    def _after_dot(self) -> list[Completion]:
        match self._cursor.kinds(2)[0]:
            case "LABELS":
                return _names(self._labels(), "label")
            case "FILE":
                return [_item(name, "field", detail) for name, detail in e.FILE_FIELDS.items()]
            case "ATTRIBUTES":
                return _names((a.name for a in self._schema.live_attributes), "attribute")
            case "RPAR":
                return [_item(name, "field", detail) for name, detail in e.TASK_FIELDS.items()]
            case _:
                return _names(self._meta_keys(), "field")

    def _meta_keys(self) -> Sequence[str]:
        path: list[str] = []
        cursor = self._cursor
        while cursor.last == "DOT" and cursor.kinds(2)[0] in ("NAME", "TEXT"):
            path.insert(0, cursor.text(2))
            cursor = cursor.before(2)
        return tables.meta_keys(self._tx, path) if cursor.kinds(2) == ("META", "DOT") else []

    def _named(self) -> list[Completion]:
        pins = tables.pins(self._tx)
        match self._cursor.last:
            case "LPAR":
                return _quoted(facts.tasks.names(self._tx), "template")
            case "SLASH":
                return _quoted((pin.version for pin in pins if pin.name == self._cursor.text(2)), "version")
            case _:
                own = _quoted((pin.version for pin in pins if pin.dataset == self._dataset), "version")
                others = (f"{e.quote(pin.name)}/{e.quote(pin.version)}" for pin in pins)
                return own + [_item(text, "version") for text in others]

    def _datasets(self) -> list[Completion]:
        return _quoted(sorted(tables.names(self._tx)), "dataset")

    def _values(self) -> list[Completion]:
        cursor = self._cursor
        while cursor.last not in ("OPERATOR", "IN") and cursor.tokens:
            cursor = cursor.before(1)
        cursor = cursor.before(1)
        if cursor.last == "NOT":
            cursor = cursor.before(1)
        return [*self._values_of(cursor), _item("null", "keyword", "no value")]

    def _values_of(self, field: Cursor) -> list[Completion]:
        name, dotted = field.text(1), field.kinds(2)[:1] == ("DOT",)
        root = field.before(2).last if dotted else ""
        if root == "LABELS":
            return []
        if (not dotted and field.last == "NAME") or root in ("FILE", "RPAR"):
            known = self._values_of_word(name.lower())
            if known is not None or root:
                return known or []
        attribute = next((a for a in self._schema.live_attributes if a.name == name), None)
        if attribute is None or root not in ("", "ATTRIBUTES"):
            return []
        if attribute.kind == "checkbox":
            return [_item("true", "value"), _item("false", "value")]
        return _names((option.name for option in attribute.options if not option.archived), "value")

    def _values_of_word(self, word: str) -> list[Completion] | None:
        if word in e.VOCABULARY:
            return _names(e.VOCABULARY[word], "value")
        if word == "label":
            return _names(self._labels(), "label")
        if word in ("person", "author", "reviewer"):
            return _names((member.email or member.name for member in people.members(self._tx)), "value")
        if word == "added":
            return [_item(f"now {time}", "value") for time in _TIMES]
        return [] if word in e.PLAIN_FIELDS else None

    def _labels(self) -> Iterable[str]:
        return (label.name for label in self._schema.live_labels)

    def _words(self) -> list[Completion]:
        accepts = self._cursor.accepts
        found = [_item(f"{sign} ", "operator", "", sign) for sign in e.OPERATORS] if "OPERATOR" in accepts else []
        if "OPERATOR" in accepts and "IN" in accepts:
            found += [_item("in (", "operator"), _item("not in (", "operator")]
        found += [_item(time, "value") for time in _TIMES if "SIGN" in accepts]
        found += [_item(f"{word} ", "keyword", "", word) for word in ("and", "or", "since") if word.upper() in accepts]
        found += [_item(sign, "operator") for kind, sign in (("LPAR", "("), ("RPAR", ")")) if kind in accepts]
        return found


def _item(text: str, what: str, detail: str = "", label: str = "") -> Completion:
    return Completion.model_validate({"text": text, "label": label or text.strip(), "what": what, "detail": detail})


def _names(names: Iterable[str], what: str) -> list[Completion]:
    return [_item(e.name(name), what, "", name) for name in names]


def _quoted(names: Iterable[str], what: str) -> list[Completion]:
    return [_item(e.quote(name), what, "", name) for name in names]
