"""`server.json` in the home: where the server of this home answers, and the secret of its owner.

Whether it still answers is decided by connecting. The file is published whole, and only its own server removes it.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "server.json"


@dataclass(frozen=True, slots=True)
class Announcement:
    url: str
    pid: int
    token: str


def publish(home: Path, announcement: Announcement) -> None:
    """Say where the server is, to whoever may read the home."""
    draft = home / f".{FILE}-{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(asdict(announcement), out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(home / FILE)


def withdraw(home: Path, announcement: Announcement) -> None:
    """Take back one's own announcement; another server's stays. Safe to repeat."""
    if announced(home) == announcement:
        (home / FILE).unlink(missing_ok=True)


def announced(home: Path) -> Announcement | None:
    """What the file says, whether it is still true or not."""
    try:
        return Announcement(**json.loads((home / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def answering(home: Path) -> Announcement | None:
    """The server of this home that answers now, if there is one.

    It must know its own secret: after a crash something else, or another home's server, may have got its port.
    """
    found = announced(home)
    if found is None:
        return None
    import httpx  # noqa: PLC0415 lazy, for import time: a tenth of a server's start

    try:
        headers = {"authorization": f"Bearer {found.token}"}
        limits = httpx.Timeout(10.0, connect=2.0)
        answer = httpx.get(f"{found.url}/api/v1/me", headers=headers, timeout=limits, trust_env=False)
    except httpx.ReadTimeout:
        return found  # it took the connection: busy is not gone
    except httpx.HTTPError:
        return None
    return found if answer.status_code in (200, 503) else None
