"""What feeds of reports (HL7 v2, FHIR) share: the text of a report put together from its parts, and what is known
of it.

Knows neither format. `places` say from which part of the message each run of the text comes, so that evidence can be
traced back to a segment or an element.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from extractor.note import UnreadableNote
from extractor.sources.common import Options, too_large

Status = Literal["preliminary", "final", "corrected", "addendum", "cancelled", "unknown"]

STATUSES: tuple[Status, ...] = ("preliminary", "final", "corrected", "addendum", "cancelled", "unknown")
"""What the key `report_status` of a note's metadata may say."""

_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?!\d{2}-)")


@dataclass(slots=True)
class Body:
    """A text that grows part by part. `places` are (start, end, path) in code points, in order, without overlap."""

    parts: list[str] = field(default_factory=list)
    places: list[tuple[int, int, str]] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, path: str, joint: str = "\n") -> None:
        """Append `text`, parted from what stands before by `joint`."""
        if self.places:
            self.parts.append(joint)
            self.length += len(joint)
        self.parts.append(text)
        self.places.append((self.length, self.length + len(text), path))
        self.length += len(text)

    @property
    def text(self) -> str:
        return "".join(self.parts)


def metadata(kind: str, body: Body, **known: str | None) -> dict[str, Any]:
    """Metadata of a report: its format, the places of its text, and what of `known` is known."""
    return {"format": kind, **{name: value for name, value in known.items() if value}, "places": tuple(body.places)}


def day(value: object) -> str | None:
    """`YYYY-MM-DD` of an HL7 or FHIR date with or without a time; None where it is not a full date."""
    found = _DATE.match(value.strip()) if isinstance(value, str) else None
    if not found or not ("01" <= found[2] <= "12" and "01" <= found[3] <= "31"):
        return None
    return f"{found[1]}-{found[2]}-{found[3]}"


def from_base64(data: str, options: Options) -> bytes:
    """The bytes of base64 `data`; line breaks in it are allowed. Raises UnreadableNote."""
    if len(data) // 4 * 3 > options.max_bytes * 2:
        raise UnreadableNote(too_large(options))
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableNote("an attachment is not valid base64") from None


def same_report(text: str, patient: str | None) -> bytes:
    """A key that two copies of one report share, however their white space was laid out. The patient belongs to it:
    templates make equal texts of two people."""
    words = " ".join(text.split())
    return hashlib.blake2b(f"{patient or ''}\0{words}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
