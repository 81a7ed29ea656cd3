"""Ids that follow from what they name, so that whoever works it out again comes to the same."""

from hashlib import sha1
from uuid import UUID

_INSTANT_BITS = 0xFFFFFFFFFFFF << 80
"""The instant that an id of version 7 begins with."""
_VERSION_8 = 0x8 << 76
_VARIANT = 0x2 << 62
_DIGEST_BITS = (1 << 76) - 1 & ~(0x3 << 62)
"""What is left for a digest: all but instant, version and variant."""


def beside(parent: UUID, name: str) -> UUID:
    """The id of what ``name`` makes of ``parent``: always the same, another one for any other name or parent.

    It begins as the parent's does, so that what comes of one event lies together in an index; the rest is a digest of
    both. RFC 9562, version 8.
    """
    # What `uuid5` makes of them, without the three ids that it makes on the way: this is asked for every notification.
    digest = int.from_bytes(sha1(parent.int.to_bytes(16) + name.encode(), usedforsecurity=False).digest()[6:16])
    return UUID(int=parent.int & _INSTANT_BITS | _VERSION_8 | digest & _DIGEST_BITS | _VARIANT)
