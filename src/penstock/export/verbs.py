"""What one can do with exports. Each verb writes its events in the caller's transaction."""

from collections.abc import Sequence

from penstock import datasets, formats, jobs, schema
from penstock.core import NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.datasets import facts, pruning, query, versions
from penstock.datasets.model import RevisionAhead, RevisionTooOld
from penstock.datasets.query.renaming import renamed, renames
from penstock.export import destination, events, relabelling, tables
from penstock.export.model import Export, ExportEnded, NewExport
from penstock.export.transforms import Split, Transform, TransformRefused
from penstock.store import Transaction, horizon


def start(tx: Transaction, new: NewExport) -> Export:
    """Ask for an export; a job makes it. Writes `export.started`.

    Without a version or `as_of` it shows the newest revision that can be read as a whole. Raises NotFound,
    QueryInvalid, RevisionAhead, RevisionTooOld, RevisionPruned, DestinationRefused, TransformRefused.
    """
    check(new.format, new.transforms)
    if new.to is not None:
        destination.check(tx, new.to)
    pinned = _pin(tx, new)
    new = _in_names_of_then(tx, new, pinned)
    made = get(tx, tables.insert(tx, new, pinned))
    jobs.later(tx, "export.run", queue="bulk", lock=f"export:{made.id}", project=tx.project, export=made.id)
    tx.append(
        events.ExportStarted(
            export=made.id, dataset=made.dataset, version=made.version, as_of=made.as_of, format=made.format
        )
    )
    return made


def check(format: str, transforms: Sequence[Transform]) -> None:
    """Refuse transforms that a format can't write, whatever the schema. Raises NotFound, TransformRefused."""
    known = formats.named(format)
    for n, transform in enumerate(transforms, 1):
        if isinstance(transform, Split) and not known.carries.split:
            why = f"{format!r} has no place for parts of a set; export each part by itself, or choose another format"
            raise TransformRefused(n=n, do=transform.do, why=why)


def get(tx: Transaction, export: int) -> Export:
    """An export by id. Raises NotFound."""
    found = tables.find(tx, export)
    if found is None:
        raise NotFound(what="export", name=export)
    return found


def list_(tx: Transaction, after: str | None = None, limit: int = 100) -> Page[Export]:
    """Exports, the newest first."""
    before: int | None = decode_cursor(after, int)[0] if after else None
    found = tables.page(tx, before, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].id) if more else None)


def cancel(tx: Transaction, export: int) -> Export:
    """Call an export off; whatever was made of it is taken away. Writes `export.cancelled`. Safe to repeat.

    Raises ExportEnded when it is ready or failed already.
    """
    found = _locked(tx, export)
    if found.state == "cancelled":
        return found
    if found.is_ended:
        raise ExportEnded(id=export, state=found.state)
    tables.end(tx, export, "cancelled")
    tx.append(events.ExportCancelled(export=found.id, dataset=found.dataset))
    return get(tx, export)


def finish(tx: Transaction, export: int, uri: str) -> None:
    """Record that an export is in its place. Writes `export.ready`. Safe to repeat."""
    found = _locked(tx, export)
    if found.is_ended:
        return
    tables.end(tx, export, "ready", uri=uri)
    tx.append(
        events.ExportReady(
            export=found.id,
            dataset=found.dataset,
            as_of=found.as_of,
            uri=uri,
            files=found.files,
            annotations=found.annotations,
            bytes=found.bytes or 0,
        )
    )
    if found.keep is not None:
        jobs.later(tx, "export.retire", queue="bulk", project=tx.project, series=found.series)


def fail(tx: Transaction, export: int, reason: str) -> None:
    """Record that an export can't be made. Writes `export.failed`. Safe to repeat."""
    found = _locked(tx, export)
    if found.is_ended:
        return
    tables.end(tx, export, "failed", reason=reason[:2000])
    tx.append(events.ExportFailed(export=found.id, dataset=found.dataset, reason=reason[:2000]))


def _in_names_of_then(tx: Transaction, new: NewExport, pinned: tables.Pinned) -> NewExport:
    """The filter and the transforms in the names that labels and attributes had at the revision. They may be told in
    those or in the present ones: an action may export what was before a rename. Raises QueryInvalid, TransformRefused.
    """
    then = schema.at(tx, pinned.schema_version)
    names = facts.names(tx, pinned.dataset, pinned.schema_version)
    since = renames(schema.current(tx), then)

    def check(filter: str | None, transforms: Sequence[Transform]) -> None:
        if filter is not None:
            query.check(query.parse(filter), context="file", names=names)
        relabelling.after(then, transforms)

    try:
        check(new.filter, new.transforms)
    except (query.QueryInvalid, TransformRefused):
        filter = None if new.filter is None else renamed(new.filter, since)
        transforms = relabelling.in_new_names(new.transforms, since.labels)
        if (filter, transforms) == (new.filter, new.transforms):
            raise
        check(filter, transforms)
        return new.model_copy(update={"filter": filter, "transforms": transforms})
    return new


def _pin(tx: Transaction, new: NewExport) -> tables.Pinned:
    if new.version is not None:
        version = versions.get(tx, new.version)
        return tables.Pinned(version.dataset, version.id, version.branch, version.seq, version.schema_version)
    dataset = datasets.get(tx, new.dataset or 0)
    newest = horizon(tx)
    as_of = newest if new.as_of is None else new.as_of
    if as_of > newest:
        raise RevisionAhead(seq=as_of, newest=newest)
    if as_of < dataset.created_seq:
        raise RevisionTooOld(name=dataset.name, first=dataset.created_seq, seq=as_of)
    pruning.check(tx, dataset.id, as_of)
    return tables.Pinned(dataset.id, None, dataset.branch, as_of, schema.version_at(tx, as_of))


def _locked(tx: Transaction, export: int) -> Export:
    found = tables.lock(tx, export)
    if found is None:
        raise NotFound(what="export", name=export)
    return found
