"""`python -m benchmarks chaos`: the whole system under load while everything in it is killed, frozen and emptied.

Twenty events a second for five minutes over HTTP, from all agencies, a quarter of them urgent, each written down before
it is sent and sent again under the same id until it is taken; two receivers of webhooks, one of which fails, hangs and
breaks off at times. Meanwhile web, every worker, sweeper, beat, Valkey and PostgreSQL are each killed (SIGKILL) nine
times, some of their child processes too, all are frozen (SIGSTOP) for two to six seconds now and then, and Valkey is
emptied (FLUSHALL). At the end the checker (`benchmarks.chaotic.checker`) holds the journals against the database.

Latency is from an event's acceptance to the last inbox entry by which it was first told, as the database has them.
``--share`` shortens the run, and with it the kills.
"""

import math
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.chaotic import county, evidence
from benchmarks.chaotic.checker import Expected, check, learn
from benchmarks.chaotic.journal import Journal
from benchmarks.chaotic.killer import VICTIMS, Killer, plan, services_of
from benchmarks.chaotic.promises import examples_of, figures_of
from benchmarks.chaotic.receivers import receivers
from benchmarks.chaotic.senders import Senders, clients_of
from benchmarks.chaotic.whole import Whole, wait_for, whole
from benchmarks.figures import AtLeast, AtMost, Figure, Report
from benchmarks.options import Options
from services.actions.verify_ledger import verify_ledger
from services.clock import machine_clock
from services.domain.actors import Actor
from services.local.folders import DataFolder
from services.local.machine import local_addresses
from services.local.status import read_status
from services.storage.database import DATABASE_AWAY
from services.system import System

RATE = 20
SECONDS = 300
KILLS = 9
LEAST_KILLS = 8
CHILD_KILLS = 3
FREEZES = 2
FLUSHES = 8
CASES = 40
_PATIENCE = 120.0

_BRING_FORWARD = text("UPDATE jobs SET due_at = :now WHERE kind = 'deliver' AND state = 'queued' AND due_at > :now")
_TO_BE_SENT = text("SELECT count(*) FROM jobs WHERE kind = 'deliver' AND created_at <= :by")


def run(options: Options) -> Report:
    """Play it, and report what the checker found."""
    random = options.random()
    with (
        tempfile.TemporaryDirectory(prefix="tallystick-chaos-") as folder,
        receivers(Path(folder) / "receivers.ndjson", options.seed) as hearing,
        whole(Path(folder) / "home") as running,
        running.system() as system,
        Journal(Path(folder) / "clients.ndjson") as journal,
    ):
        senders, numbers = county.found(system, CASES, hearing.url)
        expected = _learned(system, senders)
        before = {kept.id for kept in evidence.kept_events(system)}
        events = county.mixed(random, numbers, options.scaled(RATE * SECONDS, least=RATE * 20), "chaos")
        sending = Senders(running.url, clients_of(system, senders), journal, random)
        killer = Killer(running.home, local_addresses(DataFolder.open(running.home)).redis_url, random)
        killer.begin(
            plan(
                random,
                seconds=len(events) / RATE,
                kills=options.scaled(KILLS),
                children=options.scaled(CHILD_KILLS),
                freezes=options.scaled(FREEZES),
                flushes=options.scaled(FLUSHES),
            )
        )
        untaken = sending.send_all(events, RATE, _PATIENCE)
        killer.wait()
        hearing.calm()
        by, caught_up = _caught_up(running, system)
        _send_what_was_put_off(system, by)
        found = evidence.gather(system, before, Path(folder) / "clients.ndjson", hearing.journal, by)
        verdict = check(found, expected)
        ledger = verify_ledger(system, evidence.READER)
        restarts = {str(service["name"]): service["restarts"] for service in services_of(running.home)}
    return Report(
        name="chaos",
        question="Does every accepted event keep its promise, once and in order, while everything is killed?",
        seed=options.seed,
        figures=[
            *figures_of(verdict),
            Figure("breaks in the ledger", len(ledger.breaks), "", AtMost(0)),
            Figure("not taken in the end", len(untaken), "", AtMost(0)),
            Figure("urgent, accepted to inbox, p50", verdict.urgent_at(0.5), "s"),
            Figure("urgent, accepted to inbox, p99", verdict.urgent_at(0.99), "s", AtMost(5)),
            Figure("urgent, accepted to inbox, longest", verdict.urgent_at(1), "s"),
            Figure("caught up after the last restart", caught_up, "s", AtMost(30)),
            *_kills(killer.done, options),
        ],
        setting={
            "events": len(events),
            "a second": RATE,
            "restarts": restarts,
            "not struck": {" ".join(name): count for name, count in killer.missed.items()},
            **examples_of(verdict),
        },
    )


def _learned(system: System, senders: Mapping[str, Actor]) -> Expected:
    """What each kind brings about on this system while nobody disturbs it."""
    county.accept(system, senders, county.undisturbed())
    if not wait_for(lambda: not evidence.left_over(system), _PATIENCE):
        raise TimeoutError(f"the undisturbed events are not done: {evidence.left_over(system)}")
    return learn(county.of_calm(evidence.kept_events(system)), evidence.done_things(system), may=("escalated",))


def _caught_up(running: Whole, system: System) -> tuple[datetime, float]:
    """An instant after the last restart of any service, and seconds from that restart until nothing was left that was
    due by that instant; infinite where that does not come. (Ladders that nobody quiets go on for a day.)
    """
    up = wait_for(running.is_up, _PATIENCE)
    by = machine_clock()
    if not up or not wait_for(lambda: _is_done(system, by), _PATIENCE):
        return by, math.inf
    now = machine_clock()
    status = read_status(DataFolder.open(running.home))
    if status is None:
        return by, math.inf
    return by, (now - max(service.since for service in status.services)).total_seconds()


def _is_done(system: System, by: datetime) -> bool:
    """Whether nothing is left that was due by then; not while the database is away."""
    with suppress(*DATABASE_AWAY):
        return not evidence.left_over(system, by)
    return False


def _send_what_was_put_off(system: System, by: datetime) -> None:
    """Deliveries that the moody receiver did not take wait for minutes: their time is brought forward to now."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(*DATABASE_AWAY), system.database.begin(evidence.READER) as connection:
            if not connection.execute(_TO_BE_SENT, {"by": by}).scalar():
                return
            connection.execute(_BRING_FORWARD, {"now": system.clock()})
        time.sleep(1.0)


def _kills(done: Mapping[tuple[str, str], int], options: Options) -> list[Figure]:
    least = AtLeast(options.scaled(LEAST_KILLS))
    killed = [Figure(f"kills of {victim}", done.get((victim, "kill"), 0), "", least) for victim in VICTIMS]
    others: Counter[str] = Counter()
    for (_, act), count in done.items():
        others[act] += count
    named = {"kill child": "kills of child processes", "freeze": "freezes of 2 to 6 s", "flush": "times emptied"}
    return [*killed, *(Figure(name, others[act]) for act, name in named.items())]
