"""Label Studio's brush strokes: masks as packed run lengths of RGBA bytes. Pure.

The packing is that of the published `rle-pack`: a stream of bits that begins with the number of words (32), the size of
a word less one (5) and four sizes of counts less one (4 each). Then, until all words are there: one bit whether a word
is repeated, two that choose a size of count, the count less one, and one word or as many as were counted.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from penstock.annotations import rle
from penstock.annotations.geometry import BadGeometry
from penstock.annotations.rle import Mask
from penstock.formats.pictures import MOST_PIXELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SIZES = (3, 4, 8, 16)


def unpack(packed: list[int], height: int, width: int) -> Mask:
    """The pixels that are not transparent. Raises BadGeometry."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    if not all(type(byte) is int and 0 <= byte < 256 for byte in packed):
        raise BadGeometry("The rle of a brush must be bytes.", "bad-rle")
    bits = "".join(f"{byte:08b}" for byte in packed)
    at = 0

    def take(size: int) -> int:
        nonlocal at
        if at + size > len(bits):
            raise BadGeometry("The rle of a brush ends in the middle.", "bad-rle")
        at += size
        return int(bits[at - size : at], 2)

    count, word = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    if count != height * width * 4 or count > 4 * MOST_PIXELS or word != 8:
        raise BadGeometry("The rle of a brush doesn't fill its image.", "bad-rle")
    words = np.zeros(count, dtype=np.uint8)
    filled = 0
    while filled < count:
        repeats = take(1)
        run = take(sizes[take(2)]) + 1
        if filled + run > count:
            raise BadGeometry("The rle of a brush is longer than its image.", "bad-rle")
        if repeats:
            words[filled : filled + run] = take(8)
        else:
            words[filled : filled + run] = [take(8) for _ in range(run)]
        filled += run
    return rle.from_pixels(words.reshape(height, width, 4)[:, :, 3] > 0)


def pack(mask: Mask) -> list[int]:
    """A mask as white on nothing: runs of 0 and of 255."""
    pixels: NDArray[np.bool_] = rle.pixels(mask).reshape(-1)
    bits: list[str] = [f"{len(pixels) * 4:032b}", f"{7:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for value, run in _runs(pixels):
        left = run * 4
        while left:
            part = min(left, 1 << _SIZES[-1])
            which = next(n for n, size in enumerate(_SIZES) if part <= 1 << size)
            bits.append(f"1{which:02b}{part - 1:0{_SIZES[which]}b}{255 if value else 0:08b}")
            left -= part
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _runs(pixels: Any) -> list[tuple[bool, int]]:
    import numpy as np  # noqa: PLC0415 lazy

    edges = [0, *(np.flatnonzero(pixels[1:] != pixels[:-1]) + 1).tolist(), len(pixels)]
    return [(bool(pixels[a]), b - a) for a, b in pairwise(edges)]
