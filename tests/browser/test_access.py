"""Nobody is kept out: axe finds nothing serious on any page, light and dark."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import Desk, Served
from browser.drawing import Board, blank, lab
from penstock.people.model import Role
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
        f"{p}/templates/{template.id}/queue",
        "/inbox",
        "/tasks",
        "/start",
        "/you",
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


CHANGES = re.compile(
    r"^(Add|Apply|Archive|Cancel|Change|Choose|Create|Delete|Dismiss|Drop|Fork|Import|Invite|Label the|Make|Merge"
    r"|Name|New|Pause|Remove|Rename|Replay|Restore|Resume|Run now|Save|Send|Set|Try)\b",
    re.IGNORECASE,
)
CONTROLS = """() => [...document.querySelectorAll('button, a[href], input, textarea')]
  .filter((one) => !one.matches(':disabled') && !one.closest('nav') && one.checkVisibility())
  .map((one) => one.getAttribute('aria-label') ?? one.innerText?.trim() ?? '')"""
CALL = """([method, path, body]) => fetch('/api/v1/me').then((told) => told.json())
  .then(({ csrf }) => fetch(path, { method, body: body === null ? undefined : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf } })).then((told) => told.status)"""


@pytest.mark.thorough
def test_each_role_sees_what_it_may_and_is_refused_the_rest(
    full: Project, somebody: Callable[..., Project], sit_down: Callable[..., Desk]
) -> None:
    (template,) = full.templates.all().values()
    photos = full.datasets["photos"].id
    here = f"/api/v1/projects/{full.id}"
    calls: list[tuple[str, str, object]] = [
        ("POST", f"{here}/datasets", {"name": "mine"}),
        ("POST", f"{here}/templates/{template.id}/pause", None),
        ("POST", f"{here}/pipeline/apply", {"yaml": "datasets: [mine]"}),
        ("POST", f"{here}/exports", {"dataset": photos, "format": "coco", "pack": "zip"}),
        ("POST", f"{here}/invites", {"role": "viewer"}),
    ]

    def sit(name: str, role: Role) -> Desk:
        return sit_down(full, who=somebody(name, role).me().person.id)

    def answers(desk: Desk) -> list[int]:
        return [desk.page.evaluate(CALL, list(call)) for call in calls]

    viewer = sit("Vera", "viewer")
    found: dict[str, list[str]] = {}
    for path in pages(full):
        if path.endswith(("/tokens", "/you")):
            continue  # one's own
        viewer.page.goto(viewer.url + path)
        expect(viewer.page.get_by_role("heading", level=1).first).to_be_visible()
        expect(viewer.page.get_by_text(re.compile("^Loading"))).to_have_count(0)
        viewer.page.wait_for_timeout(300)
        controls = [name for name in viewer.page.evaluate(CONTROLS) if CHANGES.match(name)]
        if viewer.page.get_by_role("alert").filter(has_text="This did not work").count():
            controls.append("a fault")
        if controls:
            found[path] = controls
    assert not found, found
    assert answers(viewer) == [403] * 5

    annotator = sit("Anna", "annotator")
    expect(annotator.page.get_by_role("heading", name="My work")).to_be_visible()
    rail = annotator.page.get_by_role("navigation", name="Main")
    expect(rail.get_by_role("link")).to_have_text(["My work", "Inbox"])
    for path in ("/pipeline", "/import", f"/data/{photos}", "/settings/members"):
        annotator.go(path)
        expect(annotator.page.get_by_role("heading", name="This is for those who run the project")).to_be_visible()
    assert annotator.serious() == []
    assert answers(annotator) == [403] * 5
    rail.get_by_role("button", name="You: Anna").click()
    annotator.page.get_by_role("menuitem", name="Your account").click()
    expect(annotator.page.get_by_role("heading", name="Your account")).to_be_visible()

    reviewing = somebody("Rita", "annotator")
    named = f"review: {{share: 100%}}, reviewers: [{reviewing.me().person.email}]"
    full.apply(full.show().replace("review: {share: 100%}", named))
    reviewer = sit_down(full, who=reviewing.me().person.id)
    cards = reviewer.page.get_by_role("region", name=f"{template.name}: review")
    cards.get_by_role("button").click()
    expect(reviewer.page.get_by_role("button", name="Accept")).to_be_visible()
    assert answers(reviewer) == [403] * 5

    editor = sit("Eddi", "editor")
    page = editor.go("/pipeline")
    expect(page.get_by_role("button", name="Add a dataset")).to_be_visible()
    editor.go("/settings/members")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Invite people")).to_have_count(0)
    assert [status < 300 for status in answers(editor)] == [True, True, True, True, False]


DIALOGS = [
    ("/pipeline", "Add a dataset"),
    ("/data/{photos}", "Export"),
    ("/data/{photos}", "Versions"),
    ("/settings/members", "Invite people"),
    ("/settings/members", "Name somebody"),
    ("/settings/members", "Add a program"),
    ("/settings/connections", "New connection"),
    ("/settings/tokens", "New token"),
    ("/templates/{template}", "Archive"),
]


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dialogs_can_be_used_by_everybody(full: Project, sit_down: Callable[..., Desk], scheme: str) -> None:
    desk = sit_down(full, color_scheme=scheme, reduced_motion="reduce")
    (template,) = full.templates.all().values()
    found: dict[str, list[str]] = {}
    for path, button in DIALOGS:
        page = desk.go(path.format(photos=full.datasets["photos"].id, template=template.id))
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(page.locator("[role=dialog], [role=menu]").first).to_be_visible()
        if serious := desk.serious():
            found[f"{path} {button}"] = serious
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
