"""The demo ends by itself, and what it says of itself is what the API and the receiver said."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

import penstock
from penstock.store import embedded


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
        gold = p.datasets["gold"]
        assert gold.count() == 24
        from penstock.sdk import inprocess

        inprocess.stop(home)
