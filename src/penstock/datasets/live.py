"""Live datasets: what a query finds in one or more datasets, kept as entries like those of any other.

The law: `settle` alone changes their entries. It asks the query of the very files that it holds locked, so that it may
be called with any files, any time, in whatever portions news arrive, and comes out the same.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from penstock import jobs
from penstock.core import NotFound
from penstock.core.ids import DatasetId, EntryId, FileId
from penstock.datasets import asking, events, live_events, live_tables, tables, verbs, versions
from penstock.datasets.live_model import FollowsItself, Live, LiveSettings, NotLive, Source, SourceMismatch
from penstock.datasets.live_tables import Row
from penstock.datasets.model import Cause, Dataset
from penstock.datasets.query import Expression, QueryInvalid
from penstock.datasets.query.check import mentions_now, walk
from penstock.datasets.query.expression import InDataset
from penstock.jobs import Work
from penstock.store import Transaction

CHUNK = 1000
"""Files that one transaction lets in or out."""


def create(tx: Transaction, name: str, settings: LiveSettings) -> Dataset:
    """Make a live dataset; a job fills it. Writes `dataset.created` and `dataset.followed`.

    Raises DatasetNameTaken, DatasetOutOfUse, BranchesDiffer, QueryInvalid, NotFound, FollowsItself, SourceMismatch.
    """
    _use_sources(tx, settings)
    branch = _branch(tx, settings)
    _read(tx, settings)
    made = verbs.create(tx, name, branch)
    return _follow(tx, made, settings)


def change(
    tx: Transaction, dataset: int, settings: LiveSettings, if_match: Callable[[int], None] | None = None
) -> Dataset:
    """Let a live dataset hold something else. Safe to repeat. Writes `dataset.followed`. Raises as `create` does,
    NotLive.
    """
    _use_sources(tx, settings)
    before = tables.lock_dataset(tx, dataset)
    if before is None:
        raise NotFound(what="dataset", name=dataset)
    if if_match:
        if_match(before.edition)
    if before.query is None:
        raise NotLive(name=before.name)
    if settings_of(get(tx, dataset)) == settings:
        return before
    verbs.check_same_branch(before, before.model_copy(update={"branch": _branch(tx, settings)}))
    _read(tx, settings)
    _refuse_circle(tx, before, settings)
    return _follow(tx, before, settings)


def get(tx: Transaction, dataset: int) -> Live:
    """What a live dataset follows. Raises NotFound, NotLive."""
    found = live_tables.one(tx, dataset)
    if found is None:
        raise NotLive(name=verbs.get(tx, dataset).name)
    return Live(dataset=DatasetId(found.dataset), now=found.now, problem=found.problem, **_settings(found).model_dump())


def settings_of(live: Live) -> LiveSettings:
    """The part of it that one chooses."""
    return LiveSettings.model_validate(live.model_dump(exclude={"dataset", "now", "problem"}))


def settle(tx: Transaction, dataset: int, files: Sequence[int], cause: Cause) -> int:
    """Let those of the files in that belong in, and out that don't; how many moved. Safe to repeat.

    Locks the files, so it comes before the seq unless the caller holds them. Writes `dataset.file_added` and
    `dataset.file_removed`.
    """
    tables.lock_files(tx, sorted(files))
    found = live_tables.one(tx, dataset)
    wanted = None if found is None else find(tx, found, files)
    if wanted is None:
        return 0
    there = live_tables.held(tx, dataset, files)
    enter, leave = sorted(wanted - there), sorted(there - wanted)
    for made in tables.insert_entries(tx, dataset, enter, cause) if enter else []:
        tx.append(
            events.DatasetFileAdded(
                dataset=DatasetId(dataset), file=FileId(made.file), entry=EntryId(made.id), cause=cause
            )
        )
    members = tables.held(tx, dataset, leave) if leave else []
    if members:
        tables.retire_entries(tx, members, cause)
    for member in members:
        tx.append(
            events.DatasetFileRemoved(
                dataset=DatasetId(dataset), file=FileId(member.file), entry=EntryId(member.id), cause=cause
            )
        )
    return len(enter) + len(leave)


def find(tx: Transaction, live: Row, only: Sequence[int] | None = None) -> set[int] | None:
    """The files that belong in, or those of some; None where the query can't be asked any more, which is noted."""
    settings = _settings(live)
    try:
        first, *others = ((source, _scope(tx, source)) for source in settings.sources)
        expressions = [asking.read(tx, live.query, scope) for _, scope in (first, *others)]
    except (QueryInvalid, NotFound) as refusal:
        live_tables.note(tx, live.dataset, refusal.detail)
        return None
    live_tables.note(tx, live.dataset, None)

    def ask(scope: asking.Scope, expression: Expression | None) -> set[int]:
        return set(asking.files(tx, scope, expression, live.now, only))

    found = ask(first[1], expressions[0])
    match settings.combine:
        case "union":
            for (_, scope), expression in zip(others, expressions[1:], strict=True):
                found |= ask(scope, expression)
        case "intersection":
            for _, scope in others:
                found &= ask(scope, None)
        case "difference":
            for _, scope in others:
                found -= ask(scope, None)
    return found - live_tables.replaced(tx, sorted(found))


def follow(tx: Transaction, files: Sequence[int], seq: int) -> None:
    """Look again at files of which something was told, in every live dataset. Only those that move are locked."""
    moving: dict[int, list[int]] = {}
    for live in live_tables.all_(tx):
        wanted = find(tx, live, files)
        if wanted is not None and (differ := wanted ^ live_tables.held(tx, live.dataset, files)):
            moving[live.dataset] = sorted(differ)
    tables.lock_files(tx, sorted({file for some in moving.values() for file in some}))
    for dataset, some in moving.items():
        settle(tx, dataset, some, {"kind": "query", "dataset": dataset, "seq": seq})


