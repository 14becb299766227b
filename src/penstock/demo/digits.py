"""The handwritten digits behind the demo: the UCI set inside scikit-learn, split once into drawn and held out.

The one law here: a held-out digit is never drawn on a page, so a score on them says something about the labels.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from penstock.sdk.errors import PenstockError

Pixels: TypeAlias = npt.NDArray[np.float64]

HELD_OUT = 400
STEPS = 16.0  #: the set counts ink from 0 to 16


class DemoExtraMissing(PenstockError):
    """The demo needs scikit-learn. Install it with: pip install 'penstock[demo]'"""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class Digits:
    """Images of shape (n, 8, 8) with ink from 0 (paper) to 1 (full), and what each of them says."""

    images: Pixels
    values: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Split:
    drawn: Digits
    held_out: Digits


def load(seed: int = 7) -> Split:
    """The digits to draw and the digits to test with. The same seed gives the same split."""
    table = np.loadtxt(_table(), delimiter=",")
    images = table[:, :-1].reshape(-1, 8, 8) / STEPS
    values = table[:, -1].astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(values))
    out, drawn = order[:HELD_OUT], order[HELD_OUT:]
    return Split(drawn=Digits(images[drawn], values[drawn]), held_out=Digits(images[out], values[out]))


def _table() -> Path:
    """The file inside the installed scikit-learn. Importing `sklearn.datasets` for it would cost 5 s of CPU."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise DemoExtraMissing
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
