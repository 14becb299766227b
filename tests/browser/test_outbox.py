"""The outbox: no stroke is lost and none is doubled, whatever goes away."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from browser.conftest import Desk
from browser.drawing import Board, drawn, lab, wait_until
from penstock.sdk.project import Project


def block(page: Page) -> None:
    """The server is away for everything that changes something."""
    page.route("**/api/v1/**", lambda route: route.abort() if route.request.method != "GET" else route.continue_())


def state(page: Page, text: str) -> None:
    expect(page.get_by_test_id("save-state")).to_have_text(text)


@pytest.mark.thorough
def test_work_goes_on_without_a_server_and_is_sent_later_once(owned: Project, desk: Desk) -> None:
    template = lab(owned)
    board = Board.start(desk)
    board.drag((10, 10), (60, 60))
    board.saved()
    block(board.page)
    for n in range(3):
        board.drag((100 + 60 * n, 100), (140 + 60 * n, 140))
    state(board.page, "Offline, 3 kept here")
    board.page.reload()  # what was kept is shown again, and still waits
    board.ready()
    expect(board.page.get_by_role("button", name="cat", exact=False).first).to_contain_text("4")
    assert len(drawn(owned, template, board.task)) == 1
    board.page.unroute_all(behavior="wait")
    board.press("Control+z")  # history begins anew: nothing to undo
    board.drag((10, 200), (60, 260))
    board.saved()
    assert len(drawn(owned, template, board.task)) == 5


@pytest.mark.thorough
def test_without_a_server_work_goes_on_in_the_reserved_images_and_is_claimed_later(owned: Project, desk: Desk) -> None:
    template = lab(owned, files=3)
    fetched: list[str] = []
    desk.page.on("requestfinished", lambda told: fetched.append(told.url.rsplit("/", 1)[1]))
    board = Board.start(desk)
    wait_until(board.page, lambda: fetched.count("rendition") + fetched.count("content") == 3)
    board.page.route("**/api/v1/**", lambda route: route.abort())
    for _ in range(2):
        board.drag((10, 10), (60, 60))
        was = board.task
        board.press("f")
        board.goes_on(was)
    board.drag((10, 10), (60, 60))
    state(board.page, "Offline, 7 kept here")  # three strokes, two ends, two claims
    board.press("f")
    expect(board.page.get_by_role("alert", name="The server does not answer")).to_be_visible()
    board.page.unroute_all(behavior="wait")
    board.saved()
    expect(board.page.get_by_role("heading", name="All done")).to_be_visible()
    assert [task.status for task in template.tasks()] == ["done"] * 3
    found = [owned.tasks.attempt(task.authored or 0).annotations for task in template.tasks()]
    assert [len(one) for one in found] == [1, 1, 1]


@pytest.mark.thorough
def test_work_on_a_reserved_image_that_somebody_else_took_stays_and_is_told(
    owned: Project, desk: Desk, somebody: Callable[..., Project]
) -> None:
    template = lab(owned, files=2)
    board = Board.start(desk)
    first = board.task
    board.page.wait_for_timeout(1500)  # the other one is fetched
    board.page.route("**/api/v1/**", lambda route: route.abort())
    board.press("f")
    board.goes_on(first)
    board.drag((10, 10), (60, 60))
    theirs = somebody("Bob").templates[template.name].next()
    assert theirs is not None
    assert theirs.task.id == board.task
    board.page.unroute_all(behavior="wait")
    expect(board.page.get_by_text("This task went to somebody else")).to_be_visible()
    board.saved()
    shown = owned.tasks.attempt(theirs.attempt.id).late_work
    assert [one.who for one in shown] == [owned.me().person.id]


@pytest.mark.thorough
def test_an_answer_that_is_lost_doubles_nothing_and_a_finish_waits_its_turn(owned: Project, desk: Desk) -> None:
    template = lab(owned, files=2)
    board = Board.start(desk)
    lost: list[str] = []

    def lose(route: Route) -> None:
        """The server gets it; its answer never comes."""
        if len(lost) < 2:
            lost.append(route.request.url)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    board.page.route("**/save", lose)
    first = board.task
    board.drag((10, 10), (60, 60))
    board.drag((110, 10), (160, 60))
    board.press("f")
    board.goes_on(first)
    board.saved()
    assert len(lost) == 2
    (task,) = template.tasks(status="done")
    (attempt,) = [a for a in owned.tasks.attempt(task.authored or 0).annotations if a.geometry[0] > 100]
    assert attempt.geometry[2:] == [50, 50]
    assert len(owned.tasks.attempt(task.authored or 0).annotations) == 2


@pytest.mark.thorough
def test_two_tabs_share_one_outbox(owned: Project, desk: Desk) -> None:
    template = lab(owned)
    board = Board.start(desk)
    block(board.page)
    board.drag((10, 10), (60, 60))
    state(board.page, "Offline, 1 kept here")
    other = board.page.context.new_page()
    other.goto(board.page.url)
    Board(other).saved()
    state(board.page, "Saved")
    assert len(drawn(owned, template, board.task)) == 1


@pytest.mark.thorough
def test_a_browser_that_keeps_nothing_says_so_and_works(
    owned: Project, desk: Desk, sit_down: Callable[..., Desk]
) -> None:
    template = lab(owned)
    desk.page.context.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    board = Board.start(desk)
    expect(board.page.get_by_text("This browser keeps nothing on this machine")).to_be_visible()
    board.drag((10, 10), (60, 60))
    board.saved()
    assert len(drawn(owned, template, board.task)) == 1


@pytest.mark.thorough
def test_what_was_refused_is_marked_and_mended_tried_again_or_let_go(owned: Project, desk: Desk) -> None:
    template = lab(owned)
    board = Board.start(desk)
    page = board.page

    def spoil(route: Route) -> None:
        route.continue_(post_data=(route.request.post_data or "").replace('"label":', '"label":9999'))

    def draw_refused(x: float) -> None:
        page.route("**/save", spoil, times=1)
        board.drag((x, 10), (x + 50, 60))
        state(page, "1 not saved")

    def needs(what: str) -> None:
        page.get_by_role("button", name="1 needs you").click()
        expect(page.get_by_text("There is no label")).to_be_visible()
        assert desk.serious() == []
        page.get_by_role("button", name=what).or_(page.get_by_role("link", name=what)).click()

    shapes = page.get_by_role("group", name="Shapes")
    draw_refused(10)
    board.drag((110, 10), (160, 60))  # stops nothing
    state(page, "1 not saved")
    assert len(drawn(owned, template, board.task)) == 1
    board.press("f")
    expect(page.get_by_text("The server did not take some of this")).to_be_visible()
    page.reload()
    board.ready()
    expect(shapes.get_by_text("not saved")).to_have_count(1)
    assert len(drawn(owned, template, board.task)) == 1
    needs("Show it")
    expect(shapes.locator("[data-selected]")).to_contain_text("not saved")
    page.get_by_test_id("canvas").hover()
    board.press("ArrowDown")  # its next change sends it as it is now
    board.saved()
    expect(page.get_by_role("button", name="needs you")).to_have_count(0)
    assert sorted(round(shape.geometry[1]) for shape in drawn(owned, template, board.task)) == [10, 11]

    draw_refused(210)
    needs("Try again")
    board.saved()
    assert len(drawn(owned, template, board.task)) == 3
    draw_refused(310)
    needs("Let it go")
    board.saved()
    expect(page.get_by_role("button", name="cat 3")).to_be_visible()
    draw_refused(410)
    board.press("Control+z")  # taking it back is an end of it too
    board.saved()
    expect(page.get_by_role("button", name="cat 3")).to_be_visible()
    assert len(drawn(owned, template, board.task)) == 3
