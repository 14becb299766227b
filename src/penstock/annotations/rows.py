"""Annotations of files: reading any branch at any revision; imports; edits outside of tasks; merging drafts."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from penstock import schema as schemas
from penstock.annotations import branches, bulk_tables, checks, glance_tables, plain_tables, tables, text_tables, values
from penstock.annotations.copying import ColumnRows, FileRows
from penstock.annotations.events import AnnotationsEdited, AnnotationsImported, MergeConflicted
from penstock.annotations.merge import MergeConflict, merge
from penstock.annotations.model import Annotation, Change, ChangesInvalid, Delete, Glance, decode_all, holder_id
from penstock.annotations.plain import BoxesRow, PolygonsRow, Sides
from penstock.annotations.tables import Branch
from penstock.core import Conflict, Problem
from penstock.schema.model import Kind, Schema
from penstock.store import Transaction


def read(tx: Transaction, branch: int | Branch, file: int, as_of: int | None = None) -> list[Annotation]:
    """A file's annotations on a branch, overlaid over its parents, in order of their ids."""
    line = branches.get(tx, branch) if isinstance(branch, int) else branch
    return tables.select(tx, branches.levels(tx, line, as_of), file)


def stream(
    tx: Transaction, branch: int | Branch, as_of: int | None, files: Sequence[int], chunk: int = 500
) -> Iterator[tuple[int, list[Annotation]]]:
    """(file, its annotations) for each of `files` in ascending order, those without annotations too. Flat memory."""
    for file, text in texts(tx, branch, as_of, files, chunk):
        yield file, decode_all(text)


def texts(
    tx: Transaction,
    branch: int | Branch,
    as_of: int | None,
    files: Sequence[int],
    chunk: int = 500,
    *,
    bounds: bool = False,
) -> Iterator[tuple[int, str]]:
    """The same, each file's annotations as one JSON list, for those who make something else of them.

    `bounds` are the upright boxes around them, for who needs no more of their shapes.
    """
    line = branches.get(tx, branch) if isinstance(branch, int) else branch
    levels = branches.levels(tx, line, as_of)
    wanted = sorted(files)
    for start in range(0, len(wanted), chunk):
        part = wanted[start : start + chunk]
        found = text_tables.select_texts(tx, levels, part, bounds=bounds)
        for file in part:
            yield file, found.get(file, "[]")


def plain_polygons(
    tx: Transaction, branch: int | Branch, as_of: int | None, files: Sequence[int], kept: str
) -> list[PolygonsRow]:
    """The annotations of each file that has any, by id, where all are imported polygons with no more to say than what
    is kept of them for other formats. `kept` is a pattern for that, as `like` has them.
    """
    line = branches.get(tx, branch) if isinstance(branch, int) else branch
    return plain_tables.select_polygons(tx, branches.levels(tx, line, as_of), files, kept)


def plain_boxes(
    tx: Transaction,
    branch: int | Branch,
    as_of: int | None,
    files: Sequence[int],
    *,
    kinds: Collection[Kind],
    keys: Collection[str],
    sides: Sides,
) -> list[BoxesRow]:
    """The boxes around the annotations of each file that has any, by id. Those of other kinds, with attributes, or with
    one of these foreign keys have more to say.
    """
    line = branches.get(tx, branch) if isinstance(branch, int) else branch
    return plain_tables.select_boxes(tx, branches.levels(tx, line, as_of), files, kinds, keys, sides)


def glance(
    tx: Transaction, branch: int | Branch, files: Collection[int], as_of: int | None = None, most: int = 200
) -> list[Glance]:
    """The first annotations of each of many files, in the order of the files' ids; of one with none, an empty list."""
    line = branches.get(tx, branch) if isinstance(branch, int) else branch
    found: dict[int, list[Annotation]] = {file: [] for file in sorted(files)}
    for file, annotation in glance_tables.select_first(tx, branches.levels(tx, line, as_of), list(found), most + 1):
        found[file].append(annotation)
    return [Glance(file, some[:most], len(some) > most) for file, some in found.items()]


def changed_states(
    changes: Sequence[Change],
    before: Mapping[UUID, Annotation | None],
    schema: Schema,
    author: int | None,
    labels: Collection[int] | None = None,
    attributes: Collection[int] | None = None,
    holder: UUID | None = None,
) -> dict[UUID, Annotation | None]:
    """The states after some changes, by id; None for the deleted. Raises ChangesInvalid with every problem.

    `before` holds the present states of at least the changed annotations; `labels` and `attributes` are the write set,
    `holder` the id of the annotation that holds the file's own attributes.
    """
    after: dict[UUID, Annotation | None] = {}
    problems: list[Problem] = []
    for n, change in enumerate(changes):
        at = f"changes[{n}]"
        old = after[change.id] if change.id in after else before.get(change.id)
        made, found = checks.apply(change, old, schema, at, author, holder)
        if labels is not None or attributes is not None:
            found += checks.may_write(change, old, at, labels, attributes)
        problems += found
        if made is not None and old is not None and made != old:
            made = msgspec.structs.replace(made, source="person", author=author)
        after[change.id] = made
    if problems:
        raise ChangesInvalid(count=len(problems), errors=problems)
    return after


