"""Polygons whose parts have one ring each, as interchange formats have them: many at once. Pure.

What `geometry` gives for each of them, in a third of its time: numbers that are read already aren't spelled again where
their text is spelled canonically, as that of most sets is.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
from msgspec import Raw

from penstock.annotations.geometry import LARGEST, UNREADABLE, Bounds, Ring

Rings = list[Ring]
Text = bytes | Raw

_RINGS = msgspec.json.Decoder(Rings)
_MANY = msgspec.json.Decoder(list[Rings])
_RAWS = msgspec.json.Decoder(list[Raw])
_ENCODE = msgspec.json.Encoder().encode
_PACK = msgspec.msgpack.Encoder().encode
_PACKED_FLOAT = 9


def read(texts: Sequence[Text]) -> list[Rings | None]:
    """The rings of each text, `[[x1, y1, ...], ...]`, unchecked; None of what is something else."""
    try:
        return [*_MANY.decode(b"[" + b",".join(texts) + b"]")]
    except UNREADABLE:  # one of them is something else
        return [_read(text) for text in texts]


def _read(text: Text) -> Rings | None:
    try:
        return _RINGS.decode(text)
    except UNREADABLE:
        return None


def measured(polygons: Sequence[Rings]) -> list[Bounds | None]:
    """The bounds of each polygon, as `geometry.measured` gives them; None for what is no polygon."""
    import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

    found: list[Bounds | None] = [None] * len(polygons)
    sound = [
        n for n, rings in enumerate(polygons) if rings and all(len(ring) > 5 and not len(ring) % 2 for ring in rings)
    ]
    if not sound:
        return found
    points = _flat([ring for n in sound for ring in polygons[n]]).reshape(-1, 2)
    sizes = np.fromiter((sum(map(len, polygons[n])) // 2 for n in sound), np.int64, len(sound))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    fits: Any = ((low >= -LARGEST) & (high <= LARGEST)).all(axis=1)
    (xs, ys), (ws, hs) = low.T.tolist(), (high - low).T.tolist()
    for n, fit, bounds in zip(sound, fits.tolist(), zip(xs, ys, ws, hs, strict=True), strict=True):
        if fit:
            found[n] = bounds
    return found


def _flat(rings: Sequence[Ring]) -> Any:
    """All numbers of some rings, as an array: through their packed form, which takes a third of numpy's own time."""
    import numpy as np  # noqa: PLC0415 lazy, as above

    numbers = list(chain.from_iterable(rings))
    packed = _PACK(numbers)  # each number is a tag and eight bytes, behind a head
    head = len(packed) - _PACKED_FLOAT * len(numbers)
    return np.ndarray((len(numbers),), ">f8", packed, head + 1, (_PACKED_FLOAT,)).astype(np.float64)


def spelled(texts: Sequence[Text], polygons: Sequence[Rings]) -> list[Raw]:
    """Each polygon as `geometry.canonical` spells it, from the text that its rings were read from."""
    if not texts:
        return []
    other = _uncanonical(texts)
    own = list(texts)
    for n in other:
        own[n] = _ENCODE(polygons[n])
    parted = b"\n".join(own).replace(b"],[", b"]],[[")
    return _RAWS.decode(b"[[" + parted.replace(b"\n", b"],[") + b"]]")


def _uncanonical(texts: Sequence[Text]) -> Sequence[int]:
    """Which of the texts of rings aren't spelled canonically, or may not be."""
    import numpy as np  # noqa: PLC0415 lazy, as above

    told = np.frombuffer(b",".join(texts) + b",,,,", np.uint8)
    digit: Any = (told - np.uint8(48)) < 10
    zero, dot = told == 48, told == 46
    end: Any = (told == 44) | (told == 91) | (told == 93)  # a comma or a bracket
    odd: Any = ~(digit | dot | end)  # a sign, an exponent, a space
    odd[1:-1] |= zero[1:-1] & end[2:] & ~dot[:-2]  # 1.50, and 10
    odd[:-4] |= zero[:-4] & dot[1:-3] & zero[2:-2] & zero[3:-1] & zero[4:]  # 0.0001, which may be spelled 1e-4
    run: Any = digit
    for step in (1, 2, 4):
        run = run[step:] & run[:-step]
    odd[: len(run)] |= (
        run  # 8 digits in a row: up to 7 before a point and 7 behind it name a double in the shortest way
    )
    ends = np.cumsum(np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts)))
    found = np.searchsorted(ends, np.flatnonzero(odd), side="right")
    numbers = end[:-1] & digit[1:]
    if np.count_nonzero(numbers) != np.count_nonzero(dot):  # some are whole numbers
        counts: list[Any] = [np.diff(np.searchsorted(np.flatnonzero(of), ends), prepend=0) for of in (numbers, dot)]
        found = np.concatenate([found, np.flatnonzero(counts[0] != counts[1])])
    return np.unique(found).tolist()
