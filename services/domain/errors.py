"""What is wrong with something that was sent to us, as values: the field, a stable code, and a plain sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field of a request.

    ``field`` is the path as the sender wrote it (``data.per_goal[0].observed_to``, ``time``; empty for the whole
    document); ``code`` is stable and meant for programs (``required``, ``unknown_field``, ``unknown_type``, …);
    ``message`` is one plain sentence for people, and never repeats the value that was sent.
    """

    field: str
    code: str
    message: str
