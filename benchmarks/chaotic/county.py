"""The county on which chaos falls: its cases and receivers, its traffic, and what comes of events undisturbed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random

from benchmarks import county
from benchmarks.chaotic.checker import Kept
from benchmarks.chaotic.senders import ADMINISTRATOR
from benchmarks.county import TRAFFIC, URGENT, Sent
from services.actions.receive_events import Accepted, receive_events
from services.actions.register_endpoint import register_endpoint
from services.domain.actors import Actor
from services.domain.registry import NewEndpoint, Registered
from services.system import System

KINDS = tuple(kind for kind in TRAFFIC if kind.type != "provider.progress_report")
"""The traffic without what is judged by what else is on record: what comes of it would depend on the order."""

_URGENT_SHARE = 0.25
CALM = tuple(f"CALM-{kind.type}" for kind in (*KINDS, URGENT))
"""A case for each kind, to see what comes of it undisturbed."""


def found(system: System, cases: int, receivers: str) -> tuple[Mapping[str, Actor], Sequence[str]]:
    """The county with its cases, and receivers of two of its agencies at this address, one of them moody. Returns the
    agencies as senders, and the numbers of the cases.
    """
    senders = county.found_county(system)
    numbers = county.case_numbers(cases)
    county.open_cases(system, senders, [*numbers, *CALM], county.today())
    for agency, name in (("cps", "steady"), ("probation", "moody")):
        done = register_endpoint(system, ADMINISTRATOR, NewEndpoint(agency, f"{receivers}/{name}"), allow_private=True)
        if not isinstance(done, Registered):
            raise TypeError(f"{name}: no endpoint could be registered: {done}")
    return senders, numbers


def undisturbed() -> list[Sent]:
    """Two events of each kind, each kind on a case of its own."""
    return [
        Sent(
            kind.agency,
            county.envelope(
                kind.agency,
                kind.type,
                kind.data,
                subject=f"CALM-{kind.type}",
                event_id=f"calm-{kind.type}-{number}",
                at=county.today(),
            ),
        )
        for kind in (*KINDS, URGENT)
        for number in range(2)
    ]


def of_calm(kept: Iterable[Kept]) -> list[Kept]:
    """The undisturbed events among these."""
    return [one for one in kept if "/calm-" in one.name]


def accept(system: System, senders: Mapping[str, Actor], events: Sequence[Sent]) -> None:
    """Take events in directly, without the web. Raises TypeError for one that is not accepted."""
    for sent in events:
        [outcome] = receive_events(system, senders[sent.agency], [sent.envelope])
        if not isinstance(outcome, Accepted):
            raise TypeError(f"{sent.envelope.id}: {outcome}")


def mixed(random: Random, numbers: Sequence[str], count: int, name: str) -> list[Sent]:
    """``count`` events about these cases, a quarter of them urgent. ``name`` makes their ids their own."""
    ordinary = sum(kind.weight for kind in KINDS)
    weights = [kind.weight * (1 - _URGENT_SHARE) / ordinary for kind in KINDS]
    drawn = random.choices([*KINDS, URGENT], [*weights, _URGENT_SHARE], k=count)
    return [
        Sent(
            kind.agency,
            county.envelope(
                kind.agency,
                kind.type,
                kind.data,
                subject=random.choice(numbers),
                event_id=f"{name}-{number}",
                at=county.today(),
            ),
        )
        for number, kind in enumerate(drawn)
    ]


def of_kinds(random: Random, numbers: Sequence[str], count: int, name: str, kinds: Collection[str]) -> list[Sent]:
    """``count`` events of these kinds alone."""
    wanted = [kind for kind in (*KINDS, URGENT) if kind.type in kinds]
    return county.traffic(random, numbers, count, county.today(), name, wanted)
