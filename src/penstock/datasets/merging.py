"""Merging a fork: what it changed since it was forked, or merged last, is done to another dataset too.

The laws: one transaction, whole or not at all; merging again does nothing anew; what both sides changed is never lost
without a word: a rule says what stands, and both sides are kept with the merge.
"""

from collections import Counter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from penstock.annotations import branches, rows
from penstock.annotations import tables as annotation_tables
from penstock.annotations.merge import merge
from penstock.annotations.model import Annotation
from penstock.annotations.tables import Level
from penstock.core import NotFound
from penstock.core.ids import import_uuid
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import diff, events, merge_tables, states, tables, verbs
from penstock.datasets.merge_tables import Sides
from penstock.datasets.model import Dataset, Merge, MergeInto, MergePreview, NotAFork, NothingInCommon, Rule, Tally
from penstock.datasets.states import State
from penstock.store import Transaction


class Conflict(msgspec.Struct, frozen=True):
    """An annotation that both sides changed in the same fields, as it was on each."""

    file: int
    id: UUID
    fields: list[str]
    base: Annotation | None
    theirs: Annotation | None  #: the target's
    ours: Annotation | None  #: the fork's


class ConflictsPage(NamedTuple):
    """Some conflicts as plain JSON, and the cursor of the next ones."""

    items: list[dict[str, Any]]
    next: str | None


class Plan(NamedTuple):
    """What a merge does to its target."""

    enter: list[int]
    leave: list[int]
    changes: dict[int, tuple[list[Annotation], list[Annotation]]]
    """By file, the target's states that end, and those that stand in their place."""
    conflicts: list[Conflict]

    @property
    def annotations(self) -> Tally:
        old = {(file, a.id) for file, (ended, _) in self.changes.items() for a in ended}
        new = {(file, a.id) for file, (_, begun) in self.changes.items() for a in begun}
        return Tally(added=len(new - old), removed=len(old - new), changed=len(old & new))

    @property
    def files(self) -> Tally:
        return Tally(added=len(self.enter), removed=len(self.leave))


class _Ends(NamedTuple):
    """The three sides of a merge."""

    base: State
    ours: State
    target: Dataset


def preview(tx: Transaction, fork: int, asked: MergeInto) -> MergePreview:
    """What merging would do now. Raises what `perform` does."""
    ends = _ends(tx, fork, asked.into, None)
    found = _plan(tx, ends, asked.rule)
    fields = Counter(field for conflict in found.conflicts for field in conflict.fields)
    return MergePreview(
        fork=ends.ours.dataset.id,
        target=ends.target.id,
        fork_seq=ends.ours.seq,
        annotations=found.annotations,
        files=found.files,
        conflicts=len(found.conflicts),
        conflict_fields=dict(sorted(fields.items())),
    )


def preview_conflicts(tx: Transaction, fork: int, asked: MergeInto, limit: int) -> list[Conflict]:
    """The first conflicts that merging would meet now."""
    return _plan(tx, _ends(tx, fork, asked.into, None), asked.rule).conflicts[:limit]


def perform(tx: Transaction, fork: int, asked: MergeInto, seq: int) -> Merge:
    """Do to a dataset what a fork changed up to a settled revision of it. Safe to repeat.

    Writes `dataset.merged` when that is anything, `dataset.file_added` and `dataset.file_removed` for files. Raises
    NotFound, NotAFork, NothingInCommon, DatasetArchived, LiveDataset, BranchesDiffer.
    """
    into = asked.into
    for dataset in sorted({fork, _target(tx, fork, into).id}):
        tables.lock_dataset(tx, dataset)
    ends = _ends(tx, fork, into, seq)
    verbs.open_to_change(tx, ends.target.id)
    if asked.conflicts_to is not None:
        verbs.check_same_branch(ends.target, verbs.open_to_change(tx, asked.conflicts_to))
    annotation_tables.lock_files(tx, _touched(tx, ends))
    found = _plan(tx, ends, asked.rule)
    last = merge_tables.last(tx, ends.ours.dataset.id, ends.target.id)
    if last is not None and not (found.enter or found.leave or found.changes or found.conflicts):
        return last.model_copy(update={"again": True})
    line = branches.get(tx, ends.target.branch)
    cause = {"kind": "merge", "dataset": ends.target.id, "fork": ends.ours.dataset.id}
    enter = verbs.add(tx, ends.target.id, found.enter, cause) if found.enter else []
    leave = verbs.remove(tx, ends.target.id, found.leave, cause) if found.leave else []
    rows.put_many(tx, line, found.changes, "merge")
    files = Tally(added=len(enter), removed=len(leave))
    if asked.conflicts_to is not None and found.conflicts:
        verbs.add(tx, asked.conflicts_to, sorted({c.file for c in found.conflicts}), cause)
    made = merge_tables.insert(
        tx,
        ends.ours.dataset.id,
        ends.target.id,
        ends.ours.seq,
        asked.rule,
        asked.conflicts_to,
        found.annotations,
        files,
        len(found.conflicts),
    )
    merge_tables.insert_conflicts(tx, made.id, found.conflicts)
    event = events.DatasetMerged(
        dataset=made.target,
        fork=made.fork,
        merge=made.id,
        annotations=made.annotations.model_dump(),
        files=made.files.model_dump(),
        conflicts=made.conflicts,
        rule=made.rule,
        conflicts_to=made.conflicts_to,
    )
    tx.append(event)
    return made


