"""The commands and the Python on the page about finding and drawing do what it says."""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from penstock.cli import main, session
from penstock.sdk.project import Project

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "find-and-draw.md").read_text()


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found


def test_the_page_works(
    p: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    for number in range(6):
        Image.new("RGB", (40, 30), (number * 40, 9, 9)).save(tmp_path / "images" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)
    p.define({"labels": {"cell": {}}})
    assert main.run(["import", "gold", "images", "--create"]) == 0
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 20
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "penstock"
        assert main.run(arguments) == 0, (command, capsys.readouterr())
    assert p.datasets["pilot"].count() == 3
    assert sum(p.datasets[name].count() for name in ("train", "val", "test")) == 6
    for python in blocks("python"):
        exec(python, {"p": p})
    p.plan("\n".join(blocks("yaml")))
