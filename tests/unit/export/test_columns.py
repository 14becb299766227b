"""What is read in columns is written as the same objects are: the same bytes, the same counts of what is lost."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from penstock import datasets, files, schema
from penstock.annotations import branches, geometry, rle, rows
from penstock.annotations.model import Annotation, Delete, holder_id
from penstock.datasets import Dataset, forks, versions
from penstock.export import Export
from penstock.export.columns import Columned, Columns
from penstock.files import NewFile, Probe
from penstock.formats.coco_shapes import fingerprint
from penstock.schema import Schema, WantedSchema
from penstock.schema.model import Kind
from penstock.store import Store, Transaction
from unit.export.conftest import PERSON

MOODS = ("as read", "as read", "as read but one", "boxes", "anything")
KINDS: tuple[Kind, ...] = (
    "box", "polygon", "mask", "rotated_box", "ellipse", "polyline", "point", "keypoints", "tag"
)  # fmt: skip
LABELS = {"labels": {"car": {}, "bus & <tram>": {}, "old": {"skeleton": {"points": ["nose", "tail"]}}}}


class Drawing:
    """Draws files by chance, always the same ones."""

    def __init__(self, schema: Schema) -> None:
        self.random = random.Random(5)
        self.schema = schema

    def number(self) -> float:
        return self.random.choice([float(self.random.randrange(40)), self.random.uniform(0, 40), 1e-6])

    def shape(self, kind: Kind) -> Any:
        some = [self.number() for _ in range(6)]
        sized = [*some[:2], *(one + 0.5 for one in some[2:4])]
        match kind:
            case "polygon":
                rings = [[self.number() for _ in range(8)] for _ in range(self.random.choice([1, 1, 1, 2]))]
                if self.random.random() < 0.05:  # a line: no box is around it
                    rings = [[3.5, 1.0, 3.5, 2.0, 3.5, 4.0]]
                return [rings] if self.random.random() < 0.1 else [[ring] for ring in rings]
            case "mask":
                return rle.Mask((48, 64), rle.compress([10, 30, 48 * 64 - 40]))
            case "rotated_box" | "ellipse":
                return [*sized, 30.0]
            case "keypoints":
                return [*some[:2], 2.0, *some[2:4], 1.0]
            case "tag":
                return None
            case _:
                return {"box": sized, "polyline": some, "point": some[:2]}[kind]

    def said(self, text: bytes) -> dict[str, Any]:
        """What COCO said of a polygon; sometimes not quite what is usual."""
        chance = self.random
        kept: dict[str, Any] = {"id": chance.randrange(3000)}
        kept |= {"area": chance.choice([12.5, 3, 1e-7, 2e17, 0.1 + 0.2]), "bbox": [1, 2.5, 1e-5, 4.0]}
        if chance.random() < 0.02:
            kept |= chance.choice([{"iscrowd": 1}, {"area": {"of": "x"}}, {"bbox": [[[1]], [[2]]]}, {"note": '"'}])
        kept["of"] = fingerprint(text)
        odd = [{"id": "7"}, {"id": 1.0}, {"id": -1}, {"id": 2**60}, {"of": "0"}, {"note": [1]}, {"area": None}]
        return {"coco": kept | (chance.choice(odd) if chance.random() < 0.04 else {})}

    def annotation(self, kind: Kind, *, as_read: bool = False, odd: bool = False) -> Annotation:
        chance = self.random
        text = geometry.canonical(geometry.check(kind, self.shape(kind)))
        label = self.schema.label_named(chance.choice(["car", "bus & <tram>", *(["old"] if odd else [])])).id
        made: dict[str, Any] = {"kind": kind, "geometry": text, "label": label, "source": "import"}
        if as_read:
            made["foreign"] = self.said(bytes(text))
        elif chance.random() < 0.5:
            made |= chance.choice([{"source": "model", "confidence": 0.5}, {"group": 'a "b"'}, {"at": {"frame": 3}}])
        if odd:
            made["attributes"] = {str(self.schema.attributes[0].id): True}
            made["foreign"] = chance.choice([{}, {"attributes": {"x": 1}}, {"voc": {"pose": "Left"}}])
        return Annotation(id=UUID(int=chance.getrandbits(128)), **made)

    def file(self, file: int, mood: str) -> list[Annotation]:
        chance = self.random
        if mood == "boxes":
            return [self.annotation(chance.choice(KINDS[:5])) for _ in range(4)]
        if mood == "upright":
            said = [{}, {}, {"attributes": {"x": 1}}, {"voc": {"pose": "Left"}}, {"panoptic": {"iscrowd": 1}}]
            said += [{"coco": {"id": 1 + file * 7}}]
            plain = {"source": "person", "confidence": None, "group": None, "at": None}
            told = {} if chance.random() < 0.1 else plain
            kept = said if chance.random() < 0.3 else said[:1]
            return [
                msgspec.structs.replace(self.annotation("box"), **told, foreign=chance.choice(kept))
                for _ in range(chance.randrange(1, 5))
            ]
        if mood == "anything":
            held = {str(self.schema.attributes[1].id): "wet"}
            own = Annotation(id=holder_id(file), kind="tag", attributes=held, source="import")
            found = [self.annotation(kind, odd=chance.random() < 0.3) for kind in KINDS]
            return [own, *found] if chance.random() < 0.5 else found
        found = [self.annotation("polygon", as_read=True) for _ in range(5)]
        return [*found, self.annotation("polygon", odd=True)] if mood.endswith("one") else found


@pytest.fixture
def drawn(store: Store, project: int, request: pytest.FixtureRequest) -> Dataset:
    """A dataset of files of all moods, or of those asked for."""
    moods = getattr(request, "param", MOODS)
    asked = {"attributes": {"occluded": {"kind": "checkbox"}, "road": {"kind": "text", "per": "file"}}}
    wanted = WantedSchema.model_validate({**LABELS, **asked})
    made = store.db.perform(lambda tx: schema.extend(tx, wanted), project)
    drawing = Drawing(made)

    def fill(tx: Transaction) -> Dataset:
        news: list[NewFile] = []
        for n in range(40):
            probe = Probe(media="image", mime="image/png", width=64 * (n % 10 > 0), height=48 * (n % 10 > 0))
            meta = {"split": ("train", "val", "odd")[n % 3]} if n % 4 else None
            foreign = {"coco": {"id": n % 17, "license": n}} if n % 5 else {}
            new = NewFile(key=f"train/{n:02}.png", hash=f"{n:064x}", bytes=1, probe=probe, meta=meta, foreign=foreign)
            news.append(new)
        added = [one.file for one in files.register_many(tx, news)]
        for n, file in enumerate(added):
            rows.import_file(tx, branches.main(tx), file, drawing.file(file, moods[n % len(moods)]))
        dataset = datasets.create(tx, "drawn")
        datasets.add(tx, dataset.id, added, PERSON)
        return dataset

    dataset = store.db.perform(fill, project)
    kept = WantedSchema.model_validate({"labels": {name: {} for name in list(LABELS["labels"])[:2]}, **asked})
    store.db.perform(lambda tx: schema.replace(tx, kept, prune=True), project)
    return dataset


@pytest.fixture
def forked(store: Store, project: int, drawn: Dataset) -> Dataset:
    """A fork of it, where an annotation is gone."""
    fork = forks.fork(store.db, project, f"dataset:{drawn.id}", "mine")

    def prune(tx: Transaction) -> None:
        file = datasets.entries(tx, drawn.id, limit=1).items[0].file
        rows.edit(tx, file, [Delete(id=rows.read(tx, fork.branch, file)[0].id)], fork.branch)

    store.db.perform(prune, project)
    return fork


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("drawn", "formats"),
    [(MOODS, ("coco", "yolo", "darknet", "voc")), (("upright",), ("coco",))],
    ids=["all moods", "boxes"],
    indirect=["drawn"],
)
def test_columns_are_written_as_the_same_objects(
    store: Store,
    project: int,
    drawn: Dataset,
    forked: Dataset,
    formats: Sequence[str],
    folder: Path,
    export: Callable[..., Export],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = Columned.read
    seen: list[Columns | None] = []

    def watched(self: Columned, tx: Transaction, some: Sequence[int]) -> dict[int, Columns | None]:
        found = read(self, tx, some)
        seen.extend(found.values())
        return found

    now = versions.settled(store.db, project)
    for format in formats:
        for dataset in (drawn, forked):
            asked = {"dataset": dataset.id, "as_of": now, "format": format}
            made: list[tuple[Any, ...]] = []
            for name, way in (("columns", watched), ("objects", lambda self, tx, some: dict.fromkeys(some))):
                monkeypatch.setattr(Columned, "read", way)
                path = f"{format}-{dataset.id}-{name}"
                done = export(**asked, media="none", to={"folder": str(folder), "path": path})
                assert done.state == "ready", done.reason
                made.append((done.files, done.annotations, done.losses, written(folder / path)))
            assert made[0] == made[1]
            counts = (sum(found is not None for found in seen), sum(found is None for found in seen))
            assert min(counts) > 4, "both ways were gone"
            seen.clear()
