"""What was done: devices placed, taken out or not released, needles brought in, tissue sampled, the session stopped.

Each event comes from one clause and belongs to the slots that the clause speaks of. A verb is joined to the device it is said of; a
verb without one takes the device named last. Knows nothing of guidance, sides or codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from extractor import patterns
from extractor.nlp.numbers import MONTHS
from extractor.nlp.page import Mention, Piece
from extractor.nlp.sections import FINITE
from extractor.reading.slots import TECHNIQUE, Layout, active
from extractor.reading.words import Reader, number

_COUNT_BEFORE = patterns.compile(
    r"(?<![:\d./#])\b(?:(?P<n>(?:a\s+)?(?:pair|couple)(?=\s+of)|\d{1,2}|one|two|three|four|five|six|single|both|(?:pair|couple)(?=\s+of)|a\s+second|a\s+third|second|third|fourth|another|additional|an?|each|first|new|replacement|solitary)\b(?!\s*-?\s*(?:cm|mm|g\b|ga\b|gauge|ml|cc|%|x\d|x\s\d|inch|mhz|o/c|o'?\s?clock|:\d|/|\.\d|-?\s?gauge|french|mci|day|hour|min|view|thirty|fifteen|forty|twenty)))"
    r"(?:[\s,'\"()-]+(?!and\b|or\b|with\b|of\s+the\b|under\b|using\b|via\b|in\b|at\b|to\b|into\b|for\b|was\b|were\b|by\b|through\b|then\b|the\b|this\b|that\b|its\b|touch\w*\b|pass(?:es)?\b|cores?\b|samples?\b|specimens?\b|mass(?:es)?\b|lesions?\b|views?\b|films?\b|identif\w+|ids?\b|names?\b|o/c\b|(?:two|three|four|five|six)\b)[\w./%-]+){0,6}?[\s,'\"(-]*$",
    re.I,
)
_COUNT_AFTER = patterns.compile(
    r"[\s'\")]*(?:s\b)?\s*(?:(?:[x#]|times\b)\s?(?P<x>\d|two|three|one)\b(?!\s*(?:mm|cm))|[,:(]\s*(?P<c>\d|one|two|three)\b(?!\s*(?:cm|mm|g\b|ga|gauge|[:/.]\d|ml|%|-|o'|x\s?\d|\.\s*\w|pm|am))|\((?P<p>\d|one|two|three)\))",
    re.I,
)
_MORE = patterns.compile(
    r"\b(?:second|another|additional|replacement|new|fresh|further|third|fourth|repeat|as\s+well|also|2nd|3rd)\b", re.I
)
_EARLIER = patterns.compile(
    r"\b(?:earlier\s+(?:today|this\s+(?:morning|afternoon|week))|(?:placed|localized|localised|inserted|deployed)\s+(?:earlier|previously|by\s+(?:radiology|dr|the\s+radiologist|interventional|breast\s+imaging))|"
    r"(?:this|earlier\s+this)\s+a\.?m\.?\s+(?:in|by)|put\s+in\s+(?:this|earlier)|by\s+radiology|in\s+radiology|by\s+dr\.?\s+\w+\s+in|see\s+separate|separate\s+report|own\s+report|yesterday|pre-?operatively\s+placed|"
    r"had\s+(?:an?|the|her|his|two)\s+(?:[\w-]+\s+){1,4}?(?:put\s+in|placed|inserted|implanted|deployed)\b[^.;]{0,70}?\b(?:by\s+(?:dr\b|(?:the\s+)?radiolog\w+|breast\s+imag\w+)|in\s+radiology|this\s+morning|yesterday|last\s+(?:week|month))|"
    r"(?:had\s+been|(?:that|which)\s+w(?:as|ere))\s+(?:\w+\s+)?(?:placed|locali[sz]ed|inserted|deployed|implanted)\b[^.;]{0,70}?\b(?:this\s+(?:morning|afternoon|week)|last\s+(?:week|month)|(?:by|in)\s+(?:the\s+)?radiolog\w+|by\s+(?:the\s+)?breast\s+imag\w+|before\s+(?:surgery|the\s+(?:operation|case)))|"
    r"(?:placed|locali[sz]ed|inserted|deployed|implanted)\b[^.;]{0,50}?\bby\s+(?:the\s+)?(?:radiolog\w+|breast\s+imag\w+)[^.;]{0,30}?\b(?:this\s+(?:morning|afternoon)|last\s+week|before\s+(?:surgery|the\s+(?:operation|case))))\b",
    re.I,
)
_NEXT_TO = patterns.compile(
    r"(?:\b(?:from|to|toward|towards|of|beside|near|by|past|beyond|into|at|alongside|containing|contains|with|within|marks?|marked\s+by|against|adjacent\s+to|next\s+to|touching|around|through|including|than|and\s+its|posterior\s+to|anterior\s+to|deep\s+to|medial\s+to|lateral\s+to|superior\s+to|inferior\s+to|below|above|off|between|via|targeting|onto|localize|localized|localised|target(?:ed|ing)?|mm|cm|the\s+known|known|existing|residual|visible|its|biopsied|hosts?|holding|bearing|carrying|is\s+a|was\s+a)\s+(?:the\s+|a\s+|an\s+|its\s+|this\s+|that\s+|her\s+|known\s+|existing\s+|previously\s+placed\s+|prior\s+|old\s+|two\s+|\d\s+)*)$",
    re.I,
)


_INTO = patterns.compile(
    r"\s*(?:\([^)]*\)\s*)?(?:x\s?\d\s*)?(?:into|in\s+(?:the|to|situ)|through|thru|in\s+(?:under|with|via|by|mass|node|cortex|calc\w*|ca|target|place|ctr|cent|it\b|both|at)|in\s*(?:[.;,]|$)|to\s+(?:the|its)|at\s+(?:the|its|each)|across|instead)\b"
)
_ELLIPSIS = patterns.compile(
    r"\W*(?:and\s+)?(?:one|another|a\s+second|the\s+(?:other|second))\s+(?:at|in|for|to|through|on|beside|within|into)\b"
)
_ANSWER = patterns.compile(
    r"\b(?:yes|y|\d+|one|two|three|deployed|placed|left|released|done|in\s+place|true)\b|\[x\]|\(x\)|■|✓", re.I
)
_NOUN = patterns.compile(
    r"(?:successful\s+)?(?:placement|insertion|implantation|deposition|deployment|release)(?:\s+of)?"
)
_WHEN = patterns.compile(
    r"\b(?:following|after|post|before|prior\s+to|until|at|since|upon|during|for|of|from)[\s-]+(?:the\s+)?(?:\w+\s+)?$"
)
_DONE = patterns.compile(
    r"\b(?:performed|completed|carried\s+out|done|accomplished|successful|achieved|uneventful)\b|^[^.]{0,12}:"
)
_TWO_ENDS = patterns.compile(
    r"\banterior\s+and\s+posterior|\bposterior\s+and\s+anterior|\bmedial\s+and\s+lateral|\blateral\s+and\s+medial|\bsuperior\s+and\s+inferior|\binferior\s+and\s+superior"
    r"|\b(?:proximal\s+and\s+distal|upper\s+and\s+lower|both|either|opposite)\s+(?:ends?|edges?|margins?|extents?|aspects?|limits?|borders?)\b"
)
_CAME_OUT = frozenset(
    (
        "pulled out",
        "came out",
        "taken out",
        "slid out",
        "took out",
        "brought out",
        "backed out",
        "pulled free",
        "slipped off",
    )
    + ("removed", "withdrawn", "retrieved", "extracted", "explanted")
)
_A_LITTLE = patterns.compile(r"\s*(?:back\s+)?(?:by\s+|about\s+|approximately\s+)?(?:\d|slightly|a\s+few)")
_SURGERY = patterns.compile(r"\b(?:specimen|surg(?:ery|ical|eon)|excis\w+|operati\w+|lumpectomy|resect\w+)\b", re.I)
_SUBJECT_BEFORE = patterns.compile(
    r"\W*(?:(?:but|and|then|which|that|it|was|were|had|to|be|been|has|inadvertently|accidentally|immediately|unintentionally|subsequently|later|also)\s+)*"
)


_LEAVING = patterns.compile(r"\b(?:when|as|until|once)\s+(?:the\s+|a\s+)?(?:\w+\s+)?$")


@dataclass(slots=True)
class Event:
    """One thing done. `template` is true where the sentence has an unfilled placeholder. `kind` is placed, removed, failed, advanced, sampled or stopped. `more` is true where the words say that the device is
    one more than those before it."""

    kind: str
    type: str | None
    count: int | None
    more: bool
    piece: Piece
    clause: int
    slots: tuple[int, ...]
    mentions: tuple[Mention, ...]
    device: Mention | None = None
    template: bool = False


def count_of(r: Reader, m: Mention, low: int, high: int) -> tuple[int | None, bool]:
    """(count, stated) of a device mention, from the number before or after it inside the clause."""
    before = r.lower[max(low, m.start - 70) : m.start]
    found = next(reversed(list(_COUNT_BEFORE.finditer(before))), None)
    after = _COUNT_AFTER.match(r.lower, m.end, high)
    if after:
        value = number(next(g for g in (after["x"], after["c"], after["p"]) if g))
        if value:
            return value, True
    if found:
        word = " ".join(found["n"].lower().split())
        value = number(word)
        if value is not None and value <= 6:
            return value, word not in ("a", "an", "each", "first")
        return 1, False
    plural = r.lower[m.start : m.end].rstrip(")").endswith("s") and not r.lower[m.start : m.end].endswith(
        ("hawkins", "kopans", "ss")
    )
    if plural and _TWO_ENDS.search(r.lower, m.end, high):
        return 2, True
    return (None if plural else 1), False


def find(r: Reader, layout: Layout) -> list[Event]:
    """All events of the body, in order."""
    out: list[Event] = _device_columns(r, layout) + _table_rows(r, layout)
    last: Mention | None = None
    last_piece = -9
    for piece in r.page.pieces:
        if piece.section == "title":
            for m in piece.mentions:
                if m.label == "action" and m.value == "stop" and m.assertion in ("ordered", "absent"):
                    out.append(Event("stopped", None, None, False, piece, 0, (), (m,)))
        if piece.section not in TECHNIQUE and piece.section not in (
            "findings",
            "impression",
            "addendum",
            "complications",
        ):
            continue
        earlier = r.may(_EARLIER, piece) and bool(_EARLIER.search(r.text, piece.start, piece.end))
        groups: dict[int, list[Mention]] = {}
        for m in piece.mentions:
            groups.setdefault(m.clause, []).append(m)
        for clause in sorted({*groups, *range(len(piece.clauses))}):
            ms = groups.get(clause, [])
            low = piece.clauses[clause] if clause < len(piece.clauses) else piece.start
            high = piece.clauses[clause + 1] if clause + 1 < len(piece.clauses) else piece.end
            low, high = layout.cells.get((piece.index, clause), (low, high))
            who = layout.owner.get((piece.index, clause), ())
            devices = [m for m in ms if m.label == "device"]
            actions = [m for m in ms if m.label == "action"]
            if devices and not actions and (joint := _joined(r, devices[-1], groups.get(clause + 1, []))) is not None:
                actions, who = [joint], who or layout.owner.get((piece.index, clause + 1), ())
            r.events_so_far = out
            made = _clause(
                r,
                piece,
                clause,
                low,
                high,
                who,
                devices,
                actions,
                earlier,
                last if piece.index - last_piece <= 2 else None,
                layout,
            )
            if (
                made
                and any(r.text[a:b].strip("_* ") for a, b in r.page.blanks(piece.start, piece.end))
                and not r.page.checked
            ):
                for e in made:
                    e.template = True
            out.extend(made)
            named = [
                d
                for d in devices
                if d.value != "unnamed" and d.assertion in ("present", "absent", "uncertain") and not _beside(r, d, low)
            ]
            if named:
                last, last_piece = named[-1], piece.index
    return out


_COLUMNS = patterns.compile(r"\b(?:wire|seed|clip|reflector|marker|tag|magseed)\s*#?\s*(?:[A-D]|\d)\b", re.I)
_ROW = patterns.compile(
    r"\s*(?:deployed|released|placed|left(?:\s+in)?|in\s+place|deployment|fired|implanted)\b[^\n]*", re.I
)


def _table_rows(r: Reader, layout: Layout) -> list[Event]:
    """Rows of a table with one column a target: the row's name says what was done, each cell whether and what."""
    out: list[Event] = []
    for index in sorted({p for p, _ in layout.cells}):
        piece = r.page.pieces[index]
        cells = {c: span for (p, c), span in layout.cells.items() if p == index}
        first = min(a for a, _ in cells.values())
        head = [m for m in piece.mentions if m.start < first and m.clause < 100]
        name = r.lower[piece.start : first]
        for c, (a, b) in sorted(cells.items()):
            cell = r.text[a:b].strip(" |\t\n")
            who = layout.owner.get((index, c)) or (c - 100,)
            if not cell or patterns.match(r"\W*(?:no\b|not\b|none|n/?a\b|0\b|-+$|\*+|_+|nil)", cell, re.I):
                if (
                    any(m.label == "device" or m.label == "action" and m.value in ("deploy", "place") for m in head)
                    and cell
                    and patterns.match(r"\W*(?:no\b|not\b|none|0\b|nil)", cell, re.I)
                    and "clip" not in name
                ):
                    out.append(Event("not_placed", None, None, False, piece, c, who, tuple(head[:1])))
                continue
            inside = [
                m
                for m in piece.mentions
                if m.clause == c and m.label == "device" and m.attrs.get("kind") in ("device", "brand_needle")
            ]
            if any(m.label == "action" and m.value == "sample" for m in head) and patterns.match(r"\d", cell):
                out.append(
                    Event(
                        "sampled", None, None, False, piece, c, who, tuple(m for m in head if m.label == "action")[:1]
                    )
                )
            named = next(
                (m for m in head if m.label == "device" and m.attrs.get("kind") in ("device", "generic")), None
            )
            if named is not None and not patterns.search(
                r"depth|length|gauge|lot|distance|id\b|coord|needle|activity", name
            ):
                device = inside[0] if inside else named
                if inside or patterns.match(r"(?:yes|x\b|\d\b|one|two|placed|deployed|released|in\b)", cell, re.I):
                    count = patterns.match(r"\W*(\d|one|two|three)\b(?!\s*(?:cm|mm|g\b|ga))", cell, re.I)
                    out.append(
                        Event(
                            "placed",
                            None if device.value == "unnamed" else device.value,
                            (number(count[1]) if count else None) or 1,
                            False,
                            piece,
                            c,
                            who,
                            (device,),
                            device,
                        )
                    )
    return out


