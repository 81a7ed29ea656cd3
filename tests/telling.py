"""Helpers for tests of telling: a county with receivers, and what the database says of its notifications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from services.actions.register_endpoint import register_endpoint
from services.channels.message import Channel
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.registry import NewEndpoint, Registered
from services.domain.roles import Role
from services.storage.database import DatabaseRole
from services.system import System
from tests.alder import Alder, alder

ADMIN = Actor(name="system:test", administrates=True)
VIOLATED: Mapping[str, Any] = {
    "order_ref": "o-1",
    "how": "at_work",
    "severity": "threat",
    "evidence_basis": "record",
    "facts": "Waited at the door and threatened her.",
}
THREATENED: Mapping[str, Any] = {
    "target_class": "survivor",
    "basis": "direct",
    "victim_sourced": False,
    "facts": "Said in the group that he would find her.",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """The county of Alder with case C-1 open, a clock to be moved, and receivers of webhooks."""

    alder: Alder
    clock: StoryClock

    @property
    def system(self) -> System:
        return self.alder.system

    @property
    def web(self) -> System:
        """The system as the web processes see it."""
        return replace(self.system, database=self.system.database.as_role(DatabaseRole.WEB))

    def hook(self, agency: str, url: str) -> Registered:
        """Register a receiver of an agency; with its id and its secret."""
        done = register_endpoint(self.system, ADMIN, NewEndpoint(agency, url), allow_private=True)
        assert isinstance(done, Registered), done
        return done

    def violate(self) -> UUID:
        """Police report that the order was violated: a U0 for child welfare and probation."""
        return self.alder.accept("police", "order.violated", VIOLATED)

    def person(self, username: str, agency: str) -> Actor:
        """Somebody signed in."""
        found = self.one("SELECT id, agency_id FROM staff WHERE username = :name", name=username)
        return Actor(
            name=f"staff:{username}",
            agency_id=found.agency_id,
            roles=self.alder.senders[agency].roles,
            party_id=found.id,
        )

    def client(self, agency: str, *scopes: str) -> Actor:
        """A machine of an agency, with scopes."""
        return replace(self.alder.senders[agency], scopes=frozenset(scopes))

    def rows(self, statement: str, **values: object) -> Sequence[Row[Any]]:
        """The rows that a statement gives."""
        with self.system.database.begin(system_actor("test")) as connection:
            return connection.execute(text(statement), values).all()

    def one(self, statement: str, **values: object) -> Row[Any]:
        """The one row that a statement gives."""
        [row] = self.rows(statement, **values)
        return row

    def do(self, statement: str, **values: object) -> None:
        """Change something behind everybody's back."""
        with self.system.database.begin(system_actor("test")) as connection:
            connection.execute(text(statement), values)

    def told(self, event: UUID, channel: str = "inbox") -> list[Row[Any]]:
        """Who was told of an event: user name or team, role, reason, state, in order of time."""
        return list(
            self.rows(
                "SELECT n.id, coalesce(s.username, t.slug) AS who, n.role, n.reason, n.state, n.rule_id, n.created_at, "
                "n.acknowledged_by FROM notifications n LEFT JOIN staff s ON s.id = n.recipient_id "
                "LEFT JOIN teams t ON t.id = n.recipient_id WHERE n.event_id = :event AND n.channel = :channel "
                "ORDER BY n.created_at, n.rule_id, who",
                event=event,
                channel=channel,
            )
        )

    def notice(self, event: UUID, who: str) -> UUID:
        """The first inbox notification of an event to somebody."""
        return next(UUID(str(row.id)) for row in self.told(event) if row.who == who)

    def attempts(self, event: UUID) -> list[tuple[int, str | None, str | None]]:
        """The attempts to deliver what went out of an event: number, outcome, code."""
        return [
            (row.number, row.outcome, row.code)
            for row in self.rows(
                "SELECT a.number, a.outcome, a.code FROM attempts a JOIN notifications n ON n.id = a.notification_id "
                "WHERE n.event_id = :event ORDER BY n.endpoint_id, a.number",
                event=event,
            )
        ]

    def jobs(self, kind: str) -> list[Row[Any]]:
        """The jobs of a kind that are still there."""
        return list(self.rows("SELECT * FROM jobs WHERE kind = :kind ORDER BY id", kind=kind))

    def pass_time(self, instant: datetime) -> None:
        """Move the clock on and do everything that is due then."""
        self.clock.move_to(instant)
        self.alder.work()

    def take_off(self, role: Role, agency: str, person: str, until: date) -> None:
        """End the seat of a person in a role."""
        self.alder.accept(
            "cps",
            "case.role_ended",
            {"role": role.value, "agency": agency, "person": person, "until": until.isoformat()},
        )


def telling(system: System, clock: StoryClock, channel: Channel) -> Telling:
    """The county, with case C-1 open for police, probation and the programme, and all that follows from that done."""
    county = alder(replace(system, channels={"webhook": channel}))
    county.open_case("police", "probation", "programme")
    county.work()
    return Telling(county, clock)
