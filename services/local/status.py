"""What runs on a data folder, as a file that anybody who may enter the folder can read."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from services.local.folders import DataFolder


class State(StrEnum):
    """Where a service is in its life."""

    WAITING = "waiting"
    """What it needs is not ready yet."""
    STARTING = "starting"
    """Its process runs, but is not ready."""
    READY = "ready"
    BACKING_OFF = "backing off"
    """It died, and is started again after a pause."""
    DONE = "done"
    """A one-shot that ended well."""
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service. `since`: when it came into this state, in UTC. `restarts`: how often it was started again.

    `healthy`: whether its last probe succeeded; a service that is not ready is not healthy.
    """

    name: str
    state: State
    pid: int | None
    since: datetime
    restarts: int
    healthy: bool
    log: str
    look: str | None


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """A supervisor and its services. `running` says whether its process still holds the data folder."""

    pid: int
    since: datetime
    running: bool
    services: tuple[ServiceStatus, ...]

    def service(self, name: str) -> ServiceStatus:
        """The service called `name`. Raises KeyError."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)


def write_status(path: Path, pid: int, since: datetime, services: Sequence[ServiceStatus]) -> None:
    """Replaces the file at `path` as a whole, so that a reader never sees half of it."""
    content = {"pid": pid, "since": since, "services": [asdict(service) for service in services]}
    draft = path.with_name(f".{path.name}.{pid}")
    draft.write_text(json.dumps(content, default=datetime.isoformat, indent=1), encoding="utf-8")
    draft.replace(path)


def read_status(folder: DataFolder) -> SystemStatus | None:
    """The status last written in `folder`, or None where nothing was ever run there."""
    try:
        content = json.loads((folder.run / "status.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    services = tuple(
        ServiceStatus(**{**entry, "state": State(entry["state"]), "since": datetime.fromisoformat(entry["since"])})
        for entry in content["services"]
    )
    running = folder.holder() == content["pid"]
    return SystemStatus(content["pid"], datetime.fromisoformat(content["since"]), running, services)
