"""Which addresses may be registered for webhooks. What a name resolves to is looked at again when it is called."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from services.domain.errors import FieldProblem

_LENGTH = 2_000


def url_problems(url: str, *, allow_private: bool = False) -> list[FieldProblem]:
    """What is wrong with a webhook's address: it is https, names a public host, and carries no log-in and no fragment.

    ``allow_private`` is for one machine alone, or for agencies on one closed network: ``http`` passes too, and so does
    any host, as the channel that calls them then allows.
    """
    parts = _split(url)
    if parts is None:
        return [_problem("malformed", f"An absolute URL in ASCII of at most {_LENGTH} characters.")]
    problems = []
    if parts.username is not None or parts.password is not None:
        problems.append(_problem("not_allowed", "No user name and no password in the address."))
    if parts.fragment:
        problems.append(_problem("not_allowed", "No fragment in the address."))
    if allow_private and parts.scheme in {"http", "https"}:
        return problems
    if parts.scheme != "https":
        problems.append(_problem("not_allowed", "Only https."))
    if not _is_public(parts.hostname or ""):
        problems.append(_problem("not_allowed", "Not an address inside a private network."))
    return problems


def _split(url: str) -> SplitResult | None:
    if len(url) > _LENGTH or not url.isascii() or any(character <= " " or character == "\\" for character in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.hostname and port != 0 else None


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        # A name: at least two labels, and not one that never leaves a machine or a network (RFC 6761, RFC 6762);
        # digits alone at its end would be read as an address by some resolvers.
        labels = host.rstrip(".").split(".")
        return len(labels) > 1 and labels[-1] not in {"localhost", "local", "internal"} and not labels[-1].isdigit()


def _problem(code: str, message: str) -> FieldProblem:
    return FieldProblem("url", code, message)
