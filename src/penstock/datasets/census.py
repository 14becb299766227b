"""Censuses: what all files of a large dataset have, kept, so that its facets and counts are there at once.

The law: what a census says, with what changed since its revision, is what counting all files says. Both are read in
one statement, so that answers are as new as any, and nothing is written when annotations are.
"""

from penstock import jobs
from penstock.annotations import branches
from penstock.datasets import census_tables, found_tables, relation, set_tables, verbs, walk_tables
from penstock.datasets.asking import Scope
from penstock.datasets.census_tables import Place
from penstock.datasets.facet_tables import Row
from penstock.datasets.walk_tables import Walk
from penstock.jobs import Work
from penstock.store import Transaction, horizon

LARGE = 5_000
"""Files of a dataset that is counted ahead; a smaller one is counted whenever somebody asks."""
MOST_MOVED = 5_000
"""Rows that may have begun or ended since a census; beyond them counting anew is as fast."""
FAR = 100_000
"""Rows beyond which a census is made anew, and no version is read by it."""


def rows(tx: Transaction, scope: Scope) -> list[Row] | None:
    """What all files of a dataset have, now or at a revision: `files`, `label`, `value`, `meta` and `day`.

    None where they have to be counted; then a census may be made of them, soon.
    """
    place = _place(tx, scope)
    if place is None:
        return None
    most = MOST_MOVED if scope.as_of is None else FAR  # at a revision all annotations would be read
    found = census_tables.find(tx, place, scope.as_of, most)
    if found is None or (scope.as_of is None and found.moved > most // 2):
        _later(tx, place)
    if found is None or found.moved > most:
        return None
    return census_tables.rows(tx, place, found.seq, scope.as_of) or None


def near(tx: Transaction, scope: Scope) -> Place | None:
    """The dataset, where it has a census from which little has changed; else there may be one soon."""
    place = _place(tx, scope)
    if place is None:
        return None
    found = census_tables.find(tx, place, scope.as_of, MOST_MOVED)
    if found is None or (scope.as_of is None and found.moved > MOST_MOVED // 2):
        _later(tx, place)
    return None if found is None or found.moved > MOST_MOVED else place


def walked(tx: Transaction, scope: Scope) -> Walk | None:
    """What was kept of a walk along all files of a dataset; None where there has to be another."""
    place = _place(tx, scope)
    if place is None:
        return None
    found = walk_tables.find(tx, place.dataset, scope.as_of, MOST_MOVED)
    if found is None or (scope.as_of is None and len(found.moves) > MOST_MOVED // 2):
        _later(tx, place)
    return None if found is None or len(found.moves) > MOST_MOVED else found


def look(tx: Transaction, dataset: int) -> None:
    """Have a dataset counted, soon, where that is worth it."""
    place = _place(tx, Scope(verbs.get(tx, dataset).branch, dataset))
    if place is not None:
        found = census_tables.find(tx, place, None, MOST_MOVED)
        if found is None or found.moved > MOST_MOVED // 2:
            _later(tx, place)


def refresh(work: Work, project: int, dataset: int) -> None:
    """Bring a dataset's census up to the present, or make it. Safe to repeat."""
    with work.db.transaction(project) as tx:
        seq = horizon(tx)
        place = _place(tx, Scope(verbs.get(tx, dataset).branch, dataset))
    if place is not None:
        work.db.perform(lambda tx: _count(tx, place, seq), project)
        work.db.perform(lambda tx: _walk(tx, place, seq), project)


def _count(tx: Transaction, place: Place, seq: int) -> None:
    tx.post("set transaction isolation level repeatable read")
    found = census_tables.find(tx, place, None, FAR)
    if found is None or found.moved > FAR:
        census_tables.count_whole(tx, place, seq)
        set_tables.make(tx, place, seq)
    elif found.seq < seq:
        census_tables.count_on(tx, place, found.seq, seq)
        set_tables.bring_on(tx, place, found.seq, seq)


def _walk(tx: Transaction, place: Place, seq: int) -> None:
    found = walk_tables.find(tx, place.dataset, seq, 0)
    if found is None or found.moves:
        held = found_tables.Held(relation.table(tx, place.dataset), place.dataset, seq)
        walk_tables.keep(tx, place.dataset, seq, *found_tables.milestones(tx, held, None, found_tables.STEP))


def _place(tx: Transaction, scope: Scope) -> Place | None:
    """The dataset, if it can be counted ahead: a fork overlays what it grew from, and has no counts of its own."""
    if scope.dataset is None or relation.inherited(tx, scope.dataset) is not None:
        return None
    return Place(scope.dataset, scope.branch) if branches.get(tx, scope.branch).parent is None else None


def _later(tx: Transaction, place: Place) -> None:
    if census_tables.is_large(tx, place.dataset, LARGE):
        key = f"datasets.census:{tx.project}:{place.dataset}"
        jobs.later(tx, "datasets.census", queue="bulk", key=key, lock=key, project=tx.project, dataset=place.dataset)
