"""The table of tasks: the only SQL about them, apart from the queue's."""

from collections.abc import Collection, Sequence
from typing import LiteralString, NamedTuple

from penstock.store import SEQ, Transaction
from penstock.tasks.model import NewNote, Note, Status, Task

COLUMNS: LiteralString = (
    "t.id, t.template, t.file, t.branch, t.dataset, t.round, t.status, t.priority, t.holder, t.attempt, t.author,"
    " t.authored, t.reviewer, t.reserved_by, t.reserved_until, t.move_from, t.reason, t.created_seq, t.done_seq"
)
_SELECT: LiteralString = "select " + COLUMNS + " from task t where t.project = %(project)s"


def select(tx: Transaction, task: int) -> Task | None:
    return tx.maybe(Task, _SELECT + " and t.id = %(task)s", task=task)


def lock(tx: Transaction, task: int) -> Task | None:
    found = tx.lock(Task, _SELECT + " and t.id = %(task)s for no key update", task=task)
    return found[0] if found else None


def lock_many(tx: Transaction, tasks: Collection[int]) -> list[Task]:
    return tx.lock(Task, _SELECT + " and t.id = any(%(tasks)s) order by t.id for no key update", tasks=sorted(tasks))


class Surroundings(NamedTuple):
    """What else there is around a task that is being finished, with its file locked."""

    width: int | None
    height: int | None
    schema_version: int
    has_earlier: bool  #: tasks of other templates were done on the file before
    has_move: bool  #: a route wants the file to leave the task's dataset


def surroundings(tx: Transaction, task: Task) -> Surroundings:
    return tx.one(
        Surroundings,
        "select f.width, f.height,"
        " coalesce((select version from schema_head where project = %(project)s), 0) as schema_version,"
        " exists (select from task o where o.project = %(project)s and o.file = %(file)s and o.branch = %(branch)s"
        " and o.template <> %(template)s and o.status = 'done') as has_earlier,"
        " exists (select from task o where o.project = %(project)s and o.file = %(file)s and o.dataset = %(dataset)s"
        " and o.move_from) as has_move"
        " from file f where f.project = %(project)s and f.id = %(file)s",
        file=task.file,
        branch=task.branch,
        template=task.template,
        dataset=task.dataset,
    )


def lock_of_attempt(tx: Transaction, attempt: int, who: int) -> Task | None:
    """The task of somebody's attempt, locked."""
    found = tx.lock(
        Task,
        _SELECT + " and t.id = (select task from attempt where project = %(project)s and id = %(attempt)s"
        " and who = %(who)s) for no key update",
        attempt=attempt,
        who=who,
    )
    return found[0] if found else None


def page(
    tx: Transaction,
    after: int,
    limit: int,
    templates: Collection[int] | None,
    status: str | None,
    file: int | None,
    author: int | None,
) -> list[Task]:
    return tx.all(
        Task,
        _SELECT + " and t.id > %(after)s and (%(templates)s::bigint[] is null or t.template = any(%(templates)s))"
        " and (%(status)s::text is null or t.status = %(status)s) and (%(file)s::bigint is null or t.file = %(file)s)"
        " and (%(author)s::int is null or t.author = %(author)s)"
        " order by t.id limit %(limit)s",
        after=after,
        limit=limit,
        templates=None if templates is None else list(templates),
        status=status,
        file=file,
        author=author,
    )


def of_file(tx: Transaction, file: int, branch: int) -> list[Task]:
    return tx.all(
        Task, _SELECT + " and t.file = %(file)s and t.branch = %(branch)s order by t.id", file=file, branch=branch
    )


