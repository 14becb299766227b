"""Answers to POSTs that carried an `Idempotency-Key`: the same key and request get the same answer, once done.

The key's row and the work commit together, so a key that is stored was acted on, and one that isn't was not.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic_core import to_json

from penstock.core import Invalid
from penstock.core.values import ShownOnce
from penstock.store import Transaction

T = TypeVar("T")


class KeyReused(Invalid):
    """The Idempotency-Key {key!r} came with another request before. Use a new key for each different request."""


class KeyUnusable(Invalid):
    """An Idempotency-Key has 1 to 255 printable ASCII characters."""


class Replayed(Exception):
    """The request was done before; this is its answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Once:
    """One request that must not be done twice."""

    key: str
    request: bytes  #: what identifies the request: SHA-256 of method, path and body
    status: int  #: the answer's status when it is done


def once(key: str, method: str, path: str, body: bytes, status: int) -> Once:
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise KeyUnusable
    digest = hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
    return Once(key=key, request=digest, status=status)


def wrap(verb: Callable[[Transaction], T], request: Once) -> Callable[[Transaction], T]:
    """The verb, done at most once for this request. Raises Replayed with the first answer, KeyReused.

    A second request that comes while the first is at work waits for it.
    """

    def guarded(tx: Transaction) -> T:
        _open(tx, request)
        result = verb(tx)
        tx.run(
            "update answered set status = %(status)s, body = %(body)s"
            " where project = %(project)s and person = %(person)s and key = %(key)s",
            person=tx.actor or 0,
            key=request.key,
            status=request.status,
            body=to_json(result.without_secrets() if isinstance(result, ShownOnce) else result).decode(),
        )
        return result

    return guarded


@dataclass(frozen=True, slots=True)
class _Row:
    request: bytes
    status: int
    body: str


def _open(tx: Transaction, request: Once) -> None:
    identity: dict[str, Any] = {"person": tx.actor or 0, "key": request.key}
    if tx.run(
        "insert into answered (project, person, key, request)"
        " values (%(project)s, %(person)s, %(key)s, %(request)s) on conflict do nothing",
        request=request.request,
        **identity,
    ):
        return
    before = tx.one(
        _Row,
        "select request, status, body from answered"
        " where project = %(project)s and person = %(person)s and key = %(key)s",
        **identity,
    )
    if before.request != request.request:
        raise KeyReused(key=request.key)
    raise Replayed(before.status, before.body.encode())
