"""The annotator's screen: what a frame costs with 2,000 boxes and 500 polygons, and how soon a page and an image show.

Script milliseconds are the browser's own (`ScriptDuration`): the engine, the page around it and every event handler.
"""

import json
import math
import random
import re
import statistics
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image
from playwright.sync_api import CDPSession, Page

from bench.browser import Seat, seat
from bench.project import Project
from bench.table import Table

WIDTH, HEIGHT = 4000, 3000
BOXES, POLYGONS, POINTS = 2000, 500, 30
FRAMES = 120
NEXT_IMAGES = 12
HUGE = (12_000, 9_000)

COUNT_FRAMES = """
const ask = requestAnimationFrame.bind(window); window.frames_ = 0;
window.requestAnimationFrame = (f) => ask((t) => { window.frames_ += 1; f(t); });
"""
WHEN_READY = """
new MutationObserver(() => { if (document.querySelector("h1")) window.ready_ ??= performance.now(); })
  .observe(document, {childList: true, subtree: true});
"""
HIT = """([places]) => {
  const canvas = document.querySelector('[data-testid="canvas"]');
  const events = places.map(([x, y]) => new PointerEvent("pointermove", {clientX: x, clientY: y, pointerId: 1}));
  const began = performance.now();
  for (const event of events) canvas.dispatchEvent(event);
  return (performance.now() - began) * 1000 / events.length;
}"""
NEXT = """() => new Promise((resolve) => {
  const canvas = document.querySelector('[data-testid="canvas"]');
  const was = canvas.dataset.shows;
  const look = () => {
    if (canvas.dataset.shows === undefined || canvas.dataset.shows === was) return requestAnimationFrame(look);
    resolve(performance.now() - began);
  };
  const began = performance.now();
  window.dispatchEvent(new KeyboardEvent("keydown", {key: "f", code: "KeyF"}));
  look();
})"""

SHARP = """() => {
  const canvas = document.querySelector('[data-testid="canvas"]');
  const began = performance.now();
  window.sharp_ = undefined;
  new MutationObserver(() => { if (Number(canvas.dataset.pieces) > 0) window.sharp_ ??= performance.now() - began; })
    .observe(canvas, {attributes: true});
}"""


def run(project: Project, folder: Path, table: Table) -> None:
    _draw(folder / "large", [(WIDTH, HEIGHT)])
    project.await_import(project.start_import(folder / "large", project.source))
    project.open_tasks(1)
    claimed = project.line.post(f"{project.path}/templates/{project.template}/next")
    save = {"id": str(uuid4()), "changes": _shapes(project.label)}
    project.line.post(f"{project.path}/attempts/{claimed['attempt']['id']}/save", json.dumps(save).encode())
    with seat(project.running) as at:
        _first_page(at, table)
        task = f"{at.url}/tasks/{project.template}/{claimed['task']['id']}"
        _many_shapes(at, task, table)
        _draw(folder / "huge", [HUGE])
        project.await_import(project.start_import(folder / "huge", project.source))
        _first_zoom(at, project, table)
        _draw(folder / "small", [(1600, 1200)] * (NEXT_IMAGES + 1))
        project.await_import(project.start_import(folder / "small", project.source))
        _next_images(at, task, table)


def _draw(folder: Path, sizes: list[tuple[int, int]]) -> None:
    folder.mkdir()
    for n, size in enumerate(sizes):
        Image.radial_gradient("L").rotate(7 * n).resize(size).convert("RGB").save(folder / f"{size[0]}-{n}.jpg")


def _shapes(label: int) -> list[dict[str, Any]]:
    dice = random.Random(4)  # no secret
    made: list[tuple[str, Any]] = [("box", [WIDTH / 2 - 30, HEIGHT / 2 - 20, 60, 40])]
    made += [("box", [dice.uniform(0, WIDTH - 60), dice.uniform(0, HEIGHT - 40), 60, 40]) for _ in range(BOXES - 1)]
    for _ in range(POLYGONS):
        r = dice.uniform(20, 90)
        x, y = dice.uniform(r, WIDTH - r), dice.uniform(r, HEIGHT - r)
        turns = [math.tau * k / POINTS for k in range(POINTS)]
        made.append(("polygon", [[[n for t in turns for n in (x + r * math.cos(t), y + r * math.sin(t))]]]))
    return [
        {"do": "create", "id": str(uuid4()), "kind": kind, "label": label, "geometry": geometry}
        for kind, geometry in made
    ]


def _first_page(at: Seat, table: Table) -> None:
    sizes = [_length(at.url + path) for path in _scripts(at.url)]
    table.add("script of the shell, gzip", sum(sizes) / 1000, "KB", "< 200", f"{len(sizes)} files")
    taken: list[float] = []
    for _ in range(3):
        fresh = at.fresh()
        page = fresh.page(WHEN_READY)
        page.goto(f"{at.url}/tasks")
        page.get_by_role("heading", level=1).wait_for()
        taken.append(float(page.evaluate("window.ready_")) / 1000)
        fresh.context.close()
    table.add("first page ready, nothing cached", statistics.median(taken), "s", "< 1.5", _spread(taken, "s"))