def unclaimed_outside(tx: Transaction, datasets: Sequence[int], files: Sequence[int]) -> list[int]:
    """Open tasks that (dataset, file) pairs which are no more gave cause to, and nothing else does: the file is neither
    in the dataset they came from nor in another that their template watches.
    """
    return tx.values(
        int,
        "select distinct t.id from unnest(%(datasets)s::bigint[], %(files)s::bigint[]) as i(dataset, file)"
        " join task t on t.project = %(project)s and t.file = i.file and t.status = 'open'"
        " where (t.dataset = i.dataset or exists (select from template_watch w where w.project = t.project"
        " and w.dataset = i.dataset and w.template = t.template))"
        " and not exists (select from entry e where e.project = t.project and e.file = t.file"
        " and e.retired_seq is null and (e.dataset = t.dataset or exists (select from template_watch w"
        " where w.project = e.project and w.dataset = e.dataset and w.template = t.template)))",
        datasets=list(datasets),
        files=list(files),
    )


def insert(tx: Transaction, wanted: Sequence[tuple[int, int, int, int, int, int]]) -> list[Task]:
    """New open tasks from (template, branch, dataset, file, priority, round), those that weren't there yet."""
    columns = list(zip(*wanted, strict=True)) or [()] * 6
    return tx.all(
        Task,
        "insert into task as t (project, template, branch, dataset, file, priority, round, status, created_seq, at)"
        " select %(project)s, i.template, i.branch, i.dataset, i.file, i.priority, i.round, 'open', %(seq)s, moment()"
        " from unnest(%(templates)s::bigint[], %(branches)s::bigint[], %(datasets)s::bigint[], %(files)s::bigint[],"
        " %(priorities)s::int[], %(rounds)s::int[])"
        " with ordinality as i(template, branch, dataset, file, priority, round, n)"
        " order by i.n on conflict do nothing returning " + COLUMNS,
        templates=list(columns[0]),
        branches=list(columns[1]),
        datasets=list(columns[2]),
        files=list(columns[3]),
        priorities=list(columns[4]),
        rounds=list(columns[5]),
        seq=tx.seq,
    )


def set_status(tx: Transaction, tasks: Collection[int], status: Status, reason: str | None = None) -> None:
    """Change the status of tasks that nobody holds any more."""
    tx.post(
        "update task set status = %(status)s, holder = null, attempt = null, reserved_by = null, reserved_until = null,"
        " reason = %(reason)s,"
        " closed_at = case when %(status)s in ('done', 'skipped', 'cancelled') then moment() end"
        " where project = %(project)s and id = any(%(tasks)s)",
        tasks=list(tasks),
        status=status,
        reason=reason,
    )


def await_review(tx: Transaction, task: int, author: int, authored: int) -> None:
    tx.post(
        "update task set status = 'in_review', holder = null, attempt = null, author = %(author)s,"
        " authored = %(authored)s where project = %(project)s and id = %(task)s",
        task=task,
        author=author,
        authored=authored,
    )


def give_back(tx: Transaction, task: int, author: int, reviewer: int) -> None:
    """Return a task to its author."""
    tx.post(
        "update task set status = 'returned', holder = %(author)s, attempt = null, reviewer = %(reviewer)s"
        " where project = %(project)s and id = %(task)s",
        task=task,
        author=author,
        reviewer=reviewer,
    )


def finish(tx: Transaction, task: int, author: int, authored: int, reviewer: int | None, moves: bool) -> None:
    tx.post(
        "update task set status = 'done', holder = null, attempt = null, author = %(author)s, authored = %(authored)s,"
        " reviewer = coalesce(%(reviewer)s, reviewer), done_seq = " + SEQ + ", closed_at = moment(),"
        # What an earlier round of work wanted to move may have moved since, and have been added again.
        " move_from = %(moves)s or move_from and exists (select from entry e where e.project = task.project"
        " and e.dataset = task.dataset and e.file = task.file and e.retired_seq is null"
        " and e.created_seq < task.done_seq)"
        " where project = %(project)s and id = %(task)s",
        task=task,
        author=author,
        authored=authored,
        reviewer=reviewer,
        moves=moves,
        seq=tx.seq_in_sql,
    )


