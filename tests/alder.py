"""A small county for tests: child welfare, police, probation and a programme, with people, desks and one case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from services.actions.play_story import agency_actors
from services.actions.receive_events import Accepted, Outcome, receive_events
from services.actions.run_jobs import run_jobs
from services.actions.set_up import SetUpDone, set_up
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.domain.registry import Membership, NewAgency, NewCounty, NewStaff, NewTeam, TeamRef
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.domain.urgency import Lane
from services.system import System

SINCE = date(2024, 1, 1)
_NUMBERS = count(1)
_CPS = frozenset({Role.CPS_INTAKE, Role.CPS_INV, Role.CPS_WORKER, Role.CPS_SUP, Role.CPS_MGR})

COUNTY = SetUp(
    agencies=(
        NewAgency("cps", "Child welfare", _CPS),
        NewAgency("police", "Police", frozenset({Role.LE})),
        NewAgency("probation", "Probation", frozenset({Role.PROB})),
        NewAgency("programme", "Programme", frozenset({Role.BIP})),
        NewAgency("clinic", "Clinic", frozenset({Role.SUD})),
    ),
    counties=(NewCounty("alder", "Alder", "America/New_York", "alder-agency", TeamRef("cps", "on-call")),),
    staff=(
        NewStaff("cps", "worker", "Worker", supervisor="supervisor", since=SINCE),
        NewStaff("cps", "supervisor", "Supervisor"),
        NewStaff("probation", "officer", "Officer"),
        NewStaff("programme", "facilitator", "Facilitator"),
        NewStaff("police", "sergeant", "Sergeant"),
        NewStaff("clinic", "counsellor", "Counsellor"),
    ),
    teams=(
        NewTeam("cps", "on-call", "On-call desk", duty_desk=True, members=(Membership("supervisor", SINCE),)),
        NewTeam("probation", "duty", "Duty desk", duty_desk=True, members=(Membership("officer", SINCE),)),
    ),
)


@dataclass(frozen=True, slots=True)
class Alder:
    """The county on a system: its agencies as senders, by slug."""

    system: System
    senders: Mapping[str, Actor]

    def send(self, agency: str, event_type: str, data: Mapping[str, Any], **said: Any) -> Outcome:
        """One event of an agency. Attributes as in ``envelope``."""
        [outcome] = receive_events(self.system, self.senders[agency], [self.envelope(agency, event_type, data, **said)])
        return outcome

    def accept(self, agency: str, event_type: str, data: Mapping[str, Any], **said: Any) -> UUID:
        """One event that is accepted; its receipt."""
        outcome = self.send(agency, event_type, data, **said)
        assert isinstance(outcome, Accepted), outcome
        return outcome.receipt

    def envelope(
        self,
        agency: str,
        event_type: str,
        data: Mapping[str, Any],
        *,
        subject: str = "C-1",
        event_id: str | None = None,
        time: datetime | None = None,
    ) -> Envelope:
        """An envelope of an agency, about the case that all agencies call C-1, of now."""
        at = time or self.system.clock()
        return Envelope(
            id=event_id or f"e-{next(_NUMBERS)}",
            source=f"urn:agency:{agency}:test",
            type=event_type,
            subject=subject,
            time=at,
            recorded=at,
            data=dict(data),
        )

    def work(self) -> None:
        """Do everything that is due."""
        while any(run_jobs(self.system, lane) for lane in Lane):
            pass

    def open_case(self, *agencies: str) -> None:
        """Open case C-1, with worker, supervisor and, for the agencies named, their number and one seat."""
        self.accept(
            "cps",
            "case.opened",
            {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"},
        )
        self.seat("CPS_WORKER", "cps", "worker")
        self.seat("CPS_SUP", "cps", "supervisor")
        for agency in agencies:
            self.accept("cps", "case.identifier_linked", {"agency": agency, "value": "C-1"})
            self.seat(*SEATS[agency])

    def seat(self, role: str, agency: str, person: str) -> None:
        """Give a role on the case to a person."""
        self.accept("cps", "case.role_given", {"role": role, "agency": agency, "person": person, "since": "2025-01-18"})


SEATS = {
    "police": ("LE", "police", "sergeant"),
    "probation": ("PROB", "probation", "officer"),
    "programme": ("BIP", "programme", "facilitator"),
    "clinic": ("SUD", "clinic", "counsellor"),
}
STORY_START = datetime(2025, 1, 18, 12, 0, tzinfo=UTC)


def alder(system: System) -> Alder:
    """The county, set up on an empty system."""
    done = set_up(system, Actor(name="system:test", administrates=True), COUNTY)
    assert isinstance(done, SetUpDone), done
    return Alder(system, agency_actors(system))
