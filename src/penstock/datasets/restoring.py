"""Restoring a version: its state becomes the dataset's present one, as new history. Nothing is erased."""

from typing import NamedTuple

from penstock import files
from penstock.annotations import branches, rows
from penstock.annotations import tables as annotation_tables
from penstock.annotations.model import Annotation
from penstock.core.ids import FileId
from penstock.datasets import diff, events, merge_tables, restore_tables, states, tables, verbs, versions
from penstock.datasets.merging import Plan
from penstock.datasets.model import Restored
from penstock.datasets.states import State
from penstock.store import Transaction


class _Change(NamedTuple):
    """What leads from the present to the version."""

    plan: Plan
    metas: dict[int, files.Meta]

    @property
    def files(self) -> set[int]:
        return {*self.plan.enter, *self.plan.leave, *self.plan.changes, *self.metas}


def restore(tx: Transaction, version: int) -> Restored:
    """Make a dataset again what a version shows: its files, their annotations and metadata. Safe to repeat.

    Files that were replaced since stay out, since their keys have other bytes now. Other datasets on the branch that
    hold the same files see the annotations change too. Writes `dataset.restored`, and the events of files that enter,
    leave or are described. Raises NotFound, DatasetArchived, LiveDataset.
    """
    pinned = versions.get(tx, version)
    tables.lock_dataset(tx, pinned.dataset)
    dataset = verbs.open_to_change(tx, pinned.dataset)
    wanted = states.of_version(tx, pinned)
    held = set[int]()
    # Looking comes before locking, so somebody may write in between: look again until nothing is new.
    while (found := _change(tx, wanted)).files - held:
        held |= found.files
        annotation_tables.lock_files(tx, held)
    plan = found.plan
    cause = {"kind": "restore", "version": pinned.id}
    enter = verbs.add(tx, dataset.id, plan.enter, cause) if plan.enter else []
    leave = verbs.remove(tx, dataset.id, plan.leave, cause) if plan.leave else []
    if found.metas:
        files.describe_many(tx, found.metas)
    if plan.changes:
        rows.put_many(tx, branches.get(tx, dataset.branch), plan.changes, "restore")
    done = Restored(
        version=pinned.id,
        dataset=dataset.id,
        annotations=plan.annotations,
        files=plan.files.model_copy(update={"added": len(enter), "removed": len(leave), "changed": len(found.metas)}),
        replaced=[FileId(file) for file in plan.enter if file not in set(enter)],
    )
    if enter or leave or found.metas or plan.changes:
        event = events.DatasetRestored(
            dataset=done.dataset,
            version=done.version,
            annotations=done.annotations.model_dump(),
            files=done.files.model_dump(),
        )
        tx.append(event)
    return done


def _change(tx: Transaction, wanted: State) -> _Change:
    now = states.head(tx, wanted.dataset)
    moved = merge_tables.memberships(tx, now, now, wanted)
    sides = merge_tables.sides(tx, now.levels, now.levels, wanted)
    known = diff.states_at(tx, [place for side in sides for place in side.places])
    changes: dict[int, tuple[list[Annotation], list[Annotation]]] = {}
    for side in sides:
        present = known.get((side.file, side.id, side.theirs_branch, side.theirs_seq))
        before = known.get((side.file, side.id, side.ours_branch, side.ours_seq))
        if present != before:
            old, new = changes.setdefault(side.file, ([], []))
            old += [] if present is None else [present]
            new += [] if before is None else [before]
    plan = Plan([one.file for one in moved if one.ours], [one.file for one in moved if not one.ours], changes, [])
    return _Change(plan, restore_tables.metas(tx, wanted))
