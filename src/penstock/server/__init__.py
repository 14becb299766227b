"""The server: assembles what the rooms offer, and keeps a worker beside itself. No rule of the domain lives here."""

from typing import TYPE_CHECKING

from penstock.lazy import lazily

if TYPE_CHECKING:
    from penstock.server.app import create_app
    from penstock.server.trust import local_secret

__all__ = ["create_app", "local_secret"]

__getattr__ = lazily(__name__)
