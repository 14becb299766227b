"""Masks: COCO run-length encoding, compressed to text. Column-major, the first run is background.

The format is that of COCO's maskApi.c (`rleToString`): each run but the first three is stored as its difference to the
run two before it, in groups of five bits, six bits to a character, from '0'. Only what touches pixels loads numpy, and
only drawing a polygon loads pycocotools, for COCO's rules of rounding; the rest works on runs and needs nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_SIDE = 1_000_000


class Mask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pixels of an image of `size` (height, width) belong."""

    size: tuple[int, int]
    counts: str


class BadRuns(ValueError):
    """The counts of a mask can't be read, or don't fill its size."""


def runs(mask: Mask) -> list[int]:
    """Lengths of background and foreground in turn, in pixels. Raises BadRuns unless they fill the size exactly."""
    height, width = mask.size
    if not (0 < height <= LONGEST_SIDE and 0 < width <= LONGEST_SIDE):
        raise BadRuns(f"size {height} x {width} is not a size of an image (height, width)")
    found = _read(mask.counts)
    if sum(found) != height * width:
        raise BadRuns(f"counts cover {sum(found)} pixels, but {height} x {width} has {height * width}")
    return found


def compress(runs: Sequence[int]) -> str:
    """Runs as COCO's compressed text. Raises BadRuns on a negative one."""
    out = bytearray()
    for at, run in enumerate(runs):
        if run < 0:
            raise BadRuns(f"run {at} is negative")
        left = run - runs[at - 2] if at > 2 else run
        while True:
            group = left & 0x1F
            left >>= 5
            more = left != -1 if group & 0x10 else left != 0
            out.append((group | 0x20 if more else group) + 48)
            if not more:
                break
    return out.decode()


def _read(counts: str) -> list[int]:
    found: list[int] = []
    value = shift = 0
    for code in counts.encode("utf-8", "surrogatepass"):
        group = code - 48
        if not 0 <= group < 64 or shift > 40:
            raise BadRuns("counts hold a character that COCO run-length text doesn't have")
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            value -= 1 << shift
        if len(found) > 2:
            value += found[-2]
        if value < 0:
            raise BadRuns(f"run {len(found)} is negative")
        found.append(value)
        value = shift = 0
    if shift:
        raise BadRuns("counts end in the middle of a run")
    return found


def area(runs: Sequence[int]) -> int:
    """Foreground pixels."""
    return sum(runs[1::2])


def bounds(runs: Sequence[int], height: int) -> tuple[int, int, int, int]:
    """The foreground's (x, y, width, height); all zero when there is none."""
    left = top = 1 << 62
    right = bottom = at = 0
    for i, run in enumerate(runs):
        if i % 2 and run:
            first, y = divmod(at, height)
            last, end = divmod(at + run - 1, height)
            left, right = min(left, first), max(right, last + 1)
            top, bottom = (min(top, y), max(bottom, end + 1)) if first == last else (0, height)
        at += run
    return (left, top, right - left, bottom - top) if right else (0, 0, 0, 0)


def pixels(mask: Mask) -> "NDArray[np.bool_]":
    """The mask as an array of shape (height, width). Raises BadRuns."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    found = runs(mask)
    height, width = mask.size
    flat = np.repeat(np.arange(len(found)) % 2 == 1, found)
    return flat.reshape(width, height).T


def from_pixels(array: "NDArray[np.generic]") -> Mask:
    """The mask of an array's non-zero pixels, shape (height, width)."""
    import numpy as np  # noqa: PLC0415 lazy

    height, width = array.shape
    flat = np.concatenate([[False], (array != 0).T.reshape(-1), [False]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    found = np.diff(np.concatenate([[0], edges, [height * width]])).tolist()
    return Mask((height, width), compress(found if found[-1] else found[:-1]))


def inside(mask: Mask) -> "NDArray[np.int64]":
    """Where a mask's pixels are, counted down the columns, one column after the other. Raises BadRuns."""
    import numpy as np  # noqa: PLC0415 lazy

    found = np.asarray(runs(mask), dtype=np.int64)
    lengths = found[1::2]
    starts = found.cumsum()[::2][: len(lengths)]
    before = lengths.cumsum() - lengths
    at: NDArray[np.int64] = np.repeat(starts - before, lengths)
    return at + np.arange(len(at))


def from_polygon(polygon: Sequence[Sequence[Sequence[float]]], height: int, width: int) -> Mask:
    """The pixels of parts of rings, `[[outer, hole, ...], ...]`, less their holes; by COCO's own rules of rounding."""
    from pycocotools import mask as coco  # noqa: PLC0415 lazy

    draw: Any = coco.frPyObjects
    join: Any = coco.merge
    parts: list[Any] = []
    for outer, *holes in polygon:
        [part] = draw([list(outer)], height, width)
        for hole in draw([list(hole) for hole in holes], height, width) if holes else ():
            part = join([part, {**hole, "counts": _turned(hole["counts"])}], intersect=True)
        parts.append(part)
    # What is joined to itself has no runs of no length.
    whole = join(parts if len(parts) > 1 else parts * 2)
    return Mask((height, width), whole["counts"].decode())


def _turned(counts: bytes) -> bytes:
    """The runs of what a mask leaves out."""
    found = _read(counts.decode())
    return compress(found[1:] if found[0] == 0 else [0, *found]).encode()