def _device_columns(r: Reader, layout: Layout) -> list[Event]:
    """A table with one column a device ("Wire A    Wire B"): as many were left as its row of deployment says yes to."""
    out: list[Event] = []
    for piece in r.holding(_COLUMNS):
        heads = list(_COLUMNS.finditer(r.text, piece.start, piece.end))
        if len(heads) < 2 or any(
            not patterns.search(r"\s{3,}|\t|\|", r.text[a.end() : b.start()])
            for a, b in zip(heads, heads[1:], strict=False)
        ):
            continue
        block = [p for p in r.page.pieces if p.block == piece.block]
        device = next((m for m in piece.mentions if m.label == "device"), None)
        for line in patterns.finditer(r"[^\n]+", r.text[piece.start : block[-1].end]):
            if not _ROW.match(line[0]):
                continue
            cells = [c for c in re.split(r"\s{3,}|\t|\|", line[0].strip())[1:] if c.strip()]
            yes = sum(1 for c in cells if not patterns.match(r"\W*(?:no|not|n/?a|none|-+|failed)\b", c, re.I))
            start = piece.start + line.start()
            home = r.page.pieces[r.page.piece_at(start)]
            words = [m for m in home.mentions if start <= m.start < start + len(line[0])] or (
                [device] if device else []
            )
            if yes and device is not None and words:
                out.append(
                    Event(
                        "placed",
                        None if device.value == "unnamed" else device.value,
                        yes,
                        False,
                        home,
                        0,
                        (0,) if layout.slots else (),
                        (device, *words[:2]),
                        device,
                    )
                )
    return out


