"""Random secrets and their hashes. The database never sees a secret itself.

Links, sessions and tokens are 32 random bytes, so a plain SHA-256 is enough; passwords are argon2id.
"""

import hashlib
import hmac
import secrets
import threading

import argon2

SESSION = "pss_"
TOKEN = "pst_"
LINK = "psl_"
INVITE = "psi_"

_hasher = argon2.PasswordHasher()
_turns = threading.BoundedSemaphore(2)  # each hash takes 64 MB and tens of milliseconds of one core
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$BqVQd6GOaiFmmmMu+Cz6sw$w+torM3sqEo/nnRIegq5F6ha6omjbwBwsrywOcQarbU"


def new(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def csrf(session: str) -> str:
    """The token that changing calls of this session must repeat. Derived, so it needs no row and dies with it."""
    return hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def hash_password(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


def password_fits(password: str, hashed: str | None) -> bool:
    """Whether the password is right. Takes as long for somebody unknown, so that timing tells nothing."""
    with _turns:
        try:
            return _hasher.verify(hashed or _NOBODY, password) and hashed is not None
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
