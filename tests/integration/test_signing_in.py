"""Sessions of people on a real database, in the web's role. All instants are real time, given by the test."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.actions.register_agency import register_agency
from services.actions.set_password import set_password
from services.actions.set_up import SetUpDone, set_up
from services.actions.sign_in import Rejected, SignedIn, session_actor, sign_in
from services.actions.sign_out import sign_out
from services.actions.suspend import switch_staff
from services.domain.actors import SIGN_IN, Actor, system_actor
from services.domain.registry import NewAgency, NewStaff, NotRegistered, Registered
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.storage.sessions import admit
from services.storage.tables import audit_log, sessions
from services.system import System

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PASSWORD = "seven-quiet-lanterns"
WRONG = "seven-loud-lanterns"
COMMAND_LINE = system_actor("command-line")
ADMINISTRATOR = Actor(name="staff:root", administrates=True)


@pytest.fixture(autouse=True)
def people(system: System) -> None:
    plan = SetUp(
        agencies=(
            NewAgency("alder-cps", "Alder Child Welfare", frozenset({Role.CPS_WORKER})),
            NewAgency("operations", "Operations", frozenset({Role.ADMIN})),
        ),
        staff=(
            NewStaff("alder-cps", "okafor", "N. Okafor"),
            NewStaff("operations", "root", "The Administrator", administrator=True),
        ),
    )
    assert isinstance(set_up(system, COMMAND_LINE, plan, demo_password=PASSWORD), SetUpDone)


def signed_in(outcome: SignedIn | Rejected) -> SignedIn:
    assert isinstance(outcome, SignedIn)
    return outcome


def try_wrongly(system: System, times: int, at: datetime = NOW) -> None:
    for _ in range(times):
        assert isinstance(sign_in(system, "okafor", WRONG, at), Rejected)


def test_the_right_password_opens_a_session_of_that_person(web_system: System) -> None:
    session = signed_in(sign_in(web_system, " Okafor ", PASSWORD, NOW))
    actor = session_actor(web_system, session.token, NOW)
    assert actor is not None
    assert (actor.name, actor.roles, actor.administrates) == ("staff:okafor", frozenset({Role.CPS_WORKER}), False)
    assert actor.party_id == session.staff_id
    assert actor.agency_id is not None
    assert session.assurance == "password"


def test_an_administrator_administrates(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "root", PASSWORD, NOW))
    actor = session_actor(web_system, session.token, NOW)
    assert actor is not None
    assert actor.administrates
    another = NewAgency("alder-jail", "Alder Jail", frozenset({Role.JAIL}))
    assert isinstance(register_agency(web_system, actor, another), Registered)


@pytest.mark.parametrize(("username", "password"), [("okafor", WRONG), ("nobody", PASSWORD), ("okafor", ""), ("", "")])
def test_who_cannot_prove_it_is_rejected_alike(web_system: System, username: str, password: str) -> None:
    assert sign_in(web_system, username, password, NOW) == Rejected()


def test_a_token_of_another_making_opens_nothing(web_system: System) -> None:
    assert session_actor(web_system, "", NOW) is None
    assert session_actor(web_system, "x" * 43, NOW) is None


def test_the_token_is_kept_as_a_hash_only(web_system: System, system: System, someone: Actor) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    with system.database.begin(someone) as connection:
        kept = connection.execute(select(sessions.c.token_hash)).scalar_one()
    assert len(kept) == 32
    assert session.token.encode() not in kept


def test_a_session_ends_after_thirty_idle_minutes_and_lives_while_it_is_used(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    for minutes in (29, 58, 87):
        assert session_actor(web_system, session.token, NOW + timedelta(minutes=minutes)) is not None
    assert session_actor(web_system, session.token, NOW + timedelta(minutes=117)) is None


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    for tens in range(1, 72):
        assert session_actor(web_system, session.token, NOW + timedelta(minutes=10 * tens)) is not None
    assert session_actor(web_system, session.token, NOW + timedelta(hours=12)) is None
    assert session.expires_at == NOW + timedelta(hours=12)


def test_the_last_use_is_written_at_most_once_a_minute(web_system: System, system: System, someone: Actor) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))

    def seen_after(seconds: int) -> datetime:
        session_actor(web_system, session.token, NOW + timedelta(seconds=seconds))
        with system.database.begin(someone) as connection:
            seen: datetime = connection.execute(select(sessions.c.last_seen_at)).scalar_one()
        return seen

    assert [seen_after(seconds) for seconds in (30, 59, 60, 90, 120)] == [
        NOW + timedelta(seconds=seconds) for seconds in (0, 0, 60, 60, 120)
    ]


def test_five_wrong_tries_make_an_account_wait_ten_minutes(web_system: System) -> None:
    try_wrongly(web_system, 5)
    assert isinstance(sign_in(web_system, "okafor", PASSWORD, NOW + timedelta(minutes=9)), Rejected)
    signed_in(sign_in(web_system, "okafor", PASSWORD, NOW + timedelta(minutes=10)))


def test_many_tries_at_once_are_five_tries(web_system: System) -> None:
    def admitted(_: int) -> bool:
        with web_system.database.begin(SIGN_IN) as connection:
            return admit(connection, "okafor", NOW) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admitted, range(16))) == 5


def test_tries_made_during_the_wait_do_not_make_it_longer(web_system: System) -> None:
    try_wrongly(web_system, 5)
    try_wrongly(web_system, 3, NOW + timedelta(minutes=9))
    signed_in(sign_in(web_system, "okafor", PASSWORD, NOW + timedelta(minutes=10)))


def test_a_right_password_forgets_the_wrong_ones_before_it(web_system: System) -> None:
    for _ in range(3):
        try_wrongly(web_system, 4)
        signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))


def test_nobody_who_guesses_elsewhere_keeps_a_known_browser_out(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    sign_out(web_system, session.token, NOW)
    later = NOW + timedelta(days=29)
    try_wrongly(web_system, 5, later)
    again = signed_in(sign_in(web_system, "okafor", PASSWORD, later, previous_token=session.token))
    assert session_actor(web_system, again.token, later) is not None
    # Whoever made the account wait still waits.
    assert isinstance(sign_in(web_system, "okafor", PASSWORD, later), Rejected)


def test_a_known_browser_has_five_tries_of_its_own(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    try_wrongly(web_system, 5)
    for _ in range(5):
        assert sign_in(web_system, "okafor", WRONG, NOW, previous_token=session.token) == Rejected()
    assert sign_in(web_system, "okafor", PASSWORD, NOW, previous_token=session.token) == Rejected()


def test_a_browser_is_known_for_thirty_days_and_for_its_own_account(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    roots = signed_in(sign_in(web_system, "root", PASSWORD, NOW))
    later = NOW + timedelta(days=30)
    try_wrongly(web_system, 5, later)
    assert sign_in(web_system, "okafor", PASSWORD, later, previous_token=session.token) == Rejected()
    assert sign_in(web_system, "okafor", PASSWORD, later, previous_token=roots.token) == Rejected()


def test_signing_in_again_ends_the_session_before_it(web_system: System) -> None:
    first = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    second = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW, previous_token=first.token))
    assert second.token != first.token
    assert session_actor(web_system, first.token, NOW) is None
    assert session_actor(web_system, second.token, NOW) is not None


def test_signing_out_ends_the_session_at_once(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    assert sign_out(web_system, session.token, NOW)
    assert session_actor(web_system, session.token, NOW) is None
    assert not sign_out(web_system, session.token, NOW)


def test_somebody_who_is_switched_off_is_out_at_once(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    assert isinstance(switch_staff(web_system, ADMINISTRATOR, "okafor", NOW, active=False), Registered)
    assert session_actor(web_system, session.token, NOW) is None
    assert sign_in(web_system, "okafor", PASSWORD, NOW) == Rejected()
    switch_staff(web_system, ADMINISTRATOR, "okafor", NOW, active=True)
    assert session_actor(web_system, session.token, NOW) is None
    signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))


def test_a_new_password_ends_every_session_and_a_wait(web_system: System) -> None:
    session = signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    try_wrongly(web_system, 5)
    other = "nine-patient-herons"
    assert isinstance(set_password(web_system, ADMINISTRATOR, "okafor", other, NOW), Registered)
    assert session_actor(web_system, session.token, NOW) is None
    signed_in(sign_in(web_system, "okafor", other, NOW))
    assert sign_in(web_system, "okafor", PASSWORD, NOW) == Rejected()


def test_a_password_is_the_same_from_every_keyboard(web_system: System) -> None:
    set_password(web_system, ADMINISTRATOR, "okafor", "na\u00efve-caf\u00e9-lantern", NOW)
    signed_in(sign_in(web_system, "okafor", "nai\u0308ve-cafe\u0301-lantern", NOW))


def test_a_weak_password_and_an_unknown_person_are_refused(web_system: System) -> None:
    short = set_password(web_system, ADMINISTRATOR, "okafor", "short", NOW)
    nobody = set_password(web_system, ADMINISTRATOR, "nobody", PASSWORD, NOW)
    assert isinstance(short, NotRegistered)
    assert isinstance(nobody, NotRegistered)
    assert [problem.code for problem in (*short.problems, *nobody.problems)] == ["too_short", "unknown"]


def test_every_attempt_is_audited_without_what_was_typed(web_system: System, system: System, someone: Actor) -> None:
    sign_in(web_system, "okafor", WRONG, NOW)
    sign_in(web_system, "my-secret-typed-here", PASSWORD, NOW)
    signed_in(sign_in(web_system, "okafor", PASSWORD, NOW))
    with system.database.begin(someone) as connection:
        rows = connection.execute(select(audit_log).where(audit_log.c.act == "sign_in").order_by(audit_log.c.number))
        lines = [(row.actor, row.object.partition(":")[0], row.outcome) for row in rows]
        everything = str(connection.execute(select(audit_log)).all())
    assert lines == [
        ("sign-in", "staff", "refused"),
        ("sign-in", "staff", "refused"),
        ("staff:okafor", "staff", "done"),
    ]
    assert "typed-here" not in everything
