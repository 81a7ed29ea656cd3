"""A county under load: agencies, people, desks and many cases, and traffic that its agencies send about them.

The mix of types is that of an ordinary week (probation, programme and visit reports, police, court), each as the
catalogue wants it. Nothing in it depends on a clock: instants are given.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from services.actions.play_story import agency_actors
from services.actions.receive_events import Accepted, receive_events
from services.actions.set_up import SetUpDone, set_up
from services.domain.actors import Actor
from services.domain.events import Envelope, wire_type
from services.domain.registry import Membership, NewAgency, NewCounty, NewStaff, NewTeam, TeamRef
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.system import System

SINCE = date(2024, 1, 1)
_CPS = frozenset({Role.CPS_INTAKE, Role.CPS_INV, Role.CPS_WORKER, Role.CPS_SUP, Role.CPS_MGR})
_AGENCIES = {
    "cps": ("Child welfare", _CPS),
    "police": ("Police", frozenset({Role.LE})),
    "probation": ("Probation", frozenset({Role.PROB})),
    "programme": ("Programme", frozenset({Role.BIP})),
    "visits": ("Visit centre", frozenset({Role.VISIT})),
    "court": ("Juvenile court", frozenset({Role.JUV_COURT})),
    "attorney": ("Agency attorney", frozenset({Role.AG_ATTY})),
    "guardian": ("Guardians ad litem", frozenset({Role.GAL})),
}
_SEATS = {
    "police": (Role.LE, "sergeant"),
    "probation": (Role.PROB, "officer"),
    "programme": (Role.BIP, "facilitator"),
    "visits": (Role.VISIT, "monitor"),
    "court": (Role.JUV_COURT, "clerk"),
    "attorney": (Role.AG_ATTY, "counsel"),
    "guardian": (Role.GAL, "guardian"),
}

COUNTY = SetUp(
    agencies=tuple(NewAgency(slug, name, roles) for slug, (name, roles) in _AGENCIES.items()),
    counties=(NewCounty("alder", "Alder", "America/New_York", "alder-agency", TeamRef("cps", "on-call")),),
    staff=(
        NewStaff("cps", "worker", "Worker", supervisor="supervisor", since=SINCE),
        NewStaff("cps", "supervisor", "Supervisor"),
        NewStaff("probation", "officer", "Officer"),
        NewStaff("programme", "facilitator", "Facilitator"),
        NewStaff("police", "sergeant", "Sergeant"),
        NewStaff("visits", "monitor", "Monitor"),
        NewStaff("court", "clerk", "Clerk"),
        NewStaff("attorney", "counsel", "Counsel"),
        NewStaff("guardian", "guardian", "Guardian"),
    ),
    teams=(
        NewTeam("cps", "on-call", "On-call desk", duty_desk=True, members=(Membership("supervisor", SINCE),)),
        NewTeam("probation", "duty", "Duty desk", duty_desk=True, members=(Membership("officer", SINCE),)),
        NewTeam("police", "duty", "Duty desk", duty_desk=True, members=(Membership("sergeant", SINCE),)),
    ),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of event in the traffic: who sends it, what it says, and how often among the others."""

    agency: str
    type: str
    data: Mapping[str, Any]
    weight: int


@dataclass(frozen=True, slots=True)
class Sent:
    """An event of the traffic, with the agency that sends it."""

    agency: str
    envelope: Envelope

    def wire(self) -> dict[str, Any]:
        """As a CloudEvent in structured mode."""
        one = self.envelope
        return {
            "specversion": "1.0",
            "id": one.id,
            "source": one.source,
            "type": wire_type(one.type),
            "subject": one.subject,
            "time": one.time.isoformat(),
            "recordedtime": one.recorded.isoformat(),
            "datacontenttype": "application/json",
            "data": one.data,
        }


def found_county(system: System) -> Mapping[str, Actor]:
    """Set the county up on an empty system. Returns its agencies as senders, by slug."""
    done = set_up(system, Actor(name="system:benchmark", administrates=True), COUNTY)
    if not isinstance(done, SetUpDone):
        raise TypeError(f"the county could not be set up: {done}")
    return agency_actors(system)


def open_cases(system: System, senders: Mapping[str, Actor], numbers: Sequence[str], at: datetime) -> None:
    """Open cases under these numbers, the same with each agency, with every seat of the county taken."""
    for start in range(0, len(numbers), 50):
        batch = [event for number in numbers[start : start + 50] for event in _opening(number, at)]
        outcomes = receive_events(system, senders["cps"], batch)
        wrong = [outcome for outcome in outcomes if not isinstance(outcome, Accepted)]
        if wrong:
            raise TypeError(f"a case could not be opened: {wrong[0]}")


