"""Compiles ``config/policy/routing.yaml`` and ``tasks.yaml`` into the policy that ``services.domain.routing`` applies.

Every type of the catalogue must have an entry, and every field, code, role and kind of task that an entry names must
exist; all mistakes are reported together, with file and line. What is settled is checked by ``routing_settled``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from schemas.catalogue import EventSchema
from services.domain.due_dates import CalendarDays, Limit, limit_from_text
from services.domain.predicates import ALWAYS, Predicate
from services.domain.roles import Role
from services.domain.routing_facts import SafeContact
from services.domain.routing_rules import (
    Caution,
    DoneBy,
    PublicRecord,
    RoutingPolicy,
    StandingRule,
    SurvivorRule,
    TaskKind,
    TaskRule,
    TellRule,
    TypeRules,
    UrgencyRule,
)
from services.domain.urgency import Urgency
from services.policy.audiences import Groups, compile_assignee, compile_audiences, compile_groups, compile_senders
from services.policy.payloads import payloads_of
from services.policy.predicates import Payloads, compile_predicate
from services.policy.routing_settled import check_settled
from services.policy.source import Node, Problems, digest, load_document
from services.policy.task_kinds import check_kind, compile_key, compile_task_kinds

_DAY_KINDS = frozenset({"date", "date and time", "date, or date and time"})


def compile_routing(routing: Path, tasks: Path, catalogue: Mapping[str, EventSchema]) -> RoutingPolicy:
    """The routing policy of two files, against the catalogue of event types.

    Raises ``InvalidPolicyError`` with the file and line of every mistake.
    """
    payloads = payloads_of(catalogue)
    kinds = compile_task_kinds(tasks, catalogue.keys(), payloads)
    root = load_document(routing).only("version", "groups", "worker", "standing", "types")
    groups = compile_groups(root.at("groups"))
    standing = root.at("standing").only("unfilled_role", "late_fact", "unmatched", "safe_contact")
    reader = _Reader(groups, kinds, payloads, catalogue)
    types = reader.types(root.at("types"))
    return RoutingPolicy(
        digest=digest([routing, tasks]),
        types=MappingProxyType(types),
        kinds=kinds,
        completions=MappingProxyType(_completions(kinds)),
        safe_contact=MappingProxyType(
            {
                state: reader.standing(standing.at("safe_contact").only(*SafeContact).at(state), complete=False)
                for state in SafeContact
            }
        ),
        unfilled_role=reader.standing(standing.at("unfilled_role"), complete=True),
        late_fact=reader.standing(standing.at("late_fact"), complete=True),
        unmatched=reader.standing(standing.at("unmatched"), complete=True),
        worker=compile_assignee(root.at("worker"), groups, "", payloads, ""),
    )


def _days(node: Node) -> timedelta:
    limit = compile_limit(node)
    if not isinstance(limit, CalendarDays):
        raise node.error("must count calendar days, such as 45 CD")
    return timedelta(days=limit.count)


def compile_limit(node: Node) -> Limit:
    """A due limit as it is written in policy: ``30 min``, ``4 h``, ``5 BD``, ``30 CD``, ``same day``, ``month end``."""
    limit = limit_from_text(node.text())
    if limit is None:
        raise node.error(
            f"{node.text()!r} is not a limit; expected such as: 30 min, 4 h, 5 BD, 30 CD, 6 months, same day, "
            "next business day, month end"
        )
    return limit


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the entries of a routing policy, with what they may refer to."""

    groups: Groups
    kinds: Mapping[str, TaskKind]
    payloads: Payloads
    catalogue: Mapping[str, EventSchema]

    def types(self, node: Node) -> dict[str, TypeRules]:
        """The rules of every type, in the order of the file."""
        problems = Problems()
        with problems.gathered():
            node.only(*self.catalogue)
        with problems.gathered():
            missing = [name for name in self.catalogue if node.find(name) is None]
            if missing:
                raise node.error(f"has no entry for: {', '.join(missing)}")
        types: dict[str, TypeRules] = {}
        for name, entry in node.items():
            if name in self.catalogue:
                with problems.gathered():
                    types[name] = self._type(name, entry)
                    check_settled(types[name], entry)
        problems.raise_if_any()
        return types

    def standing(self, node: Node, *, complete: bool) -> StandingRule:
        """A task that opens whatever the type; ``complete`` asks for a due time at every urgency."""
        node.only("task", "due")
        due = node.find("due")
        limits = {} if due is None else {Urgency(name): compile_limit(at) for name, at in due.only(*Urgency).items()}
        if complete and len(limits) < len(Urgency):
            raise node.error("due: names a limit for each of U0, U1, U2 and U3")
        return StandingRule(self._kind(node.at("task")).name, MappingProxyType(limits))

    def _type(self, name: str, node: Node) -> TypeRules:
        node.only("urgency", "public_record", "caution", "when_closed", "tell", "tasks", "survivor", "because")
        problems = Problems()
        rules: list[tuple[Node, TellRule | TaskRule | SurvivorRule]] = []
        for key, read in (("tell", self._tell), ("tasks", self._task), ("survivor", self._survivor)):
            for entry in _elements(node, key):
                with problems.gathered():
                    rules.append((entry, read(name, entry)))
        with problems.gathered():
            _refuse_duplicates(rules)
        problems.raise_if_any()
        caution, cautions_when = self._caution(name, node)
        because = node.find("because")
        made = [rule for _, rule in rules]
        return TypeRules(
            event_type=name,
            urgencies=tuple(self._urgencies(name, node.at("urgency"))),
            tells=tuple(rule for rule in made if isinstance(rule, TellRule)),
            tasks=tuple(rule for rule in made if isinstance(rule, TaskRule)),
            survivor=tuple(rule for rule in made if isinstance(rule, SurvivorRule)),
            public_record=self._public_record(name, node),
            caution=caution,
            caution_when=cautions_when,
            as_usual_when_closed=_as_usual_when_closed(node),
            because=None if because is None else because.text(),
            line=node.line,
        )

    def _urgencies(self, name: str, node: Node) -> Iterator[UrgencyRule]:
        if isinstance(node.value, str):
            yield UrgencyRule(node.choice(Urgency))
            return
        entries = node.elements()
        for entry in entries:
            when = entry.only("is", "when").find("when")
            last = entry is entries[-1]
            if last and when is not None:
                raise entry.error("the last urgency has no condition: it is what counts otherwise")
            if not last and when is None:
                raise entry.error("only the last urgency has no condition: those below it would never count")
            yield UrgencyRule(entry.at("is").choice(Urgency), self._when(name, when))

    def _tell(self, name: str, node: Node) -> TellRule:
        node.only("id", "to", "when", "from", "urgency")
        urgency = node.find("urgency")
        return TellRule(
            id=_rule_id(name, node),
            audiences=compile_audiences(node.at("to"), self.groups, name, self.payloads),
            when=self._when(name, node.find("when")),
            emitters=self._from(name, node),
            urgency=None if urgency is None else urgency.choice(Urgency),
            line=node.line,
        )

    def _task(self, name: str, node: Node) -> TaskRule:
        node.only(
            *("id", "open", "for", "each", "due", "due_by", "per", "per_removed_child", "key", "when", "from"),
            *("after_incident", "urgency"),
        )
        kind = self._kind(node.at("open"))
        urgency, each, after = node.find("urgency"), node.find("each"), node.find("after_incident")
        per, due_by = self._per(name, node), node.find("due_by")
        removed = _per_removed_child(node, kind)
        if due_by is not None:
            check_kind(due_by, name, due_by.text(), self.payloads, _DAY_KINDS, per or "")
        return TaskRule(
            id=_rule_id(name, node),
            kind=kind.name,
            audience=compile_assignee(node.at("for"), self.groups, name, self.payloads, per or ""),
            due=compile_limit(node.at("due")),
            when=self._when(name, node.find("when")),
            emitters=self._from(name, node),
            urgency=None if urgency is None else urgency.choice(Urgency),
            each=each is not None and each.boolean(),
            per=per,
            due_by=None if due_by is None else due_by.text(),
            key=() if per or removed else compile_key(node, kind.key_names, name, self.payloads),
            after_incident=None if after is None else _days(after),
            per_removed_child=removed,
            line=node.line,
        )

    def _survivor(self, name: str, node: Node) -> SurvivorRule:
        node.only("id", "due", "when", "from")
        return SurvivorRule(
            id=_rule_id(name, node),
            due=compile_limit(node.at("due")),
            when=self._when(name, node.find("when")),
            emitters=self._from(name, node),
            line=node.line,
        )

    def _public_record(self, name: str, node: Node) -> PublicRecord:
        entry = node.find("public_record")
        if entry is None:
            return PublicRecord()
        if isinstance(entry.value, str):
            if entry.text() != "always":
                raise entry.error("expected always, or a mapping with required and presumed_from")
            return PublicRecord(always=True)
        required, presumed = entry.only("required", "presumed_from").find("required"), entry.find("presumed_from")
        self.payloads.kind(entry, name, "public_record")
        senders = frozenset[Role]() if presumed is None else compile_senders(presumed, self._emitters(name))
        return PublicRecord(required=required is not None and required.boolean(), presumed_from=senders)

    def _caution(self, name: str, node: Node) -> tuple[Caution, Predicate]:
        entry = node.find("caution")
        if entry is None:
            return Caution.NO, ALWAYS
        if isinstance(entry.value, str):
            return entry.choice(Caution), ALWAYS
        when = entry.only("is", "when").find("when")
        return entry.at("is").choice(Caution), self._when(name, when)

    def _per(self, name: str, node: Node) -> str | None:
        per = node.find("per")
        if per is None:
            return None
        lists = {fact.path for fact in self.catalogue[name].field_paths() if fact.is_list and fact.kind == "object"}
        if per.text() not in lists:
            raise per.error(f"{name} has no list of objects {per.text()!r}")
        return per.text()

    def _kind(self, node: Node) -> TaskKind:
        if node.text() not in self.kinds:
            raise node.error(f"there is no kind of task {node.text()!r}")
        return self.kinds[node.text()]

    def _when(self, name: str, node: Node | None) -> Predicate:
        return ALWAYS if node is None else compile_predicate(node, [name], self.payloads)

    def _from(self, name: str, node: Node) -> frozenset[Role]:
        senders = node.find("from")
        return frozenset() if senders is None else compile_senders(senders, self._emitters(name))

    def _emitters(self, name: str) -> frozenset[Role]:
        return self.catalogue[name].type.emitters


