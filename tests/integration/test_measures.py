"""The figures that are watched: each rises when what it stands for happens, and says nothing of any case or person."""

import os
import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.actions.keep_measures import MeasureKeeper, keep_measures
from services.channels.message import Delivered, NotDelivered, OutwardMessage, Refused, SendResult
from services.clock import StoryClock
from services.domain.urgency import Lane
from services.storage.database import DatabaseRole, connect
from services.system import System
from services.telemetry.measures import Measures
from services.web import observing
from tests.telling import Telling, telling
from tests.web_world import MEDIA, PROBATION_NUMBER, World, app_on, event
from workers.bells import connect as connect_bells

TOKEN = "token of the one who watches"
WATCHING = {"Authorization": f"Bearer {TOKEN}"}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def watched(system: System) -> Samples:
    """Everything that the web exports of this system, by name and labels."""
    answer = app_on(system, metrics_token=TOKEN).test_client().get("/metrics", headers=WATCHING)
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    """One sample."""
    return found[f"tallystick_{name}", frozenset(labels.items())]


class Answering:
    """A receiver that answers this."""

    def __init__(self) -> None:
        self.result: SendResult = Delivered()

    def send(self, _: OutwardMessage) -> SendResult:
        """As a channel does."""
        return self.result


@pytest.fixture
def receiver() -> Answering:
    return Answering()


@pytest.fixture
def county(system: System, clock: StoryClock, receiver: Answering) -> Telling:
    """A county, with a receiver of probation's webhooks."""
    made = telling(system, clock, receiver)
    made.hook("probation", "http://127.0.0.1:1/hook")
    return made


def test_nobody_reads_the_figures_without_the_token(world: World) -> None:
    closed = world.client().get("/metrics", headers=WATCHING)
    assert closed.status_code == 404
    client = app_on(world.system, metrics_token=TOKEN).test_client()
    for headers in (
        {},
        {"Authorization": "Bearer another"},
        {"Authorization": f"Basic {TOKEN}"},
        world.bearer("alder-cps-records"),
    ):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert "tallystick_" not in answer.get_data(as_text=True)


def test_every_figure_is_there_from_the_beginning(world: World) -> None:
    found = watched(world.system)
    assert value(found, "database_reachable") == 1
    for lane in Lane:
        assert value(found, "due_jobs", lane=lane.value) == 0
        assert value(found, "bells_not_rung_total", lane=lane.value) == 0
        assert value(found, "told_after_seconds_count", lane=lane.value, way="inbox") == 0
    assert value(found, "intake_seconds_count", outcome="accepted") == 0
    assert value(found, "undelivered_total") == 0
    assert 0 < value(found, "database_connections") < value(found, "database_connections_limit")


def test_waiting_jobs_are_counted_and_their_age_is_that_of_the_oldest(county: Telling, clock: StoryClock) -> None:
    county.violate()
    clock.move_to(clock() + timedelta(seconds=30))
    county.violate()
    found = watched(county.system)
    assert value(found, "due_jobs", lane="urgent") == 2
    assert value(found, "oldest_due_job_seconds", lane="urgent") == 30
    assert value(found, "due_jobs", lane="bulk") == 0


def test_requests_to_take_events_in_are_measured_by_what_came_of_them(world: World) -> None:
    app = app_on(world.system)
    bearer = world.bearer("alder-probation-supervision")
    sent = event("prob.checkin_missed", {"due": "2025-03-07"}, PROBATION_NUMBER)
    for body in (sent, {**sent, "data": {"due": "2025-03-06"}}, {**sent, "data": {}}):
        app.test_client().post("/v1/events", json=body, headers=bearer | MEDIA)
    app.test_client().post("/v1/events", json=sent, headers=MEDIA)
    app.test_client().get("/healthz")
    keep_measures(world.system)
    found = watched(world.system)
    counts = {o: value(found, "intake_seconds_count", outcome=o) for o in ("accepted", "conflict", "refused", "failed")}
    assert counts == {"accepted": 1, "conflict": 1, "refused": 2, "failed": 0}
    assert value(found, "intake_seconds_bucket", outcome="accepted", le="+Inf") == 1
    assert 0 < value(found, "intake_seconds_sum", outcome="accepted") < 60


def test_calls_are_measured_and_how_long_after_its_acceptance_an_event_was_told(
    county: Telling, clock: StoryClock, receiver: Answering
) -> None:
    receiver.result = NotDelivered("http_500")
    event_id = county.violate()
    clock.move_to(clock() + timedelta(seconds=2))
    county.alder.work()
    found = _kept(county)
    assert value(found, "told_after_seconds_sum", lane="urgent", way="inbox") == 2
    assert value(found, "told_after_seconds_count", lane="urgent", way="webhook") == 0
    assert value(found, "delivery_call_seconds_count", outcome="failed") == 1
    assert value(found, "failing_endpoints") == 1
    receiver.result = Delivered()
    clock.move_to(clock() + timedelta(minutes=10))
    county.alder.work()
    found = _kept(county)
    assert county.attempts(event_id)[-1][1] == "delivered"
    assert value(found, "delivery_call_seconds_count", outcome="delivered") >= 1
    assert value(found, "told_after_seconds_bucket", lane="urgent", way="webhook", le="300.0") == 0
    assert value(found, "told_after_seconds_bucket", lane="urgent", way="webhook", le="900.0") >= 1
    assert value(found, "failing_endpoints") == 0
    assert value(found, "jobs_done_total", done_by="sweeper", lane="urgent", kind="deliver") >= 1


