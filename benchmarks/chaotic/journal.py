"""Journals: what somebody did or heard, one JSON object a line, on disk before the next step is taken."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self


class Journal:
    """A journal at ``path`` to which any number of threads write. Use it in a ``with`` block."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lock = Lock()

    def __enter__(self) -> Self:
        """Is open from its making."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        os.close(self._file)

    def write(self, line: Mapping[str, object]) -> None:
        """Add a line. Returns when it is on disk."""
        said = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            os.write(self._file, said)
            os.fdatasync(self._file)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, in order. A last line that its writer did not finish is left out: nothing was done
    because of it. Raises ValueError for any other line that cannot be read.
    """
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield json.loads(line)
