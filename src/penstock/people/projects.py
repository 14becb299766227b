"""Projects: tenants that share nothing but the installation."""

from penstock.core import Conflict, NotFound
from penstock.core.ids import ProjectId
from penstock.people.events import ProjectChanged, ProjectCreated
from penstock.people.model import Place, Project, ProjectChange
from penstock.store import Transaction


class ProjectNameTaken(Conflict):
    """There is a project named {name!r} already. Choose another name, or archive that one."""


def create_project(tx: Transaction, name: str) -> ProjectId:
    """Make a project; whoever makes it becomes its admin. Writes `project.created`."""
    made = tx.value(
        int,
        "insert into project (name) values (%(name)s)"
        " on conflict (name) where archived_at is null do nothing returning id",
        name=name,
    )
    if made is None:
        raise ProjectNameTaken(name=name)
    if tx.actor is not None:
        tx.run(
            "insert into member (project, person, role, connections) values (%(made)s, %(person)s, 'admin', true)",
            made=made,
            person=tx.actor,
        )
    tx.append(ProjectCreated(project=made, name=name, admin=tx.actor))
    return ProjectId(made)


def project(tx: Transaction, id: int | None = None) -> Project:
    """A project by id; the transaction's own when no id is given. Raises NotFound."""
    id = tx.project if id is None else id
    found = tx.maybe(Project, f"{_SELECT} where id = %(id)s", id=id)
    if found is None:
        raise NotFound(what="project", name=id)
    return found


def project_named(tx: Transaction, name: str) -> Project | None:
    return tx.maybe(Project, f"{_SELECT} where name = %(name)s and archived_at is null", name=name)


def change_project(tx: Transaction, change: ProjectChange) -> Project:
    """Rename, archive or un-archive the transaction's project. Writes `project.changed`. Safe to repeat."""
    old = lock_project(tx)
    name = change.name or old.name
    archived = (old.archived_at is not None) if change.archived is None else change.archived
    if (name, archived) == (old.name, old.archived_at is not None):
        return old
    other = None if archived else project_named(tx, name)
    if other is not None and other.id != old.id:
        raise ProjectNameTaken(name=name)
    tx.run(
        "update project set name = %(name)s, edition = edition + 1,"
        " archived_at = case when %(archived)s then coalesce(archived_at, moment()) end where id = %(project)s",
        name=name,
        archived=archived,
    )
    tx.append(ProjectChanged(project=tx.project, name=name, archived=archived))
    return project(tx)


def lock_project(tx: Transaction) -> Project:
    """The transaction's project, locked until it ends. Raises NotFound."""
    rows = tx.lock(Project, f"{_SELECT} where id = %(project)s for no key update")
    if not rows:
        raise NotFound(what="project", name=tx.project)
    return rows[0]


def places(tx: Transaction, person: int) -> list[Place]:
    """The projects a person can enter. An owner of the installation is admin in each."""
    return tx.all(
        Place,
        "select p.id, p.name, case when o.owner then 'admin' else m.role end as role,"
        " o.owner or m.connections as connections"
        " from project p cross join person o"
        " left join member m on m.project = p.id and m.person = o.id and m.removed_at is null"
        " where o.id = %(person)s and p.archived_at is null and (o.owner or m.person is not null) order by p.id",
        person=person,
    )


_SELECT = "select id, name, edition, created_at, archived_at from project"