def ready_to_move(tx: Transaction, dataset: int, file: int, closing: int) -> bool:
    """Whether a route wants the file to leave the dataset and no task on it there is unfinished but `closing`.

    A task that was done before the file entered says nothing: what it wanted to move has moved, and was added again.
    """
    return bool(
        tx.value(
            bool,
            "select bool_or(t.move_from and t.done_seq > e.created_seq)"
            " and bool_and(t.id = %(closing)s or t.status in ('done', 'skipped', 'cancelled'))"
            " from task t join entry e on e.project = t.project and e.dataset = t.dataset and e.file = t.file"
            " and e.retired_seq is null"
            " where t.project = %(project)s and t.file = %(file)s and t.dataset = %(dataset)s",
            dataset=dataset,
            file=file,
            closing=closing,
        )
    )


def claimed_later(tx: Transaction, task: Task, downstream: Collection[int]) -> bool:
    """Whether a task of a later stage on the same file was taken after this one was submitted, and not given back."""
    return bool(
        tx.value(
            bool,
            "select exists (select 1 from attempt a join task o on o.id = a.task"
            " where a.project = %(project)s and a.file = %(file)s and o.branch = %(branch)s and o.id <> %(task)s"
            " and a.template = any(%(downstream)s) and a.state in ('live', 'submitted', 'accepted')"
            " and a.id > %(authored)s)",
            task=task.id,
            file=task.file,
            branch=task.branch,
            downstream=list(downstream),
            authored=task.authored or 0,
        )
    )


def cancellable(tx: Transaction, template: int, limit: int) -> list[int]:
    """Unfinished tasks of a template that nobody is working on, or whose lease ran out."""
    return tx.values(
        int,
        "select t.id from task t left join attempt a on a.id = t.attempt and a.state = 'live'"
        " where t.project = %(project)s and t.template = %(template)s"
        " and (t.status in ('open', 'returned') or t.status = 'in_progress' and a.lease_until < moment())"
        " order by t.id limit %(limit)s",
        template=template,
        limit=limit,
    )


def submitted(tx: Transaction, template: int, who: int, limit: int) -> list[Task]:
    """What somebody handed in and holds no more, the last first."""
    return tx.all(
        Task,
        "select " + COLUMNS + " from (select a.id, a.task, a.ended_at from attempt a join task t on t.id = a.task"
        " and t.authored = a.id and t.status in ('done', 'in_review') where a.project = %(project)s"
        " and a.who = %(who)s and a.template = %(template)s order by a.id desc limit %(limit)s) a"
        " join task t on t.id = a.task where t.project = %(project)s order by a.ended_at desc, a.id desc",
        template=template,
        who=who,
        limit=limit,
    )


# Notes.

_NOTE: LiteralString = "id, task, annotation, author, text, at, resolved"


def insert_note(tx: Transaction, task: int, author: int, note: NewNote) -> Note | None:
    """A new remark; None where its author made it before, under the same id."""
    return tx.maybe(
        Note,
        "insert into note (project, task, annotation, author, text, at, command)"
        " values (%(project)s, %(task)s, %(annotation)s, %(author)s, %(text)s, moment(), %(command)s)"
        " on conflict (task, author, command) where command is not null do nothing returning " + _NOTE,
        task=task,
        annotation=note.annotation,
        author=author,
        text=note.text,
        command=note.id,
    )


def note_of(tx: Transaction, task: int, author: int, command: object) -> Note:
    """The remark that somebody made under an id."""
    return tx.one(
        Note,
        "select " + _NOTE + " from note where project = %(project)s and task = %(task)s and author = %(author)s"
        " and command = %(command)s",
        task=task,
        author=author,
        command=command,
    )


def notes(tx: Transaction, task: int) -> list[Note]:
    return tx.all(
        Note, "select " + _NOTE + " from note where project = %(project)s and task = %(task)s order by id", task=task
    )
