"""Traces recorded with OpenTelemetry, and sent where its own environment variables say. Needs the extra ``traces``.

A span leaves the process with the names and attributes on a list, and without the text of errors: those quote rows.
No outside party decides on our traces: the trace that a sender names is linked, never continued, and no message that
goes out names one (docs/decisions/0009-figures-and-traces.md).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Span, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.telemetry.traces import CARRIED, Traced

ATTRIBUTES: Final = frozenset(
    {
        "tallystick.attempt",
        "tallystick.job",
        "tallystick.jobs",
        "tallystick.notification",
        "tallystick.ref",
        "db.operation",
        "db.statement",
        "db.system",
        "error.type",
        "http.method",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.status_code",
    }
)
"""What a span may carry. Statements hold no values: those travel beside them."""

_W3C: Final = TraceContextTextMapPropagator()
_UNDER_WAY: Final[ContextVar[Mapping[UUID, str] | None]] = ContextVar("tallystick_traces", default=None)
"""For the batch that is under way: what its jobs are about, with the trace of each."""


class RecordedTraces:
    """Records spans with a provider of OpenTelemetry's."""

    def __init__(self, provider: TracerProvider) -> None:
        self.provider = provider
        self._tracer = provider.get_tracer("tallystick")

    def carried(self, ref: UUID | None = None) -> Mapping[str, object]:
        """The arguments with which a job goes on with the trace of the work on ``ref``, else of what happens here."""
        known = (_UNDER_WAY.get() or {}).get(ref) if ref else None
        said = known or _written(trace.get_current_span())
        return {CARRIED: said} if said else {}

    def link(self, attributes: Mapping[str, object]) -> None:
        """Name the trace that the attributes of an event carry, its sender's own, beside the one under way here."""
        found = _read(attributes)
        if found is not None:
            trace.get_current_span().add_link(trace.get_current_span(found).get_span_context())

    @contextmanager
    def batch(self, jobs: Sequence[Traced]) -> Iterator[None]:
        """One span for each job, on the job's own trace. Several have one more, linked to all, for what they share."""
        own = [
            self._tracer.start_span(job.kind, _read(job.arguments) or Context(), attributes=_about(job)) for job in jobs
        ]
        under_way = _UNDER_WAY.set({job.ref: _written(span) for job, span in zip(jobs, own, strict=True)})
        try:
            with self._shared(jobs[0].kind, own) as shared, _failing(*own, shared):
                yield
        finally:
            _UNDER_WAY.reset(under_way)
            for span in own:
                span.end()

    @contextmanager
    def _shared(self, kind: str, own: Sequence[Span]) -> Iterator[Span]:
        if len(own) == 1:
            with trace.use_span(own[0], record_exception=False, set_status_on_exception=False):
                yield own[0]
            return
        links = [Link(span.get_span_context()) for span in own]
        shared = self._tracer.start_span(
            f"{kind} together", Context(), attributes={"tallystick.jobs": len(own)}, links=links
        )
        with trace.use_span(shared, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            yield shared

    @contextmanager
    def call(self, job: Traced, notification: UUID, attempt: int) -> Iterator[None]:
        """A call to a receiver, in whatever thread."""
        about = {**_about(job), "tallystick.notification": str(notification), "tallystick.attempt": attempt}
        span = self._tracer.start_span("call", _read(job.arguments) or Context(), attributes=about)
        used = trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False)
        with used, _failing(span):
            yield

    def trace_of_now(self) -> str | None:
        """The id of the trace that is under way here."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else None

    def instrument(self, app: object) -> None:
        """Record every request to a Flask application."""
        instrument: Callable[..., None] = FlaskInstrumentor().instrument_app
        instrument(app, tracer_provider=self.provider, enable_commenter=False)


def record_traces(service: str, processor: SpanProcessor | None = None) -> RecordedTraces:
    """Traces of this process, handed to ``processor``; without one sent as ``OTEL_EXPORTER_OTLP_ENDPOINT`` and its
    companions say. Statements are recorded on every connection that is made from now on.
    """
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: f"tallystick-{service}"}))
    provider.add_span_processor(processor or BatchSpanProcessor(AllowedOnly(OTLPSpanExporter())))
    set_global_textmap(_NobodysTrace())
    PsycopgInstrumentor().instrument(tracer_provider=provider)
    return RecordedTraces(provider)


class _NobodysTrace(TextMapPropagator):
    """Takes no trace from the headers of a request, and gives none away."""

    @property
    def fields(self) -> set[str]:
        return set()

    def extract(
        self,
        carrier: CarrierT,  # noqa: ARG002 (as the library calls it)
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,  # noqa: ARG002
    ) -> Context:
        return context or Context()

    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        pass


class AllowedOnly(SpanExporter):
    """Hands spans on to another exporter with nothing on them but ATTRIBUTES, and without the text of errors."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand them on."""
        return self._exporter.export([_allowed(span) for span in spans])

    def shutdown(self) -> None:
        """End the other exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Let the other exporter send what it holds."""
        return self._exporter.force_flush(timeout_millis)


def _allowed(span: ReadableSpan) -> ReadableSpan:
    attributes = {name: value for name, value in (span.attributes or {}).items() if name in ATTRIBUTES}
    return ReadableSpan(
        name=_name_of(attributes) or span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=[Link(link.context) for link in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _name_of(attributes: Mapping[str, object]) -> str | None:
    """The name of a request, by its route: where there is none, its path is what somebody typed."""
    method = attributes.get("http.method") or attributes.get("http.request.method")
    route = attributes.get("http.route")
    return f"{method} {route}" if method and route else str(method) if method else None


@contextmanager
def _failing(*spans: Span) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
        raise


def _about(job: Traced) -> dict[str, str | int]:
    return {"tallystick.job": job.id, "tallystick.ref": str(job.ref), "tallystick.attempt": job.attempts}


def _read(arguments: Mapping[str, object]) -> Context | None:
    """The trace that arguments carry; None where they carry none, or something that is none."""
    said = arguments.get(CARRIED)
    if not isinstance(said, str):
        return None
    found = _W3C.extract({CARRIED: said}, Context())
    return found if trace.get_current_span(found).get_span_context().is_valid else None


def _written(span: Span) -> str:
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, trace.set_span_in_context(span, Context()))
    return carrier.get(CARRIED, "")
