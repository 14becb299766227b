"""What restoring a version reads beside entries and annotations."""

from typing import Any

from psycopg.sql import SQL

from penstock.datasets import diff_tables
from penstock.datasets.states import State
from penstock.store import Transaction


def metas(tx: Transaction, wanted: State) -> dict[int, dict[str, Any]]:
    """The metadata of a state's files, where they are others now."""
    query = SQL(
        "select d.file, coalesce(was.meta, '{{}}') from (select distinct file from file_meta"
        " where project = %(project)s and created_seq > %(seq)s) d"
        " left join file_meta was on was.project = %(project)s and was.file = d.file and was.created_seq <= %(seq)s"
        " and (was.retired_seq is null or was.retired_seq > %(seq)s)"
        " left join file_meta is_ on is_.project = %(project)s and is_.file = d.file and is_.retired_seq is null"
        " where {} and coalesce(was.meta, '{{}}') <> coalesce(is_.meta, '{{}}') order by d.file"
    ).format(diff_tables.holds(wanted, SQL("d.file")))
    return dict(tx.rows(query, seq=wanted.seq))
