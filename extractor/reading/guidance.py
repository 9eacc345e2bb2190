"""How each device was brought to its target: the modality the body names or describes.

Imaging that found the lesion earlier, confirmed the device afterwards or radiographed a specimen is no guidance; a title is no evidence;
a modality that was given up does not count where another placed the device. Sources: annotation guideline (guidance);
coding fact sheet, section 3.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from extractor import patterns
from extractor.nlp.page import Mention
from extractor.reading.events import Event
from extractor.reading.slots import TECHNIQUE
from extractor.reading.words import Reader

_CONFIRM = patterns.compile(
    r"\b(?:post[- ]?(?:procedure|placement|deployment|localization|localisation|clip|biopsy|release)?|after(?:wards?)?|following\s+(?:deployment|placement|release)|final|closing|last|confirm\w*|verif\w+|check|repeat|subsequent(?:ly)?|"
    r"demonstrat\w+|shows?|showed|document\w*|obtained\s+for|for\s+the\s+surgeon|separately|own\s+accession)\b",
    re.I,
)
_BIOPSY_NEXT = patterns.compile(
    r"[\s-]*(?:guided|guidance|assisted)?[\s-]*(?:vacuum[\s-]*assisted\s+|vacuum\s+|core\s+|needle\s+|guided\s+){0,4}(?:biops|core|bx|sampl|fna|aspirat|vabs?\b|vabb|vaab|vae\b|cnb|vac\b)",
    re.I,
)
_GIVEN_UP = patterns.compile(
    r"\b(?:abandon\w*|unsuccessful\w*|failed|given\s+up|gave\s+up|aborted|could\s+not\s+be\s+(?:seen|found|identified|visualized|visualised|reached|targeted|told|picked)|not\s+(?:be\s+)?(?:seen|visible|visualized|visualised|identified|found|identifiable|reproduc\w+)|"
    r"unable\s+to|was\s+not\s+possible|not\s+feasible|too\s+faint|tried\s+first|attempted\s+first|first\s+attempt\w*|initially\s+attempted|hid\s+it|no\s+(?:sonographic|ultrasound|mammographic)\s+correlate|looked\s+for\s+with|originally\s+(?:planned|scheduled)|"
    r"(?:was|were|had\s+been)\s+(?:ordered|scheduled|requested|booked|planned)|order(?:ed)?\s+(?:was|asked|as|for|said)|converted|switched|changed\s+to|instead\s+of|rather\s+than|in\s+place\s+of|moved\s+(?:to|from)|decision\s+was\s+made\s+to|could\s+not)\b",
    re.I,
)
_SWITCH = patterns.compile(
    r"\b(?:convert\w*|switch\w*|instead|changed\s+(?:to|over)|moved\s+(?:to|from|over)|was\s+(?:therefore\s+)?(?:re)?done\s+(?:under|with|by)|rather\s+than|abandon\w*|protocoled\s+as|exam\s+was\s+ordered|order\s+(?:asked|was|said|reads|in\s+the\s+system)|ordered\s+as|scheduled\s+as|booked\s+as|originally\s+(?:scheduled|ordered|planned)|title|template|default|in\s+lieu)\b",
    re.I,
)
_FINDING = patterns.compile(
    r"\b(?:seen|identified|visible|visualized|visualised|demonstrated|found|detected|noted|shown|occult|correlate|second[\s-]*look|finding|correspond\w*|known|only)\b[\w\s,-]{0,14}$",
    re.I,
)
_SCHEDULED = patterns.compile(
    r"\b(?:scheduled|planned|intended|ordered)\s+(?:procedure|exam|as|for)\b|\bprocedure\s+(?:scheduled|planned|ordered)\b",
    re.I,
)
_APART = patterns.compile(
    r"\b(?:elsewhere|not\s+part\s+of\s+this|separate\s+(?:session|report)|own\s+report|yesterday|earlier\s+today|protocol+ed\s+as|order\s+(?:asked|was|reads|said)|(?:was|were|is)\s+(?:originally\s+)?(?:ordered|scheduled|booked)\s+(?:as|for))\b",
    re.I,
)
_FOLLOWED = patterns.compile(
    r"\b(?:needle|introducer|tip|applicator|probe)\b[^.;]{0,60}\b(?:throughout|all\s+(?:the\s+way|along)|the\s+(?:whole|entire)\s+(?:way|time)|continuous\w*|in\s+real\s+time)\b"
    r"|\b(?:throughout|all\s+(?:the\s+way|along)|the\s+(?:whole|entire)\s+(?:way|time)|continuous\w*|in\s+real\s+time)\b[^.;]{0,60}\b(?:needle|introducer|tip|applicator)\b"
    r"|\b(?:kept|held)\s+on\s+the\s+(?:needle|tip|introducer)\b"
)
_TIME_OUT = patterns.compile(
    r"\btime[- ]?out\b|\bt/o\b|\bto\s+(?:done|held|\d{4}\b)|\bname\s*/\s*dob\b|\bidentifiers\b|\bcheck\s?list\b|\bpause\b|\buniversal\s+protocol\b"
)
MODALITIES = ("stereotactic", "tomosynthesis", "mammographic", "ultrasound", "mri", "ct", "fluoroscopic", "none")


@dataclass(slots=True)
class Support:
    """Mentions that support each modality, strongest kinds first; `given_up` are those the body says were left for another."""

    named: dict[str, list[Mention]] = field(default_factory=dict)
    technique: dict[str, list[Mention]] = field(default_factory=dict)
    given_up: dict[str, list[Mention]] = field(default_factory=dict)

    def all(self) -> dict[str, list[Mention]]:
        out: dict[str, list[Mention]] = {}
        for source in (self.technique, self.named):
            for k, v in source.items():
                out.setdefault(k, []).extend(v)
        return out


_NOT_USED = patterns.compile(r"\bnot\s+used\b")


def collect(
    r: Reader,
    clauses: set[tuple[int, int]] | None,
    events: list[Event],
    *,
    biopsy: bool = False,
    technique: bool = False,
) -> Support:
    """Support from the given clauses (None: the whole body)."""
    out = Support()
    acting = {
        (e.piece.index, e.clause)
        for e in events
        if e.kind in ("placed", "advanced", "brand", "needle_left", "sampled", "failed")
    }
    acting_pieces = {i for i, _ in acting}
    moved = {e.piece.index for e in events if e.kind in ("placed", "advanced")}
    for m in r.all("guidance", "coordinates"):
        piece = r.piece(m)
        if clauses is not None and (m.piece, m.clause) not in clauses:
            continue
        if m.assertion in ("historical", "planned", "other_person", "ordered", "blank", "hypothetical"):
            continue
        if technique and piece.section not in TECHNIQUE:
            continue
        if piece.section not in TECHNIQUE | {"impression", "findings", "addendum"} or piece.section in (
            "time_out",
            "consent",
        ):
            continue
        value = "stereotactic" if m.label == "coordinates" else m.value
        tier = "technique" if m.label == "coordinates" else m.attrs.get("tier")
        text = r.piece_text(piece)
        clause_text = _clause_text(r, m)
        if m.assertion == "absent" or r.may(_NOT_USED, piece) and _NOT_USED.search(clause_text):
            continue
        if (
            not biopsy
            and any(
                o.label == "action" and o.value == "sample" and o.start < m.start and m.start - o.end < 30
                for o in r.clause(m)
            )
            and not any(o.label == "action" and o.value in ("deploy", "place", "advance") for o in r.clause(m))
        ):
            continue
        if not biopsy and _BIOPSY_NEXT.match(r.text, m.end, min(len(r.text), m.end + 40)):
            continue
        if tier == "named" and piece.index not in moved and r.may(_TIME_OUT, piece) and _TIME_OUT.search(text):
            continue
        if r.may(_APART, piece) and _APART.search(text):
            continue
        if piece.section != "impression" and r.may(_SCHEDULED, piece) and _SCHEDULED.search(text):
            continue
        if (
            tier in ("named", "imaging", "technique")
            and _FINDING.search(r.before(m, 34))
            and tier != "technique"
            and not patterns.search(r"guid|control", r.words_of(m).lower())
        ):
            continue
        if tier == "weak" or patterns.match(
            r"[\s-]*(?:detected|found|identified|visible|occult|seen|only\b|correlate|finding)", r.after(m, 16)
        ):
            continue
        if r.may(_GIVEN_UP, piece) and _GIVEN_UP.search(clause_text) and _dropped(r, m):
            out.given_up.setdefault(value, []).append(m)
            continue
        if tier == "imaging":
            if piece.section == "guidance" or (
                piece.heading and r.lower[piece.heading[0] : piece.heading[1]].startswith(("guid", "modal"))
            ):
                tier = "named"
            elif (
                value in ("mammographic",)
                or piece.section in ("findings", "impression")
                or _CONFIRM.search(clause_text)
            ):
                continue
            elif (
                (m.piece, m.clause) in acting
                or value == "ultrasound"
                and _FOLLOWED.search(clause_text)
                or piece.index in acting_pieces
                and value in ("mri", "ct", "ultrasound")
                and patterns.search(r"\b(?:with|by|on|using|under|via)\s+(?:the\s+)?(?:\w+\s+)?$", r.before(m, 24))
            ):
                tier = "named"
            else:
                continue
        if piece.section == "findings" and tier == "technique" and value in ("tomosynthesis", "mri", "mammographic"):
            continue
        if (
            tier == "technique"
            and value in ("tomosynthesis",)
            and patterns.search(r"\b(?:final|closing|last|post)\b", clause_text)
            and not patterns.search(r"\bdepth\b", clause_text)
        ):
            continue
        if tier == "named" and value == "mammographic" and piece.section == "findings" and _CONFIRM.search(clause_text):
            continue
        if (
            tier == "named"
            and value == "tomosynthesis"
            and (m.piece, m.clause) not in acting
            and patterns.match(r"(?:with|plus|and)\b", r.words_of(m).lower())
            and _CONFIRM.search(clause_text)
        ):
            continue
        if (
            tier == "named"
            and value in ("ultrasound", "tomosynthesis")
            and patterns.search(
                r"\b(?:confirm\w*|verif\w+|scan(?:ned|ning)|re-?identif\w+|evaluat\w+|mapped|survey)\b", clause_text
            )
            and not patterns.search(r"guid|control|real|continuous|direct", r.words_of(m).lower())
            and (m.piece, m.clause) not in acting
        ):
            continue
        (out.named if tier == "named" else out.technique).setdefault(value, []).append(m)
    _settle(r, out)
    return out


def _clause_text(r: Reader, m: Mention) -> str:
    piece = r.piece(m)
    low = piece.clauses[m.clause] if m.clause < len(piece.clauses) else piece.start
    high = piece.clauses[m.clause + 1] if m.clause + 1 < len(piece.clauses) else piece.end
    return r.lower[low:high]


def _dropped(r: Reader, m: Mention) -> bool:
    """Whether the modality named is the one that was left, not the one that was turned to."""
    return not patterns.search(
        r"\b(?:moved\s+(?:over\s+)?to|converted\s+to|switched\s+to|changed\s+to|instead\s+(?:done|performed|under|with)|then\s+(?:moved|taken|done)|turned\s+to|proceeded\s+(?:to|with))\s+(?:the\s+|a\s+)?(?:\w+\s+){0,3}$",
        r.before(m, 60),
    )


def _settle(r: Reader, s: Support) -> None:
    """Words that belong to another modality's technique go there: the grid of an MR coil is no mammographic grid."""
    everything = s.all()
    if len(everything) > 1 and all("direct" in r.words_of(m).lower() for m in everything.get("none", ())):
        s.named.pop("none", None)  # direct visualization, of the screen
    if "mri" in everything and "mammographic" in s.technique and "mammographic" not in s.named:
        if "mri" in s.technique or any(
            patterns.search("guid|under|using", r.words_of(m).lower()) for m in s.named.get("mri", ())
        ):
            s.technique.pop("mammographic")
    if "mammographic" in s.technique and "mammographic" not in s.named and set(titled(r)) == {"mri"}:
        # under a title of MR alone, a grid is the grid of the coil also where the lesion's own words do not say so
        if all("grid" in r.words_of(m).lower() for m in s.technique["mammographic"]):
            s.technique.pop("mammographic")
    if "tomosynthesis" in everything and "mammographic" in s.technique:
        s.technique["mammographic"] = [
            m
            for m in s.technique["mammographic"]
            if not r.words_of(m).lower().startswith("open ") or "grid" in r.words_of(m).lower()
        ]
        if not s.technique["mammographic"]:
            s.technique.pop("mammographic")
    if "mri" in s.technique and "mri" not in s.named:
        # contrast and coils alone, beside another named guidance, are the earlier examination
        if set(s.named) - {"mri"} and not any(
            "grid" in r.words_of(m).lower() or "coil" in r.words_of(m).lower() or "compatible" in r.words_of(m).lower()
            for m in s.technique["mri"]
        ):
            s.technique.pop("mri")
    if "mammographic" in s.technique and {"stereotactic"} & set(everything):
        words = [r.words_of(m).lower() for m in s.technique["mammographic"]]
        if all(w in ("grid", "the grid") for w in words):
            s.technique.pop("mammographic")
    if "stereotactic" in s.technique and set(s.technique) & {"mammographic", "mri"}:
        only = [
            m
            for m in s.technique["stereotactic"]
            if m.label != "coordinates" and "coordinate" not in r.words_of(m).lower()
        ]
        if not only and "stereotactic" not in s.named:
            s.technique.pop("stereotactic")
    if "ultrasound" in s.technique and "ultrasound" not in s.named and (set(everything) - {"ultrasound"}):
        s.technique.pop("ultrasound")


