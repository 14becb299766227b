"""What datasets do when files change."""

from collections.abc import Sequence

from penstock.datasets import census, live, live_tables, verbs
from penstock.log import Event, Follower, Happening
from penstock.store import Transaction

_DRAFTS = ("attempt.", "import.")
"""Kinds that tell of files, and of nothing yet that a query could ask."""
_OF_ALL = frozenset(
    {
        *("dataset.renamed", "dataset.archived", "dataset.unarchived", "dataset.merged", "dataset.restored"),
        *("schema.changed", "template.created", "template.changed", "template.archived"),
    }
)
"""Kinds that may change what any query finds."""
_OF_A_WHOLE = frozenset({"import.finished", "dataset.merged", "dataset.restored", "version.named"})
"""Kinds after which much of a dataset may be another."""


def _replace(tx: Transaction, happenings: Sequence[Happening]) -> None:
    verbs.replace(tx, [(h.body["replaces"], h.body["file"]) for h in happenings])


def _live_kinds(tx: Transaction) -> frozenset[str]:
    """Everything that is told of a file, by later rooms too; nothing where no live dataset is."""
    if not live_tables.is_any(tx):
        return frozenset()
    told = {kind for kind, event in Event.registry.items() if "file" in event.model_fields}
    return frozenset(kind for kind in told if not kind.startswith(_DRAFTS)) | _OF_ALL


def _follow(tx: Transaction, happenings: Sequence[Happening]) -> None:
    files = {h.body[field] for h in happenings for field in ("file", "replaces") if isinstance(h.body.get(field), int)}
    live.follow(tx, sorted(files), happenings[-1].seq)
    if any(h.kind in _OF_ALL for h in happenings):
        live.refresh_all(tx)


def _count(tx: Transaction, happenings: Sequence[Happening]) -> None:
    for dataset in sorted({h.body["dataset"] for h in happenings}):
        census.look(tx, dataset)


FOLLOWERS = [
    Follower("datasets.replace", frozenset({"file.replaced"}), _replace),
    Follower("datasets.live", _live_kinds, _follow),
    Follower("datasets.census", _OF_A_WHOLE, _count),
]
