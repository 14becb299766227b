"""Samples and splits: files drawn from a dataset into others, and why written down as the entries' cause.

The law: the same seed draws the same files. What was drawn before stays where it is, so both can be repeated when the
dataset has grown.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.annotations import branches
from penstock.datasets import asking, drawing, sampling_tables, tables, verbs
from penstock.datasets.live_model import SourceMismatch
from penstock.datasets.model import Cause
from penstock.datasets.query import check, parse
from penstock.datasets.query import expression as e
from penstock.datasets.query.relations import Relations
from penstock.datasets.sampling_model import (
    Drawn,
    FieldNotDrawn,
    NothingToDraw,
    Parted,
    Sample,
    Sampled,
    Split,
    SplitPart,
    Stratum,
)
from penstock.datasets.sampling_tables import Candidate
from penstock.schema.model import Schema
from penstock.store import Transaction

_Values = Mapping[int, Any]


def sample(tx: Transaction, target: int, wanted: Sample, preview: bool = False) -> Sampled:
    """Draw files into a dataset. Safe to repeat. Writes `dataset.file_added` for each that was new there.

    Raises QueryInvalid, FieldNotDrawn, NothingToDraw, and what `verbs.add` does.
    """
    if wanted.count is None and wanted.share is None:
        raise NothingToDraw
    drawn, found, strata = draw(tx, wanted)
    cause: Cause = {"kind": "sample", **wanted.model_dump(mode="json", exclude_defaults=True)}
    added = [] if preview else verbs.add(tx, target, sorted(drawn), cause)
    return Sampled(found=found, drawn=len(drawn), added=len(added), strata=strata)


def draw(tx: Transaction, wanted: Sample) -> tuple[list[int], int, list[Stratum]]:
    """What a sample draws: files in the order of their lots, how many there were, and the strata."""
    place = _Place(tx, wanted)
    files = place.candidates
    if wanted.by == "uncertainty":
        doubt = place.uncertainty(wanted.predictions)
        files = [one for one in files if one.file in doubt]
        files.sort(key=lambda one: (-doubt[one.file], drawing.lot(wanted.seed, one.file)))
    else:
        files.sort(key=lambda one: drawing.lot(wanted.seed, one.file))
    values: _Values = {} if wanted.stratify is None else place.values(wanted.stratify)
    available = Counter(values.get(one.file) for one in files)
    quota = drawing.quotas(available, drawing.wanted(len(files), wanted.share, wanted.count), wanted.balanced)
    looks, seen = {one.file: one.look for one in files}, drawing.Looks(wanted.alike_bits)
    drawn = drawing.take(
        (one.file for one in files),
        quota,
        values.get,
        (lambda file: seen.is_new(looks[file])) if wanted.distinct else (lambda _: True),
    )
    taken = Counter(values.get(file) for file in drawn)
    strata = [
        Stratum(value=value, files=available[value], drawn=taken[value])
        for value in sorted(available, key=lambda value: (value is None, str(value)))
    ]
    return drawn, len(place.candidates), strata if wanted.stratify is not None else []


def split(tx: Transaction, wanted: Split) -> Parted:
    """Part a dataset's files. Files with the same content are of one group, whatever their fields say; a group is
    called as its oldest file, and goes as a whole where one of it is already. Safe to repeat.

    Writes `dataset.file_added`. Raises QueryInvalid, FieldNotDrawn, and what `verbs.add` does.
    """
    place = _Place(tx, wanted)
    targets = [verbs.open_to_change(tx, part.dataset) for part in wanted.parts]
    files = place.candidates
    values: _Values = {} if wanted.together is None else place.values(wanted.together)
    names = {one.file: f"={values[one.file]}" if one.file in values else one.hash for one in files}
    older_first = sorted(files, key=lambda one: one.file)
    groups = drawing.groups((one, (names[one.file], one.hash)) for one in older_first)
    tables.lock_files(tx, [one.file for one in files])
    there = [{member.file for member in tables.held(tx, target.id, [one.file for one in files])} for target in targets]
    chosen: list[list[int]] = [[] for _ in targets]
    shares = [part.share for part in wanted.parts]
    for some in groups:
        before = Counter(n for one in some for n, held in enumerate(there) if one.file in held)
        part = before.most_common(1)[0][0] if before else drawing.split(names[some[0].file], shares, wanted.seed)
        chosen[part] += [one.file for one in some if not any(one.file in held for held in there)]
    parts: list[SplitPart] = []
    for n, target in enumerate(targets):
        cause: Cause = {"kind": "split", **wanted.model_dump(mode="json", exclude_defaults=True, exclude={"parts"})}
        added = verbs.add(tx, target.id, sorted(chosen[n]), {**cause, "share": shares[n]})
        parts.append(SplitPart(dataset=target.id, files=len(there[n]) + len(added), added=len(added)))
    return Parted(found=len(files), groups=len(groups), parts=parts, leaks=_leaks(files, there, chosen))


def _leaks(files: Sequence[Candidate], there: Sequence[set[int]], chosen: Sequence[list[int]]) -> int:
    """How many contents are in several parts."""
    parts: dict[str, set[int]] = defaultdict(set)
    hashes = {one.file: one.hash for one in files}
    for n, (held, new) in enumerate(zip(there, chosen, strict=True)):
        for file in (*held, *new):
            parts[hashes[file]].add(n)
    return sum(len(some) > 1 for some in parts.values())


class _Place:
    """Where files are drawn from."""

    def __init__(self, tx: Transaction, wanted: Drawn) -> None:
        scope = asking.of_dataset(tx, wanted.dataset)
        if wanted.version is not None:
            scope = asking.of_version(tx, wanted.version)
            if scope.dataset != wanted.dataset:
                raise SourceMismatch(version=wanted.version, dataset=verbs.get(tx, wanted.dataset).name)
        self._tx = tx
        self._scope = scope
        self._held = asking.held(tx, scope)
        self._where = asking.condition(tx, asking.read(tx, wanted.query, scope), scope)
        self._asked = asking.asked(tx, scope)
        self._of = Relations(self._asked)
        self.candidates = sampling_tables.candidates(tx, self._held, self._where)

    def uncertainty(self, predictions: str | None) -> dict[int, float]:
        if predictions is None:
            return sampling_tables.uncertainty(self._tx, self._held, self._where, self._of.rows())
        rows = sampling_tables.heads(branches.predictions_named(self._tx, predictions))
        return sampling_tables.uncertainty(self._tx, self._held, self._where, rows)

    def values(self, text: str) -> _Values:
        """One value of a field for each file that has any."""
        known = (self._tx, self._held, self._where)
        match self._field(text):
            case e.Plain("label"):
                names = {label.id: label.name for label in self._asked.schema.labels}
                return {file: names.get(id) for file, id in sampling_tables.labels(*known, self._of).items()}
            case e.Attribute(name):
                attribute = self._asked.attributes(name)[0]
                found = sampling_tables.answers(*known, self._of, attribute.id)
                return _named(self._asked.schema, attribute.id, found)
            case e.Meta(path):
                return sampling_tables.described(*known, path)
            case e.FileField(name) | e.Plain("state" as name) | e.Plain("key" as name):
                return sampling_tables.columns(*known, name)
            case _:
                raise FieldNotDrawn(field=text)

    def _field(self, text: str) -> e.Field:
        """A field by its name, as the query language writes it."""
        question = parse(f"{text} != null")
        if not isinstance(question, e.Compare):
            raise FieldNotDrawn(field=text)
        check(question, "file", asking.facts.names(self._tx, self._scope.dataset))
        return question.field


def _named(schema: Schema, attribute: int, found: _Values) -> _Values:
    """Answers with the names of options."""
    options = {option.id: option.name for option in schema.attribute(attribute).options}
    return {file: options.get(value, value) for file, value in found.items()} if options else found