def get(tx: Transaction, id: int) -> Merge:
    """A merge by its id. Raises NotFound."""
    found = merge_tables.find(tx, id)
    if found is None:
        raise NotFound(what="merge", name=id)
    return found


def conflicts(tx: Transaction, id: int, after: str | None = None, limit: int = 100) -> ConflictsPage:
    """What both sides had changed when a merge was done, in order of file and id. Raises NotFound."""
    get(tx, id)
    file, annotation = decode_cursor(after, int, str) if after else (0, str(UUID(int=0)))
    found = merge_tables.conflicts(tx, id, (file, UUID(annotation)), limit + 1)
    more = len(found) > limit
    found = found[:limit]
    return ConflictsPage(found, encode_cursor(found[-1]["file"], found[-1]["id"]) if more else None)


def _target(tx: Transaction, fork: int, into: int | None) -> Dataset:
    source = verbs.get(tx, fork)
    if source.forked_from is None:
        raise NotAFork(name=source.name)
    return verbs.get(tx, source.forked_from if into is None else into)


def _ends(tx: Transaction, fork: int, into: int | None, seq: int | None) -> _Ends:
    target = _target(tx, fork, into)
    ours = states.at(tx, verbs.get(tx, fork), seq)
    last = merge_tables.last(tx, fork, target.id)
    if last is not None:
        return _Ends(states.at(tx, ours.dataset, last.fork_seq), ours, target)
    return _Ends(_common(tx, ours, target), ours, target)


def _common(tx: Transaction, ours: State, target: Dataset) -> State:
    """What a fork and a dataset both grew from: their root, at the older of the revisions at which they left it."""
    root, begun = ours.levels[-1], ours.entries[-1]
    theirs = states.head(tx, target)
    if len(ours.levels) != 2 or theirs.levels[-1].branch != root.branch or target.id == ours.dataset.id:
        raise NothingInCommon(fork=ours.dataset.name, target=target.name)
    since = min(level.as_of or 0 for level in (root, *theirs.levels[1:]))
    held = min(
        begun.as_of or 0, *(level.as_of or 0 for level in theirs.entries[1:] if level.branch == begun.branch), since
    )
    entries = [Level(begun.branch, held if len(theirs.entries) > 1 else begun.as_of)]
    return ours._replace(levels=[Level(root.branch, since)], entries=entries)


def _touched(tx: Transaction, ends: _Ends) -> list[int]:
    """The files that a merge may write on. Both ends that say so are settled, so no lock is needed to ask."""
    theirs = states.head(tx, ends.target)
    changed = {
        side.file for side in merge_tables.sides(tx, ends.base.levels, theirs.levels, ends.ours, ends.ours.line.id)
    }
    moved = {one.file for one in merge_tables.memberships(tx, ends.base, theirs, ends.ours)}
    return sorted(changed | moved)


def _plan(tx: Transaction, ends: _Ends, rule: Rule) -> Plan:
    theirs = states.head(tx, ends.target)
    moved = merge_tables.memberships(tx, ends.base, theirs, ends.ours)
    sides = merge_tables.sides(tx, ends.base.levels, theirs.levels, ends.ours, ends.ours.line.id)
    known = diff.states_at(tx, [place for side in sides for place in side.places])
    found = Plan(
        [one.file for one in moved if one.ours and not one.theirs],
        [one.file for one in moved if not one.ours and one.theirs],
        {},
        [],
    )
    for side in sides:
        base = known.get((side.file, side.id, side.base_branch, side.base_seq))
        head = known.get((side.file, side.id, side.theirs_branch, side.theirs_seq))
        ours = known.get((side.file, side.id, side.ours_branch, side.ours_seq))
        merged = merge(base, head, ours)
        after = [] if merged.result is None else [merged.result]
        if merged.conflicts:
            fields = [conflict.field for conflict in merged.conflicts]
            found.conflicts.append(Conflict(side.file, side.id, fields, base, head, ours))
            after = _settled(side, base, head, ours, rule, ends.ours.dataset.id)
        before = [] if head is None else [head]
        if after != before:
            old, new = found.changes.setdefault(side.file, ([], []))
            standing = head in after
            old += [] if standing else before
            new += [a for a in after if not (standing and a == head)]
    return found


def _settled(
    side: Sides, base: Annotation | None, theirs: Annotation | None, ours: Annotation | None, rule: Rule, fork: int
) -> list[Annotation]:
    """What stands of an annotation that both sides changed."""
    if rule == "newest":
        rule = "ours" if (side.ours_seq or 0) >= (side.theirs_seq or 0) else "theirs"
    if rule == "both" and ours is not None and theirs is not None and not ours.is_of_file:
        other = import_uuid(side.file, f"merge {fork} {side.ours_seq}", str(side.id))
        return [theirs, msgspec.structs.replace(ours, id=other)]
    if rule == "ours" and ours is None:
        return []
    if rule == "theirs":
        kept = None if theirs is None else merge(base, ours, theirs).result
    else:
        kept = merge(base, theirs, ours).result
    return [] if kept is None else [kept]
