"""The verbs of this room as others call them: `tasks.claim(tx, template)`, with the checks of who may."""

from collections.abc import Sequence
from uuid import UUID

from penstock.core import NotFound, Page
from penstock.core.paging import decode_cursor, encode_cursor
from penstock.store import Transaction
from penstock.tasks import (
    access,
    ahead,
    attempt_tables,
    closing,
    queue,
    queue_tables,
    reviewing,
    task_tables,
    template_tables,
    templates,
)
from penstock.tasks.attempts import Work
from penstock.tasks.model import Attempt, Claim, NewNote, Note, Role, Task, Template, TemplateCard
from penstock.tasks.queue import NotYours


def claim(tx: Transaction, template: int, who_role: str, role: Role = "work") -> Claim:
    """Take the caller's next task of a template, to work on or to review.

    Raises NotFound, NotAnAnnotator, NotAReviewer, and what `queue.claim` and `reviewing.claim` raise.
    """
    others = template_tables.recall_all(tx)
    found = next((one for one in others if one.id == template), None) or templates.get(tx, template)
    _check(tx, found, who_role, role)
    return reviewing.claim(tx, found) if role == "review" else queue.claim(tx, found, others)


def reserve(tx: Transaction, template: int, who_role: str, count: int, role: Role = "work") -> list[Task]:
    """Reserve the caller's next tasks; none gives the reservations up. Raises NotFound, NotAnAnnotator,
    NotAReviewer.
    """
    found = templates.get(tx, template)
    _check(tx, found, who_role, role)
    if count == 0:
        queue.unreserve(tx, found, role)
        return []
    return queue.reserve(tx, found, count, role)


def look_ahead(tx: Transaction, of: int, who_role: str, role: Role = "work") -> Work:
    """What the caller would be shown of a task, had they claimed it now. Raises NotFound, NotAnAnnotator,
    NotAReviewer.
    """
    found = task(tx, of, who_role)
    template = templates.get(tx, found.template)
    _check(tx, template, who_role, role)
    return ahead.look(tx, template, found, role)


def claim_begun(tx: Transaction, of: int, who_role: str, id: UUID, role: Role = "work") -> Claim:
    """Claim a task on which the caller began to work while the server was away. Raises NotFound, NotAnAnnotator,
    NotAReviewer.
    """
    template = templates.get(tx, task(tx, of, who_role).template)
    _check(tx, template, who_role, role)
    return ahead.claim(tx, template, template_tables.recall_all(tx), of, id, role)


def _check(tx: Transaction, template: Template, who_role: str, role: Role) -> None:
    check = access.check_review if role == "review" else access.check_work
    check(tx, template, who_role)


def submissions(tx: Transaction, template: int, who_role: str, limit: int = 50) -> list[Task]:
    """What the caller handed in under a template and may open again until a later stage claims it, the last first.
    Raises NotFound, NotAnAnnotator.
    """
    assert tx.actor is not None
    access.check_work(tx, templates.get(tx, template), who_role)
    return task_tables.submitted(tx, template, tx.actor, limit)


def task(tx: Transaction, task: int, who_role: str) -> Task:
    """A task that the caller may see. Raises NotFound."""
    found = task_tables.select(tx, task)
    if found is None:
        raise NotFound(what="task", name=task)
    try:
        access.check_see(tx, templates.get(tx, found.template), who_role)
    except NotFound as error:
        raise NotFound(what="task", name=task) from error
    return found


def template(tx: Transaction, template: int, who_role: str) -> Template:
    """A template that the caller may see. Raises NotFound."""
    found = templates.get(tx, template)
    access.check_see(tx, found, who_role)
    return found


def visible(tx: Transaction, who_role: str, archived: bool = False) -> list[Template]:
    """The templates that the caller may see."""
    found = templates.list_(tx, archived)
    if who_role in access.MANAGERS or who_role == "viewer":
        return found
    return [template for template in found if _is_visible(tx, template, who_role)]


