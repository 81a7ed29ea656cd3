"""Ten thousand bad requests against a real web server on a real database: is each refused, in order, without a trace?

Half are generated from the description of the API by schemathesis (data that its schemas forbid), half are good
requests spoiled in one way each (`benchmarks.spoiling`). Rates are let out (`benchmarks.unlimited`): they would answer
for everything else. Rows written are those of any table whose version is younger than the first bad request, but for
the tables that keep a record of being asked at all: the audit, and sessions and passwords, which count attempts.
"""

import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.figures import AtMost, Figure, Report, percentile
from benchmarks.options import Options
from benchmarks.served import served
from benchmarks.spoiling import NOBODY, Bad, Good, document, spoiled, too_large
from benchmarks.stage import stores, system_on
from services.actions.run_jobs import run_jobs
from services.actions.set_password import set_password
from services.actions.set_up import SetUpDone, set_up
from services.clock import machine_clock
from services.domain.actors import Actor
from services.domain.urgency import Lane
from services.local.postgres import DATABASE, SUPERUSER
from services.policy.setup_file import load_setup
from services.storage.tables.base import metadata
from services.web.problems import MACHINE_PATHS, MEDIA_TYPE

COUNT = 10_000
CONNECTIONS = 8
PATIENCE = 30.0
RECORDS_OF_BEING_ASKED = frozenset({"audit_log", "measured", "sessions", "staff_credentials"})
_DEMO = Path(__file__).parents[1] / "config" / "demo" / "agencies.yaml"
_ADMINISTRATOR = Actor(name="system:benchmark", administrates=True)
_PASSWORD = "a long and quiet password"  # noqa: S105 (of a person made up)
_CLIENTS = ("alder-cps-records", "alder-police-rms", "tallystick-operations-console")
_NUMBER = "AC-1"
_CHARACTERS_OF_A_HEAD = 65_536
_OF_A_REQUEST = frozenset({"method", "url", "headers", "params", "data", "json", "files", "cookies"})
_SET_HERE = frozenset({"content-length", "authorization"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bad request was answered: its status (0 for none), its media type, its body, and after how long."""

    bad: Bad
    status: int
    media_type: str
    body: bytes
    seconds: float

    @property
    def for_machines(self) -> bool:
        """Whether it was asked of the API. What is no request at all was."""
        return self.bad.path.startswith(MACHINE_PATHS)

    @property
    def taken(self) -> bool:
        """Whether the API did what was asked. Reading is no doing; a batch is refused where each of its events is."""
        if not self.for_machines or not 200 <= self.status < 300 or self.bad.wire.startswith((b"GET", b"HEAD")):
            return False
        found = _json(self.body)
        refused = isinstance(found, list) and all(one["status"] >= 400 and _is_problem(one["problem"]) for one in found)
        return not refused

    @property
    def in_order(self) -> bool:
        """Whether a refusal is a problem document; one of OAuth has the media type that RFC 6749 gives it."""
        found = _json(self.body)
        oauth = self.bad.path.startswith("/oauth/") and self.media_type == "application/json"
        known = self.media_type == MEDIA_TYPE or (oauth and isinstance(found, dict) and "error" in found)
        return known and _is_problem(found) and found["status"] == self.status


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _is_problem(found: object) -> bool:
    return isinstance(found, dict) and {"type", "title", "status", "detail"} <= found.keys()


def run(options: Options) -> Report:
    """Send them all, and say what came of it."""
    random = options.random()
    count = options.scaled(COUNT, least=100)
    with stores() as running, system_on(running) as system:
        done = set_up(system, _ADMINISTRATOR, load_setup(_DEMO).plan, allow_private=True)
        if not isinstance(done, SetUpDone):
            raise TypeError(f"the agencies could not be set up: {done}")
        secrets = {name: it.secret for (kind, name), it in done.registered.items() if kind == "client" and it.secret}
        set_password(system, _ADMINISTRATOR, "okafor", _PASSWORD, machine_clock())
        with served(running, "benchmarks.unlimited:from_environment()") as web:
            tokens = [_token(web.url, client, secrets[client]) for client in _CLIENTS]
            _open_a_case(web.url, tokens[0])
            while sum(run_jobs(system, lane) for lane in Lane):
                pass
            good = [*_good(tokens), *_good_pages(web.url)]
            bad = _generated(web.url, tokens, count // 2, options.seed)
            bad += [too_large(good[0]) for _ in range(5)]
            bad += [spoiled(random, random.choice(good)) for _ in range(count - len(bad))]
            random.shuffle(bad)
            owner = create_engine(
                make_url(running.postgres.dsn(DATABASE, SUPERUSER)).set(drivername="postgresql+psycopg")
            )
            with owner.connect() as connection:
                before = _state(connection)
            began = time.monotonic()
            answers = _send_all(web.port, bad)
            seconds = time.monotonic() - began
            with owner.connect() as connection:
                written = _written(connection, before)
            owner.dispose()
    return _report(options.seed, answers, written, seconds)


def _report(seed: int, answers: Sequence[Answer], written: Mapping[str, int], seconds: float) -> Report:
    refusals = [one for one in answers if one.for_machines and one.status >= 400]
    pages = [one for one in answers if not one.for_machines]
    statuses = Counter(one.status for one in answers)
    none = AtMost(0)
    worst = Counter(f"{one.status} {one.bad.way} {one.bad.path[:60]}" for one in answers if one.status >= 500)
    loose = Counter(f"{one.status} {one.bad.way} {one.media_type}" for one in refusals if not one.in_order)
    taken = Counter(f"{one.bad.way} {one.bad.path[:60]}" for one in answers if one.taken)
    silent = Counter(one.bad.way for one in answers if one.status == 0)
    kept = sum(rows for table, rows in written.items() if table not in RECORDS_OF_BEING_ASKED)
    asked = sum(rows for table, rows in written.items() if table in RECORDS_OF_BEING_ASKED)
    wrong_pages = [one for one in pages if one.status and not (one.status == 303 or one.media_type == "text/html")]
    found = {"5xx": worst, "no problem document": loose, "taken": taken, "unanswered": silent}
    return Report(
        name="bad_input",
        question="Is every bad request refused, in order, and without a trace in the database?",
        seed=seed,
        figures=[
            Figure("answers of 500 and above", sum(worst.values()), "", none),
            Figure("rows written", kept, "", none),
            Figure("refusals of the API that are no problem document", sum(loose.values()), "", none),
            Figure("bad requests that the API took", sum(taken.values()), "", none),
            Figure("requests that were not answered", sum(silent.values()), "", none),
            Figure("answers of pages that are neither a page nor lead to one", len(wrong_pages), "", none),
            Figure("slowest answer", max(one.seconds for one in answers), "s"),
            Figure("p99 of answers", percentile([one.seconds for one in answers], 0.99), "s"),
            Figure("rows of audit, measures, sessions and passwords", asked),
            *(Figure(f"answers with {status}", number) for status, number in sorted(statuses.items())),
        ],
        setting={
            "requests": len(answers),
            "generated": sum(one.bad.way == "generated" for one in answers),
            "to pages": len(pages),
            "connections": CONNECTIONS,
            "seconds": round(seconds, 1),
            **{name: dict(what.most_common(8)) for name, what in found.items() if what},
        },
    )


def _token(url: str, client: str, secret: str) -> str:
    answer = httpx2.post(f"{url}/oauth/token", data={"grant_type": "client_credentials"}, auth=(client, secret))
    return str(answer.json()["access_token"])


def _event(type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    named = {"id": str(uuid4()), "source": "urn:benchmark", "type": f"org.dvcw.{type_}.v1", "subject": _NUMBER}
    return {"specversion": "1.0", **named, "time": at, "data": dict(data)}


def _open_a_case(url: str, token: str) -> None:
    """A case with a seat, so that there is something that a bad request could reach."""
    opened = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2026-01-05"}
    seat = {"role": "CPS_WORKER", "agency": "alder-cps", "person": "okafor", "since": "2026-01-05"}
    answer = httpx2.post(
        f"{url}/v1/events",
        content=document([_event("case.opened", opened), _event("case.role_given", seat)]),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/cloudevents-batch+json"},
    )
    if [one["status"] for one in answer.json()] != [202, 202]:
        raise ValueError(answer.text)


def _good(tokens: Sequence[str]) -> Iterator[Good]:
    """Requests that would be answered well, or with 404 where they name what is nobody's."""
    records, police, admin = ((("Authorization", f"Bearer {token}"),) for token in tokens)
    missed = _event("prob.checkin_missed", {"due": "2026-01-10T09:00:00-05:00"})
    single, batch, plain = (
        (("Content-Type", f"application/{name}"),) for name in ("cloudevents+json", "cloudevents-batch+json", "json")
    )
    attributes = tuple((f"ce-{name}", str(value)) for name, value in missed.items() if name != "data")
    staff = {"agency": "alder-cps", "username": "somebody", "display_name": "Some Body"}
    agency = {"slug": "somewhere", "name": "Somewhere", "roles": ["LE"]}
    yield Good("POST", "/v1/events", police + single, document(missed))
    yield Good("POST", "/v1/events", police + plain + attributes, document(missed["data"]))
    yield Good("POST", "/v1/events", police + batch, document([{"no": "event"}, {"no": "event"}]))
    yield Good("POST", "/v1/agencies", admin + plain, document(agency))
    yield Good("POST", "/v1/staff", admin + plain, document(staff))
    yield Good("POST", f"/v1/tasks/{NOBODY}/decline", records + plain, document({"reason": "Not ours."}))
    yield Good("POST", f"/v1/tasks/{NOBODY}/link", records + plain, document({"case": _NUMBER, "why": "The name."}))
    yield Good("GET", "/v1/inbox", records)
    yield Good("GET", "/v1/tasks", records)
    yield Good("GET", f"/v1/cases/{_NUMBER}/timeline", records)


def _good_pages(url: str) -> Iterator[Good]:
    """Forms of somebody who is signed in, with what proves that they come from a page of ours."""
    with httpx2.Client(base_url=url, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        proof = _proof(browser.get("/sign-in").text)
        name = {"username": "okafor", "password": _PASSWORD, "csrf_token": proof}
        if browser.post("/sign-in", data=name).status_code != 303:
            raise ValueError("nobody could sign in")
        cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    form = (("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin"))
    for path in (f"/tasks/{NOBODY}/decline", f"/inbox/{NOBODY}/acknowledge", "/sign-in"):
        yield Good("POST", path, (*form, ("Cookie", cookies)), b"reason=x")


def _proof(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise ValueError("the page has no form of ours")
    return found[1]


def _generated(url: str, tokens: Sequence[str], count: int, seed: int) -> list[Bad]:
    """Requests with data that the description forbids, for each operation alike, by each client in turn."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    takes = [one for one in operations if one.body or one.query or one.path_parameters]
    made: list[Bad] = []
    while takes and len(made) < count:
        share = -(-(count - len(made)) // len(takes))
        fresh = [_negative(operation, tokens, share, seed + len(made)) for operation in takes]
        made += [bad for found in fresh for bad in found]
        takes = [operation for operation, found in zip(takes, fresh, strict=True) if found]
    Random(seed).shuffle(made)
    return made[:count]


def _negative(operation: Any, tokens: Sequence[str], count: int, seed: int) -> list[Bad]:
    made: list[Bad] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def take(case: "Case[Any]") -> None:
        made.append(_as_bad(case, tokens[len(made) % len(tokens)]))

    try:
        take()
    except Unsatisfiable:
        return []  # no text is a wrong value for a parameter that takes any
    return made


def _as_bad(case: "Case[Any]", token: str) -> Bad:
    said = case.as_transport_kwargs(base_url="http://127.0.0.1")
    whole = requests.Request(**{name: value for name, value in said.items() if name in _OF_A_REQUEST}).prepare()
    headers = [(name, value) for name, value in whole.headers.items() if name.lower() not in _SET_HERE]
    body = whole.body.encode() if isinstance(whole.body, str) else whole.body
    good = Good(
        whole.method or "GET",
        whole.path_url,
        tuple((_latin(name), _latin(value)) for name, value in (*headers, ("Authorization", f"Bearer {token}"))),
        body if isinstance(body, bytes) else b"",
    )
    return Bad("generated", whole.path_url, good.wire())


def _latin(word: str | bytes) -> str:
    """As `requests` puts it on the wire."""
    return word if isinstance(word, str) else word.decode("latin-1")


def _send_all(port: int, bad: Sequence[Bad]) -> list[Answer]:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(lambda one: _send(port, one), bad))


def _send(port: int, bad: Bad) -> Answer:
    """Send the bytes, say that no more come, and read all that is answered."""
    began = time.monotonic()
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(bad.wire)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was read: what was answered is still there to be read
        try:
            while more := connection.recv(65_536):
                received += more
        except OSError:
            pass
    seconds = time.monotonic() - began
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    media_type = re.search(rb"\r\ncontent-type: *([^\r;]+)", head[:_CHARACTERS_OF_A_HEAD], re.IGNORECASE)
    return Answer(
        bad, int(found[1]) if found else 0, media_type[1].decode("latin-1").strip() if media_type else "", body, seconds
    )


@dataclass(frozen=True, slots=True)
class State:
    """The transaction from which on everything counts as new, and how many rows each table had."""

    transaction: int
    rows: Mapping[str, int]


def _state(connection: Connection) -> State:
    rows = {table: _number(connection, f"SELECT count(*) FROM {table}") for table in metadata.tables}  # noqa: S608
    if not rows["event_log"] or not rows["case_seats"]:
        raise ValueError("not every row can be seen, or there is none")
    return State(_number(connection, "SELECT pg_current_xact_id()::text::bigint"), rows)


def _written(connection: Connection, before: State) -> dict[str, int]:
    """How many rows of each table were added, changed or taken away since. The cluster is young: no number wraps."""
    written = {}
    for table, rows in before.rows.items():
        new = _number(connection, f"SELECT count(*) FROM {table} WHERE xmin::text::bigint > {before.transaction}")  # noqa: S608
        now = _number(connection, f"SELECT count(*) FROM {table}")  # noqa: S608
        written[table] = new + max(0, rows - now)
    return {table: rows for table, rows in written.items() if rows}


def _number(connection: Connection, query: str) -> int:
    return int(connection.execute(text(query)).scalar_one())
