"""What a desk does besides drawing: sight, order, masks, tags, answers and suggestions, read back from the server."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import KINDS, Board, drawn, lab, predict, watching
from penstock.annotations import rle
from penstock.sdk.project import Project
from penstock.sdk.shapes import Shape

SCHEMA: dict[str, Any] = {
    "labels": {"cat": {"kinds": KINDS}, "dog": {"kinds": KINDS}, "night": {"kinds": ["tag"]}},
    "attributes": {
        "pose": {"on": ["cat"], "kind": "radio", "options": ["sits", "runs"], "required": True},
        "speed": {"on": ["cat"], "kind": "number", "if": {"attribute": "pose", "equals": "runs"}, "required": True},
    },
}
INK = """name => {
  const layer = document.querySelector(`canvas[data-layer=${name}]`);
  return layer.getContext("2d").getImageData(0, 0, layer.width, layer.height).data.some((value) => value > 0);
}"""
"""Whether anything is painted on a layer."""


@pytest.mark.thorough
def test_shapes_are_hidden_locked_and_stacked_and_the_image_set_for_all_images(owned: Project, desk: Desk) -> None:
    template = lab(owned, files=2)
    board = Board.start(desk)
    page = board.page
    picture = page.locator("canvas[data-layer=image]")
    rows = page.get_by_role("group", name="Shapes")
    selected = page.locator("[data-selected]")

    def mine() -> list[Shape]:
        board.saved()
        return sorted(drawn(owned, template, board.task), key=lambda one: one.geometry[0])

    def painted(layer: str) -> bool:
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return page.evaluate(INK, layer)

    board.drag((100, 100), (200, 200))
    board.drag((150, 100), (250, 200))
    board.press("Escape", "v")
    board.click((175, 150))
    board.press("Control+]")
    top = next(i for i, one in enumerate(mine()) if (one.at or {}).get("z", 0) > 0)
    board.press("Control+[")
    assert [(one.at or {}).get("z", 0) < 0 for one in mine()] == [i == top for i in range(2)]
    board.press("Escape")
    board.click((175, 150))  # now the other one is above
    board.press("ArrowDown")
    assert [one.geometry[1] for one in mine()] == pytest.approx([101 if i != top else 100 for i in range(2)], abs=0.5)

    board.press("j")  # what is locked stays, and lets through what is below
    board.drag((175, 150), (175, 190))
    assert [round(one.geometry[1]) for one in mine()] == [101 if i != top else 140 for i in range(2)]
    rows.get_by_role("button", name="Unlock").click()
    page.get_by_test_id("canvas").hover()

    board.press("Control+a", "h")
    assert not painted("shapes")
    expect(rows.get_by_role("button", name="Show")).to_have_count(2)
    board.press("Escape")
    board.click((175, 150))
    expect(selected).to_have_count(0)
    board.press("Shift+h")
    assert painted("shapes")
    board.click((175, 120))
    board.press("Shift+h")
    expect(rows.get_by_role("button", name="Show")).to_have_count(1)
    board.press("Shift+h")
    page.keyboard.down("`")
    assert not painted("shapes")
    page.keyboard.up("`")
    assert painted("shapes")

    expect(page.get_by_role("button", name="Crosshair")).to_have_attribute("aria-pressed", "false")
    page.mouse.move(*board.place((400, 300)))
    board.press("Escape", "w")
    assert painted("hand")
    board.press("i")
    for name in ("Brightness", "Contrast", "Gamma"):
        page.get_by_role("slider", name=name).press("ArrowRight")
    expect(picture).to_have_css("filter", re.compile(r"brightness\(1\.05\) contrast\(1\.05\) url\(.*#gamma"))
    assert float(page.locator("#gamma feFuncR").get_attribute("exponent") or 0) == pytest.approx(1 / 1.05)
    page.keyboard.press("Escape")
    was = board.task
    board.press("f")
    board.goes_on(was)
    expect(picture).to_have_css("filter", re.compile("brightness"))  # nothing is reset between images
    expect(page.get_by_role("button", name="Crosshair")).to_have_attribute("aria-pressed", "true")
    board.press("i")
    page.get_by_role("button", name="Reset").click()
    expect(picture).to_have_css("filter", "none")


@pytest.mark.thorough
def test_masks_tags_answers_and_copies_of_the_image_before(owned: Project, desk: Desk) -> None:
    template = lab(owned, files=2, schema=SCHEMA)
    board = Board.start(desk)
    page = board.page

    def mine() -> list[Shape]:
        board.saved()
        return drawn(owned, template, board.task)

    def area(shape: Shape) -> int:
        return rle.area(rle.runs(rle.Mask(tuple(shape.geometry["size"]), shape.geometry["counts"])))

    board.press("/")
    expect(page.get_by_role("option")).to_have_text(["cat", "dog"])
    page.keyboard.type("dg")
    expect(page.get_by_role("option")).to_have_text(["dog"])
    board.press("Enter", "m")
    board.drag((100, 100), (160, 100))
    (mask,) = mine()
    whole = area(mask)
    assert (mask.label, mask.kind) == ("dog", "mask")
    assert whole == pytest.approx(60 * 24 + 3.14 * 12**2, rel=0.05)
    board.press("[", "e")
    board.drag((100, 100), (130, 100))
    (mask,) = mine()
    assert 0.3 * whole < area(mask) < 0.8 * whole
    board.press("]", "]", "]", "]")
    board.drag((80, 100), (180, 100))  # nothing is left of it
    assert mine() == []
    board.press("Control+z")
    assert [area(one) for one in mine()] == [area(mask)]

    board.press("t")
    expect(page.get_by_role("button", name="cat").last).to_be_focused()
    page.locator("[data-tags]").get_by_role("button", name="night").click()
    assert {one.label for one in mine() if one.kind == "tag"} == {"night"}
    page.locator("[data-tags]").get_by_role("button", name="night").click()
    page.locator("[data-tags]").get_by_role("button", name="cat").click()
    board.press("b", "1")
    assert {one.label for one in mine() if one.kind == "tag"} == {"cat"}
    page.locator("[data-tags]").get_by_role("button", name="cat").click()

    page.get_by_test_id("canvas").hover()
    board.press("1", "b")
    board.drag((300, 100), (400, 200))
    expect(page.get_by_text("speed")).to_have_count(0)
    page.get_by_role("radio", name="runs").check()
    page.get_by_role("textbox", name="speed").fill("7")
    board.press("Escape")
    box = next(one for one in mine() if one.kind == "box")
    assert dict(box.attributes) == {"pose": "runs", "speed": 7}
    page.get_by_role("radio", name="sits").check()  # the answer to a question that isn't asked any more goes too
    expect(page.get_by_text("speed")).to_have_count(0)
    board.saved()
    board.press("Escape")
    page.get_by_test_id("canvas").hover()
    board.press("n")
    boxes = sorted((one for one in mine() if one.kind == "box"), key=lambda one: one.geometry[0])
    assert [dict(one.attributes) for one in boxes] == [{"pose": "sits"}] * 2
    assert boxes[1].geometry == pytest.approx([310, 110, 100, 100], abs=0.5)

    was = board.task
    before = {(one.kind, one.label, str(one.geometry)) for one in mine()}
    board.press("f")
    board.goes_on(was)
    board.press("c")
    copied = mine()
    assert {(one.kind, one.label, str(one.geometry)) for one in copied} == before
    assert {one.id for one in copied}.isdisjoint(
        {one.id for one in owned.tasks.attempt(owned.tasks[was].authored or 0).annotations}
    )


@pytest.mark.thorough
def test_suggestions_above_the_slider_are_accepted_at_once_and_changed_ones_are_ones_own(
    owned: Project, sit_down: Callable[..., Desk]
) -> None:
    template = lab(owned)
    predict(owned, "n", 0, [("cat", 0.9), ("cat", 0.6), ("cat", 0.5), ("cat", 0.2)])
    template.archive()
    template = watching(owned, f"model {owned.id}", 1, prelabels={"predictions": "n", "mode": "resolve"})
    board = Board.start(sit_down(owned), name=template.name)
    page = board.page
    rows = page.get_by_role("group", name="Shapes")
    expect(rows.get_by_role("button", name=re.compile("%"))).to_have_count(4)
    slider = page.get_by_role("slider", name="At least")
    slider.focus()
    for _ in range(55):
        slider.press("ArrowRight")
    expect(rows.get_by_role("button", name=re.compile("%"))).to_have_count(2)
    page.get_by_test_id("canvas").hover()
    board.press("Shift+a")
    board.saved()
    assert sorted(one.confidence or 0 for one in drawn(owned, template, board.task)) == [0.6, 0.9]
    slider.press("Home")
    board.press("f")  # those that are left want an answer
    expect(page.get_by_role("button", name="Finish, 2 suggestions to answer")).to_be_visible()
    board.press("v")
    board.drag((20 + 160 + 30, 50), (20 + 160 + 30, 70))  # the third is moved: it is a person's now
    board.press("Escape", "x", "x")
    board.saved()
    found = sorted(drawn(owned, template, board.task), key=lambda one: one.geometry[0])
    assert [(round(one.geometry[1]), one.source) for one in found] == [(20, "model"), (20, "model"), (40, "person")]
    board.press("f")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    board.saved()
    (task,) = template.tasks()
    assert task.status == "done"