def _is_visible(tx: Transaction, template: Template, who_role: str) -> bool:
    try:
        access.check_see(tx, template, who_role)
    except NotFound:
        return False
    return True


def page(
    tx: Transaction,
    who_role: str,
    template: int | None = None,
    status: str | None = None,
    file: int | None = None,
    author: int | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Page[Task]:
    """Tasks that the caller may see, in the order they were opened."""
    start: int = decode_cursor(after, int)[0] if after else 0
    allowed = (
        None if who_role in access.MANAGERS or who_role == "viewer" else {t.id for t in visible(tx, who_role, True)}
    )
    if template is not None:
        allowed = {template} if allowed is None or template in allowed else set[int]()
    found = task_tables.page(tx, start, limit + 1, allowed, status, file, author)
    items = found[:limit]
    return Page(items=items, next=encode_cursor(items[-1].id) if len(found) > limit else None)


def attempt(tx: Transaction, attempt: int, who_role: str) -> Attempt:
    """One's own attempt, or anybody's for an editor. Raises NotYours."""
    found = attempt_tables.select(tx, attempt)
    if found is None or (found.who != tx.actor and who_role not in access.MANAGERS):
        raise NotYours(attempt=attempt)
    return found


def attempts_of(tx: Transaction, of: int, who_role: str) -> list[Attempt]:
    """A task's attempts, oldest first. Raises NotFound."""
    return attempt_tables.of_task(tx, task(tx, of, who_role).id)


def notes(tx: Transaction, of: int, who_role: str) -> list[Note]:
    """The remarks on a task. Raises NotFound."""
    return task_tables.notes(tx, task(tx, of, who_role).id)


def remark(tx: Transaction, of: int, who_role: str, note: NewNote) -> Note:
    """Leave a remark on a task that the caller may see. Writes `task.noted`. Raises NotFound."""
    return reviewing.remark(tx, task(tx, of, who_role), note)


def cards(tx: Transaction, who_role: str) -> list[TemplateCard]:
    """The caller's templates, to work on and to review, with what there is to do; those with returned tasks first."""
    assert tx.actor is not None
    found = visible(tx, who_role, archived=True)
    counts = queue_tables.counts(tx, [template.id for template in found], tx.actor)
    made: list[TemplateCard] = []
    for template in found:
        open_, reviewable, mine, returned, done = counts[template.id]
        for role, left in _roles(tx, template, who_role, open_, reviewable):
            if template.state == "archived" and (role == "work" or not left):
                continue  # of those, what was sent in is still to be reviewed
            card = TemplateCard(
                template=template.id,
                name=template.name,
                state=template.state,
                role=role,
                left=left,
                mine=mine,
                returned=returned,
                done=done,
            )
            made.append(card)
    return sorted(made, key=lambda card: (-card.returned, card.template, card.role))


def _roles(
    tx: Transaction, template: Template, who_role: str, open_: int, reviewable: int
) -> Sequence[tuple[Role, int]]:
    roles: list[tuple[Role, int]] = []
    person, teams = access.caller(tx, template)
    if access.may_work(template.settings, person, who_role, teams):
        roles.append(("work", open_))
    if template.settings.review is not None and access.may_review(template.settings, person, who_role, teams):
        roles.append(("review", reviewable))
    return roles


def reopen(tx: Transaction, of: int, who_role: str) -> Claim | Task:
    """Open a task again that the caller may see. Raises NotFound, and what `closing.reopen` raises."""
    task(tx, of, who_role)
    return closing.reopen(tx, of, who_role)


def may_see_file(tx: Transaction, file: int, person: int) -> bool:
    """Whether a file is in a task of a template that somebody works on or reviews: then they may see its bytes."""
    teams = None
    for settings_of in template_tables.select_of_file(tx, file):
        crews = (settings_of.annotators, settings_of.reviewers)
        if settings_of.annotators is None:
            return True
        if teams is None:
            teams = access.teams(tx, person)
        if any(crew is not None and crew.holds(person, teams) for crew in crews):
            return True
    return False
