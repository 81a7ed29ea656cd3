"""Sealing of what must be erasable or must not be read by a thief of a backup: AES-256-GCM, a key for each stream.

A stream's key is wrapped by the master key, which never enters the database; erasing the wrapped key erases every
payload of the stream. Location data lies under a second master key. Additional data bind each ciphertext to its
table, row and column, so that no sealed value can be moved to another place.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBrokenError(Exception):
    """A sealed value does not open: another key, another place, or a changed byte."""


def seal(key: bytes, value: bytes, place: str) -> bytes:
    """Ciphertext of ``value`` under ``key``, bound to ``place`` (``table/row/column``)."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """The value again. Raises SealBrokenError."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except InvalidTag as error:
        raise SealBrokenError(place) from error


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The two master keys of the installation, 32 bytes each: one for payloads, one for the vault of locations."""

    payloads: bytes
    vault: bytes

    def __post_init__(self) -> None:
        if len(self.payloads) != KEY_BYTES or len(self.vault) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes")

    def new_key(self, place: str) -> tuple[bytes, bytes]:
        """A fresh key, and the same key wrapped for storage at ``place``."""
        key = os.urandom(KEY_BYTES)
        return key, seal(self.payloads, key, place)

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """A stored key, usable again. Raises SealBrokenError."""
        return unseal(self.payloads, wrapped, place)
