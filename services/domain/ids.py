"""Ids that follow from what they name, so that whoever works it out again comes to the same."""

from uuid import UUID, uuid5

_INSTANT = 80
"""How many bits stand after the instant that an id of version 7 begins with."""
_VERSION_8 = 0x8 << 76
_VERSION = 0xF << 76


def beside(parent: UUID, name: str) -> UUID:
    """The id of what ``name`` makes of ``parent``: always the same, another one for any other name or parent.

    It begins as the parent's does, so that what comes of one event lies together in an index; the rest is a digest of
    both. RFC 9562, version 8.
    """
    digest = uuid5(parent, name).int & ~_VERSION & ((1 << _INSTANT) - 1)
    return UUID(int=parent.int >> _INSTANT << _INSTANT | digest | _VERSION_8)