class BranchNotEdited(Conflict):
    """Branch {branch} is one of {kind}, so it isn't edited by hand. Edit the main branch, or a fork's."""


class Imported(NamedTuple):
    """What an import did to one file's annotations."""

    added: int
    updated: int
    kept: int  #: touched by a person since: they stay as they are
    same: int


def import_file(tx: Transaction, branch: int, file: int, annotations: Collection[Annotation]) -> Imported:
    """Bring a file's annotations in from outside. Safe to repeat: nothing doubles, nobody's work is undone.

    Annotations come checked (`checks.structure`), with ids that follow from their source. Locks the file, so call it
    before the seq is drawn, or hold the file's lock already. Writes `annotations.imported` when anything changed.
    """
    if not tx.is_drawn:
        tables.lock_files(tx, [file])
    line = branches.get(tx, branch)
    levels = branches.levels(tx, line)
    heads = tables.select_heads(tx, levels, file)
    known = tables.select_known_ids(tx, [level.branch for level in levels], file) if annotations else set[UUID]()
    added: list[Annotation] = []
    updated: list[Annotation] = []
    kept = same = 0
    for annotation in {a.id: a for a in annotations}.values():
        head = heads.get(annotation.id)
        if head is None and annotation.id not in known:
            added.append(annotation)
        elif head is None or head.gone or head.origin != "import":
            kept += 1
        elif head.annotation == annotation:
            same += 1
        else:
            updated.append(annotation)
    if added or updated:
        put(tx, line, file, [heads[a.id].annotation for a in updated], added + updated, "import")
    if added or updated or kept:
        event = AnnotationsImported(file=file, branch=branch, added=len(added), updated=len(updated), kept=kept)
        tx.append(event)
    return Imported(len(added), len(updated), kept, same)


def touched(tx: Transaction, branch: int, files: Collection[int]) -> set[int]:
    """Those of the files that have, or once had, annotations on a branch or under it. Hold them before."""
    levels = branches.levels(tx, branches.get(tx, branch))
    return tables.select_touched(tx, [level.branch for level in levels], files)


def import_new(tx: Transaction, branch: int, files: Sequence[FileRows | ColumnRows]) -> int:
    """Bring in annotations of files that never had any on this branch, in bulk; how many.

    The files are held, or made by this very transaction. Writes `annotations.imported`.
    """
    some = [file for file in files if file.size]
    for file in some:
        tx.append(AnnotationsImported.first(file.file, branch, file.size))
    bulk_tables.copy_in(tx, branch, some, "import")
    if branches.get(tx, branch).parent is None:
        counted = Counter[values.Counted]()
        for file in some:
            if isinstance(file, ColumnRows):
                values.count_plain(counted, file.file, file.labels, file.source)
            else:
                values.count(counted, file.file, file.annotations, 1)
        if bulk_tables.are_counted(tx, branch, [file.file for file in some]):  # by what was pruned since
            tables.count_labels(tx, branch, counted)
        else:
            bulk_tables.copy_labels(tx, branch, counted)
    return sum(file.size for file in some)


def edit(tx: Transaction, file: int, changes: Sequence[Change], branch: int | None = None) -> list[Annotation]:
    """Change a file's annotations on the main branch or on a fork, outside any task; all of them or none.

    Raises ChangesInvalid, BranchNotEdited. Writes `annotations.edited`. Repeating a creation is refused, the rest is
    safe to repeat.
    """
    line = branches.get(tx, branches.main(tx) if branch is None else branch)
    if line.kind not in ("main", "fork"):
        raise BranchNotEdited(branch=line.id, kind=line.kind)
    tables.lock_files(tx, [file])
    before: Mapping[UUID, Annotation | None] = {a.id: a for a in read(tx, line, file)}
    after = changed_states(changes, before, schemas.current(tx), tx.actor, holder=holder_id(file))
    changed = {id: state for id, state in after.items() if state != before.get(id)}
    old = [state for id in changed if (state := before.get(id)) is not None]
    new = [state for state in changed.values() if state is not None]
    put(tx, line, file, old, new, "edit")
    made = sum(id not in before for id in changed)
    removed = sum(isinstance(change, Delete) for change in changes)
    if changed:
        told = AnnotationsEdited(
            file=file, branch=line.id, added=made, changed=len(changed) - made - removed, removed=removed
        )
        tx.append(told)
    return [state for state in after.values() if state is not None]


