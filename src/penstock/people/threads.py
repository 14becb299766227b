"""The threads in which calls do what waits for the database or the disk, so that the event loop goes on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_MOST = 40
_threads = ThreadPoolExecutor(_MOST, thread_name_prefix="penstock call")


async def on_thread(call: Callable[[], T]) -> T:
    """What a call gives, or raises. The framework's own way there and back takes twice the processor time."""
    return await asyncio.get_running_loop().run_in_executor(_threads, call)
