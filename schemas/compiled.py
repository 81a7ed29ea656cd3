"""A fast answer to "is this payload good?", made once from a marshmallow schema.

marshmallow is the truth and says what is wrong; it takes some ten times as long to find that nothing is. Intake asks
here first. Both go by the same ``problem`` of each field and the same ``rules``, and a test holds them to the same
answer on good and bad payloads alike.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from marshmallow.fields import Field

from schemas.fields import Declared
from schemas.structures import Document, Many, Object, document_of

Check: TypeAlias = Callable[[Any], bool]


def compiled(schema: Document) -> Check:
    """A function that says whether ``schema`` would load a value without an error. It never raises."""
    checks = {name: _check(field) for name, field in schema.load_fields.items()}
    required = frozenset(name for name, field in schema.load_fields.items() if field.required)
    rules = tuple(rule.broken for rule in schema.rules)

    def accepts(data: Any) -> bool:
        if type(data) is not dict or not required <= data.keys():
            return False
        for name, value in data.items():
            check = checks.get(name)
            if check is None or not check(value):
                return False
        return all(broken(data) is None for broken in rules)

    return accepts


def _check(field: Field[Any]) -> Check:
    match field:
        case Object():
            return compiled(document_of(field))
        case Many():
            return _list_check(field)
        case Declared():
            problem = field.problem
            return lambda value: problem(value) is None
        case _:
            raise TypeError(f"{type(field).__name__} is not a kind of field that a payload may have")


def _list_check(field: Many) -> Check:
    item, length_problem = _check(field.inner), field.length_problem

    def accepts(value: Any) -> bool:
        return type(value) is list and length_problem(value) is None and all(map(item, value))

    return accepts
