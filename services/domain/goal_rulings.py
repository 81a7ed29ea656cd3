"""What people decided about evidence and goals, folded by the day on which it became known (verification.md §5).

What can raise a status needs two people of different reporting lines, and changes nothing until then; what can only
lower it needs one (practice.md §6.6).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import takewhile

from services.domain.evidence import Direction, Ruling
from services.domain.evidence_origin import FAMILY
from services.domain.evidence_sources import Observed
from services.domain.goals import Waiver
from services.domain.known_events import Known
from services.domain.reporting_lines import ReportingLines
from services.domain.roles import Role
from services.domain.verification_policy import VerificationPolicy

REVIEW = "review-required-"
"""The beginning of the reference of a review that an incident asks for; the goal's id follows."""

_RAISES_AGAINST = frozenset({Ruling.REJECTED, Ruling.CONTEXT, Ruling.COERCED})
_WAIVABLE_DAYS = 30
_APPROVERS = (Role.CPS_SUP, Role.CPS_MGR)


@dataclass(frozen=True, slots=True)
class RulingMade:
    """What was said of an item, by its name, for one goal or for all. ``agreed``: two people of different lines.

    ``by`` is who said it, ``place`` its place among all that was known.
    """

    name: str
    goal_id: str | None
    ruling: Ruling
    agreed: bool
    by: str | None
    place: int

    def of(self, item: Observed) -> bool:
        """Whether it is about this item."""
        return self.name in item.names and self.goal_id in {None, item.goal_id}


@dataclass(frozen=True, slots=True)
class GroupChange:
    """Groups were made the one ``into``, or that one was split into them (``splits``); for one goal or for all."""

    names: frozenset[str]
    into: str
    goal_id: str | None
    splits: bool


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything that people decided by a day. ``cleared`` says up to which place among all that was known incidents
    ask for no review of a goal any more.
    """

    rulings: Mapping[str, Sequence[RulingMade]] = field(default_factory=dict)
    holds: frozenset[str] = frozenset()
    cleared: Mapping[str, int] = field(default_factory=dict)
    waivers: Mapping[str, tuple[str | None, str | None, date]] = field(default_factory=dict)
    lowered: frozenset[str] = frozenset()
    groups: Sequence[GroupChange] = ()

    def ruling_on(self, item: Observed) -> Ruling | None:
        """The ruling in force on an item: the last one that took effect. A word for the subject from the family is
        context until somebody has ruled that it was given freely.
        """
        waits = item.direction is Direction.SUPPORT and item.origin.observer in FAMILY
        now = Ruling.CONTEXT if waits else None
        made = [one for name in item.names for one in self.rulings.get(name, ())]
        for one in sorted(made, key=lambda one: one.place):
            if one.of(item) and (one.agreed or not _can_raise(one.ruling, item)):
                now = one.ruling
        return now

    def group_of(self, item: Observed) -> str:
        """The independent source that an item comes from, after groups were merged and split."""
        merged: dict[str, str] = {}
        split: dict[str, frozenset[str]] = {}
        for change in self.groups:
            if change.goal_id not in {None, item.goal_id}:
                continue
            into = _merged(change.into, merged)
            if change.splits:
                split[change.into] = change.names
                together = {name for name in change.names if _merged(name, merged) == into}
                merged = {name: to for name, to in merged.items() if name not in together}
            else:
                merged |= {own: into for name in change.names if (own := _merged(name, merged)) != into}
        group, person = item.origin.group, item.origin.person
        return _merged(person if person is not None and person in split.get(group, ()) else group, merged)

    def waiver_of(self, goal_id: str, day_zero: date) -> Waiver | None:
        """The waiver of a goal, its last day counted from the goal's first."""
        if goal_id not in self.waivers:
            return None
        approver, second, expires = self.waivers[goal_id]
        return Waiver(approver, second, (expires - day_zero).days)


def _merged(group: str, merged: Mapping[str, str]) -> str:
    while group in merged:
        group = merged[group]
    return group


def _can_raise(ruling: Ruling, item: Observed) -> bool:
    """Whether a ruling on an item can raise a status: `counts` on anything, and what sets something against aside. A
    dispute puts what is against under review, and would take a lapse out of the count at once.
    """
    if ruling is Ruling.COUNTS or (ruling is Ruling.DISPUTED and item.direction is Direction.LAPSE):
        return True
    return item.direction is not Direction.SUPPORT and ruling in _RAISES_AGAINST


def decisions_of(known: Iterable[Known], as_of: date, lines: ReportingLines, policy: VerificationPolicy) -> Decisions:
    """What people decided, as it stands on the day ``as_of``."""
    fold = _Fold(as_of, lines, policy)
    for one in known:
        fold.take(one)
    return fold.result()