def _unanswered(r: Reader, m: Mention) -> bool:
    """Whether a word is only the name of a field that nobody filled, or of a table's row."""
    piece = r.piece(m)
    if piece.heading is None or not (piece.heading[0] <= m.start < piece.heading[1]):
        return False
    rest = list(r.text[piece.content : piece.end])
    for a, b in r.page.blanks(piece.content, piece.end):
        for i in range(max(a, piece.content), min(b, piece.end)):
            rest[i - piece.content] = " "
    answer = "".join(rest)
    return (
        not _ANSWER.search(answer)
        or bool(patterns.match(r"\W*(?:no\b|none|nil|n/?a\b|0\b|not\b)", answer, re.I))
        or "   " in answer.strip()
    )


def _beside(r: Reader, d: Mention, low: int) -> bool:
    """Whether a clip is named as a landmark or a target rather than as what is being placed."""
    return d.value in ("clip",) and bool(_NEXT_TO.search(r.lower[max(low, d.start - 40) : d.start]))


def _nearest(
    d: Mention, actions: list[Mention], devices: list[Mention] | None = None, text: str = ""
) -> Mention | None:
    """The verb said of a device: the first after it with no other device between, else the last before it."""
    over = [a for a in actions if a.start < d.end and d.start < a.end]
    if over:
        return over[0]
    after = [a for a in actions if a.start >= d.end]
    if devices and after:
        between = [x for x in devices if d.end < x.start and x.end <= after[0].start]
        if between and not patterns.search(r"\b(?:and|then|with|plus|,?\s*or)\b", text[d.end : between[0].start]):
            after = []
    before = [a for a in actions if a.end <= d.start]
    if (
        after
        and before
        and before[-1].value in ("deploy", "place")
        and d.start - before[-1].end < 14 < after[0].start - d.end
    ):
        return before[-1]
    return after[0] if after else (before[-1] if before else None)


