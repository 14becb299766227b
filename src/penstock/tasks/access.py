"""Who may see, work on and review what. Editors and admins see everything; others their own templates' tasks."""

from penstock import people
from penstock.core import Forbidden, NotFound
from penstock.store import Transaction
from penstock.tasks.model import Template, TemplateSettings

MANAGERS = frozenset({"admin", "editor"})


class NotAnAnnotator(Forbidden):
    """You are not among the annotators of '{template}'. Ask whoever runs the project to add you or your team."""


class NotAReviewer(Forbidden):
    """You are not among the reviewers of '{template}'. Ask whoever runs the project to add you or your team."""


def may_work(settings: TemplateSettings, person: int, role: str, teams: set[int]) -> bool:
    """Whether somebody may take tasks. A template that lists nobody is open to every annotator."""
    if role == "viewer":
        return False
    return settings.annotators is None or settings.annotators.holds(person, teams)


def may_review(settings: TemplateSettings, person: int, role: str, teams: set[int]) -> bool:
    """Whether somebody may review. A template that lists nobody leaves it to the editors."""
    if role == "viewer":
        return False
    if settings.reviewers is None:
        return role in MANAGERS
    return settings.reviewers.holds(person, teams)


def may_see(settings: TemplateSettings, person: int, role: str, teams: set[int]) -> bool:
    """Whether a template and its tasks are shown to somebody."""
    return (
        role in MANAGERS
        or role == "viewer"
        or may_work(settings, person, role, teams)
        or may_review(settings, person, role, teams)
    )


def check_work(tx: Transaction, template: Template, role: str) -> None:
    """Raises NotAnAnnotator, or NotFound for a template that is none of the caller's business."""
    person, teams = caller(tx, template)
    if not may_work(template.settings, person, role, teams):
        _refuse(template, person, role, teams, NotAnAnnotator(template=template.name))


def check_review(tx: Transaction, template: Template, role: str) -> None:
    """Raises NotAReviewer, or NotFound for a template that is none of the caller's business."""
    person, teams = caller(tx, template)
    if not may_review(template.settings, person, role, teams):
        _refuse(template, person, role, teams, NotAReviewer(template=template.name))


def check_see(tx: Transaction, template: Template, role: str) -> None:
    """Raises NotFound: to an outsider a template doesn't exist."""
    if role in MANAGERS or role == "viewer":
        return
    person, teams = caller(tx, template)
    if not may_see(template.settings, person, role, teams):
        raise NotFound(what="template", name=template.id)


def caller(tx: Transaction, template: Template) -> tuple[int, set[int]]:
    """The person calling, and their teams where the template names any."""
    assert tx.actor is not None, "a person or program is calling"
    crews = (template.settings.annotators, template.settings.reviewers)
    teams = people.teams_of(tx, tx.actor) if any(crew and crew.teams for crew in crews) else set[int]()
    return tx.actor, teams


def teams(tx: Transaction, person: int) -> set[int]:
    """The teams of a person."""
    return people.teams_of(tx, person)


def _refuse(template: Template, person: int, role: str, teams: set[int], refusal: Forbidden) -> None:
    if may_see(template.settings, person, role, teams):
        raise refusal
    raise NotFound(what="template", name=template.id)
