"""The docs are true: what the code has stands in them, and what they point to is there."""

import re
import runpy
from pathlib import Path

import pytest

from penstock.core import Settings
from penstock.core.notes import field_notes
from penstock.log import Event

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return runpy.run_path(str(DOCS / "generate.py"))["pages"]()


@pytest.mark.parametrize(
    "page", ["calls.md", "commands.md", "events.md", "openapi.json", "python.md", "refusals.md", "settings.md"]
)
def test_generated_pages_follow_the_code(page: str, generated: dict[str, str]) -> None:
    assert (DOCS / "reference" / page).read_text() == generated[page], "run `make docs` and commit what it writes"


def test_every_event_says_what_it_means(generated: dict[str, str]) -> None:
    ours = {kind: event for kind, event in Event.registry.items() if event.__module__.startswith("penstock.")}
    assert ours
    assert [kind for kind, event in ours.items() if not event.__doc__] == []


def test_every_setting_says_what_it_means() -> None:
    assert set(Settings.model_fields) == set(field_notes(Settings))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_decisions_fit_a_page_and_are_listed() -> None:
    folder = DOCS / "explanation" / "decisions"
    index = (folder / "index.md").read_text()
    for page in folder.glob("0*.md"):
        text = page.read_text()
        assert text.count("\n") <= 40, page.name
        assert f"({page.name})" in index
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Alternatives.**", "**Code.**"):
            assert part in text, f"{page.name} has no {part}"


def test_code_that_decisions_name_is_there() -> None:
    for page in (DOCS / "explanation" / "decisions").glob("0*.md"):
        for path in re.findall(r"`([a-z_]+/[a-z_/0-9]+\.(?:py|sql))`", page.read_text()):
            assert (ROOT / "src" / "penstock" / path).exists() or (ROOT / path).exists(), f"{page.name}: {path}"


def test_the_first_screen_of_the_readme_shows_both_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:24])
    assert "make demo" in first_screen
    assert "make test" in first_screen
