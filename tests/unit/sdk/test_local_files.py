"""What "images/*.jpg" means: which files, under which names."""

from pathlib import Path

import pytest

from penstock.sdk.local_files import NothingFound, find


@pytest.fixture(autouse=True)
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("images/b.jpg", "images/a.jpg", "images/deep/c.jpg", "images/.hidden.jpg", "images/a.xml", "one.zip"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["images/*.jpg"], ["a.jpg", "b.jpg"]),
        (["images/**/*.jpg"], ["a.jpg", "b.jpg", "deep/c.jpg"]),
        (["images"], ["a.jpg", "a.xml", "b.jpg", "deep/c.jpg"]),
        (["one.zip"], ["one.zip"]),
        (["images/a.jpg", "images/*.jpg"], ["a.jpg", "b.jpg"]),
        (["*/deep/*"], ["images/deep/c.jpg"]),
    ],
)
def test_names_are_paths_under_the_root(paths: list[str], names: list[str]) -> None:
    assert [local.name for local in find(paths)] == names


def test_absolute_patterns_work(tmp_path: Path) -> None:
    assert [local.name for local in find([tmp_path / "images" / "*.xml"])] == ["a.xml"]


def test_a_pattern_that_matches_nothing_is_named() -> None:
    with pytest.raises(NothingFound, match=r"No file matches 'images/\*\.png'"):
        find(["images/*.jpg", "images/*.png"])
