"""An annotator's work with the mouse and the keys, read back through the API."""

from typing import Any

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import Board, drawn, lab
from penstock.annotations import rle
from penstock.annotations.rle import Mask
from penstock.sdk.project import Project


def test_a_box_drawn_with_the_mouse_is_saved_and_finished_and_the_next_image_comes(owned: Project, desk: Desk) -> None:
    template = lab(owned, files=2)
    board = Board.start(desk)
    first = board.task
    board.drag((100, 50), (220, 170))
    board.saved()
    (work,) = [owned.tasks.attempt(task.attempt) for task in template.tasks() if task.id == first and task.attempt]
    (shape,) = work.annotations
    assert (shape.kind, shape.label) == ("box", "cat")
    assert shape.geometry == pytest.approx([100, 50, 120, 120], abs=0.5)
    board.page.keyboard.press("f")
    board.goes_on(first)
    board.saved()
    assert owned.tasks[first].status == "done"
    board.drag((10, 10), (60, 60))
    board.saved()
    board.page.keyboard.press("f")
    expect(board.page.get_by_role("heading", name="All done")).to_be_visible()
    expect(board.page.get_by_text("2 images")).to_be_visible()


def draw_each(board: Board, x: float, y: float) -> dict[str, Any]:
    """One of every kind within 200 x 150 pixels from a place, by the keys and the mouse; what the API should hold."""
    board.press("b")
    board.drag((x, y), (x + 40, y + 30))
    board.click((x + 50, y), (x + 90, y + 30))  # a box by two clicks
    board.press("r")
    board.click((x + 100, y + 10), (x + 140, y + 10), (x + 120, y + 30))
    board.press("o")
    board.drag((x + 150, y), (x + 190, y + 20))
    board.press("p")
    board.click((x, y + 50), (x + 60, y + 50), (x + 60, y + 90), (x, y + 90))
    board.press("Enter")
    board.page.keyboard.down("Shift")
    board.click((x + 20, y + 60), (x + 40, y + 60), (x + 40, y + 80), (x + 20, y + 60))  # a hole, closed by its start
    board.click((x + 70, y + 50), (x + 90, y + 50), (x + 90, y + 70))  # a part
    board.page.keyboard.up("Shift")
    board.press("Enter", "l")
    board.click((x + 100, y + 50), (x + 130, y + 60), (x + 150, y + 50))
    board.press("Enter", ".")
    board.click((x + 170, y + 60))
    board.press("k")
    board.click((x, y + 110))
    board.page.keyboard.down("Shift")
    board.click((x + 20, y + 120))
    board.page.keyboard.up("Shift")
    board.click((x + 40, y + 130), button="right")
    board.press("m")
    board.drag((x + 70, y + 120), (x + 130, y + 120), steps=10)
    return {
        "box": [[x, y, 40, 30], [x + 50, y, 40, 30]],
        "rotated_box": [[x + 100, y + 10, 40, 20, 0]],
        "ellipse": [[x + 170, y + 10, 20, 10, 0]],
        "polygon": [
            [x, y + 50, x + 60, y + 50, x + 60, y + 90, x, y + 90],
            [x + 20, y + 60, x + 40, y + 60, x + 40, y + 80],
            [x + 70, y + 50, x + 90, y + 50, x + 90, y + 70],
        ],
        "polyline": [[x + 100, y + 50, x + 130, y + 60, x + 150, y + 50]],
        "point": [[x + 170, y + 60]],
        "keypoints": [[x, y + 110, 2, x + 20, y + 120, 1, 0, 0, 0]],
    }


@pytest.mark.parametrize(
    "zoom",
    [
        pytest.param((), id="fitted"),
        pytest.param(("+", "+", "+"), id="near", marks=pytest.mark.thorough),
        pytest.param(("-", "-", "-"), id="far", marks=pytest.mark.thorough),
    ],
)
@pytest.mark.thorough
def test_each_kind_of_shape_is_drawn_to_half_a_pixel(owned: Project, desk: Desk, zoom: tuple[str, ...]) -> None:
    template = lab(owned)
    board = Board.start(desk)
    board.press(*zoom)
    wanted = draw_each(board, 220, 160)
    board.saved()
    found: dict[str, list[Any]] = {}
    for shape in drawn(owned, template, board.task):
        rings = [ring for part in shape.geometry for ring in part] if shape.kind == "polygon" else [shape.geometry]
        found.setdefault(shape.kind, []).extend(rings)
    (mask,) = found.pop("mask")
    pixels = rle.pixels(Mask(tuple(mask["size"]), mask["counts"]))
    assert pixels.shape == (480, 640)
    assert pixels[280, 285:355].all()
    assert not pixels[240:300, 220:270].any()
    assert {kind: len(shapes) for kind, shapes in found.items()} == {k: len(shapes) for k, shapes in wanted.items()}
    for kind, shapes in wanted.items():
        for shape, geometry in zip(shapes, found[kind], strict=True):
            assert geometry == pytest.approx(shape, abs=0.5), kind
