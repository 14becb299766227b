"""The pipeline as it moves: the graph, its list, what stands still, runs and deliveries."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Desk, Served
from browser.drawing import wait_until
from penstock.demo import pages
from penstock.sdk.project import Project

PIPELINE = """
project: {name}
schema: {{labels: {{"1": {{kinds: [box]}}}}}}
datasets: [raw, gold]
templates:
  label: {{watch: raw, on_done: gold}}
actions:
  tell: {{when: {{progress: label, reaches: 50%, at_least: 1}}, do: [{{notify: {{subject: half way}}}}]}}
"""


@pytest.fixture
def flowing(owned: Project, served: Served, tmp_path: Path) -> Project:
    """A pipeline with four pages waiting."""
    file = tmp_path / "pipeline.yaml"
    file.write_text(PIPELINE.format(name=owned.name))
    owned.apply(file)
    images = tmp_path / "images"
    images.mkdir()
    for page in pages.draw(4):
        (images / page.name).write_bytes(page.png)
    owned.datasets["raw"].import_(images)
    return owned


def test_the_graph_moves_as_work_is_done_and_leads_to_the_run_it_set_off(flowing: Project, desk: Desk) -> None:
    page = desk.go("/pipeline")
    node = page.get_by_role("button", name="Template label")
    expect(node).to_contain_text("0 of 4 done")
    for _ in range(2):
        task = flowing.templates["label"].next()
        assert task is not None
        task.submit()
    expect(node).to_contain_text("2 of 4 done")
    assert desk.serious() == []
    page.get_by_role("button", name="2 waiting").click()
    expect(page.get_by_role("textbox", name="Which files")).to_have_value('task("label").status = open')
    expect(page.get_by_text("2 of 4 files")).to_be_visible()
    page.go_back()
    action = page.get_by_role("link", name="Action tell")
    expect(action).to_contain_text("Last run done")
    action.click()
    page.get_by_role("link", name="Run ").first.click()
    expect(page.get_by_text("notify").first).to_be_visible()
    assert desk.serious() == []


@pytest.mark.thorough
def test_the_list_says_the_same_and_is_worked_by_keys(flowing: Project, desk: Desk) -> None:
    page = desk.go("/pipeline?view=list")
    expect(page.get_by_role("row", name="Template label raw gold 0 of 4 done")).to_be_visible()
    template = page.get_by_role("button", name="label", exact=True)
    template.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="label")
    expect(dialog).to_contain_text("Waiting4")
    assert desk.serious() == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    jump = page.get_by_role("textbox", name="A page, dataset, template or action")
    expect(jump).to_be_focused()
    jump.fill("gold")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="gold")).to_be_visible()


@pytest.mark.thorough
def test_a_paused_template_says_so_and_one_click_mends_it(flowing: Project, desk: Desk) -> None:
    flowing.templates["label"].pause()
    page = desk.go("/pipeline")
    strip = page.get_by_role("region", name="Needs attention")
    expect(strip).to_contain_text("Paused while 4 tasks wait")
    strip.get_by_role("button", name="Resume").click()
    expect(strip.get_by_role("button", name="Resume")).to_be_hidden()
    assert flowing.templates["label"].value.state == "active"


@pytest.mark.thorough
def test_what_a_follower_set_aside_is_told_to_admins_who_answer(
    flowing: Project, desk: Desk, served: Served, somebody: Callable[..., Project], sit_down: Callable[..., Desk]
) -> None:
    served.run(
        "insert into set_aside (project, follower, seq, events, trouble, at)"
        " select %s, 'metrics.work', n, 2, 'ValueError: odd', now() from generate_series(5, 6) n",
        flowing.id,
    )
    page = desk.go("/pipeline")
    told = page.get_by_role("region", name="Background work")
    expect(told).to_contain_text("Reports of work went on without 4 events of revisions")
    expect(told).to_contain_text("ValueError: odd")
    assert desk.serious() == []
    told.get_by_role("button", name="Dismiss").click()
    expect(told).to_have_count(0)
    assert [one.value.state for one in flowing.setbacks] == ["dismissed", "dismissed"]
    other = sit_down(flowing, who=somebody("Eve", "editor").me().person.id).go("/pipeline")
    expect(other.get_by_role("button", name="Template label")).to_be_visible()
    expect(other.get_by_role("region", name="Background work")).to_have_count(0)


@pytest.mark.thorough
def test_a_queue_is_looked_after(
    flowing: Project, desk: Desk, somebody: Callable[..., Project], sit_down: Callable[..., Desk]
) -> None:
    ann = somebody("Ann")
    taken = ann.templates["label"].next()
    assert taken is not None
    page = desk.go("/pipeline")
    page.get_by_role("button", name="Template label").click()
    page.get_by_role("dialog", name="label").get_by_role("link", name="See its tasks").click()
    expect(page.get_by_role("heading", name="label: Tasks")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(5)
    held = page.get_by_role("row").filter(has_text="Ann")
    expect(held).to_contain_text("In work")
    assert desk.serious() == []

    def about(row: str, what: str) -> None:
        page.get_by_role("row").filter(has_text=row).get_by_role("button", name="About ").click()
        page.get_by_role("menuitem", name=what).click()

    about("Ann", "Take it back")
    expect(page.get_by_role("row").filter(has_text="Waiting")).to_have_count(4)
    assert flowing.tasks[taken.task.id].status == "open"
    last = page.get_by_role("row").last.get_by_role("link").inner_text()
    about(last, "Set the priority")
    page.get_by_role("textbox", name="Priority").fill("7")
    page.get_by_role("button", name="Set it").click()
    expect(page.get_by_role("row").last).to_contain_text("7")
    about(last, "Cancel the task")
    dialog = page.get_by_role("dialog", name="Cancel the task")
    expect(dialog).to_be_visible()
    assert desk.serious() == []
    dialog.get_by_role("button", name="Cancel the task").click()
    expect(page.get_by_role("row").last).to_contain_text("Cancelled")
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="Cancelled, 1").click()
    expect(page.get_by_role("row")).to_have_count(2)
    about(last, "Open it again")
    expect(page.get_by_text("No task is like that")).to_be_visible()
    page.get_by_role("button", name="All tasks").click()
    expect(page.get_by_role("row")).to_have_count(5)
    assert {task.status for task in flowing.templates["label"].tasks()} == {"open"}


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    """Answers its first message that it is gone, and takes whatever comes after."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(410 if len(got) == 1 else 200)
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.thorough
def test_an_action_is_tried_dry_run_and_replayed_and_its_message_is_sent_again(
    flowing: Project, desk: Desk, receiver: HTTPServer
) -> None:
    trainer = flowing.connections.webhook("trainer", f"http://127.0.0.1:{receiver.server_port}/hook").id
    does = [{"kind": "webhook", "settings": {"to": trainer, "data": {"set": "gold"}}}]
    action = flowing.actions.create("train", {"when": {"by_hand": True}, "do": does})
    page = desk.go(f"/actions/{action.id}")
    page.get_by_role("button", name="Dry run").click()
    dry = page.get_by_role("dialog", name="What it would do now")
    expect(dry).to_contain_text("Nothing was written, nothing left the server.")
    expect(dry).to_contain_text("gold")
    assert desk.serious() == []
    assert list(flowing.actions.deliveries()) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run now").click()
    page.get_by_role("link", name="Delivery ").click()
    expect(page.get_by_text("410").first).to_be_visible()
    expect(page.get_by_text("thank you")).to_be_visible()
    delivery = page.url
    desk.go("/pipeline")
    strip = page.get_by_role("region", name="Needs attention")
    expect(strip).to_contain_text("answered that it is gone")
    strip.get_by_role("button", name="Send there again").click()
    expect(strip.get_by_text("answered that it is gone")).to_have_count(0)
    page.goto(delivery)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("heading", name="2 tries")).to_be_visible()
    expect(page.get_by_text("Delivered").first).to_be_visible()
    assert desk.serious() == []
    desk.go(f"/actions/{action.id}")
    page.get_by_role("link", name="Run ").first.click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("It runs again")).to_be_visible()
    wait_until(page, lambda: {one.state for one in flowing.actions.deliveries()} == {"delivered"})


@pytest.mark.thorough
def test_a_demo_says_what_it_is_and_what_to_try(flowing: Project, desk: Desk) -> None:
    page = desk.go("/pipeline?demo=true")
    banner = page.get_by_role("region", name="Demo")
    expect(banner).to_contain_text("the people are simulated")
    assert desk.serious() == []
    banner.get_by_role("link", name="Label one yourself").click()
    expect(page.get_by_role("heading", name="My work")).to_be_visible()
    desk.go("/pipeline")  # it stays for the tab
    banner.get_by_role("link", name="Start with my images").click()
    expect(page.get_by_role("textbox", name="Name of the project")).to_be_visible()
    assert desk.serious() == []
    desk.go("/pipeline")
    banner.get_by_role("button", name="Close").click()
    expect(banner).to_have_count(0)
    desk.go("/pipeline")
    expect(page.get_by_role("button", name="Template label")).to_be_visible()
    expect(banner).to_have_count(0)
