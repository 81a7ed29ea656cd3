"""The world of the state machine: a county on a database of its own, processes that can die, and receivers.

A process is a `System` over a database that says at every transaction and every statement where it has come to; its
fate says what happens to it there. A receiver keeps what it was sent, whatever became of the sender.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Row, event, text
from sqlalchemy.exc import OperationalError

from services.actions.play_story import agency_actors
from services.actions.receive_events import Outcome, receive_events
from services.actions.register_endpoint import register_endpoint
from services.actions.run_jobs import HANDLERS, run_jobs
from services.channels.message import Delivered, NotDelivered, OutwardMessage, Refused, SendResult
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.events import Envelope
from services.domain.registry import NewEndpoint, Registered
from services.domain.urgency import Lane
from services.storage.database import DATABASE_AWAY, Database, DatabaseRole
from services.storage.jobs import LeaseLostError
from services.system import Limits, System
from tests.alder import SEATS, Alder, alder

CASES: Mapping[str, tuple[str, ...]] = {"C-1": ("police", "probation", "programme"), "C-2": ("police", "probation")}
"""The cases of the county, with the agencies that are on each beside child welfare. All call it by this number."""

HOOKED = ("cps", "probation")
"""The agencies that have a receiver of webhooks."""

ALL_KINDS = frozenset(HANDLERS)

_MOST_ROUNDS = 500
_ADMIN = Actor(name="system:test", administrates=True)
_TEST = system_actor("test")

# What the machine looks at beside the system's own tables: every outcome that was ever committed, in order; every job
# that was ever written; every routing job that failed. And events whose routing breaks, as a poisonous one does.
_WITNESSES = """
CREATE TABLE seen_outcomes (number bigint GENERATED ALWAYS AS IDENTITY, event_id uuid, state text);
CREATE TABLE seen_jobs (kind text, key text);
CREATE TABLE seen_failures (event_id uuid);
CREATE TABLE poisonous (event_id uuid);
GRANT ALL ON seen_outcomes, seen_jobs, seen_failures, poisonous TO PUBLIC;
CREATE FUNCTION see_outcome() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF EXISTS (SELECT FROM poisonous WHERE event_id = NEW.event_id) THEN RAISE EXCEPTION 'poison'; END IF;
    INSERT INTO seen_outcomes (event_id, state) VALUES (NEW.event_id, NEW.state);
    RETURN NEW;
END $$;
CREATE FUNCTION see_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO seen_jobs VALUES (NEW.kind, NEW.key);
    RETURN NEW;
END $$;
CREATE FUNCTION see_failure() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO seen_failures VALUES (NEW.ref);
    RETURN NEW;
