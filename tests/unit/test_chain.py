"""The canonical form that hashes are taken over: what writes it quickly writes the same bytes as RFC 8785 has it."""

import json
from typing import Any

import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from services.storage.chain import canonical

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=20)


@given(_VALUES)
@example({"\ufffd": 1, "\U0001f600": 2})
@example({"a": 1.0, "b": 1e16, "c": 1e-7, "d": -0.0})
@example({'"': "\\", "\\": '1.5"', "c": "\x00\x1f\x7f\u2028\b\f"})
@example({"text": "1.5 and 1e9 and 9007199254740993"})
@example([9007199254740991, -9007199254740991])
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.integers(min_value=2**53) | st.integers(max_value=-(2**53)))
def test_whole_numbers_that_json_does_not_hold_become_text(number: int) -> None:
    assert canonical({"number": [number]}) == json.dumps({"number": [str(number)]}, separators=(",", ":")).encode()
