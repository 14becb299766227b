"""The demo ends by itself, what it says is what the API and the receiver said, and the tutorial goes on from there."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

import penstock
from penstock.sdk import inprocess
from penstock.store import embedded

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-pipeline.md").read_text()
BLOCKS = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}


@dataclass
class Shown:
    """The demo as it was: where, what it said, and how long it took."""

    home: Path
    said: str
    seconds: float


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    home = tmp_path_factory.mktemp("demo") / "home"
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "penstock.cli.main", "demo", "--exit", "--pages", "24", "--home", str(home)],
        check=False,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=280,
    )
    try:
        assert ran.returncode == 0, ran.stdout + ran.stderr
        yield Shown(home, ran.stdout, time.monotonic() - began)
    finally:
        embedded.erase(home)


def test_the_demo_tells_the_whole_story(shown: Shown) -> None:
    told = json.loads(shown.said.splitlines()[-1])
    assert 0 < told.pop("seconds") < shown.seconds
    assert told.pop("trained_score") > 0.5, "it read digits that were never drawn, after 6 pages"
    assert told == {"pages": 24, "first_pass_done": 24, "expert_done": 24, "early_exports": 1, "webhooks_delivered": 1}
    assert "▤ gold  24 files" in shown.said, "the pipeline was shown"
    assert [child.name() for child in psutil.Process().children(recursive=True) if "penstock" in child.name()] == []
    [early] = (shown.home / "exports" / "early").iterdir()
    assert len(list((early / "images").iterdir())) == 6
    # A home that was named stays, and can be opened where no server serves it.
    with penstock.connect(home=shown.home) as p:
        template = p.templates["first pass"]
        assert template.progress().done == 24
        corrections = list(template.corrections())
        assert sum(one.changed for one in corrections) > 0
        assert sum(one.added for one in corrections) > 0
        names = {member.person: member.name for member in p.members}
        assert {names[one.author] for one in corrections} <= {"Ann", "Ben", "Cleo"}
        [delivery] = p.actions.deliveries()
        assert (delivery.state, delivery.tries) == ("delivered", 1)
        assert p.datasets["gold"].count() == 24
    inprocess.stop(shown.home)


@pytest.mark.thorough
def test_the_tutorial_goes_on_from_there(shown: Shown, tmp_path: Path) -> None:
    """Its commands, as they stand on the page, on a server of that home."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{CLEAN.get('PATH', '')}"
    environment = CLEAN | {"PATH": path, "PENSTOCK_HOME": str(shown.home), "PENSTOCK_PORT": "0", "NO_COLOR": "1"}
    server = subprocess.Popen(["penstock", "up", "--json"], env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        assert server.stdout.readline()
        said = [_run(language, text, tmp_path, environment) for language, what, text in BLOCKS if not what]
    finally:
        server.terminate()
        assert server.wait(60) == 0
        server.stdout.close()
    looked, fired, described, taken, counted = said
    assert "▤ gold  24 files" in looked
    assert "delivered" in fired
    assert described.startswith("project: handwritten digits\n")
    assert re.search(r"gold/first look is revision \d+, for ever\.\n24 files, \d+ annotations: gold\.zip", taken)
    assert re.search(r"^Ann: \d+ kept, \d+ mended$", counted, re.MULTILINE)


def _run(language: str, text: str, folder: Path, environment: dict[str, str]) -> str:
    program = ["bash", "-eu", "-c", text] if language == "sh" else [sys.executable, "-c", text]
    ran = subprocess.run(program, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
