"""Ids in paths."""

import re
from uuid import UUID

from werkzeug.routing import BaseConverter

_UUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_NOBODYS = UUID(int=0)


class IdConverter(BaseConverter):
    """An id in a path (``<uuid:…>``). What is no UUID names nothing: it is read as the id that nothing has.

    So it gets the answer of every id that names nothing. Were the route not to match instead, its path would fall to
    the route of a case whose number has slashes in it, which has other methods.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> UUID:
        """The id that the view is given."""
        return UUID(value) if _UUID.fullmatch(value) else _NOBODYS
