"""The house rules that a tool can see: names, docstrings, errors that are caught, state, logs, and words."""

import ast
import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.telemetry.logs import FIELDS
from tests.architecture.source import PACKAGES, ROOT, Found, Source, calls, files, sources

Law = Callable[[ast.Module], Found]
"""Finds breaches of one rule in a syntax tree."""

CATCHES_EVERYTHING = {"services/actions/run_jobs.py": "whatever an action raises must not stop the lane"}

_SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|managers?|commons?|misc)(_|$)")
_READ_ONLY = re.compile(r"^(Final\[)?(collections\.abc\.)?(Mapping|Sequence|Collection|Iterable|Set|tuple|frozenset)\b")
_CHANGING = {
    "append",
    "extend",
    "insert",
    "add",
    "discard",
    "remove",
    "pop",
    "popitem",
    "clear",
    "update",
    "setdefault",
}
_LEFT_OPEN = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bNotImplementedError\b")

# What the product must never be named after, as digests, so that this file does not name it either.
_NEVER = {
    "8de61d518615b5c3af1bc1fbfb6d0162b8d3dd5fc993983e15b9aa5c2650d295",
    "3028714a0ffe1bbe7a874ff5c7d309a2e1aff4dcde9972968613bba5c8d2fc96",
    "3ddf49bf2822d70c443869fd3d3b71e95bafe5778ecd2be4abcecf50ff4daa32",
}


def test_no_name_says_nothing() -> None:
    assert [str(path.relative_to(ROOT)) for path in files() if _SAYS_NOTHING.search(path.stem)] == []


def test_every_public_module_class_and_function_is_described() -> None:
    assert [fault for source in sources() for fault in _undescribed(source)] == []


def test_only_one_place_catches_everything() -> None:
    assert _found(catches_everything, *CATCHES_EVERYTHING) == []


def test_nothing_is_printed() -> None:
    assert _found(prints) == []


def test_nothing_is_left_open() -> None:
    texts = ((path, path.read_text(encoding="utf-8")) for place in PACKAGES for path in (ROOT / place).rglob("*.py"))
    assert [
        f"{path.relative_to(ROOT)}: {found.group()}" for path, text in texts for found in _LEFT_OPEN.finditer(text)
    ] == []


def test_the_domain_has_no_state() -> None:
    assert [
        f"{source.path}:{line} {what}" for source in sources("services/domain") for line, what in state(source.tree)
    ] == []


def test_logs_carry_ids_and_codes_only() -> None:
    assert _found(loose_logs) == []


def test_nothing_is_named_after_what_it_must_not_be_named_after() -> None:
    assert [str(path.relative_to(ROOT)) for path, text in _texts() if forbidden(text)] == []


def test_no_file_holds_a_path_of_a_machine() -> None:
    here = re.compile(
        "|".join(
            [*(re.escape(str(place)) for place in (ROOT, Path(sys.prefix))), r"/(home|Users)/\w", r"\b[A-Z]:\\Users"]
        )
    )
    assert [
        f"{path.relative_to(ROOT)}: {found.group()}" for path, text in _texts() for found in here.finditer(text)
    ] == []


def catches_everything(tree: ast.Module) -> Found:
    """Handlers that catch whatever comes and do not raise it again."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            again = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
            if re.search(r"\b(Exception|BaseException|everything)\b", caught) and not again:
                yield node.lineno, caught


def prints(tree: ast.Module) -> Found:
    """Calls of `print`: the command line speaks by `click` and `rich`."""
    for line, name in calls(tree):
        if name in {"print", "pprint", "pprint.pprint"}:
            yield line, name


def state(tree: ast.Module) -> Found:
    """Module-level values that can change: containers that are changed, or that others are not kept from changing."""
    held = set()
    for node in tree.body:
        for name in _given(node):
            if not _is_constant(name):
                yield node.lineno, f"{name} is not named as a constant"
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_container(node.value):
            held |= set(_given(node))
            kept = isinstance(node, ast.AnnAssign) and _READ_ONLY.match(ast.unparse(node.annotation))
            for name in _given(node):
                if not name.startswith("_") and not kept:
                    yield node.lineno, f"{name} is public and not annotated as read-only"
    for inner in ast.walk(tree):
        if isinstance(inner, ast.Global):
            yield inner.lineno, f"global {', '.join(inner.names)}"
        elif changed := _changed(inner) & held:
            yield getattr(inner, "lineno", 0), f"changes {', '.join(sorted(changed))}"


def loose_logs(tree: ast.Module) -> Found:
    """Lines of the log whose code is not a constant, or that carry more than FIELDS, or the place of an error."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) not in {"_log", "log", "logger"} or not node.args:
            continue
        said = node.args[0]
        if node.func.attr not in {"debug", "info", "warning", "error", "critical", "exception", "log"}:
            continue
        if len(node.args) > 1 or not (isinstance(said, ast.Constant) and re.fullmatch(r"[a-z_]+", str(said.value))):
            yield node.lineno, "not a constant code"
        loose = [one for one in node.keywords if one.arg not in FIELDS and not _is_place(one)]
        if node.func.attr == "exception" or loose:
            yield node.lineno, ", ".join(keyword.arg or "**" for keyword in node.keywords)


