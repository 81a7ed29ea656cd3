"""Under which account the embedded servers run: PostgreSQL refuses root, so root hands them to `nobody`."""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

UNPRIVILEGED = "nobody"
"""The account that every Unix has; nothing is installed and nobody is added to a machine's users."""

PLAIN_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
"""What a server sees: no locale, zone or library path of the person who happened to start it."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group (numeric ids) that a server is started under."""

    uid: int
    gid: int


class PopenIdentity(TypedDict, total=False):
    """The arguments of `subprocess` that make a child somebody else."""

    user: int
    group: int
    extra_groups: list[int]


def server_account() -> Account | None:
    """The account for the servers: `nobody` where we are root, otherwise None, which means "as we are"."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)


def identity(account: Account | None) -> PopenIdentity:
    """Keyword arguments that let `subprocess` start a child under `account` (nothing for None)."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def run_as(
    account: Account | None, argv: Sequence[str | Path], environment: Mapping[str, str] = PLAIN_ENVIRONMENT
) -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end under `account`, without input, and returns it with its text output.

    Raises OSError where the command cannot be started; a code other than 0 is for the caller to judge.
    """
    return subprocess.run(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=dict(environment),
        cwd="/",
        umask=0o077,
        **identity(account),
    )


def can_enter(account: Account | None, folder: Path) -> bool:
    """Whether `account` can go into `folder`: tried, because permissions are more than mode bits."""
    return run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0
