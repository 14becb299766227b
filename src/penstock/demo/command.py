"""`penstock demo`: a two-stage pipeline, from drawn pages to a trained model, all of it through the public SDK."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

import penstock
from penstock.demo import digits, looks, pages, people
from penstock.demo.people import Person
from penstock.demo.screen import Screen, open_screen
from penstock.demo.stage import Stage, set_up
from penstock.sdk.errors import Failed
from penstock.sdk.project import Project
from penstock.sdk.status import Status

LONGEST_SECONDS = 600
PACE_SECONDS = 0.4  #: between two tasks of a simulated person, where somebody looks on
TO_TRY = 12  #: pages left for whoever looks on
FIRST_PASS, EXPERT = "first pass", "expert"


@click.command()
@click.option(
    "--pages", "count", type=click.IntRange(20, 1000), default=150, show_default=True, help="How many to draw."
)
@click.option("--seed", default=7, show_default=True, help="The same seed draws the same pages.")
@click.option("--home", type=click.Path(path_type=Path), help="Keep everything here; else it is removed at the end.")
@click.option("--exit", "leave", is_flag=True, help="End by itself, with one JSON object as the last line.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON object alone, and end.")
def command(count: int, seed: int, home: Path | None, leave: bool, as_json: bool) -> None:
    """Watch a two-stage pipeline run on drawn digits, from files to a trained model.

    Simulated people do a first pass and make mistakes, experts mend them; at a quarter of the first pass an export
    leaves by itself and a receiver trains a classifier on it. Then the server stays up for a look.
    """
    began = time.monotonic()
    digits.load(seed)  # says what to install before anything is started
    signal.signal(signal.SIGTERM, _end)
    with set_up(home, seed) as stage, penstock.connect(home=stage.home, progress=False) as project:
        with open_screen(show=not as_json) as screen:
            told = play(stage, project, screen, count, seed, look=not (leave or as_json))
        told["seconds"] = round(time.monotonic() - began, 1)
        if not as_json:
            _sum_up(told)
        if leave or as_json:
            click.echo(json.dumps(told))
        else:
            _stay(stage, project, count, seed)


def _end(_signal: int, _frame: object) -> None:
    sys.exit(143)  # an exception, so that what was started is stopped


def play(stage: Stage, project: Project, screen: Screen, count: int, seed: int, look: bool) -> dict[str, Any]:
    """The whole story; what came of it, as the API and the receiver tell it. At a pace to look at, or in no time."""
    screen.say(f"The server is up at {stage.url}, a receiver for webhooks at {stage.receiver}.")
    project.create_project("handwritten digits")
    project.connections.folder("exports", str(stage.exports))
    project.connections.webhook("training trigger", f"{stage.receiver}/hook", secret=stage.secret)
    applied = project.apply(Path(str(files("penstock.demo") / "pipeline.yaml")))
    screen.say("The pipeline is applied: two stages, and an export at a quarter of the first.")

    drawn = {page.name: page for page in pages.draw(count, seed)}
    with _folder(drawn) as folder:
        imported = project.datasets[FIRST_PASS].import_(folder)
    screen.say(f"{imported.counts.new} pages of handwritten digits are in {FIRST_PASS!r}.")

    crew = _crew(project, applied.links, drawn, seed, PACE_SECONDS if look else 0.0)
    screen.say(f"{', '.join(person.name for person in crew)} have joined and go to work.")
    if look:
        _let_in(project, screen)
    for person in crew:
        person.start()
    try:
        _watch(stage, project, screen, crew)
    finally:
        for person in crew:
            person.go_home()
        for person in crew:
            person.join(timeout=10)
    return outcome(stage, project)


def _let_in(project: Project, screen: Screen) -> None:
    """Whoever started the demo gets a seat among the first pass, and a link to watch from the beginning."""
    team = project.teams["first pass team"]
    names = [name for name, member in project.members.all().items() if member.person in team.members]
    project.teams.change(team.name, members=[*names, project.me().person.name])
    link = _way_in(project)
    screen.say(f"Watch it, and join in, at {link}")
    if any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) or sys.platform == "darwin":
        webbrowser.open(link)


def _way_in(project: Project) -> str:
    """A link that signs in once and opens the pipeline, with a word on what one sees there."""
    return f"{project.sign_in_link()}?to={quote(f'/p/{project.id}/pipeline?demo=true', safe='')}"


def outcome(stage: Stage, project: Project) -> dict[str, Any]:
    """The demo's figures: none from the demo's own bookkeeping."""
    exports = [export.value for export in project.exports]
    return {
        "pages": project.datasets[FIRST_PASS].count(),
        "first_pass_done": project.templates[FIRST_PASS].progress().done,
        "expert_done": project.templates[EXPERT].progress().done,
        "early_exports": sum(export.state == "ready" for export in exports),
        "webhooks_delivered": stage.report().accepted,
        "trained_score": stage.report().score,
    }


def _crew(
    project: Project, links: Mapping[str, str], drawn: people.Pages, seed: int, pace_seconds: float
) -> list[Person]:
    """Everybody whom the pipeline's teams name follows their link, and gets to work."""
    experts = project.teams["experts"].members
    crew: list[Person] = []
    for email, link in links.items():
        name = email.partition("@")[0].capitalize()
        theirs = penstock.join(link, name=name)
        if theirs.me().person.id in experts:
            crew.append(Person(name, theirs, EXPERT, people.expert(drawn), pace_seconds))
        else:
            habits = looks.FIRST_PASS[len(crew) % len(looks.FIRST_PASS)]
            work = people.first_pass(drawn, habits, seed + len(crew))
            crew.append(Person(name, theirs, FIRST_PASS, work, pace_seconds))
    return crew


