"""What kind of document it is and how the session ended.

A note reports what its author did in this session. A plan, an order, an operation that uses radiology's wire, a specimen film or a lung
wire is `other`. Source: annotation guideline (procedure).
"""

from __future__ import annotations

import re

from extractor import patterns
from extractor.nlp.page import Mention
from extractor.reading.events import Event
from extractor.reading.slots import active
from extractor.reading.words import Reader

_OPERATION = patterns.compile(
    r"\b(?:incision|vicryl|monocryl|electrocautery|bovie|cautery|flaps?|en\s+bloc|pacu|lma|extubated|endotracheal|specimen\s+was|sponge|closure|oriented|dissect\w+|excised|subcuticular|ebl|frozen|steri|fascia|skin\s+was\s+closed|deep\s+margin|shaved?)\b",
    re.I,
)
_NOT_DONE = patterns.compile(
    r"\b(?:nothing\s+was\s+(?:placed|done)|no\s+(?:needle|device|wire|seed|procedure|localization|biopsy)\s+(?:was\s+)?(?:placed|performed|done|inserted)\b|not\s+(?:yet\s+)?(?:been\s+)?(?:placed|performed))\b",
    re.I,
)
_BREAST = patterns.compile(r"\b(?:breast|breasts|brst|axilla\w*|mammo\w*|nipple|intramammary)\b", re.I)
_CONSULT = patterns.compile(
    r"\b(?:consult\w*|clinic|planning|scheduling|navigator|telephone|phone|pre-?procedure\s+visit|order\s+request|mdt|tumou?r\s+board|letter|instructions)\b",
    re.I,
)


def title_text(r: Reader) -> str:
    return " ".join(
        r.piece_text(p)
        for p in r.page.pieces
        if p.section in ("title", "order")
        or (p.index < 2 and p.section in ("header", "technique") and p.end - p.start < 120)
    )


def kinds(r: Reader, sections: tuple[str, ...]) -> dict[str, list[Mention]]:
    out: dict[str, list[Mention]] = {}
    for m in r.all("document", "procedure", "localization_noun", "organ"):
        if m.section in sections:
            out.setdefault(m.value if m.label != "localization_noun" else "localization", []).append(m)
    for m in out.get("post_mammogram", ()):
        if patterns.match(r"post[- ](?:bx|biopsy)", r.words_of(m).lower()) and not any(
            x.label == "action" and x.value == "sample" and x.assertion == "present" and x.section == "device"
            for x in r.mentions
        ):
            out.pop("biopsy", None)
            continue
        out["biopsy"] = [
            b
            for b in out.get("biopsy", ())
            if not (m.start <= b.start < m.end)
            and not (m.end <= b.start and patterns.search(r"\b(?:after|following)\b[^.]*$", r.lower[m.end : b.start]))
        ]
    return out


def elsewhere(r: Reader) -> bool:
    """Whether the device was brought to another organ than breast or axilla."""
    organs = r.all("organ")
    if not organs:
        return False
    title = title_text(r)
    in_title = [m for m in organs if m.section in ("title", "order") or m.piece < 2]
    targeted = [
        m
        for m in organs
        if m.assertion in ("present", "ordered")
        and m.section in ("title", "technique", "impression", "findings", "target", "device", "anesthesia", "history")
    ]
    if in_title and not patterns.search(r"\b(?:breast|axilla)", title):
        return True
    lung = [m for m in targeted if m.value == "lung"]
    body_breast = sum(
        1
        for p in r.page.pieces
        if p.section in ("technique", "impression", "findings")
        for _ in _BREAST.finditer(r.text, p.start, p.end)
    )
    return len(lung) >= 2 and len(lung) > body_breast


def operating(r: Reader) -> int:
    """How many words of an operation the body holds."""
    return sum(
        1
        for p in r.holding(_OPERATION)
        if p.section not in ("history", "plan", "comparison")
        for _ in _OPERATION.finditer(r.text, p.start, p.end)
    )


