"""What every file of the source keeps to."""

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "penstock"
PYTHON = sorted(SOURCE.rglob("*.py"))
SQL = sorted(SOURCE.rglob("*.sql"))
EVERYTHING = [*PYTHON, *SQL, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "bench").rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_imports_point_upstream(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert outcome == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_file_has_600_lines() -> None:
    long = {name(path): lines for path in EVERYTHING if (lines := path.read_text().count("\n")) >= 600}
    assert long == {}, "split them by noun"


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in PYTHON
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert statistics.median(lengths) < 12
    assert lengths[int(len(lengths) * 0.9)] < 45


def broad_handlers(path: Path) -> Iterator[str]:
    """Handlers of everything that neither raise again nor say why."""
    lines = path.read_text().splitlines()
    if not any("except" in line for line in lines):
        return
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = "" if node.type is None else ast.unparse(node.type)
        raises = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
        says_why = any("#" in line for line in lines[node.lineno - 1 : node.lineno + 1])
        if caught == "" or (caught in ("Exception", "BaseException") and not raises and not says_why):
            yield f"{name(path)}:{node.lineno}"


def test_nothing_is_caught_broadly_without_a_reason() -> None:
    """A peer had bare excepts by the hundred, and each hid a defect for a year."""
    assert [place for path in PYTHON for place in broad_handlers(path)] == []


def test_only_moment_tells_the_time_in_sql() -> None:
    """`now()` can't be moved by a test, and stands still within a transaction."""
    clock = re.compile(r"(?<![.\w`])now\(\)|current_timestamp|(?<!_)localtimestamp", re.IGNORECASE)
    found = [
        f"{name(path)}:{number}"
        for path in (*PYTHON, *SQL)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if clock.search(line) and not line.lstrip().startswith(("--", "#"))
    ]
    assert found == []


def test_no_file_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    assert [name(path) for path in PYTHON if vague & {path.stem, path.parent.name}] == []


def test_every_module_says_what_lives_in_it() -> None:
    silent = [name(path) for path in PYTHON if not ast.get_docstring(tree(path))]
    assert silent == []
