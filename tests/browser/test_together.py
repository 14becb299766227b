"""Several people at once, a server that is killed, and a plain address: nothing is lost and nothing is doubled."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

import penstock
from browser.conftest import Desk, Served
from browser.drawing import Board, drawn, lab
from penstock.sdk.project import Project


@pytest.mark.thorough
def test_two_people_work_on_one_pipeline_at_once(
    owned: Project, sit_down: Callable[..., Desk], somebody: Callable[..., Project]
) -> None:
    template = lab(owned, files=2)
    ann, bob = owned.me().person.id, somebody("Bob").me().person.id
    desks = [sit_down(owned), sit_down(owned, who=bob)]
    pipeline = desks[0].page.context.new_page()
    pipeline.goto(f"{desks[0].url}/p/{owned.id}/pipeline")
    boards = [Board.start(desk) for desk in desks]
    worked = [board.task for board in boards]
    for board in boards:
        board.drag((50, 50), (120, 120))
    for board in boards:
        board.press("f")
    for board in boards:
        expect(board.page.get_by_role("heading", name="All done")).to_be_visible()
        expect(board.page.get_by_text("1 image,")).to_be_visible()
        board.saved()
    expect(pipeline.get_by_role("button", name=f"Template {template.name}")).to_contain_text("2 of 2 done")
    assert sorted(worked) == sorted(task.id for task in template.tasks(status="done"))
    assert Counter(task.author for task in template.tasks()) == {ann: 1, bob: 1}
    assert [len(owned.tasks.attempt(task.authored or 0).annotations) for task in template.tasks()] == [1, 1]


@pytest.mark.thorough
def test_a_lost_lease_is_told_kindly_and_its_work_goes_to_who_has_the_task(
    owned: Project, served: Served, sit_down: Callable[..., Desk], somebody: Callable[..., Project]
) -> None:
    template = lab(owned)
    bob = somebody("Bob").me().person.id
    board = Board.start(sit_down(owned))
    board.drag((10, 10), (60, 60))
    board.saved()
    served.let_pass(dt.timedelta(minutes=16))
    later = Board.start(sit_down(owned, who=bob))
    assert later.task == board.task
    expect(board.page.get_by_text("This task went to somebody else.")).to_be_visible()  # at once, not when one draws
    expect(board.page.get_by_role("button", name="Finish")).to_be_disabled()
    board.drag((110, 10), (160, 60))
    board.saved()
    board.page.get_by_role("button", name="Next image").click()
    expect(board.page.get_by_text("There is nothing to do here just now")).to_be_visible()
    later.drag((210, 10), (260, 60))
    later.saved()
    later.page.reload()
    later.ready()
    expect(later.page.get_by_text("Somebody drew 2 changes here before you")).to_be_visible()
    later.page.get_by_role("button", name="Take it over").click()
    expect(later.page.get_by_role("button", name="cat 3")).to_be_visible()
    later.press("f")
    expect(later.page.get_by_role("heading", name="All done")).to_be_visible()
    later.saved()
    (task,) = template.tasks()
    assert (task.status, task.author) == ("done", bob)
    shapes = owned.tasks.attempt(task.authored or 0).annotations
    assert sorted(shape.geometry[0] for shape in shapes) == pytest.approx([10, 110, 210], abs=0.5)


@pytest.mark.thorough
def test_a_server_that_is_killed_while_somebody_draws_gets_everything_once(
    mortal: Served, sit_down: Callable[..., Desk]
) -> None:
    def work(task: int) -> list[list[Any]]:
        # What lets the owner of a home in, lives as long as a server.
        with penstock.connect(home=mortal.home, project="mortal", progress=False) as project:
            template = project.templates[name]
            found = next(one for one in template.tasks() if one.id == task)
            assert found.attempt or found.authored
            shapes = project.tasks.attempt(found.attempt or found.authored or 0).annotations
            return sorted(shape.geometry for shape in shapes)

    def boxes(*lefts: float) -> list[Any]:
        return [pytest.approx([left, 10, 40, 40], abs=0.5) for left in lefts]

    with penstock.connect(home=mortal.home, progress=False) as project:
        project.create_project("mortal")
        name = lab(project, files=2).name
        board = Board.start(sit_down(project))
    mouse, first = board.page.mouse, board.task
    board.drag((10, 10), (50, 50))
    board.drag((110, 10), (150, 50))  # on its way, perhaps
    mouse.move(*board.place((210, 10)))
    mouse.down()
    mortal.kill()
    mouse.move(*board.place((250, 50)), steps=3)
    mouse.up()
    for left in (310, 410, 510):
        board.drag((left, 10), (left + 40, 50))
    board.press("Control+z")
    expect(board.page.get_by_test_id("save-state")).to_contain_text("kept here")
    mortal.start()
    board.saved()
    assert work(first) == boxes(10, 110, 210, 310, 410)

    mortal.kill()
    board.drag((510, 10), (550, 50))
    board.press("f")
    second = board.goes_on(first)  # it was fetched before
    board.drag((10, 10), (50, 50))
    mortal.start()
    board.saved()
    assert work(first) == boxes(10, 110, 210, 310, 410, 510)
    assert work(second) == boxes(10)
    with penstock.connect(home=mortal.home, project="mortal", progress=False) as project:
        assert [task.status for task in project.templates[name].tasks()] == ["done", "in_progress"]


@pytest.mark.thorough
def test_the_plain_address_of_a_local_network_is_enough_to_annotate(
    owned: Project, served: Served, sit_down: Callable[..., Desk]
) -> None:
    template = lab(owned, files=2)
    board = Board.start(sit_down(owned, served.url.replace("127.0.0.1", "penstock.lan")))
    page = board.page
    assert page.evaluate("[isSecureContext, typeof crypto.randomUUID, typeof navigator.locks]") == [
        False,
        "undefined",
        "undefined",
    ]
    first = board.task
    board.drag((10, 10), (60, 60))
    board.press("p")
    board.click((200, 20), (300, 20), (250, 90))
    board.press("Enter", "Control+a", "Control+c", "Control+z", "Control+Shift+z")
    board.saved()
    assert len(drawn(owned, template, first)) == 2
    board.press("f")
    board.goes_on(first)
    board.press("Control+v")
    board.saved()
    assert owned.tasks[first].status == "done"
    assert len(drawn(owned, template, board.task)) == 2
