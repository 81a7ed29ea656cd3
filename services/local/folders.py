"""The data folder of one machine: its layout, who may enter it, and the lock that keeps a second system out.

    <folder>/            0700, or 0711 for root, so that the servers' own account can pass through
      run/               status.json, the schedule of beat
      logs/              one file a service
      secrets/           passwords of the database roles, 0600
      postgres/ valkey/  the servers' data, 0700, owned by the servers' account
      sockets/           their unix sockets
      lock               held (flock) while a system runs here; holds its process number

Where the servers' account cannot enter the folder (root with a folder below /root, say), `postgres/`, `valkey/`,
`sockets/` and the lock lie in a folder of the same shape elsewhere, and `STORES` in the data folder says where.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.local.account import UNPRIVILEGED, Account, can_enter, server_account
from services.local.errors import AlreadyRunningError, FolderError

SOCKET_PATH_LIMIT = 100
"""Bytes of a socket's path: Linux takes 107, macOS 103."""

_LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_PATIENCE_FOR_LOOKS = 0.2
"""Seconds for which a taken lock is tried again: `holder` takes it for a moment."""

_STORES_NOTE = "STORES"
_LASTING, _PASSING, _SHORT = Path("/var/lib"), Path("/var/tmp"), Path("/tmp")  # noqa: S108


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder that exists, with the layout above. Made by `DataFolder.open`."""

    root: Path
    stores: Path
    sockets: Path
    account: Account | None

    @classmethod
    def open(cls, root: Path) -> "DataFolder":
        """Makes what is missing of the folder at `root` and returns it.

        Raises FolderError where it cannot be made, belongs to somebody else, or its stores have gone.
        """
        root, account = Path(os.path.abspath(root)), server_account()
        try:
            _make_private(root, account)
            for name in ("run", "logs", "secrets"):
                _own(root / name, None)
            with _held(root):
                stores = _place_of_stores(root, account)
            for name in ("postgres", "valkey"):
                _own(stores / name, account)
            sockets = _place_of_sockets(stores, account)
        except OSError as error:
            raise FolderError(f"The data folder {root} cannot be used: {error.strerror} ({error.filename}).") from error
        return cls(root, stores, sockets, account)

    @property
    def run(self) -> Path:
        """Folder of the state of a running system."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Folder of the services' output, one file a service."""
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """Folder that holds PostgreSQL's data directory."""
        return self.stores / "postgres"

    @property
    def valkey(self) -> Path:
        """Working directory of Valkey, with its append-only file."""
        return self.stores / "valkey"

    def log(self, service: str) -> Path:
        """File that the output of `service` goes to."""
        return self.logs / f"{service}.log"

    def secret(self, name: str, make: Callable[[], str] = secrets.token_urlsafe) -> str:
        """The secret called `name`, made at the first asking (256 random bits as text) and kept in a file (0600)."""
        path = self.secret_path(name)
        if not path.exists():
            _write_durably(path, make(), keep=True)
        return path.read_text(encoding="ascii")

    def secret_path(self, name: str) -> Path:
        """File of the secret called `name`, for settings that take the name of a file."""
        return self.root / "secrets" / name

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the folder for this process; the kernel lets go of it however the process ends.

        Raises AlreadyRunningError, with the number of the process that holds it.
        """
        descriptor = os.open(self.stores / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            if not _taken_within(descriptor, _PATIENCE_FOR_LOOKS):
                raise AlreadyRunningError(self.root, _number_in(descriptor))
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def holder(self) -> int | None:
        """Number of the process that holds the folder, or None."""
        try:
            descriptor = os.open(self.stores / "lock", os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _number_in(descriptor)
        finally:
            os.close(descriptor)
        return None

    def discard(self) -> None:
        """Removes the folder with everything in it, for scratch systems. The caller has stopped what ran in it."""
        for path in (self.sockets, self.stores, self.root):
            shutil.rmtree(path, ignore_errors=True)


def _make_private(root: Path, account: Account | None) -> None:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if root.stat().st_uid == os.geteuid():
        root.chmod(0o700 if account is None else 0o711)


def _taken_within(descriptor: int, seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > limit:
                return False
            time.sleep(0.02)
        else:
            return True


def _number_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else None


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Lets one process at a time lay the folder out."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _own(folder: Path, account: Account | None) -> None:
    """Makes `folder` if need be and checks that it is a real folder of its owner, not one that somebody put there."""
    owner = os.geteuid() if account is None else account.uid
    with contextlib.suppress(FileExistsError):
        folder.mkdir(0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise FolderError(
            f"{folder} belongs to user {found.st_uid}, but must be a folder of user {owner}: "
            "start Tallystick as the user who made it, or choose another data folder."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)


def _place_of_stores(root: Path, account: Account | None) -> Path:
    """Where the servers keep their data: here, where the note says, or, if they cannot come here, in a new folder."""
    note = root / _STORES_NOTE
    if note.exists():
        noted = Path(note.read_text(encoding="utf-8").strip())
        if not (noted / "postgres").is_dir():
            raise FolderError(f"{note} says that the data of the servers is in {noted}, but it is not there.")
        return noted
    if account is None or can_enter(account, root):
        return root
    if (root / "postgres").exists():
        raise FolderError(
            f"{root} holds data of the servers, but their account ({UNPRIVILEGED}) cannot enter it any more: "
            "let others pass through the folders above it (chmod o+x), or choose another data folder."
        )
    return _stores_elsewhere(root, note)


def _stores_elsewhere(root: Path, note: Path) -> Path:
    """A new folder with a random name for the stores of `root`. Scratch data goes where scratch data is expected."""
    scratch = any(root.is_relative_to(place) for place in (Path(tempfile.gettempdir()), _PASSING, _SHORT))
    for parent in (_PASSING,) if scratch else (_LASTING, _PASSING):
        stores = parent / f"tallystick-{secrets.token_hex(8)}"
        try:
            stores.mkdir(0o711)
        except OSError:
            continue
        stores.chmod(0o711)
        (stores / "postgres").mkdir(0o700)
        _write_durably(note, f"{stores}\n")
        return stores
    raise FolderError(
        f"No folder could be made for the servers' data, neither in {root} nor in {_LASTING} or {_PASSING}."
    )


def _place_of_sockets(stores: Path, account: Account | None) -> Path:
    """A folder whose path is short and plain enough for a socket: in the stores, or a private one in /tmp."""
    sockets = stores / "sockets"
    if len(os.fsencode(f"{sockets}{_LONGEST_SOCKET_NAME}")) > SOCKET_PATH_LIMIT or not _PLAIN_PATH.fullmatch(
        str(sockets)
    ):
        digest = hashlib.sha256(os.fsencode(stores)).hexdigest()[:16]
        sockets = _SHORT / f"tallystick-{digest}"
    _own(sockets, account)
    return sockets


def _write_durably(path: Path, text: str, *, keep: bool = False) -> None:
    """Writes a small private file so that it is there whole or not at all, after a power cut too.

    `keep`: a file that another process has written in the meantime stays as it is.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if keep:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    else:
        draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
