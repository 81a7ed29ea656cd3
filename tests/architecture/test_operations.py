"""docs/operations.md, held to what is there: settings, units, figures, and the statements that it gives."""

import configparser
import re
import shlex
from pathlib import Path

from sqlalchemy import Engine, text

from config.settings import from_environment
from services.local.folders import DataFolder
from services.local.machine import LocalStores, Wanted, local_services
from services.storage.database import Database
from tests.architecture.source import ROOT
from tests.architecture.test_alerts import exported
from tests.architecture.test_compose import WHO_MAY_KNOW, asked_settings, normal

OPERATIONS = ROOT / "docs" / "operations.md"

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def test_the_table_of_settings_is_that_of_the_code() -> None:
    asked = asked_settings()
    secret = {name for name in asked if f"{name}_FILE" in asked}
    rows = re.findall(r"^\| `(TALLYSTICK_\w+)` \| (secret)? ?\|", _operations(), re.MULTILINE)
    assert {name for name, _ in rows} == {name for name in asked if not name.endswith("_FILE")}
    assert {name for name, mark in rows if mark} == secret


def test_the_defaults_are_those_of_the_code() -> None:
    settings = from_environment({})
    defaults = dict(re.findall(r"^\| `TALLYSTICK_(\w+)` \|[^|]*\| `([^`]+)` \|", _operations(), re.MULTILINE))
    assert defaults["HOST"] == settings.host
    assert defaults["PORT"] == str(settings.port)
    assert defaults["BELLS"] == settings.bells
    assert defaults["CLOCK_OFFSET_SECONDS"] == str(int(settings.clock_offset.total_seconds()))
    assert Path(defaults["HOME"]).expanduser() == settings.home
    assert defaults["PUBLIC_URL"] == "http://HOST:PORT"
    assert settings.public_url == f"http://{settings.host}:{settings.port}"


def test_the_units_run_what_one_machine_runs(tmp_path: Path) -> None:
    here = {one.name: normal(list(one.command)) for one in local_services(Wanted(DataFolder.open(tmp_path / "home")))}
    named = {"web": "web", "urgent": "worker-urgent", "sweep": "sweeper", "beat": "beat"}
    found = {}
    for code in _fences("ini"):
        if "ExecStart" in code:
            name = code.split()[1]
            command = shlex.split(_unit(code)["Service"]["ExecStart"].replace("%%", "%"))
            found[name] = normal([command[0].rpartition("/")[2], *command[1:]])
    assert found == {name: here[service] for name, service in named.items()}


def test_the_unit_gives_settings_that_exist() -> None:
    unit = next(code for code in _fences("ini") if "[Unit]" in code)
    assert set(re.findall(r"^Environment=(TALLYSTICK_\w+)=", unit, re.MULTILINE)) <= asked_settings()


def test_every_secret_of_the_containers_is_made() -> None:
    shell = next(code for code in _fences("sh") if "compose.env" in code)
    (passwords,) = re.findall(r"for name in ((?:\w+_PASSWORD ?)+)", shell)
    (keys,) = re.findall(r"for name in ((?:[A-Z]+ ?)+); do echo \"TALLYSTICK_", shell)
    tokens = re.findall(r"echo \"(TALLYSTICK_\w+_TOKEN)=\$\(openssl", shell)
    assert {*passwords.split(), *(f"TALLYSTICK_{key}_KEY" for key in keys.split()), *tokens} == set(WHO_MAY_KNOW)


def test_the_figures_that_are_watched_are_exported() -> None:
    watch = _operations().partition("\n## Watch\n")[2].partition("\n## ")[0]
    watched = set(re.findall(r"`(tallystick_\w+)[ `{]", watch))
    assert watched
    assert watched <= {name.removesuffix("_count") for name in exported()}


def test_the_queries_can_be_asked_by_the_application(database: Database) -> None:
    (queries,) = [code for code in _fences("sql") if "SET LOCAL ROLE" in code]
    assert _ask(database.engine, queries) == 4


def test_deliveries_can_be_held_after_a_restore(stores: LocalStores, database: Database) -> None:
    (hold,) = [code for code in _fences("sql") if "restored" in code]
    name = database.engine.url.database
    assert name
    with stores.postgres.connect_as_superuser(name) as superuser:
        superuser.execute(
            "INSERT INTO jobs (key, lane, kind, ref, due_at) SELECT kind, 'bulk', kind, gen_random_uuid(), now() "
            "FROM unnest(ARRAY['deliver', 'route']) AS kind"
        )
        superuser.execute(hold.encode())
        held = superuser.execute("SELECT key FROM jobs WHERE state = 'set_aside'").fetchall()
    assert held == [("deliver",)]


def _operations() -> str:
    return OPERATIONS.read_text(encoding="utf-8")


def _fences(language: str) -> list[str]:
    """The blocks of code of one language in docs/operations.md."""
    found = _FENCE.findall(_operations())
    return [code for _, named, code in found if named == language]


def _unit(code: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(code)
    return parser


def _ask(engine: Engine, queries: str) -> int:
    """Run statements one by one on one connection; how many of them gave rows."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        results = [connection.execute(text(one)) for one in queries.split(";") if one.strip()]
        return sum(result.returns_rows for result in results)
