"""Agencies' systems as they should be: each event is written down before it is sent, and sent again until it is taken.

An answer that is missing, or promises nothing (5xx, 429), leaves the outcome unknown: the same id is sent again.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random
from threading import Lock

import httpx2

from benchmarks.chaotic.checker import Step
from benchmarks.chaotic.journal import Journal
from benchmarks.county import Sent
from services.actions.register_client import register_client
from services.domain.actors import Actor
from services.domain.registry import NewClient, Registered
from services.domain.scopes import Scope
from services.system import System

ADMINISTRATOR = Actor(name="system:benchmark", administrates=True)
AT_ONCE = 24
_TAKEN = 202
_NOT_SIGNED_IN = 401
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 1.5


def clients_of(system: System, senders: Mapping[str, Actor]) -> dict[str, tuple[str, str]]:
    """A client for each agency, that may send in all of its roles: its name and secret, by the agency's slug."""
    found = {}
    for slug, actor in senders.items():
        new = NewClient(slug, f"{slug}-feed", f"Feed of {slug}", frozenset({Scope.EVENTS_WRITE}), actor.roles)
        done = register_client(system, ADMINISTRATOR, new)
        if not isinstance(done, Registered) or done.secret is None:
            raise TypeError(f"{slug}: no client could be registered: {done}")
        found[slug] = (new.client_id, done.secret)
    return found


@dataclass(slots=True)
class Senders:
    """The systems of all agencies, sending to ``url`` with these clients, and their journal.

    ``repeats`` is the share of events that are sent once more though they were taken, as careless systems do.
    """

    url: str
    clients: Mapping[str, tuple[str, str]]
    journal: Journal
    random: Random
    repeats: float = 0.05
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=httpx2.Timeout(5.0, connect=1.0)))
    _tokens: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def send_all(self, events: Sequence[Sent], rate: float, patience: float) -> list[str]:
        """Send at ``rate`` a second, however the system feels, and then wait up to ``patience`` seconds for the rest.
        Returns the names of those that were not taken in the end.
        """
        started = time.monotonic()
        until = started + len(events) / rate + patience
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = {}
            for number, sent in enumerate(events):
                time.sleep(max(0.0, started + number / rate - time.monotonic()))
                waiting[pool.submit(self.send, sent, until)] = name_of(sent)
            wait(waiting)
            return [name for future, name in waiting.items() if not future.result()]

    def send(self, sent: Sent, until: float) -> bool:
        """Send one event until it is taken or refused, or until an instant of the monotonic clock. Whether it was
        answered for good.
        """
        pause = _FIRST_WAIT
        while True:
            step = self.send_once(sent)
            if step is not Step.UNKNOWN:
                if step is Step.ACK and self.random.random() < self.repeats:
                    self.send_once(sent)
                return True
            if time.monotonic() > until:
                return False
            time.sleep(pause * self.random.uniform(0.5, 1.5))
            pause = min(2 * pause, _LONGEST_WAIT)

    def send_once(self, sent: Sent) -> Step:
        """One attempt, written down before and after."""
        self.note(sent, Step.ATTEMPT)
        try:
            answer = self._post(sent)
        except httpx2.HTTPError:
            return self.note(sent, Step.UNKNOWN)
        if answer.status_code == _TAKEN:
            return self.note(sent, Step.ACK, answer.json()["receipt"])
        if answer.status_code == _NOT_SIGNED_IN:
            with self._lock:
                self._tokens.pop(sent.agency, None)
        final = 400 <= answer.status_code < 500 and answer.status_code not in {_NOT_SIGNED_IN, 429}
        return self.note(sent, Step.REFUSED if final else Step.UNKNOWN)

    def note(self, sent: Sent, step: Step, receipt: str | None = None) -> Step:
        """Write a step down; it is given back."""
        one = sent.envelope
        self.journal.write(
            {"step": step, "name": name_of(sent), "kind": one.type, "case": one.subject, "receipt": receipt}
        )
        return step

    def _post(self, sent: Sent) -> httpx2.Response:
        return self.http.post(
            f"{self.url}/v1/events",
            json=sent.wire(),
            headers={
                "Authorization": f"Bearer {self._token(sent.agency)}",
                "Content-Type": "application/cloudevents+json",
            },
        )

    def _token(self, agency: str) -> str:
        with self._lock:
            token = self._tokens.get(agency)
        if token is None:
            answer = self.http.post(
                f"{self.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=self.clients[agency]
            )
            if answer.status_code != 200:
                raise httpx2.RequestError(f"no token: {answer.status_code}")
            token = str(answer.json()["access_token"])
            with self._lock:
                self._tokens[agency] = token
        return token


def name_of(sent: Sent) -> str:
    """The sender's own name of an event, as the checker knows it."""
    return f"{sent.agency}/{sent.envelope.id}"