def _nominal(r: Reader, piece: Piece, a: Mention) -> bool:
    """Whether a sentence without a verb tells of the work itself: "Insertion of a 20G needle and placement of the wire." """
    return not FINITE.search(r.text, piece.start, piece.end) and any(
        m.label in ("gauge", "coordinates", "anesthesia")
        or m.label == "device"
        and m.attrs.get("kind") in ("introducer", "brand_needle")
        for m in piece.mentions
        if m.start < a.start
    )


def _released(d: Mention, advanced: Mention, actions: list[Mention], devices: list[Mention]) -> Mention | None:
    """Of a device that was brought in, the verb after it that leaves it there; None where another device comes first."""
    later = next((a for a in actions if a.start >= advanced.end and a.value in ("deploy", "remove", "fail")), None)
    if later is None or later.value != "deploy" or any(d.end <= x.start < later.start for x in devices):
        return None
    return later


def _stayed(r: Reader, removal: Mention, piece: Piece) -> bool:
    """Whether what was drawn back a little, or went out with the specimen, was left in place by the localization."""
    words = r.words_of(removal).lower()
    return (
        words in ("pulled back", "drawn back", "retracted", "backed off")
        or bool(_A_LITTLE.match(r.lower, removal.end, piece.end))
        or bool(_SURGERY.search(r.text, removal.end, piece.end))
    )