def _scripts(url: str) -> list[str]:
    """What the page itself names: its script and what it says to load beside it."""
    with urllib.request.urlopen(f"{url}/tasks") as answer:  # our own server
        page = answer.read().decode()
    return sorted(set(re.findall(r'(?:src|href)="(/[^"]+\.js)"', page)))


def _length(url: str) -> int:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})  # our own server
    with urllib.request.urlopen(asked) as answer:
        return len(answer.read())


def _many_shapes(at: Seat, task: str, table: Table) -> None:
    page = at.page(COUNT_FRAMES)
    page.goto(task)
    _shown(page)
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable")
    for key in ("+", "+", "v"):
        page.keyboard.press(key)
    box = page.get_by_test_id("canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def pan() -> None:
        page.mouse.move(x - 100, y - 60)
        page.mouse.down(button="middle")
        page.mouse.move(x + 100, y + 60, steps=FRAMES)
        page.mouse.up(button="middle")

    def zoom() -> None:
        for step in range(FRAMES):
            page.mouse.wheel(0, 40 if step // 10 % 2 else -40)

    shapes = f"{BOXES:,} boxes, {POLYGONS} polygons"
    _frames(page, clock, table, "script of a frame while panning", "< 5", pan, shapes)
    _frames(page, clock, table, "script of a frame while zooming", "< 2", zoom, shapes)
    dice = random.Random(5)  # no secret
    places = [(box["x"] + dice.random() * box["width"], box["y"] + dice.random() * box["height"]) for _ in range(2000)]
    hits = [float(page.evaluate(HIT, [places])) for _ in range(3)]
    table.add("hit test, with its event", statistics.median(hits), "us", "< 50", f"{len(places):,} places, {shapes}")
    page.keyboard.press("z")
    scale, left, top = map(float, (page.get_by_test_id("canvas").get_attribute("data-view") or "").split())
    at_x, at_y = box["x"] + left + WIDTH / 2 * scale, box["y"] + top + HEIGHT / 2 * scale

    def drag() -> None:
        page.mouse.move(at_x, at_y)
        page.mouse.down()
        page.mouse.move(at_x + 60, at_y + 40, steps=FRAMES)

    _frames(page, clock, table, "script of a frame while dragging a shape", "< 6", drag, shapes)
    page.mouse.up()
    page.close()


def _frames(
    page: Page, clock: CDPSession, table: Table, what: str, wanted: str, move: Callable[[], None], more: str
) -> None:
    """Do something that draws frames; the script of one frame, on the average."""
    page.wait_for_timeout(300)
    before, begun = _script_ms(clock), int(page.evaluate("window.frames_"))
    move()
    frames = int(page.evaluate("window.frames_")) - begun
    table.add(what, (_script_ms(clock) - before) / frames, "ms", wanted, f"{frames} frames, {more}")


def _script_ms(clock: CDPSession) -> float:
    told = clock.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in told if one["name"] == "ScriptDuration") * 1000


def _first_zoom(at: Seat, project: Project, table: Table) -> None:
    """Into an image of which a smaller rendition is shown: its own pixels are cut into pieces when first wanted."""
    project.await_tasks(1)
    claimed = project.line.post(f"{project.path}/templates/{project.template}/next")
    page = at.page()
    page.goto(f"{at.url}/tasks/{project.template}/{claimed['task']['id']}")
    _shown(page)
    box = page.get_by_test_id("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    page.evaluate(SHARP)
    for _ in range(12):
        page.mouse.wheel(0, -240)
    page.locator('[data-testid="canvas"][data-pieces]:not([data-pieces="0"])').wait_for()
    sharp = float(page.evaluate("window.sharp_")) / 1000
    width, height = HUGE
    table.add("first zoom until its own pixels show", sharp, "s", "", f"{width:,} x {height:,}, pieces made meanwhile")
    project.line.post(f"{project.path}/attempts/{claimed['attempt']['id']}/submit")
    page.close()


def _next_images(at: Seat, task: str, table: Table) -> None:
    page = at.page()
    page.goto(task)
    _shown(page)
    taken: list[float] = []
    for _ in range(NEXT_IMAGES):
        page.wait_for_timeout(1500)  # an image is looked at; the next ones come meanwhile
        taken.append(float(page.evaluate(NEXT)))
    taken = taken[1:]  # the first begins on 2,500 shapes
    table.add("next image shows after Finish, median", statistics.median(taken), "ms", "< 100", _spread(taken, "ms"))


def _shown(page: Page) -> None:
    page.locator('[data-testid="canvas"][data-shows]').wait_for()


def _spread(taken: list[float], unit: str) -> str:
    return f"{min(taken):.2f} to {max(taken):.2f} {unit} in {len(taken)}"
