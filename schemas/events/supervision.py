"""Supervision of the work on a case (practice.md, Settled 12)."""

from schemas.classes import WRK
from schemas.fields import Date, Text, Token
from schemas.payload import EventPayload
from services.domain.catalogue import APPROVERS, EventType


class PracticeNoted(EventPayload):
    """What a worker did well on the case, in specific words. Known to child welfare only."""

    event = EventType("supervision.practice_noted", "Good practice noted", APPROVERS, "added")
    about = frozenset({WRK})

    what = Text("What the worker did, how, and what came of it.", WRK, required=True)
    worker = Token("The worker, by user name.", WRK)
    on = Date("The day that it is about.", WRK)