@dataclass(slots=True)
class _Fold:
    as_of: date
    lines: ReportingLines
    policy: VerificationPolicy
    rulings: dict[str, list[RulingMade]] = field(default_factory=dict)
    holds: dict[str, dict[str, date]] = field(default_factory=dict)
    cleared: dict[str, int] = field(default_factory=dict)
    lifts: dict[str, list[tuple[str | None, int]]] = field(default_factory=dict)
    asked: dict[str, Known] = field(default_factory=dict)
    waivers: dict[str, tuple[str | None, str | None, date]] = field(default_factory=dict)
    lowered: set[str] = field(default_factory=set)
    groups: list[GroupChange] = field(default_factory=list)
    splits: dict[GroupChange, list[str | None]] = field(default_factory=dict)

    def take(self, one: Known) -> None:
        """Fold one event in."""
        match one.event.type:
            case "evidence.ruled":
                self._rule(one)
            case "review.hold_set":
                last = min(one.day("expires") or one.on, one.on + timedelta(days=self.policy.hold_days))
                held, goal_id = self.holds.setdefault(str(one.data["hold_ref"]), {}), str(one.data["goal_id"])
                held[goal_id] = max(last, held.get(goal_id, last))
                self.lifts.pop(str(one.data["hold_ref"]), None)
            case "review.hold_lifted":
                self._lift(one)
            case "goal.override_requested":
                self.asked[str(one.data["override_ref"])] = one
            case "goal.override_decided":
                self._override(one)
            case "group.changed":
                self._group(one)

    def result(self) -> Decisions:
        """Everything, as values."""
        return Decisions(
            rulings=self.rulings,
            holds=frozenset(goal for held in self.holds.values() for goal, last in held.items() if last >= self.as_of),
            cleared=self.cleared,
            waivers=self.waivers,
            lowered=frozenset(self.lowered),
            groups=self.groups,
        )

    def _agreed(self, one: Known, author: str | None, before: Collection[str | None] = ()) -> bool:
        """Whether two people of different lines say it: the author of this event, and the second whom it names or one
        of those who said the same ``before``.
        """
        others = (self.lines.second(one, "second_approver"), *before)
        return any(self.lines.differ(author, other, one.on) for other in others)

    def _rule(self, one: Known) -> None:
        name, goal_id = str(one.data["evidence_id"]), one.text("goal_id")
        ruling = Ruling(str(one.data["ruling"]))
        author = self.lines.author(one, "ruled_by", (Role.CPS_SUP, Role.CPS_WORKER))
        rulings = self.rulings.setdefault(name, [])
        same_goal = [earlier for earlier in reversed(rulings) if earlier.goal_id == goal_id]
        before = [earlier.by for earlier in takewhile(lambda earlier: earlier.ruling is ruling, same_goal)]
        rulings.append(RulingMade(name, goal_id, ruling, self._agreed(one, author, before), author, one.place))

    def _lift(self, one: Known) -> None:
        hold = str(one.data["hold_ref"])
        author = self.lines.author(one, "lifted_by", _APPROVERS)
        before = self.lifts.setdefault(hold, [])
        places = [place for other, place in before if self.lines.differ(author, other, one.on)]
        places += [one.place] if self._agreed(one, author) else []
        before.append((author, one.place))
        if not places:
            return
        if hold.startswith(REVIEW):  # of what only one of the two can have known, the review stays open
            goal_id = hold.removeprefix(REVIEW)
            self.cleared[goal_id] = max(*places, self.cleared.get(goal_id, 0))
        self.holds.pop(hold, None)

    def _override(self, one: Known) -> None:
        request = self.asked.get(str(one.data["override_ref"]))
        if request is None or one.data.get("granted") is not True:
            return
        approver = self.lines.author(request, "requested_by", (Role.CPS_SUP,))
        second = self.lines.author(one, "decided_by", (Role.CPS_MGR,))
        goal_id = str(request.data["goal_id"])
        if not self.lines.differ(approver, second, one.on):
            return
        last = min(
            day
            for day in (
                request.day("expires"),
                one.day("expires"),
                request.on + timedelta(days=_WAIVABLE_DAYS),
            )
            if day is not None
        )
        if request.data["direction"] == "waive_duration":
            self.waivers[goal_id] = (approver, second, last)
        elif request.data["direction"] == "lower_parameter" and last >= self.as_of:
            self.lowered.add(goal_id)

    def _group(self, one: Known) -> None:
        groups = one.data.get("groups")
        names = frozenset(map(str, groups)) if isinstance(groups, list) else frozenset()
        splits = one.data.get("action") == "split"
        change = GroupChange(names, str(one.data["into"]), one.text("goal_id"), splits)
        if not splits:
            self.groups.append(change)
            return
        author = self.lines.author(one, "changed_by", _APPROVERS)
        before = self.splits.setdefault(change, [])
        if self._agreed(one, author, before):
            self.groups.append(change)
        before.append(author)
