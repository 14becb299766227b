"""Starts the embedded database while the rest of the program is still being imported: two cores, half the wait."""

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

from penstock.core import Refusal, Settings
from penstock.store import embedded

logger = logging.getLogger(__name__)

THREAD = "penstock database"  #: the name of the thread that does it


@contextmanager
def starting(settings: Settings) -> Generator[None]:
    """Have the database of this home up, or on its way, in this block. It stays up until the block is left.

    Whatever goes wrong is left to `open_store`, which meets it again and says it.
    """
    shares: list[embedded.Server] = []
    thread = threading.Thread(target=_start, args=(settings, shares), name=THREAD, daemon=True)
    if settings.database_url is None:
        thread.start()
    try:
        yield
    finally:
        if thread.ident is not None:
            thread.join()
        for share in shares:
            share.close()


def _start(settings: Settings, shares: list[embedded.Server]) -> None:
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        shares.append(embedded.start(settings.home))
    except (Refusal, OSError) as error:
        logger.info("the database isn't up early: %s", error)
