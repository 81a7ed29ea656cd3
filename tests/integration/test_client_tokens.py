"""Access tokens of clients on a real database, in the web's role. All instants are real time, given by the test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.actions.issue_token import Refused, Token, client_actor, issue_token, verify_token
from services.actions.register_agency import register_agency
from services.actions.register_client import register_client
from services.actions.rotate_secrets import add_client_secret, revoke_client_secret
from services.actions.suspend import switch_client
from services.domain.actors import Actor, system_actor
from services.domain.registry import NewAgency, NewClient, Registered
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.storage import clients
from services.storage.access_tokens import Claims, TokenSigner
from services.storage.tables import audit_log
from services.system import System

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COMMAND_LINE = system_actor("command-line")
SIGNER = TokenSigner(b"s" * 32, "https://tallystick.example")
POLICE = NewAgency("alder-police", "Alder Police", frozenset({Role.LE, Role.JAIL}))
RMS = NewClient(
    "alder-police",
    "alder-police-rms",
    "Records",
    frozenset({Scope.EVENTS_WRITE, Scope.INBOX}),
    frozenset({Role.LE, Role.JAIL}),
    events_per_minute=120,
)
ALL: frozenset[str] = frozenset()


@pytest.fixture
def secret(system: System) -> str:
    register_agency(system, COMMAND_LINE, POLICE)
    registered = register_client(system, COMMAND_LINE, RMS)
    assert isinstance(registered, Registered)
    assert registered.secret
    return registered.secret


def claims_of(system: System, secret: str, scopes: frozenset[str] = ALL) -> Claims:
    token = issue_token(system, SIGNER, "alder-police-rms", secret, scopes, NOW)
    assert isinstance(token, Token)
    claims = verify_token(SIGNER, token.access_token, NOW)
    assert claims is not None
    return claims


def test_a_client_that_knows_its_secret_gets_a_token_of_ten_minutes(web_system: System, secret: str) -> None:
    token = issue_token(web_system, SIGNER, "alder-police-rms", secret, frozenset({"inbox"}), NOW)
    assert isinstance(token, Token)
    assert (token.expires_in, token.scopes) == (600, frozenset({"inbox"}))
    claims = verify_token(SIGNER, token.access_token, NOW + timedelta(minutes=9, seconds=59))
    assert claims is not None
    assert (claims.client_id, claims.scopes, claims.events_per_minute) == (
        "alder-police-rms",
        frozenset({"inbox"}),
        120,
    )
    assert verify_token(SIGNER, token.access_token, NOW + timedelta(minutes=10, seconds=30)) is None


def test_no_scope_asked_for_means_all_that_the_client_has(web_system: System, secret: str) -> None:
    assert claims_of(web_system, secret).scopes == {"events:write", "inbox"}


@pytest.mark.parametrize("scope", ["admin", "cases:read", "everything"])
def test_a_scope_that_the_client_has_not_is_refused(web_system: System, secret: str, scope: str) -> None:
    asked = frozenset({"inbox", scope})
    assert issue_token(web_system, SIGNER, "alder-police-rms", secret, asked, NOW) == Refused("invalid_scope")


def test_a_wrong_secret_and_an_unknown_client_are_refused_alike(web_system: System, secret: str) -> None:
    assert issue_token(web_system, SIGNER, "alder-police-rms", "x" * 43, ALL, NOW) == Refused("invalid_client")
    assert issue_token(web_system, SIGNER, "nobody", secret, ALL, NOW) == Refused("invalid_client")


def test_both_secrets_are_valid_until_one_is_revoked(web_system: System, system: System, secret: str) -> None:
    second = add_client_secret(system, COMMAND_LINE, "alder-police-rms")
    assert isinstance(second, Registered)
    assert second.secret
    claims_of(web_system, secret)
    claims_of(web_system, second.secret)
    with system.database.begin(COMMAND_LINE) as connection:
        newest_first = clients.find(connection, ["alder-police-rms"])["alder-police-rms"].secrets
    first_id = next(secret_id for secret_id in newest_first if secret_id != second.id)
    revoke_client_secret(system, COMMAND_LINE, "alder-police-rms", first_id)
    assert issue_token(web_system, SIGNER, "alder-police-rms", secret, ALL, NOW) == Refused("invalid_client")
    claims_of(web_system, second.secret)


def test_the_actor_of_a_token_is_the_client_with_its_roles(web_system: System, secret: str) -> None:
    claims = claims_of(web_system, secret, frozenset({"inbox"}))
    actor = client_actor(web_system, claims)
    assert actor == Actor(
        name="client:alder-police-rms",
        agency_id=claims.agency_id,
        roles=frozenset({Role.LE, Role.JAIL}),
        scopes=frozenset({"inbox"}),
    )


def test_a_client_that_is_switched_off_is_out_at_once(web_system: System, system: System, secret: str) -> None:
    claims = claims_of(web_system, secret)
    switch_client(system, COMMAND_LINE, "alder-police-rms", active=False)
    assert client_actor(web_system, claims) is None
    assert issue_token(web_system, SIGNER, "alder-police-rms", secret, ALL, NOW) == Refused("invalid_client")
    switch_client(system, COMMAND_LINE, "alder-police-rms", active=True)
    assert client_actor(web_system, claims) is not None


def test_what_a_client_loses_its_old_tokens_lose_too(web_system: System, system: System, secret: str) -> None:
    claims = claims_of(web_system, secret)
    register_client(system, COMMAND_LINE, replace(RMS, scopes=frozenset({Scope.EVENTS_WRITE})))
    register_agency(system, COMMAND_LINE, replace(POLICE, roles=frozenset({Role.LE})))
    actor = client_actor(web_system, claims)
    assert actor is not None
    assert (actor.scopes, actor.roles) == (frozenset({"events:write"}), frozenset({Role.LE}))


def test_a_client_of_the_operators_may_administer(web_system: System, system: System) -> None:
    register_agency(system, COMMAND_LINE, NewAgency("operations", "Operations", frozenset({Role.ADMIN})))
    console = NewClient("operations", "console", "Console", frozenset({Scope.ADMIN}), frozenset({Role.ADMIN}))
    registered = register_client(system, COMMAND_LINE, console)
    assert isinstance(registered, Registered)
    assert registered.secret
    token = issue_token(web_system, SIGNER, "console", registered.secret, ALL, NOW)
    assert isinstance(token, Token)
    claims = verify_token(SIGNER, token.access_token, NOW)
    assert claims is not None
    actor = client_actor(web_system, claims)
    assert actor is not None
    assert actor.administrates
    assert isinstance(register_agency(web_system, actor, POLICE), Registered)


def test_every_token_is_audited_under_its_id(web_system: System, system: System, secret: str) -> None:
    claims = claims_of(web_system, secret)
    issue_token(web_system, SIGNER, "nobody", "x", ALL, NOW)
    with system.database.begin(COMMAND_LINE) as connection:
        rows = connection.execute(
            select(audit_log).where(audit_log.c.act == "issue_token").order_by(audit_log.c.number)
        ).all()
    assert [(row.outcome, row.detail, row.agency_id) for row in rows] == [
        ("done", {"token": claims.token_id}, claims.agency_id),
        ("invalid_client", {}, None),
    ]
