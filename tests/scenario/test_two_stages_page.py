"""The page on two stages is followed word by word, as somebody new would: its files are written, its commands run."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.demo import pages
from penstock.store import embedded

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "two-stages.md").read_text()
BLOCKS = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SHELL = "set -eu -o pipefail\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader is: a folder with 24 images."""
    (tmp_path / "images").mkdir()
    for page in pages.draw(24):
        (tmp_path / "images" / page.name).write_bytes(page.png)
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The reader's shell: `penstock` is on the path, and nothing of this machine's own installation is known."""
    home = tmp_path / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    yield clean | {"PATH": path, "PENSTOCK_HOME": str(home), "PENSTOCK_PORT": "0", "NO_COLOR": "1"}
    embedded.erase(home)


@pytest.fixture
def server(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The block for a terminal of its own, left running; the first lines it said."""
    [block] = [text for language, what, text in BLOCKS if (language, what) == ("sh", "server")]
    started = subprocess.Popen(
        ["bash", "-c", SHELL + block.replace("penstock up", "exec penstock up")],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    yield started.stdout.readline() + started.stdout.readline()
    started.send_signal(signal.SIGTERM)
    assert started.wait(60) == 0
    started.stdout.close()


def test_every_step_works(folder: Path, environment: dict[str, str], server: str) -> None:
    assert re.search(r"Penstock is up at http://127.0.0.1:\d+\nSign in once, .*/sign-in/", server)
    said: list[str] = []
    for language, name, text in BLOCKS:
        if language in ("yaml", "python"):
            (folder / name).write_text(text)
        if language == "sh" and name != "server":
            ran = subprocess.run(
                ["bash", "-c", SHELL + text],
                check=False,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr
            said.append(ran.stdout)
    planned, poured, worked, exported, _ = said
    # Whoever stopped a script starts it again: the invite let them in once, and that was all.
    subprocess.run([sys.executable, "first_pass.py"], check=True, cwd=folder, env=environment, timeout=60)
    assert planned.count("To do: ") == planned.count("Done: ") == 1
    assert re.search(r"one@example\.org joins by http://.*/join/", planned)
    assert _shown() in poured, "the page shows what is printed"
    assert "24 of 24 done" in worked
    assert "gold  24 files" in worked
    assert "annotations.json" in exported
    early = json.loads(next((folder / "exports" / "early").glob("*/annotations.json")).read_text())
    assert (len(early["images"]), len(early["annotations"])) == (6, 6)
    with zipfile.ZipFile(folder / "gold.zip") as packed:
        gold = json.loads(packed.read("annotations.json"))
    assert (len(gold["images"]), len(gold["annotations"])) == (24, 48)


def _shown() -> str:
    [tree] = [text for language, _, text in BLOCKS if language == "text"]
    return tree
