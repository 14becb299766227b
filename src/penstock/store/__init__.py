"""Durable things: the database, one transaction per verb; migrations; the bytes of media."""

from penstock.store.db import Database, set_offset
from penstock.store.store import Store
from penstock.store.store import open_store as open
from penstock.store.transaction import SEQ, Transaction, horizon, reach

__all__ = ["SEQ", "Database", "Store", "Transaction", "horizon", "open", "reach", "set_offset"]
