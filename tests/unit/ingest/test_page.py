"""The commands on the page about imports do what it says."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from penstock.cli import main, session
from penstock.sdk.project import Project

from .conftest import coco, image, voc
from .test_archives import zipped

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "import.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def write(root: Path) -> None:
    for folder in ("images/deep", "annotated", "guesses"):
        (root / folder).mkdir(parents=True)
    (root / "images" / "a.png").write_bytes(image(1, "PNG"))
    (root / "images" / "deep" / "b.png").write_bytes(image(2, "PNG"))
    zipped(root / "scans.zip", {"c.jpg": image(3)})
    (root / "annotated" / "d.jpg").write_bytes(image(4))
    (root / "annotated" / "d.xml").write_text(voc("d.jpg", ("cell", 1, 1, 9, 9)))
    guess = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    (root / "guesses" / "instances.json").write_text(coco({1: "a.png"}, [guess], {1: "cell"}))
    (root / "list.csv").write_text(blocks("csv")[0])


def test_the_commands_of_the_page_work(
    p: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 7
    for command in commands:
        program, *arguments = shlex.split(command.replace("$ROOT", str(tmp_path)))
        assert program == "penstock"
        assert main.run(arguments) == 0, (command, capsys.readouterr())
    keys = [entry.key for entry in p.datasets["first pass"].files()]
    assert keys == ["a.png", "c.jpg", "d.jpg", "deep/b.png", "first", "second"]
    assert p.files["first"].meta == {"camera": "left"}
    assert {label.name for label in p.schema().labels} == {"cell"}


def test_a_broken_item_ends_the_command_with_1_and_its_reason(
    p: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    (tmp_path / "images" / "cut.jpg").write_bytes(image(5)[:500])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "connect", lambda *_, **__: p)
    assert main.run(["import", "first pass", "images", "--create"]) == 1
    told = "".join(capsys.readouterr())
    assert "cut.jpg" in told
    assert "truncated" in told
    shutil.rmtree(tmp_path / "images")
