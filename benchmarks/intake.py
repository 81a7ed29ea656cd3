"""Intake over HTTP: single posts beside a bare Flask view under the same server, their latency, and batches."""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

import httpx2
import orjson
from sqlalchemy import create_engine, text

from benchmarks import bare
from benchmarks.county import TRAFFIC, Kind, Sent, case_numbers, found_county, open_cases, today, traffic
from benchmarks.figures import AtLeast, AtMost, Figure, Report, median_ratio, percentile
from benchmarks.options import Options
from benchmarks.posting import Posted, post, post_request
from benchmarks.served import Served, served
from benchmarks.stage import stores, system_on
from schemas.envelope import BATCH, STRUCTURED
from services.actions.register_client import register_client
from services.domain.actors import Actor
from services.domain.registry import NewClient, NotRegistered
from services.domain.scopes import Scope
from services.local.machine import LocalStores
from services.local.postgres import APP
from services.system import System

CASES = 200
ROUNDS = 7
CONNECTIONS = 16
SINGLE_POSTS = 2_000
"""In a round, on each side."""
STEADY_RATE = 50.0
STEADY_POSTS = 3_000
BATCHES = 5
BATCH_EVENTS = 1_000
BATCH_CONNECTIONS = 2
BATCH_ROUNDS = 5
WARM_UP = 200
BARE = "benchmarks.bare:from_environment()"
_DATABASE = "bare"
_TOKEN_SECONDS = 300.0
_ADMINISTRATOR = Actor(name="system:benchmark", administrates=True)


class NotAcceptedError(Exception):
    """Something that should have been accepted was not, or accepted and not kept."""


def run(options: Options) -> Report:
    """Measure intake."""
    rounds, singles = max(5, options.scaled(ROUNDS)), options.scaled(SINGLE_POSTS, least=100)
    steady, batch = options.scaled(STEADY_POSTS, least=200), options.scaled(BATCH_EVENTS, least=500)
    with ExitStack() as stack:
        running = stack.enter_context(stores())
        system = stack.enter_context(system_on(running))
        numbers = case_numbers(options.scaled(CASES, least=20))
        secrets = populate(system, numbers)
        product = stack.enter_context(served(running))
        other = stack.enter_context(served(running, BARE, environment={bare.DATABASE_URL: _bare_database(running)}))
        made = Traffic(options.random(), numbers, product, secrets)
        for to in (product, other):
            _singly(made.single(to, WARM_UP), to)
        ratio, ours, theirs = median_ratio(
            lambda: _singly(made.single(product, singles), product).a_second,
            lambda: _singly(made.single(other, singles), other).a_second,
            rounds,
        )
        latencies = _singly(made.single(product, steady), product, STEADY_RATE).latencies
        others = _singly(made.single(other, steady), other, STEADY_RATE).latencies
        batches = [_in_batches(made.batches(product, BATCHES, batch), product, batch) for _ in range(BATCH_ROUNDS)]
        sent = WARM_UP + rounds * singles + steady + BATCH_ROUNDS * BATCHES * batch
        if _kept(system) != sent:
            raise NotAcceptedError(f"{sent} were accepted and {_kept(system)} kept")
    return Report(
        name="intake",
        question="How fast is intake over HTTP, beside a bare Flask view that inserts one row as durably?",
        seed=options.seed,
        figures=[
            Figure("single posts, ours to bare view", ratio, "", AtLeast(0.40)),
            Figure("single posts, ours", statistics.median(ours), "/s"),
            Figure("single posts, bare view", statistics.median(theirs), "/s"),
            Figure("p99 at 50 posts/s", 1000 * percentile(latencies, 0.99), "ms", AtMost(150)),
            Figure("p50 at 50 posts/s", 1000 * percentile(latencies, 0.50), "ms"),
            Figure("p99 at 50 posts/s, bare view", 1000 * percentile(others, 0.99), "ms"),
            Figure("batches", statistics.median(batches), "events/s", AtLeast(2_500)),
        ],
        setting={
            "rounds": rounds,
            "posts a round": singles,
            "connections": CONNECTIONS,
            "cases": len(numbers),
            "posts at 50/s": steady,
            "batches": f"{BATCH_ROUNDS} × {BATCHES} of {batch} over {BATCH_CONNECTIONS} connections",
        },
    )


