"""Actions: what happens by itself when something happens. One run for each cause, visible, replayable, never twice.

action = actions.create(tx, NewAction(name="early export", settings=...))
run = actions.fire(tx, action.id, Fire())
"""

from penstock.actions.model import Action, ActionChange, ActionSettings, Fire, NewAction, Run, Step
from penstock.actions.steps import register
from penstock.actions.steps.add import Add
from penstock.actions.steps.command import CommandStep
from penstock.actions.steps.export import ExportStep
from penstock.actions.steps.notify import Notify
from penstock.actions.steps.webhook import Webhook
from penstock.actions.verbs import change, create, dry_run, fire, get, list_, named, rearm, remove

for _kind in (ExportStep(), Webhook(), Notify(), CommandStep(), Add()):
    register(_kind)

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
