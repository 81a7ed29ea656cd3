"""Plain events of any senders, kept in one commit (docs/decisions/0015-one-commit-for-many-senders.md).

Plain is an event that is new, or was said before in the same words, of a client that stands as it was remembered, in a
stream that is there and that nobody holds. Whatever is not plain is left to `receive_events`, which waits, tells why
not, and acts for one sender alone. So nothing that one sender brings is waited for by another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.append_events import Draft, append_events, lanes_of
from services.actions.apply_registry_event import REGISTRY_TYPES
from services.actions.receive_events import Accepted, Outcome, accepting, check_event, said_of, stands_as
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.storage import intake
from services.storage.access_tokens import Claims
from services.system import System


@dataclass(frozen=True, slots=True)
class Post:
    """One event and who sends it; ``claims`` as `receive_events` takes them."""

    actor: Actor
    claims: Claims | None
    envelope: Envelope


def receive_plainly(system: System, posts: Sequence[Post]) -> list[Outcome | None]:
    """Receive the plain ones of these events, in one commit. Returns what is answered to each; None where it is not
    plain, and nothing was done about it.

    Raises what `receive_events` raises, and IntegrityError where another request got in between; then nothing was kept.
    """
    now = system.clock()
    checked = [_checked(system, post, now) for post in posts]
    drafts = {at: draft for at, draft in enumerate(checked) if isinstance(draft, Draft)}
    kept = _keep(system, posts, drafts, now) if drafts else {}
    return [kept.get(at) if isinstance(result, Draft) else result for at, result in enumerate(checked)]


def _checked(system: System, post: Post, now: datetime) -> Draft | Outcome | None:
    if post.actor.agency_id is None or post.envelope.type in REGISTRY_TYPES:
        return None
    return check_event(system, post.actor, post.actor.agency_id, post.envelope, now)


def _keep(system: System, posts: Sequence[Post], drafts: dict[int, Draft], now: datetime) -> dict[int, Accepted]:
    """What is answered to those that are plain, by their place among the posts."""
    answered: dict[int, Accepted] = {}
    placed: dict[int, Draft] = {}
    named: set[tuple[UUID, str, str]] = set()
    with accepting(system.database.begin_intake({draft.agency_id for draft in drafts.values()})) as connection:
        found = _find(system, connection, posts, drafts)
        for at, draft in drafts.items():
            claims, name = posts[at].claims, (draft.agency_id, draft.source, draft.source_id)
            if name in named or (claims is not None and not stands_as(posts[at].actor, claims, found)):
                continue
            named.add(name)
            said = found.said.get(name)
            if said is not None:
                if said.body_mac == draft.body_mac:
                    answered[at] = Accepted(said.id, said.accepted)
                continue
            case_id = found.cases.get((draft.agency_id, draft.subject))
            if (case_id or draft.agency_id) in found.streams:
                placed[at] = replace(draft, case_id=case_id)
        events = append_events(system, connection, list(placed.values()), now, found.streams) if placed else []
    system.bells.ring(lanes_of(system, events))
    return answered | {at: Accepted(event.id, event.accepted) for at, event in zip(placed, events, strict=True)}


def _find(system: System, connection: Connection, posts: Sequence[Post], drafts: dict[int, Draft]) -> intake.Found:
    clients = {(claims.client_id, claims.agency_id) for at in drafts if (claims := posts[at].claims) is not None}
    said = [said_of(draft) for draft in drafts.values()]
    return intake.find(connection, system.keys, said, clients, wait=False)
