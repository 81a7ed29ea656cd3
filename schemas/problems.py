"""What marshmallow found wrong, as the field problems that an answer to the sender is made of."""

from collections.abc import Iterator
from typing import Any, Final

from marshmallow import ValidationError

from schemas.fields import NULL, REQUIRED, UNKNOWN
from services.domain.errors import FieldProblem

_CODES: Final = {REQUIRED: "required", UNKNOWN: "unknown_field", NULL: "null"}
_MOST_OF_A_NAME: Final = 64


def problems(error: ValidationError, prefix: str = "data") -> list[FieldProblem]:
    """One value for each thing that is wrong, with the path of its field below ``prefix``: ``data.per_goal[0].basis``.

    The codes are ``required``, ``unknown_field``, ``null`` and ``invalid``.
    """
    return list(_flattened(error.messages, prefix))


def path_below(path: str, step: object) -> str:
    """``path`` with one more step: a number becomes ``[3]``, a name ``.name``, made short and printable."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    name = "".join(sign if sign.isprintable() else "?" for sign in str(step)[:_MOST_OF_A_NAME])
    return f"{path}.{name}" if path else name


def _flattened(messages: Any, path: str) -> Iterator[FieldProblem]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flattened(below, path if key == "_schema" else path_below(path, key))
        return
    for message in messages:
        yield FieldProblem(path, _CODES.get(message, "invalid"), message)
