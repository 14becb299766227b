"""Datasets, files and versions."""

import json
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from bench import shelf
from browser.conftest import Desk
from databases import Postgres
from penstock.core.ids import new_uuid
from penstock.demo import pages
from penstock.sdk.project import Project


@pytest.fixture
def drawn(owned: Project, tmp_path: Path) -> Project:
    """Four pages in a dataset, with another one beside it."""
    for page in pages.draw(4):
        (tmp_path / page.name).write_bytes(page.png)
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "area": 1200, "iscrowd": 0}
    image = {"id": 1, "file_name": "page-001.png", "width": pages.WIDTH, "height": pages.HEIGHT}
    notes = {"images": [image], "annotations": [box], "categories": [{"id": 1, "name": "digit"}]}
    (tmp_path / "notes.json").write_text(json.dumps(notes))
    owned.datasets.create("raw").import_(tmp_path)
    owned.datasets.create("picked")
    return owned


@pytest.mark.thorough
def test_files_are_picked_by_hand_and_added_to_another_dataset(drawn: Project, desk: Desk) -> None:
    page = desk.go(f"/data/{drawn.datasets['raw'].id}")
    page.get_by_role("checkbox", name="Select page-001.png").check()
    page.get_by_role("checkbox", name="Select page-003.png").click(modifiers=["Shift"])
    expect(page.get_by_text("3 selected")).to_be_visible()
    assert desk.serious() == []
    page.get_by_role("button", name="Add to dataset").click()
    page.get_by_role("menuitem", name="picked").click()
    expect(page.get_by_text("3 files added to picked")).to_be_visible()
    assert drawn.datasets["picked"].count() == 3


@pytest.mark.thorough
def test_a_query_is_asked_and_a_mistake_is_shown_at_its_place(drawn: Project, desk: Desk) -> None:
    page = desk.go(f"/data/{drawn.datasets['raw'].id}")
    bar = page.get_by_role("textbox", name="Which files")
    bar.fill("labels.digit >= 1")
    bar.press("Enter")
    expect(page.get_by_text("1 of 4 files")).to_be_visible()
    expect(page.get_by_role("link", name="page-002.png")).to_be_hidden()
    bar.fill("labels.digit >=")
    expect(page.get_by_role("status").filter(has_text="^")).to_be_visible()
    assert desk.serious() == []


@pytest.mark.thorough
def test_a_file_shows_its_annotations_and_how_they_came(drawn: Project, desk: Desk) -> None:
    file = drawn.files["page-001.png"]
    page = desk.go(f"/files/{file.id}")
    expect(page.get_by_role("tab", name="1 annotation")).to_be_visible()
    expect(page.get_by_role("button", name="digit box")).to_be_visible()
    assert desk.serious() == []
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_role("button", name="1 made")).to_be_visible()


@pytest.mark.thorough
def test_a_version_is_named_and_stays_as_it_was(drawn: Project, desk: Desk) -> None:
    raw = drawn.datasets["raw"]
    page = desk.go(f"/data/{raw.id}")
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("menuitem", name="Name a version").click()
    page.get_by_role("textbox", name="Name").fill("v1")
    page.get_by_role("dialog").get_by_role("button", name="Name a version").click()
    expect(page.get_by_text("Version v1 is named")).to_be_visible()
    raw.remove([drawn.files["page-001.png"].id])
    page.get_by_role("button", name="Versions").click()
    page.get_by_role("menuitem", name="v1", exact=True).click()
    expect(page.get_by_role("link", name="page-001.png")).to_be_visible()
    assert desk.serious() == []


@pytest.mark.thorough
def test_what_is_among_the_files_narrows_them_and_all_found_are_used(drawn: Project, desk: Desk) -> None:
    page = desk.go(f"/data/{drawn.datasets['raw'].id}")
    facets = page.get_by_role("complementary", name="What is among these files")
    facets.get_by_role("button", name="digit 1 file").click()
    expect(page.get_by_text("1 of 4 files")).to_be_visible()
    expect(page.get_by_role("textbox", name="Which files")).to_have_value("labels.digit > 0")
    assert desk.serious() == []
    page.get_by_role("button", name="Saved queries").click()
    page.get_by_role("menuitem", name="Save this query").click()
    page.get_by_role("textbox", name="Name").fill("with digits")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("The query is saved as with digits")).to_be_visible()
    facets.get_by_role("button", name="digit 1 file").click()
    expect(page.get_by_role("status").filter(has_text="4 files")).to_be_visible()
    facets.get_by_role("button", name="Without digit").click()
    page.get_by_role("checkbox", name="Select all").check()
    expect(page.get_by_text("All 3 selected")).to_be_visible()
    page.get_by_role("button", name="Add to dataset").click()
    page.get_by_role("menuitem", name="picked").click()
    expect(page.get_by_text("3 files added to picked")).to_be_visible()
    assert drawn.datasets["picked"].count() == 3
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Take out").click()
    page.get_by_role("dialog", name="Take out 3 files?").get_by_role("button", name="Take out").click()
    expect(page.get_by_text("3 files taken out")).to_be_visible()
    page.get_by_role("button", name="Saved queries").click()
    page.get_by_role("menuitem", name="Query with digits").click()
    expect(page.get_by_text("1 of 1 file")).to_be_visible()


