"""Nobody is kept out: axe finds nothing serious on any page, light and dark."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import Desk, Served
from browser.drawing import Board, blank, lab
from penstock.sdk import shapes
from penstock.sdk.project import Project


@pytest.fixture
def full(owned: Project, somebody: Callable[..., Project]) -> Project:
    """A project that has something on every page."""
    template = lab(owned, files=3, guide="# Look\n\n- twice", review={"share": 1.0})
    photos = owned.datasets["photos"]
    work = somebody("Bob").templates[template.name].next()
    assert work is not None
    work.save([shapes.box("cat", 10, 10, 50, 50)])
    work.submit()
    photos.versions.name("v1")
    owned.datasets.create("picked")
    # Nobody listens there: the delivery has a failed try to show.
    receiver = owned.connections.webhook("trainer", "http://127.0.0.1:9/hook").id
    does = [{"kind": "notify", "settings": {"subject": "seen"}}, {"kind": "webhook", "settings": {"to": receiver}}]
    action = owned.actions.create("tell", {"when": {"by_hand": True}, "do": does})
    action.fire()
    until = time.monotonic() + 60
    while not any(one.tries for one in owned.actions.deliveries()):
        assert time.monotonic() < until, "nothing was tried"
        time.sleep(0.1)
    return owned


def pages(project: Project) -> list[str]:
    photos = project.datasets["photos"]
    (version,) = photos.versions.all().values()
    (template,) = project.templates.all().values()
    (action,) = project.actions.all().values()
    (run,) = action.runs()
    delivery = next(iter(project.actions.deliveries()))
    file = next(iter(project.files))
    p = f"/p/{project.id}"
    return [
        *(f"{p}/{name}" for name in ("pipeline", "pipeline?view=list", "import", "data", "schema", "activity")),
        *(f"{p}/settings/{tab}" for tab in ("members", "teams", "connections", "tokens", "project", "you")),
        *(f"{p}/reports/{report}" for report in ("people", "quality", "labels")),
        f"{p}/data/{photos.id}",
        f"{p}/files/{file.id}",
        f"{p}/versions/{version.id}",
        f"{p}/compare?a=version:{version.id}&b=dataset:{photos.id}",
        f"{p}/templates",
        f"{p}/templates/new",
        f"{p}/templates/{template.id}",
        f"{p}/actions",
        f"{p}/actions/new",
        f"{p}/actions/{action.id}",
        f"{p}/actions/{action.id}/edit",
        f"{p}/actions/{action.id}/runs/{run.id}",
        f"{p}/deliveries/{delivery.id}",
        f"{p}/nowhere",
        "/inbox",
        "/tasks",
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_everybody(full: Project, sit_down: Callable[..., Desk], scheme: str) -> None:
    desk = sit_down(full, color_scheme=scheme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    for path in pages(full):
        desk.page.goto(desk.url + path)
        expect(desk.page.get_by_role("heading", level=1).first).to_be_visible()
        expect(desk.page.get_by_text(re.compile("^Loading"))).to_have_count(0)
        desk.page.wait_for_timeout(300)  # what comes after the heading
        if serious := desk.serious():
            found[path] = serious
        if desk.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.setdefault(path, []).append("wider than the window")
    Board.start(desk, review=True)
    if serious := desk.serious():
        found["review"] = serious
    assert found == {}


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_doors_can_be_used_by_everybody(served: Served, owned: Project, chromium: Browser, scheme: str) -> None:
    invite = owned.members.invite(role="viewer")
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    desk = Desk(context.new_page(), served.url, owned.id, [])
    for url in (f"{served.url}/sign-in", invite, f"{served.url}/join/no-such-link", owned.sign_in_link()):
        desk.page.goto(url)
        expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
        desk.page.wait_for_timeout(300)
        assert desk.serious() == [], url
    context.close()


ODD = "<img src=x onerror=window.hit=1>\u202e 🐈 "
LONG = ODD + "long" * 2_500  #: more than 10,000 characters


@pytest.mark.thorough
def test_hostile_names_and_metadata_are_shown_as_text(owned: Project, desk: Desk, tmp_path: Path) -> None:
    template = lab(owned, files=1, guide=f"# {LONG}\n\n{LONG}")
    photo = tmp_path / f"{ODD}.png"
    photo.write_bytes(blank(320, 240))
    owned.datasets["photos"].import_(photo)
    file = owned.files[photo.name]
    owned.files.describe(file.id, **{ODD: LONG, "nested": {ODD: [LONG]}})
    page = desk.go(f"/files/{file.id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(ODD.strip())
    for path in (f"/data/{owned.datasets['photos'].id}", f"/templates/{template.id}", f"/files/{file.id}"):
        desk.go(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert desk.serious() == [], path
        assert page.evaluate("window.hit") is None, path
    board = Board.start(desk)
    board.press("q")
    page.get_by_role("textbox", name="Comment").fill(LONG[:10_000])
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("tabpanel", name="Comments 1")).to_contain_text("<img src=x onerror=window.hit=1>")
    assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, window.hit]") == [True, None]
