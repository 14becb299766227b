"""Server paths stay inside the configured folders, wherever links and dots lead."""

from pathlib import Path

import pytest

from penstock.connections import roots
from penstock.connections.roots import NoRoots, OutsideRoots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "open/inner").mkdir(parents=True)
    (tmp_path / "closed").mkdir()
    (tmp_path / "open-not").mkdir()
    (tmp_path / "open/inner/a.txt").write_text("a")
    (tmp_path / "closed/secret.txt").write_text("s")
    return tmp_path / "open"


def test_what_is_inside_is_found(root: Path) -> None:
    assert roots.inside(root / "inner/a.txt", [root]) == (root / "inner/a.txt").resolve()
    assert roots.inside(root, [root]) == root.resolve()
    assert roots.inside(root / "new/export", [root]) == root.resolve() / "new/export"


@pytest.mark.parametrize(
    "path", ["../closed/secret.txt", "inner/../../closed", "/etc/passwd", "../open-not", "\0", "nowhere/../../closed"]
)
def test_what_is_outside_is_refused(root: Path, path: str) -> None:
    with pytest.raises(OutsideRoots):
        roots.inside(f"{root}/{path}" if not path.startswith("/") else path, [root])


def test_a_link_that_leads_outside_is_refused(root: Path) -> None:
    (root / "way").symlink_to(root.parent / "closed")
    (root / "file").symlink_to(root.parent / "closed/secret.txt")
    for path in ("way", "way/secret.txt", "file"):
        with pytest.raises(OutsideRoots):
            roots.inside(root / path, [root])


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "short").symlink_to(root / "inner")
    assert roots.inside(root / "short/a.txt", [root]) == (root / "inner/a.txt").resolve()


def test_a_root_may_itself_be_a_link(root: Path) -> None:
    linked = root.parent / "linked"
    linked.symlink_to(root)
    assert roots.inside(linked / "inner/a.txt", [linked]) == (root / "inner/a.txt").resolve()


def test_relative_paths_count_from_the_first_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "inner")
    assert roots.inside("inner/a.txt", [root, root / "inner"]) == (root / "inner/a.txt").resolve()
    with pytest.raises(OutsideRoots):
        roots.inside("../secret.txt", [root])


def test_without_roots_nothing_is_open(root: Path) -> None:
    with pytest.raises(NoRoots):
        roots.inside(root / "inner", [])


def test_what_is_below_a_folder_stays_below_it(root: Path) -> None:
    assert roots.below(root / "inner", "a.txt", [root]) == (root / "inner/a.txt").resolve()
    for path in ("..", "../inner2", "/etc"):
        with pytest.raises(OutsideRoots):
            roots.below(root / "inner", path, [root])
