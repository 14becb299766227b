"""Signing webhooks by the Standard Webhooks rules: id, timestamp, `v1` HMAC-SHA256. https://www.standardwebhooks.com"""

import base64
import datetime as dt
import secrets

from standardwebhooks import Webhook

from penstock.core import Invalid


class SecretMalformed(Invalid):
    """A webhook secret is `whsec_` and the base64 of 24 to 64 bytes. Leave it out, and one is made."""


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_secret(secret: str) -> str:
    """The secret, if it is one. Raises SecretMalformed."""
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise SecretMalformed from error
    if not (secret.startswith("whsec_") and 24 <= len(raw) <= 64):
        raise SecretMalformed
    return secret


def sign(keys: list[str], id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """The headers of one delivery try. With several secrets (while one is being replaced) it is signed by each.

    `id` stays the same on every try. Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a signature's time needs a zone")
    utc = at.astimezone(dt.UTC)  # `Webhook.sign` takes the wall time of any zone for UTC
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(utc.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(id, utc, body.decode()) for secret in keys),
    }
