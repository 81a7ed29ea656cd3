"""What a command works on: the addresses in the environment, else the system of this machine's data folder."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from config.settings import Settings, from_environment
from services import wiring
from services.local.folders import DataFolder
from services.local.machine import key_files, local_addresses
from services.storage.database import DatabaseRole
from services.system import System


def settings_here(home: Path | None = None) -> Settings:
    """The settings of the environment; what it leaves open comes from the data folder. Raises SettingsError."""
    given = {**os.environ, **({"TALLYSTICK_HOME": str(home)} if home else {})}
    settings = from_environment(given)
    if settings.database_url is not None:
        return settings
    return from_environment({**local_environment(settings.home), **given})


def local_environment(home: Path) -> dict[str, str]:
    """The settings that the data folder answers: where its stores are, its keys, and its clock."""
    folder = DataFolder.open(home)
    addresses = local_addresses(folder)
    return {
        "TALLYSTICK_HOME": str(home),
        "TALLYSTICK_DATABASE_URL": addresses.database_url,
        "TALLYSTICK_OWNER_DATABASE_URL": addresses.owner_database_url,
        "TALLYSTICK_BROKER_URL": addresses.broker_url,
        **key_files(folder),
        **_clock(home),
    }


MakeSystem = Callable[[], System]
"""What commands get as their object: a system, made when it is first needed."""

CLOCK_FILE = "clock-offset-seconds"
"""In a data folder whose clock does not show the real time: by how many seconds it is off."""


def _clock(home: Path) -> dict[str, str]:
    path = home / CLOCK_FILE
    return {"TALLYSTICK_CLOCK_OFFSET_SECONDS": path.read_text(encoding="utf-8").strip()} if path.exists() else {}


@cache
def system_here() -> System:
    """The system that commands act on, in the worker's role."""
    return wiring.system_of(settings_here(), DatabaseRole.WORKER, "command")
