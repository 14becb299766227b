"""The secret that makes its holder the installation's owner for as long as one server lives.

It goes into a file that only the server's OS user can read, so whoever owns the home folder needs no token.
"""

import secrets

from fastapi import FastAPI

from penstock.people.sign_in import first_admin
from penstock.people.standing import Standings
from penstock.store import Store


def local_secret(app: FastAPI) -> str:
    """A new secret for this app. It is kept in the process alone; the first call makes the installation's owner."""
    store: Store = app.state.store
    standings: Standings = app.state.standings
    secret = secrets.token_urlsafe(32)
    standings.trust(secret, store.db.perform(first_admin, 0))
    return secret