def test_a_message_that_is_given_up_is_counted(county: Telling, receiver: Answering) -> None:
    receiver.result = Refused("gone")
    county.violate()
    county.alder.work()
    assert value(_kept(county), "undelivered_total") == 1


def test_an_attempt_that_outlived_its_lease_is_counted_until_somebody_repeats_it(
    county: Telling, clock: StoryClock
) -> None:
    county.violate()
    county.alder.work()
    county.do("UPDATE attempts SET finished_at = NULL, outcome = NULL")
    assert value(watched(county.system), "attempts_without_outcome") == 0
    clock.move_to(clock() + timedelta(seconds=13))
    assert value(watched(county.system), "attempts_without_outcome") == 1
    county.do(
        "INSERT INTO attempts (notification_id, number, agency_id, started_at, finished_at, outcome) "
        "SELECT notification_id, number + 1, agency_id, started_at, started_at, 'failed' FROM attempts"
    )
    assert value(watched(county.system), "attempts_without_outcome") == 0


def test_alerts_are_counted_until_anybody_at_the_agency_acknowledges(county: Telling, clock: StoryClock) -> None:
    event_id = county.violate()
    county.alder.work()
    agencies = {
        row.agency_id
        for row in county.rows(
            "SELECT agency_id FROM notifications WHERE event_id = :event AND channel = 'inbox' AND urgency = 'U0'",
            event=event_id,
        )
    }
    county.do("UPDATE notifications SET written_at = written_at - interval '20 minutes'")
    found = watched(county.system)
    assert value(found, "unacknowledged_alerts") == len(agencies) > 1
    assert 1200 <= value(found, "oldest_unacknowledged_alert_seconds") < 1500
    first = county.rows(
        "SELECT id, agency_id FROM notifications WHERE event_id = :event AND channel = 'inbox' LIMIT 1", event=event_id
    )[0]
    county.do("UPDATE notifications SET acknowledged_at = created_at WHERE id = :id", id=first.id)
    assert value(watched(county.system), "unacknowledged_alerts") == len(agencies) - 1
    county.do("UPDATE notifications SET written_at = written_at - interval '8 days'")
    assert value(watched(county.system), "unacknowledged_alerts") == 0


def test_jobs_that_were_set_aside_are_counted_by_kind(county: Telling) -> None:
    county.violate()
    county.do("UPDATE jobs SET state = 'set_aside', error_code = 'Broken'")
    assert value(watched(county.system), "set_aside_jobs", lane="urgent", kind="route") == 1


def test_bells_that_the_broker_does_not_take_are_counted() -> None:
    measures = Measures()
    bells = connect_bells("redis://127.0.0.1:1/0", measures.bell_not_rung)
    bells.ring([Lane.URGENT])
    bells.ring([Lane.URGENT, Lane.BULK])
    counted = {name: by for name, by in measures.grown().items() if name[0] == "tallystick_bells_not_rung_total"}
    assert sorted(counted.values()) == [1, 2]


def test_several_processes_are_summed_and_what_was_not_kept_is_kept_the_next_time(system: System) -> None:
    others = replace(system, measures=Measures())
    system.measures.taken_in("accepted", 0.02)
    others.measures.taken_in("accepted", 0.3)
    away = connect("postgresql://nobody@127.0.0.1:1/nothing", DatabaseRole.WORKER)
    MeasureKeeper(replace(others, database=away), every=0.01).start().stop()
    for one in (system, others, system, others):
        keep_measures(one)
    found = watched(system)
    assert value(found, "intake_seconds_count", outcome="accepted") == 2
    assert value(found, "intake_seconds_sum", outcome="accepted") == pytest.approx(0.32)
    assert value(found, "intake_seconds_bucket", outcome="accepted", le="0.025") == 1
    assert others.measures.grown() == {}


def test_a_keeper_keeps_by_itself_and_once_more_at_its_end(web_system: System) -> None:
    keeper = MeasureKeeper(web_system, every=60).start()
    web_system.measures.given_up(3)
    keeper.stop()
    assert value(watched(web_system), "undelivered_total") == 3


def test_a_web_that_was_made_before_the_fork_keeps_what_its_processes_measure(world: World) -> None:
    app = app_on(world.system)
    observing.keep(app, MeasureKeeper(world.system, every=0.05).start())
    bearer = world.bearer("alder-probation-supervision")
    sent = event("prob.checkin_missed", {"due": "2025-03-07"}, PROBATION_NUMBER)
    world.system.database.engine.dispose(close=False)
    child = os.fork()
    if not child:
        world.system.database.engine.dispose(close=False)
        answer = app.test_client().post("/v1/events", json=sent, headers=bearer | MEDIA)
        time.sleep(2)
        os._exit(0 if answer.status_code == 202 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert value(watched(world.system), "intake_seconds_count", outcome="accepted") == 1


def test_no_label_is_an_id(county: Telling) -> None:
    county.violate()
    county.alder.work()
    labels = {label for _, pairs in _kept(county) for label in pairs}
    assert not [one for one in labels if re.search(r"[0-9a-f]{8}-|alder|urn:", one[1])]
    assert {name for name, _ in labels} == {"lane", "le", "kind", "done_by", "outcome", "version", "way"}
    assert len(_kept(county)) < 400


def test_without_a_database_the_figures_say_so_and_nothing_else(world: World) -> None:
    away = connect("postgresql://nobody@127.0.0.1:1/nothing", DatabaseRole.WEB)
    found = watched(replace(world.system, database=away))
    away.close()
    assert {name for name, _ in found} == {"tallystick_database_reachable", "tallystick_build_info"}
    assert value(found, "database_reachable") == 0


def _kept(county: Telling) -> Samples:
    keep_measures(county.system)
    return watched(county.system)
