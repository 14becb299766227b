"""Where the annotations of each image are in a COCO file."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from penstock.formats.tree import Slices


class Places:
    """The bytes that some elements of a file begin at, and their sizes: 16 bytes for each."""

    def __init__(self) -> None:
        self.ats, self.sizes = array("q"), array("q")

    def __len__(self) -> int:
        return len(self.ats)

    def add(self, ats: Any, sizes: Any) -> None:
        """Arrays or lists."""
        import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

        self.ats.frombytes(np.asarray(ats, np.int64).tobytes())
        self.sizes.frombytes(np.asarray(sizes, np.int64).tobytes())

    def read(self, start: int, end: int, file: Slices) -> list[bytes]:
        """Some of them."""
        return file.read_all(self.ats[start:end], self.sizes[start:end])


class Index:
    """The places of the annotations of each image, and no annotation itself."""

    def __init__(self) -> None:
        self._numbers: dict[int | str, int] = {}
        self._owners = array("i")
        self._places = Places()
        self._starts = array("q")

    def add(self, images: Sequence[int | str], ats: Any, sizes: Any) -> None:
        numbers = self._numbers
        for image in set(images).difference(numbers):
            numbers[image] = len(numbers)
        self._owners.extend([numbers[image] for image in images])
        self._places.add(ats, sizes)

    def close(self) -> None:
        """Sort them by their images."""
        import numpy as np  # noqa: PLC0415 lazy: 0.1 s that a command line shouldn't pay

        owners, places = np.asarray(self._owners), Places()
        order = np.argsort(owners, kind="stable")
        starts = np.searchsorted(owners[order], np.arange(len(self._numbers) + 1))
        places.add(np.asarray(self._places.ats)[order], np.asarray(self._places.sizes)[order])
        self._places, self._starts = places, array("q", starts.tolist())

    def of(self, image: int | str, file: Slices) -> list[bytes]:
        """The annotations of an image, in the file's order."""
        number = self._numbers.get(image)
        return [] if number is None else self._places.read(self._starts[number], self._starts[number + 1], file)

    def images(self) -> Iterator[int | str]:
        yield from self._numbers
