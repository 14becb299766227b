"""Which server to speak to: the one that was named, the one that was logged in to, or the one of the home folder.

A server that runs writes `server.json` into its home, readable by its owner alone: its URL and a secret that makes the
holder the installation's owner for as long as that server lives. So whoever owns the home needs no token.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import platformdirs


@dataclass(frozen=True)
class Place:
    url: str
    token: str | None


def default_home() -> Path:
    """PENSTOCK_HOME, else the platform's data folder."""
    return Path(os.environ.get("PENSTOCK_HOME") or platformdirs.user_data_dir("penstock")).expanduser().absolute()


def running(home: Path) -> Place | None:
    """The server that serves this home now, if one answers. What a killed server left behind counts for nothing."""
    told = _read(home / "server.json")
    url = told.get("url")
    if not isinstance(url, str):
        return None
    try:
        httpx.get(f"{url}/api/v1/health", timeout=httpx.Timeout(10.0, connect=2.0), trust_env=False)
    except httpx.ReadTimeout:
        pass  # it took the connection: busy is not gone, and a second server in this process would only add to it
    except httpx.HTTPError:
        return None
    return Place(url, told.get("token"))


def remembered() -> Place | None:
    """The server that `penstock login` remembered, if any."""
    told = _read(login_file())
    return Place(told["url"], told.get("token")) if isinstance(told.get("url"), str) else None


def remember(place: Place) -> Path:
    """Keep a server and its token for later, in a file that only this OS user can read."""
    file = login_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(place), out)
    draft.replace(file)
    return file


def forget() -> bool:
    """Forget the remembered server. Whether there was one."""
    file = login_file()
    known = file.exists()
    file.unlink(missing_ok=True)
    return known


def login_file() -> Path:
    folder = os.environ.get("PENSTOCK_CONFIG") or platformdirs.user_config_dir("penstock")
    return Path(folder) / "login.json"


def _read(file: Path) -> dict[str, Any]:
    try:
        told: Any = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # JSON
