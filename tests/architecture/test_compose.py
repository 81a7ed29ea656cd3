"""The containers, checked as documents: there is no engine to run them on where this is tested.

What can be run of them is run: the script that makes the roles, on the embedded server.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from click.testing import CliRunner

from config.settings import from_environment
from services.cli import tallystick
from services.domain.urgency import Lane
from services.local.binaries import locate
from services.local.folders import DataFolder
from services.local.machine import LocalStores, Wanted, local_services
from services.local.postgres import PostgresServer
from tests.architecture.source import PACKAGES, ROOT

STORES = {"postgres", "redis"}
ONCE = {"roles", "migrate"}
WORKERS = {f"worker-{lane.value}" for lane in Lane}
ENGINES = {"web", "sweeper", "beat"} | WORKERS
OURS = {"migrate"} | ENGINES

WHO_MAY_KNOW = {
    "POSTGRES_PASSWORD": {"postgres", "roles"},
    "OWNER_PASSWORD": {"roles", "migrate"},
    "APP_PASSWORD": {"roles"} | ENGINES - {"beat"},
    "BROKER_PASSWORD": {"redis"} | ENGINES,
    "TALLYSTICK_MASTER_KEY": ENGINES - {"beat"},
    "TALLYSTICK_VAULT_KEY": ENGINES - {"beat"},
    "TALLYSTICK_TOKEN_KEY": ENGINES - {"beat"},
    "TALLYSTICK_METRICS_TOKEN": {"web"},
}
"""Every secret, with the services that are told it."""

OPTIONAL = {"TALLYSTICK_WEBHOOK_HOSTS"}
"""What may be left out; none of it is secret."""

_HOLE = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml."""
    found: dict[str, dict[str, Any]] = _document()["services"]
    return found