def populate(system: System, numbers: Sequence[str]) -> Mapping[str, str]:
    """A county with cases, and a client of each agency; the clients' secrets, by agency."""
    senders = found_county(system)
    open_cases(system, senders, numbers, today())
    return {slug: _client(system, slug, sender) for slug, sender in senders.items()}


def _client(system: System, slug: str, sender: Actor) -> str:
    new = NewClient(
        agency=slug,
        client_id=f"{slug}-desk",
        name=slug,
        scopes=frozenset({Scope.EVENTS_WRITE}),
        roles=sender.roles,
    )
    made = register_client(system, _ADMINISTRATOR, new)
    if isinstance(made, NotRegistered) or made.secret is None:
        raise NotAcceptedError(f"no client for {slug}: {made}")
    return made.secret


def _bare_database(running: LocalStores) -> str:
    """The bare view's table, in a database of its own on the same server; the address for the same role as ours."""
    running.postgres.ensure_database(_DATABASE)
    engine = create_engine(running.dsn_owner(_DATABASE))
    with engine.begin() as connection:
        connection.execute(text(bare.TABLE))
        connection.execute(text(f"GRANT INSERT ON events TO {APP}"))
    engine.dispose()
    return running.dsn_app(_DATABASE)


@dataclass(slots=True)
class Traffic:
    """Requests about the cases of a county, never the same twice."""

    random: Random
    numbers: Sequence[str]
    product: Served
    secrets: Mapping[str, str]
    made: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    taken_at: float = -math.inf

    def single(self, to: Served, count: int) -> list[bytes]:
        """Requests with an event each."""
        tokens = self._tokens()
        return [
            post_request(orjson.dumps(sent.wire()), STRUCTURED, tokens[sent.agency], to.port)
            for sent in self._events(count, TRAFFIC)
        ]

    def batches(self, to: Served, count: int, events: int) -> list[bytes]:
        """Requests with a batch each, of some agency."""
        tokens = self._tokens()
        made = []
        for agency in self.random.choices(sorted({kind.agency for kind in TRAFFIC}), k=count):
            sent = self._events(events, [kind for kind in TRAFFIC if kind.agency == agency])
            body = orjson.dumps([one.wire() for one in sent])
            made.append(post_request(body, BATCH, tokens[agency], to.port))
        return made

    def _events(self, count: int, kinds: Sequence[Kind]) -> list[Sent]:
        self.made += 1
        return traffic(self.random, self.numbers, count, today(), f"round-{self.made}", kinds)

    def _tokens(self) -> dict[str, str]:
        # They last ten minutes, and a benchmark may last longer; only so many are given out a minute.
        if time.monotonic() - self.taken_at > _TOKEN_SECONDS:
            self.taken_at = time.monotonic()
            self.tokens = {
                agency: access_token(self.product, f"{agency}-desk", secret) for agency, secret in self.secrets.items()
            }
        return self.tokens


def access_token(product: Served, client_id: str, secret: str) -> str:
    """An access token of a client."""
    answer = httpx2.post(
        f"{product.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret)
    )
    if answer.status_code != HTTPStatus.OK:
        raise NotAcceptedError(answer.text)
    return str(answer.json()["access_token"])


def _singly(requests: Sequence[bytes], to: Served, a_second: float | None = None) -> Posted:
    posted = post(requests, to.port, CONNECTIONS, a_second)
    if set(posted.statuses) != {HTTPStatus.ACCEPTED}:
        raise NotAcceptedError(f"answers to single posts: {dict(posted.statuses)}")
    return posted


def _in_batches(requests: Sequence[bytes], to: Served, events: int) -> float:
    """Events accepted a second."""
    posted = post(requests, to.port, BATCH_CONNECTIONS)
    if posted.accepted_in_batches != len(requests) * events:
        raise NotAcceptedError(f"{posted.accepted_in_batches} of {len(requests)} batches of {events} were accepted")
    return posted.accepted_in_batches / posted.seconds


def _kept(system: System) -> int:
    with system.database.begin(_ADMINISTRATOR) as connection:
        return int(
            connection.execute(text("SELECT count(*) FROM event_log WHERE source_id LIKE 'round-%'")).scalar_one()
        )
