"""The spine: every table of the first release, the job queue's own, and one file per room."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    raw = op.get_bind().connection.driver_connection
    assert raw is not None
    raw.execute(SchemaManager.get_schema())
    for file in sorted(SQL.glob("[0-9]*.sql")):
        raw.execute(file.read_text())
