"""Conditions of actions in the names of a newer schema."""

from penstock.actions import tables
from penstock.actions.events import ActionChanged
from penstock.datasets.query.renaming import renamed, renames
from penstock.schema.model import Schema
from penstock.store import Transaction


def follow(tx: Transaction, old: Schema, new: Schema) -> None:
    """Write the conditions anew that use a name which changed. Writes `action.changed`."""
    if not (names := renames(old, new)):
        return
    asking = [action.id for action in tables.actions(tx) if action.settings.condition is not None]
    held = [action for id in sorted(asking) if (action := tables.lock_action(tx, id)) is not None]
    for action in held:
        text = action.settings.condition
        if text is None or (after := renamed(text, names)) == text:
            continue
        settings = action.settings.model_copy(update={"condition": after})
        changed = action.model_copy(update={"settings": settings, "edition": action.edition + 1})
        tables.update_action(tx, changed, arm_anew=False)
        tx.append(ActionChanged(action=action.id, name=action.name, edition=changed.edition, state=action.state))
