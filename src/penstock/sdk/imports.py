"""Pouring files and annotations into a dataset.

Files on this machine are sent. The server opens files of its own only when told so (`on_server=True`), under its roots.
An import is resumable and safe to repeat: what is known already is not sent or made twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from penstock.datasets.model import Dataset as DatasetValue
from penstock.files.model import Upload
from penstock.ingest.model import Counts, ItemReport, NewImport
from penstock.ingest.model import Import as ImportValue
from penstock.sdk.errors import Failed, Refused
from penstock.sdk.local_files import Local, find
from penstock.sdk.people import given
from penstock.sdk.progress import bar
from penstock.sdk.scope import Scope

SENDERS = 4  #: files on their way at once


class Import:
    """One run of an import. `refresh()` reads it anew."""

    def __init__(self, scope: Scope, value: ImportValue) -> None:
        self._scope = scope
        self.value = value

    @property
    def id(self) -> int:
        """Its id."""
        return self.value.id

    @property
    def state(self) -> str:
        """How it stands."""
        return self.value.state

    @property
    def counts(self) -> Counts:
        """How many items there are, by what became of them."""
        return self.value.counts

    def refresh(self) -> Import:
        """Read it anew."""
        self.value = self._scope.get(f"/imports/{self.id}", ImportValue)
        return self

    def wait(self, timeout_seconds: float | None = None) -> Import:
        """Wait until it is over, with a progress bar on a terminal. Items that failed don't stop it: see `failed()`.

        Raises Failed when the import as a whole failed or was cancelled, TimeoutError when it takes longer.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with bar("importing", show=self._scope.progress) as shown:
            pause = 0.05
            while not self.refresh().value.is_over:
                shown.at(self.counts.done, self.counts.found or None)
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"import {self.id} is still {self.state} after {timeout_seconds} s")
                self._scope.client.pause(pause)
                pause = min(pause * 1.5, 1.0)
        if self.state != "finished":
            raise Failed(f"Import {self.id} {self.state}: {self.value.reason or 'see its problems'}")
        return self

    def items(self, state: str | None = None) -> Iterator[ItemReport]:
        """What became of each item."""
        return self._scope.pages(f"/imports/{self.id}/items", ItemReport, {"state": state, "limit": 500})

    def failed(self) -> list[ItemReport]:
        """The items that could not be imported, each with its reason."""
        return list(self.items("failed"))

    def troubled(self) -> list[ItemReport]:
        """The items that failed, and those of which annotations were left out or changed."""
        return list(self._scope.pages(f"/imports/{self.id}/items", ItemReport, {"troubled": True, "limit": 500}))

    def cancel(self) -> Import:
        """Stop it. What was imported stays."""
        self.value = self._scope.post(f"/imports/{self.id}/cancel", ImportValue)
        return self

    def __repr__(self) -> str:
        return f"<import {self.id}, {self.state}>"


class Imports:
    """`p.imports[12]`, and all of them, newest first."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, id: int) -> Import:
        return Import(self._scope, self._scope.get(f"/imports/{id}", ImportValue))

    def __iter__(self) -> Iterator[Import]:
        for value in self._scope.pages("/imports", ImportValue):
            yield Import(self._scope, value)


def start_import(
    scope: Scope,
    dataset: DatasetValue,
    paths: Sequence[Any],
    *,
    on_server: bool = False,
    manifest: bool = False,
    format: str | None = None,
    predictions: str | None = None,
    labels: Literal["create", "refuse", "skip"] | None = None,
    duplicates: Literal["keep", "skip"] | None = None,
    meta: Mapping[str, Any] | None = None,
    wait: bool = True,
) -> Import:
    """Import files, folders, globs, or one archive (zip, tar), with the annotations found among them.

    `on_server`: the one path is on the server, under one of its roots. `manifest`: the first path is a CSV or JSONL
    list of files; the others are files it names. `format`: coco, voc or jsonl; detected when left out, `none` takes
    media alone. `predictions`: the annotations are a model's, under this name, not the truth. `labels`: what happens
    to labels that the schema lacks (`create`, the default; `refuse`; `skip`). `meta`: metadata for every file. With
    `wait=False` it returns as soon as the server has begun.
    """
    source = _on_server(paths, manifest) if on_server else _sent(scope, find(paths), manifest)
    told = given(
        dataset=dataset.id,
        source=source,
        format=format,
        annotations_as=f"predictions:{predictions}" if predictions else None,
        labels=labels,
        duplicates=duplicates,
        meta=dict(meta) if meta else None,
    )
    started = Import(scope, scope.post("/imports", ImportValue, NewImport.model_validate(told)))
    return started.wait() if wait else started


def _on_server(paths: Sequence[Any], manifest: bool) -> dict[str, Any]:
    if len(paths) != 1:
        raise ValueError("with on_server=True give one path: a file, a folder, a glob or an archive")
    return {"kind": "manifest" if manifest else "path", "path": str(paths[0])}


def _sent(scope: Scope, files: list[Local], manifest: bool) -> dict[str, Any]:
    uploads = _send(scope, files)
    ids = [upload.id for upload in uploads]
    if not manifest:
        return {"kind": "uploads", "uploads": ids}
    listing = next(i for i, file in enumerate(files) if file.name.endswith((".csv", ".jsonl")))
    return {"kind": "manifest", "upload": ids[listing], "uploads": ids[:listing] + ids[listing + 1 :]}


def _send(scope: Scope, files: list[Local]) -> list[Upload]:
    """Send every file, a few at once; in their order."""
    path = scope.path("/uploads")

    def send(file: Local) -> Upload:
        # The body is opened anew for each try, so a lost connection sends the file again from its start.
        try:
            answer = scope.client.send(path, file.path, query={"name": file.name})
        except Refused as refused:
            told = f"{file.name}: {refused.detail} Nothing was imported."
            raise Refused(refused.status, refused.type, refused.title, told, refused.errors) from None
        return Upload.model_validate(answer.json(), extra="ignore")

    with bar("sending", len(files), show=scope.progress) as shown, ThreadPoolExecutor(SENDERS) as pool:
        sent: list[Upload] = []
        for upload in pool.map(send, files):
            sent.append(upload)
            shown.step()
    return sent
