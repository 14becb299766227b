"""A browser before the installation: Debian's Chromium or Playwright's own, signed in as the owner."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from bench.installation import Installation

SIZE = ViewportSize(width=1280, height=720)
PATIENCE_MS = 60_000


@dataclass
class Seat:
    """Somebody's browser, signed in."""

    browser: Browser
    context: BrowserContext
    url: str

    def page(self, script: str = "") -> Page:
        """A new page; `script` runs in it before anything else."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if script:
            page.add_init_script(script)
        return page

    def fresh(self) -> "Seat":
        """The same person with an empty cache."""
        kept = self.context.storage_state()
        return Seat(self.browser, self.browser.new_context(viewport=SIZE, storage_state=kept), self.url)


@contextmanager
def seat(running: Installation) -> Generator[Seat]:
    known = ("chromium", "chromium-browser", "chromium-headless-shell")
    named = os.environ.get("PENSTOCK_TEST_CHROMIUM") or next(filter(None, map(shutil.which, known)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])
        try:
            context = browser.new_context(viewport=SIZE)
            seat = Seat(browser, context, running.url)
            _sign_in(seat, running)
            yield seat
        finally:
            browser.close()


def _sign_in(seat: Seat, running: Installation) -> None:
    line = running.line()
    me = line.get("/api/v1/me")["person"]["id"]
    secret = line.post(f"/api/v1/persons/{me}/sign-in-link")["secret"]
    page = seat.page()
    page.goto(f"{seat.url}/sign-in/{secret}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda now: "/sign-in" not in urlsplit(now).path)
    page.close()
