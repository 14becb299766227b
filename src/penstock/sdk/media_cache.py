"""Media on this machine's disk, by their hash. Its law: what has the name of a hash is whole, and is what it says.

Any number of processes share a cache: a file is fetched by one of them, in blocks, while the others wait for it. What
one leaves behind that was killed, the next one goes on with.
"""

from __future__ import annotations

import fcntl
import os
from hashlib import file_digest, sha256
from http import HTTPStatus
from io import BufferedRandom
from pathlib import Path

import httpx
import platformdirs

from penstock.sdk.errors import PenstockError, Refused
from penstock.sdk.http import Client

_BLOCK_BYTES = 1 << 20


def default_folder() -> Path:
    """The cache of whoever runs this process."""
    return Path(platformdirs.user_cache_dir("penstock")) / "media"


class MediaCache:
    """A folder of media. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, client: Client) -> None:
        self.folder = folder
        self._client = client

    def bring(self, url: str, hash: str, size: int) -> Path:
        """Where a file of so many bytes is, which is fetched when it isn't there. Raises PenstockError when it comes
        damaged twice.
        """
        path = self.folder / hash[:2] / hash
        draft = path.with_name(f"{hash}.part")
        while not _is_whole(path, size):
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("a+b") as out:
                fcntl.flock(out, fcntl.LOCK_EX)
                if not _is_at(draft, out):
                    continue  # whoever had it before has finished it meanwhile
                if _is_whole(path, size):
                    draft.unlink()  # made when the one before had just become the file
                    continue
                self._fetch(out, draft, url, hash)
                draft.replace(path)
        return path

    def _fetch(self, out: BufferedRandom, draft: Path, url: str, hash: str) -> None:
        """Make a draft whole, which may hold a beginning already."""
        for _ in range(2):
            if _is_of(out, hash):
                return
            self._download(out, url)
            if _is_of(out, hash):
                return
            out.truncate(0)
        draft.unlink()
        raise PenstockError(f"{url} came damaged twice: its bytes aren't those of {hash}. Ask for it again")

    def _download(self, out: BufferedRandom, url: str) -> None:
        """Append what a draft lacks. A connection that is lost is taken up where it broke."""
        patience = self._client.patience()
        while True:
            at = out.seek(0, os.SEEK_END)
            asked = {"accept-encoding": "identity"} | ({"range": f"bytes={at}-"} if at else {})
            try:
                with self._client.stream(url, headers=asked) as answer:
                    if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
                        out.truncate(0)
                    for block in answer.iter_bytes(_BLOCK_BYTES):
                        out.write(block)
                        patience.renew()
                return
            except (httpx.TransportError, Refused) as error:
                if isinstance(error, Refused) and error.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    out.truncate(0)  # there is more of it than there can be
                else:
                    patience.bear(error)


def _is_of(file: BufferedRandom, hash: str) -> bool:
    """Whether a file has this hash; all that was written to it is on its way to the disk then."""
    file.seek(0)
    return file_digest(file, sha256).hexdigest() == hash


def _is_whole(path: Path, size: int) -> bool:
    """Whether a file is there; a machine that lost its power may have left one without its end."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _is_at(path: Path, file: BufferedRandom) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
