"""The command line feels instant: asking for help imports no server, no database and nothing heavy."""

import subprocess
import sys

import pytest

HEAVY = {
    *("alembic", "boto3", "cryptography", "fastapi", "numpy", "obstore", "PIL", "procrastinate", "psycopg", "pyarrow"),
    *("pycocotools", "rich", "scipy", "sklearn", "sqlalchemy", "starlette", "torch", "uvicorn"),
}


def imported_by(statement: str) -> set[str]:
    """The top-level modules loaded after `statement` in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint('\\n'.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_imports_nothing_heavy() -> None:
    assert imported_by("import penstock.cli.main") & HEAVY == set()


def test_the_package_imports_nothing_heavy() -> None:
    assert imported_by("import penstock") & HEAVY == set()


def test_the_launcher_needs_no_more_than_psycopg() -> None:
    assert imported_by("import penstock.core") & HEAVY == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_is_printed(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "penstock.cli.main", *arguments], capture_output=True, text=True, check=True
    )
    assert "penstock" in done.stdout
    assert done.stderr == ""


def test_help_lists_every_command() -> None:
    from penstock.cli.main import COMMANDS

    done = subprocess.run(
        [sys.executable, "-m", "penstock.cli.main", "--help"], capture_output=True, text=True, check=True
    )
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
