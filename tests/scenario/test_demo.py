"""The demo ends by itself, what it says is what the API and the receiver said, and the tutorial goes on from there."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil

import penstock
from penstock.sdk import inprocess
from penstock.store import embedded

TUTORIAL = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-pipeline.md").read_text()
BLOCKS = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)


def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    home = tmp_path / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "penstock.cli.main", "demo", "--exit", "--pages", "24", "--home", str(home)],
        check=False,
        env=clean,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert 0 < told.pop("seconds") < time.monotonic() - began
    assert told.pop("trained_score") > 0.5, "it read digits that were never drawn, after 6 pages"
    assert told == {"pages": 24, "first_pass_done": 24, "expert_done": 24, "early_exports": 1, "webhooks_delivered": 1}
    assert "▤ gold  24 files" in ran.stdout, "the pipeline was shown"
    assert [child.name() for child in psutil.Process().children(recursive=True) if "penstock" in child.name()] == []
    [early] = (home / "exports" / "early").iterdir()
    assert len(list((early / "images").iterdir())) == 6
    try:
        _what_it_left(home)
        _tutorial(home, tmp_path, clean)
    finally:
        embedded.erase(home)


def _what_it_left(home: Path) -> None:
    """A home that was named stays, and can be opened where no server serves it."""
    with penstock.connect(home=home) as p:
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
    inprocess.stop(home)


def _tutorial(home: Path, folder: Path, clean: dict[str, str]) -> None:
    """The tutorial's commands, as they stand on the page, on a server of that home."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    environment = clean | {"PATH": path, "PENSTOCK_HOME": str(home), "PENSTOCK_PORT": "0", "NO_COLOR": "1"}
    server = subprocess.Popen(["penstock", "up", "--json"], env=environment, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        assert server.stdout.readline()
        said = [_run(language, text, folder, environment) for language, what, text in BLOCKS if not what]
    finally:
        server.terminate()
        assert server.wait(60) == 0
        server.stdout.close()
    looked, fired, shown, taken, counted = said
    assert "▤ gold  24 files" in looked
    assert "delivered" in fired
    assert shown.startswith("project: handwritten digits\n")
    assert re.search(r"gold/first look is revision \d+, for ever\.\n24 files, \d+ annotations: gold\.zip", taken)
    assert re.search(r"^Ann: \d+ kept, \d+ mended$", counted, re.MULTILINE)


def _run(language: str, text: str, folder: Path, environment: dict[str, str]) -> str:
    program = ["bash", "-eu", "-c", text] if language == "sh" else [sys.executable, "-c", text]
    ran = subprocess.run(program, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
