"""What differs between two states of datasets: as counts, lists, a filter, a stream, an event.

The laws: a state doesn't differ from itself; and who applies what differs between `a` and `b` to `a` has `b`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from penstock import schema
from penstock.annotations.model import Annotation
from penstock.annotations.tables import from_row
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import diff_tables as tables
from penstock.datasets import events, verbs
from penstock.datasets.model import ChangedBy, Diff, EntryChange, Tally
from penstock.datasets.states import State
from penstock.store import Transaction

Change = Literal["added", "removed", "changed"]

_NO_ID = UUID(int=0)
_AT_ONCE = 2000


class AnnotationChange(msgspec.Struct, frozen=True, omit_defaults=False):
    """An annotation that differs, as it is on both sides."""

    file: int
    key: str
    id: UUID
    change: Change
    by: ChangedBy | None
    before: Annotation | None
    after: Annotation | None


class ChangesPage(NamedTuple):
    """Some changes, and the cursor of the next ones."""

    items: list[AnnotationChange]
    next: str | None


def count(tx: Transaction, a: State, b: State) -> Diff:
    """How much was added, removed and changed on the way from `a` to `b`."""
    whole, files = Counter[str](), Counter[str]()
    by = dict[str, dict[str, int]]()
    on_files = 0
    for of, change, cause, n in tables.count(tx, a, b):
        if change is None:
            on_files = n
        elif of == "files":
            files[change] = n
        else:
            whole[change] += n
            if cause is not None:
                by.setdefault(cause, {})[change] = n
    return Diff.model_validate(
        {
            "a": a.written,
            "b": b.written,
            "annotations": Tally.model_validate(whole),
            "by": dict(sorted(by.items())),
            "files": Tally.model_validate(files),
            "files_with_changed_annotations": on_files,
            "schema_changes": schema_changes(tx, a, b),
        }
    )


def schema_changes(tx: Transaction, a: State, b: State) -> list[str]:
    """What changed in the schema between two states, in words, oldest first."""
    before, after = schema.version_at(tx, a.seq), schema.version_at(tx, b.seq)
    if after <= before:
        return []
    found = schema.versions(tx, None, after).items
    return [line for one in reversed(found) if before < one.version <= after for line in one.changes]


def annotations(tx: Transaction, a: State, b: State, after: str | None = None, limit: int = 100) -> ChangesPage:
    """The annotations that differ, in order of file and id."""
    file, id = decode_cursor(after, int, str) if after else (0, str(_NO_ID))
    refs = tables.annotation_refs(tx, a, b, (file, UUID(id)), limit + 1)
    more = len(refs) > limit
    refs = refs[:limit]
    return ChangesPage(_filled(tx, refs), encode_cursor(refs[-1].file, str(refs[-1].id)) if more else None)


def entries(tx: Transaction, a: State, b: State, after: int = 0, limit: int | None = None) -> list[EntryChange]:
    """The files that entered, left, or whose metadata differ, in order of their ids."""
    found = tables.entry_changes(tx, a, b, after, limit)
    return [EntryChange.model_validate(row._asdict()) for row in found]


def changed_files(tx: Transaction, a: State, b: State) -> list[int]:
    """The files of `b` that are new in it, or whose annotations or metadata differ from those of `a`."""
    return tables.changed_files(tx, a, b)


def stream(tx: Transaction, a: State, b: State) -> Iterator[EntryChange | AnnotationChange]:
    """Everything that differs: files that left, other files, annotations. Memory holds no more than their places."""
    # A key that got new bytes leaves with the old file before it enters with the new one.
    yield from sorted(entries(tx, a, b), key=lambda entry: entry.change != "removed")
    refs = tables.annotation_refs(tx, a, b, (0, _NO_ID), None)
    for start in range(0, len(refs), _AT_ONCE):
        yield from _filled(tx, refs[start : start + _AT_ONCE])


def tell(tx: Transaction, a: State, b: State, into: int | None = None) -> Diff:
    """Compare two states and write `dataset.compared`, for actions and receivers; the new and changed files may enter
    a dataset. Writes `dataset.file_added` for each. Raises what `verbs.add` does.
    """
    found = count(tx, a, b)
    if into is not None:
        files = changed_files(tx, a, b)
        verbs.check_same_branch(b.dataset, verbs.open_to_change(tx, into))
        verbs.add(tx, into, files, {"kind": "diff", "a": found.a, "b": found.b})
    event = events.DatasetCompared(
        dataset=b.dataset.id,
        a=found.a,
        b=found.b,
        annotations=found.annotations.model_dump(),
        by={cause: tally.model_dump() for cause, tally in found.by.items()},
        files=found.files.model_dump(),
        into=None if into is None else verbs.get(tx, into).id,
    )
    tx.append(event)
    return found


def _filled(tx: Transaction, refs: Sequence[tables.RefRow]) -> list[AnnotationChange]:
    wanted = [(r.file, r.id, r.a_branch, r.a_seq) for r in refs if r.a_branch is not None and r.a_seq is not None]
    wanted += [
        (r.file, r.id, r.b_branch, r.b_seq)
        for r in refs
        if r.b_branch is not None and r.b_seq is not None and r.change != "removed"
    ]
    known = states_at(tx, wanted)
    keys = tables.keys_of(tx, list({r.file for r in refs}))
    return [
        AnnotationChange(
            file=r.file,
            key=keys[r.file],
            id=r.id,
            change=r.change,  # pyright: ignore[reportArgumentType]  # the statement gives no others
            by=r.by,  # pyright: ignore[reportArgumentType]
            before=known.get((r.file, r.id, r.a_branch, r.a_seq)),
            after=None if r.change == "removed" else known.get((r.file, r.id, r.b_branch, r.b_seq)),
        )
        for r in refs
    ]


Ref = tuple[int, UUID, int | None, int | None]


def states_at(tx: Transaction, refs: Sequence[tuple[int, UUID, int, int]]) -> dict[Ref, Annotation]:
    """The annotations at these places: (file, id, branch, revision they were made at)."""
    return {(row[11], row[0], row[12], row[13]): from_row(row) for row in tables.rows_at(tx, refs)}
