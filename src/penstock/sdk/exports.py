"""Writing a dataset or a version out: on the server, or down to this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from penstock.export.model import Export as ExportValue
from penstock.export.model import NewExport
from penstock.export.transforms import Transform
from penstock.sdk.errors import Failed
from penstock.sdk.landing import landing
from penstock.sdk.people import given
from penstock.sdk.progress import bar
from penstock.sdk.scope import Scope

SUFFIXES = {".zip": "zip", ".tar": "tar"}


class Export:
    """One export. `refresh()` reads it anew."""

    def __init__(self, scope: Scope, value: ExportValue) -> None:
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
    def uri(self) -> str | None:
        """Where it is, once it is ready."""
        return self.value.uri

    def refresh(self) -> Export:
        """Read it anew."""
        self.value = self._scope.get(f"/exports/{self.id}", ExportValue)
        return self

    def wait(self, timeout_seconds: float | None = None) -> Export:
        """Wait until it is ready, with a progress bar on a terminal. Raises Failed, TimeoutError."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        with bar("exporting", show=self._scope.progress) as shown:
            pause = 0.05
            while not self.refresh().value.is_ended:
                shown.at(self.value.looked, self.value.total)
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"export {self.id} is still {self.state} after {timeout_seconds} s")
                self._scope.client.pause(pause)
                pause = min(pause * 1.5, 1.0)
        if self.state != "ready":
            raise Failed(f"Export {self.id} {self.state}: {self.value.reason or 'no reason was given'}")
        return self

    def download(self, path: Path | str) -> Path:
        """Bring a packed export to this machine. It appears under its name only when it is whole."""
        target = Path(path)
        with self._scope.client.stream(self._scope.path(f"/exports/{self.id}/download")) as answer:
            size = answer.headers.get("content-length")
            title = f"downloading {target.name}"
            with landing(target) as out, bar(title, int(size) if size else None, show=self._scope.progress) as shown:
                for block in answer.iter_bytes(1 << 20):
                    out.write(block)
                    shown.step(len(block))
        return target

    def cancel(self) -> Export:
        """Stop it. Nothing half-written stays."""
        self.value = self._scope.post(f"/exports/{self.id}/cancel", ExportValue)
        return self

    def __repr__(self) -> str:
        return f"<export {self.id}, {self.state}>"


class Exports:
    """`p.exports[12]`, and all of them, newest first."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, id: int) -> Export:
        return Export(self._scope, self._scope.get(f"/exports/{id}", ExportValue))

    def __iter__(self) -> Iterator[Export]:
        for value in self._scope.pages("/exports", ExportValue):
            yield Export(self._scope, value)


def start_export(
    scope: Scope,
    *,
    dataset: int | None = None,
    version: int | None = None,
    format: str = "coco",
    to: Path | str | None = None,
    connection: str | None = None,
    on_server: str | None = None,
    path: str | None = None,
    pack: Literal["folder", "zip", "tar"] | None = None,
    filter: str | None = None,
    picked: Sequence[int] | None = None,
    revision: int | None = None,
    media: bool = True,
    transforms: Sequence[Transform | Mapping[str, Any]] = (),
    wait: bool = True,
) -> Export:
    """Export to one of three places.

    `to="gold.zip"`: down to this machine, as a zip or tar. `connection="lab bucket", path="gold"`: through a
    connection. `on_server="/data/out", path="gold"`: a folder on the server, under one of its roots. `filter` is a
    query; `picked` are ids of files; `revision` an earlier state of a dataset; without `media` the files' keys and
    hashes go alone. `transforms` change images and annotations on the way: `[{"do": "tile", "size": 640}]`, or values
    of `penstock.export.transforms`.
    """
    place = None
    if connection or on_server:
        place = given(connection=connection, folder=on_server, path=path or "export")
    elif to is not None:
        pack = _pack_of(Path(to))
    told = given(
        dataset=dataset,
        version=version,
        format=format,
        to=place,
        pack=pack or ("folder" if place else "zip"),
        filter=filter,
        picked=None if picked is None else list(picked),
        as_of=revision,
        media="copy" if media else "none",
        transforms=list(transforms) or None,
    )
    started = Export(scope, scope.post("/exports", ExportValue, NewExport.model_validate(told)))
    if wait or to is not None:
        started.wait()
    if to is not None:
        started.download(to)
    return started


def _pack_of(path: Path) -> Literal["zip", "tar"]:
    pack = SUFFIXES.get(path.suffix.lower())
    if pack is None:
        raise ValueError(f"{str(path)!r} should end in .zip or .tar: an export comes down as one file")
    return "zip" if pack == "zip" else "tar"
