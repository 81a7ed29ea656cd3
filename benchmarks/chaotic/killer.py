"""Who is killed, frozen or emptied, and when: a seeded plan, and its doing on a running system."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Thread

import redis

WITH_CHILDREN = ("web", "worker-urgent", "worker-routine", "worker-bulk", "postgres")
VICTIMS = (*WITH_CHILDREN, "sweeper", "sweeper-2", "beat", "valkey")
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True, order=True)
class Strike:
    """At ``at`` seconds ``act`` (kill, kill child, freeze, flush) is done to ``victim``; a freeze lasts ``lasts``."""

    at: float
    victim: str
    act: str
    lasts: float = 0.0


def plan(random: Random, seconds: float, kills: int, children: int, freezes: int, flushes: int) -> list[Strike]:
    """``kills`` kills of every victim, ``children`` of one of its child processes, ``freezes`` of each for two to six
    seconds, and ``flushes`` of Valkey, spread over ``seconds``: every victim's at random within equal slices of it.
    """
    strikes = []
    for victim in VICTIMS:
        acts = ["kill"] * kills + ["freeze"] * freezes
        acts += ["kill child"] * children if victim in WITH_CHILDREN else []
        acts += ["flush"] * flushes if victim == "valkey" else []
        random.shuffle(acts)
        slice_ = seconds / max(1, len(acts))
        for number, act in enumerate(acts):
            lasts = random.uniform(2, 6) if act == "freeze" else 0.0
            strikes.append(Strike(min(seconds, (number + random.random()) * slice_), victim, act, lasts))
    return sorted(strikes)


@dataclass(slots=True)
class Killer:
    """Carries a plan out on the system of a data folder, each victim's strikes in a thread of its own."""

    home: Path
    redis_url: str
    random: Random
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    _threads: list[Thread] = field(default_factory=list)

    def begin(self, strikes: Sequence[Strike]) -> None:
        """Start; the seconds of the plan count from now."""
        started = time.monotonic()
        for victim in VICTIMS:
            mine = [strike for strike in strikes if strike.victim == victim]
            thread = Thread(target=self._follow, args=(mine, started), name=f"kill-{victim}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self) -> None:
        """Return when every strike is done."""
        for thread in self._threads:
            thread.join()

    def _follow(self, strikes: Sequence[Strike], started: float) -> None:
        for strike in strikes:
            time.sleep(max(0.0, started + strike.at - time.monotonic()))
            count = self.done if self._strike(strike) else self.missed
            count[strike.victim, strike.act] += 1

    def _strike(self, strike: Strike) -> bool:
        if strike.act == "flush":
            return self._flush()
        pid = self._pid(strike.victim, with_children=strike.act == "kill child")
        if pid is None:
            return False
        match strike.act:
            case "kill":
                return _killed(pid)
            case "kill child":
                children = children_of(pid)
                return bool(children) and _killed(self.random.choice(children))
            case _:
                return _frozen(self.random.choice([pid, -pid, *children_of(pid)]), strike.lasts)

    def _flush(self) -> bool:
        client = redis.Redis.from_url(self.redis_url, socket_timeout=1.0, socket_connect_timeout=1.0)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with suppress(redis.RedisError):
                return bool(client.flushall())
            time.sleep(0.1)
        return False

    def _pid(self, victim: str, *, with_children: bool) -> int | None:
        """The process of a service that is ready; waits for it, and its children, while it is being started again: on
        a slow machine a web that is killed while it starts would never answer anybody.
        """
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            for service in services_of(self.home):
                pid = service["pid"]
                ready = service["name"] == victim and service["state"] == "ready"
                if not ready or not isinstance(pid, int) or not is_alive(pid):
                    continue
                if not with_children or children_of(pid):
                    return pid
            time.sleep(0.05)
        return None


def services_of(home: Path) -> list[dict[str, object]]:
    """What the supervisor of a data folder says of its services."""
    found: list[dict[str, object]] = json.loads((home / "run" / "status.json").read_text(encoding="utf-8"))["services"]
    return found


def children_of(pid: int) -> list[int]:
    """The processes that this process started."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def is_alive(pid: int) -> bool:
    """Whether a process runs: it is there, and no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def _killed(pid: int) -> bool:
    """Kill it, and see that it is dead."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 5.0
    while is_alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _frozen(target: int, seconds: float) -> bool:
    """Freeze a process, or the group of one where it is negative, for so long."""
    try:
        os.kill(target, signal.SIGSTOP)
    except ProcessLookupError:
        return False
    time.sleep(seconds)
    with suppress(ProcessLookupError):
        os.kill(target, signal.SIGCONT)
    return True
