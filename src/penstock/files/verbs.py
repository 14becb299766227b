"""What one can do with files. Each verb writes its events in the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from penstock import jobs
from penstock.core import Invalid, NotFound, Page
from penstock.core.ids import FileId
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.files import tables
from penstock.files.events import FileAdded, FileDescribed, FileFailed, FileReady, FileReplaced
from penstock.files.finding import finding
from penstock.files.model import (
    File,
    Meta,
    MetaSource,
    NewFile,
    Outcome,
    Probe,
    Registered,
    Standing,
    State,
    Upload,
    key_fault,
)
from penstock.store import Transaction

PROBE_BATCH = 100
"""Files that one probing job looks into: small enough to share among workers, large enough to pay a commit once."""


class KeyInvalid(Invalid):
    """{key!r} can't be a file's key: {why}."""


class PrefixOrQuery(Invalid):
    """Files are found by a prefix of their keys or by a query, not by both."""


class KeyTaken(psycopg.errors.SerializationFailure):
    """Another transaction registered a file under this key a moment ago. Begin again: then it is seen."""


def register(tx: Transaction, new: NewFile) -> Registered:
    """Make bytes a file of the project. Safe to repeat: the same key and bytes are the same file.

    Writes `file.added`, then `file.ready` when it was probed already, and `file.replaced` when it took the place of
    the file that had its key. Without a probe, a job looks into it soon.
    """
    return register_many(tx, [new])[0]


def register_many(tx: Transaction, news: Sequence[NewFile]) -> list[Registered]:
    """Register files in a few statements, whatever their number. Their keys must differ."""
    current = tables.lock_current(tx, [new.key for new in news])
    twins = tables.twins(tx, [new.hash for new in news])
    plans: list[_Plan] = []
    for new in news:
        plan = _plan(new, current.get(new.key), twins.get(new.hash))
        plans.append(plan)
        if plan.is_new:
            # Bytes that occur twice in one call are duplicates too; the id of the first is known after the insert.
            twins.setdefault(new.hash, tables.Known(0, new.key, new.hash, "processing"))
    made = _insert(tx, [plan for plan in plans if plan.is_new])
    registered = [_registered(plan, made, twins) for plan in plans]
    _tell(tx, plans, registered)
    _describe_registered(tx, plans, registered)
    _probe_later(tx, [r.file for r in registered if r.is_new and r.state == "processing"])
    return registered


class _Plan:
    """What registering is going to do with one file."""

    def __init__(self, new: NewFile, outcome: Outcome, known: tables.Known | None = None) -> None:
        self.new = new
        self.outcome: Outcome = outcome
        self.known = known

    @property
    def is_new(self) -> bool:
        return self.outcome in ("new", "duplicate", "replaced")

    @property
    def replaces(self) -> FileId | None:
        return FileId(self.known.id) if self.known and self.outcome == "replaced" else None


def _plan(new: NewFile, current: tables.Known | None, twin: tables.Known | None) -> _Plan:
    if current and current.hash == new.hash:
        return _Plan(new, "same", current)
    if twin and new.duplicates == "skip":
        return _Plan(new, "skipped", twin)
    if current:
        return _Plan(new, "replaced", current)
    return _Plan(new, "duplicate" if twin else "new", twin)


def _insert(tx: Transaction, plans: Sequence[_Plan]) -> dict[str, int]:
    if not plans:
        return {}
    if replaced := [plan.replaces for plan in plans if plan.replaces]:
        tables.retire(tx, replaced)
    made = tables.insert(tx, [tables.Row(plan.new, plan.replaces) for plan in plans])
    if len(made) != len(plans):
        raise KeyTaken
    adopt_foreign(tx, {made[plan.new.key]: plan.new.foreign for plan in plans})
    return made


def _registered(plan: _Plan, made: Mapping[str, int], twins: Mapping[str, tables.Known]) -> Registered:
    key, known = plan.new.key, plan.known
    twin = twins.get(plan.new.hash)
    twin_id = (twin.id or made.get(twin.key)) if twin and twin.key != key else None
    if not plan.is_new:
        assert known is not None
        id = known.id or made[known.key]
        skipped = plan.outcome == "skipped"
        state = known.state if known.id else _state(plan.new)
        return Registered.model_construct(
            file=FileId(id),
            key=known.key,
            outcome=plan.outcome,
            duplicate_of=FileId(id) if skipped else None,
            replaces=None,
            state=state,
        )
    return Registered.model_construct(
        file=FileId(made[key]),
        key=key,
        outcome=plan.outcome,
        duplicate_of=FileId(twin_id) if twin_id else None,
        replaces=plan.replaces,
        state=_state(plan.new),
    )


def _state(new: NewFile) -> State:
    return "ready" if new.probe else "processing"


def _tell(tx: Transaction, plans: Sequence[_Plan], registered: Sequence[Registered]) -> None:
    for plan, result in zip(plans, registered, strict=True):
        if not plan.is_new:
            continue
        tx.append(
            FileAdded(
                file=result.file,
                key=result.key,
                bytes=plan.new.bytes,
                duplicate_of=result.duplicate_of,
                replaces=result.replaces,
            )
        )
        if plan.new.probe:
            tx.append(_ready(result.file, result.key, plan.new.probe))
        if result.replaces:
            tx.append(FileReplaced(file=result.file, replaces=result.replaces, key=result.key))


def _ready(file: int, key: str, probe: Probe) -> FileReady:
    return FileReady(file=FileId(file), key=key, media=probe.media, width=probe.width, height=probe.height)


def _describe_registered(tx: Transaction, plans: Sequence[_Plan], registered: Sequence[Registered]) -> None:
    by_source: dict[MetaSource, dict[int, Meta]] = {}
    for plan, result in zip(plans, registered, strict=True):
        if plan.new.meta is not None and (plan.new.meta or not plan.is_new) and plan.outcome != "skipped":
            by_source.setdefault(plan.new.meta_source, {})[result.file] = plan.new.meta
    for source, metas in by_source.items():
        fresh = {result.file for result in registered if result.is_new}
        known = tables.described(tx, [id for id in metas if id not in fresh])
        _write_metas(tx, {id: meta for id, meta in metas.items() if id in fresh}, source, tell=False)
        _write_metas(tx, _changed(metas, known, fresh, source), source, tell=True)


def _changed(
    metas: Mapping[int, Meta], known: Mapping[int, tuple[Meta, MetaSource]], fresh: set[FileId], source: MetaSource
) -> dict[int, Meta]:
    """Metadata that differ from what is there. An import never overwrites what a person wrote."""
    changed: dict[int, Meta] = {}
    for id, meta in metas.items():
        old, written_by = known.get(id, ({}, "import"))
        if FileId(id) not in fresh and old != meta and (source == "person" or written_by == "import"):
            changed[id] = meta
    return changed


def _write_metas(tx: Transaction, metas: Mapping[int, Meta], source: MetaSource, *, tell: bool) -> None:
    if not metas:
        return
    tables.describe(tx, metas, source)
    if tell:
        for id in metas:
            tx.append(FileDescribed(file=FileId(id), source=source))


def _probe_later(tx: Transaction, files: Sequence[FileId]) -> None:
    for start in range(0, len(files), PROBE_BATCH):
        jobs.later(tx, "files.probe", project=tx.project, files=list(files[start : start + PROBE_BATCH]))


def settle_probes(tx: Transaction, found: Mapping[int, Probe | str]) -> list[File]:
    """Record what probing found in files: a Probe, or the reason why a file can't be used. Safe to repeat.

    Writes `file.ready` and `file.failed`, for those that were still processing.
    """
    waiting = tables.lock_waiting(tx, sorted(found))
    ready: dict[int, Probe] = {}
    failed: dict[int, str] = {}
    for file in waiting:
        match found[file.id]:
            case Probe() as probe:
                ready[file.id] = probe
                tx.append(_ready(file.id, file.key, probe))
            case reason:
                failed[file.id] = reason
                tx.append(FileFailed(file=FileId(file.id), key=file.key, reason=reason))
    tables.set_ready(tx, ready)
    tables.set_failed(tx, failed)
    return tables.by_ids(tx, [file.id for file in waiting])


def found(
    tx: Transaction, q: str, after: str | None = None, state: State | None = None, limit: int = 100
) -> Page[File]:
    """The project's files that a query finds, in the order of their keys."""
    page = finding.page(tx, q, after, state, limit)
    by_id = {file.id: file for file in tables.by_ids(tx, page.items)}
    return Page(items=[by_id[FileId(id)] for id in page.items], next=page.next)


