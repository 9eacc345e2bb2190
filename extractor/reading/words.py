"""The page made fit for reading: mentions that only look like a concept are dropped, doubled ones joined, boxes honoured.

Also the small questions that every reader asks of the page. Knows the lexicon's labels; decides nothing about a lesion.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from extractor import patterns
from extractor.findings import Evidence, Evidences
from extractor.nlp import numbers
from extractor.nlp.page import Mention, Page, Piece
from extractor.normalize import Normalized

BODY = frozenset(
    {
        "technique",
        "findings",
        "impression",
        "guidance",
        "target",
        "location",
        "device",
        "count",
        "side",
        "addendum",
        "complications",
        "consent",
        "time_out",
        "anesthesia",
        "comment",
    }
)
NUMBER = {
    # more lesions or devices than six are never told in one session
    **{word: value for word, value in numbers.WORDS.items() if value <= 6},
    "single": 1,
    "both": 2,
    "a": 1,
    "an": 1,
    "each": 1,
    "second": 1,
    "another": 1,
    "pair": 2,
    "couple": 2,
    "solitary": 1,
    "dual": 2,
    "triple": 3,
}


def number(word: str) -> int | None:
    """The value of a number word (its last word counts: "a single") or of digits; None for any other word."""
    word = word.lower().split()[-1]
    return NUMBER.get(word) or (int(word) if word.isdigit() else None)


_AUX_BEFORE = patterns.compile(
    r"(?:\b(?:was|were|is|are|been|being|be|then|had|has|and|thus|both|all|it|they|wires?|hookwires?|clips?|markers?|seeds?|reflectors?|tags?|needles?|devices?|nothing|patient|she|he|pt|needle|i|we|also|locali[sz]er)|,)\s*$",
    re.I,
)
_SIDE_AFTER = patterns.compile(
    r"[\s,-]*(?:\(?\w+[\s,-]+){0,3}?(?:breast|brst|br\b|axill|side|upper|lower|outer|inner|medial|lateral|uoq|uiq|loq|liq|retro|sub|central|mass|calc|lesion|\d{1,2}:\d\d|\d{1,2}\s*o|nipple|node|seed|wire|clip|reflector|idc|ilc|dcis|lumpectomy|mastectomy|locali)",
    re.I,
)
_LETTER_SIDE = patterns.compile(
    r"(?<![\w.+'-])([LR])(?=(?:UOQ|UIQ|LOQ|LIQ)\b|\s*(?:breast|brst|br\b|axill|uoq|uiq|loq|liq|\d{1,2}:\d\d|\d{1,2}\s*o'?\s*c|side|mass|calc|mammo|lumpectomy|retro|sub|inner|outer|upper|lower|\||,\s*\d{1,2}:|\s\d{1,2}:\d\d))",
    re.I,
)
_LETTER_HEAD = patterns.compile(r"(?:(?<=\n)|^)[ \t]*(?:[-*•][ \t]*)?([LR])(?=\s*[:,]\s)")
_LETTER_FIELD = patterns.compile(r"(?<![\w.+'/-])([LR])(?![\w'/+-])(?!\s*/\s*[LR]\b)")


class Reader:
    """A page with the map to the note and its mentions by label, after cleaning."""

    def __init__(self, page: Page, source: Normalized, note: str) -> None:
        self.page = page
        self.text = page.text
        self.lower = page.lower
        self.source = source
        self.note = note
        self.mentions = _clean(page)
        self.events_so_far: list[Any] = []
        self.stated: list[Any] | None = None  # see counts.stated
        self._where: dict[patterns.Pattern, frozenset[int]] = {}
        self._anywhere: dict[patterns.Pattern, bool] = {}
        kinds = {
            m.value
            for m in self.mentions
            if m.label == "device"
            and m.attrs.get("kind") == "device"
            and m.value not in ("clip", "unnamed")
            and m.section in ("title", "technique", "device", "impression", "findings")
            and m.assertion in ("present", "ordered")
        }
        self.main_device: str | None = next(iter(kinds)) if len(kinds) == 1 else None
        self.by_label: dict[str, list[Mention]] = defaultdict(list)
        for piece in page.pieces:
            piece.mentions = []
        for m in self.mentions:
            self.by_label[m.label].append(m)
            page.pieces[m.piece].mentions.append(m)

    def all(self, *labels: str) -> list[Mention]:
        """Mentions of these labels in order."""
        if len(labels) == 1:
            return self.by_label.get(labels[0], [])
        return sorted((m for label in labels for m in self.by_label.get(label, ())), key=lambda m: m.start)

    def piece(self, m: Mention) -> Piece:
        return self.page.pieces[m.piece]

    def clause(self, m: Mention) -> Iterator[Mention]:
        """All mentions of the clause a mention stands in."""
        return (o for o in self.piece(m).mentions if o.clause == m.clause)

    def words_of(self, m: Mention) -> str:
        return self.text[m.start : m.end]

    def before(self, m: Mention, n: int = 40) -> str:
        start = max(self.piece(m).start, m.start - n)
        return self.lower[start : m.start]

    def after(self, m: Mention, n: int = 40) -> str:
        end = min(self.piece(m).end, m.end + n)
        return self.lower[m.end : end]

    def may(self, pattern: patterns.Pattern, piece: Piece) -> bool:
        """Whether a piece holds letters that the pattern cannot do without; the page is looked through once for all."""
        where = self._where.get(pattern)
        if where is None:
            found = pattern.places(self.lower)
            everywhere = range(len(self.page.pieces))
            where = frozenset(everywhere if found is None else map(self.page.piece_at, found))
            self._where[pattern] = where
        return piece.index in where

    def anywhere(self, pattern: patterns.Pattern) -> bool:
        """Whether the page holds a match of the pattern; looked for once."""
        if pattern not in self._anywhere:
            self._anywhere[pattern] = pattern.search(self.text) is not None
        return self._anywhere[pattern]

    def holding(self, pattern: patterns.Pattern) -> Iterator[Piece]:
        """The pieces in which a match of the pattern may be, in order."""
        return (piece for piece in self.page.pieces if self.may(pattern, piece))

    def piece_text(self, piece: Piece) -> str:
        return self.lower[piece.start : piece.end]

    def filled(self, piece: Piece) -> str:
        """The piece in lower case with unmarked options and placeholders blanked."""
        rest = list(self.lower[piece.start : piece.end])
        for a, b in self.page.blanks(piece.start, piece.end):
            for i in range(max(a, piece.start), min(b, piece.end)):
                rest[i - piece.start] = " "
        return "".join(rest)

    def body(self, *sections: str) -> Iterator[Piece]:
        wanted = set(sections) or BODY
        return (p for p in self.page.pieces if p.section in wanted)

    def evidence(self, items: Iterable[Mention | tuple[int, int, str, str]]) -> Evidences:
        """Evidence of mentions, or of (start, end, section, rule) spans, each once."""
        out: dict[tuple[int, int], Evidence] = {}
        for item in items:
            if isinstance(item, Mention):
                start, end, section, rule = item.start, item.end, item.section, item.rule
            else:
                start, end, section, rule = item
            a, b = self.source.span(start, end)
            out.setdefault((a, b), Evidence(a, b, self.note[a:b], section, rule))
        return tuple(out.values())


def _by_piece(mentions: list[Mention], label: str) -> dict[int, list[Mention]]:
    out: dict[int, list[Mention]] = {}
    for m in mentions:
        if m.label == label:
            out.setdefault(m.piece, []).append(m)
    return out


def _near(by_piece: dict[int, list[Mention]], m: Mention) -> list[Mention]:
    """Those that may overlap a mention: they begin in its piece, or run into it from the one before."""
    return [*by_piece.get(m.piece - 1, ()), *by_piece.get(m.piece, ())] if by_piece else []


def _clean(page: Page) -> list[Mention]:
    text, lower = page.text, page.lower
    mentions = list(page.mentions)
    mentions.extend(_letters(page))
    mentions.sort(key=lambda m: (m.start, -m.end))
    not_side = _by_piece(mentions, "not_side")
    ignore = _by_piece(mentions, "device_ignore")
    site_ignore = _by_piece(mentions, "site_ignore")
    has_rfid = any(m.label == "device" and m.rule in ("device.rfid_tag", "device.rfid_tag.brand") for m in mentions)
    has_radar = any(m.label == "device" and m.rule == "device.radar_reflector" for m in mentions)
    seed_kinds = {
        m.value
        for m in mentions
        if m.label == "device"
        and m.value in ("radioactive_seed", "magnetic_seed")
        and m.assertion not in ("planned", "hypothetical", "blank")
    }
    seed_kinds = seed_kinds or {
        m.value
        for m in mentions
        if m.label == "device" and m.value in ("radioactive_seed", "magnetic_seed") and m.assertion != "blank"
    }
    radioactive = "mci" in lower or "radiation safety" in lower or "survey meter" in lower or "geiger" in lower
    out: list[Mention] = []
    last_device: Mention | None = None
    for m in mentions:
        word = lower[m.start : m.end]
        if m.assertion == "blank":
            continue
        if m.label == "side":
            if any(
                n.start <= m.start < n.end
                and not (
                    n.end == m.end and patterns.match(r"[\s-]*(?:breast|brst|br\b|axilla)", lower[m.end : m.end + 10])
                )
                for n in _near(not_side, m)
            ):
                continue
            if word in ("left",) and (_is_verb(page, m) or _after_device(page, m, last_device)):
                continue
            if word in ("rt", "lt") and (
                page.pieces[m.piece].section == "signature"
                or lower[m.start - 1 : m.start] == "/"
                and page.pieces[m.piece].section != "title"
            ):
                continue
        elif (
            m.label == "action"
            and word in ("released", "freed", "opened")
            and patterns.search(
                r"\b(?:compression|breast|plate|paddle|pressure|patient|from)\s+(?:was\s+|were\s+|then\s+)*$",
                lower[max(0, m.start - 34) : m.start],
            )
            or m.label == "action"
            and word == "laid"
            and patterns.search(
                r"\b(?:trolley|tray|table|pack|set|instruments?)\s+(?:was\s+|were\s+)?$",
                lower[max(0, m.start - 24) : m.start],
            )
            or m.label == "action"
            and word == "released"
            and patterns.match(r"\s*from\s+(?:the\s+)?(?:compression|recovery|care)", lower[m.end : m.end + 24])
        ):
            continue
        elif m.label == "action" and word == "discharged":
            if (
                patterns.match(r"\s*(?:home|from|to\b|in\b|with|ambul|the\s+pat|at\b|$|\.)", lower[m.end : m.end + 14])
                and not patterns.search(
                    r"\b(?:seed|reflector|clip|wire|tag|marker)\s+was\s*$", lower[max(0, m.start - 20) : m.start]
                )
                and not patterns.match(
                    r"\s*(?:from\s+the\s+needle|in(?:to)?\s+the\s+(?:mass|node|cent))", lower[m.end : m.end + 26]
                )
                or patterns.search(
                    r"\b(?:patient|she|he|pt|was\s+then)\W+(?:was\s+)?$", lower[max(0, m.start - 20) : m.start]
                )
            ):
                continue
        elif m.label == "action" and word == "left":
            if not (_is_verb(page, m) or _after_device(page, m, last_device)):
                continue
        elif m.label == "device":
            kind = m.attrs.get("kind")
            gap = patterns.match(r"[ \t]*[:=]?[ \t]*", text[m.end : m.end + 6])
            if (
                page.blank
                and gap
                and page.is_blank(m.end + gap.end(), m.end + gap.end() + 2)
                and text[m.end + gap.end() : m.end + gap.end() + 2] in ("**", "__")
            ):
                continue
            if any(
                (
                    n.start <= m.start
                    and m.end <= n.end
                    or m.value == "radar_reflector"
                    and m.start < n.start < m.end
                    and word.endswith("scout")
                )
                and not (n.start == m.start and n.end == m.end and kind == "device")
                for n in _near(ignore, m)
            ):
                continue
            if kind == "shape" or (kind == "generic_tag" and not has_rfid):
                continue
            if kind == "generic_scout":
                if not has_radar or patterns.match(
                    r"[\s,+&-]*(?:view|image|film|and\s+(?:stereo|then|pair)|radiograph|mammo|tomo|plus|then|with|showed|obtained|acquired|was\s+(?:obtained|taken)|pair|pre\b|t1|stereo|\+)",
                    lower[m.end : m.end + 18],
                ):
                    continue
                m.attrs = {"kind": "device"}
            if kind == "generic_tag":
                m.attrs = {"kind": "device"}
            if kind == "generic_seed":
                m.value = (
                    next(iter(seed_kinds))
                    if len(seed_kinds) == 1
                    else ("radioactive_seed" if radioactive else "unnamed")
                )
                m.attrs = {"kind": "device" if m.value != "unnamed" else "generic"}
            if kind == "generic" and last_device is not None and m.start <= last_device.end + 1:
                last_device.end = max(last_device.end, m.end)
                continue
            if (
                last_device is not None
                and m.start <= last_device.end + 2
                and m.piece == last_device.piece
                and "," not in text[last_device.end : m.start]
                and "(" not in text[last_device.end : m.start]
            ):
                if (
                    last_device.attrs.get("kind") == "device"
                    and last_device.value not in ("clip", "wire")
                    and m.value == "clip"
                    and word in ("marker", "markers", "localization marker")
                ):
                    last_device.end = m.end  # "Magseed marker": the brand tells what the marker is
                    continue
                kinds = {m.attrs.get("kind"), last_device.attrs.get("kind")}
                if (
                    m.value == last_device.value
                    or kinds == {"brand_needle", "device"}
                    or (
                        kinds == {"device", "introducer"}
                        and last_device.attrs.get("kind") == "device"
                        and m.start > last_device.start
                    )
                ):
                    if m.attrs.get("kind") == "introducer" and last_device.attrs.get("kind") != "introducer":
                        # "reflector delivery needle" and "seed applicator" are the needle, not what it carries
                        last_device.value, last_device.attrs, last_device.rule = (
                            ("needle", m.attrs, m.rule)
                            if last_device.attrs.get("kind") == "device" and last_device.value != "wire"
                            else (last_device.value, {"kind": "brand_needle"}, last_device.rule)
                        )
                    elif last_device.attrs.get("kind") == "brand_needle":
                        last_device.attrs = m.attrs
                    last_device.end = max(last_device.end, m.end)
                    continue
            last_device = m
        elif (
            m.label == "clock"
            and not any(
                o.label in ("side", "target", "site", "site_breast", "fn", "quadrant", "device", "region", "depth")
                for o in page.pieces[m.piece].mentions
            )
            and page.pieces[m.piece].section not in ("location", "target")
            or m.label == "site"
            and any(n.start <= m.start < n.end for n in _near(site_ignore, m))
        ):
            continue
        out.append(m)
    return _corrections(out)


def _after_device(page: Page, m: Mention, device: Mention | None) -> bool:
    """`UltraClip left.`: the word follows a device and no breast follows it."""
    return (
        device is not None and 0 <= m.start - device.end <= 1 and not _SIDE_AFTER.match(page.lower[m.end : m.end + 34])
    )


def _is_verb(page: Page, m: Mention) -> bool:
    """Whether `left` is what was done, not a side."""
    before = page.lower[max(page.pieces[m.piece].start, m.start - 24) : m.start]
    after = page.lower[m.end : m.end + 34]
    if patterns.match(
        r"[\s,]*(?:in\s+(?:place|situ|position|the|her|his|that|this|it)|at\s|within|inside|behind|to\s|with\s|there|beside|undisturbed|on\s|as\s|for\s|where|the\s+(?:department|room|suite|hospital|magnet|clinic|unit|table|facility)|our\s|unchanged|ambulatory|alone|without|untouched|it\s)",
        after,
    ):
        return not patterns.match(
            r"[\s,]*(?:in|at|within|inside|to|with|on|as|for|where|the)?\s*(?:breast|brst|axilla)", after
        ) or bool(_AUX_BEFORE.search(before))
    if patterns.search(r"\b(?:i|we|she|he|they|who|surgeon|radiologist)\s*$", before) and not patterns.match(
        r"[\s,]*(?:breast|brst|axilla|side)", after
    ):
        return True
    if _SIDE_AFTER.match(after) and not patterns.search(r"\b(?:was|were|been|it|is)\s*$", before):
        return False
    return bool(
        patterns.search(
            r"\b(?:was|were|been|nothing|device|wires?|clips?|marker|hookwire|needle|seed|reflector|tag)\s*$", before
        )
    ) and not _SIDE_AFTER.match(after)


def _letters(page: Page) -> list[Mention]:
    """L and R where only a side can be meant: before a place, and as the value of a side field or a table cell."""
    out = []
    found: set[int] = set()
    alone = page.words is None or "l" in page.words[0] or "r" in page.words[0]
    for pattern, field_only in ((_LETTER_SIDE, False), (_LETTER_HEAD, False), (_LETTER_FIELD, True)):
        if pattern is not _LETTER_SIDE and not alone:
            continue
        for m in pattern.finditer(page.text):
            i = page.piece_at(m.start())
            piece = page.pieces[i]
            if not (piece.start <= m.start() < piece.end) or m.start() in found:
                continue
            if field_only:
                cell = patterns.search(r"\|\s*$", page.text[max(0, m.start() - 6) : m.start()]) and patterns.match(
                    r"\s*\|", page.text[m.end() : m.end() + 12]
                )
                if not (cell or (piece.section == "side" and m.start() >= piece.content)):
                    continue
            if page.text[m.start(1)].islower() and not field_only:
                continue
            if piece.section == "signature" or (page.blank and page.is_blank(m.start(), m.end())):
                continue
            found.add(m.start())
            side = Mention(
                m.start(1), m.start(1) + 1, "side", "left" if m[1] in "lL" else "right", "laterality.letter", {}
            )
            side.piece, side.section = i, piece.section
            side.clause = max(bisect_right(piece.clauses, side.start) - 1, 0)
            neighbour = next(
                (o for o in piece.mentions if o.start >= m.start()), piece.mentions[-1] if piece.mentions else None
            )
            if neighbour is not None:
                side.assertion = (
                    neighbour.assertion
                    if neighbour.assertion in ("ordered", "historical", "planned", "other_person")
                    else "present"
                )
            out.append(side)
    return out


def _corrections(mentions: list[Mention]) -> list[Mention]:
    """A speaker who says "left, correction, right" means right: the word corrected goes."""
    marks = [m for m in mentions if m.label == "correction"]
    if not marks:
        return mentions
    gone: set[int] = set()
    for mark in marks:
        after = [m for m in mentions if mark.end <= m.start <= mark.end + 30]
        before = [m for m in mentions if mark.start - 45 <= m.start and m.end <= mark.start]
        for label in ("side", "clock", "device", "target", "guidance", "times", "size", "fn", "quadrant"):
            new = next((m for m in after if m.label == label), None)
            old = next((m for m in reversed(before) if m.label == label), None)
            if new is not None and old is not None and new.value != old.value:
                gone.add(id(old))
    return [m for m in mentions if id(m) not in gone]
