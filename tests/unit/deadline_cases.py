"""Events, a venue and the shipped rules, for the tests of deadlines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from schemas.catalogue import CATALOGUE
from services.domain.calendars import Venue, local_date
from services.domain.deadline_changes import Changes, changes_by, look_back_types
from services.domain.deadline_rules import RuleBook
from services.domain.deadlines import Deadline, State
from services.domain.events import Event
from services.domain.roles import Role
from services.policy.calendars import load_calendars
from services.policy.deadlines import compile_deadlines
from services.policy.source import load_document

POLICY = Path(__file__).parents[2] / "config" / "policy"
CASE = UUID("7d1c7a52-93f5-4f5e-8d3c-0e4b2b0f6a11")
AGENCY = UUID("0c6f4b1e-2f5f-4a39-9d2a-8f8a4d1f8a22")
ZONE = ZoneInfo("America/New_York")


@cache
def shipped_rules() -> RuleBook:
    """The rules of ``config/policy/deadlines.yaml``."""
    kinds = [name for name, _ in load_document(POLICY / "tasks.yaml").at("kinds").items()]
    return compile_deadlines(POLICY / "deadlines.yaml", CATALOGUE, kinds)


@cache
def alder() -> Venue:
    """The county of the story."""
    return load_calendars(POLICY / "calendars.yaml").venues["alder"]


def at(text: str) -> datetime:
    """A local instant of the story, written ``2025-01-18 23:30`` or ``2025-01-18`` (midnight), in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def event(
    event_type: str,
    time: str | datetime,
    data: Mapping[str, object] | None = None,
    *,
    emitter: Role | None = None,
    recorded: str | None = None,
    name: str = "",
) -> Event:
    """An accepted event of the case at a local time. ``name`` tells apart what happens at the same time."""
    when = at(time) if isinstance(time, str) else time
    known = at(recorded) if recorded else when
    roles = CATALOGUE[event_type].type.emitters if event_type in CATALOGUE else {Role.CPS_WORKER}
    return Event(
        id=uuid5(CASE, f"{event_type}|{when.isoformat()}|{name}|{sorted((data or {}).items())}"),
        type=event_type,
        case_id=CASE,
        sequence=1,
        source="urn:test",
        source_id=f"{event_type}-{when.isoformat()}-{name}",
        agency_id=AGENCY,
        emitter=emitter or min(roles),
        time=when,
        recorded=known,
        accepted=known,
        data=data or {},
    )


class CaseFile:
    """The deadlines of one case as events arrive, in whatever order, and the clock moves on."""

    def __init__(self, book: RuleBook | None = None, venue: Venue | None = None, track: str = "investigation") -> None:
        self.book = book or shipped_rules()
        self.venue = venue or alder()
        self.track = track
        self.known: list[Event] = []
        self.deadlines: dict[UUID, Deadline] = {}
        self.late: dict[UUID, int] = {}

    def arrive(self, *events: Event, now: datetime | None = None) -> Changes:
        """Let events arrive, one after the other, each at its recorded time or at ``now``; the last one's changes."""
        changes = Changes()
        for one in events:
            wanted = look_back_types(one, self.book)
            later = [known for known in self.known if known.time > one.time and known.type in wanted]
            here = list(self.deadlines.values())
            changes = changes_by(one, here, later, self.book, self.venue, now or one.recorded, track=self.track)
            self.known.append(one)
            self.write(changes)
        return changes

    def write(self, changes: Changes) -> None:
        """Keep what changed, as the store would."""
        for opened in changes.opened:
            assert opened.state is State.OPEN
            there = self.deadlines.get(opened.id)
            assert there is None or there.state is State.RECOMPUTED, "the same deadline is opened twice"
            self.deadlines[opened.id] = opened
        for moved in changes.recomputed:
            self.deadlines[moved.by.id] = moved.by
            self._end(moved.deadline, State.RECOMPUTED, superseded_by=moved.by.id)
        for met in changes.met:
            self.late[met.deadline.id] = met.late_by
            self._end(met.deadline, State.MET, closed_by=met.event.id)
        for cancelled in changes.cancelled:
            self._end(cancelled.deadline, State.CANCELLED, closed_by=cancelled.event.id)

    def of(self, rule: str, *states: State) -> list[Deadline]:
        """The deadlines of a rule in these states (open where none is named), by due date."""
        wanted = states or (State.OPEN,)
        found = (one for one in self.deadlines.values() if one.rule_id == rule and one.state in wanted)
        return sorted(found, key=lambda one: (one.rolled_due, one.basis.key))

    def only(self, rule: str, *states: State) -> Deadline:
        """The one deadline of a rule in these states."""
        (found,) = self.of(rule, *states)
        return found

    def due_on(self, rule: str) -> date:
        """The day on which the one open deadline of a rule is due."""
        return self.only(rule).due_on

    def open_dates(self) -> set[tuple[str, str, int, datetime]]:
        """What is open, without the ids."""
        return {
            (one.rule_id, one.basis.key, one.basis.occurrence, one.rolled_due)
            for one in self.deadlines.values()
            if one.state is State.OPEN
        }

    def _end(
        self, deadline: Deadline, state: State, *, closed_by: UUID | None = None, superseded_by: UUID | None = None
    ) -> None:
        there = self.deadlines[deadline.id]
        assert there.state in {State.OPEN, State.MISSED}, "what is closed stays closed"
        self.deadlines[deadline.id] = replace(there, state=state, closed_by=closed_by, superseded_by=superseded_by)


def local_days(instants: Sequence[datetime]) -> list[str]:
    """The local days of instants, as ISO dates."""
    return [local_date(instant, ZONE).isoformat() for instant in instants]