def hold(tx: Transaction, files: Sequence[int]) -> None:
    """Lock files, so that what is on them stays as it is until this transaction ends. Before the seq is drawn."""
    if files:
        tables.lock(tx, files)


def adopt_foreign(tx: Transaction, foreign: Mapping[int, dict[str, Any]]) -> None:
    """Keep what another format says of files of which nothing such is known yet. They are held. Safe to repeat."""
    if told := {file: found for file, found in foreign.items() if found}:
        tables.adopt_foreign(tx, told)


def describe(tx: Transaction, file: FileId, meta: Meta) -> File:
    """Give a file metadata, in place of what it has. Safe to repeat. Writes `file.described`."""
    if not tables.lock(tx, [file]):
        raise NotFound(what="file", name=file)
    if get(tx, file).meta != meta:
        _write_metas(tx, {file: meta}, "person", tell=True)
    return get(tx, file)


def describe_many(tx: Transaction, metas: Mapping[int, Meta]) -> None:
    """Give files metadata, in place of what they have. The caller holds the files. Writes `file.described` for each."""
    if metas:
        _write_metas(tx, metas, "person", tell=True)


def get(tx: Transaction, file: FileId | int) -> File:
    """A file by id, replaced ones included. Raises NotFound."""
    found = tables.by_ids(tx, [file])
    if not found:
        raise NotFound(what="file", name=file)
    return found[0]