END $$;
CREATE TRIGGER seen AFTER INSERT OR UPDATE ON event_outcomes FOR EACH ROW EXECUTE FUNCTION see_outcome();
CREATE TRIGGER seen AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION see_job();
CREATE TRIGGER failed AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (NEW.kind = 'route' AND NEW.error_code IS NOT NULL) EXECUTE FUNCTION see_failure();
"""


class KilledError(BaseException):
    """The process is gone. No handler of ours may catch it, as none survives a kill -9."""


class BrokenError(Exception):
    """Something went wrong that nobody decided."""


class Place(StrEnum):
    """Where something can happen to a process."""

    BEGIN = "before a transaction"
    STATEMENT = "before a statement"
    COMMIT = "before a commit"
    COMMITTED = "after a commit"


class End(StrEnum):
    """What happens to a process there."""

    KILLED = "it is killed"
    BROKEN = "an error is raised"
    AWAY = "the database goes away"
    OVERTAKEN = "it stands still while its leases run out and others do its work"


ENDS = (End.KILLED, End.BROKEN, End.AWAY)


class Fate:
    """What becomes of one process: ``end`` at the ``nth`` time that it comes to ``place``; None lets it live."""

    def __init__(self, end: End | None = None, place: Place = Place.STATEMENT, nth: int = 1) -> None:
        self.end = end
        self.place = place
        self.nth = nth
        self.dead = False
        self.struck = False
        self.meanwhile: Callable[[], None] = lambda: None
        self._comings = 0

    def come_to(self, place: Place) -> None:
        """To be called wherever something can happen. Raises what the fate says."""
        if self.dead:
            raise KilledError
        if self.end is None or place is not self.place:
            return
        self._comings += 1
        if self._comings == self.nth:
            self._strike(self.end)

    def _strike(self, end: End) -> None:
        self.struck = True
        match end:
            case End.KILLED:
                self.dead = True
                raise KilledError
            case End.BROKEN:
                raise BrokenError
            case End.AWAY:
                raise OperationalError("", {}, ConnectionError())
            case End.OVERTAKEN:
                self.meanwhile()

    def __repr__(self) -> str:
        return "it lives" if self.end is None else f"{self.end} {self.place} ({self.nth})"


class FatefulDatabase(Database):
    """The database as one process sees it."""

    def __init__(self, of: Database, fate: Fate, role: DatabaseRole) -> None:
        super().__init__(of.engine, role)
        self._fate = fate

    @contextmanager
    def _begun(self, beginning: bytes) -> Iterator[Connection]:
        """As of any database, unless the process does not come so far."""
        self._fate.come_to(Place.BEGIN)
        with super()._begun(beginning) as connection:
            event.listen(connection, "before_cursor_execute", self._statement)
            event.listen(connection, "commit", self._commit)
            yield connection
        self._fate.come_to(Place.COMMITTED)

    def as_role(self, role: DatabaseRole) -> Database:
        return FatefulDatabase(self, self._fate, role)

    def _statement(self, *_: object) -> None:
        self._fate.come_to(Place.STATEMENT)

    def _commit(self, *_: object) -> None:
        self._fate.come_to(Place.COMMIT)


class Answer(StrEnum):
    """What the receivers do while one process calls them."""

    TAKE = "they take it"
    BUSY = "they say 503"
    GONE = "they say 410"
    LOST = "they take it and their answer is lost"
    LAST_WORD = "they take it and the caller is killed"
    OVERTAKEN = "they take it, and so slowly that the lease runs out and another calls as well"


@dataclass
class Receivers:
    """All receivers of webhooks: the ids that they were sent, in order, and what they took."""

    sent: list[UUID] = field(default_factory=list)
    taken: list[UUID] = field(default_factory=list)


@dataclass
class Line:
    """The way out of one process: a channel whose receivers all answer alike."""

    receivers: Receivers
    answer: Answer
    fate: Fate
    meanwhile: Callable[[], None]

    def send(self, message: OutwardMessage) -> SendResult:
        """Send it once."""
        self.receivers.sent.append(message.id)
        if self.answer is Answer.BUSY:
            return NotDelivered("http_503")
        if self.answer is Answer.GONE:
            return Refused("gone")
        self.receivers.taken.append(message.id)
        match self.answer:
            case Answer.LOST:
                return NotDelivered("timeout")
            case Answer.LAST_WORD:
                self.fate.dead = self.fate.struck = True
            case Answer.OVERTAKEN:
                self.answer = Answer.TAKE
                self.meanwhile()
            case _:
                pass
        return Delivered()


def make_county(system: System) -> None:
    """The county with its cases and receivers, on an empty database, and all that follows from that done."""
    county = alder(system)
    for number, agencies in CASES.items():
        _open_case(county, number, agencies)
    county.work()
    for agency in HOOKED:
        done = register_endpoint(
            system, _ADMIN, NewEndpoint(agency, f"http://127.0.0.1:9/{agency}"), allow_private=True
        )
        assert isinstance(done, Registered), done


def _open_case(county: Alder, number: str, agencies: Sequence[str]) -> None:
    opened = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"}
    county.accept("cps", "case.opened", opened, subject=number)
    seats = [("CPS_WORKER", "cps", "worker"), ("CPS_SUP", "cps", "supervisor"), *(SEATS[agency] for agency in agencies)]
    for agency in agencies:
        county.accept("cps", "case.identifier_linked", {"agency": agency, "value": number}, subject=number)
    for role, agency, person in seats:
        seat = {"role": role, "agency": agency, "person": person, "since": "2025-01-18"}
        county.accept("cps", "case.role_given", seat, subject=number)


def add_witnesses(superuser: psycopg.Connection) -> None:
    """Let the database keep what happens to it, for the audit at the end."""
    superuser.execute(_WITNESSES.encode())


def keep_copy(superuser: psycopg.Connection) -> None:
    """Keep what every table holds by now, to begin from there again and again."""
    superuser.execute("CREATE SCHEMA copy")
    for table in _tables(superuser):
        statement = sql.SQL("CREATE TABLE copy.{0} AS TABLE public.{0}")
        superuser.execute(statement.format(sql.Identifier(table)))


def begin_again(superuser: psycopg.Connection) -> None:
    """Every table holds what it held when the copy was made: some fifty times faster than a database of one's own."""
    with superuser.transaction():
        superuser.execute("SET LOCAL session_replication_role = replica")
        for table in _tables(superuser):
            statement = "DELETE FROM public.{0}; INSERT INTO public.{0} OVERRIDING SYSTEM VALUE TABLE copy.{0}"
            superuser.execute(sql.SQL(statement).format(sql.Identifier(table)))


