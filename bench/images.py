"""Tiny images to import: real PNG files that all differ."""

import struct
import zlib
from pathlib import Path


def draw(folder: Path, count: int, tint: int) -> None:
    """Write `count` images of 64 x 48 pixels; another `tint` gives other bytes."""
    folder.mkdir(parents=True)
    for n in range(count):
        colour = struct.pack(">IB", n, tint)[1:4] + bytes([tint])
        row = b"\0" + (colour[:3] * 64)
        pixels = zlib.compress(row * 48, 1)
        head = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
        note = b"n\0" + f"{tint}-{n}".encode()
        parts = (_chunk(b"IHDR", head), _chunk(b"tEXt", note), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
        (folder / f"{tint}-{n:05}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
