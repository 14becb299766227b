"""Where an export goes, as a path of this machine: only inside folders that the server's configuration opens."""

from pathlib import Path

from penstock import connections
from penstock.connections import folder_of, roots
from penstock.core import NotFound, Settings
from penstock.export.model import SUFFIX, Destination, DestinationRefused, Export, Pack
from penstock.store import Store, Transaction


def check(tx: Transaction, to: Destination) -> None:
    """Refuse a destination that can't be one, whatever the server's settings. Raises NotFound, DestinationRefused."""
    parts = to.path.split("/")
    if to.path.startswith("/") or "\\" in to.path or "\0" in to.path or ".." in parts:
        raise DestinationRefused(path=to.path, why="the path is relative to the folder, and stays in it")
    if not parts[-1].strip(". ") or parts[-1].startswith(".penstock-"):
        raise DestinationRefused(path=to.path, why="its last part can't be the name of a folder or archive")
    if to.connection is not None:
        found = connections.by_name(tx, to.connection)
        if found is None:
            raise NotFound(what="connection", name=to.connection)
        if found.kind != "folder":
            raise DestinationRefused(path=to.path, why=f"{found.name!r} is a {found.kind} connection, not a folder")


def check_folder(settings: Settings, to: Destination | None) -> None:
    """Refuse a folder of the server that its configuration doesn't open. Raises NoRoots, OutsideRoots."""
    if to is not None and to.folder is not None:
        roots.below(Path(to.folder), to.path, settings.roots)


def path_of(store: Store, project: int, export: Export) -> Path:
    """Where an export goes. Raises NotFound, and what guards folders raises."""
    suffix = SUFFIX[export.pack]
    if export.to is None:
        return store.settings.home / "exports" / str(project) / f"{export.id}{suffix}"
    relative = _with_suffix(export.to.path, export.pack)
    if export.to.folder is not None:
        folder = roots.inside(export.to.folder, store.settings.roots)
    else:
        with store.db.transaction(project) as tx:
            shown = connections.by_name(tx, export.to.connection or "")
            if shown is None:
                raise NotFound(what="connection", name=export.to.connection)
            folder = folder_of(connections.open_connection(tx, shown.id, store.key), store.settings)
    return roots.below(folder, relative, store.settings.roots)


def uri_of(store: Store, project: int, export: Export, path: Path) -> str:
    """How others find it: a file URI, or the address of the download."""
    if export.to is None:
        return f"{store.settings.public_url or ''}/api/v1/projects/{project}/exports/{export.id}/download"
    return path.as_uri()


def _with_suffix(path: str, pack: Pack) -> str:
    path = path.rstrip("/")
    suffix = SUFFIX[pack]
    return path if path.lower().endswith(suffix) else path + suffix
