"""Predictions: what models say of files, on branches of their own beside the truth."""

from collections.abc import Sequence

import msgspec

from penstock import schema as schemas
from penstock.annotations import branches, checks, tables
from penstock.annotations.events import PredictionsChanged
from penstock.annotations.model import Annotation, ChangesInvalid
from penstock.core import Problem
from penstock.store import Transaction


def predict(tx: Transaction, name: str, file: int, predicted: Sequence[Annotation]) -> list[Annotation]:
    """Make the predictions of that name for a file these: what isn't named any more is taken back, as new history.

    Each needs a confidence; its source becomes `model`. Safe to repeat. Writes `predictions.changed` when anything did.
    Raises ChangesInvalid.
    """
    schema = schemas.current(tx)
    problems: list[Problem] = []
    wanted: dict[object, Annotation] = {}
    for n, one in enumerate(predicted):
        kept, found = checks.admit(one, schema, f"[{n}]")
        problems += found
        if one.confidence is None:
            problems.append(Problem(f"[{n}].confidence", "A prediction needs a confidence.", "confidence-missing"))
        wanted[one.id] = msgspec.structs.replace(kept, source="model", author=tx.actor)
    if problems:
        raise ChangesInvalid(count=len(problems), errors=problems)
    branch = branches.predictions(tx, name)
    tables.lock_files(tx, [file])
    before = tables.select_own(tx, branch, file)
    changed = [a for a in wanted.values() if before.get(a.id) != a]
    dropped = [a for id, a in before.items() if a is not None and id not in wanted]
    if changed or dropped:
        replaced = [a for c in changed if (a := before.get(c.id)) is not None]
        tables.retire(tx, branch, file, [a.id for a in [*dropped, *replaced]])
        tables.insert(tx, branch, file, changed, "import")
        tables.count_labels(tx, branch, tables.tally(file, changed, [*dropped, *replaced]))
        tx.append(PredictionsChanged(file=file, branch=branch, name=name, put=len(changed), dropped=len(dropped)))
    return list(wanted.values())