def _watch(stage: Stage, project: Project, screen: Screen, crew: Sequence[Person]) -> None:
    """Show the pipeline until every page is through both stages and the receiver has trained."""
    deadline = time.monotonic() + LONGEST_SECONDS
    news = _News(stage, project, screen)
    while time.monotonic() < deadline:
        status = project.status()
        screen.show(status)
        for person in crew:
            if person.error is not None:
                raise Failed(f"{person.name} could not go on: {person.error}") from person.error
        if news.told_all(status) and _is_through(status):
            screen.leave(status)
            return
        time.sleep(0.4)
    raise Failed(f"The demo is not through after {LONGEST_SECONDS} seconds.")


class _News:
    """What has happened since one last looked, each thing told once."""

    def __init__(self, stage: Stage, project: Project, screen: Screen) -> None:
        self._stage, self._project, self._screen = stage, project, screen
        self._run_told = self._score_told = False

    def told_all(self, status: Status) -> bool:
        """Tell what is new; whether all there is to tell was told."""
        runs = [action.last_run for action in status.actions if action.last_run is not None]
        if runs and not self._run_told and runs[0].state == "done":
            self._run_told = True
            for export in (one.value for one in self._project.exports):
                told = f"{export.files} pages and {export.annotations} boxes"
                self._screen.say(f"An early export of {told} left by itself: {export.uri}")
        if self._run_told and not self._score_told:
            report = self._stage.report()
            if report.error is not None:
                raise Failed(f"The receiver could not train: {report.error}")
            if report.score is not None:
                self._score_told = True
                self._screen.say(
                    f"The receiver got a signed webhook, trained on {report.crops} exported digits, "
                    f"and reads {report.score:.0%} of digits that were never drawn."
                )
        if runs and runs[0].state == "failed":
            raise Failed(f"The early export failed: {runs[0].error}")
        return self._score_told


def _is_through(status: Status) -> bool:
    """Whether every page has been through both stages."""
    pages_in = next(dataset.files for dataset in status.datasets if dataset.name == FIRST_PASS)
    return all(template.progress.done == pages_in for template in status.templates)


@contextmanager
def _folder(drawn: people.Pages) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="penstock-pages-") as name:
        for page in drawn.values():
            (Path(name) / page.name).write_bytes(page.png)
        yield Path(name)


def _sum_up(told: dict[str, Any]) -> None:
    click.echo(
        f"\n{told['pages']} pages: {told['first_pass_done']} through the first pass, {told['expert_done']} through the "
        f"experts, in {told['seconds']:.0f} s.\n{told['early_exports']} early export, {told['webhooks_delivered']} "
        f"webhook delivered; the model that was trained on it reads {told['trained_score']:.0%} of unseen digits."
    )


def _stay(stage: Stage, project: Project, count: int, seed: int) -> None:
    """Leave the server up until Ctrl-C, with some more pages for whoever wants to label one."""
    fresh = {page.name: page for page in list(pages.draw(count + TO_TRY, seed))[count:]}
    with _folder(fresh) as folder:
        project.datasets[FIRST_PASS].import_(folder)
    click.echo(
        f"\nThe server stays up for a look, with {TO_TRY} more pages to label yourself:\n"
        f"  in the browser   {_way_in(project)}   (works once)\n"
        f"  in a shell       PENSTOCK_HOME={stage.home} penstock status\n"
        f"  in Python        penstock.connect(home={str(stage.home)!r})\n"
        f"  the API          {stage.url}/api/v1/openapi.json\n"
        f"  the receiver     {stage.receiver}/report\n\nCtrl-C ends it."
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        click.echo("\nStopping.")
