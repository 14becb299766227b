"""WebDataset: tar files whose members belong together by their names up to the first dot: `a.jpg` and `a.json`.

The JSON of a member is an item as in our own format, so nothing is lost. Of other sets `.cls` and `.txt` are tags, and
any other JSON is metadata. A single shard that was unpacked is read as well.
"""

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, cast

import msgspec

from penstock.annotations.geometry import UNREADABLE
from penstock.core import Invalid, Problem
from penstock.formats import declared
from penstock.formats.carries import EVERYTHING, split_named
from penstock.formats.model import BadItem, Chunk, Item, Look, Loss, Media, NamedAnnotation, Tree, is_name, without_nul
from penstock.formats.tree import ending, is_image
from penstock.formats.waiting import parted
from penstock.schema.model import Schema
from penstock.schema.wanted import WantedSchema

SHARD_BYTES = 512 << 20
SHARD_ITEMS = 10_000
LARGEST_MEMBER = 512 << 20
_ITEM = msgspec.json.Decoder(Item)
_ENCODE = msgspec.json.Encoder().encode
_BLOCK = 512


class WebDatasetInvalid(Invalid):
    """{path} is no shard of a WebDataset: {why}."""


class WebDatasetReading:
    """The shards of one set."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._shards = ending(tree.paths(), ".tar")
        self._declared, self._foreign, self._files = declared.read(tree)
        if not self._shards and not self._files:
            raise WebDatasetInvalid(path="the set", why="there is no .tar file in it")
        self._content: bytes | None = None
        self._whole = False

    def schema(self) -> WantedSchema:
        """What is declared beside the shards, else what occurs. Looks through every shard, so that none is cut off."""
        found = declared.occurring(self.items())
        return self._declared or found

    def foreign(self) -> dict[str, Any]:
        return self._foreign

    def used(self) -> frozenset[str]:
        texts = () if self._shards else ending(self.tree.paths(), ".json", ".cls", ".txt")
        return frozenset({*self._shards, *self._files, *texts})

    def content(self, item: Item) -> bytes | None:
        """The bytes of the item that came last."""
        return self._content

    def items(self) -> Iterator[Item | BadItem]:
        if self._shards:
            for path in self._shards:
                for name, sample in self._samples(path):
                    yield self._item(path, name, sample)
        else:
            yield from self._unpacked()
        self._content = None

    def _samples(self, path: str) -> Iterator[tuple[str, dict[str, bytes]]]:
        """The members of a shard that follow each other with the same name, by their endings."""
        before, sample = "", dict[str, bytes]()
        try:
            with closing(self.tree.open(path)) as stream, tarfile.open(fileobj=stream, mode="r|") as shard:
                for member in shard:
                    if not member.isfile():
                        continue
                    if member.size > LARGEST_MEMBER:
                        raise WebDatasetInvalid(path=path, why=f"{member.name!r} has {member.size:,} bytes")
                    name, suffix = _parts(member.name)
                    if name != before and sample:
                        yield before, sample
                        sample = {}
                    file = shard.extractfile(member)
                    before, sample[suffix] = name, file.read() if file else b""
                    if len(sample[suffix]) != member.size:
                        raise WebDatasetInvalid(path=path, why="it ends in the middle")
        except (tarfile.TarError, EOFError, OverflowError, ValueError) as error:
            raise WebDatasetInvalid(path=path, why=str(error)) from None
        if sample:
            yield before, sample

    def _item(self, path: str, name: str, sample: Mapping[str, bytes]) -> Item | BadItem:
        image = _image_of(sample)
        self._content = None if image is None else sample[image]
        where = f"{path}: {name}"
        try:
            return _item(f"{name}.{image}" if image else name, sample, path)
        except UNREADABLE as error:
            return BadItem(where, f"Its JSON can't be read: {error}.", "sample")

    def _unpacked(self) -> Iterator[Item | BadItem]:
        groups: dict[str, dict[str, str]] = {}
        for path in self.tree.paths():
            name, suffix = _parts(path)
            if path not in self._files:
                groups.setdefault(name, {})[suffix] = path
        for name, paths in groups.items():
            image = paths.get(_image_of(paths) or "")
            sample = {suffix: b"" if is_image(path) else self._bytes(path) for suffix, path in paths.items()}
            try:
                item = _item(image or name, sample, "")
            except UNREADABLE as error:
                yield BadItem(name, f"Its JSON can't be read: {error}.", "sample")
                continue
            item.media = image
            self._content = None
            yield item

    def _bytes(self, path: str) -> bytes:
        with closing(self.tree.open(path)) as stream:
            return stream.read(LARGEST_MEMBER)


def _parts(path: str) -> tuple[str, str]:
    """What a member belongs to, and its ending: the names up to the first dot of the last part."""
    folder, slash, last = path.removeprefix("./").rpartition("/")
    name, _, suffix = last.partition(".")
    return f"{folder}{slash}{name}", suffix.lower()


def _image_of(suffixes: Iterable[str]) -> str | None:
    """The ending of a sample's image: of `jpg` and `mask.png` the first, whose name is the shorter one."""
    return min((suffix for suffix in suffixes if is_image(f"a.{suffix}")), key=lambda one: one.count("."), default=None)


