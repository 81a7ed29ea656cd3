"""What can keep the embedded servers from starting. Each message says what to do, and is shown to a person as it is.

LocalError
├── FolderError              the data folder cannot be made, entered or trusted
│   └── AlreadyRunningError  another process holds it
├── MissingBinariesError     no PostgreSQL or Valkey for this machine
└── StartError               a server or service refuses to start, or never became ready
    └── NotDurableError      PostgreSQL is set so that it could lose what was accepted
"""

from pathlib import Path


class LocalError(Exception):
    """Root of the errors of `services.local`."""


class FolderError(LocalError):
    """The data folder cannot be made, entered or trusted."""


class AlreadyRunningError(FolderError):
    """Another process holds the data folder. `pid` is its number, or None where it could not be read."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"Tallystick is already running on {folder}: {holder} holds it. "
            "Stop that one, or choose another data folder."
        )
        self.folder = folder
        self.pid = pid


class MissingBinariesError(LocalError):
    """No PostgreSQL or Valkey program was found for this machine."""


class StartError(LocalError):
    """A server or service refuses to start, or did not become ready in time."""


class NotDurableError(StartError):
    """PostgreSQL is configured so that an accepted event could be lost; it is not started, or stopped again."""
