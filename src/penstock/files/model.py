"""Files, what is asked of them and what is found in them. Values, pure."""

import re
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import AfterValidator, Field

from penstock.core import Value
from penstock.core.ids import FileId

Media = Literal["image"]
State = Literal["processing", "ready", "failed"]
Outcome = Literal["new", "same", "duplicate", "replaced", "skipped"]
Duplicates = Literal["keep", "skip"]
MetaSource = Literal["person", "import"]

LONGEST_KEY_BYTES = 1024
"""As in S3; PostgreSQL can't index much more (2,704)."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def key_fault(key: str) -> str | None:
    """Why a text can't be a file's key; None when it can."""
    if not key:
        return "a key can't be empty"
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return "the key is not valid Unicode"
    if length > LONGEST_KEY_BYTES:
        return f"a key may have {LONGEST_KEY_BYTES} bytes in UTF-8, this one has {length:,}"
    if bad := _CONTROL.search(key):
        return f"a key can't hold the control character {bad.group()!r}"
    return None


def _checked_key(key: str) -> str:
    if fault := key_fault(key):
        raise ValueError(fault)
    return key


Key = Annotated[str, AfterValidator(_checked_key)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Meta = dict[str, Any]


def _finite(meta: Meta) -> Meta:
    """Refuse what JSON has no word for, which would be kept as null."""
    left: list[Any] = [meta]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += cast(Meta, one).values()
        elif isinstance(one, list):
            left += cast(list[Any], one)
        elif isinstance(one, float) and not isfinite(one):
            raise ValueError(f"{one} is no number of JSON")
    return meta


class Location(Value):
    """Where bytes are that were not copied."""

    uri: str
    etag: str | None = None


class Probe(Value):
    """What a look into the content found. Width and height are upright, with the camera's rotation applied."""

    media: Media
    mime: str
    width: int
    height: int
    duration: float | None = None
    frames: int | None = None
    look: int | None = None
    """64 bits that are nearly the same for pictures that look nearly the same; signed, as databases have it."""


class NewFile(Value):
    """A file to register, its bytes being in the blob store."""

    key: Key
    hash: Hash
    bytes: int = Field(ge=0)
    meta: Meta | None = None
    """None leaves the metadata of a known file as they are."""
    foreign: dict[str, Any] = {}
    location: Location | None = None
    probe: Probe | None = None
    """What was found already; without it the file is `processing` until the job has looked."""
    duplicates: Duplicates = "keep"
    meta_source: MetaSource = "person"


class File(Value):
    """One piece of media under a key."""

    id: FileId
    key: str
    hash: str
    bytes: int
    media: Media | None
    """None while processing."""
    mime: str | None
    width: int | None
    """Upright, in pixels."""
    height: int | None
    duration: float | None
    frames: int | None
    state: State
    reason: str | None
    """Why it failed, in words."""
    replaces: FileId | None
    """The file that had this key before."""
    meta: Meta
    foreign: dict[str, Any]
    created_seq: int
    retired_seq: int | None
    """The revision at which another file took its key."""

    @property
    def is_ready(self) -> bool:
        return self.state == "ready" and self.retired_seq is None


class Standing(NamedTuple):
    """How it stands with a file."""

    state: State
    is_replaced: bool
    width: int | None
    height: int | None

    @property
    def size(self) -> tuple[int, int] | None:
        return (self.width, self.height) if self.width and self.height else None


class Registered(Value):
    """What became of a file that was registered."""

    file: FileId
    key: str
    outcome: Outcome
    """`new`; `same`: known with these bytes; `duplicate`: new, with bytes that another key has too; `replaced`: new,
    in place of the file that had this key; `skipped`: not made, because another key has these bytes."""
    duplicate_of: FileId | None = None
    replaces: FileId | None = None
    state: State

    @property
    def is_new(self) -> bool:
        return self.outcome in ("new", "duplicate", "replaced")


class Described(Value):
    """Metadata to give a file, in place of what it has."""

    meta: Annotated[Meta, AfterValidator(_finite)]


class Upload(Value):
    """Bytes that were sent for an import."""

    id: int
    name: str
    hash: str
    bytes: int
