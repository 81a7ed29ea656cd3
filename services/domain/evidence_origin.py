"""Whose perception an observation finally rests on, however many hands it passed through (verification.md §1, §5).

What a worker writes down of the subject's words is the subject's; a school's e-mail that relays the survivor's words is
hers. Where signs differ, the one that makes the observation worth less decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.domain.disclosure import DataClass
from services.domain.evidence import ObserverRole
from services.domain.goal_plan import PlannedGoal
from services.domain.known_events import Known
from services.domain.roles import CHILD_WELFARE, Role

_WORKER: Final = Role.CPS_WORKER.value
_BY_EMITTER: Final = {
    Role.COUNSEL_SUBJECT: ObserverRole.ALIGNED,
    Role.COUNSEL_SURVIVOR: ObserverRole.SURVIVOR,
    Role.CARER: ObserverRole.KIN,
}
_BY_REPORTER: Final = {
    Role.SUBJECT.value: ObserverRole.SUBJECT,
    Role.COUNSEL_SUBJECT.value: ObserverRole.ALIGNED,
    Role.SURVIVOR.value: ObserverRole.SURVIVOR,
    Role.COUNSEL_SURVIVOR.value: ObserverRole.SURVIVOR,
    Role.CARER.value: ObserverRole.KIN,
}
_BY_PERSON: Final = {
    "protective_parent": ObserverRole.SURVIVOR,
    "child": ObserverRole.CHILD,
    "kin": ObserverRole.KIN,
    "other": ObserverRole.KIN,
    "subject": ObserverRole.ADVERSE,
}
_KINDS: Final = {
    ObserverRole.SURVIVOR: frozenset({"SURVIVOR"}),
    ObserverRole.CHILD: frozenset({"CHILD"}),
    ObserverRole.KIN: frozenset({"KIN", "CARER", "NEIGHBOUR"}),
    ObserverRole.ADVERSE: frozenset({"SURVIVOR", "KIN"}),
}
FAMILY: Final = frozenset({ObserverRole.SURVIVOR, ObserverRole.CHILD, ObserverRole.KIN})
"""Whose word for the subject waits until somebody has found that it was given freely."""

_CLASSES: Final = {
    Role.BIP.value: DataClass.BIPR,
    Role.SUD.value: DataClass.P2,
    Role.MH.value: DataClass.PHI,
    Role.CHILD_TX.value: DataClass.CHS,
    Role.VISIT.value: DataClass.VIS,
    Role.SCHOOL.value: DataClass.EDU,
    Role.IVD.value: DataClass.FIN,
    Role.PROB.value: DataClass.CJ,
    Role.LE.value: DataClass.CJ,
    Role.CRIM_COURT.value: DataClass.CJ,
    Role.DA.value: DataClass.CJ,
    Role.JAIL.value: DataClass.CJ,
    Role.JUV_COURT.value: DataClass.PUB,
    **{role.value: DataClass.PLN_S for role in CHILD_WELFARE},
}
"""The class of an observation by who made it: of the record's holder, of a criminal-justice agency, or the agency's own
about the plan. Whoever is not named here gives case information.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """``group`` is the independent source; ``kinds`` the kinds of observer that a goal's vantage may name."""

    observer: ObserverRole
    group: str
    kinds: frozenset[str]
    classes: frozenset[DataClass]
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Origins:
    """Who there is: ``persons`` of the case by token with their kind, the tokens of those who are ``adverse`` (under an
    open designation as using violence, or undetermined after a dual arrest), and the roles of agencies by short name.
    """

    persons: Mapping[str, str] = field(default_factory=dict)
    adverse: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, known: Known, said: Mapping[str, object], goal: PlannedGoal) -> Origin:
        """The origin of an observation that an event brings about a goal. ``said`` is its part of the payload."""
        person = next(iter(_named(known, said)), None)
        observer = self._observer(known, said, person, goal)
        if observer is ObserverRole.SURVIVOR and person is None:
            person = self._only("protective_parent")
            observer = ObserverRole.ADVERSE if person in self.adverse else observer
        if observer is ObserverRole.PROFESSIONAL:
            return self.professional(known, said, person)
        listener = frozenset({known.emitter.value})
        classes = _of_professions(listener) | _of_family(observer) | self._protected(known, said)
        return Origin(observer, person or observer.value, _KINDS.get(observer, frozenset()), classes, person)

    def professional(self, known: Known, said: Mapping[str, object], person: str | None) -> Origin:
        """The origin of what a professional perceived: of the organisation that is named, of the one that told the
        sender, or of the sender. Passed on, it carries the classes of both who perceived and who holds the record.
        """
        told_by = _text(reporter_of(known).get("organisation"))
        organisation = _text(said.get("observer_organisation")) or told_by or known.agency
        kinds = self._professions(known, organisation)
        classes = _of_professions(kinds) | _of_professions({known.emitter.value}) | self._protected(known, said)
        return Origin(ObserverRole.PROFESSIONAL, organisation, kinds, classes, person)

    def _observer(
        self, known: Known, said: Mapping[str, object], person: str | None, goal: PlannedGoal
    ) -> ObserverRole:
        stated = ObserverRole(str(said.get("observer_role", ObserverRole.PROFESSIONAL)))
        if stated in {ObserverRole.SUBJECT, ObserverRole.ALIGNED}:
            return stated
        if person is not None and person == (goal.person or self._only("subject")):
            return ObserverRole.SUBJECT
        if person in self.adverse or stated is ObserverRole.ADVERSE:
            return ObserverRole.ADVERSE
        signs = (
            _BY_EMITTER.get(known.emitter),
            _reported(known),
            ObserverRole.SURVIVOR if _victim_sourced(known, said) else None,
            _BY_PERSON.get(self.persons.get(person, "")) if person is not None else None,
            ObserverRole.KIN if self._is_unknown(_origin_person(known, said)) else None,
        )
        if stated is not ObserverRole.PROFESSIONAL:
            worse = [sign for sign in signs if sign in {ObserverRole.SUBJECT, ObserverRole.ALIGNED}]
            return worse[0] if worse else stated
        found = [sign for sign in signs if sign is not None]
        return next((one for one in _WORST_FIRST if one in found), stated)

    def _protected(self, known: Known, said: Mapping[str, object]) -> frozenset[DataClass]:
        """The classes of the survivor's and a child's word, by any sign that it went through them: an admission that
        she passed on betrays her. Whoever is not known on the case may be either.
        """
        named = _named(known, said)
        signs = {ObserverRole(str(said.get("observer_role", ObserverRole.PROFESSIONAL)))}
        signs |= {ObserverRole.SURVIVOR} if _victim_sourced(known, said) else set()
        signs |= {role for role in (_BY_EMITTER.get(known.emitter), _reported(known)) if role is not None}
        signs |= {role for person in named if (role := _BY_PERSON.get(self.persons.get(person, "")))}
        if self._is_unknown(_origin_person(known, said)):
            signs |= {ObserverRole.SURVIVOR, ObserverRole.CHILD}
        return frozenset().union(*map(_of_protected, signs))

    def _is_unknown(self, person: str | None) -> bool:
        return person is not None and person not in self.persons

    def _professions(self, known: Known, organisation: str) -> frozenset[str]:
        if organisation == known.agency:
            return frozenset({known.emitter.value} | ({_WORKER} if known.emitter in CHILD_WELFARE else set()))
        roles = self.roles.get(organisation, frozenset())
        return roles | ({_WORKER} if roles & {role.value for role in CHILD_WELFARE} else frozenset())

    def _only(self, kind: str) -> str | None:
        of_kind = [person for person, is_a in self.persons.items() if is_a == kind]
        return of_kind[0] if len(of_kind) == 1 else None


