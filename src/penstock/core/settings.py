"""Settings of one installation: `penstock.toml` in the home folder, then `PENSTOCK_*` variables over it."""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, ValidationError, field_validator

from penstock.core.errors import Invalid
from penstock.core.values import Value


class SettingsInvalid(Invalid):
    """The settings in {where} can't be used: {why}."""


class Command(Value):
    """A program that actions may start. Only the server's own configuration can name one."""

    argv: list[str] = Field(min_length=1)
    """The program and its arguments; no shell is involved."""
    cwd: Path | None = None
    timeout_seconds: float = Field(default=3600.0, gt=0)
    env: list[str] = []
    """Names of environment variables that are passed on; all others are withheld."""
    after_crash: str = Field(default="ask", pattern="^(ask|retry)$")
    """What happens when the worker died while it ran: `retry` starts it again, `ask` waits for a person."""


class Settings(Value):
    """Everything one installation can be told. Each field is also an environment variable, `PENSTOCK_<NAME>`."""

    home: Path
    """Where the database, the media and the keys live."""
    database_url: str | None = None
    """An external PostgreSQL (15 or later) in place of the embedded one."""
    host: str = "127.0.0.1"
    """The address the server listens on. Loopback unless told otherwise."""
    port: int = Field(default=7373, ge=0, le=65535)
    """The port the server listens on; 0 takes a free one."""
    public_url: str | None = None
    """The address by which people reach the server, used in links."""
    roots: list[Path] = []
    """Folders on the server that imports may read and exports may write."""
    allow_networks: list[str] = []
    """Private networks (CIDR) that outgoing HTTP may reach, for receivers on the premises."""
    upload_limit_bytes: int = Field(default=2 * 1024**3, gt=0)
    """The largest single upload."""
    download_days: int = Field(default=7, gt=0)
    """How long the archive of a download stays; it can be made again."""
    pixel_limit: int = Field(default=400_000_000, gt=0)
    """The largest image in pixels; a bigger one is refused as a decompression bomb."""
    helpers: int | None = Field(default=None, ge=0, le=64)
    """How many more processes a worker may start for bulk jobs; one for each core, up to 3, unless told otherwise.
    One is kept ready."""
    commands: dict[str, Command] = {}
    """Named programs that an action's `command` step may start."""

    @field_validator("allow_networks")
    @classmethod
    def _networks(cls, told: list[str]) -> list[str]:
        for text in told:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError as error:
                raise ValueError(f"{error}; a network is written like 10.0.0.0/8") from error
        return told

    @property
    def is_for_this_machine(self) -> bool:
        """Whether nobody else can reach the server: it listens on the loopback, and no proxy's address was told."""
        try:
            loopback = ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            loopback = self.host == "localhost"
        return loopback and self.public_url is None

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, home: Path | None = None) -> "Settings":
        """Read the settings. Raises SettingsInvalid with the file or variable that is wrong."""
        env = os.environ if env is None else env
        home = home or Path(env.get("PENSTOCK_HOME") or platformdirs.user_data_dir("penstock"))
        home = home.expanduser().absolute()
        told: dict[str, Any] = {}
        file = home / "penstock.toml"
        if file.is_file():
            try:
                told = tomllib.loads(file.read_text())
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise SettingsInvalid(where=str(file), why=str(error)) from error
        told.pop("home", None)
        told |= {name: value for name in cls.model_fields if (value := _from_env(env, name)) is not None}
        try:
            return cls.model_validate({**told, "home": home})
        except ValidationError as error:
            why = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise SettingsInvalid(where=f"{file} and PENSTOCK_* variables", why=why) from error


def _from_env(env: Mapping[str, str], name: str) -> Any:
    if name in ("home", "commands") or (text := env.get(f"PENSTOCK_{name.upper()}")) is None or not text:
        return None
    if name == "roots":
        return [part for part in text.split(os.pathsep) if part]
    if name == "allow_networks":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
