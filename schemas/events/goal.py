"""Behaviour goals: birth, computed status and overrides (practice.md §3 rows 14, 17 to 19; verification.md)."""

from schemas.classes import EVI, PLN_S, STA
from schemas.fields import Choice, Date, Flag, Line, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import NeededWhen, NotBefore, SomeUnless
from schemas.structures import Document, Many, Object
from schemas.vocabulary import GOAL_KINDS, REASON_CODES, STATUSES
from services.domain.catalogue import ANY_ROLE, ONLY_SYSTEM, PLANNERS, EventType
from services.domain.roles import Role

_OBSERVERS = (*sorted(role.value for role in ANY_ROLE), "KIN", "CHILD", "SURVIVOR", "NEIGHBOUR", "EMPLOYER")
_OVERRIDES = (
    "hold",
    "reject_evidence",
    "merge_groups",
    "split_group",
    "dispute",
    "raise_parameter",
    "lower_parameter",
    "waive_duration",
    "set_verified",
)
_VIEWS = ("internal", "attorney", "court", "subject", "probation", "programme")


class GoalParams(Document):
    """Where the thresholds of one goal differ from the policy (verification.md, table of parameters)."""

    groups = Whole("Independent groups needed.", PLN_S, at_least=1, at_most=10)
    observations = Whole("Observations needed.", PLN_S, at_least=1, at_most=100)
    period_days = Whole("Days over which change must be seen.", PLN_S, at_least=1, at_most=1500)
    max_gap_days = Whole("Longest hole inside a run, in days.", PLN_S, at_least=1, at_most=365)
    fresh_days = Whole("Days for which the last observation is fresh.", PLN_S, at_least=1, at_most=365)
    expire_days = Whole("Days after which evidence expires.", PLN_S, at_least=1, at_most=730)
    opportunities = Whole("Documented opportunities needed by a cessation goal.", PLN_S, at_least=0, at_most=50)


class Created(EventPayload):
    """A measurable behaviour goal was written; it waits for the supervisor's approval. Its statement is held to the
    language of plans (docs/plan-language.md), unless a court has ordered it.
    """

    event = EventType("goal.created", "Goal created", frozenset({Role.CPS_WORKER}), "14")
    about = frozenset({PLN_S})
    rules = (SomeUnless("baseline_item_refs", "ordered_by"),)

    goal_id = Token("The goal, one id for its whole life.", PLN_S, required=True)
    kind = Choice("He starts to do something (positive), or he stops (cessation).", GOAL_KINDS, PLN_S, required=True)
    statement = Text("What he does, or no longer does.", PLN_S, required=True, max_length=1000)
    purpose = Text("What it is for: what the family has of it.", PLN_S, max_length=1000)
    success_test = Text("By what it will be judged.", PLN_S, max_length=1000)
    ordered_by = Token("The order of a court that asks for it in these words: then it is always kept.", PLN_S)
    person_ref = Token("The person whose goal it is.", PLN_S)
    label = Line("A short name of the goal on pages.", PLN_S, max_length=40)
    goal_codes = Many(
        "The measurable goals of the library that it is made of (numbers 1 to 30).",
        tuple(str(number) for number in range(1, 31)),
        PLN_S,
        at_most=30,
    )
    baseline_item_refs = Many("The items of the map that it starts from.", Token, PLN_S, required=True)
    params = Object("Where its thresholds differ from the policy.", GoalParams, PLN_S)
    vantage = Many("The kinds of observer who are placed to see the behaviour.", _OBSERVERS, PLN_S, at_most=40)
    opportunity = Choice(
        "Whether opportunities must be documented, or being free is opportunity enough.",
        ("documented", "liberty"),
        PLN_S,
    )
    safety_critical = Flag("Whether a waiver is never allowed.", PLN_S)
    speech = Flag("Whether the goal is what he says, so that the listener is the observer.", PLN_S)
    supersedes = Token("The earlier goal whose place it takes.", PLN_S)
    services = Many("The services that support it. Using them never verifies it.", Token, PLN_S, at_most=20)
    day_0 = Date("The first day that counts; what was seen before it is baseline.", PLN_S)


class StatusChanged(EventPayload):
    """The computed status of a goal, as one kind of reader may know it, is another than before."""

    event = EventType("goal.status_changed", "Goal status changed", ONLY_SYSTEM, "17")
    about = frozenset({STA})

    goal_id = Token("The goal.", PLN_S, STA, required=True)
    from_status = Choice("The status until now.", STATUSES, STA, required=True)
    to_status = Choice("The status from now on.", STATUSES, STA, required=True)
    reasons = Many("Why, as codes with their numbers in brackets.", Line, STA, EVI, required=True, at_most=40)
    view = Choice("Whose knowledge it was computed from.", _VIEWS, STA, required=True)
    as_of = Date("The day for which it was computed.", STA, required=True)
    ruleset_version = Token("The version of the rules.", STA, required=True)
    review_required = Flag("Whether a serious incident since asks a supervisor to look again.", STA)


class OverrideRequested(EventPayload):
    """A supervisor asks to act on how a goal is assessed, within what practice.md §6.6 allows."""

    event = EventType("goal.override_requested", "Override requested", frozenset({Role.CPS_SUP}), "18")
    about = frozenset({STA})
    rules = (NeededWhen("share_waived", "direction", "waive_duration"),)

    override_ref = Token("The request.", STA, required=True)
    goal_id = Token("The goal.", PLN_S, STA, required=True)
    direction = Choice("What is asked for.", _OVERRIDES, STA, required=True)
    reason_code = Choice("Why, as a code.", REASON_CODES, STA, required=True)
    why = Text("Why, in words (an approver will want at least 100 characters).", STA, required=True)
    expires = Date("The last day of it, at most 30 days on.", STA, required=True)
    evidence_ids = Many("The evidence concerned.", Token, EVI, at_most=50)
    share_waived = Whole("The part of the period that is to be waived, in percent.", STA, at_least=1, at_most=100)
    requested_by = Token("Who asks, by user name; whoever holds the sender's role on the case where missing.", STA)


class OverrideDecided(EventPayload):
    """A second person, in another reporting line, granted or refused an override."""

    event = EventType("goal.override_decided", "Override decided", frozenset({Role.CPS_MGR}), "19")
    about = frozenset({STA})

    override_ref = Token("The request.", STA, required=True)
    goal_id = Token("The goal.", PLN_S, STA)
    granted = Flag("Whether it is granted.", STA, required=True)
    decided_by = Token("Who decides, by user name; whoever holds the sender's role on the case where missing.", STA)
    why = Text("Why.", STA, required=True)
    expires = Date("The last day of it.", STA)


class OpportunityBlocked(EventPayload):
    """For some days the person has no opportunity to do what goals are about: treatment in a clinic, deployment.

    Custody need not be recorded here: what the jail says stops the clock of what the person is to stop doing.
    """

    event = EventType("goal.opportunity_blocked", "No opportunity for a time", PLANNERS, "added")
    about = frozenset({PLN_S})
    rules = (NotBefore("blocked_to", "blocked_from"),)

    goal_ids = Many("The goals whose clock stops.", Token, PLN_S, required=True, at_least=1, at_most=60)
    why = Choice("Why.", ("inpatient", "deployment", "custody", "other"), PLN_S, required=True)
    blocked_from = Date("The first day.", PLN_S, required=True)
    blocked_to = Date("The last day; missing while it goes on.", PLN_S)
