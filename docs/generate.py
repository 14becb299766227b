"""Writes the pages of docs/reference that follow from the code: events, settings, commands, refusals, OpenAPI.

`python docs/generate.py` writes them; with `--check` it only names those that drifted, and fails.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import penstock
from penstock.cli.main import penstock as command_line
from penstock.core import Refusal, Settings
from penstock.core.notes import field_notes
from penstock.formats import FORMATS, READ_ONLY, Item
from penstock.formats.carries import Carries, becomes
from penstock.formats.model import WORDS
from penstock.log import Event
from penstock.schema.model import Kind
from penstock.sdk import (
    actions,
    connections,
    datasets,
    differences,
    exports,
    files,
    imports,
    loading,
    people,
    project,
    reports,
    shapes,
    templates,
    work,
)
from penstock.sdk import errors as sdk_errors
from penstock.sdk import events as sdk_events
from penstock.server.app import create_app

REFERENCE = Path(__file__).parent / "reference"
WRITTEN = "<!-- Written by docs/generate.py: change the code, then run `make docs`. -->\n\n"


def pages() -> dict[str, str]:
    """Every generated file by its name under docs/reference."""
    import_everything()
    return {
        "events.md": WRITTEN + events_page(),
        "settings.md": WRITTEN + settings_page(),
        "commands.md": WRITTEN + commands_page(),
        "formats/table.md": WRITTEN + formats_page(),
        "refusals.md": WRITTEN + refusals_page(),
        "calls.md": WRITTEN + calls_page(),
        "python.md": WRITTEN + python_page(),
        "openapi.json": openapi(),
    }


def import_everything() -> None:
    """So that every subclass is known. The demo needs its extra, so it stays out."""
    for module in pkgutil.walk_packages(penstock.__path__, "penstock."):
        if not module.name.startswith(("penstock.demo", "penstock.store.migrations")):
            importlib.import_module(module.name)


def events_page() -> str:
    lines = [
        "# Events\n",
        "Everything that happens is an event in the log of its project, written in the transaction that did it. Live",
        "updates are these events, and actions are triggered by them.\n",
        "Beside the fields below, each has `seq` and `n` (its place in the log, which never changes), `subject`,",
        "`actor` and `at`.\n",
    ]
    room = ""
    for kind, event in sorted(Event.registry.items(), key=lambda item: (_room(item[1]), item[0])):
        if not event.__module__.startswith("penstock."):
            continue  # a test's own
        if _room(event) != room:
            room = _room(event)
            lines.append(f"## {room}\n")
        lines.append(f"### `{kind}`\n")
        lines.append(f"{_prose(event)}\n")
        notes = field_notes(event)
        for name, field in event.model_fields.items():
            note = notes.get(name)
            lines.append(f"- `{name}`: {_type(field)}{f'. {_sentence(note)}' if note else ''}")
        lines.append("")
    return "\n".join(lines)


def calls_page() -> str:
    lines = [
        "# Calls\n",
        "Every call of the HTTP API and what it asks of its caller. `viewer` is anybody who sees all (viewers,",
        "editors, admins), `annotator` anybody who may work (annotators, editors, admins), `member` anybody in the",
        "project, `owner` whoever runs the installation.\n",
        "| call | asks for | what it does |",
        "|---|---|---|",
    ]
    document = json.loads(openapi())
    for path, methods in sorted(document["paths"].items(), key=lambda item: item[0].replace("{project}", "")):
        for method, call in methods.items():
            says = call.get("description", call["summary"] + ".").split("\n\n")[0].replace("\n", " ")
            lines.append(f"| `{method.upper()} {path.removeprefix('/api/v1')}` | {call.get('x-needs', '')} | {says} |")
    return "\n".join([*lines, ""])


def settings_page() -> str:
    lines = [
        "# Settings\n",
        "Settings stand in `penstock.toml` in the home folder. A variable of the environment wins over the file. The",
        "home folder itself is given by `PENSTOCK_HOME`, else it is the platform's data folder.\n",
        "| in penstock.toml | variable | default | meaning |",
        "|---|---|---|---|",
    ]
    commands = "only in the file"
    notes = field_notes(Settings)
    for name, field in Settings.model_fields.items():
        variable = commands if name == "commands" else f"`PENSTOCK_{name.upper()}`"
        key = "-" if name == "home" else f"`{name}`"
        default = (
            "" if field.is_required() else f"`{json.dumps(field.get_default(call_default_factory=True), default=str)}`"
        )
        lines.append(f"| {key} | {variable} | {default} | {' '.join(notes[name].split())} |")
    command = Settings.model_fields["commands"].annotation
    for value in getattr(command, "__args__", ()):
        if inspect.isclass(value) and issubclass(value, BaseModel):
            lines.append(f"\n## A command\n\n{_prose(value)}\n")
            notes = field_notes(value)
            for name, field in value.model_fields.items():
                lines.append(f"- `{name}`: {_type(field)}. {' '.join(notes.get(name, '').split())}".rstrip())
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    lines = ["# Commands\n", "Each prints this with `--help`.\n"]
    for path, command in _commands(command_line, ("penstock",)):
        context = click.Context(command, info_name=" ".join(path), terminal_width=100, max_content_width=100)
        lines.append(f"{'#' * min(len(path) + 1, 4)} {' '.join(path)}\n")
        lines.append(f"```text\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(lines)


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=" ".join(path))
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _commands(below, (*path, name))


def formats_page() -> str:
    """What each format carries, as it declares it, and what each loss means."""
    lines = [
        "# What formats carry\n",
        "A kind that a format hasn't is written as the kind that stands here in its place, or left out. Whatever is",
        "lost is counted in the export's manifest, by the codes below. What only says `read` can't be written.\n",
        f"| format | name | {' | '.join(kind.replace('_', ' ') for kind in KINDS)} |",
        f"|---|---|{'---|' * len(KINDS)}",
    ]
    image = Item(key="", width=1, height=1)
    for format in FORMATS:
        become = [becomes(kind, format.carries, image) for kind in KINDS]
        cells = [
            "yes" if a == b else f"as {b.replace('_', ' ')}" if b else "-" for a, b in zip(KINDS, become, strict=True)
        ]
        lines.append(f"| [{format.title}]({format.page}.md) | `{format.name}` | {' | '.join(cells)} |")
    for format in READ_ONLY:
        cells = ["read" if kind in format.carries.kinds else "-" for kind in KINDS]
        lines.append(f"| [{format.title}]({format.page}.md) | `{format.name}` | {' | '.join(cells)} |")
    flags = [field for field in Carries.__dataclass_fields__ if field not in ("kinds", "draws")]
    lines += ["", f"| name | {' | '.join(flag.replace('_', ' ') for flag in flags)} |", f"|---|{'---|' * len(flags)}"]
    for format in (*FORMATS, *READ_ONLY):
        cells = ["yes" if getattr(format.carries, flag) else "-" for flag in flags]
        lines.append(f"| `{format.name}` | {' | '.join(cells)} |")
    lines += [
        "\n`parts` and `holes` are those of polygons, `split` is `train`, `val` or `test` in `meta.split`, `ids` are",
        "the format's own ids of images and annotations, `foreign` its own keys that Penstock doesn't know.\n",
        "## What it is recognized by\n",
        "The first that fits, unless the import names a format.\n",
        "| name | recognized by |",
        "|---|---|",
        *(f"| `{format.name}` | {format.sign} |" for format in (*READ_ONLY, *FORMATS)),
        "\n## Losses\n",
        "| code | meaning |",
        "|---|---|",
        *(f"| `{code}` | {says} |" for code, says in WORDS.items()),
    ]
    return "\n".join(lines) + "\n"


KINDS: tuple[Kind, ...] = get_args(Kind)


def refusals_page() -> str:
    lines = [
        "# Refusals\n",
        "A request that is refused changes nothing and gets a problem document (RFC 9457): `type`, `title`, `status`,",
        "`detail` and `errors`, a list of `{at, detail, code}`. The `type` is stable; `{...}` stands for a part.\n",
        "| type | status | detail |",
        "|---|---|---|",
    ]
    for refusal in sorted(_subclasses(Refusal), key=lambda found: found.__name__):
        detail = " ".join((refusal.__doc__ or "").split())
        if refusal.__module__.startswith("penstock.") and detail not in ("{detail}", ""):
            lines.append(f"| `{_kebab(refusal.__name__)}` | {refusal.status} | {detail.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


@cache
def openapi() -> str:
    """The API's description. It needs no database: nothing is called."""
    store: Any = SimpleNamespace(db=None, settings=Settings(home=Path("home")))
    return json.dumps(create_app(store).openapi(), indent=1, sort_keys=True) + "\n"


