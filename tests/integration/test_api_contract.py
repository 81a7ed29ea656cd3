"""The description of the API is true, whoever asks: schemathesis reads it, and asks with all of its checks."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.openapi.checks import AllowHeaderMismatch, EnsureResourceAvailability
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.transport.wsgi import WSGITransport

from benchmarks.unlimited import without_limits
from schemas.catalogue import CATALOGUE
from services.actions.register_client import register_client
from services.actions.register_endpoint import register_endpoint
from services.actions.rotate_secrets import add_client_secret, add_endpoint_secret
from services.actions.suspend import switch_client
from services.domain.events import wire_type
from services.domain.registry import NewClient, NewEndpoint, Registered
from services.domain.roles import Role
from services.domain.scopes import Scope
from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, World, event

CPS, PROBATION, OPERATIONS = "alder-cps", "alder-probation", "tallystick-operations"
ROLES = {
    CPS: frozenset({Role.CPS_INTAKE, Role.CPS_INV, Role.CPS_WORKER, Role.CPS_SUP, Role.CPS_MGR}),
    PROBATION: frozenset({Role.PROB}),
    OPERATIONS: frozenset({Role.ADMIN}),
}
OF_AGENCIES = frozenset(Scope) - {Scope.ADMIN}  # which only an agency with the role ADMIN is given
READING = frozenset({Scope.EVENTS_READ, Scope.INBOX, Scope.CASES_READ})
TYPES = {wire_type(name): name for name in CATALOGUE}
NO_SECRET = "DELETE /v1/endpoints/{endpoint_id}/secrets/{secret_id}"
OF_SOCKETS = {"max_redirects", "verify", "cert", "proxies"}
schemathesis.checks.load_all_checks()
CHECKS = {*schemathesis.checks.CHECKS.get_all_names(), "max_response_time"}
INTAKE = "POST /v1/events"
UNLINK = "POST /v1/cases/{reference}/events/{event_id}/unlink"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of client: of which agency, with which scopes, and how many questions of each operation it asks."""

    agency: str = CPS
    scopes: frozenset[Scope] = frozenset()
    active: bool = True
    examples: int = 10
    opens: frozenset[Scope] = frozenset()
    """The scopes of which every operation does at least once what it is asked, so that more than refusals are seen."""


KINDS = {
    "nobody": Kind(active=False, examples=8),
    "switched off": Kind(scopes=OF_AGENCIES, active=False, examples=8),
    "who only writes": Kind(scopes=frozenset({Scope.EVENTS_WRITE}), examples=8),
    "who only reads": Kind(scopes=READING, opens=READING),
    "child welfare": Kind(scopes=OF_AGENCIES, opens=OF_AGENCIES - {Scope.TASKS}),
    "another agency": Kind(PROBATION, OF_AGENCIES),
    "an administrator": Kind(OPERATIONS, frozenset(Scope)),
}

# What the server refuses of what is well formed, by field and code: rules that no schema says.
RULES: Mapping[str, set[tuple[str, str]]] = {
    # A type's payload is not in the description (docs/events.md has it).
    INTAKE: {("data", "*"), ("Content-Type", "unsupported_media_type")},
    # The agency has no case of this number.
    "POST /v1/tasks/{task_id}/link": {("case", "unknown"), ("why", "invalid")},
    # A day that has not come.
    "GET /v1/cases/{reference}/goals": {("as_of", "in_future")},
    "GET /v1/cases/{reference}/goals/{goal}": {("as_of", "in_future")},
    # Reasons hold no control characters, as no text of an event does.
    UNLINK: {("why", "invalid")},
    **{f"POST /v1/tasks/{{task_id}}/{answer}": {("reason", "invalid")} for answer in ("accept", "complete", "decline")},
    # No more than two secrets at a time.
    "POST /v1/clients/{client_id}/secrets": {("secret_id", "too_many")},
    "POST /v1/endpoints/{endpoint_id}/secrets": {("secret_id", "too_many")},
    # What is named must be there, be free, and fit together.
    "POST /v1/agencies/{slug}/clients": {
        ("agency", "unknown"),  # beside another fault; by itself it is a 404
        ("client_id", "taken"),
        ("roles", "not_allowed"),
        ("roles", "required"),
        ("scopes", "not_allowed"),
        ("events_per_minute", "invalid"),  # 1.0, a whole number to JSON Schema alone
    },
    "POST /v1/endpoints": {("agency", "unknown"), ("url", "not_allowed"), ("url", "malformed")},
    "POST /v1/staff": {
        ("agency", "unknown"),
        ("username", "taken"),
        ("administrator", "not_allowed"),
        ("supervisor", "unknown"),
        ("supervisor", "not_allowed"),
        ("since", "required"),
    },
    "POST /v1/teams": {
        ("agency", "unknown"),
        ("members", "unknown"),
        ("members", "repeated"),
        ("members", "out_of_order"),
        ("on_call", "unknown"),
        ("on_call", "repeated"),
        ("on_call", "out_of_order"),
    },
}
# No keyword of JSON Schema bounds a day or forbids a sign without a pattern that hides what else is asked for.
UNSAID = (
    "Holds a NUL.",
    "Must lie between 1900 and 2199.",
    "Must be a date and time with seconds and an offset, such as 2025-01-18T21:52:00-05:00.",
    "Holds a character that is not allowed here, such as NUL.",
    "Must be text.",  # an extension of 642.0, a whole number to JSON Schema alone
)
# Whether one succeeds depends on how the entry stands that is drawn.
BY_CHANCE = "POST /v1/inbox/{notification_id}/acknowledge"
# No token, no right, nothing there, not where it stands: what can be well formed all the same.
ACCEPTED = ["2xx", "401", "403", "404", "409"]
REJECTED = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]


