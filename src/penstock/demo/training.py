"""A real classifier, trained only on crops cut out of an export, tested on digits that were never drawn.

An export here is a folder in COCO instances: `annotations.json` beside the images, found wherever they lie in it.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from penstock.demo import digits, pages
from penstock.demo.digits import Digits, Pixels

SIDE = 12  #: a crop becomes SIDE x SIDE numbers


@dataclass(frozen=True)
class Crops:
    """Features of shape (n, SIDE * SIDE) and the labels that people gave."""

    features: Pixels
    labels: npt.NDArray[np.str_]


@dataclass(frozen=True)
class Result:
    crops: int
    score: float  #: share of the held-out digits that the classifier reads right


def train(folder: Path, seed: int = 7, shuffle: bool = False) -> Result:
    """Train on the export in `folder` and test. With `shuffle` the labels are mixed up: the score must fall to chance.

    Raises ValueError when the folder holds fewer than two labels.
    """
    crops = read_export(folder)
    labels = np.random.default_rng(seed).permutation(crops.labels) if shuffle else crops.labels
    if len(set(labels.tolist())) < 2:
        raise ValueError(f"{folder} holds crops of fewer than two labels")
    classifier = _classifier()
    classifier.fit(crops.features, labels)
    held_out = digits.load(seed).held_out
    answers = classifier.predict(_features_of(held_out))
    right = np.asarray(answers) == held_out.values.astype(str)
    return Result(crops=len(labels), score=round(float(right.mean()), 4))


def read_export(folder: Path) -> Crops:
    """Every box with a label in the export, cut out of its exported image."""
    coco = _annotations(folder)
    names = {category["id"]: str(category["name"]) for category in coco["categories"]}
    by_image: dict[int, list[dict[str, Any]]] = {}
    for annotation in coco["annotations"]:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    features: list[Pixels] = []
    labels: list[str] = []
    for image in coco["images"]:
        found = by_image.get(image["id"], [])
        if not found:
            continue
        ink = _ink(_image(folder, image["file_name"]))
        for annotation in found:
            features.append(_crop(ink, annotation["bbox"]))
            labels.append(names[annotation["category_id"]])
    return Crops(np.array(features).reshape(len(features), SIDE * SIDE), np.array(labels, dtype=np.str_))


def warm_up() -> None:
    """Import scikit-learn, which takes seconds, before it is needed."""
    _classifier()


def _classifier() -> Any:
    try:
        svm: Any = importlib.import_module("sklearn.svm")  # seconds, and an extra: only where it trains
    except ImportError:
        raise digits.DemoExtraMissing from None
    return svm.SVC(C=5.0, gamma="scale")


def _annotations(folder: Path) -> dict[str, Any]:
    for path in sorted(folder.rglob("*.json")):
        content: Any = json.loads(path.read_text())
        if isinstance(content, dict) and "annotations" in content and "categories" in content:
            return cast(dict[str, Any], content)
    raise ValueError(f"{folder} holds no COCO file")


def _image(folder: Path, name: str) -> Pixels:
    path = folder / name
    if not path.exists():
        path = next(folder.rglob(Path(name).name), path)
    with Image.open(path) as image:
        return np.asarray(image.convert("L"), dtype=np.float64)


def _ink(grey: Pixels) -> Pixels:
    """Ink from 0 to 1, whatever the colour of the paper: the median pixel of a page is paper."""
    return np.clip(float(np.median(grey)) - grey, 0, None) / 255


def _crop(ink: Pixels, box: list[float]) -> Pixels:
    height, width = ink.shape
    x, y, w, h = box
    left, top = int(max(0, round(x))), int(max(0, round(y)))
    right, bottom = int(min(width, max(round(x + w), left + 1))), int(min(height, max(round(y + h), top + 1)))
    return _features(ink[top:bottom, left:right])


def _features(crop: Pixels) -> Pixels:
    """Square (padded with paper), small, and as dark as any other."""
    side = max(crop.shape)
    above, before = (side - crop.shape[0]) // 2, (side - crop.shape[1]) // 2
    square = np.zeros((side, side))
    square[above : above + crop.shape[0], before : before + crop.shape[1]] = crop
    strongest = float(square.max()) or 1.0
    picture = Image.fromarray((square / strongest * 255).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return (np.asarray(picture, dtype=np.float64) / 255).ravel()


def _features_of(source: Digits) -> Pixels:
    """The held-out digits, seen as a careful annotator would have cut them out."""
    rows: list[Pixels] = []
    for image in source.images:
        ink = pages.enlarge(image, 64)
        x, y, w, h = (int(number) for number in pages.ink_box(ink))
        rows.append(_features(ink[y : y + h, x : x + w]))
    return np.array(rows)
