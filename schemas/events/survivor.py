"""The survivor: how she can be reached safely (practice.md §3 row 60, §5.4; Settled 3), all of it in the vault; and the
rare task that is asked of her (§1.5).
"""

from schemas.classes import CASE, LOC, PLN_P
from schemas.fields import Choice, Date, Flag, Hash, Line, Text, TimeOfDay, Token
from schemas.payload import EventPayload
from schemas.rules import NotBefore
from schemas.structures import Document, Many
from schemas.vocabulary import SAFE_CHANNELS
from services.domain.catalogue import INVESTIGATORS, EventType
from services.domain.roles import Role

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Window(Document):
    """Hours on some days of the week, on the clock of the case's county."""

    days = Many("The days of the week.", _DAYS, LOC, required=True, at_least=1, at_most=7)
    start = TimeOfDay("From.", LOC, required=True)
    end = TimeOfDay("Until.", LOC, required=True)
    rules = (NotBefore("end", "start"),)


class SafeContactSet(EventPayload):
    """The survivor said how she can be reached safely, and whether at all. Only what she said is used; it lapses."""

    event = EventType("survivor.safe_contact_set", "Safe contact set", INVESTIGATORS, "60")
    about = frozenset({LOC})

    person_ref = Token("The survivor.", CASE, required=True)
    channel = Choice("The way that she named as safe.", SAFE_CHANNELS, LOC, required=True)
    windows = Many("When it is safe.", Window, LOC, required=True, at_most=20)
    code_word_hash = Hash("The code word that both use, as a salted hash.", LOC)
    no_message = Flag("Whether no message may ever be left.", LOC, required=True)
    if_released = Choice(
        "If he is released: at any hour, through somebody, or never?",
        ("any_hour", "through", "never"),
        LOC,
        required=True,
    )
    through = Line("The person through whom she can be reached.", LOC)
    reach = Line("The number or address for the channel.", LOC)
    interpreter = Line("The language for which an interpreter is needed.", LOC)
    neutral_sender = Flag("Whether no agency may be named as the sender.", LOC)
    expires = Date("The last day on which it may be used without asking again.", LOC, required=True)


class TaskRequired(EventPayload):
    """Something is required of a survivor. By default nothing is: only for an issue of her own that has nothing to do
    with what was done to her, and only by a supervisor (practice.md §1.5).
    """

    event = EventType("survivor.task_required", "Task required of a survivor", frozenset({Role.CPS_SUP}), "added")
    about = frozenset({PLN_P})

    person_ref = Token("The survivor.", CASE, PLN_P, required=True)
    what = Text("What is required of her.", PLN_P, required=True, max_length=1000)
    stated_basis = Text("The issue of her own that it rests on; never what was done to her.", PLN_P, required=True)
    approved_by = Token("The supervisor who signs for it.", PLN_P, required=True)
    due = Date("The day by which.", PLN_P)