@dataclass
class Run:
    """What came of it: what is wrong, and how each operation answered."""

    wrong: list[str] = field(default_factory=list)
    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    checked: Counter[str] = field(default_factory=Counter)

    def opened(self) -> set[str]:
        """The operations that did what they were asked at least once."""
        return {label for label, statuses in self.answers.items() if any(200 <= status < 300 for status in statuses)}


@pytest.mark.parametrize("name", KINDS)
def test_every_answer_is_as_described_whoever_asks(
    world: World, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, known = KINDS[name], things(world)
    tokens = {} if name == "nobody" else {"asking": token(world, "asking", kind)}
    if not kind.active:
        switch_client(world.system, ADMINISTRATOR, "asking", active=False)
    elif tokens:
        tokens["other"] = token(world, "other", Kind(CPS if kind.agency == PROBATION else PROBATION, OF_AGENCIES))
    in_process_only(monkeypatch)
    without_limits(world.app)
    schema = described(world, configuration(kind, known, identities(tmp_path, tokens)))
    run = asked(schema)
    assert not run.wrong, "\n\n".join(run.wrong)
    assert set(run.checked) == CHECKS, "every check looked at something"
    needed = scopes_of(schema)
    may = {label for label, scope in needed.items() if kind.active and scope in kind.scopes}
    must = {label for label in may - {BY_CHANCE} if needed[label] in kind.opens}
    assert must <= run.opened() <= may | {label for label, scope in needed.items() if scope is None}


def things(world: World) -> dict[str, list[str]]:
    """Something of each kind that a request may name: tasks, notifications, an event put on the case, secrets."""
    [missed, *_] = world.send(
        "alder-probation-supervision",
        *[event("prob.checkin_missed", {"due": f"2025-03-0{day}"}, PROBATION_NUMBER) for day in range(1, 10)],
        event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER),
    )
    world.send("alder-police-rms", *[event("le.arrest", minimal_payload("le.arrest"), f"PD-{n}") for n in range(10)])
    seat = {"role": "LE", "agency": "alder-police", "person": "kowalski", "since": "2025-03-01"}
    [seated] = world.send("alder-cps-records", event("case.role_given", seat))
    overdue = {"status": "overdue", "person_ref": "trent"}
    world.send("alder-criminal-court-cms", event("firearm.relinquishment_status", overdue, PROBATION_NUMBER))
    world.work()
    desk = {"headers": world.bearer("alder-cps-records")}
    tasks = world.client().get("/v1/tasks", **desk).get_json()["tasks"]
    told = world.client().get("/v1/inbox", **desk).get_json()["notifications"]
    asked = [task["id"] for task in tasks if task["kind"] != "link_event"]
    linked, *strays = [task for task in tasks if task["kind"] == "link_event"]
    answers = [world.client().post(f"/v1/tasks/{linked['id']}/link", json={"case": CASE_NUMBER}, **desk)]
    answers += [world.client().post(f"/v1/tasks/{task}/accept", json={}, **desk) for task in asked[:3]]
    assert [answer.status_code for answer in answers] == [202, 200, 200, 200]
    world.work()
    written = minimal_payload("goal.created") | {"goal_id": "G1"}
    adopted = minimal_payload("caseplan.adopted") | {"goals": ["G1"], "effective": "2025-03-01"}
    world.send("alder-cps-records", event("goal.created", written), event("caseplan.adopted", adopted))
    world.work()
    new = NewClient(CPS, "shown", "Shown", frozenset({Scope.INBOX}), ROLES[CPS])
    shown = register_client(world.system, ADMINISTRATOR, new)
    hook = register_endpoint(world.system, ADMINISTRATOR, NewEndpoint(CPS, "https://hooks.example/in"))
    assert isinstance(shown, Registered)
    assert isinstance(hook, Registered)
    secrets = [
        add_client_secret(world.system, ADMINISTRATOR, "shown"),
        add_endpoint_secret(world.system, ADMINISTRATOR, hook.id),
    ]
    return {
        "path.reference": [CASE_NUMBER],
        "body.case": [CASE_NUMBER, PROBATION_NUMBER],
        "path.goal": ["G1"],
        "query.view": ["internal", "court"],
        "query.as_of": ["2025-03-10"],
        "path.event_id": [linked["event"]],
        "path.notification_id": [one["id"] for one in told[:3]],
        "path.task_id": [*asked[:6], *[task["id"] for task in strays]],
        "path.receipt": [missed["receipt"], seated["receipt"]],
        "path.slug": [CPS],
        "body.agency": [CPS],
        "path.client_id": ["shown"],
        "path.endpoint_id": [str(hook.id)],
        "path.secret_id": [str(secret.id) for secret in secrets if isinstance(secret, Registered)],
        "body.url": ["https://hooks.example/in", "https://hooks.example/other"],
    }


