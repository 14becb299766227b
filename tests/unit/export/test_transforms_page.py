"""The commands on the page about transforms do what it says."""

import re
import shlex
import zipfile
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from penstock.cli import main, session
from penstock.export.transforms import Boxes, Crop, Labels, Resize, Split, Tile
from penstock.sdk.project import Project

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "transforms.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_page_work(
    p: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        Image.new("RGB", (800, 600), (number * 40, 9, 9)).save(tmp_path / "images" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)
    p.define({"labels": {"cell": {}}})
    assert main.run(["import", "gold", "images", "--create"]) == 0
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 4
    for command in commands:
        assert main.run(shlex.split(command)[1:]) == 0, (command, capsys.readouterr())
    with zipfile.ZipFile("tiles.zip") as archive:
        assert sum(name.endswith(".png") for name in archive.namelist()) == 6
    with zipfile.ZipFile("train.zip") as archive:
        assert "thing" in archive.read("data.yaml").decode()


def test_the_page_names_every_setting() -> None:
    for transform in (Resize, Tile, Crop, Labels, Boxes, Split):
        row = next(
            line
            for line in PAGE.splitlines()
            if line.startswith(f"| `{get_args(transform.model_fields['do'].annotation)[0]}`")
        )
        for name in transform.model_fields:
            assert name == "do" or f"`{name}" in row or (name == "fill" and transform is Tile), (transform, name)