def put(
    tx: Transaction, line: Branch, file: int, old: Collection[Annotation], new: Collection[Annotation], origin: str
) -> None:
    """Let `new` states of a file's annotations stand on a branch in place of `old` ones. The file is locked.

    On an overlay, what it took from its parent is hidden, not ended. Facets are kept of branches without a parent only.
    """
    tables.retire(tx, line.id, file, [a.id for a in old] if line.parent is None else [a.id for a in [*old, *new]])
    kept = {a.id for a in new}
    gone = () if line.parent is None else [a.id for a in old if a.id not in kept]
    tables.insert(tx, line.id, file, new, origin, gone=gone)
    if line.parent is None:
        tables.count_labels(tx, line.id, tables.tally(file, new, old))


def put_many(
    tx: Transaction,
    line: Branch,
    changes: Mapping[int, tuple[Collection[Annotation], Collection[Annotation]]],
    origin: str,
) -> None:
    """Let new states stand in place of old ones on many files, {file: (old, new)}: `put` in bulk. They are locked."""
    ended = [(file, a.id) for file, (old, new) in changes.items() for a in (*old, *new)]
    bulk_tables.retire_many(tx, line.id, ended)
    if line.parent is not None:
        kept = {(file, a.id) for file, (_, new) in changes.items() for a in new}
        bulk_tables.insert_gone(tx, line.id, [place for place in ended if place not in kept], origin)
    else:
        deltas = Counter[values.Counted]()
        for file, (old, new) in changes.items():
            deltas.update(tables.tally(file, new, old))
        tables.count_labels(tx, line.id, deltas)
    bulk_tables.copy_in(tx, line.id, (FileRows.of(file, [*new]) for file, (_, new) in changes.items()), origin)


class MergeOutcome(NamedTuple):
    """What merging a draft did to its parent."""

    before: dict[UUID, Annotation | None]  #: the head's states of what the draft touches
    after: dict[UUID, Annotation | None]
    conflicts: tuple[MergeConflict, ...]

    @property
    def added(self) -> int:
        return sum(1 for id, a in self.after.items() if a is not None and self.before.get(id) is None)

    @property
    def removed(self) -> int:
        return sum(1 for id, a in self.after.items() if a is None and self.before.get(id) is not None)

    @property
    def changed(self) -> int:
        pairs = ((self.before.get(id), a) for id, a in self.after.items())
        return sum(1 for old, new in pairs if old is not None and new is not None and old != new)


def plan_merge(
    base: Mapping[UUID, Annotation], head: Mapping[UUID, Annotation], ours: Mapping[UUID, Annotation | None]
) -> MergeOutcome:
    """What merging a draft's states into its parent would do. Hold the file's lock, so that it stays true. Pure."""
    after: dict[UUID, Annotation | None] = {}
    conflicts: list[MergeConflict] = []
    for id, state in ours.items():
        merged = merge(base.get(id), head.get(id), state)
        after[id] = merged.result
        conflicts += merged.conflicts
    return MergeOutcome({id: head.get(id) for id in ours}, after, tuple(conflicts))


def apply_merge(
    tx: Transaction,
    draft: Branch,
    file: int,
    outcome: MergeOutcome,
    stored: Mapping[UUID, Annotation | None],
    task: int | None,
) -> None:
    """Write a planned merge: copies onto the parent, the draft stays as it is. `stored` are the states that it holds.

    Writes `merge.conflicted` where both sides changed something.
    """
    assert draft.parent is not None
    changed = {id: state for id, state in outcome.after.items() if state != outcome.before.get(id)}
    old = [state for id in changed if (state := outcome.before.get(id)) is not None]
    new = [state for state in changed.values() if state is not None]
    # Most merge as the draft holds them: those are copied where they lie.
    alike = [state.id for state in new if stored.get(state.id) is state]
    tables.retire(tx, draft.parent, file, [state.id for state in old])
    held = sum(state is not None for state in stored.values())
    is_whole = len(alike) == len(new) == held and outcome.after.keys() == stored.keys()
    tables.copy_states(tx, draft.id, draft.parent, file, None if alike and is_whole else alike, task)
    known = set(alike)
    tables.insert(tx, draft.parent, file, [state for state in new if state.id not in known], "merge", task)
    tables.count_labels(tx, draft.parent, tables.tally(file, new, old))
    if outcome.conflicts:
        told = [msgspec.to_builtins(conflict) for conflict in outcome.conflicts]
        tx.append(MergeConflicted(file=file, branch=draft.parent, task=task, conflicts=told))
