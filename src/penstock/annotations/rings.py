"""Polygons whose parts have one ring each, as interchange formats have them: many at once. Pure.

What `geometry` gives for each of them, in a fifth of its time: texts that are spelled canonically, as in most sets, are
read into one array of numbers, and aren't spelled again.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from penstock.annotations import geometry as shapes
from penstock.annotations.geometry import UNREADABLE, BadGeometry, Bounds

Text = bytes | Raw

_RINGS = msgspec.json.Decoder(list[list[float]])
_NUMBERS = msgspec.json.Decoder(list[float])
_PACK = msgspec.msgpack.Encoder().encode
_PACKED_FLOAT = 9
_AT_ONCE = 512
"""Texts that are looked at together: what is made of them on the way stays in the processor's cache. Ten times as many
took three times as long each.
"""


class Drawn(NamedTuple):
    """Those of some texts that are polygons."""

    places: list[int]  #: which texts, in ascending order
    bounds: Any  #: of each: an array with a row of x, y, width, height
    texts: list[bytes]  #: of each, as `geometry.canonical` spells it


def drawn(texts: Sequence[Text]) -> Drawn:
    """The polygons among texts of rings, `[[x1, y1, ...], ...]`. Each text is JSON, whatever it says."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    starts = range(0, len(texts), _AT_ONCE)
    found = [_drawn(texts[start : start + _AT_ONCE]) for start in starts]
    return Drawn(
        [start + n for start, one in zip(starts, found, strict=True) for n in one.places],
        np.concatenate([np.zeros((0, 4)), *(one.bounds for one in found)]),
        [text for one in found for text in one.texts],
    )


def _drawn(texts: Sequence[Text]) -> Drawn:
    import numpy as np  # noqa: PLC0415 lazy, as above

    plain = _canonical(texts)
    some = texts if len(plain) == len(texts) else [texts[n] for n in plain]
    sizes, firsts = _sizes(some)
    if wrong := _wrong(sizes, firsts):
        plain = [n for at, n in enumerate(plain) if at not in wrong]
        some = [texts[n] for n in plain]
        sizes, firsts = _sizes(some)
    bounds, spelled = _measured(some, sizes, firsts), _spelled(some)
    if some is texts:
        return Drawn(plain, bounds, spelled)
    alone = {n: found for n in set(range(len(texts))).difference(plain) if (found := _alone(texts[n])) is not None}
    places = [*plain, *alone]
    order = sorted(range(len(places)), key=places.__getitem__)
    if alone:
        bounds = np.concatenate([bounds, [around for around, _ in alone.values()]])
    spelled += [text for _, text in alone.values()]
    return Drawn([places[n] for n in order], bounds[order], [spelled[n] for n in order])


def _alone(text: Text) -> tuple[Bounds, bytes] | None:
    """The same of a text that may be anything."""
    try:
        shape = [[ring] for ring in _RINGS.decode(text)]
        return shapes.measured("polygon", shape), bytes(shapes.canonical(shape))
    except (BadGeometry, *UNREADABLE):
        return None


def _wrong(sizes: Any, firsts: Any) -> set[int]:
    """Which texts have a ring of less than three points, or of half a point."""
    import numpy as np  # noqa: PLC0415 lazy, as above

    faulty: Any = (sizes < 6) | (sizes % 2 == 1)
    return set((np.searchsorted(firsts, np.flatnonzero(faulty), side="right") - 1).tolist())


def _canonical(texts: Sequence[Text]) -> list[int]:
    """Which of the texts are lists of lists of numbers above 0, spelled canonically. Some that are may be missing."""
    import numpy as np  # noqa: PLC0415 lazy, as above

    told = np.frombuffer(b",".join(texts) + b",,,,", np.uint8)
    ends: Any = np.cumsum(np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts)))
    digit: Any = (told - np.uint8(48)) < 10
    zero, dot, comma, opens, closes = told == 48, told == 46, told == 44, told == 91, told == 93
    end: Any = comma | opens | closes
    odd: Any = ~(digit | dot | end)  # a sign, an exponent, a space
    odd[1:-1] |= zero[1:-1] & end[2:] & ~dot[:-2]  # 1.50, and 10
    odd[:-4] |= zero[:-4] & dot[1:-3] & zero[2:-2] & zero[3:-1] & zero[4:]  # 0.0001, which may be spelled 1e-4
    run: Any = digit
    for step in (1, 2, 4):
        run = run[step:] & run[:-step]
    # 8 digits in a row: up to 7 before a point and 7 behind it name a double in the shortest way
    odd[: len(run)] |= run
    # Two brackets are together where a text begins and where it ends, and there alone; else a comma is between two.
    deep, flat = opens[:-1] & opens[1:], closes[:-1] & closes[1:]
    for pairs, at in ((deep, np.concatenate([[0], ends[:-1]])), (flat, ends - 3)):
        pairs[at] ^= True
        odd[:-1] |= pairs
    odd[:-1] |= opens[:-1] & closes[1:]
    odd[:-2] |= comma[1:-1] & (closes[:-2] ^ opens[2:]) & ~comma[2:]
    numbers: Any = end[:-1] & digit[1:]
    dots: Any = dot
    found = np.searchsorted(ends, np.flatnonzero(odd), side="right")
    if np.count_nonzero(numbers) != np.count_nonzero(dots):  # some are whole numbers
        passed: list[Any] = [np.searchsorted(np.flatnonzero(of), ends) for of in (numbers, dots)]
        whole: Any = np.diff(passed[0], prepend=0) != np.diff(passed[1], prepend=0)
        found = np.concatenate([found, np.flatnonzero(whole)])
    kept = np.ones(len(texts) + 1, bool)
    kept[found] = False
    return np.flatnonzero(kept[:-1]).tolist()


def _sizes(texts: Sequence[Text]) -> tuple[Any, Any]:
    """How many numbers each ring has, and which ring is the first of each text."""
    import numpy as np  # noqa: PLC0415 lazy, as above

    told = np.frombuffer(b",".join(texts) + b",", np.uint8)
    opens = told == 91
    begins = np.flatnonzero(opens[:-1] & ~opens[1:])
    commas = np.flatnonzero(told == 44)
    ends = np.cumsum(np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts)))
    sizes = np.diff(np.searchsorted(commas, begins), append=len(commas))
    return sizes, np.searchsorted(begins, np.concatenate([[0], ends])[:-1])


def _measured(texts: Sequence[Text], sizes: Any, firsts: Any) -> Any:
    """The bounds of plain texts."""
    import numpy as np  # noqa: PLC0415 lazy, as above

    if not texts:
        return np.zeros((0, 4))
    packed = _PACK(_NUMBERS.decode(b"[" + b",".join(texts).translate(None, b"[]") + b"]"))
    count = int(sizes.sum())  # each number is a tag and eight bytes, behind a head
    numbers = np.ndarray((count,), ">f8", packed, len(packed) - _PACKED_FLOAT * count + 1, (_PACKED_FLOAT,))
    points = numbers.astype(np.float64).reshape(-1, 2)
    starts = np.concatenate([[0], np.cumsum(sizes)])[firsts] // 2
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    return np.concatenate([low, high - low], axis=1)


def _spelled(texts: Sequence[Text]) -> list[bytes]:
    """Plain texts as those of polygons: each ring is a part."""
    if not texts:
        return []
    return b"".join((b"[", b"]\n[".join(texts), b"]")).replace(b"],[", b"]],[[").split(b"\n")
