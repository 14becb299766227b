"""The pipeline as a tree, drawn by rich: counts at every dataset, template and action."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from penstock.log.event import Setback
from penstock.sdk.status import ActionStatus, Branch, DatasetStatus, Status, TemplateStatus, forest

BAR = 20
STATES = {"done": "green", "failed": "red", "asking": "yellow", "running": "cyan", "queued": "cyan", "waiting": "cyan"}
WORK = {"in_progress": "in progress", "in_review": "in review", "returned": "returned", "skipped": "skipped"}


def draw(status: Status) -> RenderableType:
    """The whole pipeline, one tree per source of files."""
    trees: list[RenderableType] = [_grow(Tree(_line(branch), guide_style="dim"), branch) for branch in forest(status)]
    if not trees:
        trees = [Text("Nothing yet. A pipeline file makes it all: penstock apply pipeline.yaml")]
    return Group(*trees, *map(_setback, status.setbacks))


def _setback(setback: Setback) -> Text:
    """What doesn't follow from events as it should: penstock doctor says more."""
    if setback.state == "stopped":
        said = f"{setback.follower} stands still before revision {setback.seq}: {setback.trouble}"
    else:
        past = f"went past revision {setback.seq} ({setback.events} set aside, penstock log replay {setback.id})"
        said = f"{setback.follower} {past}: {setback.trouble}"
    return Text(f"✗ {said}", style="red")


def _grow(tree: Tree, branch: Branch) -> Tree:
    for child in branch.after:
        _grow(tree.add(_line(child, under=branch)), child)
    return tree


def _line(branch: Branch, under: Branch | None = None) -> Text:
    match branch.thing:
        case DatasetStatus() as dataset:
            line = _dataset(dataset)
        case TemplateStatus() as template:
            line = _template(template)
        case ActionStatus() as action:
            line = _action(action, action.when.removeprefix(f"progress {under.thing.name}, ") if under else action.when)
    return line.append("  (see above)", style="dim") if branch.again else line


def _dataset(dataset: DatasetStatus) -> Text:
    files = f"{dataset.files} {'file' if dataset.files == 1 else 'files'}"
    return Text.assemble(("▤ ", "blue"), (dataset.name, "bold"), f"  {files}")


def _template(template: TemplateStatus) -> Text:
    progress = template.progress
    filled = round(BAR * progress.share)
    line = Text.assemble(("✎ ", "magenta"), (template.name, "bold"), "  ")
    line.append("━" * filled, style="green").append("━" * (BAR - filled), style="dim")
    line.append(f"  {progress.done} of {progress.total} done")
    for state, words in WORK.items():
        if count := progress.counts.get(state):
            line.append(f", {count} {words}")
    if template.state != "active":
        line.append(f"  {template.state}", style="yellow")
    return line


def _action(action: ActionStatus, when: str) -> Text:
    runs = sum(action.runs.values())
    line = Text.assemble(("⚡ ", "yellow"), (action.name, "bold"), (f"  {when}: {', '.join(action.steps)}", "dim"))
    line.append(f"  {runs} {'run' if runs == 1 else 'runs'}")
    if action.last_run is not None:
        line.append(f", the last {action.last_run.state}", style=STATES.get(action.last_run.state, ""))
        if action.last_run.error:
            line.append(f": {action.last_run.error}", style="red")
    if action.state == "off":
        line.append("  off", style="yellow")
    return line
