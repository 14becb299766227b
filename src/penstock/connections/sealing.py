"""Sealing secrets: AES-256-GCM under the installation's key, bound to the row and field that they belong to.

A sealed secret copied into another row, field or project doesn't open there.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from penstock.core import Unavailable

_NONCE_BYTES = 12


class SecretLocked(Unavailable):
    """The secret `{field}` of this connection can't be opened: the key in the home folder is not the one it was sealed
    with. Bring back that key file, or set the secret anew."""


def seal(key: bytes, secret: str, project: int, connection: int, field: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), _place(project, connection, field))
    return base64.b64encode(nonce + sealed).decode()


def unseal(key: bytes, sealed: str, project: int, connection: int, field: str) -> str:
    """The secret. Raises SecretLocked when it was sealed with another key, for another place, or was tampered with."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _place(project, connection, field)).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise SecretLocked(field=field) from error


def _place(project: int, connection: int, field: str) -> bytes:
    return f"penstock:connection:{project}:{connection}:{field}".encode()
