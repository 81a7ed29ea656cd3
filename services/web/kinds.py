"""The kinds of problem that this application answers with, and the exception that carries one out of a view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.domain.errors import FieldProblem

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, a title that never changes, and what to do about it."""

    status: int
    title: str
    advice: str


KINDS: Mapping[str, Kind] = {
    "malformed": Kind(400, "The request cannot be read", "Correct the request: it is not what its media type says."),
    "form-expired": Kind(400, "This form can no longer be sent", "Go back, load the page again, and send it again."),
    "not-signed-in": Kind(401, "Nobody is signed in", "Send a valid access token; ask for a new one at /oauth/token."),
    "not-permitted": Kind(403, "Not permitted", "The token, or the person, does not have the right that this needs."),
    "not-found": Kind(404, "Not found", "There is nothing here that you may see."),
    "method-not-allowed": Kind(405, "Method not allowed", "Use one of the methods that the Allow header names."),
    "conflict": Kind(409, "In conflict with what is recorded", "Read what is recorded before trying again."),
    "too-large": Kind(413, "Too large", "Send less at once: split a batch, or shorten the text."),
    "unsupported-media-type": Kind(415, "Media type not supported", "Send one of the media types that are accepted."),
    "invalid": Kind(422, "Some fields are not right", "Correct the fields that are named; nothing was kept."),
    "too-many-requests": Kind(429, "Too many requests", "Wait a little (Retry-After says how long), then try again."),
    "internal": Kind(500, "Something went wrong here", "It is not known to be your request. Try again later."),
    "unavailable": Kind(503, "Not available at the moment", "Nothing was kept. Send the same again after a while."),
}
"""Every kind, by the last part of its ``type``. The page /problems explains them all."""


@dataclass(eq=False)
class ProblemError(Exception):
    """Raised in a view to answer with a problem. ``kind`` is a key of KINDS; ``detail`` a sentence for people that
    names no case; ``errors`` the fields at fault; ``headers`` go out with the answer.
    """

    kind: str
    detail: str = ""
    errors: Sequence[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def unavailable() -> ProblemError:
    """The database, or something as needful, is away: nothing was kept, and it is worth trying again."""
    return ProblemError("unavailable", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def not_found() -> ProblemError:
    """The same for what is absent and for what is forbidden."""
    return ProblemError("not-found")
