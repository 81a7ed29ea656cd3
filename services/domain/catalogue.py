"""The kinds of event there are, and who may say each of them (practice.md §3, column *Emitter*)."""

from dataclasses import dataclass

from services.domain.events import wire_type
from services.domain.roles import CHILD_WELFARE, WITHOUT_LOGIN, Role

ANY_ROLE = frozenset(Role) - WITHOUT_LOGIN - {Role.SYSTEM}
"""What practice.md §3 calls "any": every role that may have a log-in or a client."""

ONLY_SYSTEM = frozenset({Role.SYSTEM})
"""Computed here; refused from everybody else."""

COURTS = frozenset({Role.CRIM_COURT, Role.JUV_COURT})
"""What practice.md §3 calls "court" and, for civil protective orders, "civil"."""

PLANNERS = frozenset({Role.CPS_WORKER, Role.CPS_SUP})
"""Who writes plans and rules on evidence; a supervisor may always stand in for the worker."""

INVESTIGATORS = frozenset({Role.CPS_INV, Role.CPS_WORKER, Role.CPS_SUP})
"""Who acts for the child-welfare agency in the field, before and after a case has an ongoing worker."""

APPROVERS = frozenset({Role.CPS_SUP, Role.CPS_MGR})
"""Who may approve, hold, lift and merge."""

CONSENT_HOLDERS = CHILD_WELFARE | {
    Role.SUD,
    Role.MH,
    Role.SCHOOL,
    Role.CHILD_TX,
    Role.BIP,
    Role.COUNSEL_SURVIVOR,
    Role.COUNSEL_SUBJECT,
    Role.CARER,
    Role.PRIVACY,
}
"""Who records a person's consent: whoever holds the signed paper. The person has no log-in of their own."""


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event.

    ``name`` is the short name (``order.violated``); ``title`` a few words for people; ``emitters`` the roles that
    may say it; ``row`` where practice.md asks for it: the number of its row in §3, or ``settled``, ``internal``
    (the list under the table of §3) or ``story`` (§8 needs it); ``added`` for what came later.
    """

    name: str
    title: str
    emitters: frozenset[Role]
    row: str

    @property
    def wire(self) -> str:
        """The CloudEvents ``type``: ``org.dvcw.order.violated.v1``."""
        return wire_type(self.name)
