"""A manager's first minutes: images in, a pipeline by mouse, an archive out."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from browser.conftest import Desk, Served
from browser.drawing import Board, blank
from penstock.sdk.project import Project

COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 10, 10], "area": 100, "iscrowd": 0}],
    "categories": [{"id": 3, "name": "cell"}],
}


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    return out.getvalue()


def test_a_project_goes_from_empty_to_a_downloaded_coco_of_ones_own_in_twelve_clicks(
    desk: Desk, owned: Project, tmp_path: Path
) -> None:
    page = desk.go("/pipeline")
    clicks = 0

    def click(name: str, role: str = "button") -> None:
        nonlocal clicks
        clicks += 1
        page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    expect(page.get_by_role("heading", name="is empty")).to_be_visible()
    assert desk.serious() == []
    click("Try with sample digits")
    expect(page.get_by_text("24 files came in")).to_be_visible()
    assert desk.serious() == []
    clicks += 1
    page.get_by_role("combobox", name="What is to be found in them").fill("digit,")
    click("Label the first image")
    board = Board(page)
    board.ready()
    clicks += 1
    board.drag((100, 100), (160, 180))
    board.saved()
    first = board.task
    click("Finish")
    board.goes_on(first)
    board.saved()
    click("Back to my work", "link")
    click("Pipeline", "link")
    expect(page.get_by_role("region", name="What comes next")).to_contain_text("1 image done")
    assert desk.serious() == []
    click("Export what you have")
    click("Make it")
    expect(page.get_by_text("24 files, 1 annotation are ready")).to_be_visible()
    with page.expect_download() as got:
        click("Download", "link")
    archive = tmp_path / "coco.zip"
    got.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        notes = next(name for name in opened.namelist() if name.endswith(".json") and "manifest" not in name)
        told = json.loads(opened.read(notes))
    assert len(told["images"]) == 24
    ((box, label),) = [(one["bbox"], one["category_id"]) for one in told["annotations"]]
    assert box == pytest.approx([100, 100, 60, 80], abs=0.5)
    assert {one["id"]: one["name"] for one in told["categories"]}[label] == "digit"
    assert clicks <= 12
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Invite someone").click()
    expect(page.get_by_role("dialog", name="Invite people")).to_be_visible()
    assert desk.serious() == []


@pytest.mark.thorough
def test_the_two_stage_recipe_is_built_by_mouse_and_the_file_says_the_same(desk: Desk, owned: Project) -> None:
    owned.datasets.create("raw")
    page = desk.go("/pipeline")
    page.get_by_role("button", name="First pass, then experts").click()
    page.get_by_role("combobox", name="Labels").fill("cell,")
    page.get_by_role("combobox", name="Experts").fill(f"dora{owned.id}@example.org")
    page.get_by_role("button", name="Add to the draft").click()
    expect(page.get_by_role("status").filter(has_text="changes to apply")).to_be_visible()
    expect(page.get_by_text("Template expert")).to_be_visible()
    assert [template.name for template in owned.status().templates] == []
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_role("dialog", name="Send these on")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Template expert")).to_be_visible()
    status = owned.status()
    flow = {dataset.id: dataset.name for dataset in status.datasets}
    assert {t.name: ([flow[d] for d in t.watches], [flow[d] for d in t.routes_to]) for t in status.templates} == {
        "first pass": (["raw"], ["first pass complete"]),
        "expert": (["first pass complete"], ["gold"]),
    }
    with page.expect_download() as got:
        page.get_by_role("button", name="Download as YAML").click()
    assert not owned.plan(Path(got.value.path())).changes


@pytest.mark.thorough
def test_what_could_not_be_imported_is_listed_with_why_and_odd_names_are_text(desk: Desk, owned: Project) -> None:
    page = desk.go("/import")
    odd = "<script>alert(1)</script> \u202egnp.\u202c 🦠.png"
    page.get_by_label("Choose files").set_input_files(
        [
            {"name": "a.png", "mimeType": "image/png", "buffer": picture()},
            {"name": odd, "mimeType": "image/png", "buffer": picture()},
            {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG no picture"},
            {"name": "notes.json", "mimeType": "application/json", "buffer": json.dumps(COCO).encode()},
        ]
    )
    expect(page.get_by_text("2 files came in")).to_be_visible()
    expect(page.get_by_text("COCO: 1 annotation")).to_be_visible()
    expect(page.get_by_role("row", name="broken.png")).to_be_visible()
    assert desk.serious() == []
    page.get_by_role("link", name="See the files").click()
    expect(page.get_by_role("link", name=odd)).to_be_visible()


def drop(page: Page, path: Path) -> None:
    """Drag a file or folder from the desktop and drop it, as the browser itself has it done."""
    box = page.locator("section[class*=drop]").bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    hand = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


@pytest.mark.thorough
def test_a_drop_a_folder_and_a_zip_come_in_and_a_long_list_of_failures_is_whole(
    desk: Desk, owned: Project, tmp_path: Path
) -> None:
    page = desk.go("/import")
    expect(page.get_by_role("heading", name="Drop images")).to_be_visible()
    dropped = tmp_path / "desktop" / "dropped"
    (dropped / "deep").mkdir(parents=True)
    (dropped / "top.png").write_bytes(picture())
    (dropped / "deep" / "down.png").write_bytes(picture())
    (dropped / "deep" / ".hidden.png").write_bytes(picture())
    drop(page, dropped)
    expect(page.get_by_text("2 files came in")).to_be_visible()
    page.get_by_role("button", name="Import more").click()
    drop(page, dropped / "top.png")
    expect(page.get_by_text("1 file was there already")).to_be_visible()
    folder = tmp_path / "set"
    (folder / "north").mkdir(parents=True)
    (folder / "north" / "a.png").write_bytes(picture())
    (folder / ".hidden.png").write_bytes(picture())
    page.get_by_role("button", name="Import more").click()
    page.get_by_label("Choose a folder").set_input_files(folder)
    expect(page.get_by_text("1 file came in")).to_be_visible()
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("good.png", picture())
        for n in range(130):
            packed.writestr(f"bad/{n:03}.png", b"\x89PNG no picture")
    page.get_by_role("button", name="Import more").click()
    # The server is out of reach for one file: its name is told, the others come in.
    page.route("**/uploads?name=lost*", lambda route: route.fulfill(status=413, json={"detail": "It is too large."}))
    page.get_by_label("Choose files").set_input_files(
        [{"name": f"lost{n}.png", "mimeType": "image/png", "buffer": picture()} for n in (1, 2)]
    )
    alert = page.get_by_role("alert").filter(has_text="2 files could not be sent")
    expect(alert).to_contain_text("lost1.png: It is too large.")
    expect(alert).to_contain_text("lost2.png: It is too large.")
    assert desk.serious() == []
    page.get_by_label("Choose files").set_input_files(archive)
    expect(page.get_by_text("130 files could not be brought in")).to_be_visible()
    expect(page.get_by_role("row", name="bad/099.png")).to_be_visible()
    expect(page.get_by_role("row", name="bad/100.png")).to_have_count(0)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("row", name="bad/129.png")).to_be_visible()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download the list as CSV").click()
    lines = Path(got.value.path()).read_text("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("File,Why", 131)
    assert desk.serious() == []
    keys = ["deep/down.png", "good.png", "north/a.png", "top.png"]
    assert sorted(file.key for file in owned.datasets["images"].files()) == keys


@pytest.mark.thorough
def test_a_plain_address_of_a_local_network_is_as_good(
    owned: Project, served: Served, sit_down: Callable[..., Desk]
) -> None:
    desk = sit_down(owned, served.url.replace("127.0.0.1", "penstock.lan"))
    page = desk.go("/pipeline")
    assert page.evaluate("[isSecureContext, typeof crypto.randomUUID, typeof navigator.clipboard]") == [
        False,
        "undefined",
        "undefined",
    ]
    page.get_by_label("Choose files").set_input_files([{"name": "a.png", "mimeType": "image/png", "buffer": picture()}])
    expect(page.get_by_text("1 file came in")).to_be_visible()
    page.get_by_role("link", name="Pipeline").click()
    expect(page.get_by_role("link", name="Dataset images")).to_contain_text("1 file")


COUNT = (
    "window.presses_ = {mouse: 0, fields: 0};"
    "addEventListener('pointerdown', () => window.presses_.mouse += 1, true);"
    "addEventListener('change', (e) => { if (e.target.type !== 'file') window.presses_.fields += 1; }, true);"
)


@pytest.mark.thorough
def test_the_recipe_is_built_in_forty_actions_and_worked_by_keys_alone(
    owned: Project, sit_down: Callable[..., Desk]
) -> None:
    dora = f"dora{owned.id}@example.org"
    manager = sit_down(owned)
    page = manager.page
    page.add_init_script(COUNT)
    manager.go("/pipeline")
    page.get_by_label("Choose files").set_input_files(
        [{"name": "a.png", "mimeType": "image/png", "buffer": blank(640, 480)}]
    )
    page.get_by_text("1 file came in").wait_for()
    page.get_by_role("link", name="Pipeline", exact=True).click()
    page.get_by_role("button", name="First pass, then experts").click()
    page.get_by_role("combobox", name="Labels").fill("cell,")
    page.get_by_role("combobox", name="Experts").fill(dora)
    page.get_by_role("button", name="Add to the draft").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_role("dialog", name="Send these on")).to_be_visible()
    done = page.evaluate("presses_")
    assert done["mouse"] + done["fields"] <= 40, done

    first = by_keys(sit_down(owned), "first pass", owned.name)
    first.press("ArrowLeft", "ArrowUp", "u", *["ArrowRight", "ArrowDown"] * 6, "u")
    first.saved()
    first.press("f")
    expect(first.page.get_by_role("heading", name="All done")).to_be_visible()
    (person,) = [member.person for member in owned.members if member.email == dora]
    second = by_keys(sit_down(owned, who=person), "expert")
    second.press("v", "Tab", "Shift+ArrowRight")
    second.saved()
    second.press("f")
    expect(second.page.get_by_role("heading", name="All done")).to_be_visible()
    second.saved()
    for board in (first, second):
        assert board.page.evaluate("presses_.mouse") == 0
    (drawn, mended) = [
        owned.tasks.attempt(task.authored or 0).annotations
        for template in ("first pass", "expert")
        for task in owned.templates[template].tasks()
    ]
    assert [(shape.kind, shape.label) for shape in mended] == [("box", "cell")]
    (x, y, width, height) = drawn[0].geometry
    assert width == pytest.approx(height, abs=0.01)
    assert mended[0].geometry == pytest.approx([x + 10, y, width, height])
    assert len(list(owned.datasets["gold"].files())) == 1


def by_keys(desk: Desk, template: str, project: str = "") -> Board:
    """From any page into a template's first image without a mouse."""
    page = desk.page
    page.add_init_script(COUNT)
    page.reload()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    if "/tasks" not in page.url:
        page.keyboard.press("Control+k")
        expect(page.get_by_role("textbox", name="A page, dataset, template or action")).to_be_focused()
        page.keyboard.type("My work")
        page.keyboard.press("Enter")
    card = page.get_by_role("region", name=template, exact=True).filter(has_text=project)
    expect(card).to_be_visible()
    start = card.get_by_role("button")
    for _ in range(60):
        if start.evaluate("it => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    board = Board(page)
    board.ready()
    return board