def _item(key: str, sample: Mapping[str, bytes], shard: str) -> Item:
    text = sample.get("json")
    found: Any = None if text is None else msgspec.json.decode(without_nul(text))
    if isinstance(found, dict) and "key" in found and "annotations" in found:
        item = _ITEM.decode(without_nul(text or b""))
        item.media, item.problems = None, []
        return item
    item = Item(key=key)
    if isinstance(found, dict):
        item.meta = {name: value for name, value in cast(dict[str, Any], found).items() if is_name(name)}
    elif found is not None:
        item.meta = {"json": found}
    last = shard.rpartition("/")[2]
    if split := next(
        (split for part in (*shard.split("/")[:-1], last.split("-")[0]) if (split := split_named(part))), None
    ):
        item.meta.setdefault("split", split)
    for suffix in (one for one in ("cls", "txt") if one in sample):
        text = sample[suffix].decode("utf-8", "replace").replace("\0", "\ufffd").strip()
        if is_name(text) and "\n" not in text and not item.annotations:
            item.annotations.append(NamedAnnotation(kind="tag", label=text, ordinal="0"))
        elif text:
            item.meta.setdefault(suffix, text)
    image = _image_of(sample)
    for suffix in sorted(sample.keys() - {"json", "cls", "txt", image}):
        item.problems.append(Problem(suffix[:200], f"Members that end in .{suffix[:60]} are not read.", "member"))
    return item


class WebDataset:
    """WebDataset shards."""

    name = page = "webdataset"
    title = "WebDataset"
    sign = "`.tar` files and nothing else beside `penstock.schema.json`; or that file alone beside images"
    carries = EVERYTHING

    def recognizes(self, look: Look) -> bool:
        shards = look.ending(".tar")
        others = [path for path in look.paths() if not path.lower().endswith((".tar", ".json", ".txt", ".md"))]
        if shards:
            return not others
        return any(path.rpartition("/")[2] == declared.FILE for path in look.paths()) and not look.ending(".parquet")

    def read(self, tree: Tree) -> WebDatasetReading:
        return WebDatasetReading(tree)

    def media_path(self, item: Item) -> str:
        return f"media/{item.key}"

    def write(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        yield from self._write(items, schema, foreign, None)

    def write_with(
        self, items: Iterable[Item], schema: Schema, loss: Loss, foreign: Mapping[str, Any] | None, media: Media
    ) -> Iterator[Chunk]:
        """Shards that hold the media."""
        yield from self._write(items, schema, foreign, media)

    def _write(
        self, items: Iterable[Item], schema: Schema, foreign: Mapping[str, Any] | None, media: Media | None
    ) -> Iterator[Chunk]:
        """The training part at once; the others wait in a temporary file, since one file is written after the other."""
        yield Chunk(declared.FILE, declared.text(schema, foreign))
        for split, part in parted(items):
            yield from _shards(split, part, media)


def _shards(split: str, items: Iterable[Item], media: Media | None) -> Iterator[Chunk]:
    number, size, count = 0, 0, 0
    names: dict[str, int] = {}
    for item in items:
        if count and (count >= SHARD_ITEMS or size >= SHARD_BYTES):
            yield Chunk(_shard(split, number), bytes(2 * _BLOCK))
            number, size, count = number + 1, 0, 0
            names.clear()
        for data in _sample(item, names, media):
            size += len(data)
            yield Chunk(_shard(split, number), data)
        count += 1
    if count:
        yield Chunk(_shard(split, number), bytes(2 * _BLOCK))


def _shard(split: str, number: int) -> str:
    return f"{split}-{number:06d}.tar"


def _sample(item: Item, names: dict[str, int], media: Media | None) -> Iterator[bytes]:
    folder, slash, last = item.key.rpartition("/")
    stem, _, suffix = last.rpartition(".")
    name = f"{folder.replace('.', '_')}{slash}{(stem or last).replace('.', '_')}"
    names[name] = names.get(name, 0) + 1
    name = name if names[name] == 1 else f"{name}_{names[name]}"
    if media is not None:
        length = media.size(item)
        yield _header(f"{name}.{suffix.lower() or 'bin'}", length)
        yield from media.chunks(item)
        yield bytes(-length % _BLOCK)
    text = _ENCODE(item)
    yield _header(f"{name}.json", len(text)) + text + bytes(-len(text) % _BLOCK)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.PAX_FORMAT)
