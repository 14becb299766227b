"""The forms: schema, templates, people, actions, settings, inbox, activity and reports, by mouse and keyboard."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import Desk
from penstock.sdk.project import Project

ODD = "<script>alert(1)</script> \u202eolleh \U0001f600"


def pick(within: Page | Locator, field: str, option: str) -> None:
    """Choose from a list that a field opens."""
    box = within.get_by_role("combobox", name=field, exact=True)
    box.click()
    box.page.get_by_role("option", name=option, exact=True).click()


def change(page: Page, fields: dict[str, str]) -> None:
    """Fill some fields of a form, and save it."""
    for name, text in fields.items():
        page.get_by_role("textbox", name=name).fill(text)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()


@pytest.mark.thorough
def test_a_schema_is_built_saved_at_once_and_explains_what_is_wrong(desk: Desk, owned: Project) -> None:
    page = desk.go("/schema")
    page.get_by_label("Add labels").fill(f"RBC, WBC, {ODD}")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Add an attribute").click()
    page.get_by_label("Name").fill("focus")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("needs options")
    expect(page.get_by_role("group", name="Options").get_by_role("alert")).to_contain_text("needs options")
    page.get_by_role("button", name="Add an option").click()
    page.keyboard.type("sharp")
    page.keyboard.press("Enter")
    page.keyboard.type("blurred")
    page.get_by_label("Needs an answer before a task can be finished").check()
    expect(page.get_by_text("4 changes")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as version 1")).to_be_visible()
    schema = owned.schema()
    assert [label.name for label in schema.labels] == ["RBC", "WBC", ODD]
    assert [option.name for option in schema.attribute_named("focus").options] == ["sharp", "blurred"]
    assert schema.attribute_named("focus").required

    page.get_by_role("button", name="RBC", exact=False).first.click()
    page.get_by_label("Name").fill("red cell")
    owned.define({"labels": {"Platelets": {}}})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="They changed")).to_contain_text("add label Platelets")
    expect(page.get_by_role("region", name="You changed")).to_contain_text("rename label RBC to red cell")
    assert desk.serious() == []
    page.get_by_role("button", name="Go on with both").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as version 3")).to_be_visible()
    assert [label.name for label in owned.schema().labels] == ["red cell", "WBC", ODD, "Platelets"]
    assert desk.serious() == []


@pytest.mark.thorough
def test_a_template_is_made_by_a_form_and_a_bad_query_is_told_at_its_field(desk: Desk, owned: Project) -> None:
    owned.define({"labels": {"RBC": {}}})
    for name in ("in", "out"):
        owned.datasets.create(name)
    page = desk.go("/templates")
    page.get_by_role("link", name="New template").click()
    page.get_by_label("Name").fill("first pass")
    pick(page, "Takes files from", "in")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a route").click()
    route = page.get_by_role("group", name="Route 1")
    pick(route, "Dataset", "out")
    condition = route.get_by_label("Only if")
    condition.press_sequentially("lab")
    page.get_by_role("option", name=re.compile("^labels")).first.click()
    expect(condition).to_have_value(re.compile("^labels"))
    condition.fill("labels.WBC >")
    page.get_by_role("button", name="Make the template").click()
    expect(route.get_by_text(re.compile("line 1|expected|after", re.IGNORECASE)).first).to_be_visible()
    route.get_by_label("Only if").fill("labels.RBC > 0")
    page.get_by_role("button", name="Make the template").click()
    page.wait_for_url(re.compile(r"/templates/\d+$"))
    made = owned.templates["first pass"].value.settings
    assert [owned.datasets["in"].id] == [watch.dataset for watch in made.watch]
    assert [(one.to, one.condition) for one in made.on_done] == [(owned.datasets["out"].id, "labels.RBC > 0")]
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert desk.serious() == []


@pytest.mark.thorough
def test_a_template_that_somebody_changed_meanwhile_shows_both_sides(desk: Desk, owned: Project) -> None:
    made = owned.templates.create("first pass", {"guide": "Look."})
    page = desk.go(f"/templates/{made.id}")
    guide = page.get_by_role("textbox", name="Guide")
    guide.fill(f"Look twice. {ODD}")
    somebodys = page.context.new_page()
    somebodys.goto(page.url)
    change(somebodys, {"Name": "first look", "Guide": "Look with care."})
    page.get_by_role("button", name="Save").click()
    theirs = page.get_by_role("region", name="They changed")
    expect(theirs).to_contain_text("Guide: Look with care.")
    expect(theirs).to_contain_text("Name: first look")
    expect(page.get_by_role("region", name="You changed")).to_contain_text(f"Guide: Look twice. {ODD}")
    assert desk.serious() == []
    page.get_by_role("button", name="Go on with both").click()
    expect(guide).to_have_value(f"Look twice. {ODD}")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Tasks under way")).to_be_visible()
    assert owned.templates["first look"].value.settings.guide == f"Look twice. {ODD}"
    somebodys.reload()
    guide.fill("Not this.")
    change(somebodys, {"Guide": "This."})
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Go on with theirs").click()
    expect(guide).to_have_value("This.")


@pytest.mark.thorough
def test_a_team_that_somebody_changed_meanwhile_shows_both_sides(
    desk: Desk, owned: Project, somebody: Callable[..., Project]
) -> None:
    for name in ("Ann", "Bob"):
        somebody(name)
    owned.teams.create("experts")
    page = desk.go("/settings/teams")
    name = page.get_by_role("textbox", name="Name: experts")
    name.fill("masters")
    owned.teams.change("experts", members=[f"ann{owned.id}@example.org"])
    name.blur()
    expect(page.get_by_role("region", name="They changed")).to_contain_text("with Ann")
    expect(page.get_by_role("region", name="You changed")).to_contain_text("Name: masters")
    assert desk.serious() == []
    page.get_by_role("button", name="Go on with both").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    members = page.get_by_role("combobox", name="Members: masters")
    members.click()
    page.get_by_role("option", name=re.compile("Bob")).click()
    expect(members).to_be_enabled()
    named = {one.person: one.name for one in owned.members.all().values()}
    assert {named[one] for one in owned.teams["masters"].members} == {"Ann", "Bob"}


@pytest.mark.thorough
def test_an_invite_says_when_nobody_else_can_come(desk: Desk, owned: Project) -> None:
    page = desk.go("/settings")
    page.get_by_role("button", name="Invite people").click()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("textbox", name="Link").input_value()
    assert "/join/" in link
    expect(page.get_by_text("Only this computer can open the link")).to_be_visible()
    assert page.get_by_role("textbox", name="Command").input_value().startswith("penstock up --host 0.0.0.0 --port ")
    assert desk.serious() == []
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Name somebody").click()
    page.get_by_label("E-mail address").fill(f"one{owned.id}@example.org")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    expect(page.get_by_text("has not signed in yet")).to_be_visible()
    assert f"one{owned.id}@example.org" in {member.email for member in owned.members}


@pytest.mark.thorough
def test_a_webhook_is_connected_and_an_action_calls_it(desk: Desk, owned: Project) -> None:
    owned.templates.create("first pass")
    page = desk.go("/settings/connections")
    page.get_by_role("button", name="New connection").click()
    page.get_by_label("Name").fill("trainer")
    page.get_by_label("URL").fill("ftp://example.org")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("URL").fill("https://example.org/hook")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("textbox", name="Signing secret")).to_have_value(re.compile("^whsec_"))
    page = desk.go("/actions/new")
    page.get_by_label("Name").fill("tell the trainer")
    pick(page, "Template", "first pass")
    page.get_by_role("button", name="Add a step").click()
    step = page.get_by_role("group", name="Step 1")
    pick(step, "What", "Call a receiver")
    pick(step, "Receiver", "trainer")
    assert desk.serious() == []
    page.get_by_role("button", name="Make the action").click()
    page.wait_for_url(re.compile(r"/actions/\d+$"))
    settings = owned.actions["tell the trainer"].value.settings
    assert (settings.when.reaches, settings.do[0].kind) == ("25%", "webhook")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "path",
    ["/activity", "/compare", "/data", "/reports/people", "/reports/quality", "/reports/labels", "/settings/tokens"],
)
@pytest.mark.thorough
def test_pages_without_anything_say_what_to_do(desk: Desk, path: str) -> None:
    page = desk.go(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert desk.serious() == []


@pytest.mark.thorough
def test_what_happens_is_told_newest_first_and_messages_are_read(desk: Desk, owned: Project) -> None:
    owned.datasets.create(ODD)
    step = {"kind": "notify", "settings": {"subject": "Look here", "text": ODD, "link": "javascript:alert(1)"}}
    action = owned.actions.create("tell", {"when": {"by_hand": True}, "do": [step]})
    action.fire().wait()
    page = desk.go("/activity")
    expect(page.get_by_role("article").filter(has_text="Action made")).to_have_count(1)
    pick(page, "What", "datasets and versions")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("article")).to_contain_text(ODD)
    owned.datasets.create("one more")
    page.get_by_role("button", name="1 new event").click()
    expect(page.get_by_role("article")).to_have_count(2)
    page.goto(f"{desk.url}/inbox")
    message = page.get_by_role("article").filter(has_text="Look here")
    expect(message).to_contain_text(ODD)
    expect(message.get_by_role("link")).to_have_count(0)
    message.get_by_role("button", name="Mark as read").click()
    expect(message).to_have_count(0)
    assert desk.serious() == []
