"""Ids of what grows without end: events, tasks, and whatever is written by the thousand.

They begin with their instant (RFC 9562, version 7), so that what is written together lies together in every index, and
a store of a million events writes about as few pages as a small one (docs/decisions/0014-ids-in-order.md). What follows
from another row gets an id beside that row's: `services.domain.ids`. An id that must say nothing at all (a case, a
pointer into the vault) is a version 4.
"""

from uuid import UUID

from uuid_utils import compat


def new_id() -> UUID:
    """An id that sorts after those of this process that came before, and of others from earlier milliseconds.

    Nothing may rest on its being secret: beside an id of the same millisecond, 32 bits of it are left to chance.
    """
    return compat.uuid7()
