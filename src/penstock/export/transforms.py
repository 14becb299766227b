"""What an export does to files before it writes them: values and their rules, pure.

They are applied in their order, each to what the one before it left. Annotations are transformed along.
"""

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from penstock.annotations.cutting import Window
from penstock.core import Invalid, Problem, Value
from penstock.schema.model import Color, Kind, Name

PARTS = ("train", "val", "test")
LARGEST_SIDE = 30_000
MOST = 20

Side = Annotated[int, Field(ge=1, le=LARGEST_SIDE)]
Share = Annotated[float, Field(ge=0, le=1)]
Shaped = Literal["polygon", "mask", "rotated_box", "ellipse", "polyline", "keypoints"]


class TransformRefused(Invalid):
    """Transform {n} ({do}) can't be made: {why}."""

    def __init__(self, *, n: int, do: str, why: str) -> None:
        super().__init__(errors=[Problem(at=f"transforms[{n - 1}].{do}", detail=why)], n=n, do=do, why=why)


class Placed(NamedTuple):
    """An image's new size, and where in a frame of `frame` it lies; (width, height) each."""

    size: tuple[int, int]
    frame: tuple[int, int]
    left: int
    top: int


class Resize(Value):
    """Images at another size: with a longest `side`, or with a `width` and `height`."""

    do: Literal["resize"]
    side: Side | None = None
    """The longer side; the other one follows."""
    width: Side | None = None
    height: Side | None = None
    fit: Literal["exact", "inside", "letterbox"] = "exact"
    """How to come to `width` and `height`: stretched to them exactly, as large as fits inside, or that with borders."""
    fill: Color = "#727272"
    """The colour of a letterbox's borders."""
    enlarge: bool = True
    """Whether images that are smaller become larger."""

    @model_validator(mode="after")
    def _is_one_size(self) -> Self:
        sized = self.width is not None and self.height is not None
        if (self.side is None) == (not sized) or (self.side is not None and (self.width or self.height)):
            raise ValueError("give either `side`, or both `width` and `height`")
        if self.side is not None and self.fit != "exact":
            raise ValueError("`fit` goes with `width` and `height`")
        return self

    def placed(self, width: int, height: int) -> Placed:
        """What becomes of an image of this size."""
        if self.side is not None:
            size = self._scaled(width, height, self.side / max(width, height))
            return Placed(size, size, 0, 0)
        frame = (self.width or 1, self.height or 1)
        if self.fit == "exact":
            size = frame if self.enlarge else (min(frame[0], width), min(frame[1], height))
            return Placed(size, size, 0, 0)
        size = self._scaled(width, height, min(frame[0] / width, frame[1] / height))
        size = (min(size[0], frame[0]), min(size[1], frame[1]))
        if self.fit == "inside":
            return Placed(size, size, 0, 0)
        return Placed(size, frame, (frame[0] - size[0]) // 2, (frame[1] - size[1]) // 2)

    def _scaled(self, width: int, height: int, by: float) -> tuple[int, int]:
        by = by if self.enlarge else min(by, 1.0)
        return max(1, round(width * by)), max(1, round(height * by))


class Tile(Value):
    """Images cut to tiles of a size, in rows and columns. A tile is named by its place: `a.jpg` gives `a_640_0.jpg`."""

    do: Literal["tile"]
    size: (
        Annotated[int, Field(ge=16, le=LARGEST_SIDE)]
        | tuple[Annotated[int, Field(ge=16, le=LARGEST_SIDE)], Annotated[int, Field(ge=16, le=LARGEST_SIDE)]]
    )
    """The side of a tile, or its width and height."""
    overlap: int = Field(default=0, ge=0)
    """By how many pixels a tile reaches over the next one."""
    min_visible: Share = 0.0
    """An annotation of which a smaller share is on a tile is left out of it."""
    edge: Literal["shift", "cut", "pad"] = "shift"
    """The last tile of a row or column: `shift` moves it back, `cut` makes it smaller, `pad` fills it up."""
    fill: Color = "#727272"
    empty: bool = True
    """Whether tiles without annotations are kept."""

    @model_validator(mode="after")
    def _advances(self) -> Self:
        if self.overlap >= min(self.sides):
            raise ValueError("the overlap is smaller than the tile")
        return self

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height."""
        return self.size if isinstance(self.size, tuple) else (self.size, self.size)

    def windows(self, width: int, height: int) -> list[Window]:
        """The tiles of an image, row by row. Together they cover it. With `pad` the last reach beyond it."""
        columns = list(self._along(width, self.sides[0]))
        return [Window(x, y, w, h) for y, h in self._along(height, self.sides[1]) for x, w in columns]

    def _along(self, length: int, side: int) -> list[tuple[int, int]]:
        starts = list(range(0, max(length - self.overlap, 1), side - self.overlap))
        if self.edge == "pad":
            return [(at, side) for at in starts]
        if self.edge == "shift":
            side = min(side, length)
            return list(dict.fromkeys((min(at, length - side), side) for at in starts))
        return [(at, min(side, length - at)) for at in starts]


class Crop(Value):
    """Images cut to their annotations: to all of them together, or to `each` by itself (`a.jpg` gives `a_1.jpg`)."""

    do: Literal["crop"]
    each: bool = False
    """A crop for each annotation."""
    labels: tuple[Name, ...] = ()
    """Crop to annotations with these labels; all of them when empty."""
    margin: int = Field(default=0, ge=0, le=LARGEST_SIDE)
    """Pixels left around them."""
    margin_share: float = Field(default=0.0, ge=0, le=10)
    """That much of their longer side left around them, beside the pixels."""
    min_visible: Share = 0.0
    """An annotation of which a smaller share is on a crop is left out of it."""
    tag: bool = False
    """With `each`: the crop's own annotation becomes a tag, the only one on it. So crops train a classifier."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.tag and not self.each:
            raise ValueError("`tag` goes with `each`")
        return self

    def window(self, bounds: tuple[float, float, float, float], width: int, height: int) -> Window:
        """The crop around something: whole pixels, inside the image."""
        x, y, w, h = bounds
        margin = self.margin + self.margin_share * max(w, h)
        left, top = max(0, int(x - margin)), max(0, int(y - margin))
        right, bottom = min(width, -int(-(x + w + margin) // 1)), min(height, -int(-(y + h + margin) // 1))
        left, top = min(left, width - 1), min(top, height - 1)
        return Window(left, top, max(right - left, 1), max(bottom - top, 1))


class Labels(Value):
    """Labels renamed, merged (two names to one) and dropped, with their annotations."""

    do: Literal["labels"]
    map: dict[Name, Name | None]
    """New names by old ones; null drops a label."""
    only: bool = False
    """Whether labels that are not in `map` are dropped too."""

    @model_validator(mode="after")
    def _is_stable(self) -> Self:
        for new in self.map.values():
            if new is not None and self.map.get(new, new) != new:
                raise ValueError(f"{new!r} is a new name, so it can't be renamed or dropped in the same map")
        if not self.map:
            raise ValueError("`map` names at least one label")
        return self

    def named(self, label: str) -> str | None:
        """A label's new name; None when it is dropped. What was renamed stays when it is renamed again."""
        if label in self.map:
            return self.map[label]
        return None if self.only and label not in self.map.values() else label


class Boxes(Value):
    """The upright boxes around shapes, in their place."""

    do: Literal["boxes"]
    of: tuple[Shaped, ...] = Field(default=("polygon", "mask"), min_length=1)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(self.of)


class Split(Value):
    """Files parted for training, validation and test, written as `meta.split`.

    A file's part follows from its content alone (or from what goes `together`), as in a split of datasets with the same
    seed and shares: it never changes when the dataset grows, and tiles of one file are in one part.
    """

    do: Literal["split"]
    train: Share = 0.8
    val: Share = 0.2
    test: Share = 0.0
    seed: str = Field(default="", max_length=200)
    together: str | None = Field(default=None, pattern=r"^meta\.[^.]+(\.[^.]+)*$", max_length=200)
    """`meta.` and a key, such as `meta.patient`: files with the same value are in one part."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if abs(sum(self.shares) - 1) > 1e-6:
            raise ValueError("the shares of train, val and test add up to 1")
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """In the order of PARTS."""
        return tuple(getattr(self, part) for part in PARTS)


Transform = Annotated[Resize | Tile | Crop | Labels | Boxes | Split, Field(discriminator="do")]
Transforms = Annotated[tuple[Transform, ...], Field(max_length=MOST)]