def token(world: World, client_id: str, kind: Kind) -> str:
    """The access token of a new client of that kind."""
    new = NewClient(kind.agency, client_id, client_id.title(), kind.scopes, ROLES[kind.agency])
    registered = register_client(world.system, ADMINISTRATOR, new)
    assert isinstance(registered, Registered), registered
    assert registered.secret
    asked = {"grant_type": "client_credentials"}
    answer = world.client().post("/oauth/token", data=asked, auth=(client_id, registered.secret))
    return str(answer.get_json()["access_token"])


def identities(folder: Path, tokens: Mapping[str, str]) -> dict[str, Any]:
    """Who asks; and whoever else is to be refused what only they may see."""
    if not tokens:
        return {}
    known = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {said}"}]}
        for name, said in tokens.items()
    ]
    path = folder / "identities.json"
    path.write_text(json.dumps({"auth": known}))
    peers = {"peers": list(tokens)} if len(tokens) > 1 else {}
    return {"auth": {"wfc": {"path": str(path), "user": "asking", **peers}}}


def configuration(kind: Kind, known: Mapping[str, list[str]], identity: Mapping[str, Any]) -> SchemathesisConfig:
    """Every check, the same questions each time, and what is known put into them more often than not."""
    accepting = {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "422"]}}
    by_rule = [{"include-name": label, "checks": accepting} for label in RULES if label != INTAKE]
    of_intake = {
        # Binary mode needs headers, whose names no schema can hold back.
        "positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "415", "422"]},
        # A batch is answered for each of its events (see `against_the_rules`).
        "negative_data_rejection": {"expected-statuses": [*REJECTED, "200"]},
    }
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "cache": {"enabled": False},
            "workers": 1,
            "continue-on-failure": True,
            "checks": {
                "enabled": True,
                "max_response_time": 10,
                "positive_data_acceptance": {"expected-statuses": ACCEPTED},
                "negative_data_rejection": {"expected-statuses": REJECTED},
            },
            "generation": {
                "deterministic": True,
                "max-examples": kind.examples,
                "database": "none",
                "no-shrink": True,
            },
            "dictionaries": {name: {"values": values} for name, values in known.items()},
            "parameters": {name: {"dictionary": name, "probability": 0.8} for name in known},
            "operations": [*by_rule, {"include-name": INTAKE, "checks": of_intake}],
            **identity,
        }
    )


