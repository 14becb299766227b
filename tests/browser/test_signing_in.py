"""Coming in: by link, by password, by invite."""

from playwright.sync_api import Browser, expect

from browser.conftest import Desk, Served
from penstock.sdk.project import Project


def test_a_one_time_link_waits_for_a_click_and_leads_into_the_app(desk: Desk) -> None:
    expect(desk.page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_wrong_password_is_told_where_it_was_typed(served: Served, owned: Project, chromium: Browser) -> None:
    page = chromium.new_context().new_page()
    page.goto(f"{served.url}/p/{owned.id}/pipeline")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_role("textbox", name="Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is wrong")
    page.context.close()


def test_an_invite_makes_a_member_and_their_odd_name_is_shown_as_text(owned: Project, chromium: Browser) -> None:
    invite = owned.members.invite(role="viewer")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(invite)
    page.get_by_label("Your name").fill("Kim <b>of</b> \u202eOslo")
    page.get_by_label("E-mail address").fill(f"kim{owned.id}@example.org")
    page.get_by_role("textbox", name="Password").fill("correct horse battery")
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(f"**/p/{owned.id}/pipeline")
    expect(page.get_by_role("button", name="You: Kim <b>of</b>")).to_be_visible()
    context.close()
