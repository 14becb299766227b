"""The grid over a million files: pages anywhere, the jump to its end, and what the page holds meanwhile.

Script milliseconds are the browser's own (`ScriptDuration`).
"""

import statistics
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from bench import shelf
from bench.browser import seat
from bench.project import Project
from bench.table import Table, timed

FILES = 1_000_000
PAGE = 50
TURNS = 20
CELLS = '[data-testid="files"] [role="listitem"]'

JUMP = """([last, scrolled]) => new Promise((resolve) => {
  const box = document.querySelector('[data-testid="files"]');
  const look = () => {
    const image = box.querySelector(`[aria-posinset="${last}"] img`);
    if (!image?.complete) return requestAnimationFrame(look);
    resolve(performance.now() - began);
  };
  const began = performance.now();
  box.scrollTop = scrolled ?? box.scrollHeight;
  look();
})"""


def run(project: Project, folder: Path, table: Table) -> None:
    shelf.fill(project, folder, FILES)
    _pages(project, table)
    with seat(project.running) as there:
        page = there.page()
        page.goto(f"{there.url}{project.path.replace('/api/v1/projects', '/p')}/data/{project.source}")
        _jump(page, table)


def _pages(project: Project, table: Table) -> None:
    files = f"{project.path}/datasets/{project.source}/files"
    took, miles = timed(lambda: project.line.get(f"{files}/milestones"))
    table.add("milestones of 1,000,000 files", took, "ms", "", "once for a grid, beside its first page")
    every, cursors = miles["every"], miles["cursors"]
    for name, at in (("first", 0), ("middle", miles["files"] // 2), ("last", miles["files"] - PAGE)):
        passed, skip = divmod(at, every)
        after = f"&after={cursors[passed - 1]}" if passed else ""
        taken = [timed(lambda: project.line.get(f"{files}?skip={skip}&limit={PAGE}{after}"))[0] for _ in range(TURNS)]  # noqa: B023
        table.add(f"page of 1,000,000 files, {name}", statistics.median(taken), "ms", "< 50", f"{PAGE} files, median")


def _jump(page: Page, table: Table) -> None:
    page.wait_for_selector(f'{CELLS}[aria-setsize="{FILES + 1}"]')
    page.wait_for_load_state("networkidle")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    began = _script(session)
    took: float = page.evaluate(JUMP, [FILES + 1, None])
    script = _script(session) - began
    cells = page.locator(CELLS).count()
    more = f"until the last picture is there; {script * 1000:.0f} ms of script, {cells} cells in the page"
    table.add("jump to the end of 1,000,000 files", took, "ms", "< 1000", more)
    table.add("cells in the page at the end", cells, "", "< 100")


def _script(session: CDPSession) -> float:
    """Seconds of script so far."""
    found = session.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in found if one["name"] == "ScriptDuration")