def _per_removed_child(node: Node, kind: TaskKind) -> bool:
    """Whether a task opens for each child who is removed: then its kind is told apart by the child alone."""
    entry = node.find("per_removed_child")
    if entry is None or not entry.boolean():
        return False
    if kind.key_names != ("child",) or node.find("per") is not None:
        raise entry.error(f"needs a kind of task whose key is [child], and no per; {kind.name} is not so")
    return True


def _rule_id(name: str, node: Node) -> str:
    own = node.at("id").text()
    if not own.replace("_", "").isalnum() or own != own.lower():
        raise node.at("id").error(f"{own!r} is not an id; expected small letters, digits and underscores")
    return f"{name}/{own}"


def _elements(node: Node, key: str) -> tuple[Node, ...]:
    found = node.find(key)
    return () if found is None else found.elements()


def _refuse_duplicates(rules: Iterable[tuple[Node, TellRule | TaskRule | SurvivorRule]]) -> None:
    seen: dict[str, int] = {}
    for node, rule in rules:
        if rule.id in seen:
            raise node.error(f"the rule id {rule.id} is given twice, first on line {seen[rule.id]}")
        seen[rule.id] = node.line


def _as_usual_when_closed(node: Node) -> bool:
    entry = node.find("when_closed")
    if entry is not None and entry.text() != "as_usual":
        raise entry.error("expected as_usual")
    return entry is not None


def _completions(kinds: Mapping[str, TaskKind]) -> dict[str, tuple[tuple[str, DoneBy], ...]]:
    """By type of event: the kinds that it may complete, in the order of the file."""
    found: dict[str, tuple[tuple[str, DoneBy], ...]] = {}
    for kind in kinds.values():
        for done_by in kind.done_by:
            found[done_by.event_type] = (*found.get(done_by.event_type, ()), (kind.name, done_by))
    return found
