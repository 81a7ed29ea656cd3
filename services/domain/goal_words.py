"""The fixed words in which goals and their evidence are spoken of: days, numbers, observers, bases, statuses.

They hold nothing of a family. A laboratory is named where an observation of a view comes from one, and nowhere else:
where records of treatment are left out, nothing may let a reader guess that there are any (practice.md §6.7, T5).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from services.domain.disclosure import DataClass
from services.domain.evidence import Basis, ObserverRole
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.status import Status

ONLY_THIS: Final = "This behaviour only: it says nothing of any other."
"""What every verified goal says."""

ASK: Final = "Ask the caseworker."
"""What a reader is told who may know that there is a goal, and not how it stands (practice.md, Settled 5)."""

STATUS_WORDS: Final[Mapping[Status, str]] = {
    Status.NOT_ASSESSED: "not assessed",
    Status.SELF_REPORTED_ONLY: "only claimed",
    Status.ATTENDANCE_ONLY: "context only",
    Status.PARTIALLY_SUPPORTED: "partially supported",
    Status.VERIFIED: "verified",
    Status.VERIFIED_BY_WAIVER: "verified by waiver",
    Status.STALE: "verified before, not seen lately",
    Status.CONTRADICTED: "contradicted",
    Status.UNDER_REVIEW: "under review",
    Status.SUSPENDED: "suspended",
    Status.CLOSED: "closed",
}

BASIS_WORDS: Final[Mapping[Basis, str]] = {
    Basis.DIRECT: "seen or heard directly",
    Basis.RECORD: "a record made for another purpose",
    Basis.TEST: "a laboratory result",
    Basis.NEGCHECK: "a check that found no report",
    Basis.FIRSTHAND: "lived through",
    Basis.ATTENDANCE: "attendance",
    Basis.CERTIFICATE: "a certificate",
    Basis.OPINION: "an opinion",
    Basis.SELF: "the person's own word",
    Basis.ALIGNED: "the word of somebody on the person's side",
}

OBSERVER_WORDS: Final[Mapping[ObserverRole, str]] = {
    ObserverRole.PROFESSIONAL: "a professional",
    ObserverRole.SURVIVOR: "the survivor",
    ObserverRole.CHILD: "a child",
    ObserverRole.KIN: "a relative",
    ObserverRole.SUBJECT: "the person whose goal it is",
    ObserverRole.ALIGNED: "somebody on the person's side",
    ObserverRole.ADVERSE: "an adverse party",
}

KIND_WORDS: Final[Mapping[str, str]] = {
    **{role.value: "the caseworker" for role in CHILD_WELFARE},
    Role.AG_ATTY.value: "the agency attorney",
    Role.JUV_COURT.value: "the juvenile court",
    Role.CRIM_COURT.value: "the criminal court",
    Role.DA.value: "the prosecutor",
    Role.PROB.value: "probation",
    Role.JAIL.value: "the jail",
    Role.LE.value: "police",
    Role.BIP.value: "the programme for people who use violence",
    Role.SUD.value: "substance-use treatment",
    Role.MH.value: "mental-health treatment",
    Role.CHILD_TX.value: "the child's therapist",
    Role.VISIT.value: "the visit centre",
    Role.SCHOOL.value: "school or childcare",
    Role.GAL.value: "the guardian ad litem",
    Role.TRIBE.value: "the tribe",
    Role.CARER.value: "the carer",
    Role.IVD.value: "the child-support agency",
    Role.COUNSEL_SUBJECT.value: "counsel of the person whose goal it is",
    Role.COUNSEL_SURVIVOR.value: "counsel of the survivor",
    Role.SURVIVOR.value: "the survivor",
    Role.SUBJECT.value: "the person whose goal it is",
    "KIN": "a relative",
    "CHILD": "a child",
    "NEIGHBOUR": "a neighbour",
    "EMPLOYER": "an employer",
}
"""The kinds of observer that a goal's vantage may name."""

_RECORDS: Final[Mapping[str, DataClass]] = {
    Role.BIP.value: DataClass.BIPR,
    Role.SUD.value: DataClass.P2,
    Role.MH.value: DataClass.PHI,
    Role.CHILD_TX.value: DataClass.CHS,
    Role.VISIT.value: DataClass.VIS,
    Role.SCHOOL.value: DataClass.EDU,
    Role.IVD.value: DataClass.FIN,
    **{role.value: DataClass.CJ for role in (Role.PROB, Role.LE, Role.CRIM_COURT, Role.DA, Role.JAIL)},
    Role.JUV_COURT.value: DataClass.PUB,
    **{role.value: DataClass.PLN_S for role in CHILD_WELFARE},
    Role.SURVIVOR.value: DataClass.SVS,
    Role.COUNSEL_SURVIVOR.value: DataClass.SVS,
    "CHILD": DataClass.CHS,
}


def record_class(kind: str) -> DataClass:
    """The class that an observation by this kind of observer carries: whoever may not know that class is not told that
    this kind of observer is asked.
    """
    return _RECORDS.get(kind, DataClass.CASE)


_NUMBERS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def calendar(day: date) -> str:
    """``20 Jun 2025``."""
    return f"{day.day} {day:%b} {day.year:04}"


def number(count: int) -> str:
    """``One``; in figures from eleven on."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)


def counted(count: int, one: str, several: str | None = None) -> str:
    """``One observation``, ``Two observations``."""
    return f"{number(count)} {one if count == 1 else several or one + 's'}"


def listed(words: Sequence[str], *, between: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {between} {words[-1]}"


def upper_first(sentence: str) -> str:
    """The sentence with a capital letter at its beginning."""
    return sentence[:1].upper() + sentence[1:]