def refresh_all(tx: Transaction) -> None:
    """Look at all live datasets anew, soon."""
    for live in live_tables.all_(tx):
        later(tx, live.dataset)


def later(tx: Transaction, dataset: int) -> None:
    """Look at a live dataset anew, soon."""
    key = f"datasets.refresh:{tx.project}:{dataset}"
    jobs.later(tx, "datasets.refresh", key=key, lock=key, project=tx.project, dataset=dataset)


def refresh(work: Work, project: int, dataset: int, tick: bool = False) -> None:
    """Bring a whole live dataset up to date, in portions. With `tick`, `now` moves first. Safe to repeat."""
    with work.db.transaction(project) as tx:
        if tick:
            live_tables.tick(tx, dataset)
        found = live_tables.one(tx, dataset)
        wanted = None if found is None else find(tx, found)
        if found is not None:
            _tick_later(tx, found)
        if wanted is None:
            return
        differs = sorted(wanted ^ live_tables.held(tx, dataset, None))
    for start in range(0, len(differs), CHUNK):
        part = differs[start : start + CHUNK]
        cause: Cause = {"kind": "query", "dataset": dataset}
        work.db.perform(lambda tx, part=part, cause=cause: settle(tx, dataset, part, cause), project)


def _tick_later(tx: Transaction, live: Row) -> None:
    expression = asking.parsed(live.query)
    key = f"live:{live.dataset}"
    if expression is None or not mentions_now(expression):
        jobs.cancel_timer(tx, key)
        return
    when = live.now + max((tx.now - live.now) // _tick(live) + 1, 1) * _tick(live)
    jobs.at(tx, when, "datasets.refresh", key=key, project=tx.project, dataset=live.dataset, tick=True)


def _tick(live: Row) -> dt.timedelta:
    return dt.timedelta(seconds=live.tick_seconds)


def _follow(tx: Transaction, dataset: Dataset, settings: LiveSettings) -> Dataset:
    rewrite(tx, dataset.id, settings)
    return verbs.get(tx, dataset.id)


def rewrite(tx: Transaction, dataset: int, settings: LiveSettings) -> None:
    """Let a live dataset that is locked hold what these settings say. Writes `dataset.followed`."""
    live_tables.write(tx, dataset, settings)
    tx.append(live_events.DatasetFollowed(dataset=DatasetId(dataset), query=settings.query, combine=settings.combine))
    later(tx, dataset)


def _settings(live: Row) -> LiveSettings:
    return LiveSettings(
        query=live.query,
        sources=tuple(Source.model_validate(source) for source in live.sources),
        combine=live.combine,  # pyright: ignore[reportArgumentType] the table has a check
        tick_seconds=live.tick_seconds,
    )


def _scope(tx: Transaction, source: Source) -> asking.Scope:
    return asking.of_dataset(tx, source.dataset) if source.version is None else asking.of_version(tx, source.version)


def _read(tx: Transaction, settings: LiveSettings) -> None:
    """Refuse what could not be asked of every source."""
    for source in settings.sources:
        asking.read(tx, settings.query, _scope(tx, source))


def _use_sources(tx: Transaction, settings: LiveSettings) -> None:
    """Let none of what a live dataset would follow be archived meanwhile. Its query may speak of archived ones."""
    sources = [int(source.dataset) for source in settings.sources]
    verbs.keep(tx, [*sources, *_depends(tx, settings)])
    verbs.use(tx, sources)


def _branch(tx: Transaction, settings: LiveSettings) -> int:
    """The branch of all sources."""
    first = verbs.get(tx, settings.sources[0].dataset)
    for source in settings.sources:
        found = verbs.get(tx, source.dataset)
        verbs.check_same_branch(found, first)
        if source.version is not None and versions.get(tx, source.version).dataset != source.dataset:
            raise SourceMismatch(version=source.version, dataset=found.name)
    return first.branch


def _refuse_circle(tx: Transaction, dataset: Dataset, settings: LiveSettings) -> None:
    """What a live dataset holds can't depend on what it holds."""
    known = {live.dataset: live for live in live_tables.all_(tx)}
    ahead = [(id, id) for id in _depends(tx, settings)]
    seen: set[int] = set()
    while ahead:
        id, by = ahead.pop()
        if id == dataset.id:
            raise FollowsItself(name=dataset.name, by=verbs.get(tx, by).name)
        if id in known and id not in seen:
            seen.add(id)
            ahead += [(other, id) for other in _depends(tx, _settings(known[id]))]


def feeds(tx: Transaction) -> dict[int, set[int]]:
    """The live datasets whose files depend on those of a dataset now, by dataset."""
    found: dict[int, set[int]] = {}
    for live in live_tables.all_(tx):
        for dataset in _depends(tx, _settings(live)):
            found.setdefault(dataset, set()).add(live.dataset)
    return found


def using(tx: Transaction, dataset: int) -> Iterable[str]:
    """The live datasets that follow a dataset or a version of it, as people call them."""
    for live in live_tables.all_(tx):
        settings = _settings(live)
        if dataset in {*(int(source.dataset) for source in settings.sources), *_depends(tx, settings)}:
            yield f"the live dataset {live.name!r}"


def _depends(tx: Transaction, settings: LiveSettings) -> set[int]:
    """The datasets whose present entries matter to it."""
    found = {int(source.dataset) for source in settings.sources if source.version is None}
    expression = asking.parsed(settings.query)
    for part, _ in walk(expression) if expression is not None else ():
        if isinstance(part, InDataset):
            found |= {id for name in part.datasets if isinstance(name, str) for id in tables.ids_named(tx, name)}
    return found
