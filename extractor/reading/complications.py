"""Complications: whether the note speaks of them for this session, and which happened.

Risks named in a consent, an earlier biopsy's hematoma and instructions to the patient do not count. "No complications aside from" an event
is no contradiction; "no complications" beside an event is. Source: annotation guideline (complications).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from extractor import patterns
from extractor.nlp.page import Mention, Piece
from extractor.reading.words import Reader

_OLD = patterns.compile(
    r"\b(?:prior|previous(?:ly)?|earlier|old|known|residual|resolv(?:ed|ing)\s+(?:post|since|from)|(?:from|after|of)\s+(?:the|her|his|a)?\s*(?:\w+\s+)?(?:biopsy|core|cores)|post[- ]?biopsy|biopsy[- ]related|again\s+(?:seen|noted|demonstrated|identified)|unchanged|no\s+larger|smaller|last\s+(?:week|month|year)|biopsy\s+h(?:a)?ematoma|(?:has|had)\s+(?:shrunk|gone|resolved|decreased)|shrunk|history\s+of|\bhx\b|years?\s+ago|"
    r"teenager|as\s+a\s+child|in\s+(?:19|20)\d\d|gone\s+on|since\s+resolved|then,\s+gone|described\s+after|has\s+resolved|at\s+the\s+time\s+of|that\s+day)\b",
    re.I,
)
_NEW = patterns.compile(
    r"\b(?:new|fresh|small\s+new|developed|developing|occurred|formed|today|during|immediately|collected|interval|acute|just)\b",
    re.I,
)
_RISK = patterns.compile(
    r"\b(?:risks?|potential|possible|possibility|may\s+(?:occur|develop)|include|including|alternatives|explained|discussed|counsel\w*|reviewed|report\s+any|call\s+(?:if|for)|watch\s+for|return\s+(?:if|for)|instructed|instructions|warn\w*|should|precautions|signs\s+(?:of|and)|in\s+case|if\s+(?:she|he|you|there|any))\b",
    re.I,
)
_LIMITED = patterns.compile(r"\b(?:other|further|additional|otherwise|aside|apart|except|else|beyond|than)\b", re.I)
_WITHOUT_FAILURE = patterns.compile(
    r"\b(?:patient|pt|she|he)\s+(?:failed|did\s+not|could\s+not|would\s+not|refused)", re.I
)
_MIGRATION_SUBJECT = patterns.compile(
    r"\b(?:wire|hook|seed|clip|reflector|marker|tag|device|tip|scout|magseed|localizer|hookwire|it|first|second|one|needle)\b",
    re.I,
)
_NOT_MIGRATED = patterns.compile(r"\b(?:no|not|without|neither|nor|minimal|negligible)\b[\w\s]{0,30}$", re.I)
_MILD = patterns.compile(
    r"\b(?:minimal|minor|slight|trace|scant|expected|usual|trivial|negligible|mild|self-limited\s+oozing)\b[\w\s-]{0,22}$",
    re.I,
)
_DEVICE_FAIL_OK = patterns.compile(
    r"\b(?:device|wire|hook|hookwire|seed|clip|reflector|marker|tag|applicator|system|assembly|mechanism|button|trigger|plunger|introducer|needle|deployer|handpiece|it|magseed|scout|barb|anchor|set|kit)\b",
    re.I,
)


@dataclass(slots=True)
class Outcome:
    """`documented`: the note says there were none, or names one. `denied` and `items` hold the words; `conflict` when both stand
    against each other."""

    documented: bool = False
    denied: list[Mention] = field(default_factory=list)
    items: dict[str, list[Mention]] = field(default_factory=dict)
    conflict: bool = False


_SESSION = frozenset(
    {
        "technique",
        "findings",
        "impression",
        "complications",
        "addendum",
        "comment",
        "device",
        "target",
        "location",
        "guidance",
        "anesthesia",
        "plan",
        "header",
        "time_out",
    }
)


def read(r: Reader) -> Outcome:
    out = Outcome()
    specific: list[Mention] = []
    for m in r.all("complication_none", "complication_word", "complication", "complication_trouble"):
        piece = r.piece(m)
        text = r.piece_text(piece)
        if (
            piece.section in ("history", "comparison", "family", "consent", "title", "order")
            and m.label != "complication_none"
        ):
            continue
        if m.label == "complication_none":
            if m.assertion in ("planned", "hypothetical", "historical", "other_person", "ordered") or piece.section in (
                "history",
                "comparison",
                "consent",
            ):
                continue
            if (
                r.words_of(m).lower() == "smoothly"
                and "course" not in text
                and "proceed" not in text
                and "went" not in text
            ):
                continue
            if (
                patterns.search(
                    r"\b(?:recovery|pregnancy|prior|previous|biopsy\s+was|mastectomy|surgery)\b", r.before(m, 40)
                )
                and "procedure" not in text
            ):
                continue
            out.documented = True
            out.denied.append(m)
        elif m.label in ("complication_word", "complication_trouble"):
            if m.assertion == "absent":
                if m.label == "complication_trouble" and piece.section == "complications" and m.start < piece.content:
                    pass
                elif (
                    m.label == "complication_trouble"
                    and piece.section != "complications"
                    and not patterns.search(r"\b(?:no|without|nil)\b[\w\s]{0,16}$", r.before(m, 28))
                ):
                    continue
                if (
                    m.label == "complication_trouble"
                    and patterns.search(
                        r"\bno\s+(?:other\s+)?(?:difficult|trouble|problem)\w*\s+(?:of\s+any\s+kind|seeing|finding|locat\w+)",
                        text,
                    )
                    and "any kind" not in text
                ):
                    continue
                out.documented = True
                out.denied.append(m)
            elif (
                m.label == "complication_word" or piece.section == "complications" and m.start < piece.content
            ) and _none_follows(r, m):
                out.documented = True
                out.denied.append(m)
        elif m.assertion == "absent":
            if m.value in (
                "hematoma",
                "bleeding",
                "pneumothorax",
                "vasovagal",
                "device_migration",
                "infection",
            ) and not patterns.search(r"risk", text):
                specific.append(m)
        elif m.assertion in ("present", "uncertain", "planned") and _happened(r, m, piece, text):
            out.items.setdefault(m.value, []).append(m)
    for m in r.all("answer"):
        piece = r.piece(m)
        if (
            piece.section == "complications"
            and m.start >= piece.content
            and r.words_of(m).lower() in ("none", "nil")
            and m.assertion != "blank"
        ):
            out.documented = True
            if not any(d.piece == m.piece for d in out.denied):
                out.denied.append(m)
    box = _box_items(r)
    for value, mentions in box.items():
        out.items.setdefault(value, []).extend(mentions)
    if out.items:
        out.documented = True
    if (
        specific
        and not out.documented
        and len({m.value for m in specific} & {"hematoma", "bleeding", "pneumothorax"}) >= 1
    ):
        if any(
            r.piece(m).section in ("complications", "impression", "findings", "technique", "comment", "addendum")
            for m in specific
        ):
            out.documented = True
            out.denied.extend(specific)
    for m in out.denied:
        piece = r.piece(m)
        if piece.section == "complications" and piece.heading and m.end < piece.end and piece.end - piece.start < 160:
            m.end = piece.end
    real = set(out.items)
    if out.denied and real:
        out.conflict = _contradicted(r, out)
    return out


def _none_follows(r: Reader, m: Mention) -> bool:
    piece = r.piece(m)
    if piece.heading and m.start < piece.content:
        return bool(
            patterns.match(
                r"\W*(?:x\W+)?(?:none|nil|no\b|0\b|zero|denied|n/a\b|absent)",
                r.filled(piece)[piece.content - piece.start :],
            )
        )
    after = r.lower[m.end : m.end + 40]
    return bool(
        patterns.match(
            r"\s*(?:\([^)]*\)|\b[a-d1-4]\b)?\s*(?:s\b)?\s*(?:[:=.-]+|\bwere\b|\bwas\b|\s{2,})?\s*(?:\[x\]|\(x\)|■)?\s*(?:none|nil|no\b|0\b|zero|denied|n/a\b|not\s+encountered|absent|not\s+seen)",
            after,
        )
    ) and not r.page.is_blank(m.start, m.end)


def _happened(r: Reader, m: Mention, piece: Piece, text: str) -> bool:
    if piece.section not in _SESSION or m.assertion == "planned" and piece.section == "plan":
        return False
    if m.assertion == "planned":
        return False
    window = r.lower[max(piece.start, m.start - 90) : min(piece.end, m.end + 80)]
    before = r.lower[max(piece.start, m.start - 60) : m.start]
    if (
        m.value == "hematoma"
        and patterns.search(r"\bthe\s+$", before)
        and not _NEW.search(window)
        and any(
            o is not m
            and o.value == "hematoma"
            and (o.assertion == "historical" or _OLD.search(r.lower[max(0, o.start - 60) : o.end + 40]))
            for o in r.all("complication")
        )
    ):
        return False
    if _RISK.search(before) and not _NEW.search(window) or patterns.search(r"\brisks?\b", text):
        return False
    if (
        m.value
        in (
            "hematoma",
            "infection",
            "bleeding",
            "allergic_reaction",
            "vasovagal",
            "retained_fragment",
            "device_failure",
        )
        and _OLD.search(window)
        and not (_NEW.search(window) and not patterns.search(r"\b(?:prior|previous|post[- ]?biopsy|again)\b", window))
    ):
        return False
    if (
        patterns.search(r"\b(?:allerg(?:y|ies)|intoleran)\w*", text)
        and m.value == "allergic_reaction"
        and not patterns.search(r"\bdevelop\w*|hives|urticaria|rash|today\b", text)
    ):
        return False
    if m.value == "allergic_reaction" and piece.heading and "allerg" in r.lower[piece.heading[0] : piece.heading[1]]:
        return False
    if m.value == "allergic_reaction" and patterns.search(
        r"\b(?:no|without|previous|prior|history|reports?|denies|last|twice)\b", before[-50:]
    ):
        return False
    if m.value == "bleeding":
        if (
            _MILD.search(before)
            or patterns.search(
                r"\b(?:hemostasis|controlled\s+with\s+brief|stopped\s+with\s+(?:brief|gentle|light|minimal)|minimal|scant|none|easily)\b",
                window,
            )
            and not patterns.search(
                r"\bbrisk|pulsatile|significant|pressure\s+(?:held|for)|\d+\s*(?:ml|cc)|packed|sutur|minutes", window
            )
        ):
            return False
        if patterns.search(r"\b(?:blood loss)\b", r.words_of(m).lower()) and not patterns.search(
            r"\b(?:[3-9]\d|\d{3})\s*(?:ml|cc)\b", window
        ):
            return False
        if patterns.search(r"bleeding\s+(?:disorder|risk|diathesis|history|tendenc|time)", window):
            return False
    if m.value == "device_migration":
        if (
            not _MIGRATION_SUBJECT.search(window)
            or _NOT_MIGRATED.search(before)
            or patterns.search(
                r"\b(?:patient|she|he|breast|table|room|case)\s+(?:was\s+|had\s+)?(?:moved|shifted)", window
            )
        ):
            return False
        if patterns.search(
            r"\b(?:implant[- ]displaced|displaced\s+views?|implant\s+displace)\b", window
        ) or patterns.search(r"moved\s+(?:to|into)\s+the", window):
            return False
        if patterns.search(
            r"\b(?:prior|previous|old|known|existing|biopsy)\s+(?:\w+\s+)?(?:clip|marker)", window
        ) and not patterns.search(r"\b(?:wire|seed|reflector|tag)\b", window):
            return False
    if m.value == "device_failure" and (_WITHOUT_FAILURE.search(window) or not _DEVICE_FAIL_OK.search(window)):
        return False
    if m.value == "skin_injury" and patterns.search(r"\bno\b", before[-20:]):
        return False
    if m.value == "severe_pain" and patterns.search(r"\b(?:no|without|denies|denied)\b", before[-30:]):
        return False
    if m.value == "infection" and not patterns.search(r"\bdevelop|noted|present|drain|cellulit", window):
        return False
    if patterns.search(r"\b(?:was|were)\s+(?:not\s+)?(?:discussed|explained|reviewed)\b", text) and m.value in (
        "hematoma",
        "bleeding",
        "infection",
        "device_migration",
    ):
        return False
    return not patterns.match(r"\s*[:=.]+\s*(?:\[\s*\]|no\b|none|nil|0\b|-\s*$)", r.lower[m.end : m.end + 14])


def _box_items(r: Reader) -> dict[str, list[Mention]]:
    """Complications ticked on a form count also where their line names risks."""
    out: dict[str, list[Mention]] = {}
    for a, b in r.page.checked:
        for m in r.mentions:
            if m.label == "complication" and a <= m.start < b and m.assertion == "present":
                out.setdefault(m.value, []).append(m)
    return out


def _contradicted(r: Reader, out: Outcome) -> bool:
    """Whether a denial of all complications stands unexplained beside one that happened."""
    items = [m for ms in out.items.values() for m in ms]
    for d in out.denied:
        if d.label == "complication":
            continue
        piece = r.piece(d)
        text = r.filled(piece)
        if _LIMITED.search(text):
            continue
        if d.label == "complication_trouble":
            continue
        # a statement in the same sentence or the next explains itself: "none apart from", "vasovagal episode; no other"
        if any(m.piece == d.piece for m in items) and not patterns.search(r"\bnone\b|\bno\b", text):
            continue
        if patterns.search(
            r"\b(?:after|second|repeat|replacement|remainder)\b", r.lower[max(piece.start, d.start - 40) : d.end + 40]
        ) and set(out.items) <= {"device_failure", "device_migration"}:
            continue
        if set(out.items) <= {"device_failure"} and not patterns.search(r"complication", text):
            continue
        return True
    return False
