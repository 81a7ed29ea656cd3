"""The words of an assessment: statuses, and the codes of reasons (verification.md §4)."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a goal stands on a day."""

    NOT_ASSESSED = "NOT_ASSESSED"
    SELF_REPORTED_ONLY = "SELF_REPORTED_ONLY"
    ATTENDANCE_ONLY = "ATTENDANCE_ONLY"
    PARTIALLY_SUPPORTED = "PARTIALLY_SUPPORTED"
    VERIFIED = "VERIFIED"
    VERIFIED_BY_WAIVER = "VERIFIED_BY_WAIVER"
    STALE = "STALE"
    CONTRADICTED = "CONTRADICTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


CLAIMS_CHANGE = frozenset({Status.VERIFIED, Status.VERIFIED_BY_WAIVER, Status.STALE})
"""Statuses that say that change was seen, or had been."""


class ReasonCode(StrEnum):
    """Why a status is what it is."""

    LIFECYCLE = "LIFECYCLE"
    CONTRADICTED_ON_DAY = "CONTRADICTED_ON_DAY"
    DISPUTED_CONTRADICTION = "DISPUTED_CONTRADICTION"
    UNCORROBORATED_CROSS_ALLEGATION = "UNCORROBORATED_CROSS_ALLEGATION"
    NO_OPPORTUNITY_NOW = "NO_OPPORTUNITY_NOW"
    NO_COUNTABLE_EVIDENCE = "NO_COUNTABLE_EVIDENCE"
    NEED_SECOND_INDEPENDENT_SOURCE = "NEED_SECOND_INDEPENDENT_SOURCE"
    NEED_NONFAMILY_DIRECT = "NEED_NONFAMILY_DIRECT"
    NEED_MORE_OBSERVATIONS = "NEED_MORE_OBSERVATIONS"
    NEED_DURATION = "NEED_DURATION"
    NEED_OPPORTUNITY = "NEED_OPPORTUNITY"
    SUPERVISOR_HOLD = "SUPERVISOR_HOLD"
    NOT_FRESH = "NOT_FRESH"
    EXPIRED = "EXPIRED"
    LAPSE_ON_DAY = "LAPSE_ON_DAY"
    RESET_BY_CONTRADICTION = "RESET_BY_CONTRADICTION"
    RESTARTED_AFTER_GAP = "RESTARTED_AFTER_GAP"
    REVIEW_REQUIRED = "REVIEW_REQUIRED"
    """Not of the evaluation: a serious incident asks a supervisor to look again; this view says nothing till then."""


_OF_A_DAY = frozenset({ReasonCode.CONTRADICTED_ON_DAY, ReasonCode.LAPSE_ON_DAY})


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason with its figures: days. ``str`` gives it as verification.md writes it: ``NEED_DURATION(80/90)``."""

    code: ReasonCode
    figures: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.code in _OF_A_DAY:
            return f"{self.code.value}_{self.figures[0]}"
        if not self.figures:
            return self.code.value
        return f"{self.code.value}({'/'.join(map(str, self.figures))})"
