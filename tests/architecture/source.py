"""The repository as text and as syntax trees, for tests that hold its laws."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("services", "workers", "schemas", "config")
"""The packages of the product, as the wheel has them."""

_NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}
_HIDDEN_OURS = {".ci"}


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file: ``path`` from the root of the repository, and its syntax tree."""

    path: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def within(self, *places: str) -> bool:
        """Whether it is one of these files, or lies in one of these folders."""
        return any(self.path == place or self.path.startswith(f"{place.rstrip('/')}/") for place in places)


Found = Iterator[tuple[int, str]]
"""Lines at which something was found, with what it is."""


def files() -> Iterator[Path]:
    """Every file of the repository, but for what tools make."""
    for folder, names, found in os.walk(ROOT):
        names[:] = [
            name
            for name in names
            if name not in _NOT_OURS and not name.endswith(".egg-info") and (name[0] != "." or name in _HIDDEN_OURS)
        ]
        yield from (Path(folder, name) for name in found if not name.endswith(".pyc"))


@cache
def sources(*places: str) -> tuple[Source, ...]:
    """The Python files in these folders, by default all of the product."""
    found = (path for place in places or PACKAGES for path in sorted((ROOT / place).rglob("*.py")))
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for path in found
    )


def imports(tree: ast.Module) -> Found:
    """What a file imports, as dotted names: ``from a import b`` is ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def calls(tree: ast.Module) -> Found:
    """What a file calls, as it is written: ``datetime.now``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def texts(tree: ast.Module) -> Found:
    """The strings that a file holds, docstrings left out; the holes of an f-string stand as ``{}``."""
    passed_over = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed_over |= {id(part) for part in node.values}
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
            yield node.lineno, node.value
