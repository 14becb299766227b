"""Drawing files by lot: seeded, the same for the same seed whatever else is there. Pure.

The law: each file has one number under a seed, for ever. So a larger sample holds the smaller ones, and files that come
later change nothing about those that were drawn.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

ALIKE_BITS = 6
"""Pictures whose looks differ in so few of 64 bits are near duplicates."""


def lot(seed: str, of: int | str) -> float:
    """A number in [0, 1) that belongs to a file, or to the name of a group, under this seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{of}".encode()).digest()[:8]) / 2**64


def wanted(available: int, share: float | None, count: int | None) -> int:
    """How many of so many to draw."""
    drawn = available if share is None else math.ceil(available * share)
    return min(available, drawn if count is None else min(drawn, count))


def quotas(available: Mapping[K, int], total: int, balanced: bool) -> dict[K, int]:
    """How many to draw of each stratum: in proportion to its size, or as many of each as there are."""
    if balanced:
        return _evenly(available, total)
    whole = sum(available.values())
    exact = {name: total * n / whole for name, n in available.items()} if whole else dict.fromkeys(available, 0.0)
    found = {name: math.floor(share) for name, share in exact.items()}
    order = sorted(exact, key=lambda name: (found[name] - exact[name], str(name)))
    for name in order[: max(total - sum(found.values()), 0)]:
        found[name] += 1
    return {name: min(n, available[name]) for name, n in found.items()}


def _evenly(available: Mapping[K, int], total: int) -> dict[K, int]:
    """What small strata lack is spread over the others."""
    found: dict[K, int] = {}
    left, waiting = total, sorted(available, key=lambda name: (available[name], str(name)))
    for n, name in enumerate(waiting):
        found[name] = min(available[name], left // (len(waiting) - n))
        left -= found[name]
    return found


def take(
    ordered: Iterable[int], quota: Mapping[K, int], stratum: Callable[[int], K], differs: Callable[[int], bool]
) -> list[int]:
    """Files in order, until each stratum's quota is full; those that look like one taken before are passed over."""
    left = dict(quota)
    taken: list[int] = []
    for file in ordered:
        name = stratum(file)
        if left.get(name, 0) > 0 and differs(file):
            left[name] -= 1
            taken.append(file)
    return taken


class Looks:
    """Looks that were seen; finds near duplicates without comparing all with all.

    Two numbers of 64 bits that differ in at most 7 have one of 8 bytes in common, so only those are compared.
    """

    def __init__(self, bits: int) -> None:
        if not 0 <= bits <= 7:
            raise ValueError("near duplicates differ in 0 to 7 bits")
        self._bits = bits
        self._by_byte: dict[tuple[int, int], list[int]] = defaultdict(list)

    def is_new(self, look: int | None) -> bool:
        """Whether nothing that was seen looks nearly the same; from now on it is seen. Without a look, always."""
        if look is None:
            return True
        number = look & (1 << 64) - 1
        places = [(at, number >> 8 * at & 255) for at in range(8)]
        if any((other ^ number).bit_count() <= self._bits for place in places for other in self._by_byte[place]):
            return False
        for place in places:
            self._by_byte[place].append(number)
        return True


def groups(keys: Iterable[tuple[T, Sequence[str]]]) -> list[list[T]]:
    """Things that have a key in common, with one another or by way of others; each group in the order given."""
    above: dict[str, str] = {}

    def top(key: str) -> str:
        while (other := above.setdefault(key, key)) != key:
            above[key] = key = above[other]
        return key

    given = list(keys)
    for _, (first, *others) in given:
        for key in others:
            above[top(key)] = top(first)
    found: dict[str, list[T]] = defaultdict(list)
    for thing, (first, *_) in given:
        found[top(first)].append(thing)
    return list(found.values())


def split(name: str, shares: Sequence[float], seed: str) -> int:
    """Which part of a split a group falls into, by its name alone."""
    at, drawn = 0.0, lot(seed, name) * sum(shares)
    for n, share in enumerate(shares):
        at += share
        if drawn < at:
            return n
    return len(shares) - 1