def _opening(number: str, at: datetime) -> Iterator[Envelope]:
    day = (at - timedelta(days=2)).date().isoformat()
    acts: list[tuple[str, dict[str, Any]]] = [
        ("case.opened", {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": day}),
        ("case.role_given", {"role": "CPS_WORKER", "agency": "cps", "person": "worker", "since": day}),
        ("case.role_given", {"role": "CPS_SUP", "agency": "cps", "person": "supervisor", "since": day}),
    ]
    for agency, (role, person) in _SEATS.items():
        acts += [
            ("case.identifier_linked", {"agency": agency, "value": number}),
            ("case.role_given", {"role": role.value, "agency": agency, "person": person, "since": day}),
        ]
    for at_number, (event_type, data) in enumerate(acts):
        yield envelope("cps", event_type, data, subject=number, event_id=f"{number}-opening-{at_number}", at=at)


def envelope(
    agency: str, event_type: str, data: Mapping[str, Any], *, subject: str, event_id: str, at: datetime
) -> Envelope:
    """An envelope of an agency of the county."""
    return Envelope(
        id=event_id,
        source=f"urn:agency:{agency}:benchmark",
        type=event_type,
        subject=subject,
        time=at,
        recorded=at,
        data=dict(data),
    )


_OBSERVED = {
    "goal_id": "G-1",
    "direction": "+",
    "behaviour": "Left the house when asked, and did not come back that night.",
    "observed_from": "2026-01-12",
    "basis": "direct",
}
_ORDER = {"findings": {"reasonable_efforts": True}, "orders": ["Supervised visits once a week."]}
_DISPOSITION = {"finding": "substantiated"}
_OVERRIDE = {"override_ref": "OV-1", "granted": False, "why": "Nobody but himself has said so."}
_REVISION = {"diff": [{"op": "added", "goal_id": "G-2"}], "reason": "A second pattern item was approved."}
TRAFFIC = (
    Kind("court", "juv.order_entered", _ORDER, 3),
    Kind("cps", "inv.disposition", _DISPOSITION, 3),
    Kind("cps", "caseplan.revised", _REVISION, 9),
    Kind("cps", "goal.override_decided", _OVERRIDE, 4),
    Kind("probation", "prob.contact_report", {"kind": "office", "per_goal": [_OBSERVED]}, 2),
    Kind("probation", "prob.checkin_missed", {"due": "2026-01-10T09:00:00-05:00"}, 1),
    Kind("programme", "provider.progress_report", {"period": "2026-01", "per_goal": [_OBSERVED], "statements": []}, 1),
    Kind(
        "visits",
        "visitctr.visit_completed",
        {"in_at": "2026-01-12T15:00:00-05:00", "out_at": "2026-01-12T16:00:00-05:00", "observations": ["On time."]},
        2,
    ),
)
"""An ordinary week. The weights make four notifications an event on average (`benchmarks.pipeline` says how many)."""

URGENT = Kind(
    "police",
    "le.dv_incident",
    {
        "incident_no": "1",
        "offence_codes": ["ASSAULT"],
        "children_present": True,
        "weapons": False,
        "injuries": "visible",
        "pattern_codes": ["strangulation"],
    },
    1,
)
"""What nobody may hear of late."""


def traffic(
    random: Random, numbers: Sequence[str], count: int, at: datetime, name: str, kinds: Sequence[Kind] = TRAFFIC
) -> list[Sent]:
    """``count`` events about these cases, drawn from ``kinds`` by weight. ``name`` makes their ids their own."""
    drawn = random.choices(kinds, [kind.weight for kind in kinds], k=count)
    return [
        Sent(
            kind.agency,
            envelope(kind.agency, kind.type, kind.data, subject=random.choice(numbers), event_id=f"{name}-{n}", at=at),
        )
        for n, kind in enumerate(drawn)
    ]


def by_agency(sent: Sequence[Sent]) -> dict[str, list[Envelope]]:
    """The envelopes of each agency, in their order."""
    found: dict[str, list[Envelope]] = {}
    for one in sent:
        found.setdefault(one.agency, []).append(one.envelope)
    return found


def case_numbers(count: int) -> list[str]:
    """Numbers for so many cases."""
    return [f"OAK-{number:05}" for number in range(count)]


def today() -> datetime:
    """Now, to the second, for the instants of traffic."""
    return datetime.now(UTC).replace(microsecond=0)
