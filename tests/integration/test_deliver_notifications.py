"""Delivery from the routed event to the receiver's answer, on a real database with real receivers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from threading import Event
from time import monotonic, sleep
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import Webhook

from services.actions.acknowledge_notification import acknowledge_notification
from services.actions.deliver_notifications import deliver_notifications
from services.actions.play_story import let_time_pass
from services.actions.rotate_secrets import add_endpoint_secret
from services.actions.route_events import route_events
from services.channels.message import Delivered, OutwardMessage, SendResult
from services.channels.rehearsal import RehearsalChannel
from services.channels.webhook import WebhookChannel
from services.clock import StoryClock
from services.domain.actors import system_actor
from services.domain.roles import Role
from services.domain.urgency import Lane, Urgency
from services.storage import jobs
from services.storage.jobs import Job, NewJob
from services.system import System
from tests.alder import Alder
from tests.receivers import Receiver, raw_receiver, receiver, silence
from tests.telling import ADMIN, Telling, telling


@pytest.fixture
def taker() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def county(system: System, clock: StoryClock) -> Telling:
    return telling(system, clock, WebhookChannel(allow_private=True, seconds=3))


def _lease(county: Telling) -> list[Job]:
    with county.system.database.begin(system_actor("test")) as connection:
        return jobs.lease(connection, Lane.URGENT, ["deliver"], county.clock(), 100)


def _eventually(holds: Callable[[], bool]) -> bool:
    until = monotonic() + 10
    while not holds() and monotonic() < until:
        sleep(0.05)
    return holds()


def _state(county: Telling, event: UUID) -> str:
    [row] = county.told(event, "webhook")
    return str(row.state)


def test_an_alert_reaches_the_agencys_receiver_signed_and_without_content(county: Telling, taker: Receiver) -> None:
    hook = county.hook("probation", taker.url)
    event = county.violate()
    county.alder.work()
    [told] = county.told(event, "webhook")
    assert told.state == "delivered"
    [received] = taker.received
    assert hook.secret is not None
    assert Webhook(hook.secret).verify(received.body, dict(received.headers)) == {
        "type": "notification",
        "id": str(told.id),
        "urgency": "U0",
        "link": f"{county.system.public_url}/inbox/{told.id}",
        "text": "Something needs your attention. Sign in to read it.",
    }
    assert county.attempts(event) == [(1, "delivered", None)]
    assert county.jobs("deliver") == []


def test_one_webhook_goes_to_an_endpoint_however_many_of_the_agency_are_told(county: Telling, taker: Receiver) -> None:
    county.hook("cps", taker.url)
    event = county.violate()
    county.alder.work()
    assert len(county.told(event)) > 3
    assert len(taker.received) == 1


def test_what_is_not_taken_is_sent_again_with_the_same_id(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    taker.answer(503)
    event = county.violate()
    county.alder.work()
    assert _state(county, event) == "pending"
    [job] = county.jobs("deliver")
    assert timedelta(seconds=1) <= job.due_at - county.clock() <= timedelta(seconds=3)
    assert job.error_code == "http_503"
    taker.answer(204)
    county.pass_time(county.clock() + timedelta(seconds=4))
    assert _state(county, event) == "delivered"
    assert county.attempts(event) == [(1, "failed", "http_503"), (2, "delivered", None)]
    assert len({received.headers["webhook-id"] for received in taker.received}) == 1


def test_every_secret_in_force_signs(county: Telling, taker: Receiver) -> None:
    hook = county.hook("probation", taker.url)
    added = add_endpoint_secret(county.system, ADMIN, hook.id)
    county.violate()
    county.alder.work()
    [received] = taker.received
    for secret in (hook.secret, getattr(added, "secret", None)):
        assert secret is not None
        Webhook(secret).verify(received.body, dict(received.headers))


def test_a_refusal_for_good_is_reported_to_the_supervisor(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    taker.answer(410)
    event = county.violate()
    county.alder.work()
    assert _state(county, event) == "undelivered"
    assert county.attempts(event) == [(1, "refused", "gone")]
    assert county.jobs("deliver") == []
    report = county.one("SELECT id, attributes FROM event_log WHERE type = 'notification.undelivered'")
    assert report.attributes["causationid"] == str(event)
    assert "supervisor" in {row.who for row in county.told(report.id)}
    assert county.one("SELECT outcome FROM audit_log WHERE act = 'deliver_notification'").outcome == "undelivered"


def test_nothing_is_reported_once_somebody_there_has_acknowledged(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    taker.answer(503)
    event = county.violate()
    county.alder.work()
    acknowledge_notification(county.web, county.person("officer", "probation"), county.notice(event, "officer"))
    taker.answer(410)
    county.pass_time(county.clock() + timedelta(seconds=4))
    assert _state(county, event) == "undelivered"
    assert county.rows("SELECT id FROM event_log WHERE type = 'notification.undelivered'") == []


def test_a_report_that_is_undelivered_itself_is_not_reported_again(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    county.hook("cps", taker.url.replace("/hook", "/other"))
    taker.answer(410)
    county.violate()
    county.alder.work()
    assert {row.state for row in county.rows("SELECT state FROM notifications WHERE channel = 'webhook'")} == {
        "undelivered"
    }
    reported = county.rows("SELECT id FROM event_log WHERE type = 'notification.undelivered'")
    assert len(reported) == 2


def test_what_can_wait_is_given_up_after_three_days_and_stays_in_the_inbox(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    taker.answer(500)
    event = county.alder.accept(
        "police", "order.served", {"order_ref": "o-1", "served_at": "2025-01-18T07:00:00-05:00"}
    )
    county.alder.work()
    assert county.told(event, "webhook") != []
    let_time_pass(county.system, county.clock, county.clock() + timedelta(days=8))
    assert _state(county, event) == "undelivered"
    assert len(county.attempts(event)) == 10
    assert [row.state for row in county.told(event) if row.who == "officer"] == ["delivered"]
    assert county.rows("SELECT id FROM event_log WHERE type = 'notification.undelivered'") == []


def test_one_failing_receiver_fails_no_other(county: Telling, taker: Receiver) -> None:
    county.hook("cps", "http://127.0.0.1:1/closed")
    county.hook("probation", taker.url)
    event = county.violate()
    county.alder.work()
    assert sorted(row.state for row in county.told(event, "webhook")) == ["delivered", "pending"]
    assert [job.error_code for job in county.jobs("deliver")] == ["no_connection"]


def test_a_receiver_that_hangs_holds_up_neither_the_lane_nor_the_others(county: Telling, taker: Receiver) -> None:
    with raw_receiver(silence) as hanging:
        county.hook("cps", hanging)
        county.hook("probation", taker.url)
        events = [county.violate() for _ in range(3)]
        began = monotonic()
        county.alder.work()
        waited = monotonic() - began
        assert len(taker.received) == 3
        leased = [job for job in county.jobs("deliver") if job.lease is not None]
        busy = [job for job in county.jobs("deliver") if job.error_code == "receiver_busy"]
        assert (len(leased), len(busy)) == (2, 1), waited
        assert _eventually(lambda: all(job.lease is None for job in county.jobs("deliver")))
    tried = [one for event in events for one in county.attempts(event)]
    assert tried.count((1, "failed", "timeout")) == 2
    assert tried.count((1, "delivered", None)) == 3
    assert len(tried) == 5


def test_a_flood_to_one_receiver_is_worked_off(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    for _ in range(30):
        county.violate()
    county.alder.work()
    assert len({received.headers["webhook-id"] for received in taker.received}) == len(taker.received) == 30
    assert county.jobs("deliver") == []


class _Thief:
    """Takes the message; and while it is being called, somebody else takes over the lease of the first job."""

    def __init__(self) -> None:
        self.county: Telling | None = None
        self.taken: list[OutwardMessage] = []

    def send(self, message: OutwardMessage) -> SendResult:
        assert self.county is not None
        self.taken.append(message)
        self.county.do(
            "UPDATE jobs SET lease = gen_random_uuid() WHERE id = (SELECT min(id) FROM jobs WHERE kind = 'deliver')"
        )
        return Delivered()


def test_a_lost_lease_leaves_the_job_to_its_new_holder_and_the_others_alone(system: System, clock: StoryClock) -> None:
    thief = _Thief()
    county = telling(system, clock, thief)
    thief.county = county
    county.hook("cps", "https://one.example/")
    county.hook("probation", "https://two.example/")
    event = county.violate()
    with county.system.database.begin(system_actor("test")) as connection:
        routing = jobs.lease(connection, Lane.URGENT, ["route"], clock(), 10)
    route_events(county.system, routing)
    batch = _lease(county)
    assert len(batch) == 2
    deliver_notifications(county.system, batch)
    [left] = county.jobs("deliver")
    assert left.id == min(job.id for job in batch)
    assert left.lease != batch[0].lease
    assert county.attempts(event) == [(1, "delivered", None)] * 2


def test_killed_between_the_attempt_and_its_outcome_the_message_goes_out_again(
    county: Telling, taker: Receiver
) -> None:
    county.hook("probation", taker.url)
    taker.answer(503)
    event = county.violate()
    county.alder.work()
    [told] = county.told(event, "webhook")
    county.do("UPDATE attempts SET outcome = NULL, code = NULL, finished_at = NULL")
    county.do("UPDATE jobs SET due_at = :now WHERE kind = 'deliver'", now=county.clock())
    taker.answer(204)
    county.alder.work()
    assert county.attempts(event) == [(1, None, None), (2, "delivered", None)]
    assert [received.headers["webhook-id"] for received in taker.received] == [str(told.id)] * 2


def test_an_agency_that_has_left_the_case_is_told_nothing_more(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    taker.answer(503)
    event = county.violate()
    county.alder.work()
    county.take_off(Role.PROB, "probation", "officer", date(2025, 1, 18))
    county.pass_time(county.clock() + timedelta(days=1))
    assert len(taker.received) == 1
    assert _state(county, event) == "undelivered"
    assert county.attempts(event) == [(1, "failed", "http_503"), (2, "withheld", "not_on_case")]
    assert county.jobs("deliver") == []


def test_an_endpoint_that_was_switched_off_is_not_called(county: Telling, taker: Receiver) -> None:
    hook = county.hook("probation", taker.url)
    taker.answer(503)
    event = county.violate()
    county.alder.work()
    county.do("UPDATE endpoints SET active = false WHERE id = :id", id=hook.id)
    county.pass_time(county.clock() + timedelta(seconds=4))
    assert len(taker.received) == 1
    assert county.attempts(event)[-1] == (2, "withheld", "no_address")


def test_a_job_whose_notification_is_not_there_or_delivered_ends(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    event = county.violate()
    county.alder.work()
    [told] = county.told(event, "webhook")
    with county.system.database.begin(system_actor("test")) as connection:
        for ref in (uuid4(), told.id):
            jobs.add(connection, [NewJob(f"again:{ref}", Lane.URGENT, "deliver", ref, county.clock())])
    county.alder.work()
    assert county.jobs("deliver") == []
    assert len(taker.received) == 1


def test_two_jobs_for_one_notification_send_it_once(county: Telling, taker: Receiver) -> None:
    county.hook("probation", taker.url)
    taker.answer(503)
    event = county.violate()
    county.alder.work()
    [told] = county.told(event, "webhook")
    county.do("UPDATE jobs SET due_at = :now WHERE kind = 'deliver'", now=county.clock())
    with county.system.database.begin(system_actor("test")) as connection:
        jobs.add(connection, [NewJob("again", Lane.URGENT, "deliver", told.id, county.clock())])
    taker.answer(204)
    county.alder.work()
    assert len(taker.received) == 2
    assert county.jobs("deliver") == []


def test_a_rehearsal_keeps_what_would_have_been_sent(system: System, clock: StoryClock) -> None:
    channel = RehearsalChannel()
    county = telling(system, clock, channel)
    hook = county.hook("probation", "https://receiver.example/hook")
    county.violate()
    county.alder.work()
    [message] = channel.sent
    assert (message.address, message.urgency) == ("https://receiver.example/hook", Urgency.U0)
    assert message.secrets == (hook.secret,)


def test_without_the_channel_the_job_is_set_aside_visibly(system: System, clock: StoryClock) -> None:
    county = telling(system, clock, RehearsalChannel())
    county.hook("probation", "https://receiver.example/hook")
    county.violate()
    mute = replace(county.system, channels={})
    Alder(mute, county.alder.senders).work()
    let_time_pass(mute, clock, clock() + timedelta(minutes=2))
    assert [(job.state, job.error_code) for job in county.jobs("deliver")] == [("set_aside", "NoChannelError")]


def test_a_call_that_outlasts_the_lanes_patience_is_settled_from_its_own_thread(
    system: System, clock: StoryClock
) -> None:
    channel = _Slow()
    county = telling(system, clock, channel)
    county.hook("probation", "https://receiver.example/hook")
    event = county.violate()
    county.alder.work()
    assert _state(county, event) == "pending"
    channel.go_on.set()
    assert _eventually(lambda: _state(county, event) == "delivered")
    assert _eventually(lambda: county.jobs("deliver") == [])


class _Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.go_on = Event()
        self.taken: list[OutwardMessage] = []

    def send(self, message: OutwardMessage) -> SendResult:
        self.taken.append(message)
        self.go_on.wait(10)
        return Delivered()
