"""What needs no browser of the web app: geometry, history, keys."""

import subprocess
import sys
from pathlib import Path

BUILD = Path(__file__).parents[3] / "web" / "build.py"


def test_vitest_passes() -> None:
    run = subprocess.run([sys.executable, BUILD, "test"], check=False, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