def python_page() -> str:
    lines = [
        "# Python\n",
        "```python",
        "import penstock",
        "",
        "p = penstock.connect()",
        'p.apply("pipeline.yaml")',
        'p.datasets["first pass"].import_("images/*.jpg")',
        'for work in p.templates["first pass"].work():',
        '    work.save([penstock.box("RBC", 10, 20, 30, 40)])',
        "    work.submit()",
        "```\n",
        "Everything is by names; lists read themselves page after page; what takes long shows a bar on a terminal.",
        "Calls are sent again after a lost connection, and happen once.",
        "A refusal of the server is `penstock.Refused`.\n",
    ]
    functions = [penstock.connect, penstock.join]
    makers = [getattr(penstock, name) for name in penstock.__all__ if inspect.isfunction(getattr(penstock, name))]
    for function in (*functions, *(maker for maker in makers if maker not in functions)):
        lines.append(f"## `penstock.{_signature(function)}`\n")
        lines.append(f"{_whole(function)}\n")
    for client in PYTHON:
        lines.append(f"## {client.__name__}\n")
        lines.append(f"{_whole(client)}\n")
        for name, member in _members(client):
            call = name if isinstance(member, property | cached_property) else _signature(member)
            says = " ".join(_whole(getattr(client, name)).split())
            lines.append(f"- `{call}`: {says}" if says else f"- `{call}`")
        lines.append("")
    return "\n".join(lines)


