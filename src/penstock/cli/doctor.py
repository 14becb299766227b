"""`penstock doctor`: say what is wrong with this installation, in plain words."""

from __future__ import annotations

import json
from pathlib import Path

import click

from penstock.core import Settings
from penstock.store.doctor import Finding, examine


@click.command()
@click.option("--home", envvar="PENSTOCK_HOME", type=click.Path(path_type=Path), help="The installation's home folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
def command(home: Path | None, as_json: bool) -> int:
    """Say what is wrong with this installation, and what to do about it. Exit code 1 when something is."""
    findings = examine(Settings.load(home=home))
    if as_json:
        click.echo(json.dumps([finding.model_dump() for finding in findings]))
    else:
        for finding in findings:
            _show(finding)
    return 0 if all(finding.ok for finding in findings) else 1


def _show(finding: Finding) -> None:
    click.echo(f"{'ok   ' if finding.ok else 'wrong'}  {finding.what}")
    for more in (finding.why, finding.do):
        if more:
            click.echo(f"       {more}")
