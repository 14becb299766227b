"""The commands on the page about exports do what it says."""

import filecmp
import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from penstock.cli import main, session
from penstock.sdk.project import Project

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "export.md").read_text()
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]


def test_the_commands_of_the_page_work(
    p: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        Image.new("RGB", (40, 30), (number * 40, 9, 9)).save(tmp_path / "images" / f"{number}.png")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)
    p.define({"labels": {"cell": {}}})
    assert main.run(["import", "gold", "images", "--create"]) == 0
    assert len(COMMANDS) == 11
    for command in COMMANDS:
        program, *arguments = shlex.split(command.replace("$OUT", str(tmp_path / "out")))
        if program == "cmp":
            assert filecmp.cmp(*arguments, shallow=False)
        else:
            assert program == "penstock"
            assert main.run(arguments) == 0, (command, capsys.readouterr())
    with zipfile.ZipFile("gold.zip") as archive:
        told = set(json.loads(archive.read("manifest.json")))
        assert sum(name.endswith(".png") for name in archive.namelist()) == 3
    example = re.search(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert example is not None
    assert told == set(json.loads(example[1]))
    assert sorted(path.name for path in (tmp_path / "out" / "early").iterdir()) == ["first", "second.zip"]
    with zipfile.ZipFile("boxes.zip") as archive:
        assert not [name for name in archive.namelist() if name.endswith(".png")]
