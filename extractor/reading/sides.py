"""Which side: of each lesion, and whether the note contradicts itself about it.

A side counts where it is said of this procedure: in the title, with the target or the device, in the impression. The other breast's
history, cysts and normal findings are no contradiction; an addendum that corrects settles it. Source: annotation guideline
(laterality; conflicting).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from extractor import patterns
from extractor.nlp.page import Mention
from extractor.reading.slots import Layout, active
from extractor.reading.words import Reader

_OTHER = patterns.compile(
    r"\b(?:negative|normal|cysts?|unremarkable|clear|clean|years?\s+ago|lumpectomy\s+(?:scar|in|bed)|mastectomy|bi-?rads\s*[123]\b|implant|not\s+(?:imaged|addressed|treated|examined|scanned|assessed|evaluated|touched|included)|surveillance|benign|contralateral|opposite|other\s+breast|nothing\s+(?:was\s+)?(?:placed|planned|on\s+the)|only\s+none|none\s+on|"
    r"no\s+suspicious|separate\s+(?:report|session)|own\s+report|was\s+not\s+(?:imaged|done)|no\s+findings?|lateral\s+decubitus|\bhistory|status\s+post|s/p|prior|previous|remote|20[01]\d|19\d\d)\b",
    re.I,
)
_CORRECTS = patterns.compile(
    r"\b(?:error|incorrect\w*|corrects?|corrected|correction|should\s+(?:be\s+)?(?:read|say|state|be)|misspoken|wrong\w*|mis-?dictat\w+|in\s+error|erroneous\w*|mistake\w*|misstat\w+|mislabel\w*|amend\w*|template|carry-?over|carried\s+(?:over|forward)|macro|past(?:e|ed)|was\s+(?:the\s+)?(?:side|breast)|transpos\w+|voice\s+recognition|typo\w*|inadvertent\w*|clarif\w+|actually)\b",
    re.I,
)


# `The word "right" is an error of transcription`: the other side is meant
_SLIP = patterns.compile(
    r"\b(?:words?|terms?|mention\s+of|reference\s+to|references\s+to)\s+(?:the\s+)?[\"']?(left|right|lt|rt)\b[^.;]{0,70}?\b(?:error|wrong|incorrect|mistake\w*|typo\w*|erroneous\w*|slip|inadvertent\w*)\b",
    re.I,
)


@dataclass(slots=True)
class Sides:
    """`claims` are the sides said of this procedure with their words; `corrected` the side an addendum gives; `bilateral` when
    both breasts were treated."""

    claims: dict[str, list[Mention]] = field(default_factory=dict)
    corrected: str | None = None
    correction: list[Mention] = field(default_factory=list)
    bilateral: bool = False
    conflict: bool = False
    titled: dict[str, list[Mention]] = field(default_factory=dict)
    history: dict[str, list[Mention]] = field(default_factory=dict)


def read(r: Reader, layout: Layout, placed_sides: set[str]) -> Sides:
    """Sides of the session. `placed_sides` are those of the slots in which something was done."""
    out = Sides()
    title_both = False
    for m in r.all("side"):
        piece = r.piece(m)
        if piece.addendum:
            continue
        if m.value == "both":
            title_both = (
                title_both
                or piece.section == "title"
                or (
                    piece.section in ("technique", "impression", "side", "count", "consent")
                    and active(m)
                    and bool(patterns.search(r"bilateral|both breasts|each breast", r.words_of(m).lower()))
                )
            )
            continue
        if piece.section == "title":
            if patterns.search(r"\b(?:history|prior|s/p)\b", r.before(m, 30)):
                continue
            out.titled.setdefault(m.value, []).append(m)
        elif piece.section == "history":
            if m.assertion == "historical" and m.cue is None and not _family(r, m) and not _OTHER.search(_near(r, m)):
                out.history.setdefault(m.value, []).append(m)
        elif piece.section in (
            "technique",
            "findings",
            "impression",
            "side",
            "target",
            "location",
            "device",
            "guidance",
            "comment",
            "consent",
            "time_out",
            "anesthesia",
            "count",
        ):
            if not active(m) or _family(r, m):
                continue
            near = _near(r, m)
            if (
                piece.section
                in (
                    "technique",
                    "findings",
                    "impression",
                    "comment",
                    "consent",
                    "time_out",
                    "device",
                    "location",
                    "target",
                )
                and _OTHER.search(near)
                and not patterns.search(r"\b(?:prone|placed|deployed|localiz|localis|wire|needle|released)\b", near)
            ):
                continue
            out.claims.setdefault(m.value, []).append(m)
    if set(out.titled) == {"left", "right"}:
        title_both = True
    _addendum(r, out)
    both_done = placed_sides >= {"left", "right"} and (out.corrected is None or title_both)
    out.bilateral = both_done or (title_both and len(layout.slots) > 1)
    said = {**{k: list(v) for k, v in out.titled.items()}}
    for k, v in out.claims.items():
        said.setdefault(k, []).extend(v)
    if out.corrected is None and not out.bilateral:
        if len(said) == 2:
            out.conflict = True
        elif len(said) == 1 and len(out.history) == 1 and set(said) != set(out.history):
            out.conflict = _history_is_target(r, next(iter(out.history.values())))
    return out


def _family(r: Reader, m: Mention) -> bool:
    return bool(
        patterns.search(
            r"\b(?:mother|sister|aunt|grandmother|daughter|cousin|family|niece|father|brother|maternal|paternal)\b[^.;]{0,50}$",
            r.before(m, 70),
        )
    )


def _near(r: Reader, m: Mention) -> str:
    piece = r.piece(m)
    low = piece.clauses[m.clause] if 0 <= m.clause < len(piece.clauses) else piece.start
    high = piece.clauses[m.clause + 1] if m.clause + 1 < len(piece.clauses) else piece.end
    if r.lower[low:high].rstrip().endswith(":") and m.clause + 2 <= len(piece.clauses):
        high = piece.clauses[m.clause + 2] if m.clause + 2 < len(piece.clauses) else piece.end  # "Rt br: stable cyst"
    return r.lower[max(low, m.start - 60) : min(high, m.end + 70)]


def _history_is_target(r: Reader, mentions: list[Mention]) -> bool:
    """Whether the indication names its side for the very lesion that is to be localized or removed."""
    return any(
        patterns.search(
            r"\b(?:mass|calcif|carcinoma|cancer|dcis|idc|ilc|lesion|distortion|asymmetry|enhancement|papilloma|scar|atypia|localiz|excision|lumpectomy)",
            _near(r, m),
        )
        for m in mentions
    )


def _addendum(r: Reader, out: Sides) -> None:
    text_pieces = [p for p in r.page.pieces if p.addendum]
    if not text_pieces:
        return
    for number in sorted({p.addendum for p in text_pieces}):
        group = [p for p in text_pieces if p.addendum == number]
        text = " ".join(r.piece_text(p) for p in group)
        sides = [
            m
            for p in group
            for m in p.mentions
            if m.label == "side" and m.value != "both" and m.assertion not in ("other_person", "planned")
        ]
        if not sides or not _CORRECTS.search(text):
            continue
        named = patterns.findall(
            r"(?:should|shall|ought\s+to|must)\s+(?:be\s+)?(?:read|say|state|be|changed\s+to|corrected\s+to)?\s*(?:as\s+)?[\"']?(?:the\s+)?(left|right|lt|rt)\b|correct(?:ed)?\s+(?:side|laterality|breast)\s+(?:is|was|to)\s+(?:the\s+)?[\"']?(left|right)|(left|right)\s+(?:breast\s+)?(?:is|was)\s+correct",
            text,
        )
        flat = [x for t in named for x in t if x]
        slips = {"left" if w in ("left", "lt") else "right" for w in _SLIP.findall(text)}
        if len(slips) == 1:
            value = "left" if slips == {"right"} else "right"
        elif flat:
            value = "left" if flat[-1] in ("left", "lt") else "right"
        else:
            votes = {
                v: sum(
                    1 for m in sides if m.value == v and not patterns.search(r"\bnot\s+(?:the\s+)?$", r.before(m, 12))
                )
                for v in ("left", "right")
            }
            value = max(votes, key=lambda v: votes[v]) if votes["left"] != votes["right"] else sides[-1].value
        out.corrected = value
        out.correction = [m for m in sides if m.value == value]
