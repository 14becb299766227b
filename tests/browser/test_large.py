"""Large images and many shapes stay usable."""

import math
import random
import re

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
from browser.drawing import Board, drawn, lab
from penstock.sdk import shapes
from penstock.sdk.project import Project


@pytest.mark.thorough
def test_a_12000_by_9000_image_is_drawn_on_in_its_own_pixels(owned: Project, desk: Desk) -> None:
    template = lab(owned, sizes=[(12_000, 9_000)])
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    board = Board.start(desk)
    expect(board.page.get_by_text("Opening the image")).to_have_count(0, timeout=60_000)
    board.drag((3000, 2000), (6000, 5000))
    board.saved()
    (box,) = drawn(owned, template, board.task)
    # One screen pixel is a dozen of the image's: a hand can't do better.
    assert box.geometry == pytest.approx([3000, 2000, 3000, 3000], abs=12)
    assert [url for url in asked if url.endswith("/rendition")] != []
    board.press("Escape")
    board.page.mouse.move(*board.place((9000, 7000)))
    for _ in range(12):
        board.page.mouse.wheel(0, -240)
    assert board.scale > 0.5
    # What is looked at comes in its own pixels, in pieces; the whole would be 432 MB.
    expect(board.page.get_by_test_id("canvas")).to_have_attribute("data-pieces", re.compile("[1-9]"), timeout=60_000)
    assert [url for url in asked if "/tiles/" in url] != []
    assert [url for url in asked if url.endswith("/content")] == []
    board.press("b")
    board.drag((8990, 6990), (9030, 7020))
    board.press("m")
    board.drag((9100, 7000), (9110, 7000))
    board.saved()
    fine, mask = (next(one for one in drawn(owned, template, board.task) if one.kind == kind and one.id != box.id)
                  for kind in ("box", "mask"))  # fmt: skip
    assert fine.geometry == pytest.approx([8990, 6990, 40, 30], abs=0.5 / board.scale)
    assert mask.geometry["size"] == [9000, 12000]


@pytest.mark.thorough
def test_2500_shapes_can_be_panned_zoomed_selected_and_dragged(owned: Project, desk: Desk) -> None:
    template = lab(owned, sizes=[(4000, 3000)])
    work = owned.templates[template.name].next()
    assert work is not None
    dice = random.Random(4)
    made = [shapes.box("cat", dice.uniform(0, 3900), dice.uniform(0, 2900), 60, 40) for _ in range(2000)]
    for _ in range(500):
        x, y, r = dice.uniform(100, 3900), dice.uniform(100, 2900), dice.uniform(20, 90)
        turns = [math.tau * k / 30 for k in range(30)]
        made.append(shapes.polygon("dog", [n for t in turns for n in (x + r * math.cos(t), y + r * math.sin(t))]))
    work.save([one for one in made if one.kind == "box"])
    work.save([one.but(attributes={"asleep": "no"}) for one in made if one.kind == "polygon"])
    page = desk.page
    page.add_init_script(
        "const ask = requestAnimationFrame.bind(window); window.frames_ = [];"
        "window.requestAnimationFrame = (f) => ask((t) => {"
        " const began = performance.now(); f(t); window.frames_.push(performance.now() - began); })"
    )
    page.goto(f"{desk.url}/tasks/{template.id}/{work.task.id}")
    board = Board(page)
    board.ready()
    expect(page.get_by_role("button", name="cat 2000")).to_be_visible()

    def frames(what: str) -> None:
        """How long the script took for a frame: to be read with `-s`; how busy the machine is decides."""
        found = sorted(page.evaluate("() => window.frames_.splice(0)"))
        print(f"{what}: {len(found)} frames, median {found[len(found) // 2]:.2f} ms, worst {found[-1]:.2f} ms")

    frames("open")
    board.press("+", "+", "v")
    page.mouse.move(500, 300)
    page.mouse.down(button="middle")
    page.mouse.move(700, 400, steps=40)
    page.mouse.up(button="middle")
    frames("pan")
    for step in range(20):
        page.mouse.wheel(0, 60 if step % 2 else -60)
    frames("zoom")
    board.press("z", "Tab")
    first = min(str(one.id) for one in made)
    (chosen,) = [one for one in made if str(one.id) == first]
    x, y, w, h = chosen.geometry
    board.drag((x + w / 2, y + h / 2), (x + w / 2 + 40, y + h / 2 + 30), steps=40)
    frames("drag")
    board.saved()
    after = {shape.id: shape.geometry for shape in drawn(owned, template, board.task)}
    moved = [one for one in made if list(after[one.id]) != list(one.geometry)]
    assert len(after) == 2500
    assert len(moved) == 1
