"""Reading the files that a compiled query holds for: pages, counts and whole sets. The only place with their SQL.

A page by key is a walk: the files of a dataset lie in the order of their keys in an index, so the first page costs as
little as the last. Where few files are in, walking would never end; so after some thousands the whole set is made.
"""

from psycopg.sql import SQL, Composed, Literal

from penstock.datasets.query.compile import Condition
from penstock.datasets.query.relations import TRUE, live
from penstock.store import Transaction


def files(tx: Transaction, dataset: int | None, as_of: int | None, where: Condition | None) -> list[int]:
    """Every file that a condition holds for."""
    prepare(tx)
    found = SQL("select m.file from {} order by m.file").format(members(dataset, as_of, where))
    return tx.values(int, found, **(where.parameters if where else {}))


def count(tx: Transaction, dataset: int | None, as_of: int | None, where: Condition | None) -> int:
    """How many files a condition holds for."""
    prepare(tx)
    found = SQL("select count(*) from {}").format(members(dataset, as_of, where))
    return tx.value(int, found, **(where.parameters if where else {})) or 0


def members(dataset: int | None, as_of: int | None, where: Condition | None) -> Composed:
    """The files `m` that are asked about, as a table and its conditions."""
    held = TRUE if where is None else where.sql
    if dataset is None:
        return SQL("(select f.id as file, f.key from file f where f.project = %(project)s and {}) m where {}").format(
            live("f", as_of), held
        )
    return SQL("entry m where m.project = %(project)s and m.dataset = {} and {} and {}").format(
        Literal(dataset), live("m", as_of), held
    )


def prepare(tx: Transaction) -> None:
    """Let the planner see the values asked for, and join sets of a hundred thousand files in memory."""
    tx.run(
        "select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('work_mem', '64MB', true),"
        " set_config('jit', 'off', true)"
    )
