"""Fingers and pens, as the browser's own events."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Desk
from browser.drawing import Board, Point, drawn, lab
from penstock.sdk.project import Project


class Hand:
    """Fingers on the glass, and a pen."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._clock = page.context.new_cdp_session(page)

    def touch(self, *frames: list[Point]) -> None:
        """Fingers go down, move from frame to frame, rest, and are lifted together."""
        for n, points in enumerate([*frames, frames[-1]] if len(frames) > 1 else frames):
            if n == len(frames):
                self._page.wait_for_timeout(200)  # lifted while it moves, a finger flings, and the next tap ends that
            fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
            self._send("Input.dispatchTouchEvent", type="touchMove" if n else "touchStart", touchPoints=fingers)
        self._send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def tap(self, *points: Point) -> None:
        for point in points:
            self.touch([point])

    def pen(self, *points: Point) -> None:
        for n, (x, y) in enumerate(points):
            told = {"x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen"}
            self._send("Input.dispatchMouseEvent", type="mouseMoved" if n else "mousePressed", **told)
        x, y = points[-1]
        self._send("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", pointerType="pen")

    def _send(self, method: str, **told: object) -> None:
        self._clock.send(method, told)


def take(page: Page, tool: str) -> None:
    button = page.get_by_role("button", name=tool, exact=True)
    button.tap()
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.thorough
def test_a_finger_draws_two_pinch_and_a_pen_draws(owned: Project, sit_down: Callable[..., Desk]) -> None:
    template = lab(owned)
    board = Board.start(sit_down(owned, has_touch=True))
    hand = Hand(board.page)

    def at(*points: Point) -> list[Point]:
        return [board.place(point) for point in points]

    hand.touch(*([point] for point in at((20, 20), (60, 40), (120, 90))))
    take(board.page, "Polygon")
    hand.tap(*at((200, 20), (300, 20)))
    before = board.scale
    # In the middle of a polygon: the first finger to come down sets no point.
    hand.touch(at((300, 200), (340, 200)), at((280, 200), (360, 200)), at((240, 200), (400, 200)))
    assert board.scale > before * 1.5
    hand.touch(at((300, 200), (340, 200)), at((300, 180), (340, 180)))
    board.press("z")
    hand.tap(*at((300, 120), (200, 120), (201, 21)))
    take(board.page, "Rotated box")
    hand.pen(*at((400, 100), (450, 100), (480, 100)))
    hand.pen(*at((480, 140)))
    board.saved()
    box, polygon, turned = [shape.geometry for shape in drawn(owned, template, board.task)]
    assert box == pytest.approx([20, 20, 100, 70], abs=0.5)
    assert polygon == [[pytest.approx([200, 20, 300, 20, 300, 120, 200, 120], abs=0.5)]]
    assert turned == pytest.approx([400, 100, 80, 40, 0], abs=0.5)
    board.page.get_by_role("button", name="Undo").tap()
    expect(board.page.get_by_text("Undone: Draw")).to_be_visible()
    board.saved()
    assert len(drawn(owned, template, board.task)) == 2


@pytest.mark.thorough
def test_a_long_touch_is_the_other_button_and_the_hand_beside_the_pen_draws_nothing(
    owned: Project, sit_down: Callable[..., Desk]
) -> None:
    template = lab(owned)
    board = Board.start(sit_down(owned, has_touch=True))
    page, hand = board.page, Hand(board.page)
    take(page, "Skeleton")
    hand.tap(board.place((50, 50)))
    clock = page.context.new_cdp_session(page)
    (x, y) = board.place((90, 60))
    clock.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    expect(page.get_by_text("Click wing")).to_be_visible()  # the finger stayed long enough
    clock.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    hand.tap(board.place((70, 90)))
    board.saved()
    (bird,) = drawn(owned, template, board.task)
    assert bird.geometry == pytest.approx([50, 50, 2, 0, 0, 0, 70, 90, 2], abs=0.5)

    take(page, "Box")
    canvas = page.get_by_test_id("canvas")
    (x, y), (to_x, to_y) = board.place((200, 200)), board.place((260, 280))
    pen = {"pointerType": "pen", "pointerId": 7, "bubbles": True, "isPrimary": True}
    palm = {"pointerType": "touch", "pointerId": 8, "bubbles": True, "clientX": x + 40, "clientY": y + 200}
    canvas.dispatch_event("pointerdown", {**pen, "clientX": x, "clientY": y})
    canvas.dispatch_event("pointerdown", palm)
    canvas.dispatch_event("pointermove", {**palm, "clientX": x + 80})
    canvas.dispatch_event("pointermove", {**pen, "clientX": to_x, "clientY": to_y})
    canvas.dispatch_event("pointerup", {**pen, "clientX": to_x, "clientY": to_y})
    canvas.dispatch_event("pointerup", palm)
    board.saved()
    (box,) = [shape.geometry for shape in drawn(owned, template, board.task) if shape.kind == "box"]
    assert box == pytest.approx([200, 200, 60, 80], abs=0.5)
