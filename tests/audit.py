"""The audit: the database held against what is owed for what was sent (`tests.owed`), once all is done that is due.

How often something was committed, and in which order, is what triggers in the database have seen (`tests.machine`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.actions.verify_ledger import verify_ledger
from services.domain.actors import system_actor
from services.domain.urgency import Lane, Urgency, lane_of
from tests.machine import HOOKED, World
from tests.owed import KINDS, LINKS, SINGLE, UNMATCHED, Books, Sent

_TEST = system_actor("test")
_OUTWARD = ("route", "deliver", "conflict", "set_aside")


class Audit:
    """What the database says, read once, and every complaint about it."""

    def __init__(self, world: World, books: Books) -> None:
        self.world = world
        self.books = books
        self.now = world.clock()
        log = world.rows(
            "SELECT e.id, e.type, e.emitter, e.case_id, e.sequence, e.source, e.source_id, e.urgency, e.time, a.slug "
            "FROM event_log e JOIN agencies a ON a.id = e.agency_id"
        )
        self.log = {row.id: row for row in log if row.id not in world.before}
        outcomes = world.rows("SELECT number, event_id, state FROM seen_outcomes ORDER BY number")
        self.outcomes = [row for row in outcomes if row.event_id in self.log]
        told = world.rows(
            "SELECT n.id, n.event_id, n.cause_event_id, n.case_id, n.rule_id, n.reason, n.channel, "
            "n.state, n.urgency, n.created_at, n.acknowledged_at, n.agency_id, a.slug AS agency, "
            "coalesce(s.username, t.slug) AS who, t.id IS NOT NULL AS desk "
            "FROM notifications n JOIN agencies a ON a.id = n.agency_id "
            "LEFT JOIN staff s ON s.id = n.recipient_id LEFT JOIN teams t ON t.id = n.recipient_id"
        )
        self.told = [row for row in told if row.event_id in self.log]
        self.jobs = world.rows("SELECT * FROM jobs")
        self.states = {row.event_id: row.state for row in self.outcomes}
        self.in_force = {row.event_id: row for row in world.rows(_IN_FORCE)}
        self.failed = {row.event_id for row in world.rows("SELECT event_id FROM seen_failures")}

    def complaints(self) -> list[str]:
        """Everything that is not as it must be, once all is done that is due."""
        checks = (
            self._jobs,
            self._nothing_waits,
            self._kept_once,
            self._decided_once,
            self._in_order,
            self._told,
            self._links,
            self._webhooks,
            self._contradictions,
            self._tasks,
            self._due_dates,
            self._deadlines,
            self._ladders,
            self._ledger,
        )
        return [f"{check.__name__.strip('_').replace('_', ' ')}: {one}" for check in checks for one in check()]

    def _jobs(self) -> Iterator[str]:
        yield from jobs_add_up(self.world)

    def _nothing_waits(self) -> Iterator[str]:
        for job in self.jobs:
            if job.state != "queued" or job.due_at <= self.now or job.kind in _OUTWARD:
                yield f"{job.key} is still there: {job.state}, {job.error_code}"

    def _kept_once(self) -> Iterator[str]:
        names = Counter((row.slug, row.source, row.source_id) for row in self.log.values() if row.emitter != "SYSTEM")
        said = Counter((one.kind.agency, one.envelope.source, one.envelope.id) for one in self.books.sent)
        yield from (f"{name} was sent and is kept {names[name]} times" for name in said if names[name] != 1)
        yield from (f"{name} is kept and was never sent" for name in names.keys() - said.keys())
        yield from (
            f"{one.envelope.id} was answered with a receipt that is not in the log"
            for one in self.books.sent
            if one.receipt not in self.log
        )

    def _decided_once(self) -> Iterator[str]:
        times = Counter(row.event_id for row in self.outcomes)
        once = self.log.keys() - self.books.linked
        yield from (f"{self.log[id_].type} was decided {times[id_]} times" for id_ in once if times[id_] != 1)
        alone = {one.receipt for one in self.books.sent if not one.matches}
        linking = {one.receipt for one in self.books.sent if one.about is not None}
        for id_, state in self.states.items():
            wanted = "unmatched" if id_ in alone and id_ not in self.in_force else "processed"
            if state != wanted and not (id_ in linking and state == "refused"):
                yield f"{self.log[id_].type} was {state}, not {wanted}"

    def _in_order(self) -> Iterator[str]:
        """Within a case and lane as the log has it. What failed is a late fact."""
        last: dict[tuple[UUID, Lane], Row[Any]] = {}
        for outcome in self.outcomes:
            one = self.log[outcome.event_id]
            if one.case_id is None or one.id in self.failed:
                continue
            place = one.case_id, lane_of(Urgency(one.urgency))
            before = last.get(place)
            if before is not None and before.sequence > one.sequence:
                yield f"{one.type} ({one.sequence}) was decided after {before.type} ({before.sequence}), in {place[1]}"
            last[place] = one

    def _told(self) -> Iterator[str]:
        """Each whom the policy names, once, by the rule that names them, and nobody else."""
        inboxes = self._inboxes()
        for one in self.books.sent:
            if one.receipt is None:
                continue
            owed = Counter(one.kind.told if one.matches else UNMATCHED)
            if one.contradictions:
                owed["standing.contradiction", "supervisor" if one.matches else "on-call"] += 1
            found = inboxes[one.receipt, one.receipt]
            if one.receipt in self.books.poisoned:
                found["standing.set_aside", "on-call"] = 0
            if +found != owed:
                yield f"{one.kind.type} was told to {dict(found)}, owed {dict(owed)}"

    def _inboxes(self) -> dict[tuple[UUID, UUID], Counter[tuple[str, str]]]:
        """By event and the one because of which it was told: rules, each with somebody whom it told."""
        inboxes: dict[tuple[UUID, UUID], Counter[tuple[str, str]]] = defaultdict(Counter)
        for row in self.told:
            if row.channel == "inbox" and row.reason != "escalated" and not row.rule_id.startswith("deadline."):
                inboxes[row.event_id, row.cause_event_id][row.rule_id, row.who] += 1
        return inboxes

    def _links(self) -> Iterator[str]:
        """What was linked is told on its case, because of that link; what was taken off again, before the desk. What
        was ended before it was routed may have been told, as a whole.
        """
        inboxes = self._inboxes()
        for one in self.books.sent:
            target = one.about
            if target is None or target.receipt is None or one.receipt is None:
                continue
            link = self.in_force.get(target.receipt)
            made = one.kind is LINKS[True]
            took_effect = self.states.get(one.receipt) == "processed"
            last = link.linked_by_event_id if link else self._last_unlink(target)
            owed = Counter(target.kind.told if made else UNMATCHED) if took_effect else Counter()
            found = inboxes[target.receipt, one.receipt]
            found["standing.set_aside", "on-call"] = 0
            if +found != owed and (one.receipt == last or +found):
                yield f"{target.kind.type}, linked: {made}, was told to {dict(found)}, owed {dict(owed)}"
        for receipt in self.books.linked:
            waits = self.world.rows(_FIND_ITS_CASE, event=receipt)[0].n
            if waits != (0 if receipt in self.in_force else 1):
                yield f"{self.log[receipt].type} is linked: {receipt in self.in_force}, and {waits} look for its case"

    def _last_unlink(self, target: Sent) -> UUID | None:
        ended = [one.receipt for one in self.books.sent if one.about is target and one.kind is LINKS[False]]
        done = {id_ for id_ in ended if id_ is not None and self.states.get(id_) == "processed"}
        return next((row.event_id for row in reversed(self.outcomes) if row.event_id in done), None)

    def _webhooks(self) -> Iterator[str]:
        """One for each agency that is told and has a receiver; out, or visibly given up; repeated only where something
        happened, and always with the same id.
        """
        routed = [row for row in self.told if _by_routing(row)]
        inbox = {(row.event_id, row.cause_event_id, row.agency) for row in routed if row.channel == "inbox"}
        owed = {name for name in inbox if name[2] in HOOKED}
        out = [row for row in self.told if row.channel == "webhook"]
        there = Counter((row.event_id, row.cause_event_id, row.agency) for row in routed if row.channel == "webhook")
        for name in owed | there.keys():
            if there[name] != (1 if name in owed else 0):
                yield f"{there[name]} webhooks of {self.log[name[0]].type} to {name[2]}"
        ids = {row.id for row in out}
        sent, taken = Counter(self.world.receivers.sent), set(self.world.receivers.taken)
        yield from (f"{id_} was sent and is no notification" for id_ in sent.keys() - ids)
        attempts = Counter(row.notification_id for row in self.world.rows("SELECT notification_id FROM attempts"))
        for row in out:
            gone = row.state == "undelivered"
            if row.state not in {"delivered", "undelivered"} or (row.state == "delivered" and row.id not in taken):
                yield f"{row.rule_id} to {row.agency} is {row.state}, taken: {row.id in taken}"
            if not attempts[row.id] >= sent[row.id] >= (0 if gone else 1):
                yield f"{row.rule_id} was sent {sent[row.id]} times in {attempts[row.id]} attempts"
        repeated = Counter(self.world.receivers.taken)
        if not self.world.disturbed and any(times > 1 for times in repeated.values()):
            yield f"taken more than once though nothing happened: {repeated.most_common(3)}"

    def _contradictions(self) -> Iterator[str]:
        asked = Counter(
            row.event_id for row in self.world.rows("SELECT event_id FROM tasks WHERE kind = :k", k=_COMPARE)
        )
        for one in self.books.sent:
            if one.receipt and asked[one.receipt] != one.contradictions:
                yield f"{one.contradictions} contradictions, {asked[one.receipt]} tasks"

    def _tasks(self) -> Iterator[str]:
        """The tasks that open and end as the events of a case are gone through in the order of their decisions."""
        kinds = {one.receipt: one for one in self.books.sent}
        left_out = self._linked_to()
        wanted: Counter[tuple[UUID, str, bool]] = Counter()
        asked: dict[tuple[UUID, str], list[UUID]] = defaultdict(list)
        for outcome in self.outcomes:
            sent, one = kinds.get(outcome.event_id), self.log[outcome.event_id]
            if sent is None or one.case_id is None or one.case_id in left_out:
                continue
            for kind in sent.kind.ends:
                here = asked[one.case_id, kind]
                asked[one.case_id, kind] = [id_ for id_ in here if self.log[id_].time > one.time]
                wanted.update((id_, kind, False) for id_ in here if self.log[id_].time <= one.time)
            for kind in sent.kind.opens:
                if kind not in SINGLE or not asked[one.case_id, kind]:
                    asked[one.case_id, kind].append(one.id)
        wanted.update((id_, kind, True) for (_, kind), ids in asked.items() for id_ in ids)
        alone = {one.receipt for one in self.books.sent if one.receipt and not one.matches} - self.books.linked
        wanted.update((receipt, "link_event", True) for receipt in alone if receipt)
        found = Counter(
            (row.event_id, row.kind, row.state in {"proposed", "accepted"})
            for row in self.world.rows(_TASKS, kinds=_ASKED)
            if row.case_id not in left_out and row.event_id not in self.books.linked
        )
        for name in wanted | found:
            if wanted[name] != found[name]:
                id_, kind, still = name
                yield f"{kind} of {self.log[id_].type}, open: {still}: owed {wanted[name]}, there {found[name]}"

    def _linked_to(self) -> set[UUID | None]:
        """The cases to which something was linked, and with it tasks that may be gone again."""
        numbers = {one.envelope.subject for one in self.books.sent if one.about is not None}
        here = (one.receipt for one in self.books.sent if one.envelope.subject in numbers)
        return {self.log[receipt].case_id for receipt in here if receipt is not None}

    def _due_dates(self) -> Iterator[str]:
        """Each task has one due date. One that is over was said to be so, once; one that is not is waited for."""
        query = """
            SELECT k.id, k.kind, k.state, d.id AS due, d.rolled_due, d.overdue_since, d.state AS stands,
                (SELECT count(*) FROM deadlines x WHERE x.task_id = k.id) AS dates,
                (SELECT count(*) FROM jobs j WHERE j.ref = d.id AND j.kind = 'deadline') AS waiting
            FROM tasks k LEFT JOIN deadlines d ON d.task_id = k.id
        """
        for row in self.world.rows(query):
            if row.dates != 1:
                yield f"{row.kind} has {row.dates} due dates"
            elif row.state in {"proposed", "accepted"}:
                over = row.rolled_due <= self.now
                if over is (row.overdue_since is None) or row.waiting != (0 if over else 1):
                    yield f"{row.kind} due {row.rolled_due}: overdue {row.overdue_since}, {row.waiting} jobs"

    def _deadlines(self) -> Iterator[str]:
        """One open deadline of a rule and key on a case; looked at while it is open; said to be missed once."""
        query = """
            SELECT d.id, d.case_id, d.rule_id, d.key, d.state, d.rolled_due, d.overdue_since,
                (SELECT count(*) FROM jobs j WHERE j.ref = d.id AND j.kind = 'deadline') AS waiting,
                (SELECT count(*) FROM event_log e WHERE e.type = 'deadline.missed'
                    AND e.source_id LIKE 'deadline:' || d.id || ':%') AS missed
            FROM deadlines d WHERE d.task_id IS NULL
        """
        rows = self.world.rows(query)
        there = Counter((row.case_id, row.rule_id, row.key) for row in rows if row.state == "open")
        yield from (f"{times} open deadlines of {rule}" for (_, rule, _), times in there.items() if times > 1)
        for row in rows:
            over = row.rolled_due <= self.now
            if row.state == "open" and not over and row.waiting != 1:
                yield f"{row.rule_id} is open and {row.waiting} jobs look at it"
            if row.state == "open" and over and (row.overdue_since is None or row.missed != 1):
                yield f"{row.rule_id} was missed, which was said {row.missed} times"
            if row.missed > 1:
                yield f"{row.rule_id} was missed {row.missed} times"

    def _ladders(self) -> Iterator[str]:
        """An alert that nobody acknowledged has climbed as far as its time says, and the next look at it is owed."""
        alerts: dict[tuple[UUID, UUID], list[Row[Any]]] = defaultdict(list)
        climbed: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in self.told:
            if row.channel == "inbox" and row.reason == "escalated":
                climbed[row.event_id].append(row)
            elif row.channel == "inbox" and row.urgency == "U0":
                alerts[row.event_id, row.agency_id].append(row)
        looks = {job.key for job in self.jobs if job.kind == "escalate"}
        for (event_id, agency_id), rows in alerts.items():
            above = climbed[event_id]
            if (
                event_id in self.books.linked
                or len({row.created_at for row in rows}) > 1
                or any(row.acknowledged_at for row in above)
            ):
                continue  # told of more than once, or acknowledged by whoever stands on more than one ladder
            desks = [row for row in rows if row.desk] or rows
            quiet = any(row.acknowledged_at for row in desks)
            rungs = _rungs(self.now - rows[0].created_at)
            key = f"escalate:{event_id}:{agency_id}:{rungs}"
            if not quiet and ((rungs < _LAST_RUNG) is not (key in looks)):
                yield f"{rows[0].rule_id} to {rows[0].agency} is not looked at again after rung {rungs}"
            if not quiet and rungs and not any(row.rule_id.endswith(f"+{rungs}") for row in above):
                yield f"{rows[0].rule_id} has not climbed to rung {rungs}"

    def _ledger(self) -> Iterator[str]:
        verified = verify_ledger(self.world.base, _TEST)
        yield from (f"{one.code} at {one.sequence} of {one.stream_id}" for one in verified.breaks)
        if verified.events != len(self.log) + len(self.world.before):
            yield f"{verified.events} in the chains, {len(self.log)} in the log"


def jobs_add_up(world: World) -> list[str]:
    """Every job that was ever written was done once, or is still there. Complaints, where not."""
    return [f"{row.kind}: {row.written} written, {row.done} done, {row.there} there" for row in world.rows(_SUMS)]


_IN_FORCE = "SELECT * FROM event_links WHERE unlinked_by_event_id IS NULL"
_FIND_ITS_CASE = """
    SELECT count(*) AS n FROM tasks
    WHERE event_id = :event AND kind = 'link_event' AND state IN ('proposed', 'accepted')
