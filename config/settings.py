"""The settings, read once from the environment into a frozen value. Only wiring and entry points import this.

Every name begins with ``TALLYSTICK_``; `docs/operations.md` lists them. A secret is given as the value of the variable,
or, with ``_FILE`` appended to its name, as the path of a file that holds it.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

PACKAGE = Path(__file__).parent


class SettingsError(Exception):
    """A setting is missing or cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. ``None`` for an address means: the embedded store of this machine."""

    home: Path
    database_url: str | None
    owner_database_url: str | None
    broker_url: str | None
    master_key: bytes | None
    vault_key: bytes | None
    token_key: bytes | None
    policy_folder: Path
    public_url: str
    host: str
    port: int
    clock_offset: timedelta
    bells: str
    webhook_hosts: tuple[str, ...]
    webhook_allow_private: bool
    proxies: int
    limits_url: str
    metrics_token: str | None
    traces: bool


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in ``environment``. Raises SettingsError."""
    port = _whole(environment, "TALLYSTICK_PORT", 8400)
    host = environment.get("TALLYSTICK_HOST", "127.0.0.1")
    return Settings(
        home=Path(environment.get("TALLYSTICK_HOME") or Path.home() / ".local/share/tallystick").absolute(),
        database_url=_secret(environment, "TALLYSTICK_DATABASE_URL"),
        owner_database_url=_secret(environment, "TALLYSTICK_OWNER_DATABASE_URL"),
        broker_url=_secret(environment, "TALLYSTICK_BROKER_URL"),
        master_key=_key(environment, "TALLYSTICK_MASTER_KEY"),
        vault_key=_key(environment, "TALLYSTICK_VAULT_KEY"),
        token_key=_key(environment, "TALLYSTICK_TOKEN_KEY"),
        policy_folder=Path(environment.get("TALLYSTICK_POLICY") or PACKAGE / "policy"),
        public_url=environment.get("TALLYSTICK_PUBLIC_URL") or f"http://{host}:{port}",
        host=host,
        port=port,
        clock_offset=timedelta(seconds=_whole(environment, "TALLYSTICK_CLOCK_OFFSET_SECONDS", 0)),
        bells=environment.get("TALLYSTICK_BELLS", "workers.bells:connect"),
        webhook_hosts=tuple(filter(None, environment.get("TALLYSTICK_WEBHOOK_HOSTS", "").split(","))),
        webhook_allow_private=environment.get("TALLYSTICK_WEBHOOK_ALLOW_PRIVATE", "") == "yes",
        proxies=_whole(environment, "TALLYSTICK_PROXIES", 0),
        limits_url=_secret(environment, "TALLYSTICK_LIMITS_URL") or "memory://",
        metrics_token=_secret(environment, "TALLYSTICK_METRICS_TOKEN"),
        traces=environment.get("TALLYSTICK_TRACES", "") == "yes",
    )


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    path = environment.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            raise SettingsError(f"{name}_FILE: {path} cannot be read: {error.strerror}") from error
    return environment.get(name) or None


def _key(environment: Mapping[str, str], name: str) -> bytes | None:
    text = _secret(environment, name)
    if text is None:
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SettingsError(f"{name}: expected 32 bytes in base64") from error
    if len(key) != 32:
        raise SettingsError(f"{name}: expected 32 bytes in base64, found {len(key)}")
    return key


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise SettingsError(f"{name}: expected a whole number, found {text!r}") from error
