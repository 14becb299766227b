"""Review in the browser: what changed is seen; fixed and accepted, or returned with pinned comments."""

from collections.abc import Callable

from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import Board, drawn, lab
from penstock.sdk import shapes
from penstock.sdk.project import Project


def test_work_is_returned_with_a_pinned_comment_mended_and_accepted(
    owned: Project, sit_down: Callable[..., Desk], somebody: Callable[..., Project]
) -> None:
    template = lab(owned, review={"share": 1.0})
    bob = somebody("Bob")
    work = bob.templates[template.name].next()
    assert work is not None
    work.save([shapes.box("cat", 100, 100, 50, 50), shapes.box("cat", 300, 100, 50, 50)])
    work.submit()

    desk = sit_down(owned)
    board = Board.start(desk, review=True)
    page = board.page
    expect(page.get_by_text("Since the stage before: 2 added")).to_be_visible()
    board.press("v")
    board.click((110, 110))
    board.press("Shift+R")
    page.get_by_role("textbox", name="Comment").fill("Too small <b>by far</b>")
    page.get_by_role("button", name="Return").last.click()
    expect(page.get_by_text("All done")).to_be_visible()
    board.saved()
    (task,) = template.tasks()
    assert task.status == "returned"

    again = bob.templates[template.name].next()
    assert again is not None
    (note,) = again.notes
    assert note.text == "Too small <b>by far</b>"
    (pinned,) = [shape for shape in again.annotations if shape.id == note.annotation]
    assert pinned.geometry == [100, 100, 50, 50]
    again.save([pinned.but(geometry=[90, 90, 80, 80])])
    again.submit()

    board = Board.start(desk, review=True)
    page.get_by_role("tab", name="Comments").click()
    expect(page.get_by_text("Too small <b>by far</b>")).to_be_visible()
    board.press("v")
    board.click((310, 110))
    board.press("ArrowRight")
    expect(page.get_by_role("button", name="Accept with your fixes")).to_be_enabled()
    board.saved()
    assert [shape.geometry[0] for shape in drawn(owned, template, board.task)] == [90, 301]
    board.press("f")
    expect(page.get_by_text("All done")).to_be_visible()
    board.saved()
    (task,) = template.tasks()
    assert task.status == "done"
