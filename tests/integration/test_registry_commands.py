"""The commands about who there is, on a real database."""

import re
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result

from services.actions.sign_in import SignedIn, sign_in
from services.cli.registry import REGISTRY
from services.clock import machine_clock
from services.policy.source import InvalidPolicyError
from services.system import System

DEMO = Path(__file__).parents[2] / "config" / "demo" / "agencies.yaml"


class Commands:
    """Runs commands on one system, as the command line does."""

    def __init__(self, system: System) -> None:
        self._group = click.Group(commands=list(REGISTRY))
        self._system = system

    def run(self, *arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(self._group, arguments, obj=lambda: self._system, input=given)

    def done(self, *arguments: str, given: str | None = None) -> str:
        result = self.run(*arguments, given=given)
        assert result.exit_code == 0, result.output
        return result.output

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        return result.stderr


@pytest.fixture
def commands(system: System) -> Commands:
    return Commands(system)


@pytest.fixture
def with_police(commands: Commands) -> Commands:
    commands.done("agency", "add", "alder-police", "--name", "Alder Police", "--role", "LE")
    commands.done("staff", "add", "kowalski", "--agency", "alder-police", "--name", "D. Kowalski")
    commands.done("team", "add", "alder-police/watch", "--name", "Watch desk", "--duty-desk")
    return commands


def secret_in(output: str) -> str:
    found = re.search(r"secret, shown once: (\S+)", output)
    assert found
    return found[1]


def test_the_demo_is_set_up_by_one_command_and_again_without_a_change(commands: Commands) -> None:
    first = commands.done("setup", str(DEMO), "--demo-password")
    assert " 0 changed, 0 kept" in first
    assert first.count("secret, shown once") == first.count("client ")
    password = re.search(r"can sign in with the password, shown once: (\S+)", first)
    assert password
    again = commands.done("setup", str(DEMO), "--demo-password")
    assert again.startswith("0 created, 0 changed, ")
    assert "shown once" not in again


def test_the_demos_people_sign_in_with_its_password(commands: Commands, web_system: System) -> None:
    output = commands.done("setup", str(DEMO), "--demo-password")
    password = output.rsplit(" ", 1)[1].strip()
    for username in ("ndiaye", "lindqvist", "reyes", "fontaine", "osei", "administrator"):
        assert isinstance(sign_in(web_system, username, password, machine_clock()), SignedIn)


def test_a_check_of_the_demo_finds_nothing_and_writes_nothing(commands: Commands) -> None:
    assert "nothing is wrong with it" in commands.done("setup", str(DEMO), "--check")
    assert "alder-cps" not in commands.done("agency", "list")


@pytest.mark.parametrize("option", [(), ("--check",)])
def test_what_is_wrong_with_a_set_up_is_named_with_file_and_line(
    commands: Commands, tmp_path: Path, option: tuple[str, ...]
) -> None:
    file = tmp_path / "agencies.yaml"
    file.write_text(
        "version: 1\nsince: 2024-01-01\nagencies:\n  alder-police:\n    name: Police\n    roles: [LE]\n"
        "    staff:\n      kowalski: {name: D. Kowalski,\n        supervisor: nobody}\n",
        encoding="utf-8",
    )
    result = commands.run("setup", str(file), *option)
    assert isinstance(result.exception, InvalidPolicyError)
    assert str(result.exception) == (
        f"{file}:9: agencies.alder-police.staff.kowalski.supervisor: There is no member of staff nobody."
    )
    assert "alder-police" not in commands.done("agency", "list")


def test_people_and_teams_by_hand(with_police: Commands) -> None:
    with_police.done(
        "staff", "add", "mbeki", "--agency", "alder-police", "--name", "T. Mbeki", "--supervisor", "kowalski"
    )
    assert "changed" in with_police.done("team", "join", "alder-police/watch", "mbeki", "--since", "2024-01-01")
    assert "kept" in with_police.done("team", "join", "alder-police/watch", "mbeki", "--since", "2024-01-01")
    assert "mbeki" in with_police.done("team", "list")
    with_police.done("team", "shift", "alder-police/watch", "mbeki", "--from", "2024-01-01T00:00:00-05:00")
    with_police.done("team", "leave", "alder-police/watch", "mbeki", "--until", "2024-12-31")
    assert "mbeki" not in with_police.done("team", "list")
    assert "staff:" in with_police.refused("team", "leave", "alder-police/watch", "mbeki", "--until", "2025-01-31")
    assert "team:" in with_police.refused("team", "join", "alder-police/nothing", "mbeki")
    assert "staff:" in with_police.refused("team", "join", "alder-police/watch", "nobody")
    assert "until:" in with_police.refused(
        "team", "join", "alder-police/watch", "mbeki", "--since", "2025-02-01", "--until", "2025-01-01"
    )


def test_a_password_is_asked_for_twice_or_made(with_police: Commands, web_system: System) -> None:
    password = "nine-patient-herons"
    with_police.done("staff", "password", "kowalski", given=f"{password}\n{password}\n")
    assert isinstance(sign_in(web_system, "kowalski", password, machine_clock()), SignedIn)
    made = with_police.done("staff", "password", "kowalski", "--generate").rsplit(" ", 1)[1].strip()
    assert isinstance(sign_in(web_system, "kowalski", made, machine_clock()), SignedIn)
    for _ in range(5):
        sign_in(web_system, "kowalski", "wrong", machine_clock())
    assert not isinstance(sign_in(web_system, "kowalski", made, machine_clock()), SignedIn)
    assert "changed" in with_police.done("staff", "unlock", "kowalski")
    assert isinstance(sign_in(web_system, "kowalski", made, machine_clock()), SignedIn)
    assert "changed" in with_police.done("staff", "suspend", "kowalski")
    assert "kept" in with_police.done("staff", "suspend", "kowalski")
    assert "off" in with_police.done("staff", "list")
    assert not isinstance(sign_in(web_system, "kowalski", made, machine_clock()), SignedIn)
    with_police.done("staff", "reinstate", "kowalski")
    assert isinstance(sign_in(web_system, "kowalski", made, machine_clock()), SignedIn)


def test_a_client_by_hand(with_police: Commands) -> None:
    add = ("client", "add", "rms", "--agency", "alder-police", "--name", "Records", "--scope", "events:write")
    assert "roles:" in with_police.refused(*add)
    assert "roles:" in with_police.refused(*add, "--role", "DA")
    assert secret_in(with_police.done(*add, "--role", "LE"))
    assert "secret" not in with_police.done(*add, "--role", "LE")
    second = with_police.done("client", "add-secret", "rms")
    assert "revoke one" in with_police.refused("client", "add-secret", "rms")
    with_police.done("client", "revoke-secret", "rms", second.split()[0])
    assert "changed" in with_police.done("client", "suspend", "rms")
    assert "off" in with_police.done("client", "list")
    assert "changed" in with_police.done("client", "reinstate", "rms")


def test_an_endpoint_by_hand(with_police: Commands) -> None:
    output = with_police.done("endpoint", "add", "https://rms.example.org/hook", "--agency", "alder-police")
    assert secret_in(output).startswith("whsec_")
    endpoint = str(UUID(output.split()[0]))
    second = with_police.done("endpoint", "add-secret", endpoint)
    with_police.done("endpoint", "revoke-secret", endpoint, second.split()[0])
    with_police.done("endpoint", "suspend", endpoint)
    assert "off" in with_police.done("endpoint", "list")
    with_police.done("endpoint", "reinstate", endpoint)
    plain = ("endpoint", "add", "http://127.0.0.1:9000/", "--agency", "alder-police")
    assert "url: Only https." in with_police.refused(*plain)
    assert secret_in(with_police.done(*plain, "--allow-private"))


def test_a_county_by_hand(with_police: Commands) -> None:
    add = ("county", "add", "alder", "--name", "Alder County", "--calendar", "alder-county")
    assert "zone:" in with_police.refused(*add, "--zone", "Europe/Rome")
    done = with_police.done(*add, "--zone", "America/New_York", "--on-call", "alder-police/watch")
    assert done == "alder: created\n"
    assert "America/New_York" in with_police.done("county", "list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("team", "add", "no-slash", "--name", "x"),
        ("team", "join", "a/b", "c", "--since", "soon"),
        ("team", "shift", "a/b", "c", "--from", "2024-01-01T00:00:00"),
        ("client", "revoke-secret", "rms", "not-an-id"),
    ],
)
def test_arguments_of_the_wrong_kind_are_explained(commands: Commands, arguments: tuple[str, ...]) -> None:
    result = commands.run(*arguments)
    assert result.exit_code == 2
    assert "Invalid value" in result.output
