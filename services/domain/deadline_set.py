"""The deadlines of one case by what is asked of them, so that no question goes through all that there ever were."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from services.domain.deadlines import Deadline, State

LIVE = frozenset({State.OPEN, State.MISSED})
"""Where something can still happen to a deadline: what was missed may have been met in time, and only be told late."""


class DeadlineSet:
    """Deadlines in the order in which they came, each at most once. A question costs what its answer holds."""

    def __init__(self, deadlines: Iterable[Deadline]) -> None:
        self._of: dict[UUID, Deadline] = {}
        self._places: dict[UUID, int] = {}
        self._live: dict[str, set[UUID]] = {}
        self._rows: dict[tuple[str, str, datetime], dict[UUID, None]] = {}
        self._dealt_with: dict[str, dict[str, set[UUID]]] = {}
        self._latest: dict[tuple[str, str], datetime] = {}
        for one in deadlines:
            self.put(one)

    def __iter__(self) -> Iterator[Deadline]:
        return iter(self._of.values())

    def put(self, one: Deadline) -> None:
        """Take a deadline in, or another state of one that is there."""
        rule, basis = one.rule_id, one.basis
        self._of[one.id] = one
        self._places.setdefault(one.id, len(self._places))
        live = self._live.setdefault(rule, set())
        (live.add if one.state in LIVE else live.discard)(one.id)
        self._rows.setdefault((rule, basis.key, basis.anchor), {})[one.id] = None
        self._dealt_with.setdefault(rule, {}).setdefault(basis.key, set()).add(basis.trigger_event_id)
        name = rule, basis.key
        self._latest[name] = max(self._latest.get(name, basis.trigger_time), basis.trigger_time)

    def live(self, rule_ids: Iterable[str]) -> list[Deadline]:
        """Those of these rules to which something can still happen."""
        found = (one for rule in rule_ids for one in self._live.get(rule, ()))
        return [self._of[one] for one in sorted(found, key=self._places.__getitem__)]

    def open(self, rule_ids: Iterable[str]) -> list[Deadline]:
        """Those of these rules that are open."""
        return [one for one in self.live(rule_ids) if one.state is State.OPEN]

    def keys(self, rule_id: str) -> list[str]:
        """What the deadlines of a rule are about."""
        return list(self._dealt_with.get(rule_id, ()))

    def knows(self, rule_id: str, key: str, event_id: UUID) -> bool:
        """Whether a deadline of this rule and key rests on an event."""
        return event_id in self._dealt_with.get(rule_id, {}).get(key, ())

    def latest(self, rule_id: str, key: str) -> datetime | None:
        """When the latest event happened on which a deadline of this rule and key rests."""
        return self._latest.get((rule_id, key))

    def row(self, rule_id: str, key: str, anchor: datetime) -> list[Deadline]:
        """The occurrences of one row of recurring deadlines."""
        return [self._of[one] for one in self._rows.get((rule_id, key, anchor), ())]

    def by_id(self) -> Mapping[UUID, Deadline]:
        """All of them, by id."""
        return self._of
