"""Compiles ``config/policy/escalation.yaml`` into the ladder of ``services.domain.escalation``."""

from datetime import timedelta
from pathlib import Path

from services.domain.due_dates import Elapsed
from services.domain.escalation import Ladder, Rung, Whom
from services.domain.urgency import Urgency
from services.policy.routing import compile_limit
from services.policy.source import Node, digest, load_document


def compile_escalation(path: Path) -> Ladder:
    """The ladder of a policy file. Raises ``InvalidPolicyError`` with file and line."""
    root = load_document(path).only("version", "urgency", "rungs", "repeat")
    entries = root.at("rungs").elements()
    if not entries:
        raise root.at("rungs").error("has no rung")
    rungs = tuple(_rung(number, entry) for number, entry in enumerate(entries, start=1))
    for entry, lower, upper in zip(entries[1:], rungs, rungs[1:], strict=False):
        if upper.after <= lower.after:
            raise entry.at("after").error("must be later than the rung before it")
    repeat = root.at("repeat").only("every", "until", "tell")
    until = _length(repeat.at("until"))
    if until <= rungs[-1].after:
        raise repeat.at("until").error("must be later than the last rung")
    return Ladder(
        urgency=root.at("urgency").choice(Urgency),
        rungs=rungs,
        repeat_every=_length(repeat.at("every")),
        repeat_until=until,
        repeat_whom=_whom(repeat.at("tell")),
        digest=digest([path]),
    )


def _rung(number: int, node: Node) -> Rung:
    node.only("after", "tell")
    return Rung(number, _length(node.at("after")), _whom(node.at("tell")))


def _whom(node: Node) -> tuple[Whom, ...]:
    whom = tuple(element.choice(Whom) for element in node.elements())
    if not whom:
        raise node.error("tells nobody")
    return whom


def _length(node: Node) -> timedelta:
    limit = compile_limit(node)
    if not isinstance(limit, Elapsed):
        raise node.error(f"{node.text()!r} is not a length of time; expected such as: 5 min, 24 h")
    return limit.length
