"""The textbook form: prefork, prefetch 4, late acks, JSON, no results; one pool a process; a commit a task.

It does less than this system: it checks nothing, decides nothing, seals nothing and keeps no order, and what it
promises is what Celery promises. It stands here as the measure of speed alone.
"""

import os
from typing import Any
from uuid import uuid4

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy import Column, Engine, MetaData, Table, Text, Uuid, create_engine, insert
from sqlalchemy.dialects.postgresql import JSONB

BROKER = "TEXTBOOK_BROKER"
DATABASE = "TEXTBOOK_DATABASE"
NOTIFICATIONS_AN_EVENT = 4

metadata = MetaData()
events = Table("textbook_events", metadata, Column("id", Text, primary_key=True), Column("body", JSONB, nullable=False))
notifications = Table(
    "textbook_notifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("recipient", Text, nullable=False),
)


def celery_app(broker: str) -> Celery:
    """The application, on this broker."""
    made = Celery("textbook", broker=broker)
    made.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=4,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
    )
    return made


app = celery_app(os.environ.get(BROKER, "memory://"))
_engine: Engine | None = None


@worker_process_init.connect
def _after_fork(**_: object) -> None:
    global _engine
    _engine = create_engine(os.environ[DATABASE], pool_size=2)


def _pool() -> Engine:
    if _engine is None:
        raise RuntimeError("a worker process has its pool after the fork")
    return _engine


@app.task(name="textbook.event")
def take_event(body: dict[str, Any]) -> None:
    """Keep an event, and send a message for each of its notifications."""
    with _pool().begin() as connection:
        connection.execute(insert(events), {"id": body["id"], "body": body})
    for number in range(NOTIFICATIONS_AN_EVENT):
        notify.delay(body["id"], f"recipient-{number}")


@app.task(name="textbook.notify")
def notify(event_id: str, recipient: str) -> None:
    """Write one notification."""
    with _pool().begin() as connection:
        connection.execute(insert(notifications), {"id": uuid4(), "event_id": event_id, "recipient": recipient})
