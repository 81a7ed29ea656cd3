"""Indian Child Welfare Act: reason to know, notice and the tribe's answers (practice.md §3 row 59)."""

from schemas.classes import ICW
from schemas.fields import Date, Flag, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.structures import Many
from services.domain.catalogue import EventType
from services.domain.roles import CHILD_WELFARE, Role

_TRIBE = frozenset({Role.TRIBE})
_NOTIFIERS = CHILD_WELFARE | {Role.AG_ATTY}


class ReasonToKnow(EventPayload):
    """There is reason to know that a child belongs to a tribe, or may."""

    event = EventType("icwa.reason_to_know", "ICWA: reason to know", _NOTIFIERS | _TRIBE | {Role.JUV_COURT}, "59")
    about = frozenset({ICW})

    child_ref = Token("The child.", ICW, required=True)
    tribe_ref = Token("The tribe, where it is known.", ICW)
    through = Text("Through whom, and what was said of ancestry.", ICW)


class NoticeSent(EventPayload):
    """Notice was sent by registered or certified mail, with a copy to the regional director."""

    event = EventType("icwa.notice_sent", "ICWA: notice sent", _NOTIFIERS, "59")
    about = frozenset({ICW})

    child_ref = Token("The child.", ICW)
    tribe_ref = Token("The tribe.", ICW, required=True)
    mail_no = Token("The number of the registered or certified letter.", ICW, required=True)
    sent_on = Date("The day on which it was mailed.", ICW, required=True)
    copied_to_bia = Flag("Whether a copy went to the regional director of the Bureau of Indian Affairs.", ICW)


class NoticeReceived(EventPayload):
    """The tribe, or the return receipt, says when the notice arrived: the earliest hearing is counted from that day."""

    event = EventType("icwa.notice_received", "ICWA: notice received", _NOTIFIERS | _TRIBE, "59")
    about = frozenset({ICW})

    child_ref = Token("The child.", ICW)
    tribe_ref = Token("The tribe.", ICW, required=True)
    mail_no = Token("The number of the letter.", ICW)
    received_on = Date("The day on which it arrived.", ICW, required=True)


class ExtensionRequested(EventPayload):
    """The tribe asks for more time, up to 20 days."""

    event = EventType("icwa.extension_requested", "ICWA: extension requested", _NOTIFIERS | _TRIBE, "59")
    about = frozenset({ICW})

    child_ref = Token("The child.", ICW)
    tribe_ref = Token("The tribe.", ICW, required=True)
    days = Whole("The days that are asked for.", ICW, required=True, at_least=1, at_most=20)
    requested_on = Date("The day of the request.", ICW, required=True)


class ResponseReceived(EventPayload):
    """The tribe answered."""

    event = EventType("icwa.response_received", "ICWA: response received", _NOTIFIERS | _TRIBE, "59")
    about = frozenset({ICW})

    child_ref = Token("The child.", ICW)
    tribe_ref = Token("The tribe.", ICW, required=True)
    answers = Many(
        "What the tribe says.",
        ("member", "eligible", "not_member", "intervenes", "transfer_requested", "more_information_needed"),
        ICW,
        required=True,
        at_least=1,
        at_most=6,
    )
    responded_on = Date("The day of the answer.", ICW, required=True)
    remarks = Text("What else the tribe says.", ICW)