def test_everything_that_makes_the_system_is_there(services: Mapping[str, Any]) -> None:
    assert set(services) == STORES | ONCE | ENGINES


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    holes = set(_HOLE.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert {name for name, _ in holes} == set(WHO_MAY_KNOW) | OPTIONAL | {"TALLYSTICK_PUBLIC_URL"}
    assert all(rest == ":-" if name in OPTIONAL else re.match(r":\?\w", rest) for name, rest in holes)


def test_no_secret_is_written_down(services: Mapping[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            rest = _HOLE.sub("", str(value))
            if re.search(r"PASSWORD|KEY|SECRET|AUTH", name):
                assert rest == "", name
            assert re.fullmatch(r"[^:@]*|\w+://\w*:?@[\w:/]+", rest), name


def test_a_secret_is_told_to_those_only_who_need_it(services: Mapping[str, Any]) -> None:
    for secret, allowed in WHO_MAY_KNOW.items():
        told = {name for name, service in services.items() if f"${{{secret}:" in str(service.get("environment"))}
        assert told == allowed, secret


def test_only_settings_that_exist_are_set(services: Mapping[str, Any]) -> None:
    known = asked_settings()
    for name in OURS:
        assert set(services[name]["environment"]) <= known, name


def test_the_containers_run_what_one_machine_runs(services: Mapping[str, Any], tmp_path: Path) -> None:
    here = {one.name: one for one in local_services(Wanted(DataFolder.open(tmp_path / "home")))}
    for name in OURS:
        assert normal(_words(services[name]["command"])) == normal(list(here[name].command)), name
        assert _seconds(services[name].get("stop_grace_period", "10s")) >= here[name].stop_timeout, name


def test_every_command_exists(services: Mapping[str, Any]) -> None:
    said = {name: _words(services[name]["command"]) for name in OURS}
    for words in said.values():
        if words[0] == "tallystick":
            assert CliRunner().invoke(tallystick, [*words[1:], "--help"]).exit_code == 0, words
    assert {words[0] for words in said.values()} == {"celery", "gunicorn", "tallystick"}


def test_each_lane_has_a_worker_of_its_own(services: Mapping[str, Any]) -> None:
    for lane in Lane:
        words = _words(services[f"worker-{lane.value}"]["command"])
        assert words[words.index("-Q") + 1] == lane.value


def test_nothing_is_open_but_the_door_of_the_web_on_this_host(services: Mapping[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])
    assert _document()["networks"]["stores"] == {"internal": True}
    inside = STORES | ONCE | {"beat"}
    assert {name for name, service in services.items() if service["networks"] == ["stores"]} == inside


def test_every_container_is_closed_and_started_again(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["restart"] == ("on-failure:3" if name in ONCE else "unless-stopped"), name
        assert service["logging"], name
        assert "privileged" not in service, name
        if name != "postgres":  # its image starts as root, gives its folder to postgres and goes on as postgres
            assert service["cap_drop"] == ["ALL"], name
        if name in OURS:
            assert "user" not in service, "the user of the image"


def test_everything_waits_for_what_it_needs(services: Mapping[str, Any]) -> None:
    needs = {
        name: {(needed, how["condition"]) for needed, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    migrated, broker = ("migrate", "service_completed_successfully"), ("redis", "service_healthy")
    assert needs["roles"] == {("postgres", "service_healthy")}
    assert needs["migrate"] == {("roles", "service_completed_successfully")}
    assert needs["web"] == needs["sweeper"] == {migrated}, "they work without Redis"
    assert all(needs[worker] == {migrated, broker} for worker in WORKERS)
    assert needs["beat"] == {broker}


def test_health_is_asked_where_it_says_something(services: Mapping[str, Any]) -> None:
    assert "/readyz" in str(services["web"]["healthcheck"]["test"])
    assert all(services[store]["healthcheck"]["test"] for store in STORES)
    assert all(services[name]["healthcheck"] == {"disable": True} for name in OURS - {"web"})


def test_the_database_is_made_as_the_embedded_one_is(services: Mapping[str, Any]) -> None:
    postgres = services["postgres"]
    arguments = set(postgres["environment"]["POSTGRES_INITDB_ARGS"].split())
    assert arguments >= {"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"}
    assert "--auth=scram-sha-256" in arguments
    words = _words(postgres["command"])
    settings = dict(word.split("=") for flag, word in pairwise(words) if flag == "-c")
    assert settings["log_min_error_statement"] == "panic", "statements hold values of cases"
    assert settings["log_min_messages"] == "log"
    assert settings["log_error_verbosity"] == "terse"
    assert not {"fsync", "full_page_writes", "synchronous_commit"} & set(settings)
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"], "where images from 18 on keep their data"


def test_images_are_of_a_version() -> None:
    images = re.findall(r"^\s*image: (\S+)$", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert all(re.search(r":(\d[\w.-]*|local)$", image) for image in images)
    assert re.findall(r"^FROM (\S+)", _dockerfile(), re.MULTILINE) == ["python:3.11-slim"] * 2


def test_the_image_holds_no_secret_and_is_not_run_by_root(services: Mapping[str, Any]) -> None:
    text = _dockerfile()
    assert not re.search(r"PASSWORD|SECRET|_KEY|^ARG", text, re.MULTILINE)
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "/healthz" in last
    command = re.search(r"^CMD (\[.*?\])$", last.replace("\\\n", ""), re.MULTILINE)
    assert command
    assert yaml.safe_load(command[1]) == services["web"]["command"]


def test_the_image_installs_pinned_packages_and_holds_every_package_of_ours() -> None:
    text = _dockerfile()
    for line in re.findall(r"pip .*install .*-r \S+", text):
        assert "--require-hashes" in line
        assert "--no-deps" in line
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    assert names >= {*PACKAGES, "migrations", "requirements-run.lock", "requirements-build.lock"}
    admitted = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in admitted if line and line[0] != "#") == "*"
    assert {line[1:] for line in admitted if line.startswith("!")} == names
    assert all((ROOT / name).exists() for name in names)


def test_the_script_of_the_roles_makes_roles_passwords_and_database(
    services: Mapping[str, Any], server: PostgresServer, server_environment: dict[str, str]
) -> None:
    service = services["roles"]
    script = service["command"][0].replace("$$", "$").replace("/roles.sql", str(ROOT / "services/local/roles.sql"))
    passwords = {"OWNER_PASSWORD": "owner's \\ own", "APP_PASSWORD": "application"}
    for _ in range(2):
        subprocess.run([*service["entrypoint"], script], env=server_environment | passwords, check=True)
    host = server_environment["PGHOST"]
    for user, password in (("tallystick_owner", "owner's \\ own"), ("tallystick_app", "application")):
        with psycopg.connect(host=host, dbname="tallystick", user=user, password=password) as connection:
            asked = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
            assert connection.execute(asked).fetchone() == ("tallystick_owner",)
    with server.connect_as_superuser("tallystick") as superuser:
        asked = "SELECT has_database_privilege('tallystick_reader', 'tallystick', 'CONNECT')"
        assert superuser.execute(asked).fetchone() == (False,)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server of our own, without the database that the script is to make."""
    with LocalStores(tmp_path / "stores", scratch=True) as stores:
        stores.postgres.drop_database("tallystick")
        yield stores.postgres


@pytest.fixture
def server_environment(tmp_path: Path) -> dict[str, str]:
    """What the script finds in its container: the address of the server, and `psql`."""
    folder = DataFolder.open(tmp_path / "stores")
    return {
        "PATH": f"{locate().postgres}:{os.environ['PATH']}",
        "PGHOST": str(folder.sockets),
        "PGUSER": "postgres",
        "PGPASSWORD": folder.secret("postgres.password"),
    }


def asked_settings() -> set[str]:
    """Every name that the settings are read from, by reading them from an environment that takes note."""
    asked: set[str] = set()

    class Noting(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.add(name)
            return default

    from_environment(Noting())
    return asked


def _document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def normal(words: list[str]) -> list[str]:
    """A command line without what differs by place: the interpreter, addresses and folders for a moment."""
    if words[1:2] == ["-m"]:
        words = ["tallystick" if words[2] == "services.cli" else words[2], *words[3:]]
    differing = {"--bind", "--worker-tmp-dir", "--schedule"}
    return ["…" if before in differing else word for before, word in pairwise(["", *words])]


def _seconds(period: str) -> float:
    return float(period[:-1]) * {"s": 1, "m": 60}[period[-1]]