def described(world: World, config: SchemathesisConfig) -> OpenApiSchema:
    """Our own description, with the token said to be a bearer's too: schemathesis takes nothing away for OAuth."""
    document = world.client().get("/openapi.json").get_json()
    document["components"]["securitySchemes"]["bearer"] = {"type": "http", "scheme": "bearer"}
    for operations in document["paths"].values():
        for operation in operations.values():
            for needed in operation.get("security", ()):
                needed["bearer"] = []
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.app = world.app
    schema.location = "/openapi.json"

    @schema.hook
    def map_case(context: HookContext, case: "Case[Any]") -> "Case[Any]":
        """An event carries a good payload of its type, so that what else is wrong with it decides."""
        if case.operation.label == INTAKE:
            for said in case.body if isinstance(case.body, list) else [case.body]:
                if isinstance(said, dict) and isinstance(said.get("data"), dict) and str(said.get("type")) in TYPES:
                    said["data"] = minimal_payload(TYPES[str(said["type"])])
        return case

    return schema


def in_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let probes of checks through, to which schemathesis 4.32 gives settings that only sockets know."""
    send = WSGITransport.send

    def without(self: WSGITransport, case: "Case[Any]", **kwargs: Any) -> Response:
        return send(self, case, **{name: value for name, value in kwargs.items() if name not in OF_SOCKETS})

    monkeypatch.setattr(WSGITransport, "send", without)


def asked(schema: OpenApiSchema) -> Run:
    """Ask everything, and look at every answer."""
    run = Run()
    for happened in from_schema(schema).execute():
        match happened:
            case events.ScenarioFinished():
                look_at(happened.recorder, run)
            case events.NonFatalError():
                run.wrong.append(f"{happened.label}: {happened.value!r}")
            case events.FatalError():
                raise happened.exception
            case events.EngineFinished():
                run.wrong += [f"{failure.title}: {failure.message}" for failure in happened.failures]
    return run


def look_at(recorder: ScenarioRecorder, run: Run) -> None:
    for case_id, node in recorder.cases.items():
        response = recorder.find_response(case_id=case_id)
        if response is None:
            continue
        case = node.value
        if str(response.request.method) == case.operation.method.upper():
            run.answers[case.operation.label][response.status_code] += 1
        found = [check.failure_info.failure for check in recorder.checks.get(case_id, ()) if check.failure_info]
        wrong = [f"{one.title}: {one.message}" for one in found if not is_by_design(one)]
        wrong += against_the_rules(case, response)
        run.wrong += [
            f"{one}\n{case.as_curl_command()}\n{response.status_code} {response.text[:1000]}" for one in wrong
        ]
        run.checked.update(check.name for check in recorder.checks.get(case_id, ()))


def is_by_design(failure: Failure) -> bool:
    """Whether a check takes for a fault what is none, and has no setting that would say so."""
    match failure:
        case AllowHeaderMismatch(operation=operation, missing_methods=missing, undocumented_methods=more):
            # Case numbers hold slashes: a GET of this path reads the case of that number.
            return operation == UNLINK and not missing and more == ["GET"]
        case EnsureResourceAvailability(created_with=created, not_available_with=absent):
            # The id of an endpoint is taken for that of a secret, for want of another.
            return (created, absent) == ("POST /v1/endpoints", NO_SECRET)
        case _:
            return False


def against_the_rules(case: "Case[Any]", response: Response) -> Iterator[str]:
    """Refusals of what is well formed that no rule explains, and batches that were taken whole though some are not."""
    if case.meta is None or response.request.method != case.operation.method.upper():
        return
    if case.meta.generation.mode.is_negative:
        batch = case.operation.label == INTAKE and response.status_code == 200
        if batch and all(answer["status"] == 202 for answer in response.json()):
            yield "A batch of what is malformed was taken"
    elif response.status_code in {415, 422}:
        for error in response.json()["errors"]:
            at = re.split(r"[.\[]", error["field"])[0]
            rules = RULES.get(case.operation.label, set())
            if not rules & {(at, error["code"]), (at, "*")} and error["message"] not in UNSAID:
                yield f"No rule says so: {error}"


def scopes_of(schema: OpenApiSchema) -> dict[str, Scope | None]:
    """What each operation needs, as it is described."""
    return {
        f"{method.upper()} {path}": Scope(operation["security"][0]["client"][0]) if "security" in operation else None
        for path, operations in schema.raw_schema["paths"].items()
        for method, operation in operations.items()
    }