def _is_place(keyword: ast.keyword) -> bool:
    """Whether this is ``**place_of(error)``."""
    return keyword.arg is None and isinstance(keyword.value, ast.Call) and ast.unparse(keyword.value.func) == "place_of"


def forbidden(text: str) -> bool:
    """Whether a text holds one of the words, or runs of three words, that are kept as digests."""
    words = re.findall(r"[a-z]+", re.sub(r"&amp;|&|\+", " and ", text.lower()))
    runs = [" ".join(words[i - 1 : i + 2]) for i, word in enumerate(words) if word == "and"]
    return any(hashlib.sha256(one.encode()).hexdigest() in _NEVER for one in {*words, *runs})


def test_forbidden_words_are_seen_however_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}._NEVER", {hashlib.sha256(b"sun and moon").hexdigest()})
    for written in ("Sun and Moon", "Sun & Moon", "sun &amp; moon", "SUN+MOON"):
        assert forbidden(f"as in the {written} model")
    assert not forbidden("neither the sun nor the moon")


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        (catches_everything, "try:\n    a()\nexcept Exception:\n    pass"),
        (catches_everything, "try:\n    a()\nexcept (ValueError, BaseException) as e:\n    b(e)"),
        (catches_everything, "try:\n    a()\nexcept:\n    pass"),
        (prints, "print(1)"),
        (state, "seen = []"),
        (state, "SEEN = []"),
        (state, "SEEN: dict[str, int] = {}"),
        (state, "_SEEN = {}\ndef f():\n    _SEEN['a'] = 1"),
        (state, "_SEEN = set()\ndef f():\n    _SEEN.add(1)"),
        (state, "_N = 0\ndef f():\n    global _N\n    _N += 1"),
        (loose_logs, "_log.info(f'told {name}')"),
        (loose_logs, "_log.info('told', name=name)"),
        (loose_logs, "_log.info('told', **everything)"),
        (loose_logs, "_log.exception('failed')"),
    ],
)
def test_a_rule_that_is_broken_is_seen(law: Law, broken: str) -> None:
    assert list(law(ast.parse(broken)))


@pytest.mark.parametrize(
    ("law", "kept"),
    [
        (catches_everything, "try:\n    a()\nexcept BaseException:\n    b()\n    raise"),
        (state, "LANES: Mapping[str, str] = {'a': 'b'}\n_INTO = {'a': 1}\nWord = str | int"),
        (loose_logs, "_log.info('lease_lost', kind=kind)"),
        (loose_logs, "_log.error('job_failed', job=job.id, **place_of(error))"),
    ],
)
def test_what_keeps_a_rule_is_let_be(law: Law, kept: str) -> None:
    assert not list(law(ast.parse(kept)))


def _found(law: Law, *excepted: str) -> list[str]:
    looked_at = [source for source in sources() if not source.within(*excepted)]
    return [f"{source.path}:{line} {what}" for source in looked_at for line, what in law(source.tree)]


def _undescribed(source: Source) -> Iterator[str]:
    """Public things without a docstring; a method may have it from the class or the protocol that it follows."""
    if source.tree.body and not ast.get_docstring(source.tree):
        yield f"{source.path}:1"
    classes = [node for node in source.tree.body if isinstance(node, ast.ClassDef)]
    promised = {
        method.name
        for protocol in classes
        if any("Protocol" in ast.unparse(base) for base in protocol.bases)
        for method in _methods(protocol)
        if ast.get_docstring(method)
    }
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield f"{source.path}:{node.lineno} {node.name}"
            if isinstance(node, ast.ClassDef):
                yield from _undescribed_methods(source, node, promised)


def _undescribed_methods(source: Source, described: ast.ClassDef, promised: set[str]) -> Iterator[str]:
    for method in _methods(described):
        if not ast.get_docstring(method) and method.name not in promised:
            owner = getattr(importlib.import_module(source.module), described.name)
            if not inspect.getdoc(getattr(owner, method.name)):
                yield f"{source.path}:{method.lineno} {described.name}.{method.name}"


def _methods(described: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The public methods and properties of a class."""
    found = (node for node in described.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [node for node in found if not node.name.startswith("_")]


def _given(node: ast.stmt) -> list[str]:
    """The names that a statement gives values."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]


def _is_constant(name: str) -> bool:
    """A constant in capitals, a name for a type, or a dunder."""
    return bool(re.fullmatch(r"_?[A-Z][A-Z0-9_]*|_?[A-Z][A-Za-z0-9]*|__\w+__", name))


def _is_container(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).split(".")[-1] in {"dict", "list", "set", "defaultdict", "Counter", "deque"}
    return isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp)


def _changed(node: ast.AST) -> set[str]:
    """Names of the containers that a node changes."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return {ast.unparse(node.value)}
    if isinstance(node, ast.AugAssign):
        return {ast.unparse(node.target)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        return {ast.unparse(node.func.value)}
    return set()


def _texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository; lock files hold digests alone and have a test of their own."""
    for path in files():
        if path.suffix not in {".lock", ".png", ".ico", ".woff2"}:
            yield path, path.read_text(encoding="utf-8")
