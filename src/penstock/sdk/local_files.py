"""What a person means by "images/*.jpg": the files on this machine, and the name that each has in the set."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.sdk.errors import PenstockError


class NothingFound(PenstockError):
    """A path or pattern matches no file on this machine."""


@dataclass(frozen=True)
class Local:
    """A file to send. `name` is its path under the root it was found in: it becomes the key."""

    path: Path
    name: str


def find(paths: Sequence[Any]) -> list[Local]:
    """Files for paths, folders (with all below them) and globs (`**` goes deep), each once, by name.

    The name of a file given by itself is its file name; under a folder or glob, its path under the part without
    wildcards. Hidden files are left out. Raises NothingFound for a path that matches nothing.
    """
    found: dict[Path, Local] = {}
    for path in paths:
        here = list(_matches(str(path)))
        if not here:
            raise NothingFound(f"No file matches {str(path)!r} on this machine. Check the path and its spelling.")
        for local in here:
            found.setdefault(local.path, local)
    return sorted(found.values(), key=lambda local: local.name)


def _matches(text: str) -> Iterator[Local]:
    path = Path(text).expanduser()
    if path.is_file():
        yield Local(path.absolute(), path.name)
    elif path.is_dir():
        yield from _below(path, path.rglob("*"))
    elif glob.has_magic(text):
        root = _root(path)
        yield from _below(root, root.glob(path.relative_to(root).as_posix()))


def _below(root: Path, candidates: Iterator[Path]) -> Iterator[Local]:
    for path in candidates:
        name = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield Local(path.absolute(), name.as_posix())


def _root(pattern: Path) -> Path:
    """The part of a pattern before its first wildcard."""
    root = Path(pattern.anchor)
    for part in pattern.parts[len(root.parts) : -1]:
        if glob.has_magic(part):
            break
        root /= part
    return root
