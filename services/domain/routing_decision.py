"""What routing decides of one event: who is told, which tasks open and are done, and what was missing."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

from services.domain.due_dates import Limit
from services.domain.roles import Role
from services.domain.urgency import Urgency

DO_NOT_RAISE: Literal["do_not_raise"] = "do_not_raise"
"""Do not raise this with him until contact with the survivor is recorded (Settled 2)."""


class Reason(StrEnum):
    """Why a party is told."""

    RULE = "rule"
    """It holds a role that the rule tells."""
    DUTY_DESK = "duty_desk"
    """It is the duty desk behind somebody who is told of a U0."""
    ROLE_UNFILLED = "role_unfilled"
    """A role that must be told is held by nobody."""
    TASK = "task"
    """A task was opened for it, and no other rule tells it."""
    LATE_FACT = "late_fact"
    """The case is closed."""
    UNMATCHED = "unmatched"
    """The event belongs to no case that the sender is on."""
    ESCALATED = "escalated"
    """Nobody of an agency acknowledged an alert in time."""
    NO_RULE = "no_rule"
    """No policy in force knows the type of the event."""


class NotificationDraft(NamedTuple):
    """Somebody who is to be told. ``role`` is the one in which the recipient is told, and reads later on."""

    rule_id: str
    role: Role
    recipient: UUID
    agency_id: UUID
    urgency: Urgency
    caution: Literal["do_not_raise"] | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task to open, in the state ``proposed``, due ``limit`` after the event's time, or on ``due_on`` where given.

    ``key`` tells it from others of its kind on the case. With ``single`` it is not opened while another one of its
    kind and key is open on the case.
    """

    rule_id: str
    kind: str
    title: str
    role: Role
    assignee: UUID
    agency_id: UUID
    urgency: Urgency
    limit: Limit
    key: str
    single: bool = False
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class TaskCompletion:
    """Every open task of the case with this kind and key, opened by an earlier event of it, is done by this event."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class RoleGap:
    """An audience that a rule had to tell and that nobody belongs to. ``told`` is who was told instead; empty where
    there is nobody at all, and then the event must be set aside, visibly."""

    rule_id: str
    audience: str
    told: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """Everything that follows from one event, to be written in one transaction.

    ``raises_caution`` and ``lifts_caution``: it begins, or ends, the time in which violence may not be raised with
    the subject. ``held_back``: it stays within the child-welfare agency. ``digest`` is that of the policy.
    """

    urgency: Urgency
    notifications: tuple[NotificationDraft, ...]
    tasks: tuple[TaskDraft, ...]
    completes: tuple[TaskCompletion, ...]
    gaps: tuple[RoleGap, ...]
    digest: str
    raises_caution: bool = False
    lifts_caution: bool = False
    held_back: bool = False