_AND_A = patterns.compile(r",?\s+(?:and|plus|&|as\s+well\s+as|along\s+with)\s+(?:an?|one|two)\s+(?:[\w-]+\s+){0,2}")
_WERE = patterns.compile(r"(?:\s+\w+)?\s+were\s+(?:\w+\s+)?")


def _joined(r: Reader, d: Mention, following: list[Mention]) -> Mention | None:
    """The verb that a device shares with the one that the next clause opens with: "a Magseed and a clip were placed"."""
    other = next((m for m in following if m.label == "device"), None)
    verb = next((m for m in following if m.label == "action" and m.value in ("deploy", "place")), None)
    if other is None or verb is None or not _AND_A.fullmatch(r.lower, d.end, other.start):
        return None
    return verb if _WERE.fullmatch(r.lower, other.end, verb.start) else None


_FIRED = patterns.compile(
    r"\bfired\s+(?:\d+|one|two|three|four|five|six)\s+times\b|\b(?:\d+|two|three|four|five|six)\s+(?:throws|firings)\b"
)


def _clause(
    r: Reader,
    piece: Piece,
    clause: int,
    low: int,
    high: int,
    who: tuple[int, ...],
    devices: list[Mention],
    actions: list[Mention],
    earlier: bool,
    last: Mention | None,
    layout: Layout,
) -> list[Event]:
    out: list[Event] = []
    text = r.lower[low:high]
    restating = piece.section in ("findings", "impression", "addendum", "complications")
    more = r.may(_MORE, piece) and bool(_MORE.search(text))

    if (
        not who
        and len(layout.slots) > 1
        and any(
            d.attrs.get("kind") == "device" and r.lower[d.start : d.end].endswith("s") and d.value != "clip"
            for d in devices
        )
    ):
        who = tuple(range(len(layout.slots)))  # "wires engaged": each target got its own

    def add(kind: str, type_: str | None, count: int | None, device: Mention | None, *mentions: Mention) -> None:
        out.append(Event(kind, type_, count, more, piece, clause, who, tuple(mentions), device))

    # "after placement" tells when, and "seed placement" in running text names a procedure: neither says that it was done
    actions = [
        a
        for a in actions
        if not (
            _NOUN.fullmatch(r.words_of(a).lower())
            and (
                _WHEN.search(r.lower[max(low, a.start - 30) : a.start])
                or not restating
                and not _DONE.search(r.lower[a.end : high])
                and not _nominal(r, piece, a)
            )
        )
    ]
    live = [a for a in actions if active(a)]
    denied = [a for a in actions if a.assertion == "absent"]
    samples = [a for a in live if a.value == "sample"]
    if actions and r.may(_FIRED, piece) and _FIRED.search(text):
        add("sampled", None, None, None, actions[0])
    for m in piece.mentions:
        if (
            m.label == "gauge"
            and m.clause == clause
            and not earlier
            and patterns.match(
                r"\s*(?:[a-z][\w-]*\s+){0,3}x\s?\d{1,2}\b(?!\s*(?:cm|mm|x)|\.\d)", r.lower[m.end : m.end + 34]
            )
        ):
            add("sampled", None, None, None, m)
    for a in samples:
        if _sampling(r, a, low, high) and not earlier:
            add("sampled", None, None, None, a)
    for a in live:
        if a.value == "stop" and (
            patterns.search(r"time[- ]?out|\bpause\b", text)
            or patterns.search(
                r"\b(?:it|bleeding|oozing|ooze|which|that|hematoma)\s+(?:\w+\s+)?$",
                r.lower[max(low, a.start - 24) : a.start],
            )
        ):
            continue
        if a.value in ("fail", "stop", "cancel", "nothing_begun"):
            add(
                {"fail": "failed", "stop": "stopped", "cancel": "cancelled", "nothing_begun": "nothing_begun"}[a.value],
                None,
                None,
                None,
                a,
            )
    placing = [a for a in actions if a.value in ("deploy", "place")]
    if earlier and not patterns.search(r"\b(?:second|new|additional|(?<!earlier\s)today)\b", text):
        return out
    handled = False
    before = next((e for e in reversed(r.events_so_far[-12:]) if e.piece is piece and e.kind == "placed"), None)
    real = [
        d
        for d in devices
        if d.attrs.get("kind") in ("device", "generic", "brand_needle") and d.value != "none" and not _unanswered(r, d)
    ]
    if real != devices:
        actions = [a for a in actions if not _unanswered(r, a)]
    for d in real:
        if d.assertion in ("historical", "planned", "hypothetical", "other_person", "ordered"):
            continue
        kind = d.attrs.get("kind")
        if (
            kind == "brand_needle"
            and not patterns.search(r"needle|set|kit|assembl|cannula|system", r.lower[d.start : d.end])
            and not any(x.value == "wire" and x is not d for x in devices)
        ):
            kind = "device"  # "a DuaLok was placed" is the wire
        action = _nearest(
            d,
            [a for a in actions if a.value in ("deploy", "place", "remove", "fail", "advance")],
            [x for x in devices if x.value != d.value or x.attrs.get("kind") != kind],
            r.lower,
        )
        if action is not None and action.value == "advance" and action.start >= d.end:
            # "a seed was advanced to the mass and let go": the verb that leaves it counts
            action = _released(d, action, actions, devices) or action
        count, stated = count_of(r, d, low, high)
        type_ = None if d.value == "unnamed" else d.value
        if type_ is None and r.main_device is not None and piece.section not in ("impression", "device"):
            type_ = r.main_device  # "a new device was placed": the kind spoken of
        if action is not None and action.value == "fail" and active(action):
            handled = True
            continue
        if action is not None and action.assertion in ("planned", "hypothetical", "historical"):
            continue
        if action is not None and action.assertion == "absent" or d.assertion == "absent":
            if action is not None and action.value in ("deploy", "place"):
                add("not_placed", type_, count, d, d)
                handled = True
            continue
        if (
            action is not None
            and action.value == "remove"
            and r.words_of(action).lower() in ("came out", "slid out")
            and _LEAVING.search(r.lower[max(low, d.start - 24) : d.start])
        ):
            continue  # "the tip was in the node when the seed came out": of its needle
        if action is not None and action.value == "remove" and _stayed(r, action, piece):
            action = _nearest(d, [a for a in actions if a.value in ("deploy", "place")])
        if action is not None and action.value == "remove" and kind == "device" and not _beside(r, d, low):
            if action.start > d.end and not any(
                x.label == "device" and d.end < x.start < action.start for x in devices
            ):
                if type_ != "wire" and r.words_of(action).lower() == "came out":
                    handled = True  # of the needle, into the breast: only a wire is pulled by its needle
                    continue
                add("removed", type_, count, d, d, action)
                handled = True
                continue
            action = _nearest(d, [a for a in actions if a.value in ("deploy", "place")])
        if (
            action is not None
            and action.value in ("deploy", "place")
            and (kind != "brand_needle" or action.value == "deploy")
        ):
            if _beside(r, d, low) and not (
                action.start < d.start
                and patterns.fullmatch(r"\s*(?:of\s+)?(?:an?|the|one|two|\d)?\s*", r.lower[action.end : d.start])
            ):
                continue
            if kind == "generic" and any(x is not d and x.attrs.get("kind") == "device" for x in devices):
                continue
            add("placed", type_, count if stated or count != 1 else 1, d, d, action)
            handled = True
        elif (
            d.value == "wire"
            and kind == "device"
            and "wire" in r.lower[d.start : d.end]
            and action is not None
            and action.value == "advance"
            and active(action)
            and patterns.match(r"passed|threaded|run|advanced|fed", r.lower[action.start : action.end])
        ):
            add("placed", "wire", count or 1, d, d, action)
            handled = True
        elif kind == "brand_needle" and patterns.search(r"\bin\s+(?:place|situ)\b|\bleft\s+in\b|\bx\s?\d\b", text):
            add("placed", type_, count or 1, d, d)
            handled = True
        elif kind == "brand_needle":
            add("brand", type_, count, d, d)
        elif (
            type_ == "clip"
            and any(e.kind == "sampled" and e.piece is piece for e in [*r.events_so_far[-24:], *out])
            and not _beside(r, d, low)
        ):
            add("placed", type_, count or 1, d, d)
            handled = True
        elif (
            layout.labelled
            and who
            and not actions
            and kind == "device"
            and not restating
            and not patterns.search(r"\bon\s+(?:the\s+)?films?\b|\bin\s+pt\b|\bcount\b|\btotal\b|\bopened\b", text)
            and piece.section != "history"
            and not _beside(r, d, low)
            and not any(m.label == "action" and m.value in ("deploy", "place", "remove") for m in piece.mentions)
            and _COUNT_BEFORE.search(r.lower[max(low, d.start - 40) : d.start])
        ):
            # "Lesion 1: 9:00, mass. One seed, 0.19 mCi.": the list tells what went where, the verb stands once elsewhere
            add("placed", type_, count or 1, d, d)
            handled = True
        elif (
            stated and count and count > 1 and kind == "device" and d.assertion == "present" and not _beside(r, d, low)
        ):
            add("total", type_, count, d, d)
        elif (
            # a clip in the field of the target is what was aimed at, not what was left
            (piece.section == "device" or piece.section == "target" and type_ != "clip")
            and piece.heading
            and d.start >= piece.content - 1
            and kind == "device"
            and not _beside(r, d, low)
        ):
            if not patterns.search(r"\b(?:none|n/a|not|no)\b", text):
                add("placed", type_, count, d, d)
                handled = True
        elif type_ == "clip" and r.main_device is not None and action is None:
            continue
        elif (
            not actions
            and kind == "device"
            and before is not None
            and before.kind == "placed"
            and not _beside(r, d, low)
            and patterns.search(
                r"\b(?:an?|one|two|second|another)\s+(?:[\w-]+\s+){0,4}$", r.lower[max(low, d.start - 40) : d.start]
            )
        ):
            # "a wing marker was put in the first mass and a ribbon marker in the second": the verb is said once
            add("placed", type_, count or 1, d, d)
            handled = True
        elif restating and kind == "device" and not _beside(r, d, low):
            add("shown", type_, count, d, d)
        elif (
            kind == "device"
            and not actions
            and not restating
            and piece.section != "consent"
            and (
                type_ != "clip"
                or r.main_device is None
                and stated
                or r.main_device is None
                and patterns.search(r"\b(?:an?|one)\s+(?:[\w-]+\s+){0,3}$", r.lower[max(low, d.start - 40) : d.start])
            )
            and (
                not patterns.search(
                    r"\b(?:the|that|this|last|its|each|her)\s+(?:\w+\s+)?$", r.lower[max(low, d.start - 20) : d.start]
                )
                and _INTO.match(r.lower, d.end, high)
                or patterns.search(r"\bwith\s+(?:a\s+second|another)\s+$", r.lower[max(low, d.start - 24) : d.start])
            )
            and not _beside(r, d, low)
        ):
            # "One seed into the nodule under ultrasound.": a note's shorthand for placing it
            add("placed", type_, count or 1, d, d)
            handled = True
        elif (
            kind == "device"
            and not placing
            and not _beside(r, d, low)
            and patterns.search(r"\bx\s?\d\b|\bleft in\b|, in place", text)
        ):
            add("placed", type_, count, d, d)
            handled = True
    out_again = next((a for a in live if a.value == "remove" and r.words_of(a).lower() in _CAME_OUT), None)
    if (
        out_again is not None
        and not real
        and not _stayed(r, out_again, piece)
        and _SUBJECT_BEFORE.fullmatch(r.lower, low, out_again.start)
    ):
        # "a wire was placed but pulled out with the needle", "It came out.": what was named last
        if before is not None:
            add("removed", before.type, before.count, before.device, out_again)
        elif last is not None and last.attrs.get("kind") == "device" and patterns.match(r"\W*it\b", text):
            add("removed", last.value, 1, last, out_again)
    needles = [
        d
        for d in devices
        if d.attrs.get("kind") in ("introducer", "brand_needle") and d.assertion in ("present", "absent")
    ]
    for d in needles:
        act = _nearest(d, [a for a in live if a.value in ("advance", "place", "deploy", "remove")])
        if act is not None and act.value in ("advance", "place", "deploy"):
            if (
                act.value == "deploy"
                and r.words_of(act).lower().startswith(("left", "leaving", "remain", "stay", "kept"))
                and (act.start > d.end or d.start - act.end < 12)
            ):
                add(
                    "needle_left",
                    "wire" if d.attrs.get("kind") == "brand_needle" else "needle",
                    count_of(r, d, low, high)[0],
                    d,
                    d,
                    act,
                )
                handled = True
            else:
                add("advanced", None, None, d, d, act)
    if not needles and any(a.value == "advance" for a in live):
        add("advanced", None, None, None, *[a for a in live if a.value == "advance"][:1])
    if not handled and not real:
        verbs = [
            a
            for a in live
            if a.value == "deploy"
            and not patterns.search(r"\bnothing\b|\bno\s+device", text)
            and not (needles and a.start > needles[-1].end and "left" not in r.words_of(a))
        ]
        subject = bool(verbs) and any(
            m.label == "target"
            and m.value != "unspecified"
            and 0 <= verbs[0].start - m.end < 14
            and "and" not in r.lower[m.end : verbs[0].start]
            for m in piece.mentions
        )
        if verbs and r.lower[verbs[0].start : verbs[0].end].startswith("hook") and not restating:
            add("placed", "wire", 1, None, verbs[0])
        elif (
            verbs
            and not subject
            and last is not None
            and last.attrs.get("kind") == "introducer"
            and r.words_of(verbs[0]).lower().startswith("left ")
            and not restating
        ):
            add("needle_left", "needle", 1, last, last, verbs[0])
        elif (
            verbs
            and not subject
            and last is not None
            and last.attrs.get("kind") in ("device", "brand_needle", "generic")
            and not restating
        ):
            add("placed", None if last.value == "unnamed" else last.value, 1, last, last, verbs[0])
    if (
        not real
        and not handled
        and before is not None
        and before.kind == "placed"
        and _ELLIPSIS.match(text)
        and who
        and (who != before.slots or (before.count or 1) == 1)
    ):
        more = who == before.slots
        out.append(
            Event("placed", before.type, 1, more, piece, clause, who, before.mentions, None if more else before.device)
        )
    for a in denied:
        if (
            a.value in ("deploy", "place")
            and not real
            and patterns.search(r"\b(?:nothing|no device|neither|not)\b", text)
        ):
            add("not_placed", None, None, None, a)
    return out


