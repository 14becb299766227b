"""An annotator's work with the mouse and the keys, read back through the API."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import Board, lab
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
    board.page.wait_for_function("was => !location.pathname.endsWith(`/${was}`)", arg=first)
    board.saved()
    assert owned.tasks[first].status == "done"
    board.drag((10, 10), (60, 60))
    board.saved()
    board.page.keyboard.press("f")
    expect(board.page.get_by_role("heading", name="All done")).to_be_visible()
    expect(board.page.get_by_text("2 images")).to_be_visible()
