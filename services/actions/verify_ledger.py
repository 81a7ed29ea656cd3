"""Recomputing every hash chain: that nothing in the log was changed, removed, added or moved since it was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.domain.actors import Actor
from services.storage import event_log
from services.storage.chain import GENESIS, SALT_BYTES, commitment, entry_hash
from services.storage.event_log import LoggedStream, hashed_columns, place_of_key, place_of_payload
from services.storage.sealing import SealBrokenError, unseal
from services.system import System

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain breaks. ``event_id`` is None where entries are missing at the end."""

    stream_id: UUID
    case_id: UUID | None
    event_id: UUID | None
    sequence: int
    code: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and every break that was found. ``erased`` counts payloads that are no longer there."""

    streams: int
    events: int
    erased: int
    breaks: tuple[Break, ...]


def verify_ledger(system: System, actor: Actor) -> Verified:
    """Recompute the chain of every stream and the commitment to every payload that has not been erased.

    Each stream is read in a transaction of its own, so that no long one holds up the rest of the system.
    """
    checked, events, erased = 0, 0, 0
    breaks: list[Break] = []
    for stream in _streams(system, actor):
        checking = _Checking(system, stream)
        with system.database.begin(actor) as connection:
            checking.run(connection)
        checked, events, erased = checked + 1, events + checking.events, erased + checking.erased
        breaks.extend(checking.breaks)
    return Verified(checked, events, erased, tuple(breaks))


def _streams(system: System, actor: Actor) -> Iterator[LoggedStream]:
    after: UUID | None = None
    while True:
        with system.database.begin(actor) as connection:
            page = event_log.streams_after(connection, after, _PAGE)
        if not page:
            return
        yield from page
        after = page[-1].id


class _Checking:
    """The check of one stream."""

    def __init__(self, system: System, stream: LoggedStream) -> None:
        self._system = system
        self._stream = stream
        self._key: bytes | None = None
        self._previous = GENESIS
        self._sequence = 0
        self.events = 0
        self.erased = 0
        self.breaks: list[Break] = []

    def run(self, connection: Connection) -> None:
        """Read the stream from its first entry to its last, and compare its end with what its row says.

        What was appended after the row was read is left for the next time.
        """
        try:
            self._key = self._system.keys.unwrap(self._stream.key_wrapped, place_of_key(self._stream.id))
        except SealBrokenError:
            self._break(None, None, "key_does_not_open")
        while self._sequence < self._stream.length:
            page = event_log.entries_of(connection, self._stream.id, self._sequence, _PAGE)
            if not page:
                break
            for row in page:
                if row["sequence"] <= self._stream.length:
                    self._check(row)
            self._sequence = page[-1]["sequence"]
        if self.events < self._stream.length:
            self._break(None, None, "entries_missing")
        elif self._previous != self._stream.head:
            self._break(None, None, "end_differs")

    def _check(self, row: Mapping[str, Any]) -> None:
        columns = {name: value for name, value in row.items() if name != "sealed"}
        self.events += 1
        if row["sequence"] != self.events:
            self._break(row["id"], row["case_id"], "order_differs")
        if row["previous_hash"] != self._previous or row["hash"] != entry_hash(self._previous, hashed_columns(columns)):
            self._break(row["id"], row["case_id"], "entry_changed")
        self._previous = row["hash"]
        self._check_payload(row)

    def _check_payload(self, row: Mapping[str, Any]) -> None:
        if row["sealed"] is None:
            self.erased += 1
            return
        if self._key is None:
            return
        try:
            salted = unseal(self._key, row["sealed"], place_of_payload(row["id"]))
        except SealBrokenError:
            self._break(row["id"], row["case_id"], "payload_does_not_open")
            return
        if commitment(salted[:SALT_BYTES], salted[SALT_BYTES:]) != row["commitment"]:
            self._break(row["id"], row["case_id"], "payload_changed")

    def _break(self, event_id: UUID | None, case_id: UUID | None, code: str) -> None:
        self.breaks.append(Break(self._stream.id, case_id, event_id, self.events, code))
