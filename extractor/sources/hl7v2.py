"""HL7 v2: the reports in a file of ORU and MDM messages, with the segment and repetition that each line comes from.

Knows messages and nothing of medicine. Separators are those of each message's MSH; segments may end in CR, LF or both;
a line that opens no segment continues the one before. A message that cannot be read costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from extractor.note import Note, UnreadableNote
from extractor.sources.common import (
    LINE_EXTRA,
    LINE_FACTOR,
    Options,
    Reject,
    decode,
    make_note,
    text_stream,
    too_large,
    undecodable,
)
from extractor.sources.feed import Body, Status, day, from_base64, metadata
from extractor.sources.html import text_of

TEXT_TYPES = frozenset(("TX", "FT", "ST", "ED", ""))
"""Types of OBX-5 that are read as text; values, codes and dates of other types are no part of a report's words."""

_ENVELOPE = ("FHS", "BHS", "BTS", "FTS")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_BREAK = re.compile(r"\r\n|\r|\n")
_CHARSETS = {
    "ASCII": "ascii", "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    **{f"8859/{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}  # fmt: skip
_CONTROL = re.compile(r"\.(br|sp|in|ti|fi|nf|ce|sk)([+-]?\d*)")

_OBR: dict[str, Status] = {
    **dict.fromkeys("OISPAR", "preliminary"), "F": "final", "C": "corrected", "X": "cancelled",
}  # fmt: skip
_OBX: dict[str, Status] = {**dict.fromkeys("RPSI", "preliminary"), "F": "final", "C": "corrected"}
_TXA: dict[str, Status] = {
    **dict.fromkeys(("DI", "DO", "IN", "IP", "PA"), "preliminary"), **dict.fromkeys(("AU", "LA"), "final"),
}  # fmt: skip


@dataclass(slots=True)
class _Raw:
    """The segments of one message as they stand in the file; `line` counts from 1."""

    line: int
    segments: list[str] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class _Group:
    """One order with its observations: an OBR (or the TXA of a document) and the OBX and NTE under it."""

    head: Any = None
    document: Any = None
    order: Any = None
    lines: list[tuple[str, Any]] = field(default_factory=list)
    texts: list[tuple[str, Any]] | None = None


def read(stream: BinaryIO, name: str, options: Options) -> Iterator[Note | Reject]:
    """The reports in `stream`, in order; a message may hold several, and one that cannot be read is a reject."""
    limit = options.max_bytes * LINE_FACTOR + LINE_EXTRA
    try:
        for raw in _messages(text_stream(stream, options.encoding), limit):
            if not raw.segments[0].startswith("MSH"):
                yield Reject(f"{name}:{raw.line}", "no HL7 message: it does not begin with MSH", name, raw.line)
                continue
            yield from _message(raw, name, options, raw.size > limit)
    except UnicodeError:
        yield Reject(name, "from here on the file cannot be decoded", name)


def _messages(stream: Any, limit: int) -> Iterator[_Raw]:
    current: _Raw | None = None
    blank = 0
    for number, line in enumerate(_lines(stream, limit), 1):
        line = line.lstrip("\x0b").rstrip("\x1c")  # the frame of the wire protocol
        name = line[:3]
        if not line:
            blank += 1
            continue
        if name in _ENVELOPE and len(line) > 3 and not line[3].isalnum():
            if current:
                yield current
            current = None
        elif name == "MSH" or current is None:
            if current:
                yield current
            current = _Raw(number, [line], len(line))
        else:
            current.size += len(line)
            if current.size > limit:
                continue
            separator = current.segments[0][3:4]
            if _SEGMENT.fullmatch(name) and line[3:4] in (separator, ""):
                current.segments.append(line)
            else:
                current.segments[-1] += "\n" * (blank + 1) + line
        blank = 0
    if current:
        yield current


def _lines(stream: Any, limit: int) -> Iterator[str]:
    """Lines whatever their ends, without them; a line over the limit is cut off after it, so that its size shows."""
    rest = ""
    while chunk := stream.read(65_536):
        if len(rest) > limit + 65_536:
            rest = rest[: limit + 1]
        rest += chunk
        # A CR at the end of the chunk may be the first half of a CR LF.
        held = "\r" if rest.endswith("\r") else ""
        *lines, rest = _BREAK.split(rest[: len(rest) - len(held)])
        rest += held
        yield from lines
    if rest:
        *lines, rest = _BREAK.split(rest)
        yield from lines
        if rest:
            yield rest


def _message(raw: _Raw, name: str, options: Options, oversized: bool) -> Iterator[Note | Reject]:
    where = f"{name}:{raw.line}"
    try:
        if oversized:
            raise UnreadableNote(too_large(options))
        text = _recoded("\r".join(raw.segments), options)
        if len(text) < 8 or text[3].isalnum() or text[3].isspace():
            raise UnreadableNote("no HL7 message: MSH gives no separators")
        message = _parsed(text)
        where = _first(message[0], 10) or where
        reports = list(_reports(message, _Reader(message, options)))
    except UnreadableNote as error:
        yield Reject(where, error.reason, name, raw.line)
        return
    for number, (note_id, body, known) in enumerate(reports, 1):
        shown = note_id or (where if len(reports) == 1 else f"{where}.{number}")
        try:
            if isinstance(body, UnreadableNote):
                raise body
            yield make_note(shown, body.text, metadata("hl7", body, **known), options)
        except UnreadableNote as error:
            yield Reject(shown, error.reason, name, raw.line)


def _parsed(text: str) -> Any:
    """The segments of a message as lists of fields. The library reads the header, and with it the separators; going on
    to repetitions, components and parts of every line is most of its work, and here few fields are asked for them."""
    import hl7

    head, *rest = text.split("\r")
    try:
        message = hl7.parse(head)
    except (hl7.HL7Exception, IndexError, ValueError, AssertionError):  # the last: one sign for two separators
        raise UnreadableNote("no HL7 message that can be parsed") from None
    message.extend(message.create_segment(line.split(message.separators[1])) for line in rest)
    return message


def _recoded(text: str, options: Options) -> str:
    """The message in the character set that its MSH-18 names, where that is not how it was decoded."""
    fields = text.split("\r", 1)[0].split(text[3:4] or "|")
    charset = _CHARSETS.get(fields[17].split("~")[0].strip().upper()) if len(fields) > 17 else None
    if charset not in (None, "utf-8", "ascii") and options.encoding is None:
        try:
            return text.encode("utf-8", "surrogateescape").decode(str(charset))
        except UnicodeError:
            raise UnreadableNote("not valid in the character set that MSH-18 names") from None
    if undecodable(text):
        raise UnreadableNote("not valid UTF-8, and MSH-18 names no other character set")
    return text


class _Reader:
    """Fields as text under one message's separators."""

    def __init__(self, message: Any, options: Options) -> None:
        self.options = options
        self.field, self.repeat, self.component, self.part = message.separators[1:5]
        # Without an escape character in MSH-2 nothing is escaped.
        given = str(message[0][2])
        self.escape = given[2] if len(given) > 2 else ""
        self.pattern = re.compile(f"{re.escape(self.escape)}([^{re.escape(self.escape)}\r\n]+){re.escape(self.escape)}")

    def repetitions(self, segment: Any, number: int) -> list[str]:
        raw = _raw(segment, number)
        return raw.split(self.repeat) if raw else []

    def plain(self, raw: str) -> str:
        """`raw` with its escapes read; an unknown one passes as it stands."""
        if not self.escape or self.escape not in raw:
            return raw
        return self.pattern.sub(self._escape, raw)

    def _escape(self, match: re.Match[str]) -> str:
        code = match[1]
        known = {"F": self.field, "S": self.component, "T": self.part, "R": self.repeat, "E": self.escape,
                 "H": "", "N": ""}  # fmt: skip
        if code in known:
            return str(known[code])
        if code[0] == "X" and len(code) % 2 and len(code) > 1:
            try:
                data = bytes.fromhex(code[1:])
            except ValueError:
                return match[0]
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError:
                return data.decode("latin-1")
        control = _CONTROL.fullmatch(code)
        if control:
            if control[1] in ("br", "ce"):
                return "\n"
            if control[1] == "sp":
                return "\n" * min(int(control[2].lstrip("+-") or 1), 100)
            if control[1] == "sk":
                return " " * min(int(control[2].lstrip("+-") or 1), 100)
            return ""
        return match[0]

    def parts(self, segment: Any, number: int) -> list[str]:
        """Components of the first repetition, unescaped."""
        first = (self.repetitions(segment, number) or [""])[0]
        return [self.plain(each) for each in first.split(self.component)]


def _raw(segment: Any, number: int) -> str:
    if segment is None or len(segment) <= number:
        return ""
    # As a list it gives the field at once; the container's own way is for slices.
    field = list.__getitem__(segment, number)
    return field if isinstance(field, str) else str(field)


def _first(segment: Any, number: int) -> str:
    """The first component of a field that holds an identifier or a code."""
    raw = _raw(segment, number)
    if raw:
        for separator in segment.separators[2:5]:
            raw = raw.partition(separator)[0]
    return raw.strip()


def _reports(message: Any, reader: _Reader) -> Iterator[tuple[str, Body | UnreadableNote, dict[str, str | None]]]:
    kind, event = ([*reader.parts(message[0], 9), ""])[:2]
    if kind not in ("ORU", "MDM"):
        raise UnreadableNote("a message of a type that holds no report (ORU and MDM are read)")
    if kind == "MDM" and event == "T11":
        raise UnreadableNote("the message takes a document back (MDM^T11)")
    groups = _joined([group for group in _groups(message) if group.lines or group.head is not None], reader)
    with_text = [group for group in groups if _texts(group)]
    if not with_text:
        broken = [group for group in groups if _status(group, reader) == "cancelled"]
        raise UnreadableNote("the report was cancelled" if broken else "the message holds no text of a report")
    ordered = [_order(group, reader) for group in groups if not _texts(group)]
    patient = next((_raw(segment, 3) for segment in message if str(segment[0]) == "PID"), None)
    for group in with_text:
        known = _known(group, reader)
        # Further procedures of the order may stand in orders of their own, without text.
        names = dict.fromkeys(name for name in [known["order_text"], *ordered] if name)
        known |= {"message_id": _first(message[0], 10) or None, "patient": patient, "order_text": "; ".join(names)}
        yield _report_id(group), _body(group, reader), known


def _groups(message: Any) -> list[_Group]:
    groups: list[_Group] = []
    counts: dict[str, int] = {}
    open_group = _Group()
    for segment in message:
        name = str(segment[0])
        counts[name] = counts.get(name, 0) + 1
        if name == "ORC":
            open_group = _Group(order=segment)
        elif name == "OBR":
            open_group = _Group(head=segment, order=open_group.order if open_group.head is None else None)
            groups.append(open_group)
        elif name == "TXA":
            # A document has one text, whatever orders it answers.
            open_group = _Group(groups[0].head if groups else None, segment, groups[0].order if groups else None)
            groups = [open_group]
        elif name == "OBX" or (name == "NTE" and (groups or open_group.lines)):
            if open_group not in groups:
                groups.append(open_group)
            open_group.lines.append((f"{name}[{counts[name]}]", segment))
    return groups


def _joined(groups: Sequence[_Group], reader: _Reader) -> list[_Group]:
    """Groups of one filler order number are one report: the later ones are its addenda, in order."""
    joined: list[_Group] = []
    for group in groups:
        number = _first(group.head, 3)
        same = next((each for each in joined if number and _first(each.head, 3) == number), None)
        if same and _texts(same) and _texts(group):
            same.lines, same.texts = same.lines + group.lines, None
            if _status(group, reader) == "preliminary":
                same.head = group.head
        else:
            joined.append(group)
    return joined


def _texts(group: _Group) -> list[tuple[str, Any]]:
    """The lines of a group that hold text and stand: deleted and withdrawn observations do not."""
    if group.texts is not None:
        return group.texts
    found = []
    for path, segment in group.lines:
        if path.startswith("NTE"):
            if _raw(segment, 3) and _first(segment, 2) != "P":
                found.append((path, segment))
        elif _first(segment, 2).upper() in TEXT_TYPES and _first(segment, 11) not in ("D", "W", "X", "N"):
            found.append((path, segment))
    group.texts = found if any(path.startswith("OBX") for path, _ in found) else []
    return group.texts


def _body(group: _Group, reader: _Reader) -> Body | UnreadableNote:
    if _status(group, reader) == "cancelled":
        return UnreadableNote("the report was cancelled")
    body = Body()
    try:
        for path, segment in _texts(group):
            number = 5 if path.startswith("OBX") else 3
            repetitions = reader.repetitions(segment, number) or [""]
            for count, raw in enumerate(repetitions, 1):
                encapsulated = number == 5 and _first(segment, 2).upper() == "ED"
                text = _encapsulated(raw, reader) if encapsulated else reader.plain(raw)
                body.add(text, f"{path}.{number}[{count}]")
    except UnreadableNote as error:
        return error
    return body


def _encapsulated(raw: str, reader: _Reader) -> str:
    """Text of an ED value: source, type, subtype, encoding, data."""
    parts = [*raw.split(reader.component), "", "", "", "", ""][:5]
    kind, subtype, encoding = (reader.plain(each).strip().lower() for each in parts[1:4])
    if subtype in ("pdf", "rtf", "x-rtf", "jpeg", "jpg", "png", "tiff", "dicom", "x-hl7-cda-level-one") or kind in (
        "image", "audio", "video", "im",
    ):  # fmt: skip
        raise UnreadableNote("an attachment is no text or HTML (PDF, RTF and images are not read)")
    data = parts[4]
    if encoding == "base64":
        text = decode(from_base64(data, reader.options))
    elif encoding == "hex":
        try:
            text = decode(bytes.fromhex(data))
        except ValueError:
            raise UnreadableNote("an attachment is not valid hex") from None
    else:
        text = reader.plain(data)
    return text_of(text) if "html" in subtype else text


def _status(group: _Group, reader: _Reader) -> Status:
    """The least final of what order, document and observations say."""
    said: list[Status] = []
    for table, code in ((_TXA, _first(group.document, 17)), (_OBR, _first(group.head, 25))):
        if code in table:
            said.append(table[code])
    said += [_OBX[code] for _, segment in group.lines if (code := _first(segment, 11)) in _OBX]
    rank: tuple[Status, ...] = ("cancelled", "preliminary", "corrected", "final")
    return next((status for status in rank if status in said), "unknown")


def _known(group: _Group, reader: _Reader) -> dict[str, str | None]:
    author = (
        _person(reader.parts(group.document, 9))
        or _person(_inner(reader.parts(group.head, 32), reader))
        or next((name for _, s in group.lines if _raw(s, 16) and (name := _person(reader.parts(s, 16)))), None)
    )
    status = _status(group, reader)
    return {
        "report_status": None if status == "unknown" else status,
        "date_of_service": day(_raw(group.head, 7)) or day(_raw(group.document, 4)),
        "author": author,
        "order_text": _order(group, reader),
    }


def _order(group: _Group, reader: _Reader) -> str | None:
    parts = [*reader.parts(group.head, 4), "", "", "", "", ""]
    return next((part.strip() for part in (parts[1], parts[4], parts[0]) if part.strip()), None)


def _inner(parts: list[str], reader: _Reader) -> list[str]:
    """The person in the first component of OBR-32."""
    return parts[0].split(reader.part) if parts else []


def _person(parts: list[str]) -> str | None:
    names = [part.strip() for part in parts[1:3] if part.strip()]
    return ", ".join(names) or None


def _report_id(group: _Group) -> str:
    candidates = [(group.document, 12), (group.head, 3), (group.document, 15), (group.order, 3), (group.head, 2)]
    return next((found for segment, number in candidates if (found := _first(segment, number))), "")
