"""Traces: one way from the request that took an event in, over its jobs, to the calls that tell of it.

The way is carried by the job, not by the bell: a bell names a lane and belongs to nobody (ARCHITECTURE.md §1). It is
written as W3C Trace Context has it, beside the job's other arguments. Without traces all of this does nothing and loads
nothing; ``telemetry.recorded_traces`` records them with OpenTelemetry.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID

CARRIED: Final = "traceparent"
"""The argument of a job, and the extension of an event, that carries a trace."""

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_NO_SPAN: Final[AbstractContextManager[None]] = nullcontext()


class Traced(Protocol):
    """What a trace says of a job: ids and counts."""

    @property
    def id(self) -> int:
        """Its number."""
        ...

    @property
    def kind(self) -> str:
        """What is to be done."""
        ...

    @property
    def ref(self) -> UUID:
        """To what."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried, with this time."""
        ...

    @property
    def arguments(self) -> Mapping[str, object]:
        """Where it carries its trace."""
        ...


class Traces(Protocol):
    """Records what is done as spans."""

    def carried(self, ref: UUID | None = None) -> Mapping[str, object]:
        """The arguments with which a job goes on with the trace of the work on ``ref``, else of what happens here."""
        ...

    def link(self, attributes: Mapping[str, object]) -> None:
        """Name the trace that the attributes of an event carry, its sender's own, beside the one under way here."""
        ...

    def batch(self, jobs: Sequence[Traced]) -> AbstractContextManager[None]:
        """The work on jobs of one kind, each going on with its own trace."""
        ...

    def call(self, job: Traced, notification: UUID, attempt: int) -> AbstractContextManager[None]:
        """A call to a receiver, in whatever thread."""
        ...

    def trace_of_now(self) -> str | None:
        """The id of the trace that is under way here."""
        ...

    def instrument(self, app: object) -> None:
        """Record every request to a Flask application."""
        ...


class NoTraces:
    """For a system that records none."""

    def carried(self, ref: UUID | None = None) -> Mapping[str, object]:  # noqa: ARG002 (as the protocol has it)
        """Nothing."""
        return _NOTHING

    def link(self, attributes: Mapping[str, object]) -> None:
        """Name nothing."""

    def batch(self, jobs: Sequence[Traced]) -> AbstractContextManager[None]:  # noqa: ARG002 (as the protocol has it)
        """Record nothing."""
        return _NO_SPAN

    def call(
        self,
        job: Traced,  # noqa: ARG002 (as the protocol has it)
        notification: UUID,  # noqa: ARG002
        attempt: int,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Record nothing."""
        return _NO_SPAN

    def trace_of_now(self) -> str | None:
        """None."""
        return None

    def instrument(self, app: object) -> None:
        """Leave it as it is."""