def get_many(tx: Transaction, files: Sequence[FileId] | Sequence[int]) -> list[File]:
    """Files by id, in the order of ids; unknown ones are left out."""
    return tables.by_ids(tx, files)


def standings(tx: Transaction, files: Sequence[int]) -> dict[int, Standing]:
    """How it stands with files, by id; unknown ones are left out. For bulk."""
    return tables.standings(tx, files)


def named(tx: Transaction, key: str) -> File | None:
    """The file that has this key now."""
    return tables.by_key(tx, key)


def ids_named(tx: Transaction, keys: Sequence[str]) -> dict[str, int]:
    """The ids of the files that have these keys now, by key; unknown keys are left out."""
    return tables.ids_by_key(tx, keys)


def ready_named(tx: Transaction, keys: Sequence[str]) -> dict[str, File]:
    """The ready files that have these keys now, by key."""
    return {file.key: file for file in tables.probes(tx, keys)}


def uploads(tx: Transaction, ids: Sequence[int]) -> list[Upload]:
    """Uploads by id; unknown ones are left out."""
    return tables.uploads(tx, ids)


def list_(
    tx: Transaction, after: str | None = None, prefix: str = "", state: State | None = None, limit: int = 100
) -> Page[File]:
    """The files of the project in the order of their keys."""
    start: str = decode_cursor(after, str)[0] if after else ""
    found = tables.page(tx, start, prefix, state, limit + 1)
    more = len(found) > limit
    return Page(items=found[:limit], next=encode_cursor(found[limit - 1].key) if more else None)


def keep_upload(tx: Transaction, name: str, hash: str, bytes: int) -> Upload:
    """Remember bytes in the blob store for an import to come. `name` is their path under the import's root."""
    if fault := key_fault(name):
        raise KeyInvalid(key=name[:200], why=fault)
    return tables.keep_upload(tx, name, hash, bytes)
