"""The guide to adding a routing rule cannot lie: its example is put into the shipped policy, compiled and run."""

import re
from pathlib import Path

from schemas.catalogue import CATALOGUE
from services.domain.roles import Role
from services.domain.routing import route
from services.domain.urgency import Urgency
from services.policy.routing import compile_routing
from tests.routing import CASE, FOLDER, dues, event_of, told

GUIDE = (Path(__file__).parents[2] / "docs" / "adding-a-routing-rule.md").read_text(encoding="utf-8")
KIND, ENTRY = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_the_example_of_the_guide_does_what_the_guide_says(tmp_path: Path) -> None:
    tasks = (FOLDER / "tasks.yaml").read_text(encoding="utf-8")
    routing = (FOLDER / "routing.yaml").read_text(encoding="utf-8")
    changed, times = re.subn(r"  school\.concern:.*?\n\n", f"{ENTRY}\n", routing, flags=re.DOTALL)
    assert times == 1
    (tmp_path / "tasks.yaml").write_text(f"{tasks}\n{KIND}", encoding="utf-8")
    (tmp_path / "routing.yaml").write_text(changed, encoding="utf-8")
    policy = compile_routing(tmp_path / "routing.yaml", tmp_path / "tasks.yaml", CATALOGUE)

    hurt = route(event_of("school.concern", Role.SCHOOL, kind="injury", child_ref="ivy"), CASE, policy)
    assert hurt.urgency is Urgency.U1
    assert told(hurt) == {"CPS_WORKER", "CPS_INV", "GAL"}
    assert dues(hurt) == {"check_order_and_pickup": "next business day", "see_child": "same day"}
    assert [task.key for task in hurt.tasks if task.kind == "see_child"] == ["child=ivy"]

    seen = route(event_of("visit.caseworker_made", Role.CPS_WORKER, child_ref="ivy"), CASE, policy)
    assert ("see_child", "child=ivy") in {(done.kind, done.key) for done in seen.completes}


def test_every_word_of_the_guide_is_known_to_the_compiler() -> None:
    words = set(re.findall(r"^\| `([a-z_]+)", GUIDE, flags=re.MULTILINE)) - {"id", "per"}
    routing = (FOLDER / "routing.yaml").read_text(encoding="utf-8")
    assert {word for word in words if f"{word}:" not in routing} == set()
