"""The bytes of an export's media by their hash: as they are stored, or as they were made for it."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from penstock.export import publishing
from penstock.store.blobs import Blobs


class Shelf:
    """What was made lies in a folder of the workshop, and goes with it. Several threads may put things on it."""

    def __init__(self, blobs: Blobs, folder: Path) -> None:
        self._blobs = blobs
        self._folder = folder
        self._made: dict[str, int] = {}
        self._wanted: Counter[str] = Counter()
        self._lock = threading.Lock()

    def put(self, content: bytes) -> str:
        """Keep bytes that were made for this export; their SHA-256 in hex."""
        hash = hashlib.sha256(content).hexdigest()
        with self._lock:
            self._wanted[hash] += 1
            if hash not in self._made:
                self._folder.mkdir(exist_ok=True)
                (self._folder / hash).write_bytes(content)
                self._made[hash] = len(content)
        return hash

    def drop(self, hash: str) -> None:
        """Let go of bytes that were made, once they are in their place: as often as they were put."""
        with self._lock:
            if hash not in self._made:
                return
            self._wanted[hash] -= 1
            if not self._wanted[hash]:
                del self._made[hash]
                (self._folder / hash).unlink(missing_ok=True)

    def size(self, hash: str) -> int:
        """How many bytes there are. Raises BlobMissing."""
        made = self._made.get(hash)
        return self._blobs.size(hash) if made is None else made

    def stream(self, hash: str) -> Iterator[bytes]:
        """The bytes in pieces. Raises BlobMissing."""
        if hash in self._made:
            yield from publishing.read(self._folder / hash)
        else:
            yield from self._blobs.stream(hash)

    def content(self, hash: str, key: str) -> bytes:
        """All bytes of a stored file, checked to be what they were. Raises BlobMissing, MediaDamaged."""
        return b"".join(publishing.checked(self._blobs.stream(hash), hash, key))
