"""A note as it came from a source: its id, its text, and what the source knew besides.

Knows nothing of formats or medicine. Every offset in the package counts Unicode code points of `Note.text`, so the
text is never trimmed, re-wrapped or normalised here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UnreadableNote(ValueError):
    """A note that cannot be read. `reason` is safe to print: it never holds words of the note."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `metadata` holds what the source gave beside the text (never read as part of it)."""

    note_id: str
    text: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


def check_text(text: str) -> str:
    """Return `text`, or raise UnreadableNote where it cannot be the text of a note.

    NUL marks binary data that was taken for text; a lone surrogate is half a character, which no UTF-8 output can
    carry and over which offsets of other tools would disagree.
    """
    if "\0" in text:
        raise UnreadableNote(f"contains NUL (at character {text.index(chr(0))}): binary data, not text")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UnreadableNote(f"contains a lone surrogate (at character {error.start})") from None
    return text
