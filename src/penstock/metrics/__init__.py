"""How far the work is, who did what, and how good it was. Counted from the log, so exact and without hot rows."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.metrics.model import Armed, Mark, Progress
    from penstock.metrics.verbs import arm, disarm, progress, rearm

__all__ = ["Armed", "Mark", "Progress", "arm", "disarm", "progress", "rearm"]

__getattr__ = lazily(__name__)
