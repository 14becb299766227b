"""Sets of files to read from, and finding an image in one by the name that an annotation file gives."""

import os
import re
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from penstock.formats.carries import split_named
from penstock.formats.model import Tree

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})


class FolderTree:
    """A folder on this machine. Symbolic links that lead out of it are not followed."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        found = (path for path in self.root.rglob("*") if path.is_file() and self._is_within(path))
        return tuple(sorted(path.relative_to(self.root).as_posix() for path in found))

    def paths(self) -> Sequence[str]:
        return self._paths

    def open(self, path: str) -> BinaryIO:
        full = self.root / path
        if not self._is_within(full):
            raise FileNotFoundError(path)
        return full.open("rb")

    def _is_within(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.root)


class Slices:
    """Reads here and there in one open file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        try:
            self._number = stream.fileno() if hasattr(os, "pread") else None
        except (OSError, AttributeError):
            self._number = None  # it is in memory

    def read(self, at: int, size: int) -> bytes:
        if self._number is not None:
            return os.pread(self._number, size, at)
        self._stream.seek(at)
        return self._stream.read(size)

    def read_all(self, ats: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Several, in the file's order: in one go where they are close to each other."""
        if len(ats) > 1 and (whole := ats[-1] + sizes[-1] - ats[0]) < 2 * sum(sizes):
            first, told = ats[0], self.read(ats[0], whole)
            return [told[at - first : at - first + size] for at, size in zip(ats, sizes, strict=True)]
        return [self.read(at, size) for at, size in zip(ats, sizes, strict=True)]


_FIRST_BYTES = 64 << 10


def content_of(tree: Tree, path: str, most: int) -> bytes:
    """A file's bytes, so many at most. Asked for at once, 64 MB cost their room even of a small one: 0.6 ms each."""
    with closing(tree.open(path)) as stream:
        first = stream.read(_FIRST_BYTES)
        return first if len(first) < _FIRST_BYTES else first + stream.read(most - _FIRST_BYTES)


class Finder:
    """Finds the file that a name in an annotation file means: by its path near that file, else by how paths end.

    `within` is the folder, with a slash, that names may be in which don't tell it.
    """

    def __init__(self, paths: Sequence[str], within: str = "") -> None:
        self._within = within
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = {}
        for path in paths:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def find(self, name: str, near: str = "", split: str | None = None) -> str | None:
        """The path meant by `name` in the annotation file `near`, which tells of this part of a set; None when there
        is none, or no best one.
        """
        if not self._paths:
            return None
        name = name.replace("\\", "/").removeprefix("./")
        folder = near.rpartition("/")[0]
        above = folder.rpartition("/")[0]
        for base in (folder, above, ""):
            for within in dict.fromkeys((self._within, "")):
                path = f"{base}/{within}{name}" if base else within + name
                if path in self._paths:
                    return path
        parts = name.split("/")
        found = self._by_name.get(parts[-1], [])
        for n in range(len(parts), 0, -1):
            ending = "/" + "/".join(parts[-n:])
            ends = [path for path in found if f"/{path}".endswith(ending)]
            if len(ends) > 1 and split:
                ends = [path for path in ends if _is_in(path, split)] or ends
            if len(ends) == 1:
                return ends[0]
            if ends:
                return None
        return None


def _is_in(path: str, split: str) -> bool:
    """Whether one of a path's folders is named as a part of a set is: `val2017`."""
    words = re.findall("[a-z]+", path.rpartition("/")[0].lower())
    return any(split_named(word) == split for word in words)


def is_image(path: str) -> bool:
    """Whether a name looks like an image's."""
    return Path(path).suffix.lower() in IMAGES


HEAD_BYTES = 64 << 10


class Glance:
    """A set at a glance: the names of its files, and the beginnings of those that somebody asks for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._heads: dict[str, bytes] = {}

    def paths(self) -> Sequence[str]:
        return self._tree.paths()

    def ending(self, *suffixes: str) -> Sequence[str]:
        return ending(self._tree.paths(), *suffixes)

    def head(self, path: str) -> bytes:
        if path not in self._heads:
            try:
                with closing(self._tree.open(path)) as stream:
                    self._heads[path] = stream.read(HEAD_BYTES)
            except OSError:
                self._heads[path] = b""
        return self._heads[path]


MANIFEST = "manifest.json"
"""What an export says of itself: no annotations, in whatever format."""


def ending(paths: Sequence[str], *suffixes: str) -> list[str]:
    """Files whose names end so, in lower case, in their order; the manifest of an export isn't one of them."""
    return sorted(path for path in paths if path.lower().endswith(suffixes) and path.rpartition("/")[2] != MANIFEST)
