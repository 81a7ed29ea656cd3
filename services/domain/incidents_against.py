"""What an incident contradicts: the goals of its behaviour family, dated by the conduct (verification.md §5).

An arrest is an event, not guilt: it is dated by the act that it was made for, where that act is on record too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.domain.disclosure import DataClass
from services.domain.evidence import Basis, Direction
from services.domain.evidence_sources import Found, Observed, Sources
from services.domain.goal_plan import PlannedGoal
from services.domain.known_events import Known
from services.domain.predicates import holds, values_at
from services.domain.roles import Role
from services.domain.verification_policy import IncidentRule

_OWN_RECORD = frozenset({Role.LE, Role.CRIM_COURT, Role.JUV_COURT, Role.DA, Role.PROB, Role.JAIL})
_CONDUCT = ("violated_from", "at", "asked_on")
_AGGRESSORS = ("person_ref", "aggressor_ref", "restrained_ref")


@dataclass(frozen=True, slots=True)
class Incident:
    """An act that contradicts goals: of whom, of which families, on which days, and whether it is serious."""

    known: Known
    person: str | None
    families: frozenset[str]
    start: date
    end: date
    serious: bool
    named_goals: frozenset[str] = frozenset()
    classes: frozenset[DataClass] = frozenset()

    def concerns(self, goal: PlannedGoal, codes: frozenset[str]) -> bool:
        """Whether it contradicts a goal, ``codes`` being the goals of the library that its families are about."""
        if self.person is not None and goal.person not in {None, self.person}:
            return False
        return goal.id in self.named_goals or bool(goal.codes & codes)


def incidents_of(known: Iterable[Known], sources: Sources) -> list[Incident]:
    """The incidents among what is known, in its order, each dated by the conduct."""
    found = [_classed(incident, sources) for one in known if (incident := _incident(one, sources)) is not None]
    acts: dict[tuple[str, str], Incident] = {}
    for incident in found:
        number = incident.known.text("incident_no")
        if number is not None and incident.known.event.type != "le.arrest":
            acts.setdefault((incident.known.agency, number), incident)
    return [_by_conduct(incident, acts) for incident in found]


def observed_in(incident: Incident, sources: Sources) -> Iterator[Observed]:
    """The observations against goals that an incident brings."""
    codes = frozenset(code for family in incident.families for code in sources.policy.families[family].goal_codes)
    known = incident.known
    for goal in sources.goals.values():
        if incident.concerns(goal, codes):
            basis = _basis(known)
            found = Found(basis, Direction.AGAINST, incident.start, incident.end)
            made = sources.make(known, _said(known), goal, "", found)
            yield replace(made, serious=incident.serious, classes=_classes(known, made.classes))


def _incident(known: Known, sources: Sources) -> Incident | None:
    rules = [rule for rule in sources.policy.incidents.get(known.event.type, ()) if holds(rule.when, known.data)]
    if not rules:
        return None
    goal_ids = known.data.get("goal_ids")
    start = known.day(*_CONDUCT) or known.happened_on
    return Incident(
        known=known,
        person=next((person for name in _AGGRESSORS if (person := known.text(name))), None),
        families=frozenset(family for rule in rules for family in _families(rule, known, sources)),
        start=start,
        end=max(start, known.day("violated_to") or start),
        serious=any(rule.serious for rule in rules),
        named_goals=frozenset(map(str, goal_ids)) if isinstance(goal_ids, list) else frozenset(),
    )


def _families(rule: IncidentRule, known: Known, sources: Sources) -> Iterator[str]:
    yield from rule.families
    if rule.behaviours_in is not None:
        behaviours = set(map(str, values_at(known.data, rule.behaviours_in)))
        yield from (name for name, family in sources.policy.families.items() if family.behaviours & behaviours)


def _by_conduct(incident: Incident, acts: Mapping[tuple[str, str], Incident]) -> Incident:
    """An arrest stands for the act of the same person that it was made for, as the same agency has it on record under
    the arrest's number: its days, and what that act contradicts. Who else quotes the number changes no arrest.
    """
    known = incident.known
    act = acts.get((known.agency, known.text("incident_no") or ""))
    if known.event.type != "le.arrest" or act is None or act.person not in {None, incident.person}:
        return incident
    return replace(incident, families=act.families or incident.families, start=act.start, end=act.end)


def _basis(known: Known) -> Basis:
    stated = known.text("evidence_basis") or known.text("basis")
    if stated in {"direct", "record", "test", "firsthand"}:
        return Basis(stated)
    if stated == "self":
        return Basis.SELF
    return Basis.RECORD if known.emitter in _OWN_RECORD else Basis.DIRECT


def _said(known: Known) -> dict[str, object]:
    return {name: known.data[name] for name in ("origin_person", "victim_sourced") if name in known.data}


def _classed(incident: Incident, sources: Sources) -> Incident:
    """The incident with its classes: those that what it brings against a goal would carry."""
    goals = list(sources.goals.values())
    goal = next((goal for goal in goals if incident.person in {None, goal.person}), goals[0])
    origin = sources.origins.of(incident.known, _said(incident.known), goal)
    return replace(incident, classes=_classes(incident.known, origin.classes))


def _classes(known: Known, own: frozenset[DataClass]) -> frozenset[DataClass]:
    """On public record it is open; else it is an incident, as open as what its holder's records are."""
    stated = known.data.get("public_record")
    if stated is True or (stated is None and known.emitter in _OWN_RECORD and not own & _PROTECTED):
        return frozenset({DataClass.PUB})
    if known.emitter is Role.VISIT:
        return own
    return own | {DataClass.INC}


_PROTECTED = frozenset({DataClass.SVS, DataClass.CHS})
