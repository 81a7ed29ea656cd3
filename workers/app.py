"""Celery, used for one thing: to have processes that are woken when there is work in a lane.

A message carries the name of a lane and no facts; it may be lost, doubled or late without harm. So: early acks, one
message at a time, JSON, no results, no retries, no eta, no remote control, hard time limits (ARCHITECTURE.md §4).
"""

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown

from services import wiring
from services.domain.urgency import Lane
from services.telemetry import logs
from workers.bells import WORK

_BELLS_EVERY = {Lane.URGENT: 1.0, Lane.ROUTINE: 2.0, Lane.BULK: 5.0}
"""Seconds between the bells of the beat, for work whose time comes without an event."""


def _app() -> Celery:
    app = Celery("tallystick", broker=wiring.read_settings().broker_url or "memory://", include=["workers.lanes"])
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_max_tasks_per_child=2000,
        task_soft_time_limit=25,
        task_time_limit=30,
        task_default_queue=Lane.ROUTINE.value,
        task_create_missing_queues=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 1, "socket_keepalive": True},
        worker_hijack_root_logger=False,
        timezone="UTC",
        beat_schedule={
            f"ring-{lane.value}": {
                "task": WORK,
                "schedule": every,
                "args": [lane.value],
                "options": {"queue": lane.value, "expires": every},
            }
            for lane, every in _BELLS_EVERY.items()
        },
    )
    return app


app = _app()


@setup_logging.connect
def _log_as_we_do(**_: object) -> None:
    """Instead of Celery's own way, which writes down the text of whatever a task raises."""
    logs.configure()


@worker_process_init.connect
def _after_fork(**_: object) -> None:
    from workers.lanes import open_process

    open_process()


@worker_process_shutdown.connect
def _before_exit(**_: object) -> None:
    from workers.lanes import close_process

    close_process()
