"""`penstock action`: see what fires when, and what it did."""

from __future__ import annotations

import click

from penstock.cli.session import Session, speaks


@click.group()
def command() -> None:
    """See what fires when, and what it did."""


@command.command("list")
@speaks
def list_(session: Session) -> None:
    """The actions, each with its last run."""
    rows = [
        {**action.value.model_dump(mode="json"), "last_run": next((run.value for run in action.runs()), None)}
        for action in session.penstock.actions
    ]
    session.table(
        rows,
        ["action", "state", "last run", "when"],
        cells=lambda row: (
            row["name"],
            row["state"],
            row["last_run"] and row["last_run"].state,
            row["last_run"] and row["last_run"].created_at,
        ),
        none="No action yet.",
    )


@command.command()
@click.argument("name")
@speaks
def runs(session: Session, name: str) -> None:
    """The runs of an action, newest first."""
    session.table(
        [run.value for run in session.penstock.actions[name].runs()],
        ["run", "state", "cause", "at", "error"],
        cells=lambda run: (run.id, run.state, run.cause, f"{run.created_at:%Y-%m-%d %H:%M}", run.error),
        none="It never ran.",
    )


@command.command()
@click.argument("run", type=int)
@speaks
def run(session: Session, run: int) -> None:
    """One run: its steps, what each said, and its deliveries."""
    found = session.penstock.actions.run(run).detail()

    def show() -> None:
        click.echo(
            f"run {found.id}: {found.state}, caused by {found.cause}" + (f"\n{found.error}" if found.error else "")
        )
        for step in found.steps:
            click.echo(
                f"  {step.n}. {step.name}: {step.state}, tries {step.tries}" + (f"  {step.error}" if step.error else "")
            )
        for delivery in found.deliveries:
            click.echo(f"  delivery {delivery.id}: {delivery.state}, tries {delivery.tries}")

    session.say(found, show)


@command.command()
@click.argument("name")
@click.option("--note", default="", help="Why.")
@click.option("--file", type=int, help="The file that its steps speak of.")
@speaks
def fire(session: Session, name: str, note: str, file: int | None) -> None:
    """Fire an action by hand."""
    started = session.penstock.actions[name].fire(note, file=file)
    session.say(started.value, f"Run {started.id} began. See: penstock action run {started.id}")


@command.command()
@click.argument("name")
@speaks
def dry_run(session: Session, name: str) -> None:
    """What an action would do now. Nothing is done."""
    found = session.penstock.actions[name].dry_run()

    def show() -> None:
        click.echo("Its condition holds." if found.holds else "Its condition doesn't hold.")
        for step in found.steps:
            click.echo(f"  {step.name}: {step.would}")

    session.say(found, show)


@command.command()
@click.argument("run", type=int)
@click.option("--current", is_flag=True, help="By the action's present steps.")
@speaks
def replay(session: Session, run: int, current: bool) -> None:
    """Run a run again, under the same delivery ids."""
    again = session.penstock.actions.run(run).replay(current=current)
    session.say(again.value, f"Run {run} goes on.")


@command.command()
@click.argument("run", type=int)
@speaks
def cancel(session: Session, run: int) -> None:
    """Stop a run. What it did stays done."""
    session.say(session.penstock.actions.run(run).cancel().value, f"Run {run} is cancelled.")


@command.command()
@click.argument("name")
@speaks
def rearm(session: Session, name: str) -> None:
    """Let a threshold that has fired fire again."""
    session.say(session.penstock.actions[name].rearm().value, f"{name!r} is armed.")


@command.command()
@click.option("--state", type=click.Choice(["pending", "delivered", "failed", "cancelled"]))
@speaks
def deliveries(session: Session, state: str | None) -> None:
    """What was sent to receivers, newest first."""
    session.table(
        session.penstock.actions.deliveries(state=state),
        ["delivery", "run", "state", "tries", "error"],
        cells=lambda row: (row.id, row.run, row.state, row.tries, row.error),
        none="Nothing was sent.",
    )


@command.command()
@click.argument("delivery", type=int)
@speaks
def delivery(session: Session, delivery: int) -> None:
    """One delivery: every try, what was sent, and what came back."""
    found = session.penstock.actions.delivery(delivery)

    def show() -> None:
        click.echo(
            f"delivery {found.id} of run {found.run}: {found.state}" + (f"\n{found.error}" if found.error else "")
        )
        for one in found.log:
            click.echo(f"  try {one.number}, {one.at:%Y-%m-%d %H:%M:%S}: {one.status or one.error}")
        click.echo(found.body)

    session.say(found, show)


@command.command()
@click.argument("delivery", type=int)
@speaks
def resend(session: Session, delivery: int) -> None:
    """Send a delivery again, under its own id."""
    session.say(session.penstock.actions.replay_delivery(delivery), f"Delivery {delivery} is on its way.")


@command.command()
@click.argument("connection", required=False)
@speaks
def enable(session: Session, connection: str | None) -> None:
    """Send again to a receiver that answered 410 Gone. Without a name, those that did are listed."""
    off = session.penstock.actions.receivers_off()
    if connection is None:
        session.table(
            [one.value for one in session.penstock.connections if one.id in off],
            ["connection", "id"],
            cells=lambda row: (row.name, row.id),
            none="Every receiver is on.",
        )
        return
    found = session.penstock.connections[connection]
    session.penstock.actions.enable_receiver(found.id)
    session.say({"connection": found.id}, f"Messages go to {connection!r} again.")