def is_other(r: Reader, events: list[Event]) -> tuple[bool, list[Mention]]:
    """(whether the note reports no localization or biopsy of its own, the words that say what it is)."""
    title = title_text(r)
    heads = kinds(r, ("title", "order"))
    for m in r.all("document"):
        if m.piece < 3 and m.section in ("header", "technique") or m.piece == 0 and m.section == "findings":
            heads.setdefault(m.value, []).append(m)
    placed = [
        e for e in events if e.kind in ("placed", "needle_left") and e.piece.section not in ("impression", "findings")
    ]
    sampled = [e for e in events if e.kind == "sampled"]
    advanced = [e for e in events if e.kind in ("advanced", "brand")]
    names_localization = bool(heads.get("localization"))
    if elsewhere(r):
        return True, list(r.all("organ"))[:2]
    operations = operating(r)
    if (heads.get("operative") or operations >= 4) and operations >= 2:
        guided = any(
            m.label == "guidance"
            and active(m)
            and m.attrs.get("tier") in ("named", "technique")
            and any(e.piece.index - 2 <= m.piece <= e.piece.index + 1 for e in placed)
            for m in r.all("guidance")
        )
        if not (placed and guided):
            return True, heads.get("operative", r.all("surgical"))[:2]
    if heads.get("specimen_radiograph") and not (names_localization and placed):
        return True, heads["specimen_radiograph"]
    if heads.get("pathology") and (not placed and not advanced or not begun(r)):
        return True, heads["pathology"]
    stopped = [e for e in events if e.kind in ("cancelled", "stopped", "nothing_begun", "failed")]
    inked = [m for m in r.all("skin_mark") if m.assertion in ("present", "ordered")]
    if inked and not placed and not sampled and not advanced:
        # a lump marked on the skin, with no device placed, is no localization
        denied = any(e.kind in ("not_placed", "nothing_begun") for e in events)
        off = any(e.kind in ("cancelled", "stopped") for e in events)
        if (denied or any(m.section == "title" for m in inked)) and not off:
            return True, inked[:2]
    if heads.get("consult") and (
        not placed
        and not sampled
        or not begun(r)
        and not any(m.assertion == "present" for m in r.all("time_out"))
        and all(e.piece.section != "device" for e in placed)
    ):
        return True, heads["consult"]
    if (
        _CONSULT.search(title)
        and not stopped
        and (not placed and not sampled or not begun(r) and not r.all("time_out"))
    ):
        return True, list(r.all("document", "procedure"))[:1]
    if heads.get("consult") and _NOT_DONE.search(r.text):
        return True, heads["consult"]
    if (heads.get("diagnostic") or heads.get("post_mammogram")) and not names_localization and not heads.get("biopsy"):
        if (
            not placed
            and not sampled
            and not stopped
            or not sampled
            and not begun(r)
            and not r.all("consent", "time_out")
        ):
            return True, (heads.get("diagnostic") or heads.get("post_mammogram") or [])[:2]
    if not placed and not sampled and not advanced and not stopped:
        shown = [e for e in events if e.kind == "shown" and e.piece.section == "impression"]
        named = [
            m
            for m in r.all("procedure", "localization_noun")
            if active(m) and m.section in ("impression", "technique") and m.value in ("localization", "wire")
        ]
        # a title that names a localization which was begun asks what was left, however that was said
        told = [e for e in events if e.kind in ("placed", "needle_left", "shown")]
        used = any(m.section == "technique" and active(m) for m in r.all("device"))
        if names_localization and not heads.get("post_mammogram") and (told or begun(r) and used):
            return False, []
        if not shown and not named:
            return True, list(r.all("procedure", "document"))[:1]
        if not heads.get("localization") and not heads.get("biopsy") and not (named and r.all("consent", "anesthesia")):
            return True, list(r.all("procedure", "document"))[:1]
    if not (placed or sampled or stopped) and _NOT_DONE.search(r.text) and not (names_localization and begun(r)):
        return True, list(r.all("procedure", "document"))[:1]
    return False, []


def begun(r: Reader) -> list[Mention]:
    """Words that show the session was begun: anesthetic given or a needle in."""
    out = []
    for m in r.all("anesthesia"):
        if (
            m.assertion in ("present",)
            and m.section not in ("history", "header", "plan", "consent")
            and patterns.search(
                r"lido|ligno|xylo|marcaine|bupiv|numb|anes|anaes|infiltr|local|la", r.words_of(m).lower()
            )
        ):
            around = r.lower[max(0, m.start - 60) : m.end + 60]
            piece = r.piece(m)
            if any(r.text[a:b].strip("_* ") for a, b in r.page.blanks(piece.start, piece.end)) and not r.page.checked:
                continue
            if not patterns.search(
                r"\bno\s+\w*\s*(?:anesth|anaesth|lidoc|local)|allerg|before\s+(?:any\s+)?(?:local|anesth|anaesth|lidoc)|prior\s+to|not\s+(?:been\s+)?(?:given|injected|administered|drawn)|unopened|drawn\s+up|thrown\s+away|not\s+used|\[ \]\s*yes|none\b|:\s*no\b|not\s+opened|:\s*(?:\[\s*\]|\(\s*\))\s*yes\s*(?:\[x\]|\(x\))",
                around,
            ):
                out.append(m)
    return out


def cancelled(r: Reader, events: list[Event]) -> list[Mention]:
    """Words that call the session off before it was begun; empty when it was begun or not called off."""
    calls = [m for e in events if e.kind in ("cancelled", "stopped") for m in e.mentions]
    events = [e for e in events if not e.template]
    for m in r.all("action"):
        if (
            m.value in ("cancel", "stop")
            and m.assertion in ("present", "ordered", "absent", "historical")
            and m.section not in ("plan",)
            and m not in calls
        ):
            if m.assertion == "absent" and m.section != "title" and "not" not in r.words_of(m).lower():
                continue
            if m.assertion == "historical" and m.cue:
                continue
            calls.append(m)
    calls = [
        m
        for m in calls
        if not patterns.search(r"\b(?:surgery|case|or|operation)\s+(?:was\s+)?$", r.before(m, 20)) or len(calls) > 1
    ]
    nothing = [m for e in events if e.kind == "nothing_begun" for m in e.mentions]
    nothing += [m for m in r.all("action") if m.value == "nothing_begun" and m not in nothing]
    if not calls:
        untouched = [m for m in nothing if patterns.search(r"needle|skin|nothing", r.words_of(m).lower())]
        if (
            untouched
            and not begun(r)
            and not any(e.kind in ("advanced", "brand") and e.device is not None for e in events)
        ):
            return untouched
        return []
    if nothing or not (
        begun(r)
        or any(
            e.kind in ("advanced", "brand") and e.piece.section == "technique" and e.device is not None for e in events
        )
    ):
        return [*calls, *nothing]
    return []