@pytest.mark.thorough
def test_a_long_list_is_entered_at_its_end(drawn: Project, desk: Desk, postgres: Postgres) -> None:
    raw = drawn.datasets["raw"]
    label = drawn.schema().labels[0].id
    with psycopg.connect(postgres.database("browser"), autocommit=True) as conn:
        shelf.fill_rows(conn, label, 3000)
    page = desk.go(f"/data/{raw.id}")
    expect(page.get_by_role("status").filter(has_text="3,004 files")).to_be_visible()
    page.get_by_test_id("files").evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.get_by_role("link", name="shelf/0003000.png")).to_be_visible()
    assert page.get_by_role("listitem").count() < 100
    page.get_by_role("link", name="shelf/0003000.png").click()
    expect(page.get_by_text("3,004 of 3,004")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="raw / shelf/0002999.png")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("link", name="shelf/0003000.png")).to_be_visible()


@pytest.mark.thorough
def test_tasks_are_made_and_files_exported_of_what_is_picked(drawn: Project, desk: Desk) -> None:
    picked = drawn.datasets["picked"]
    template = drawn.templates.create(f"look {drawn.id}", {"watch": [{"dataset": picked.id}]})
    page = desk.go(f"/data/{drawn.datasets['raw'].id}")
    page.get_by_role("checkbox", name="Select page-001.png").check()
    page.get_by_role("link", name="page-002.png").click(modifiers=["Shift"])
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Export").last.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("One archive with 2 files")).to_be_visible()
    dialog.get_by_role("button", name="Add a change").click()
    change = dialog.get_by_role("group", name="Change 1")
    change.get_by_role("combobox", name="Change", exact=True).click()
    page.get_by_role("option", name="Rename, merge or drop labels").click()
    change.get_by_role("textbox", name="One a line").fill("dagit = number")
    dialog.get_by_role("button", name="Make it").click()
    expect(change.get_by_role("alert")).to_contain_text("there is no label 'dagit'")
    assert desk.serious() == []
    change.get_by_role("textbox", name="One a line").fill("digit = number")
    dialog.get_by_role("button", name="Add a change").click()
    dialog.get_by_role("group", name="Change 2").get_by_role("textbox", name="Pixels").fill("64")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_text("2 files, 1 annotation are ready")).to_be_visible()
    (made,) = page.request.get(f"{desk.url}/api/v1/projects/{drawn.id}/exports").json()["items"]
    assert [one["do"] for one in made["transforms"]] == ["labels", "resize"]
    assert (made["transforms"][0]["map"], made["transforms"][1]["side"]) == ({"digit": "number"}, 64)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Make tasks").click()
    page.get_by_role("menuitem", name=f"look {drawn.id}").click()
    expect(page.get_by_text("2 files entered picked")).to_be_visible()
    assert [one.file for one in template.tasks()] == [drawn.files[f"page-00{n}.png"].id for n in (1, 2)]


@pytest.mark.thorough
def test_a_live_dataset_follows_a_query(drawn: Project, desk: Desk) -> None:
    page = desk.go(f"/data/{drawn.datasets['raw'].id}?q=labels.digit%20%3E%200")
    page.get_by_role("button", name="Saved queries").click()
    page.get_by_role("menuitem", name="Live dataset").click()
    page.get_by_role("textbox", name="Name").fill("digits")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="digits")).to_be_visible()
    expect(page.get_by_role("link", name="page-001.png")).to_be_visible()


@pytest.mark.thorough
def test_two_states_are_compared_with_both_sides_over_a_file(drawn: Project, desk: Desk) -> None:
    raw, file = drawn.datasets["raw"], drawn.files["page-001.png"]
    before = raw.versions.name("v1")
    with httpx.Client(
        base_url=f"{drawn.url}/api/v1/projects/{drawn.id}",
        headers={"Authorization": f"Bearer {drawn.tokens.create('hand').secret}"},
    ) as http:
        (box,) = http.get(f"/files/{file.id}/annotations").json()
        new = {"do": "create", "id": str(new_uuid()), "kind": "box", "label": box["label"], "geometry": [50, 50, 9, 9]}
        moved = {"do": "update", "id": box["id"], "geometry": [12, 20, 30, 40]}
        http.post(f"/files/{file.id}/annotations", json=[new, moved]).raise_for_status()
    raw.remove([drawn.files["page-004.png"].id])
    page = desk.go(f"/compare?a=version:{before.id}&b=dataset:{raw.id}")
    expect(page.get_by_role("row", name="Files 0 0 1")).to_be_visible()
    expect(page.get_by_role("row", name="Annotations 1 1 0 on 1 file")).to_be_visible()
    expect(page.get_by_role("button", name="digit changed, shape, people")).to_be_visible()
    expect(page.get_by_role("button", name="digit added, people")).to_be_visible()
    assert desk.serious() == []
    page.get_by_role("tab", name="Files").click()
    expect(page.get_by_role("row", name="left page-004.png")).to_be_visible()
    page.get_by_role("button", name="Add changed files to").click()
    page.get_by_role("menuitem", name="picked").click()
    expect(page.get_by_text("The new and changed files are in picked")).to_be_visible()
    assert [entry.key for entry in drawn.datasets["picked"].files()] == ["page-001.png"]
