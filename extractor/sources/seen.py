"""A set of keys met so far that takes sixteen to forty bytes a key, so that a batch of millions fits in memory.

Holds 64-bit digests in an open table. Two different keys of one digest (one in 10^4 for fifty million keys) would be
taken for the same, which callers report and never hide.
"""

from __future__ import annotations

import hashlib
from array import array

_START = 1024


class Seen:
    """`add` says whether a key is new."""

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * _START))
        self._count = 0

    def add(self, key: bytes) -> bool:
        """Remember `key`; whether it was not there before."""
        digest = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little") or 1
        at = self._place(digest)
        if self._table[at]:
            return False
        self._table[at] = digest
        self._count += 1
        if 3 * self._count > 2 * len(self._table):
            self._grow()
        return True

    def __contains__(self, key: bytes) -> bool:
        digest = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little") or 1
        return bool(self._table[self._place(digest)])

    def _place(self, digest: int) -> int:
        """Where `digest` stands, or the free place where it would."""
        table, mask = self._table, len(self._table) - 1
        at = digest & mask
        while table[at] and table[at] != digest:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        old = self._table
        self._table = array("Q", bytes(8 * 2 * len(old)))
        for digest in old:
            if digest:
                self._table[self._place(digest)] = digest
