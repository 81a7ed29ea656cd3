"""Headers of every answer: nothing is cached, framed, sniffed, or fetched from elsewhere."""

from flask import Response

_CONTENT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_NAMES = frozenset(name.lower() for name in HEADERS)

_A_DAY = "public, max-age=86400"
_A_YEAR_OF_HTTPS = "max-age=31536000"


def harden(response: Response, *, secure: bool, stored: bool) -> Response:
    """Add the headers. ``stored`` says that it is a style sheet or an image of ours, which a browser may keep."""
    if _NAMES.isdisjoint(name.lower() for name, _ in response.headers):
        # Setting looks through all that is there for each; nearly every answer has none of these.
        response.headers.extend(HEADERS)
    else:
        response.headers.update(HEADERS)
    if stored:
        response.headers["Cache-Control"] = _A_DAY
    if secure:
        response.headers["Strict-Transport-Security"] = _A_YEAR_OF_HTTPS
    return response