_WORST_FIRST: Final = (
    ObserverRole.SUBJECT,
    ObserverRole.ALIGNED,
    ObserverRole.ADVERSE,
    ObserverRole.SURVIVOR,
    ObserverRole.CHILD,
    ObserverRole.KIN,
)


def reporter_of(known: Known) -> Mapping[str, object]:
    """Who told the sending agency of an event; nothing where it was the sender's own act."""
    reporter = known.data.get("reported_by")
    return reporter if isinstance(reporter, Mapping) else {}


def _reported(known: Known) -> ObserverRole | None:
    return _BY_REPORTER.get(str(reporter_of(known).get("role")))


def _origin_person(known: Known, said: Mapping[str, object]) -> str | None:
    return _text(said.get("origin_person")) or _text(known.data.get("origin_person"))


def _named(known: Known, said: Mapping[str, object]) -> list[str]:
    """Everybody through whom it went, the one whose perception it is said to be first."""
    people = (said.get("origin_person"), said.get("observer_person"), known.data.get("origin_person"))
    return [one for one in map(_text, (*people, reporter_of(known).get("person"))) if one is not None]


def _victim_sourced(known: Known, said: Mapping[str, object]) -> bool:
    return said.get("victim_sourced") is True or known.data.get("victim_sourced") is True


def _of_professions(kinds: Iterable[str]) -> frozenset[DataClass]:
    found = frozenset(_CLASSES.get(kind, DataClass.CASE) for kind in kinds)
    return found or frozenset({DataClass.CASE})


def _of_family(observer: ObserverRole) -> frozenset[DataClass]:
    """What the word of the family is, whoever passed it on."""
    match observer:
        case ObserverRole.SURVIVOR | ObserverRole.ADVERSE:
            return frozenset({DataClass.SVS})
        case ObserverRole.CHILD:
            return frozenset({DataClass.CHS})
        case ObserverRole.KIN:
            return frozenset({DataClass.CASE})
        case _:
            return frozenset()


def _of_protected(observer: ObserverRole) -> frozenset[DataClass]:
    return _of_family(observer) if observer in {ObserverRole.SURVIVOR, ObserverRole.CHILD} else frozenset()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
