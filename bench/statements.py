"""The cost of one statement through SQLAlchemy Core and through psycopg alone: the figures of decision 0001.

Run it with `python -m bench.statements`. Both sides talk to the same embedded PostgreSQL over the same socket, take
turns, and end with the same typed value. Medians in microseconds.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import sqlalchemy as sa
from psycopg.rows import class_row
from sqlalchemy.dialects import postgresql

from penstock.store import embedded

ROUNDS = 1000

TABLE = sa.Table(
    "annotation",
    sa.MetaData(),
    sa.Column("id", postgresql.UUID(as_uuid=True), primary_key=True),
    sa.Column("file", sa.BigInteger),
    sa.Column("label", sa.Integer),
    sa.Column("kind", sa.Text),
    sa.Column("x", sa.Float),
    sa.Column("y", sa.Float),
    sa.Column("w", sa.Float),
    sa.Column("h", sa.Float),
    sa.Column("geometry", sa.Text),
    sa.Column("created_seq", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    file: int
    label: int
    kind: str
    x: float
    y: float
    w: float
    h: float
    geometry: str
    created_seq: int


READ = "select id, file, label, kind, x, y, w, h, geometry, created_seq from annotation where id = %(id)s"
ADD = (
    "insert into annotation (id, file, label, kind, x, y, w, h, geometry, created_seq) values"
    " (%(id)s, %(file)s, %(label)s, %(kind)s, %(x)s, %(y)s, %(w)s, %(h)s, %(geometry)s, %(created_seq)s)"
)


def row() -> dict[str, object]:
    box = {"x": 1.5, "y": 2.5, "w": 30.0, "h": 40.0}
    return {
        "id": uuid4(),
        "file": 7,
        "label": 3,
        "kind": "box",
        **box,
        "geometry": "[1.5,2.5,30,40]",
        "created_seq": 99,
    }


def measure(sides: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median microseconds of each side; they take turns so that a slow moment hits all."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(ROUNDS + 200):
        for name, run in sides.items():
            start = time.perf_counter()
            run()
            if turn >= 200:
                taken[name].append((time.perf_counter() - start) * 1e6)
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        server = embedded.start(home)
        raw = psycopg.connect(server.dsn)
        engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(server.dsn))
        TABLE.create(engine)
        core = engine.connect()
        known = row()
        raw.execute(ADD, known)
        raw.commit()
        select = sa.select(TABLE).where(TABLE.c.id == sa.bindparam("key"))
        insert = TABLE.insert()
        typed = raw.cursor(row_factory=class_row(Row))
        plain = raw.cursor()
        print(f"{'statement':24}{'psycopg':>12}{'Core':>12}{'ratio':>8}")
        for what, sides in {
            "read one, typed": {
                "psycopg": lambda: typed.execute(READ, {"id": known["id"]}).fetchone(),
                "Core": lambda: Row(*core.execute(select, {"key": known["id"]}).one()),
            },
            "insert one": {
                "psycopg": lambda: plain.execute(ADD, row()),
                "Core": lambda: core.execute(insert, row()),
            },
            "insert twenty": {
                "psycopg": lambda: plain.executemany(ADD, [row() for _ in range(20)]),
                "Core": lambda: core.execute(insert, [row() for _ in range(20)]),
            },
        }.items():
            found = measure(sides)
            ours, theirs = found["psycopg"], found["Core"]
            print(f"{what:24}{ours:9.0f} us{theirs:9.0f} us{theirs / ours:8.1f}")
        core.close()
        engine.dispose()
        raw.close()
        server.close()
        embedded.erase(home)


if __name__ == "__main__":
    main()
