"""What datasets do when files change."""

from collections.abc import Sequence

from penstock.datasets import verbs
from penstock.log import Follower, Happening
from penstock.store import Transaction


def _replace(tx: Transaction, happenings: Sequence[Happening]) -> None:
    verbs.replace(tx, [(h.body["replaces"], h.body["file"]) for h in happenings])


FOLLOWERS = [Follower("datasets.replace", frozenset({"file.replaced"}), _replace)]
