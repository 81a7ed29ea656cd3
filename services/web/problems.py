"""What goes wrong, said the same way everywhere: problem documents (RFC 9457) for machines, a calm page for people.

A refusal never reveals that a case exists: what is absent and what is forbidden give the same 404, byte for byte.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

import orjson
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, render_template, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from schemas.problems import problems as problems_of
from services.domain.errors import FieldProblem
from services.storage.database import is_away
from services.web.context import system
from services.web.failures import log_failure
from services.web.kinds import KINDS, ProblemError, unavailable

MEDIA_TYPE = "application/problem+json"
MACHINE_PATHS = ("/v1/", "/oauth/", "/openapi.json", "/healthz", "/readyz", "/metrics")

_BY_STATUS: Mapping[int, str] = {kind.status: name for name, kind in reversed(list(KINDS.items()))}
_MOST_ERRORS = 100
"""A body of megabytes may have a million things wrong with it: the answer names the first."""
_KEPT_HEADERS = frozenset({"Allow", "Retry-After", "WWW-Authenticate"})


def document(kind: str, detail: str = "", errors: Sequence[FieldProblem] = ()) -> dict[str, object]:
    """The members of a problem document: ``type``, ``title``, ``status``, ``detail``, and ``errors`` where there are
    fields at fault.
    """
    known = KINDS[kind]
    body: dict[str, object] = {
        "type": f"{system().public_url}/problems#{kind}",
        "title": known.title,
        "status": known.status,
        "detail": detail or known.advice,
    }
    if errors:
        body["errors"] = [
            {"field": e.field, "code": e.code, "message": e.message} for e in islice(errors, _MOST_ERRORS)
        ]
    return body


def for_machines() -> bool:
    """Whether this request is to a path for machines; every other answer is a page."""
    return request.path.startswith(MACHINE_PATHS)


def answer(problem: ProblemError) -> Response:
    """The problem as a response: a document for machines, a page for people."""
    kind = KINDS[problem.kind]
    if for_machines():
        body = orjson.dumps(document(problem.kind, problem.detail, problem.errors))
        response = Response(body, kind.status, mimetype=MEDIA_TYPE)
    else:
        page = render_template("problem.html", kind=kind, detail=problem.detail, errors=problem.errors)
        response = Response(page, kind.status, mimetype="text/html")
    response.headers.extend(dict(problem.headers))
    return response


def install(app: APIFlask) -> None:
    """Answer every error of ``app`` this way."""

    @app.error_processor
    def from_apiflask(error: HTTPError) -> Response:
        found = list(_field_problems(error.detail)) if isinstance(error.detail, Mapping) else []
        return answer(ProblemError(_kind_of(error.status_code), errors=found))

    app.register_error_handler(ProblemError, answer)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(CSRFError, lambda _: answer(ProblemError("form-expired")))
    # A body in chunks is read, and found to be none, only when a view asks for it.
    app.register_error_handler(ParseException, lambda _: answer(ProblemError("malformed")))
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeout, lambda _: answer(unavailable()))


def _from_werkzeug(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
    return answer(ProblemError(_kind_of(error.code or 500), headers=headers))


def _from_database(error: DBAPIError) -> Response:
    if is_away(error):
        return answer(unavailable())
    log_failure(error)
    return answer(ProblemError("internal"))


def _kind_of(status: int) -> str:
    other = "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "malformed"
    return _BY_STATUS.get(status, other)


def _field_problems(detail: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """What marshmallow found wrong, by the place where it looked (json, query, form)."""
    for messages in detail.values():
        yield from problems_of(ValidationError(messages), "")
