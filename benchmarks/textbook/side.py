"""Running the textbook form on a stage of its own, and timing it."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from celery import Celery
from sqlalchemy import Engine, create_engine, func, select

from benchmarks.county import Sent
from benchmarks.textbook import app as textbook
from services.local.machine import LocalStores
from services.local.processes import Child
from services.local.service import Service

_PROCESSES = 2
_PATIENCE = 300.0
_POLL = 0.02


@dataclass(frozen=True, slots=True)
class Textbook:
    """The running form: whoever sends, and where it writes."""

    sender: Celery
    engine: Engine

    def rate(self, sent: Sequence[Sent]) -> float:
        """Send a message an event, and wait until every notification is written. Returns events a second."""
        goal = self._written() + len(sent) * textbook.NOTIFICATIONS_AN_EVENT
        bodies = [one.wire() for one in sent]
        started = time.monotonic()
        for body in bodies:
            self.sender.send_task("textbook.event", args=[body])
        while self._written() < goal:
            if time.monotonic() - started > _PATIENCE:
                raise TimeoutError("the textbook form did not end")
            time.sleep(_POLL)
        return len(sent) / (time.monotonic() - started)

    def _written(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(textbook.notifications)).scalar_one())


@contextmanager
def textbook_form(running: LocalStores) -> Iterator[Textbook]:
    """The textbook form with its worker, in the database of these stores, in tables of its own."""
    environment = {textbook.BROKER: running.broker_url, textbook.DATABASE: running.dsn_owner()}
    engine = create_engine(running.dsn_owner())
    textbook.metadata.create_all(engine)
    worker = Service(
        name="textbook",
        command=(
            *(sys.executable, "-m", "celery", "-A", "benchmarks.textbook.app:app", "worker", "--loglevel", "WARNING"),
            *("--pool", "prefork", "--concurrency", str(_PROCESSES)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        environment=environment,
    )
    child = Child(worker, running.folder.log(worker.name))
    try:
        yield Textbook(textbook.celery_app(running.broker_url), engine)
    finally:
        child.stop()
        engine.dispose()
