"""When something that failed is tried again."""

import datetime as dt
import random
from collections.abc import Sequence

JITTER = 0.1


def retry_at(now: dt.datetime, failures: int, seconds: Sequence[float]) -> dt.datetime:
    """When the try after the `failures`-th failure is due: by the table, spread out so that not all come at once."""
    wait = seconds[min(failures, len(seconds)) - 1]
    return now + dt.timedelta(seconds=wait * random.uniform(1, 1 + JITTER))  # noqa: S311 # no secret
