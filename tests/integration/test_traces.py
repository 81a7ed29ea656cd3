"""One trace goes from the request over the jobs to the call, says ids only, and belongs to us alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import text

from services.actions.register_endpoint import register_endpoint
from services.channels.webhook import WebhookChannel
from services.domain.registry import NewEndpoint, Registered
from services.domain.urgency import Lane
from services.storage import jobs
from services.storage.jobs import NewJob
from services.telemetry.recorded_traces import ATTRIBUTES, AllowedOnly, RecordedTraces, record_traces
from tests.receivers import receiver
from tests.web_world import ADMINISTRATOR, MEDIA, PROBATION_NUMBER, World, app_on, event

CANARY = "canary-4711-marisol"
SENDERS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Where spans go, with what may be on them."""
    return InMemorySpanExporter()


@pytest.fixture
def recorded(exporter: InMemorySpanExporter) -> Iterator[RecordedTraces]:
    """Traces as a process records them, into memory."""
    yield record_traces("test", SimpleSpanProcessor(AllowedOnly(exporter)))
    PsycopgInstrumentor().uninstrument()


@pytest.fixture
def traced(recorded: RecordedTraces, world: World) -> World:
    """The world with traces, and a receiver of the supervisors' webhooks."""
    system = replace(world.system, traces=recorded, channels={"webhook": WebhookChannel(allow_private=True)})
    return replace(world, system=system, app=app_on(system))


def violation(**more: str) -> dict[str, Any]:
    """An urgent event that says the canary wherever it may."""
    data = {"conditions": [CANARY], "facts": CANARY, "dangerous": True}
    return event(
        "prob.violation_filed", data, PROBATION_NUMBER, id=f"{CANARY}-{uuid4()}", source=f"urn:{CANARY}", **more
    )


def test_one_trace_covers_intake_routing_and_delivery(traced: World, exporter: InMemorySpanExporter) -> None:
    with receiver() as hooked:
        done = register_endpoint(traced.system, ADMINISTRATOR, NewEndpoint("alder-cps", hooked.url), allow_private=True)
        assert isinstance(done, Registered)
        bearer = traced.bearer("alder-probation-supervision")
        exporter.clear()
        answer = traced.client().post("/v1/events", json=violation(), headers=bearer | MEDIA)
        assert answer.status_code == 202
        traced.work()
        assert len(hooked.received) >= 1
        headers = {name.lower() for one in hooked.received for name in one.headers}
    assert not headers & {"traceparent", "tracestate", "baggage"}
    spans = exporter.get_finished_spans()
    (request,) = [span for span in spans if span.name == "POST /v1/events"]
    assert request.parent is None
    trace = [span for span in spans if span.context.trace_id == request.context.trace_id]
    names = [span.name for span in trace]
    assert {"POST /v1/events", "route", "deliver", "call", "INSERT", "SELECT"} <= set(names)
    (route,) = [span for span in trace if span.name == "route"]
    assert _parent(route, trace).name == "POST /v1/events"
    for name in ("deliver", "call"):
        assert {_parent(span, trace).name for span in trace if span.name == name} == {"route"}
    assert any(_parent(span, trace).name == "route" for span in trace if span.name in {"INSERT", "SELECT"})


def test_jobs_that_are_done_together_each_go_on_with_their_own_trace(
    traced: World, exporter: InMemorySpanExporter
) -> None:
    bearer = traced.bearer("alder-probation-supervision")
    for _ in range(3):
        traced.client().post("/v1/events", json=violation(), headers=bearer | MEDIA)
    exporter.clear()
    traced.work()
    spans = exporter.get_finished_spans()
    routes = [span for span in spans if span.name == "route"]
    assert len({span.context.trace_id for span in routes}) == 3
    (together,) = [span for span in spans if span.name == "route together"]
    assert {link.context.span_id for link in together.links} == {span.context.span_id for span in routes}
    assert together.context.trace_id not in {span.context.trace_id for span in routes}


def test_the_trace_that_a_sender_names_is_linked_and_decides_nothing(
    traced: World, exporter: InMemorySpanExporter
) -> None:
    bearer = traced.bearer("alder-probation-supervision")
    sent = violation(traceparent=SENDERS)
    exporter.clear()
    forged = {"traceparent": SENDERS.replace("4bf9", "aaaa"), "baggage": f"a={CANARY}"}
    first = traced.client().post("/v1/events", json=sent, headers=bearer | MEDIA | forged)
    (request,) = [span for span in exporter.get_finished_spans() if span.name == "POST /v1/events"]
    assert request.parent is None
    assert [f"{link.context.trace_id:032x}" for link in request.links] == ["4bf92f3577b34da6a3ce929d0e0e4736"]
    assert f"{request.context.trace_id:032x}" not in SENDERS + forged["traceparent"]
    again = sent | {"traceparent": SENDERS.replace("00f0", "bbbb")}
    second = traced.client().post("/v1/events", json=again, headers=bearer | MEDIA)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.get_data() == second.get_data()
    exporter.clear()
    nonsense = traced.client().post("/v1/events", json=violation(traceparent=CANARY), headers=bearer | MEDIA)
    assert nonsense.status_code == 202
    (request,) = [span for span in exporter.get_finished_spans() if span.name == "POST /v1/events"]
    assert not request.links


def test_no_span_says_more_than_the_list_allows(traced: World, exporter: InMemorySpanExporter) -> None:
    bearer = traced.bearer("alder-probation-supervision")
    client = traced.client()
    client.post(f"/v1/events?{CANARY}", json=violation(), headers=bearer | MEDIA | {"User-Agent": CANARY})
    client.get(f"/{CANARY}/{CANARY}")
    client.get(f"/v1/cases/{CANARY}", headers=bearer)
    with traced.system.database.begin(ADMINISTRATOR) as connection:
        job = NewJob(key=CANARY, lane=Lane.URGENT, kind="route", ref=uuid4(), due_at=traced.system.clock())
        jobs.add(connection, [job])
    traced.work()
    spans = exporter.get_finished_spans()
    said = [span.to_json() for span in spans]
    assert spans
    assert not [one for one in said if CANARY in one]
    assert {name for span in spans for name in span.attributes or {}} <= ATTRIBUTES
    assert not any(span.events for span in spans)
    failed = [span for span in spans if span.status.status_code is StatusCode.ERROR]
    assert failed
    assert {str((span.attributes or {}).get("error.type")) for span in failed if span.name == "route"} == {"KeyError"}
    statements = [str(value) for span in spans for value in [(span.attributes or {}).get("db.statement")] if value]
    assert statements
    assert not [one for one in statements if re.search(r"'[^']*(alder|okafor|AC-2025)", one)]


def test_without_traces_a_job_carries_none(world: World) -> None:
    world.send("alder-probation-supervision", violation(traceparent=SENDERS))
    with world.system.database.begin(ADMINISTRATOR) as connection:
        assert connection.execute(text("SELECT DISTINCT arguments FROM jobs WHERE kind = 'route'")).scalars().all() == [
            {}
        ]


def _parent(span: ReadableSpan, trace: Sequence[ReadableSpan]) -> ReadableSpan:
    assert span.parent is not None
    (found,) = [one for one in trace if one.context.span_id == span.parent.span_id]
    return found