def combine(s: Support) -> tuple[str | None, bool, list[str]]:
    """(modality, tomosynthesis as well, conflicting modalities)."""
    found = [k for k in MODALITIES if k in s.named or k in s.technique]
    tomo = "tomosynthesis" in found
    real = [k for k in found if k not in s.given_up or k in s.technique and k not in ("ultrasound",)]
    if len(real) > 1:
        kept = [k for k in real if k not in s.given_up]
        real = kept or real
    if not real and found:
        real = found
    if "stereotactic" in real and tomo:
        real.remove("tomosynthesis")
    if "mammographic" in real and "tomosynthesis" in real:
        if "mammographic" in s.technique and "tomosynthesis" not in s.named:
            real.remove("tomosynthesis")
        elif "mammographic" not in s.technique:
            real.remove("mammographic")
    if "none" in real and len(real) > 1:
        real.remove("none")
    if "ct" in real and "fluoroscopic" in real:
        real.remove("fluoroscopic")
    if len(real) == 1:
        return real[0], tomo and real[0] == "stereotactic", []
    return None, tomo, real


_LEFT_OFF = patterns.compile(
    r"\b(?:abandon\w*|unsuccessful\w*|taken\s+out|came\s+out|taken\s+over|nothing\s+(?:was\s+)?(?:deployed|placed|left)|no\s+(?:wire|device|seed|reflector)\s+(?:was\s+)?(?:deployed|placed|left)|moved\s+(?:over\s+)?to|walked\s+to|transferred\s+to|converted|switched|gave\s+up|given\s+up|could\s+not|can\s?not|not\s+(?:seen|visible|visuali[sz]ed|the\s+lesion)|failed|instead)\b",
    re.I,
)


