"""The background work of files: looking into what was uploaded."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from penstock.core import Refusal
from penstock.files import probing, tables, verbs
from penstock.files.model import File, Probe
from penstock.jobs import Job, Work
from penstock.store import Store

_THREADS = 4


def thumbnail_name(hash: str) -> str:
    """The name of a content's thumbnail among the derived media."""
    return f"{hash}.thumbnail"


def probe(work: Work, project: int, files: list[int]) -> None:
    """Look into files that are processing and settle them, in one transaction. Safe to repeat."""
    with work.db.transaction(project) as tx:
        waiting = tables.waiting(tx, files)
    found = _look_into(work.store, waiting)
    if found:
        work.db.perform(lambda tx: verbs.settle_probes(tx, found), project)


def _look_into(store: Store, waiting: Sequence[tables.Waiting]) -> dict[int, Probe | str]:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="penstock-probe") as pool:
        return dict(
            zip(
                (file.id for file in waiting),
                pool.map(partial(look, store), [file.hash for file in waiting]),
                strict=True,
            )
        )


def look(store: Store, hash: str) -> Probe | str:
    """Probe a blob and keep its thumbnail; the reason in words when it can't be used."""
    try:
        store.blobs.size(hash)
        found, thumbnail = probing.look(store.blobs.path(hash), store.settings.pixel_limit)
    except probing.ContentRefused as refused:
        return str(refused.parts["why"])
    except Refusal as refused:
        return refused.detail
    if thumbnail:
        store.blobs.derived.put(thumbnail_name(hash), thumbnail)
    return found


def thumbnail(store: Store, file: File) -> bytes | None:
    """A file's thumbnail, made again when it was lost; None when the file is small enough to stand for it."""
    name = thumbnail_name(file.hash)
    kept = store.blobs.derived.get(name)
    if kept is not None or max(file.width or 0, file.height or 0) <= probing.THUMBNAIL_SIZE:
        return kept
    look(store, file.hash)
    return store.blobs.derived.get(name)


JOBS = [Job(name="files.probe", run=probe)]
