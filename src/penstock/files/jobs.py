"""The background work of files: looking into what was uploaded."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from penstock import jobs
from penstock.core import Refusal
from penstock.files import probing, tables, verbs
from penstock.files.model import File, Probe
from penstock.jobs import Job, Work
from penstock.store import Store

_THREADS = 4
RENDITION_SIDE = 4096
"""The longer side of what a screen shows of a large image before somebody zooms in, in pixels."""

TILE_SIDE = 2048
"""The side of the pieces in which a large image is shown in its own pixels."""
_cutting = threading.Lock()


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


def give_up(work: Work, why: str, project: int, files: list[int]) -> None:
    """Refuse the file that too many workers died of; of several, which it is shows when each is looked into alone."""
    if len(files) == 1:
        work.db.perform(lambda tx: verbs.settle_probes(tx, {files[0]: f"it can't be looked into: {why}"}), project)
        return
    with work.db.transaction(project) as tx:
        for file in files:
            jobs.later(tx, "files.probe", project=project, files=[file])


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


def rendition(store: Store, file: File) -> bytes | None:
    """A picture of a large file with the longer side as `RENDITION_SIDE`, made when first asked for; else None."""
    if max(file.width or 0, file.height or 0) <= RENDITION_SIDE:
        return None
    name = f"{file.hash}.rendition"
    kept = store.blobs.derived.get(name)
    if kept is None:
        store.blobs.size(file.hash)
        kept = probing.render(store.blobs.path(file.hash), RENDITION_SIDE)
        store.blobs.derived.put(name, kept)
    return kept


def tile(store: Store, file: File, column: int, row: int) -> bytes | None:
    """A piece of a large picture in its own pixels, else None. All are cut when one is first asked for."""
    width, height = file.width or 0, file.height or 0
    if max(width, height) <= RENDITION_SIDE or column * TILE_SIDE >= width or row * TILE_SIDE >= height:
        return None
    derived, name = store.blobs.derived, f"{file.hash}.tile-{column}-{row}"
    if (kept := derived.get(name)) is None:
        store.blobs.size(file.hash)
        with _cutting:  # a screen asks for several at once
            if (kept := derived.get(name)) is None:
                for at_column, at_row, piece in probing.cut(store.blobs.path(file.hash), TILE_SIDE):
                    derived.put(f"{file.hash}.tile-{at_column}-{at_row}", piece)
                kept = derived.get(name)
    return kept


JOBS = [Job(name="files.probe", run=probe, give_up=give_up)]