"""
_TASKS = "SELECT event_id, case_id, kind, state FROM tasks WHERE kind = ANY(:kinds)"
_COMPARE = "compare_versions"
_ASKED = sorted({"link_event"}.union(*(kind.opens for kind in KINDS.values())))
_SUMS = """
    SELECT kind, sum(written) AS written, sum(done) AS done, sum(there) AS there FROM (
        SELECT kind, 1 AS written, 0 AS done, 0 AS there FROM seen_jobs
        UNION ALL SELECT kind, 0, done, 0 FROM job_tally
        UNION ALL SELECT kind, 0, 0, 1 FROM jobs) AS counted
    GROUP BY kind HAVING sum(written) <> sum(done) + sum(there)
"""
_LAST_RUNG = 51


def _rungs(waited: timedelta) -> int:
    """How many rungs of the ladder are due after so long: at 5, 10, 15, 30 minutes, then each half hour for a day."""
    minutes = waited // timedelta(minutes=1)
    first = sum(minutes >= at for at in (5, 10, 15, 30))
    return min(first + max(0, minutes - 30) // 30, _LAST_RUNG)


def _by_routing(row: Row[Any]) -> bool:
    """Whether somebody was told of the event itself: not by its ladder, a deadline, or what went wrong with it."""
    late = ("deadline.", "standing.set_aside", "standing.contradiction")
    return row.reason != "escalated" and not row.rule_id.startswith(late)
