"""The pipeline as one YAML file: what it would change, changing it, and writing it down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.pipelines.document import read
from penstock.pipelines.model import PipelineShown, PipelineText, Plan
from penstock.sdk.errors import PenstockError
from penstock.sdk.http import Client
from penstock.sdk.scope import Scope


class FileMissing(PenstockError):
    """There is no pipeline file at the path given."""


def plan(scope: Scope, file: Path | str, *, prune: bool, base: Path | str | None) -> Plan:
    return scope.post("/pipeline/plan", Plan, _text(file, prune, base))


def plan_new(client: Client, file: Path | str) -> Plan:
    return client.post("/pipeline/plan", Plan, PipelineText(yaml=text_of(file)))


def apply(scope: Scope, file: Path | str, *, prune: bool, base: Path | str | None) -> Plan:
    done = scope.post("/pipeline/apply", Plan, _text(file, prune, base))
    links = {email: f"{scope.client.public_url}/join/{secret}" for email, secret in done.links.items()}
    return done.model_copy(update={"links": links})


def show(scope: Scope) -> str:
    return scope.get("/pipeline", PipelineShown).yaml


def project_of(file: Path | str) -> str | None:
    """The project that a pipeline file names. Raises PipelineInvalid for a text that is no YAML."""
    data: Any = read(text_of(file)).data
    name = data.get("project") if isinstance(data, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # YAML
    return name if isinstance(name, str) else None


def _text(file: Path | str, prune: bool, base: Path | str | None) -> PipelineText:
    return PipelineText(yaml=text_of(file), prune=prune, base=None if base is None else text_of(base))


def text_of(file: Path | str) -> str:
    """The text of a pipeline: a path's content, or the YAML itself, which has a line break."""
    if isinstance(file, str) and "\n" in file:
        return file
    try:
        return Path(file).expanduser().read_text()
    except FileNotFoundError as error:
        raise FileMissing(f"There is no file {str(file)!r}.") from error
