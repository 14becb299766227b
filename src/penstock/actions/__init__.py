"""Actions: what happens by itself when something happens. One run for each cause, visible, replayable, never twice.

action = actions.create(tx, NewAction(name="early export", settings=...))
run = actions.fire(tx, action.id, Fire())
"""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.actions.model import Action, ActionChange, ActionSettings, Fire, NewAction, Run, Step
    from penstock.actions.steps import register
    from penstock.actions.verbs import change, create, dry_run, fire, get, list_, named, rearm, remove

__all__ = [
    "Action",
    "ActionChange",
    "ActionSettings",
    "Fire",
    "NewAction",
    "Run",
    "Step",
    "change",
    "create",
    "dry_run",
    "fire",
    "get",
    "list_",
    "named",
    "rearm",
    "register",
    "remove",
]

__getattr__ = lazily(__name__)