def turned_to(r: Reader, s: Support, modalities: list[str], placed_at: int) -> str | None:
    """Of two modalities described one after the other, the one that was turned to after the first was left, if the note says so."""
    spans = []
    for k in modalities:
        ms = [m for m in s.all().get(k, []) if r.piece(m).section in TECHNIQUE or r.piece(m).section == "findings"]
        if not ms:
            return None
        spans.append((min(m.start for m in ms), max(m.end for m in ms), k))
    spans.sort()
    for a, b in zip(spans, spans[1:], strict=False):
        if b[0] < a[0] or not _LEFT_OFF.search(r.text, a[0], b[1]):
            return None
        if a[1] > b[0] and not _LEFT_OFF.search(r.text, a[0], b[0] + 60):
            return None
    return spans[-1][2] if placed_at < 0 or spans[-1][0] <= placed_at + 200 else None


_CORRECTION = patterns.compile(
    r"\b(?:error|incorrect\w*|correct(?:s|ed|ion)?|should\s+(?:be|read|say|state)|misspoken|wrong\w*|mis-?dictat\w+|erroneous\w*|mistake\w*|misstat\w+|amend\w*)\b",
    re.I,
)
_NOT_THIS = patterns.compile(r"\b(?:not|instead\s+of|rather\s+than|never)\s+(?:under\s+|with\s+|by\s+)?$")
_AS_WRITTEN = patterns.compile(
    r"\b(?:states?|stated|listed|lists?|says?|said|dictated|reads?|reported|describes?|described|incorrectly|erroneously|named?)\b[^.;]*$"
)

