"""The one lock of applying: every row that a pipeline can change, before anything is drawn or written."""

from typing import LiteralString

from penstock.store import Transaction

_LOCKS: tuple[LiteralString, ...] = (
    "select 1 from project where id = %(project)s for no key update",
    "select 1 from schema_head where project = %(project)s for no key update",
    "select 1 from connection where project = %(project)s order by id for no key update",
    "select 1 from member where project = %(project)s order by person for no key update",
    "select 1 from team where project = %(project)s order by id for no key update",
    "select 1 from dataset where project = %(project)s order by id for no key update",
    "select 1 from template where project = %(project)s order by id for no key update",
    "select 1 from action where project = %(project)s order by id for no key update",
    "select 1 from progress_mark where project = %(project)s order by template, subscriber for no key update",
)


def hold_everything(tx: Transaction) -> None:
    """Lock it all. From here on the verbs of this transaction may ask for their locks after the seq was drawn."""
    tx.before_seq()
    for lock in _LOCKS:
        tx.run(lock)
    tx.holds_all()
