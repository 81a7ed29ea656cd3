"""Access tokens: whole, ours, and in force, or nothing."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.storage.access_tokens import Claims, TokenSigner

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ISSUER = "https://tallystick.example"
SIGNER = TokenSigner(b"s" * 32, ISSUER)
CLAIMS = Claims(
    client_id="alder-police-rms",
    agency_id=UUID("1f8f0b2e-1111-4222-8333-444455556666"),
    scopes=frozenset({"events:write", "inbox"}),
    token_id="b52a7a9c-0000-4000-8000-000000000000",
    expires_at=NOW + timedelta(minutes=10),
    events_per_minute=120,
)
TOKEN = SIGNER.sign(CLAIMS, NOW)


def part(document: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(document)).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, object], dict[str, object]]:
    header, claims, _ = token.split(".")
    return tuple(orjson.loads(base64.urlsafe_b64decode(text + "==")) for text in (header, claims))


def test_a_token_says_what_was_signed() -> None:
    assert SIGNER.verify(TOKEN, NOW) == CLAIMS


def test_a_token_is_a_jwt_access_token_signed_with_ed25519() -> None:
    header, claims = parts(TOKEN)
    assert (header["alg"], header["typ"]) == ("Ed25519", "at+jwt")
    assert {name: claims[name] for name in ("iss", "aud", "sub", "scope")} == {
        "iss": ISSUER,
        "aud": f"{ISSUER}/v1",
        "sub": "alder-police-rms",
        "scope": "events:write inbox",
    }


@pytest.mark.parametrize("late", [timedelta(minutes=10, seconds=30), timedelta(days=1)])
def test_a_token_that_ran_out_is_nothing(late: timedelta) -> None:
    assert SIGNER.verify(TOKEN, NOW + late) is None


def test_a_token_from_the_future_is_nothing() -> None:
    assert SIGNER.verify(TOKEN, NOW - timedelta(minutes=1)) is None


def test_a_token_of_another_key_or_installation_is_nothing() -> None:
    assert TokenSigner(b"t" * 32, ISSUER).verify(TOKEN, NOW) is None
    assert TokenSigner(b"s" * 32, "https://other.example").verify(TOKEN, NOW) is None


def test_a_token_without_a_signature_is_nothing() -> None:
    _, claims = parts(TOKEN)
    assert SIGNER.verify(f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(claims)}.", NOW) is None


def test_changed_claims_are_nothing() -> None:
    header, _, signature = TOKEN.split(".")
    _, claims = parts(TOKEN)
    assert SIGNER.verify(f"{header}.{part({**claims, 'scope': 'admin'})}.{signature}", NOW) is None


def test_the_key_can_be_read_from_its_seed_alone() -> None:
    assert TokenSigner(b"s" * 32, ISSUER + "/").verify(TOKEN, NOW) == CLAIMS
    other = replace(CLAIMS, scopes=frozenset())
    assert SIGNER.verify(SIGNER.sign(other, NOW), NOW) == other


@given(st.one_of(st.text(max_size=200), st.from_regex(r"[\w-]{0,30}\.[\w-]{0,30}\.[\w-]{0,30}", fullmatch=True)))
def test_no_text_breaks_the_check(text: str) -> None:
    assert SIGNER.verify(text, NOW) is None


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AZaz09-_."))
def test_a_token_with_one_changed_letter_is_nothing_or_the_same(at: int, letter: str) -> None:
    changed = TOKEN[:at] + letter + TOKEN[at + 1 :]
    assert SIGNER.verify(changed, NOW) in (None, CLAIMS)
