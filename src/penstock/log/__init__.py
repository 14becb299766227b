"""The log: one immutable event per thing that happened, written with it; followers read it in order, exactly once."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.log.aside import setbacks
    from penstock.log.event import Event, Happening, Setback
    from penstock.log.follow import Follower, has_unread, having_news, read, step, take

__all__ = ["Event", "Follower", "Happening", "Setback", "has_unread", "having_news", "read", "setbacks", "step", "take"]

__getattr__ = lazily(__name__)
