"""The birth of a case, its people, its roster and the agencies' own numbers (practice.md §3 row 22; Settled)."""

from schemas.classes import CASE
from schemas.fields import Choice, Date, Line, Slug, Text, Token
from schemas.payload import EventPayload
from schemas.rules import Differs, NotBefore, OneOf
from services.domain.catalogue import EventType
from services.domain.roles import CHILD_WELFARE, WITHOUT_LOGIN, Role

_REGISTRARS = CHILD_WELFARE | {Role.ADMIN}
_ROSTER = frozenset({Role.CPS_INTAKE, Role.CPS_INV, Role.CPS_SUP, Role.CPS_MGR, Role.ADMIN})
_GIVEN = tuple(role.value for role in Role if role not in WITHOUT_LOGIN | {Role.SYSTEM})
_KINDS = ("subject", "protective_parent", "child", "kin", "other")
_RELATIONS = (
    "mother",
    "father",
    "parent",
    "step_parent",
    "child",
    "grandparent",
    "aunt_or_uncle",
    "sibling",
    "partner",
    "former_partner",
    "carer",
    "other",
)


class Opened(EventPayload):
    """A case was opened: on the investigation track, or on a differential one without dispositions and legal clocks."""

    event = EventType("case.opened", "Case opened", _REGISTRARS, "settled")
    about = frozenset({CASE})

    track = Choice("The track of the case.", ("investigation", "differential"), CASE, required=True)
    county = Slug("The county, by its short name.", CASE, required=True)
    zone = Line("The time zone of the county in which days are counted, such as America/Chicago.", CASE, required=True)
    opened_on = Date("The first day of the case.", CASE, required=True)


class Closed(EventPayload):
    """A case was closed. The pattern of the person stays; separation or completion never closes anything by itself."""

    event = EventType("case.closed", "Case closed", frozenset({Role.CPS_SUP, Role.CPS_MGR}), "settled")
    about = frozenset({CASE})

    closed_on = Date("The last day of the case.", CASE, required=True)
    reason = Choice(
        "Why it was closed.",
        ("goals_verified", "court_dismissed", "transferred", "permanency_reached", "opened_in_error", "other"),
        CASE,
        required=True,
    )
    why = Text("Why, in words.", CASE)


class PersonAdded(EventPayload):
    """A person belongs to the case from now on. A designation is no part of it: that comes from an approved map."""

    event = EventType("case.person_added", "Person added", _REGISTRARS, "settled")
    about = frozenset({CASE})

    person_ref = Token("The person, by the opaque token that all later events use.", CASE, required=True)
    kind = Choice("What the person is in the case.", _KINDS, CASE, required=True)
    name = Line("The person's name.", CASE, required=True)
    born = Date("The day of birth.", CASE)
    relation = Choice("The relation to the children of the case.", _RELATIONS, CASE)


class RoleGiven(EventPayload):
    """A person or a team of an agency has a role on the case, from a day on."""

    event = EventType("case.role_given", "Role given", _ROSTER, "settled")
    about = frozenset({CASE})
    rules = (OneOf(("person", "team"), exactly=True), NotBefore("until", "since"))

    role = Choice("The role.", _GIVEN, CASE, required=True)
    agency = Slug("The agency, by its short name.", CASE, required=True)
    person = Token("The member of staff, by user name.", CASE)
    team = Slug("The team, by its short name.", CASE)
    since = Date("The first day.", CASE, required=True)
    until = Date("The last day, where it is known.", CASE)
    for_ref = Token("The person of the case whom the role is about, such as the child of a therapist.", CASE)


class RoleEnded(EventPayload):
    """A person or a team no longer has a role on the case."""

    event = EventType("case.role_ended", "Role ended", _ROSTER, "settled")
    about = frozenset({CASE})
    rules = (OneOf(("person", "team"), exactly=True),)

    role = Choice("The role.", _GIVEN, CASE, required=True)
    agency = Slug("The agency, by its short name.", CASE, required=True)
    person = Token("The member of staff, by user name.", CASE)
    team = Slug("The team, by its short name.", CASE)
    until = Date("The last day of it.", CASE, required=True)
    for_ref = Token("The person of the case whom the role was about.", CASE)


class IdentifierLinked(EventPayload):
    """An agency's own number means this case. From now on what it sends under the number is filed here."""

    event = EventType("case.identifier_linked", "Identifier linked", _REGISTRARS, "settled")
    about = frozenset({CASE})

    agency = Slug("The agency, by its short name.", CASE, required=True)
    value = Line("The agency's own case number.", CASE, required=True, max_length=128)


class IdentifierUnlinked(EventPayload):
    """An agency's number does not mean this case after all; who was told what under it is listed."""

    event = EventType("case.identifier_unlinked", "Identifier unlinked", _REGISTRARS, "settled")
    about = frozenset({CASE})

    agency = Slug("The agency, by its short name.", CASE, required=True)
    value = Line("The agency's own case number.", CASE, required=True, max_length=128)
    reason = Text("Why it was wrong.", CASE, required=True)


class WorkerReassigned(EventPayload):
    """The case has another worker. External contacts are told the new name only."""

    event = EventType("case.worker_reassigned", "Worker reassigned", frozenset({Role.CPS_SUP}), "22")
    about = frozenset({CASE})
    rules = (Differs("to_worker", "from_worker"),)

    from_worker = Token("The worker until now, by user name.", CASE, required=True)
    to_worker = Token("The worker from now on, by user name.", CASE, required=True)
    handover_ref = Token("The handover briefing, where it is written already.", CASE)
    effective = Date("The first day of the new worker.", CASE)
