"""Pictures whose pixels are numbers of classes or objects: drawn from masks, and read as masks. PNG.

Pictures from outside are bounded in pixels before any is decoded.
"""

import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from penstock.annotations import rle
from penstock.annotations.geometry import BadGeometry
from penstock.annotations.rle import Mask
from penstock.formats.model import Item, Loss

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_PIXELS = 200_000_000
Colour = tuple[int, int, int]


@lru_cache(maxsize=2)
def palette(count: int = 256) -> tuple[Colour, ...]:
    """The colours that Pascal VOC gives to numbers: the bits of a number, three by three, as the high bits of RGB."""
    found: list[Colour] = []
    for number in range(count):
        r = g = b = 0
        left = number
        for shift in range(7, -1, -1):
            r |= (left & 1) << shift
            g |= (left >> 1 & 1) << shift
            b |= (left >> 2 & 1) << shift
            left >>= 3
        found.append((r, g, b))
    return tuple(found)


def is_sized(mask: Mask, item: Item) -> bool:
    """Whether a mask is as large as its image, so that it can be drawn on it."""
    return mask.size == (item.height, item.width)


def drawn(masks: Iterable[tuple[int, Mask]], height: int, width: int, loss: Loss) -> "NDArray[np.uint16]":
    """Numbers of pixels, 0 where there is nothing; a later mask covers an earlier one, which is counted."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    columns = np.zeros(height * width, dtype=np.uint16)
    for number, mask in masks:
        at = rle.inside(mask)
        if columns[at].any():
            loss.count("covered")
        columns[at] = number
    return columns.reshape(width, height).T


def renumbered(numbers: "NDArray[np.uint16]", others: Sequence[int]) -> "NDArray[np.uint16]":
    """The same pixels with the other number of each."""
    import numpy as np  # noqa: PLC0415 lazy

    return np.asarray(others, dtype=np.uint16)[numbers]


def png(numbers: "NDArray[np.uint16]") -> bytes:
    """A PNG of numbers; up to 255 with VOC's palette."""
    import numpy as np  # noqa: PLC0415 lazy

    if int(numbers.max(initial=0)) < 256:
        picture = Image.frombytes("P", numbers.shape[::-1], numbers.astype(np.uint8).tobytes())
        picture.putpalette([n for colour in palette() for n in colour])
    else:
        picture = Image.fromarray(np.ascontiguousarray(numbers))
    buffer = io.BytesIO()
    # For areas of one number, runs are smaller than what the default finds, and a quarter of the work.
    picture.save(buffer, "PNG", compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def numbers_of(content: bytes, colours: Mapping[Colour, int]) -> "NDArray[np.int64]":
    """A picture's pixels as numbers: of a palette or of grey as they are, else by their colour; -1 for any other.

    Raises BadGeometry.
    """
    import numpy as np  # noqa: PLC0415 lazy

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadGeometry(f"The picture has more than {MOST_PIXELS:,} pixels.", "picture")
            if picture.mode in ("P", "L", "1", "I", "I;16"):
                return np.asarray(picture).astype(np.int64)
            array = np.asarray(picture.convert("RGB")).astype(np.int64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadGeometry(f"The picture can't be read: {error}.", "picture") from None
    codes = array[:, :, 0] << 16 | array[:, :, 1] << 8 | array[:, :, 2]
    found = np.full(codes.shape, -1, dtype=np.int64)
    for (r, g, b), number in colours.items():
        found[codes == (r << 16 | g << 8 | b)] = number
    return found


def masks_of(numbers: "NDArray[np.int64]", without: Sequence[int] = (0, -1)) -> list[tuple[int, Mask]]:
    """A mask for each number that occurs."""
    import numpy as np  # noqa: PLC0415 lazy

    found: Any = np.unique(numbers).tolist()
    return [(number, rle.from_pixels(numbers == number)) for number in found if number not in without]
