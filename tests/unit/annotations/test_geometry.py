"""Shapes: what is read, measured and refused. The vectors are shared with the browser."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from penstock.annotations import clipping, geometry, rle
from penstock.annotations.geometry import BadGeometry
from strategies import HEIGHT, WIDTH, drawn, masks, polygons

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/geometry.json").read_text())


def plain(shape: Any) -> Any:
    return json.loads(msgspec.json.encode(shape))


@pytest.mark.parametrize("case", VECTORS["good"], ids=lambda case: f"{case['kind']} {case['shape']}")
def test_good_shapes_are_read_and_measured(case: dict[str, Any]):
    shape = geometry.read(case["kind"], json.dumps(case["shape"]))
    assert plain(shape) == case["shape"]
    assert list(geometry.bounds(case["kind"], shape)) == pytest.approx(case["bounds"], abs=1e-9)
    assert geometry.area(case["kind"], shape) == pytest.approx(case["area"], abs=1e-9)


@pytest.mark.parametrize("case", VECTORS["bad"], ids=lambda case: f"{case['kind']} {case['text']}")
def test_bad_shapes_are_refused_with_a_code_and_in_words(case: dict[str, Any]):
    with pytest.raises(BadGeometry) as refused:
        geometry.read(case["kind"], case["text"])
    assert refused.value.code == case["code"]
    assert len(refused.value.detail) > 15


@pytest.mark.parametrize("case", VECTORS["runs"], ids=lambda case: case["counts"])
def test_runs_are_spelled_as_coco_does(case: dict[str, Any]):
    assert rle.compress(case["runs"]) == case["counts"]
    assert rle.runs(rle.Mask((1, sum(case["runs"])), case["counts"])) == case["runs"]


@pytest.mark.parametrize("case", VECTORS["clip"], ids=lambda case: f"{case['kind']} {case['shape']}")
def test_clipping(case: dict[str, Any]):
    shape = geometry.check(case["kind"], case["shape"])
    assert clipping.clip(case["kind"], shape, *case["size"]) == case["clipped"]


def test_shapes_built_in_python_are_checked_like_others():
    for shape in ([1, 2, float("nan"), 3], [1, 2, float("inf"), 3], [1, 2, {3}, 3], [1, 2, 10**400, 3]):
        with pytest.raises(BadGeometry):
            geometry.check("box", shape)


def test_deep_nesting_is_refused():
    for kind in geometry.FORMS:
        with pytest.raises(BadGeometry):
            geometry.read(kind, b"[" * 100_000)


@given(drawn())
def test_writing_and_reading_is_the_same_shape_spelled_once(pair: tuple[Any, Any]):
    kind, shape = pair
    read = geometry.check(kind, shape)
    text = geometry.canonical_text(read)
    again = geometry.read(kind, text)
    assert again == read
    assert geometry.canonical_text(again) == text
    assert geometry.parse(kind, text) == read


@given(drawn())
def test_what_clipping_leaves_is_a_shape_inside_and_stays_so(pair: tuple[Any, Any]):
    kind, shape = pair
    shape = geometry.check(kind, shape)
    kept = clipping.clip(kind, shape, WIDTH, HEIGHT)
    if geometry.is_inside(kind, shape, WIDTH, HEIGHT):
        assert kept == shape
    if kept is not None:
        assert geometry.is_inside(kind, geometry.check(kind, kept), WIDTH, HEIGHT)
        assert clipping.clip(kind, kept, WIDTH, HEIGHT) == kept
        assert geometry.area(kind, kept) <= geometry.area(kind, shape) * (1 + 1e-9) + 1e-9 or kind == "polygon"


@given(polygons(inside=True))
def test_polygons_inside_stay_as_large(polygon: Any):
    kept: Any = clipping.clip("polygon", polygon, WIDTH, HEIGHT)
    want = sum(geometry.ring_area(part[0]) for part in polygon)
    have = sum(geometry.ring_area(part[0]) for part in kept or [])
    assert have == pytest.approx(want, abs=1e-6)


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=50))
def test_runs_survive_compression(runs: list[int]):
    if sum(runs):
        assert rle.runs(rle.Mask((1, sum(runs)), rle.compress(runs))) == runs if sum(runs) <= 1_000_000 else True
        assert rle._read(rle.compress(runs)) == runs


@given(masks(7, 9))
def test_masks_agree_with_pycocotools(mask: rle.Mask):
    theirs = {"size": list(mask.size), "counts": mask.counts.encode()}
    pixels = rle.pixels(mask)
    assert pixels.shape == (7, 9)
    assert rle.area(rle.runs(mask)) == coco.area(theirs) == pixels.sum()
    again = rle.from_pixels(pixels)
    assert np.array_equal(rle.pixels(again), pixels)
    assert again.counts.encode() == coco.encode(np.asfortranarray(pixels, dtype=np.uint8))["counts"]
    assert coco.toBbox(theirs).tolist() == list(geometry.bounds("mask", mask))
    ys, xs = np.nonzero(pixels)
    want = (xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1)
    assert geometry.bounds("mask", mask) == want


@given(st.text(max_size=30), st.integers(-2, 60), st.integers(-2, 60))
def test_no_text_is_a_mask_by_accident(counts: str, height: int, width: int):
    try:
        found = rle.runs(rle.Mask((height, width), counts))
    except rle.BadRuns:
        return
    assert sum(found) == height * width
    assert min(found) >= 0


def test_a_polygon_with_a_hole_as_pixels():
    mask = rle.from_polygon([[[0, 0, 8, 0, 8, 8, 0, 8], [2, 2, 6, 2, 6, 6, 2, 6]]], 10, 12)
    pixels = rle.pixels(mask)
    assert pixels.sum() == 64 - 16
    assert pixels[4, 4] == 0
    assert pixels[1, 1] == 1


@pytest.mark.parametrize("counts", [[120], [0, 120], [0, 7, 113], [110, 10], [5, 1, 20, 94], [3, 7, 10, 2, 98]])
def test_where_the_pixels_of_a_mask_are(counts: list[int]):
    mask = rle.Mask((10, 12), rle.compress(counts))
    assert rle.inside(mask).tolist() == np.flatnonzero(rle.pixels(mask).T).tolist()


def test_drawing_spells_masks_as_pixels_do():
    """Outside the image, on its edges, without a pixel: no runs of no length anywhere."""
    for ring in ([-5, -5, 3, 2, 1, 9], [0, 0, 12, 0, 12, 10, 0, 10], [20, 20, 30, 20, 30, 30], [1, 1, 1, 1, 1, 1]):
        for polygon in ([[ring]], [[ring], [[4, 4, 9, 4, 9, 9]]], [[ring, [2, 2, 5, 2, 5, 5]]]):
            mask = rle.from_polygon(polygon, 10, 12)
            assert rle.from_pixels(rle.pixels(mask)) == mask
