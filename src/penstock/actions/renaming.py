"""Conditions and steps of actions in new names."""

from penstock.actions import steps, tables
from penstock.actions.events import ActionChanged
from penstock.actions.model import ActionSettings
from penstock.datasets.query.renaming import Renames, renamed
from penstock.store import Transaction


def follow(tx: Transaction, names: Renames) -> None:
    """Write the conditions and steps anew that use a name which changed. Writes `action.changed`."""
    concerned = [action.id for action in tables.actions(tx) if in_new_names(action.settings, names) != action.settings]
    held = [action for id in sorted(concerned) if (action := tables.lock_action(tx, id)) is not None]
    for action in held:
        settings = in_new_names(action.settings, names)
        if settings == action.settings:
            continue
        changed = action.model_copy(update={"settings": settings, "edition": action.edition + 1})
        tables.update_action(tx, changed, arm_anew=False)
        tx.append(ActionChanged(action=action.id, name=action.name, edition=changed.edition, state=action.state))


def in_new_names(settings: ActionSettings, names: Renames) -> ActionSettings:
    """What an action does, with its condition and its steps' queries in new names."""
    condition = None if settings.condition is None else renamed(settings.condition, names)
    do = tuple(
        step.model_copy(update={"settings": steps.named(step.kind).renamed(step.settings, names)})
        for step in settings.do
    )
    return settings.model_copy(update={"condition": condition, "do": do})
