"""What is installed: everything pinned by hash, from no named place, and the image's locks in step with ours."""

import re
import tomllib
from importlib.metadata import requires
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT

ALL = "requirements.lock"
RUN = "requirements-run.lock"
BUILD = "requirements-build.lock"
"""What the image builds its wheel with."""

_PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==\S+( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+")


def pins(lock: str) -> dict[str, list[str]]:
    """The pins of a lock file, by name: ``name==version [; marker] --hash=… --hash=…``; more than one
    where markers differ."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").replace(" \\\n    ", " ").splitlines():
        matched = _PIN.fullmatch(line)
        assert matched, f"{lock}: not a package, a version and hashes: {line}"
        found.setdefault(matched[1], []).append(line)
    return found


@pytest.mark.parametrize("lock", [ALL, RUN, BUILD])
def test_every_package_is_pinned_by_hash_and_comes_from_no_named_place(lock: str) -> None:
    assert pins(lock)
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|@|-url|find-links|trusted-host", text)


def test_the_image_runs_what_was_tested() -> None:
    tested, run = pins(ALL), pins(RUN)
    missing = {name for name in run if not set(map(_what, run[name])) <= set(map(_what, tested.get(name, [])))}
    assert not missing, f"{sorted(missing)}: {_how(RUN)}"


def test_the_image_has_all_that_the_product_needs_and_nothing_else() -> None:
    declared = [Requirement(one) for one in _project()["project"]["dependencies"]]
    needed = _closure(declared)
    here = {name for name, lines in pins(RUN).items() if any(_applies(line) for line in lines)}
    assert needed == here, _how(RUN)


def test_the_wheel_is_built_with_pinned_packages() -> None:
    build = pins(BUILD)
    for one in _project()["build-system"]["requires"]:
        requirement = Requirement(one)
        (line,) = build[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(line.split("==")[1].split()[0]), _how(BUILD)


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _closure(declared: list[Requirement]) -> set[str]:
    """Names of everything that these requirements bring, on this machine."""
    seen: set[tuple[str, str]] = set()
    left = [(one, "") for one in declared]
    while left:
        requirement, extra = left.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras} - {known for found, known in seen if found == name}:
            seen.add((name, wanted))
            left += [(Requirement(one), wanted) for one in requires(name) or []]
    return {name for name, _ in seen}


def _what(line: str) -> str:
    """A pin without its marker: what only tests need may bring a package to more systems than the product does."""
    return re.sub(r" ; [^\\]+?(?= --hash)", "", line)


def _applies(line: str) -> bool:
    marker = Requirement(line.split(" --hash")[0]).marker
    return marker is None or marker.evaluate()


def _how(lock: str) -> str:
    return f"{lock} is not in step: docs/operations.md, Dependencies, says how it is made"
