"""Letting people's calls go first, where cores are short. Where a system has no niceness of single threads, nothing."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

NICENESS = 10


def be_nice() -> None:
    """Let this thread, for good, have a core when others don't want it."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def nicely(call: Callable[[], None]) -> None:
    """Call on a thread of its own that is nice: who was nice can't go back."""
    with ThreadPoolExecutor(1, thread_name_prefix="penstock bulk", initializer=be_nice) as thread:
        thread.submit(call).result()
