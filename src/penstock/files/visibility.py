"""Who else than admins, editors and viewers may see a file: later rooms add what they know, such as its tasks."""

from collections.abc import Callable

from penstock.store import Transaction

visible_to: list[Callable[[Transaction, int, int], bool]] = []
"""Asked with a file and a person; one yes is enough. Filled by the engine."""
