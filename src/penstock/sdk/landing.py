"""Files that are fetched: under their names only when they are whole."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def landing(target: Path) -> Generator[BinaryIO]:
    """A file to write into, which gets its name at the end. Whatever goes wrong, nothing of it stays."""
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise error if error.filename else OSError(error.errno, error.strerror, str(target)) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