_PORTIONS = frozenset(
    ("passes", "samples", "specimens", "core samples", "tissue samples", "core specimens", "cores", "core", "biopsies")
    + ("core biopsies", "bxs")
)


def _sampling(r: Reader, a: Mention, low: int, high: int) -> bool:
    """Whether a sampling word tells of tissue taken now: numbers of cores, or the verb itself, not a name of an earlier biopsy."""
    word = r.lower[a.start : a.end]
    if patterns.match(r",?\s*w(?:as|ere)\b", r.lower[high : high + 8]):
        high = r.piece(a).end  # "core biopsy of the mass, 5 cm from the nipple, was performed"
    text = r.lower[low:high]
    if patterns.search(rf"\b(?:on\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{MONTHS})\b|\b(?:on|in)\s+(?:{MONTHS})\b", text):
        return False
    if patterns.search(
        r"(?:biopsy|bx|core)[\s-]*(?:proven|confirmed|positive|clip|marker|site|cavity|tract|scar|coil|result|images|date|report|pathology|needle\b(?!\s+biops))",
        text[max(0, a.start - low - 2) : a.end - low + 14],
    ):
        return False
    if word == "passes" and patterns.match(
        r"\s+(?:through|to\b|over|beyond|within|from|along|just|\d|by\b|in\b|into)", r.lower[a.end : a.end + 14]
    ):
        return False
    if word in _PORTIONS:
        return (
            bool(
                patterns.search(
                    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|several|multiple)\b[\w\s,-]{0,30}$",
                    r.lower[max(low, a.start - 45) : a.start],
                )
            )
            or bool(patterns.search(r"\b(?:taken|obtained|acquired|collected|retrieved|made|drawn)\b", text))
            or word.endswith("s")
            and bool(patterns.search(r"biops\w+[^.]*\bperformed\b", text))
            or bool(patterns.match(r"\s*(?:[:x]|\.{3,}|\s{3,})\s*\d", r.lower[a.end : a.end + 14]))
        )
    if word in ("biopsied", "sampled", "sampling"):
        if patterns.match(r"[\s,(]*(?:on\s+)?\d{1,2}[/ -]", r.lower[a.end : a.end + 8]):
            return False
        if any(
            m.label in ("side", "site", "target") and 0 < m.start - a.end < 3 for m in r.clause(a)
        ) and not patterns.search(r"\b(?:was|were|been|then|i|we)\s+$", r.lower[max(low, a.start - 6) : a.start]):
            return False  # "the first biopsied left axillary node"
        return not patterns.search(
            r"\b(?:previously|previous|prior|earlier|in\s+(?:january|february|march|april|may|june|july|august|september|october|november|december)|was\s+\w+\s+on|at\s+(?:an?\s+)?outside|elsewhere|weeks?\s+ago|last)\b|\bon\s+\d|\bthe\s+(?:biopsied|sampled)|previously",
            text,
        ) and not patterns.search(r"\b(?:the|of|a)\s+(?:previously\s+)?$", r.lower[max(low, a.start - 16) : a.start])
    return bool(
        patterns.search(
            r"\b(?:was|were|is)\s+(?:then\s+)?(?:performed|done|obtained|carried|completed)|performed|vacuum[- ]assisted (?:device|biopsy device)",
            text[a.start - low :][:150],
        )
    ) and not patterns.search(r"\b\d{1,2}/\d{1,2}\b", text)
