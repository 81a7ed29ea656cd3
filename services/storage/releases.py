"""Releases: consents and court orders that let a class of data go to a recipient for a purpose until a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from services.storage.tables import releases


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A release about to be kept. ``law`` is ``42CFR2``, ``VAWA``, ``HIPAA``, ``FERPA`` or ``STATE``."""

    case_id: UUID
    reference: str
    law: str
    recipients: Sequence[str]
    purpose: str
    expires_on: date | None
    event_id: UUID


def grant(connection: Connection, release: NewRelease) -> None:
    """Keep a release from now on."""
    connection.execute(
        insert(releases).values(
            id=uuid4(),
            case_id=release.case_id,
            reference=release.reference,
            law=release.law,
            recipients=list(release.recipients),
            purpose=release.purpose,
            expires_on=release.expires_on,
            granted_by_event_id=release.event_id,
        )
    )


def end(connection: Connection, case_id: UUID, reference: str, on: date, event_id: UUID) -> int:
    """End the releases of this reference that are in force. Returns how many there were."""
    ended = connection.execute(
        update(releases)
        .where(releases.c.case_id == case_id, releases.c.reference == reference, releases.c.ended_on.is_(None))
        .values(ended_on=on, ended_by_event_id=event_id)
    )
    return ended.rowcount


def narrow(
    connection: Connection, case_id: UUID, reference: str, *, recipients: Sequence[str] | None, expires_on: date | None
) -> None:
    """Let a release that is in force cover fewer recipients or end sooner; what is None stays as it is.

    It never covers more: a recipient who was not in it is not added, and a later end does not count.
    """
    in_force = connection.execute(
        select(releases.c.id, releases.c.recipients, releases.c.expires_on).where(
            releases.c.case_id == case_id, releases.c.reference == reference, releases.c.ended_on.is_(None)
        )
    ).all()
    if not in_force:
        return
    connection.execute(
        update(releases)
        .where(releases.c.id == bindparam("release"))
        .values(recipients=bindparam("left"), expires_on=bindparam("last")),
        [
            {
                "release": row.id,
                "left": [role for role in row.recipients if recipients is None or role in recipients],
                "last": min((day for day in (row.expires_on, expires_on) if day), default=None),
            }
            for row in in_force
        ],
    )


def cases_with(
    connection: Connection, case_ids: Collection[UUID], law: str, recipients: Collection[str], today: date
) -> set[UUID]:
    """Which of these cases have a release under ``law`` to one of ``recipients`` that is in force today."""
    rows = connection.execute(
        select(releases.c.case_id)
        .where(
            releases.c.case_id.in_(list(case_ids)),
            releases.c.law == law,
            releases.c.recipients.overlap(sorted(recipients)),
            or_(releases.c.expires_on.is_(None), releases.c.expires_on >= today),
            or_(releases.c.ended_on.is_(None), releases.c.ended_on > today),
        )
        .distinct()
    )
    return set(rows.scalars())