PYTHON = (
    *(
        project.Project,
        datasets.Datasets,
        datasets.Dataset,
        datasets.Versions,
        datasets.Version,
        differences.Difference,
        loading.Loader,
        loading.Sample,
        imports.Import,
    ),
    *(exports.Export, templates.Templates, templates.Template, templates.Tasks, work.Work, shapes.Shape),
    *(actions.Actions, actions.Action, actions.Run, connections.Connections, connections.Connection),
    *(people.Members, people.Teams, people.Tokens, files.Files, reports.Reports, sdk_events.Event, sdk_errors.Refused),
)
"""The classes of the client, in the order in which one meets them."""


def _members(client: type[Any]) -> Iterator[tuple[str, Any]]:
    """Public methods and properties, in the order of their definition."""
    for name, member in vars(client).items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property | cached_property)):
            yield name, member


def _signature(function: Any) -> str:
    """How it is called, without types."""
    plain = inspect.signature(function)
    kept = [
        # a bare object() stands for "not said", and its address would change with every run
        parameter.replace(
            annotation=inspect.Parameter.empty, default=... if type(parameter.default) is object else parameter.default
        )
        for name, parameter in plain.parameters.items()
        if name != "self"
    ]
    return f"{function.__name__}{plain.replace(parameters=kept, return_annotation=inspect.Signature.empty)}"


def _whole(documented: Any) -> str:
    """A whole docstring, its lines as they are."""
    return inspect.getdoc(documented) or ""


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for below in base.__subclasses__():
        yield below
        yield from _subclasses(below)


def _room(event: type[Event]) -> str:
    return event.__module__.split(".")[1]


def _prose(documented: type[Any]) -> str:
    return " ".join((documented.__doc__ or "").split())


def _sentence(note: str) -> str:
    note = " ".join(note.replace("``", "`").split())
    return note[0].upper() + note[1:] + ("" if note.endswith(".") else ".")


def _type(field: FieldInfo) -> str:
    shown = field.annotation.__name__ if inspect.isclass(field.annotation) else str(field.annotation)
    shown = re.sub(r"\b(?:[a-z_]\w*\.)+(?=\w)", "", shown)
    return shown.replace("NoneType", "None").replace("|", "or")


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def main() -> None:
    drifted: list[str] = []
    for name, text in pages().items():
        file = REFERENCE / name
        if file.exists() and file.read_text() == text:
            continue
        drifted.append(name)
        if "--check" not in sys.argv:
            file.write_text(text)
            print(f"wrote docs/reference/{name}")
    if drifted and "--check" in sys.argv:
        sys.exit(f"These pages drifted from the code: {', '.join(drifted)}. Run `make docs` and commit what it writes.")


if __name__ == "__main__":
    main()
