"""What every event's payload has (practice.md §3, "Common payload"), and how a type says what it is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from marshmallow.fields import Field

from schemas.classes import BIPR, CASE, CHS, EDU, FIN, OF_ITS_TYPE, P2, PHI, SRC, VIS
from schemas.fields import Choice, DateOrInstant, Flag, Slug, Text, Token
from schemas.structures import Document, Many, Object
from services.domain.catalogue import EventType
from services.domain.disclosure import DataClass
from services.domain.roles import Role

HOLDER_CLASSES: Final[Mapping[Role, frozenset[DataClass]]] = MappingProxyType(
    {
        Role.BIP: frozenset({BIPR}),
        Role.SUD: frozenset({P2}),
        Role.MH: frozenset({PHI}),
        Role.CHILD_TX: frozenset({CHS}),
        Role.VISIT: frozenset({VIS}),
        Role.SCHOOL: frozenset({EDU}),
        Role.IVD: frozenset({FIN}),
    }
)
"""The class that a record has by who holds it (practice.md §5.1): whatever a substance-use programme says is Part 2."""

BASES: Final = ("direct", "record", "firsthand", "relayed", "self")
"""How the sender knows: saw it, has it in a record, lived it, was told it, or says it of himself (practice.md §3)."""


class Reporter(Document):
    """Who told the sending agency."""

    role = Choice("The function of the person who reported it.", [role.value for role in Role], SRC)
    organisation = Slug("The organisation of the person who reported it, by its short name.", SRC)
    person = Token("The person who reported it, as an opaque token.", SRC)


class EventPayload(Document):
    """The payload of one type of event: ``event`` names the type, ``about`` the classes of its common fields.

    ``by_holder`` says that every field takes the class of whoever holds the record too (see ``HOLDER_CLASSES``).
    The class's docstring is the meaning of the type in the documentation.
    """

    event: ClassVar[EventType]
    about: ClassVar[frozenset[DataClass]]
    by_holder: ClassVar[bool] = False

    case_ref = Token("The case, as the sender names it; when given, the same as the envelope's subject.", CASE)
    person_refs = Many("The persons whom it is about, as opaque tokens.", Token, CASE, at_most=50)
    occurred_at = DateOrInstant("When it happened, where the envelope's time does not say it well.", OF_ITS_TYPE)
    reported_by = Object("Who told the sending agency, where it was not the sender's own act.", Reporter, SRC)
    basis = Choice("How the sender knows of it.", BASES, OF_ITS_TYPE)
    origin_person = Token("The person whose perception it finally rests on, however many hands it passed.", SRC)
    victim_sourced = Flag("True where it, or a part of it, is known only from the survivor.", SRC)
    narrative = Text("What happened, in plain words: who did what to whom.", OF_ITS_TYPE)

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:  # noqa: ARG002 (marshmallow's hook)
        """Give the common fields the classes of the type; a copy, since fields share their metadata."""
        if field_obj.metadata["classes"] is OF_ITS_TYPE:
            field_obj.metadata = {**field_obj.metadata, "classes": self.about}
