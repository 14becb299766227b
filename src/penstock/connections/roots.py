"""Server paths: only inside folders that the server's own configuration names, also through links.

The law: compare real paths, component by component, and only after every link was followed.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from penstock.core import Forbidden


class NoRoots(Forbidden):
    """This server opens no folders. Name some in the setting `roots` (PENSTOCK_ROOTS), then start it again."""


class OutsideRoots(Forbidden):
    """{path} is in none of the folders that this server opens. Whoever runs it can add one to the setting `roots`."""


def inside(path: str | os.PathLike[str], roots: Sequence[Path]) -> Path:
    """The real path of a file or folder inside one of the roots. It need not exist; its links are followed.

    A relative path counts from the first root, so that a pipeline file need not say where it runs. Raises NoRoots,
    OutsideRoots (also for what doesn't exist, so that nobody learns what does).
    """
    if not roots:
        raise NoRoots
    text = os.fspath(path)
    if "\0" in text:
        raise OutsideRoots(path=text.replace("\0", "?"))
    real = Path(os.path.realpath(roots[0] / text))
    if not any(real.is_relative_to(os.path.realpath(root)) for root in roots):
        raise OutsideRoots(path=text)
    return real


def below(folder: Path, relative: str, roots: Sequence[Path]) -> Path:
    """The real path of something below a folder, which stays below it and inside the roots. Raises OutsideRoots."""
    real = inside(folder / relative, roots)
    if not real.is_relative_to(os.path.realpath(folder)):
        raise OutsideRoots(path=relative)
    return real
