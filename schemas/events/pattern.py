"""The map of the subject's pattern (practice.md §1.2, §1.3, §3 rows 9 to 11; Settled 12)."""

from schemas.classes import CASE, CHS, EVI, PAT, PLN_P, SRC
from schemas.fields import Choice, DateOrInstant, Flag, Line, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import Distinct, NotBefore
from schemas.structures import Document, Many
from schemas.vocabulary import BEHAVIOURS, CHILD_IMPACTS, CHILD_ROLES, DESIGNATIONS, PATHWAYS
from services.domain.catalogue import EventType
from services.domain.roles import Role

_SUPERVISOR = frozenset({Role.CPS_SUP})
_SOURCE_KINDS = ("record", "police", "court", "survivor", "child", "subject", "kin", "provider", "worker", "collateral")


class Pathway(Document):
    """One way from a behaviour to a child."""

    child_ref = Token("The child.", PAT, required=True)
    pathway = Choice("The way that the harm took.", PATHWAYS, PAT, required=True)
    effect = Text("The specific effect on the child.", PAT, required=True)
    impact = Choice("The effect as an N-DEx code.", CHILD_IMPACTS, PAT)


class PatternItem(Document):
    """One behaviour: who did what to whom, when, and what became of it."""

    rules = (NotBefore("until", "since"),)

    item_id = Token("The item, the same in every version of the map.", PAT, required=True)
    behaviour_code = Choice("The kind of behaviour.", BEHAVIOURS, PAT, required=True)
    act = Text("Who did what to whom.", PAT, required=True)
    since = DateOrInstant("When it happened, or began.", PAT)
    until = DateOrInstant("When it ended, where it lasted.", PAT)
    setting = Line("The kind of setting; never a place that can be found.", PAT)
    relationship = Choice("In this relationship, an earlier one, or elsewhere.", ("this", "prior", "other"), PAT)
    child_refs = Many("The children concerned.", Token, PAT, at_most=30)
    child_role = Choice("The part that the children had in it.", CHILD_ROLES, PAT)
    pathways = Many("How it reached each child.", Pathway, PAT, at_most=30)
    effect_on_family = Text("The specific effect on the other parent and the family.", PAT)
    source_refs = Many("Where it is known from.", Token, PAT, SRC, at_most=20)
    source_kind = Choice("What kind of source it is known from.", _SOURCE_KINDS, PAT, SRC)
    victim_sourced = Flag("True where only the survivor or a child is the source.", PAT, SRC)
    public_record = Flag("True where it stands in a police or court record.", PAT)
    corroboration = Line("What else supports it.", PAT, SRC)
    current = Flag("Whether it still goes on.", PAT)


class ChildLine(Document):
    """How one child is doing, on a day."""

    child_ref = Token("The child.", PAT, CHS, required=True)
    on = DateOrInstant("The day that it is about.", PAT, CHS, required=True)
    how = Text("How the child is doing, in specific words.", PAT, CHS, required=True)


class ProtectiveEffort(Document):
    """One thing that the protective parent did for the children."""

    action = Text("What she did.", PLN_P, required=True)
    on = DateOrInstant("When.", PLN_P)
    benefit = Text("What the children had of it.", PLN_P)
    obstacles = Text("What the other parent put in the way.", PLN_P)


class Intersection(Document):
    """Substance use, mental health, culture or circumstances: never an excuse (practice.md §1.3)."""

    issue = Choice(
        "What it is.",
        ("substance_use", "mental_health", "culture", "socio_economic", "immigration", "disability"),
        PAT,
        required=True,
    )
    whose = Choice(
        "His own; caused or made worse by him; falsely alleged as a tactic; or a barrier to help.",
        ("own", "caused_by_subject", "alleged_as_tactic", "barrier"),
        PAT,
        required=True,
    )
    how = Text("How it bears on the behaviour; what he does when sober.", PAT, required=True)


class Mapped(EventPayload):
    """A version of the map of one person's pattern of behaviour, with its effect on each child."""

    event = EventType("pattern.mapped", "Pattern mapped", frozenset({Role.CPS_WORKER}), "9")
    about = frozenset({PAT})
    rules = (Distinct("items", "item_id"),)

    version = Whole("The version of the map, counted from 1.", PAT, required=True, at_least=1)
    person_ref = Token("The person whose pattern it is.", PAT, required=True)
    items = Many("The behaviours; none where no pattern was found.", PatternItem, PAT, required=True)
    sources = Many("The sources that were gone through, as tokens.", Token, PAT, SRC, required=True)
    does_well = Many("What the subject does well as a parent, each in one line.", Line, PAT, at_most=50)
    absent_from = Many("Duties of a parent that the subject leaves to others, each in one line.", Line, PAT, at_most=50)
    children = Many("How each child is doing, dated.", ChildLine, PAT, CHS, at_most=60)
    protective_efforts = Many("What the protective parent does for the children.", ProtectiveEffort, PLN_P)
    intersections = Many("What else bears on it, never as an excuse.", Intersection, PAT, at_most=30)
    culture = Text("The family's culture, in the family's own words.", PAT)
    mapped_by = Token("Who mapped it, by user name, where the sender is a program. May not approve it.", PAT)


class Approved(EventPayload):
    """A supervisor approved a version of the map; a redacted copy may now be made for the providers."""

    event = EventType("pattern.approved", "Pattern approved", _SUPERVISOR, "10")
    about = frozenset({PAT})

    version = Whole("The version that was approved.", PAT, required=True, at_least=1)
    person_ref = Token("The person whose pattern it is; needed where two people's maps have that version.", PAT)
    approved_by = Token("Who approved it, by user name, where the sender is a program.", PAT)


class CarriedOver(EventPayload):
    """A supervisor takes the approved map of a person over from another case, by reference (docs/decisions/0016).

    That it is the same person is known by this act alone, never by a name. It needs no second approval.
    """

    event = EventType("pattern.carried_over", "Pattern carried over", _SUPERVISOR, "added")
    about = frozenset({PAT})

    person_ref = Token("The person, as this case names them.", PAT, required=True)
    prior_case_ref = Token("The other case, by the agency's own number or its token.", CASE, PAT, EVI, required=True)
    prior_person_ref = Token("The same person, as the other case names them.", PAT, EVI, required=True)
    from_version = Whole("The version that is approved there; it keeps its number.", PAT, required=True, at_least=1)
    why = Text("How it is known to be the same person.", PAT, EVI, required=True)


class DesignationSet(EventPayload):
    """What a person is in the case. Comes only from an approved map, never from an arrest (practice.md §1.9)."""

    event = EventType("pattern.designation_set", "Designation set", _SUPERVISOR, "11")
    about = frozenset({PAT})

    person_ref = Token("The person.", CASE, required=True)
    value = Choice("What the person is.", DESIGNATIONS, CASE, PAT, required=True)
    map_version = Whole("The version of the approved map that it rests on.", PAT, at_least=1)
    why = Text("What it rests on.", PAT)
