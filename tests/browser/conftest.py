"""A real server on a temporary database, and a real browser before it. Both are shared by the tests of a worker."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright

import penstock
from databases import Postgres
from penstock.people.model import Role
from penstock.sdk.project import Project

VARIABLE = "PENSTOCK_TEST_CHROMIUM"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SETTLED = """() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getTiming().iterations !== Infinity)
  .map((one) => one.finished.catch(() => undefined)))
  .then(() => undefined)"""
"""Waits until no transition runs."""
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
LAN = "MAP penstock.lan 127.0.0.1"  #: a plain http:// address that is no secure context, as on a local network
PATIENCE_MS = 20_000  #: a busy machine is no reason to fail
INSTALL_SECONDS = 90
TRIED = "penstock/chromium-not-to-be-had"
"""In pytest's cache: installing was tried in vain, and isn't again until the cache is cleared."""
_numbers = count(1)
expect.set_options(timeout=PATIENCE_MS)


class Served:
    """A server of its own process, with a worker, as `penstock up` starts it."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home = home
        self.url = ""
        told = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        self._env = told | {
            "PENSTOCK_HOME": str(home),
            "PENSTOCK_DATABASE_URL": database_url,
            "PENSTOCK_ROOTS": str(home),
            "PENSTOCK_ALLOW_NETWORKS": "127.0.0.0/8",
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; again at the same address."""
        port = str(urlsplit(self.url).port or 0)
        command = [sys.executable, "-m", "penstock.cli.main", "up", "--json", "--port", port]
        self._process = subprocess.Popen(command, env=self._env, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server did not start; its last words are above"
        self.url = json.loads(line)["url"]

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def let_pass(self, time: dt.timedelta) -> None:
        """Move its clock, which is the database's, forward."""
        self.run("update clock set offset_by = offset_by + %s", time)

    def run(self, statement: LiteralString, *values: object) -> None:
        """Do something to its database that no call does."""
        with psycopg.connect(self._env["PENSTOCK_DATABASE_URL"]) as conn:
            conn.execute(statement, values)

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.communicate()


def _served(postgres: Postgres, name: str) -> Iterator[Served]:
    home = Path(tempfile.mkdtemp(prefix="penstock-browser-"))
    postgres.admin(f"drop database if exists {name}")
    postgres.admin(f"create database {name}")
    server = Served(home, postgres.database(name))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def served(postgres: Postgres, web_app: None) -> Iterator[Served]:
    yield from _served(postgres, "browser")


@pytest.fixture
def mortal(postgres: Postgres, web_app: None) -> Iterator[Served]:
    """A server that a test may kill and start again."""
    yield from _served(postgres, "browser_mortal")


# Not for the session: while it runs, this thread has an event loop, and whatever starts one of its own can't be tested.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright, pytestconfig: pytest.Config) -> Iterator[Browser]:
    """The first of: what the variable names, Chromium on the PATH, Playwright's own, one that is installed for it.

    Where a run must prove that the screens work (in CI), a missing browser is a failure.
    """
    browser = _launched(playwright)
    cache = pytestconfig.cache
    if isinstance(browser, Error) and VARIABLE not in os.environ and cache is not None and not cache.get(TRIED, False):
        browser = _installed(playwright, browser)
        cache.set(TRIED, isinstance(browser, Error))
    if isinstance(browser, Error):
        why = f"no Chromium: install it, or name one in {VARIABLE} ({browser.message.splitlines()[0]})"
        if os.environ.get("CI") or os.environ.get(f"{VARIABLE}_REQUIRED"):
            pytest.fail(why)
        pytest.skip(why)
    yield browser
    browser.close()


def _launched(playwright: Playwright) -> Browser | Error:
    """The browser that there is, or why there is none."""
    named = os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, NAMES)), None)
    try:
        # No sandbox: tests run as root in containers, and load nothing but our own pages.
        return playwright.chromium.launch(executable_path=named, args=["--no-sandbox", f"--host-resolver-rules={LAN}"])
    except Error as error:
        return error


def _installed(playwright: Playwright, browser: Browser | Error) -> Browser | Error:
    """A browser that this machine gets for itself: Playwright's own, else Debian's, which takes an administrator."""
    ways = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        ways.append([["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]])
    for commands in ways:
        try:
            for command in commands:
                subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
        except (OSError, subprocess.SubprocessError):
            continue  # no network, no rights: the next way
        browser = _launched(playwright)
        if not isinstance(browser, Error):
            break
    return browser


@pytest.fixture
def owned(served: Served) -> Iterator[Project]:
    """The SDK as the installation's owner, in a new project of the test's own."""
    with penstock.connect(home=served.home, progress=False) as project:
        project.create_project(f"project {next(_numbers)} of {os.getpid()}")
        yield project


@pytest.fixture
def somebody(owned: Project) -> Iterator[Callable[..., Project]]:
    """`somebody("Bob")`: another member of the project, by the SDK, with a token of their own."""
    joined: list[Project] = []

    def join(name: str, role: Role = "annotator") -> Project:
        email = f"{name.lower()}{owned.id}@example.org"
        invite = owned.members.invite(role=role)
        joined.append(penstock.join(invite, name=name, email=email, password="correct horse battery"))
        return joined[-1]

    yield join
    for project in joined:
        project.close()


@dataclass
class Desk:
    """Somebody's browser: its page, and how to get about."""

    page: Page
    url: str
    project: int
    faults: list[str]

    def go(self, path: str) -> Page:
        """Open a page of the test's project, such as `/pipeline`."""
        self.page.goto(f"{self.url}/p/{self.project}{path}")
        return self.page

    def serious(self) -> list[str]:
        """What axe finds on the page that keeps somebody out: WCAG AA, serious or worse."""
        if not self.page.evaluate("() => 'axe' in window"):
            # Past the page's policy, which rightly lets no strange script in.
            self.page.evaluate(AXE.read_text())
        self.page.evaluate(SETTLED)  # what fades in is pale for a moment
        told: dict[str, Any] = self.page.evaluate(
            "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        )
        return [
            f"{found['id']}: {node['target']} {node['failureSummary']}"
            for found in told["violations"]
            if found["impact"] in ("serious", "critical")
            for node in found["nodes"]
        ]


@pytest.fixture
def sit_down(chromium: Browser) -> Iterator[Callable[..., Desk]]:
    """`sit_down(owned)` signs the owner in by a one-time link, in a browser of their own; `who` another person."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def sit(project: Project, url: str | None = None, who: int | None = None, **options: Any) -> Desk:
        context = chromium.new_context(viewport={"width": 1280, "height": 720}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        link = project.sign_in_link(who)
        page.goto(link.replace(project.url, url or project.url))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda now: "/sign-in" not in now)
        return Desk(page, url or project.url, project.id, faults)

    yield sit
    for context in contexts:
        context.close()
    assert faults == [], "the pages broke, or broke their own policy"


@pytest.fixture
def desk(sit_down: Callable[..., Desk], owned: Project) -> Desk:
    """The owner's browser."""
    return sit_down(owned)
