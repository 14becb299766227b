"""Datasets, files and versions."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk
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
    page.get_by_role("menuitem", name="v1").click()
    expect(page.get_by_role("link", name="page-001.png")).to_be_visible()
    assert desk.serious() == []
