"""Branches overlay their parents per annotation; history is kept; imports never undo a person's work."""

import hashlib
import itertools
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock import files, people, schema
from penstock.annotations import branches, rows, tables
from penstock.annotations.copying import FileRows
from penstock.annotations.events import AnnotationsImported
from penstock.annotations.model import Annotation, Delete, Update, drawn
from penstock.core.ids import import_uuid
from penstock.files import NewFile, Probe
from penstock.schema import WantedLabel, WantedSchema
from penstock.store import Store, Transaction, reach


@pytest.fixture
def project(store: Store) -> int:
    project = store.db.perform(lambda tx: people.create_project(tx, "cells"), 0)
    store.db.perform(lambda tx: schema.replace(tx, WantedSchema(labels={"RBC": WantedLabel()})), project)
    return project


@pytest.fixture
def file(store: Store, project: int) -> int:
    return make_file(store, project, "a.png")


def make_file(store: Store, project: int, key: str) -> int:
    probe = Probe(media="image", mime="image/png", width=64, height=48)
    new = NewFile(key=key, hash=hashlib.sha256(key.encode()).hexdigest(), bytes=3, probe=probe)
    return store.db.perform(lambda tx: files.register(tx, new), project).file


def imported(file: int, ordinal: int, x: float = 1.0) -> Annotation:
    return drawn("box", [x, 1, 2, 2], label=1, id=import_uuid(file, "voc", ordinal), source="import")


def read(store: Store, project: int, file: int, as_of: int | None = None) -> list[Annotation]:
    return store.db.perform(lambda tx: rows.read(tx, branches.main(tx), file, as_of), project)


def test_importing_again_updates_what_nobody_touched_and_keeps_what_somebody_did(
    store: Store, project: int, file: int, wrote: Any
) -> None:
    def run(*annotations: Annotation) -> rows.Imported:
        return store.db.perform(lambda tx: rows.import_file(tx, branches.main(tx), file, annotations), project)

    assert run(*(imported(file, n) for n in range(4))) == (4, 0, 0, 0)
    with wrote(project) as written:
        assert run(*(imported(file, n) for n in range(4))) == (0, 0, 0, 4)
    assert written.kinds == []
    touched, gone = imported(file, 0).id, imported(file, 1).id
    store.db.perform(
        lambda tx: rows.edit(tx, file, [Update(id=touched, geometry=msgspec.Raw(b"[9,9,2,2]")), Delete(id=gone)]),
        project,
    )
    assert run(*(imported(file, n, x=5.0) for n in range(5))) == (1, 2, 2, 0)
    present = {a.id: a.shape for a in read(store, project, file)}
    assert present[touched] == [9, 9, 2, 2]
    assert gone not in present
    assert present[imported(file, 2).id] == [5, 1, 2, 2]
    assert facets(store, project, file) == 4


def facets(store: Store, project: int, file: int) -> int:
    with store.db.transaction(project) as tx:
        return tx.value(int, "select coalesce(sum(n), 0)::int from file_label where file = %(file)s", file=file) or 0


def test_every_revision_can_be_read_for_ever(store: Store, project: int, file: int) -> None:
    seen: dict[int, list[Annotation]] = {}
    for step in (
        [drawn("box", [n, 1, 2, 2], label=1, id=UUID(int=n)) for n in (1, 2, 3)],
        [Update(id=UUID(int=2), geometry=msgspec.Raw(b"[7,7,2,2]"))],
        [Delete(id=UUID(int=1))],
    ):
        if isinstance(step[0], Annotation):
            store.db.perform(lambda tx, step=step: rows.import_file(tx, branches.main(tx), file, step), project)
        else:
            store.db.perform(lambda tx, step=step: rows.edit(tx, file, step), project)
        with store.db.transaction(project) as tx:
            seen[reach(tx).head] = rows.read(tx, branches.main(tx), file)
    assert [len(state) for state in seen.values()] == [3, 3, 2]
    for revision, state in seen.items():
        assert read(store, project, file, revision) == state


_numbers = itertools.count()
changes = st.lists(st.tuples(st.sampled_from(["put", "delete"]), st.integers(0, 4), st.integers(1, 40)), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(on_main=changes, on_draft=changes, later=changes)
def test_an_overlay_reads_as_if_the_file_had_been_copied(
    store: Store, project: int, on_main: Any, on_draft: Any, later: Any
) -> None:
    file = make_file(store, project, f"overlay-{next(_numbers)}")
    truth: dict[int, int] = {}

    def apply(tx: Transaction, branch: int, model: dict[int, int], steps: Any, draft: bool) -> None:
        states: dict[UUID, Annotation | None] = {}
        for what, n, x in steps:
            id = import_uuid(file, "property", n)
            if what == "put":
                model[n] = x
                states[id] = drawn("box", [x, 1, 2, 2], label=1, id=id)
            else:
                model.pop(n, None)
                states[id] = None
        if draft:
            if states:
                tables.upsert_draft(tx, branch, file, states)
            return
        held = tables.select_own(tx, branch, file)
        tables.retire(tx, branch, file, list(held.keys() & states.keys()))
        tables.insert(tx, branch, file, [a for a in states.values() if a is not None], "edit")

    def shapes(branch: int) -> list[float]:
        found = store.db.perform(lambda tx: rows.read(tx, branch, file), project)
        return sorted(a.bounds[0] for a in found)

    main = store.db.perform(branches.main, project)
    store.db.perform(lambda tx: apply(tx, main, truth, on_main, draft=False), project)
    draft = store.db.perform(lambda tx: branches.open_draft(tx, main), project)
    store.db.perform(lambda tx: branches.fix_base(tx, draft, file), project)
    copied = dict(truth)
    store.db.perform(lambda tx: apply(tx, draft, copied, on_draft, draft=True), project)
    store.db.perform(lambda tx: apply(tx, main, truth, later, draft=False), project)
    assert shapes(draft) == sorted(float(x) for x in copied.values())
    assert shapes(main) == sorted(float(x) for x in truth.values())


def test_streaming_many_files_reads_what_reading_each_does(store: Store, project: int) -> None:
    made = [make_file(store, project, f"{n}.png") for n in range(5)]

    def fill(tx: Transaction) -> int:
        some = [FileRows.of(file, [imported(file, n) for n in range(file % 3)]) for file in made]
        return rows.import_new(tx, branches.main(tx), some)

    store.db.perform(fill, project)
    with store.db.transaction(project) as tx:
        streamed = dict(rows.stream(tx, branches.main(tx), None, made, chunk=2))
    assert streamed == {file: read(store, project, file) for file in made}
    assert sum(map(len, streamed.values())) == sum(file % 3 for file in made)


def test_the_first_import_is_told_as_every_other() -> None:
    told = AnnotationsImported(file=7, branch=1, added=3, updated=0, kept=0)
    assert AnnotationsImported.first(7, 1, 3).record() == told.record()