def _tables(superuser: psycopg.Connection) -> list[str]:
    rows = superuser.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [row[0] for row in rows]


class World:
    """The county on a fresh database, with its clock and its receivers. Every act is one of a process of its own.

    ``before`` are the events that made the county, ``disturbed`` says that messages may have been repeated.
    """

    def __init__(self, base: System, clock: StoryClock) -> None:
        self.clock = clock
        self.receivers = Receivers()
        self.base = replace(base, clock=clock, limits=Limits(jobs_a_lease=4))
        self.senders = agency_actors(self.base)
        self.before = {row.id for row in self.rows("SELECT id FROM event_log")}
        self.disturbed = False

    def process(self, role: DatabaseRole, fate: Fate, answer: Answer = Answer.TAKE) -> System:
        """A process in a role, whose fate is sealed."""
        line = Line(self.receivers, answer, fate, self.overtake)
        fate.meanwhile = self.overtake
        database = FatefulDatabase(self.base.database, fate, role)
        return replace(self.base, database=database, channels={"webhook": line})

    def post(self, agency: str, envelopes: Sequence[Envelope], fate: Fate) -> list[Outcome] | None:
        """Post events of an agency. None where the sender got no answer."""
        web = self.process(DatabaseRole.WEB, fate)
        with suppress(KilledError, BrokenError, *DATABASE_AWAY):
            return receive_events(web, self.senders[agency], envelopes)
        return None

    def work(self, lane: Lane, kinds: frozenset[str], fate: Fate, answer: Answer = Answer.TAKE) -> int:
        """One look of a worker at a lane. Returns how many jobs it leased; 0 where something happened to it."""
        worker = self.process(DatabaseRole.WORKER, fate, answer)
        leased = 0
        with suppress(KilledError, BrokenError, LeaseLostError, *DATABASE_AWAY):
            leased = run_jobs(worker, lane, kinds)
        self.disturbed |= fate.struck or answer not in {Answer.TAKE, Answer.BUSY, Answer.GONE}
        return leased

    def work_all(self, kinds: frozenset[str]) -> None:
        """Do everything that is due."""
        for _ in range(_MOST_ROUNDS):
            if sum(self.work(lane, kinds, Fate()) for lane in Lane) == 0:
                return
        raise AssertionError("work at one instant kept making more work")

    def overtake(self) -> None:
        """Somebody stands still: leases run out, and another worker does what there is to do."""
        self.disturbed = True
        self.run_out()
        for lane in Lane:
            self.work(lane, ALL_KINDS, Fate())

    def run_out(self) -> None:
        """Every lease is over."""
        self.do("UPDATE jobs SET lease_until = clock_timestamp() - interval '1 second' WHERE lease IS NOT NULL")

    def rows(self, query: str, **values: object) -> Sequence[Row[Any]]:
        """The rows that a query gives."""
        with self.base.database.begin(_TEST) as connection:
            return connection.execute(text(query), values).all()

    def do(self, statement: str, **values: object) -> None:
        """Change something behind everybody's back."""
        with self.base.database.begin(_TEST) as connection:
            connection.execute(text(statement), values)
