"""Review in the browser: what changed is seen; fixed and accepted, or returned with pinned comments."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import Board, drawn, lab, wait_until, watching
from penstock.sdk import shapes
from penstock.sdk.project import Project


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_reviews_and_comments_go_on_without_a_server_and_their_author_sees_them_pinned(
    owned: Project, sit_down: Callable[..., Desk], somebody: Callable[..., Project]
) -> None:
    template = lab(owned, files=3, review={"share": 1.0})
    bob = somebody("Bob")
    for _ in range(3):
        work = bob.templates[template.name].next()
        assert work is not None
        work.save([shapes.box("cat", 100, 100, 50, 50)])
        work.submit()

    desk = sit_down(owned)
    fetched: list[str] = []
    desk.page.on("requestfinished", lambda told: fetched.append(told.url.rsplit("/", 1)[1].split("?")[0]))
    board = Board.start(desk, review=True)
    page = board.page
    wait_until(page, lambda: fetched.count("content") == 3)
    page.route("**/api/v1/**", lambda route: route.abort())
    was = board.task
    board.press("f")
    second = board.goes_on(was)
    expect(page.get_by_text("Since the stage before: 1 added")).to_be_visible()
    board.press("v")
    board.click((110, 110))
    board.press("q")
    page.get_by_role("textbox", name="Comment").fill("Half of it")
    board.press("Escape")
    page.get_by_role("tab", name="Guide").click()
    page.get_by_role("tab", name="Comments").click()
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Half of it")
    page.get_by_role("textbox", name="Comment").press("Control+Enter")
    expect(page.get_by_text("Half of it (waits to be sent)")).to_be_visible()
    board.press("Escape", "Shift+R")
    page.get_by_role("textbox", name="Comment").last.fill("The whole of it, please")
    page.get_by_role("button", name="Return").last.click()
    third = board.goes_on(second)
    page.unroute_all(behavior="wait")
    board.saved()
    board.press("f")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    board.saved()
    assert {task.id: task.status for task in template.tasks()} == {was: "done", second: "returned", third: "done"}

    theirs = Board.start(sit_down(owned, who=bob.me().person.id))
    assert theirs.task == second
    theirs.page.get_by_role("tab", name="Comments 2").click()
    expect(theirs.page.get_by_text("1. Half of it")).to_be_visible()
    theirs.page.get_by_role("button", name="Show its shape").first.click()
    theirs.page.get_by_role("tab", name="Shapes").click()
    expect(theirs.page.locator("[data-selected]")).to_have_count(1)
    theirs.drag((200, 200), (260, 260))
    theirs.press("f")
    expect(theirs.page.get_by_role("heading", name="All done")).to_be_visible()
    theirs.saved()
    theirs.page.evaluate("localStorage.clear()")  # another browser of theirs knows what they handed in too
    theirs.page.goto(f"{owned.url}/tasks/{template.id}/{was}")
    expect(theirs.page.get_by_role("button", name="Open it again")).to_be_visible()


@pytest.mark.thorough
def test_what_a_stage_changed_is_listed_from_what_to_what_and_leads_to_its_place(
    owned: Project, sit_down: Callable[..., Desk]
) -> None:
    template = lab(owned)
    first = owned.templates[template.name].next()
    assert first is not None
    boxes = [shapes.box("cat", 100 * n, 100, 50, 50) for n in range(1, 5)]
    first.save(boxes)
    first.submit()
    experts = watching(owned, f"experts {owned.id}", 1)
    desk = sit_down(owned)
    board = Board.start(desk, experts.name)
    page = board.page
    page.get_by_role("tab", name="Changes").click()
    expect(page.get_by_text("Nothing changed")).to_be_visible()
    board.press("v")
    board.drag((125, 125), (128, 129))
    board.click((225, 125))
    board.press("2")
    board.click((325, 125))
    board.press("Delete", "b")
    board.drag((400, 300), (460, 360))
    board.saved()
    expect(page.get_by_text("Since the stage before: 1 added, 2 changed, 1 removed")).to_be_visible()
    rows = page.get_by_role("group", name="Changes").get_by_role("button")
    expect(rows).to_have_text([re.compile(text) for text in ("removed", "moved by|changed", "changed", "added")])
    expect(rows.filter(has_text="cat → dog")).to_have_count(1)
    expect(rows.filter(has_text="moved by 5 px")).to_have_count(1)
    board.press("Escape", "Escape")
    rows.filter(has_text="cat → dog").click()
    page.get_by_role("tab", name="Shapes").click()
    expect(page.locator("[data-selected]")).to_contain_text("dog")
    page.get_by_role("tab", name="Changes").click()
    rows.filter(has_text="removed").click()
    assert board.scale > 2  # it lies across the screen now
    expect(page.get_by_label("Show the changes")).to_be_checked()
    assert desk.serious() == []
