"""The role codes of everybody around a case (practice.md §2).

There is no code for victim advocates: the system holds no data of theirs and has no way in for it
(practice.md §0 rule 9).
"""

from enum import StrEnum


class Role(StrEnum):
    """A function held on a case, from a day to a day, by a person or a team of an agency."""

    CPS_INTAKE = "CPS_INTAKE"
    CPS_INV = "CPS_INV"
    CPS_WORKER = "CPS_WORKER"
    CPS_SUP = "CPS_SUP"
    CPS_MGR = "CPS_MGR"
    AG_ATTY = "AG_ATTY"
    JUV_COURT = "JUV_COURT"
    CRIM_COURT = "CRIM_COURT"
    DA = "DA"
    PROB = "PROB"
    JAIL = "JAIL"
    LE = "LE"
    BIP = "BIP"
    SUD = "SUD"
    MH = "MH"
    CHILD_TX = "CHILD_TX"
    VISIT = "VISIT"
    SCHOOL = "SCHOOL"
    GAL = "GAL"
    TRIBE = "TRIBE"
    CARER = "CARER"
    IVD = "IVD"
    SURVIVOR = "SURVIVOR"
    COUNSEL_SURVIVOR = "COUNSEL_SURVIVOR"
    SUBJECT = "SUBJECT"
    COUNSEL_SUBJECT = "COUNSEL_SUBJECT"
    PRIVACY = "PRIVACY"
    ADMIN = "ADMIN"
    SYSTEM = "SYSTEM"


WITHOUT_LOGIN = frozenset({Role.SURVIVOR, Role.SUBJECT})
"""Served by papers that people make and hand over; never by a log-in (practice.md, Settled 6)."""

CHILD_WELFARE = frozenset({Role.CPS_INTAKE, Role.CPS_INV, Role.CPS_WORKER, Role.CPS_SUP, Role.CPS_MGR})
"""The roles of the child-welfare agency itself."""

FACING_THE_SUBJECT = frozenset(
    {
        Role.SUBJECT,
        Role.COUNSEL_SUBJECT,
        Role.CRIM_COURT,
        Role.JUV_COURT,
        Role.DA,
        Role.PROB,
        Role.BIP,
        Role.GAL,
        Role.VISIT,
    }
)
"""All who confront the subject, serve him, or may have to disclose to him (practice.md, Settled 1)."""