_WAS_WRONG = patterns.compile(
    r"(?:\s+(?:guidance|guided|localization))?\s+(?:was|is|were)\s+(?:\w+\s+)?(?:dictated|stated|listed|wrong|incorrect|erroneous\w*|(?:an?|in)\s+error|a\s+mistake)"
)


def corrected(r: Reader) -> tuple[str, list[Mention]] | None:
    """The modality that an addendum gives where it corrects the guidance, with its words; None where it leaves one of several open."""
    found: dict[str, list[Mention]] = {}
    for m in r.all("guidance"):
        piece = r.piece(m)
        if (
            not piece.addendum
            or m.assertion not in ("present", "uncertain", "planned")
            or m.attrs.get("tier") == "weak"
        ):
            continue
        if m.attrs.get("tier") != "named" and not patterns.search(r"guid|modalit", r.piece_text(piece)):
            continue
        start = piece.start
        if piece.index and r.page.pieces[piece.index - 1].addendum == piece.addendum:
            start = r.page.pieces[piece.index - 1].start
        if any(x.label == "side" for x in piece.mentions) or not _CORRECTION.search(r.text, start, piece.end):
            continue
        before = r.before(m, 90)
        if _NOT_THIS.search(before) or _WAS_WRONG.match(r.after(m, 60)):
            continue
        if _AS_WRITTEN.search(before) and "should" not in before:
            continue
        found.setdefault(m.value, []).append(m)
    return next(iter(found.items())) if len(found) == 1 else None


