"""Selecting, reshaping, undoing, answering questions and suggestions; by keys where one can."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import Board, drawn, lab, predict, watching
from penstock.sdk.project import Project


@pytest.mark.thorough
def test_shapes_are_moved_reshaped_copied_grouped_stacked_and_every_step_can_be_undone(
    owned: Project, desk: Desk
) -> None:
    template = lab(owned)
    board = Board.start(desk)

    def geometry() -> list[Any]:
        board.saved()
        return [shape.geometry for shape in drawn(owned, template, board.task)]

    board.drag((100, 100), (200, 200))
    board.press("p")
    board.click((300, 100), (400, 100), (400, 200), (300, 200))
    board.press("Enter", "v")
    board.drag((150, 150), (170, 160))  # the box, as a whole
    assert geometry()[0] == pytest.approx([120, 110, 100, 100], abs=0.5)
    board.drag((220, 210), (240, 250))  # its lower right corner
    assert geometry()[0] == pytest.approx([120, 110, 120, 140], abs=0.5)
    board.press("Shift+ArrowRight", "ArrowDown")
    assert geometry()[0] == pytest.approx([130, 111, 120, 140], abs=0.5)
    board.click((350, 150))
    board.page.mouse.dblclick(*board.place((330, 100)))  # a new vertex on the upper edge
    assert len(geometry()[1][0][0]) == 10
    board.click((330, 100))
    board.press("Backspace")  # that vertex, not the shape
    assert len(geometry()[1][0][0]) == 8
    board.press("Control+d")
    assert len(geometry()) == 3
    board.press("Control+a", "Control+g")
    board.saved()
    assert len({shape.group for shape in drawn(owned, template, board.task)} - {None}) == 1
    board.press("Delete")
    assert geometry() == []
    board.press(*["Control+z"] * 12)
    assert geometry() == []
    board.press(*["Control+Shift+z"] * 12)
    assert geometry() == []
    board.press("Control+z")
    assert len(geometry()) == 3


@pytest.mark.thorough
def test_an_image_is_finished_by_keys_alone_and_a_missing_answer_takes_the_focus(owned: Project, desk: Desk) -> None:
    template = lab(owned, files=2)
    predict(owned, "n", 0, [("dog", 0.9), ("dog", 0.4)])
    owned.templates[template.name].archive()
    template = watching(owned, f"keys {owned.id}", 2, prelabels={"predictions": "n"})
    board = Board.start(desk, name=f"keys {owned.id}")
    page = board.page
    expect(page.get_by_role("button", name="Finish, drops 2 suggestions")).to_be_visible()
    first = board.task
    board.press("a", "a")  # shows the surest, then accepts it and shows the next
    board.press("x")
    expect(page.get_by_role("button", name="Finish", exact=True)).to_be_visible()
    board.press("f")
    expect(page.get_by_text("needs an answer")).to_be_visible()
    expect(page.get_by_role("radio", name="yes")).to_be_focused()
    board.press("Space")
    board.press("f")
    board.goes_on(first)
    board.saved()
    assert owned.tasks[first].status == "done"
    page.reload()
    board.ready()
    board.press("d")  # and open it again, also after the page was loaded anew
    board.shows(first)
    (dog,) = drawn(owned, template, first)
    assert (dog.label, dog.attributes) == ("dog", {"asleep": "yes"})
    board.press("f")
    board.goes_on(first)
    board.press("s")
    expect(page.get_by_role("dialog").get_by_role("button", name="Image is broken")).to_be_focused()
    board.press("Enter")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    board.saved()
    assert sorted(task.status for task in template.tasks()) == ["done", "skipped"]


@pytest.mark.thorough
def test_what_changes_meanwhile_is_told_at_once_and_keys_are_bound_anew(
    owned: Project, somebody: Callable[..., Project], sit_down: Callable[..., Desk]
) -> None:
    template = lab(owned)
    board = Board.start(sit_down(owned, who=somebody("Ann").me().person.id))
    page = board.page
    board.press("2")
    board.drag((50, 50), (150, 150))
    page.get_by_role("radio", name="yes").check()
    board.saved()
    owned.define({"labels": {"fox": {}}, "attributes": {"size": {"on": ["dog"], "kind": "number", "required": True}}})
    expect(page.get_by_text("The guide, the labels or the questions were changed")).to_be_visible()
    expect(page.get_by_role("radio", name="yes")).to_be_checked()
    expect(page.get_by_role("button", name="fox")).to_have_count(0)

    board.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    keys.get_by_title("Box", exact=True).click()
    board.press("v")
    expect(keys.get_by_role("alert")).to_contain_text("Select and move")
    keys.get_by_role("button", name="Use it here").click()
    page.keyboard.press("Escape")
    page.reload()  # the browser keeps them
    board.ready()
    board.press("p", "v")
    board.drag((300, 50), (400, 150))
    board.saved()
    assert [shape.kind for shape in drawn(owned, template, board.task)] == ["box", "box"]


HOSTILE = "<img src=x onerror=window.hit=1>\u202e 🐈 " + "long" * 40


@pytest.mark.thorough
def test_hostile_words_are_shown_as_text_and_the_screen_is_accessible(
    owned: Project, sit_down: Callable[..., Desk]
) -> None:
    schema = {
        "labels": {HOSTILE: {"kinds": ["box", "tag"]}, "plain": {}},
        "attributes": {
            f"{HOSTILE} 1": {"kind": "radio", "options": [HOSTILE, "b"]},
            f"{HOSTILE} 2": {"kind": "multi_select", "options": [HOSTILE, "b"], "per": "file"},
            f"{HOSTILE} 3": {"kind": "text"},
            f"{HOSTILE} 4": {"kind": "slider", "min": 0, "max": 1},
            f"{HOSTILE} 5": {"kind": "date", "per": "file"},
        },
    }
    lab(owned, schema=schema, guide=f"# {HOSTILE}\n\n{HOSTILE} [a link](javascript:window.hit=1)\n\n- {HOSTILE}")
    for scheme in ("light", "dark"):
        desk = sit_down(owned, color_scheme=scheme)
        board = Board.start(desk)
        page = board.page
        board.drag((50, 50), (150, 150))
        for tab in ("Guide", "Comments", "Shapes"):
            page.get_by_role("tab", name=tab).click()
            assert desk.serious() == [], (scheme, tab)
        board.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.wait_for_timeout(300)
        assert desk.serious() == [], scheme
        page.keyboard.press("Escape")
        assert page.evaluate("window.hit") is None
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
