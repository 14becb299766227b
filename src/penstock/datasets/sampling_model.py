"""Samples and splits: values, pure."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from penstock.core import Invalid, Value
from penstock.core.ids import DatasetId, VersionId
from penstock.datasets.drawing import ALIKE_BITS
from penstock.datasets.query.parse import LONGEST

Asked = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Seed = Annotated[str, StringConstraints(max_length=200)]


class Drawn(Value):
    """Where files are drawn from, and by which lot."""

    dataset: DatasetId
    version: VersionId | None = None
    """A version of it; absent: as it is now."""
    query: str = Field(default="", max_length=LONGEST)
    seed: Seed = ""
    """The same seed draws the same files."""


class Sample(Drawn):
    """Some of a dataset's files."""

    count: int | None = Field(default=None, ge=1)
    """At most so many."""
    share: float | None = Field(default=None, gt=0, le=1)
    """This part of them."""
    by: Literal["lot", "uncertainty"] = "lot"
    """`uncertainty`: those first that have a confidence nearest to one half; files without any stay out."""
    predictions: str | None = Field(default=None, min_length=1, max_length=200)
    """Whose confidences: of a model's predictions of this name, as they are now; absent: those of the dataset."""
    stratify: Asked | None = None
    """A field: `label`, an attribute's name, `meta.site`, `file.width`. Each of its values is drawn from by itself."""
    balanced: bool = False
    """As many of each value as can be; else in proportion to how many files have it."""
    distinct: bool = False
    """Near duplicates of a picture that was drawn are passed over."""
    alike_bits: int = Field(default=ALIKE_BITS, ge=0, le=7)
    """In how many of 64 bits the looks of near duplicates may differ."""

    @model_validator(mode="after")
    def _whole(self) -> "Sample":
        if self.balanced and self.stratify is None:
            raise ValueError("say with `stratify` what is to be balanced")
        if self.predictions is not None and self.by != "uncertainty":
            raise ValueError("`predictions` are for a sample by uncertainty")
        return self


class Stratum(Value):
    """The files with one value, and how many of them were drawn."""

    value: str | int | float | bool | None
    """None: those without any."""
    files: int
    drawn: int


class Sampled(Value):
    """What was drawn."""

    found: int
    """How many files the query found."""
    drawn: int
    added: int
    """How many were new in the dataset; 0 in a preview."""
    strata: list[Stratum]


class Part(Value):
    """One part of a split: a dataset, and its share."""

    dataset: DatasetId
    share: float = Field(gt=0, le=1)


class Split(Drawn):
    """A dataset's files parted for good, such as into training, validation and test."""

    parts: tuple[Part, ...] = Field(min_length=2, max_length=20)
    together: Asked | None = None
    """A field, such as `meta.patient`: files with the same value go together, and so do those with the same content."""

    @model_validator(mode="after")
    def _whole(self) -> "Split":
        if abs(sum(part.share for part in self.parts) - 1) > 1e-6:
            raise ValueError("the shares must add up to 1")
        if len({part.dataset for part in self.parts}) < len(self.parts):
            raise ValueError("each part needs a dataset of its own")
        return self


class SplitPart(Value):
    """What became of one part."""

    dataset: DatasetId
    files: int
    """How many of the files found are in it now."""
    added: int


class Parted(Value):
    """What a split did."""

    found: int
    groups: int
    parts: list[SplitPart]
    leaks: int
    """Contents that are in more than one part: copies came, or fields changed, when groups were parted already."""


class FieldNotDrawn(Invalid):
    """Files can't be parted by {field!r}. Use `label`, an attribute, `meta.` and a key, or a field of the file."""


class NothingToDraw(Invalid):
    """Say how many files to draw: a `count`, or a `share`."""
