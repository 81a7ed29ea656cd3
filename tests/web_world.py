"""A small world for tests of the web: the demo's agencies, one case of theirs, and clients that speak HTTP.

It is made once a run, in a template database; each test gets a copy of it.
"""

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas.envelope import STRUCTURED
from services.actions.run_jobs import run_jobs
from services.actions.set_password import set_password
from services.actions.set_up import SetUpDone, set_up
from services.clock import StoryClock, machine_clock
from services.domain.actors import Actor
from services.domain.events import wire_type
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.policy.book import PolicyBook
from services.policy.setup_file import load_setup
from services.storage.database import DatabaseRole, connect
from services.storage.sealing import KeyRing
from services.storage.tables import cases
from services.system import System
from services.web.app import create_app
from services.web.settings import web_settings
from tests.conftest import TEMPLATE as MIGRATED

_NUMBERS = itertools.count(1)
DEMO = Path(__file__).parents[1] / "config" / "demo" / "agencies.yaml"
ADMINISTRATOR = Actor(name="system:test", administrates=True)
PASSWORD = "a long and quiet password"
CASE_NUMBER = "AC-2025-0117"
PROBATION_NUMBER = "PRB-88812"
START = datetime(2025, 3, 10, 15, 0, tzinfo=UTC)
BROWSER = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class World:
    """The system in the worker's role, the web application on it, and the secrets of the demo's clients."""

    system: System
    app: APIFlask
    secrets: Mapping[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self) -> FlaskClient:
        """A browser or program without cookies."""
        return self.app.test_client()

    def token(self, client_id: str) -> str:
        """An access token of a client of the demo, with all of its scopes."""
        if client_id not in self.tokens:
            answer = self.client().post(
                "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, self.secrets[client_id])
            )
            self.tokens[client_id] = answer.get_json()["access_token"]
        return self.tokens[client_id]

    def bearer(self, client_id: str) -> dict[str, str]:
        """The header that carries it."""
        return {"Authorization": f"Bearer {self.token(client_id)}"}

    def send(self, client_id: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
        """Send events as a batch, as a client of the demo, and expect each of them to be kept."""
        answer = self.client().post(
            "/v1/events",
            json=list(events),
            headers=self.bearer(client_id) | {"Content-Type": "application/cloudevents-batch+json"},
        )
        items: list[dict[str, Any]] = answer.get_json()
        assert [item["status"] for item in items] == [202] * len(events), items
        return items

    def work(self) -> None:
        """Do every job that is due."""
        while sum(run_jobs(self.system, lane) for lane in Lane):
            pass

    def case_id(self) -> UUID:
        """The one case."""
        with self.system.database.begin(ADMINISTRATOR) as connection:
            found: UUID = connection.execute(select(cases.c.id)).scalar_one()
        return found

    def let_in(self, *usernames: str) -> None:
        """Give these people the password of these tests."""
        for username in usernames:
            set_password(self.system, ADMINISTRATOR, username, PASSWORD, machine_clock())

    def browser(self, username: str) -> FlaskClient:
        """A browser in which somebody of the demo is signed in."""
        browser = self.client()
        answer = browser.post(
            "/sign-in",
            data={"username": username, "password": PASSWORD, "csrf_token": csrf_token(browser)},
            headers=BROWSER,
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return browser


def csrf_token(browser: FlaskClient, path: str = "/sign-in") -> str:
    """The token that a form on a page carries."""
    page = browser.get(path).get_data(as_text=True)
    _, _, rest = page.partition('name="csrf_token" value="')
    return rest.partition('"')[0]


def event(type_: str, data: Mapping[str, object], subject: str = CASE_NUMBER, **attributes: str) -> dict[str, Any]:
    """A CloudEvent in the JSON format, with an id of its own."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "https://records.example",
        "type": wire_type(type_),
        "subject": subject,
        "time": (START - timedelta(minutes=5)).isoformat(),
        "data": dict(data),
        **attributes,
    }


TEMPLATE = "template_web"
_SECRETS: dict[str, str] = {}


@pytest.fixture(scope="session")
def web_template(stores: LocalStores, policy_book: PolicyBook) -> Mapping[str, str]:
    """A template database that holds the world with its case; the secrets of its clients.

    Made once a run, though the folders of tests that use it each have it from here.
    """
    if not _SECRETS:
        _SECRETS.update(_make_template(stores, policy_book))
    return _SECRETS


def _make_template(stores: LocalStores, policy_book: PolicyBook) -> Mapping[str, str]:
    stores.postgres.create_from_template(TEMPLATE, MIGRATED)
    database = connect(stores.dsn_app(TEMPLATE), DatabaseRole.WORKER)
    keys = KeyRing(payloads=b"p" * 32, vault=b"v" * 32)
    world = build_world(System(database=database, clock=StoryClock(START), keys=keys, policy=policy_book))
    open_the_case(world)
    world.let_in("okafor", "reyes", "fontaine")
    world.work()
    database.close()
    return world.secrets


@pytest.fixture
def world(
    stores: LocalStores, web_template: Mapping[str, str], policy_book: PolicyBook, keys: KeyRing
) -> Iterator[World]:
    """A copy of the world for one test."""
    name = f"web_{os.getpid()}_{next(_NUMBERS)}"
    stores.postgres.create_from_template(name, TEMPLATE)
    database = connect(stores.dsn_app(name), DatabaseRole.WORKER)
    system = System(database=database, clock=StoryClock(START), keys=keys, policy=policy_book)
    yield World(system=system, app=app_on(system), secrets=web_template)
    database.close()
    stores.postgres.drop_database(name)


def app_on(system: System, **settings: Any) -> APIFlask:
    """The web application on a system, in the web's role."""
    web = replace(system, database=system.database.as_role(DatabaseRole.WEB))
    return create_app(web, web_settings(b"t" * 32, system.public_url, **settings))


def build_world(system: System) -> World:
    """Register the demo's agencies and put the web application on the system."""
    done = set_up(system, ADMINISTRATOR, load_setup(DEMO).plan, allow_private=True)
    assert isinstance(done, SetUpDone), done
    secrets = {key: it.secret for (kind, key), it in done.registered.items() if kind == "client" and it.secret}
    return World(system=system, app=app_on(system), secrets=secrets)


def open_the_case(world: World) -> None:
    """Open the case under the agency's number, seat its people, and link probation's own number."""
    world.send(
        "alder-cps-records",
        event(
            "case.opened",
            {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"},
        ),
        *[
            event("case.role_given", {"role": role, "agency": agency, "person": person, "since": "2025-01-18"})
            for role, agency, person in (
                ("CPS_WORKER", "alder-cps", "okafor"),
                ("CPS_SUP", "alder-cps", "lindqvist"),
                ("PROB", "alder-probation", "reyes"),
                ("BIP", "turning-point", "fontaine"),
                ("DA", "alder-prosecutor", "achebe"),
            )
        ],
        event("case.identifier_linked", {"agency": "alder-probation", "value": PROBATION_NUMBER}),
    )


MEDIA = {"Content-Type": STRUCTURED}