def explained(r: Reader) -> bool:
    """Whether the body says why the order or title names another modality."""
    return any(
        _SWITCH.search(r.text, p.start, p.end) and any(m.label == "guidance" for m in p.mentions)
        for p in r.holding(_SWITCH)
        if p.section not in ("title", "order", "history")
    )


def titled(r: Reader) -> dict[str, list[Mention]]:
    """Modalities of the title and exam lines. Order lines that stand apart from a `performed` line are left out."""
    out: dict[str, list[Mention]] = {}
    for m in r.all("guidance"):
        piece = r.piece(m)
        if piece.section != "title" or m.value == "unspecified" or m.assertion == "absent":
            continue
        if (
            _BIOPSY_NEXT.match(r.text, m.end, min(len(r.text), m.end + 40))
            or patterns.search(r"\bpost\b|mammogram\s*$|\bwith\s+(?:\w+\s+)?$", r.before(m, 16))
            and m.attrs.get("tier") == "imaging"
        ):
            continue
        if (
            m.value == "mammographic"
            and m.attrs.get("tier") == "imaging"
            and patterns.search(r"post|clip|check", r.before(m, 30))
        ):
            continue
        if (
            m.value == "mammographic"
            and m.attrs.get("tier") == "imaging"
            and r.words_of(m).lower() in ("mammogram", "mammograms", "mammography")
        ):
            continue
        out.setdefault(m.value, []).append(m)
    return out
