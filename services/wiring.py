"""Building a system from the settings: the one place where the parts are put together."""

import gc
import hashlib
from dataclasses import replace
from pkgutil import resolve_name

import config.settings
from config.settings import Settings, SettingsError
from services.channels.webhook import WebhookChannel
from services.clock import shifted_clock
from services.policy.book import load_policy_book
from services.storage.database import DatabaseRole, connect
from services.storage.sealing import KeyRing
from services.system import Bells, BellsApart, NoBells, System
from services.telemetry import logs
from services.telemetry.measures import Measures
from services.telemetry.traces import NoTraces, Traces

__all__ = [
    "Settings",
    "SettingsError",
    "keys_of",
    "read_settings",
    "spare_the_collector",
    "system_of",
    "token_key",
    "web_system",
    "without_bells",
]


_OBJECTS_BETWEEN_SEARCHES = (50_000, 20, 100)


def spare_the_collector() -> None:
    """To be called once in a process that works for long, after its fork. What the program consists of is not searched
    for garbage any more, and the rest more rarely: a batch makes many values, and few circles.
    """
    gc.freeze()
    gc.set_threshold(*_OBJECTS_BETWEEN_SEARCHES)


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return config.settings.from_environment()


def system_of(settings: Settings, role: DatabaseRole, done_by: str, *, pool_size: int = 5) -> System:
    """A whole system for one process. Raises SettingsError or InvalidPolicyError.

    ``done_by`` names the engine in the tally of jobs: ``celery``, ``sweeper``, ``command``.
    """
    traces = _traces(settings, done_by)
    logs.configure(traces.trace_of_now)
    if settings.database_url is None:
        raise SettingsError("TALLYSTICK_DATABASE_URL: not set, and no system runs on this machine's data folder")
    measures = Measures()
    return System(
        database=connect(settings.database_url, role, pool_size=pool_size),
        clock=shifted_clock(settings.clock_offset),
        keys=keys_of(settings),
        policy=load_policy_book(settings.policy_folder),
        bells=_bells(settings, measures),
        channels={
            "webhook": WebhookChannel(hosts=settings.webhook_hosts, allow_private=settings.webhook_allow_private)
        },
        public_url=settings.public_url,
        done_by=done_by,
        measures=measures,
        traces=traces,
    )


def web_system() -> System:
    """The system of a web process. It rings apart from the requests: no answer waits for a broker."""
    system = system_of(read_settings(), DatabaseRole.WEB, "web", pool_size=8)
    return replace(system, bells=BellsApart(system.bells))


def without_bells(system: System) -> System:
    """The same system, ringing nothing."""
    return replace(system, bells=NoBells())


def token_key(settings: Settings) -> bytes:
    """The seed of the key that signs access tokens; of its own, or derived from the master key."""
    if settings.token_key is not None:
        return settings.token_key
    return hashlib.sha256(b"tallystick access tokens" + keys_of(settings).payloads).digest()


def keys_of(settings: Settings) -> KeyRing:
    """The master keys. Raises SettingsError."""
    if settings.master_key is None or settings.vault_key is None:
        missing = "TALLYSTICK_MASTER_KEY" if settings.master_key is None else "TALLYSTICK_VAULT_KEY"
        raise SettingsError(f"{missing}: not set")
    return KeyRing(payloads=settings.master_key, vault=settings.vault_key)


def _traces(settings: Settings, service: str) -> Traces:
    """Loaded only where they are asked for: without them, nothing of OpenTelemetry is."""
    if not settings.traces:
        return NoTraces()
    try:
        record = resolve_name("services.telemetry.recorded_traces:record_traces")
    except ImportError as error:
        raise SettingsError(f"TALLYSTICK_TRACES: the extra `traces` is not installed: {error.name}") from error
    recorded: Traces = record(service)
    return recorded


def _bells(settings: Settings, measures: Measures) -> Bells:
    """The bells that the settings name. They are loaded by name: the web does not know what rings in a worker."""
    if settings.broker_url is None:
        return NoBells()
    connect_bells = resolve_name(settings.bells)
    bells: Bells = connect_bells(settings.broker_url, measures.bell_not_rung)
    return bells
