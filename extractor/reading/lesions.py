"""Lesions put together: slots, events, sides and guidance become the record of each target.

The only place that decides which device belongs to which lesion. Source: annotation guideline (lesions, lesion_count).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from extractor import patterns
from extractor.findings import Device, Evidences, Lesion, Location, Reading
from extractor.nlp.page import Mention
from extractor.reading import counts, guidance, sides
from extractor.reading.events import Event
from extractor.reading.slots import EVERY, SEVERAL, TECHNIQUE, Layout, Slot, active
from extractor.reading.words import Reader

_ORDINAL_WORD = patterns.compile(r"\b(?:second|another|additional|replacement|new|fresh|further|2nd)\b", re.I)
_DEVICE_LABEL = patterns.compile(
    r"\b(?:[Ww]ire|WIRE|[Ss]eed|[Cc]lip|[Rr]eflector|[Mm]arker|[Tt]ag|[Nn]eedle|[Hh]ookwire)s?\s*(?:#?\s*(?P<a>[A-D]|[1-4])|number\s+(?P<b>[1-4]|one|two|three|four))\b(?!\s*(?:cm|mm|:\d|\.\d|of\b|g\b|x\b))"
)
_REPLACED = patterns.compile(
    r"\b(?:same\s+(?:target|lesion|mass|calcifications|site|area|distortion|clip)|replac\w+|reposition\w*|re-?placed|repeat\s+localization|did\s+not\s+(?:\w+\s+){0,3}(?:deploy|release)|migrat\w+|displaced|dislodged|off\s+target|moved|fell\s+out|came\s+out)\b",
    re.I,
)
_LIKEWISE = patterns.compile(
    r"\b(?:same|similar(?:ly)?|like(?:wise)?|identical(?:ly)?|again|also|too|repeated|as\s+(?:above|before|well)|in\s+turn)\b",
    re.I,
)


@dataclass(slots=True)
class Reading_:
    """What the assembly found out besides the lesions themselves."""

    lesions: list[Lesion] = field(default_factory=list)
    count: int | None = 0
    count_status: str = "present"
    count_evidence: Evidences = ()
    count_readings: list[Reading] = field(default_factory=list)
    guidance_conflict: list[Reading] = field(default_factory=list)
    guidance_evidence: Evidences = ()
    side_conflict: list[Reading] = field(default_factory=list)
    side_evidence: Evidences = ()
    title_guidance: Evidences = ()
    site_open: bool = False
    type: str = "localization"
    status: str | None = "completed"
    stopped: list[Mention] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    devices: Counter[str | None] = field(default_factory=Counter)
    unread: set[str | None] = field(default_factory=set)
    names: dict[str | None, str] = field(default_factory=dict)
    mentions: dict[str | None, list[Mention]] = field(default_factory=dict)
    sampled: list[Mention] = field(default_factory=list)
    failed: list[Mention] = field(default_factory=list)
    removed: list[Mention] = field(default_factory=list)
    left_alone: list[tuple[int, int, str, str]] = field(default_factory=list)
    begun: list[Mention] = field(default_factory=list)
    placed: list[Mention] = field(default_factory=list)
    last_failed: int = -1
    last_placed: int = -1
    deployed: bool = False
    none_placed: bool = False


def _tally(r: Reader, events: list[Event], i: int, total: int) -> _Tally:
    """Devices left for slot `i` of `total`, from its events in order."""
    t = _Tally()
    shown: Counter[str | None] = Counter()
    totals: Counter[str | None] = Counter()
    brands: list[Event] = []
    for e in events:
        mine = i in e.slots or (not e.slots and total == 1)
        if not mine:
            continue
        shared = len(e.slots) > 1
        restating = e.piece.section in ("findings", "impression", "addendum", "complications")
        if e.kind == "sampled":
            t.sampled.extend(e.mentions)
        elif e.kind == "not_placed":
            t.none_placed = True
        elif e.kind in ("failed", "stopped", "cancelled", "nothing_begun"):
            if e.kind in ("cancelled", "nothing_begun") and (t.deployed or not _nothing_left(r, e)):
                continue
            if e.piece.section in ("impression", "history") and t.deployed and total == 1 and e.kind == "failed":
                continue
            t.failed.extend(e.mentions)
            t.last_failed = e.mentions[0].start if e.mentions else e.piece.start
        elif e.kind == "advanced":
            t.begun.extend(e.mentions)
        elif e.kind == "brand":
            brands.append(e)
            t.begun.extend(e.mentions)
        elif e.kind == "removed":
            t.removed.extend(e.mentions)
            if t.devices.get(e.type):
                t.devices[e.type] = max(0, t.devices[e.type] - (e.count or 1))
        elif e.kind in ("placed", "needle_left"):
            n = 1 if shared else (e.count or 1)
            if e.count is None and not shared and e.kind == "placed":
                t.unread.add(e.type)
            if shared and e.count and e.count % total == 0 and e.count > total:
                n = e.count // total
            if restating and (t.failed or t.devices) and total > 1 and (shared or t.failed):
                continue
            if restating and e.type in t.devices:
                if total == 1:
                    t.devices[e.type] = (
                        max(t.devices[e.type], n)
                        if not _ORDINAL_WORD.search(r.piece_text(e.piece))
                        else t.devices[e.type]
                    )
            elif (
                e.type in t.devices
                and t.devices[e.type]
                and e.more
                and not shared
                and (e.device is None or _ordinal(r, e))
            ):
                t.devices[e.type] = max(t.devices[e.type] + n, 2) if t.last_placed >= 0 else n
            else:
                t.devices[e.type] = max(t.devices[e.type], n)
            t.deployed = True
            t.last_placed = e.mentions[-1].start
            t.placed.extend(e.mentions)
            if e.device is not None:
                t.mentions.setdefault(e.type, []).append(e.device)
                t.names.setdefault(e.type, r.words_of(e.device))
        elif e.kind == "total" and total == 1:
            totals[e.type] = max(totals[e.type], e.count or 0)
            if e.device is not None:
                t.mentions.setdefault(e.type, []).append(e.device)
        elif e.kind == "shown":
            if total == 1 and e.count and e.count > 1:
                totals[e.type] = max(totals[e.type], e.count)
            shown[e.type] = max(shown[e.type], e.count or 1 if not shared else 1)
            if e.device is not None:
                t.mentions.setdefault(e.type, []).append(e.device)
    if None in t.devices and len([k for k in t.devices if k]) >= 1:
        t.devices.pop(None)
    if not any(t.devices.values()) and shown and not (t.failed and t.last_failed > 0 and total > 1):
        for k, n in shown.items():
            if k == "clip" and len(shown) > 1:
                continue
            if k == "clip" and not any(m.value == "clip" for m in r.all("device") if m.section == "title"):
                continue
            t.devices[k] = n
            t.deployed = True
    if brands and t.devices.get("wire"):
        top = max((e.count or 1) for e in brands if len(e.slots) <= 1) if any(len(e.slots) <= 1 for e in brands) else 1
        if "wire" in t.unread and top > t.devices["wire"]:
            t.devices["wire"] = top
    for kind, n in totals.items():
        if t.devices.get(kind) and n > t.devices[kind] and n <= 6 and kind != "clip":
            t.devices[kind] = n
    # a clip beside another device is the earlier biopsy's, unless the words count it as placed now
    others = [k for k, n in t.devices.items() if n and k not in ("clip", None)]
    if others and "clip" in t.devices and not t.sampled and not _placed_together(events, i):
        t.devices.pop("clip")
    return t


def _nothing_left(r: Reader, e: Event) -> bool:
    """Whether a session called off, or words on what was not begun, tell that no needle went in; no anesthetic alone does not."""
    return e.kind == "cancelled" or any(
        patterns.search(r"needle|skin|nothing", r.words_of(m).lower()) for m in e.mentions
    )


def _placed_together(events: list[Event], i: int) -> bool:
    """Whether one verb places a clip and another device: "a Magseed and a clip were placed"."""
    verbs: dict[bool, set[int]] = {True: set(), False: set()}
    for e in events:
        if e.kind == "placed" and (i in e.slots or not e.slots):
            verbs[e.type == "clip"].update(m.start for m in e.mentions if m.label == "action")
    return bool(verbs[True] & verbs[False])


def _ordinal(r: Reader, e: Event) -> bool:
    d = e.device
    low = max(e.piece.start, (d.start if d else e.piece.start) - 40)
    high = (d.end if d else e.piece.end) + 4
    return bool(_ORDINAL_WORD.search(r.text, low, min(high, e.piece.end)))


_NO_ATTEMPT = patterns.compile(
    r"\b(?:no|not|never)\b[^.;]{0,40}?\battempt\w*|\bcould\s+not\s+be\s+(?:found|seen|identified|visuali[sz]ed|reached|locali[sz]ed)\b"
)


def _left_alone(r: Reader, layout: Layout, i: int) -> list[tuple[int, int, str, str]]:
    """Words of the technique that say of target `i` that it was not found or not attempted."""
    pieces = sorted({p for (p, _), who in layout.owner.items() if who == (i,)})
    return [
        (m.start(), m.end(), piece.section, "outcome.not_attempted")
        for piece in (r.page.pieces[p] for p in pieces)
        if piece.section in TECHNIQUE
        for m in _NO_ATTEMPT.finditer(r.lower, piece.start, piece.end)
    ]


def _owned(r: Reader, layout: Layout, i: int, total: int) -> list[Mention]:
    keys = {k for k, who in layout.owner.items() if i in who}
    out = []
    for m in r.mentions:
        key = (m.piece, m.clause)
        if key in keys or (total == 1 and key not in layout.owner):
            out.append(m)
    return out


_AIM = patterns.compile(
    r"\b(?:target\w*|localiz\w+|localis\w+|aim\w*|advanced\s+(?:to|toward|into|through)|placed\s+(?:in|into|at|through|adjacent|next)|directed\s+(?:to|into|at)|through|into|project\w*|to\s+the|at\s+the|mark(?:s|ed|ing)?)\b",
    re.I,
)


def aim(r: Reader, mentions: list[Mention], placed: list[Mention]) -> tuple[str | None, list[Mention]]:
    """What kind of lesion the device was aimed at, with its words."""
    score: Counter[str] = Counter()
    words: dict[str, list[Mention]] = {}
    for m in mentions:
        value = m.value
        if m.label == "device" and value == "clip" and m.assertion in ("present", "historical", "uncertain", "ordered"):
            text = r.before(m, 60)
            piece = r.piece(m)
            if patterns.search(
                r"\b(?:target\w*|localiz\w+|localis\w+|aim(?:ed|ing)?(?:\s+point)?\s*(?:at|=)?|localization\s+of|localisation\s+of|advanced\s+to|placed\s+(?:to|at|adjacent\s+to|next\s+to|beside)|advanced\s+(?:to|toward)|directed\s+(?:to|at|toward)|adjacent\s+to|through|to|at|against|used\s+as)\s+(?:the\s+|a\s+|her\s+)?(?:\w+[\s-]+){0,4}$",
                text,
            ) and piece.section in ("technique", "impression", "target", "device", "location", "title"):
                if any(x is m for x in placed):
                    continue
                score["clip"] += 3 if piece.section != "title" else 1
                words.setdefault("clip", []).append(m)
            elif piece.section == "target" or patterns.search(
                r"\b(?:is|was)\s+(?:the\s+)?(?:target|only\s+remaining|aim)|as\s+the\s+target|was\s+(?:targeted|localized|localised)|used\s+as\s+the\s+target|remaining\s+landmark",
                r.after(m, 50),
            ):
                score["clip"] += 4
                words.setdefault("clip", []).append(m)
            continue
        if m.label != "target" or value == "unspecified":
            continue
        if m.assertion in ("absent", "planned", "hypothetical", "other_person", "blank"):
            continue
        piece = r.piece(m)
        weight = {
            "technique": 3,
            "target": 6,
            "location": 3,
            "device": 3,
            "guidance": 2,
            "findings": 2,
            "impression": 3,
            "addendum": 3,
            "title": 1,
            "history": 1,
            "side": 2,
            "count": 2,
            "comment": 1,
        }.get(piece.section, 0)
        if not weight:
            continue
        if (
            piece.section == "history"
            and patterns.search(r"\b(?:prior|previous|contralateral|19\d\d|20[01]\d)\b", r.piece_text(piece))
            and m.assertion == "historical"
            and m.cue
        ):
            continue
        near = r.lower[max(piece.start, m.start - 46) : m.start]
        if piece.section in ("technique", "impression") and _AIM.search(near):
            weight += 2
        if patterns.search(r"\b(?:no|without|hematoma|obscure\w*)\b[\w\s]{0,16}$", near[-30:]):
            continue
        score[value] += weight
        words.setdefault(value, []).append(m)
    aimed = [
        m
        for m in mentions
        if m.label == "device"
        and m.value == "clip"
        and m.assertion == "present"
        and r.piece(m).section in ("technique", "target", "location")
        and not any(x is m for x in placed)
    ]
    if not score and aimed and r.main_device is not None:
        return "clip", aimed[:2]
    if not score:
        return None, []
    if "clip" in score and score["clip"] >= 3:
        others = [k for k in score if k != "clip"]
        strong = [
            k
            for k in others
            if any(
                r.piece(m).section in ("technique", "target", "location") and _AIM.search(r.before(m, 40))
                for m in words[k]
            )
        ]
        near = " ".join(r.piece_text(p) for p in r.page.pieces if p.index in {m.piece for m in mentions})
        gone = patterns.search(
            r"\b(?:no\s+(?:residual|longer|remaining)|no\s+calc\w*\s+remain|only\s+the\s+clip|completely\s+taken|removed\s+in\s+their\s+entirety|fully\s+removed|no\s+longer\s+(?:visible|seen)|completely\s+removed|gone)\b",
            near,
            re.I,
        )
        if gone or not strong or score["clip"] > max(score[k] for k in strong):
            return "clip", words["clip"]
        score.pop("clip")
    elif "clip" in score:
        score.pop("clip")
    if not score:
        return None, []
    best = max(score, key=lambda k: (score[k], -min(m.start for m in words[k])))
    if best == "other" and len(score) > 1:
        score.pop("other")
        best = max(score, key=lambda k: score[k])
    return best, words[best]


def location(r: Reader, mentions: list[Mention]) -> tuple[Location, list[Mention]]:
    """Where the lesion is, with its words; the body's words before the indication's."""
    loc = Location()
    words: list[Mention] = []
    rank = {
        "location": 0,
        "target": 0,
        "technique": 1,
        "device": 1,
        "impression": 2,
        "findings": 2,
        "side": 1,
        "history": 3,
        "title": 4,
        "guidance": 2,
        "addendum": 2,
    }
    for m in sorted(
        (
            m
            for m in mentions
            if m.label in ("clock", "quadrant", "region", "fn", "depth")
            and m.section in rank
            and m.assertion not in ("absent", "planned", "other_person", "hypothetical")
        ),
        key=lambda m: (rank[m.section], m.start),
    ):
        if m.section in ("history",) and m.cue:
            continue
        used = False
        if m.label == "clock" and loc.clock is None:
            loc.clock, used = m.value, True
        elif m.label == "quadrant" and loc.quadrant is None:
            loc.quadrant, used = m.value, True
        elif m.label == "fn" and loc.distance_from_nipple_cm is None and m.value is not None:
            loc.distance_from_nipple_cm, used = m.value, True
        elif m.label == "region" and loc.region is None:
            loc.region, used = r.words_of(m).lower().replace("\n", " "), True
        elif m.label == "depth" and loc.depth is None:
            word = r.words_of(m).lower().split()[0]
            loc.depth, used = {"mid": "middle"}.get(word, word), True
        if used:
            words.append(m)
    return loc, words


def _clause_of(r: Reader, m: Mention) -> str:
    piece = r.piece(m)
    low = piece.clauses[m.clause] if 0 <= m.clause < len(piece.clauses) else piece.start
    high = piece.clauses[m.clause + 1] if 0 <= m.clause + 1 < len(piece.clauses) else piece.end
    return r.lower[low:high]


def _side_before(r: Reader, m: Mention) -> str | None:
    """The side last named before a mention in the indication."""
    found = [s for s in r.all("side") if s.section == "history" and s.start < m.start and s.value != "both"]
    return found[-1].value if found else None


def site(r: Reader, slot: Slot | None, mentions: list[Mention], target: str | None) -> tuple[str | None, list[Mention]]:
    """Breast or axilla, or None when the note leaves open which."""
    axilla = [
        m
        for m in mentions
        if m.label == "site"
        and m.value == "axilla"
        and m.assertion in ("present", "uncertain", "ordered", "historical")
        and m.section
        in ("technique", "target", "location", "impression", "findings", "title", "side", "device", "history")
    ]
    tail = [
        m
        for m in mentions
        if m.label == "site"
        and m.value == "breast"
        and m.assertion in ("present", "ordered", "historical", "uncertain")
    ]
    body_axilla = [m for m in axilla if m.section not in ("history", "title")]
    body_tail = [m for m in tail if m.section not in ("history",)]
    if any(
        len({m.value for m in p.mentions if m.label == "site"}) == 2
        and patterns.search(
            r"\bwhether\b|\bversus\b|\bvs\b|\bor\b|\bunclear\b|\bcannot\b|\buncertain\b", r.piece_text(p)
        )
        for p in r.page.pieces
        if p.section not in ("comparison", "plan", "family", "title")
    ):
        return None, [m for p in r.page.pieces for m in p.mentions if m.label == "site"][:4]
    if any(m.rule == "target.intramammary_node" for m in mentions) or any(
        m.rule == "site.intramammary" for m in body_tail
    ):
        return "breast", body_tail
    body_axilla = [
        m
        for m in body_axilla
        if not patterns.search(
            r"\b(?:not\s+(?:scanned|imaged|done)|nothing\s+done|scanned|normal|negative|proper|itself|clear|separately)\b",
            _clause_of(r, m),
        )
    ]
    axilla = [m for m in axilla if m in body_axilla or m.section in ("history", "title")]
    if target == "lymph_node":
        if body_tail and body_axilla:
            return None, [*body_tail, *body_axilla]
        if body_tail and not body_axilla:
            return "breast", body_tail
        return "axilla", body_axilla or axilla
    if slot is not None and slot.site == "axilla":
        return "axilla", body_axilla
    if body_axilla and body_tail:
        near = [m for m in body_axilla if m.section in ("technique", "impression", "location", "target")]
        if near:
            return None, [*body_tail, *near]
    return "breast", body_tail


def lesions(r: Reader, layout: Layout, events: list[Event]) -> Reading_:
    """All lesions of the session with their values and evidence, and what is open or contradicted."""
    out = Reading_()
    slots = layout.slots or [Slot()]
    total = len(slots)
    tallies = [_tally(r, events, i, total) for i in range(total)]
    # targets that nothing was done to are only mentioned
    keep = [
        i
        for i in range(total)
        if any(tallies[i].devices.values()) or tallies[i].sampled or tallies[i].failed or tallies[i].begun
    ]
    keep = [i for i in range(total) if i in keep or (layout.labelled and slots[i].label)]
    if keep and total > 1:
        for i, t in enumerate(tallies):
            if not (any(t.devices.values()) or t.sampled or t.failed or t.begun):
                t.left_alone = _left_alone(r, layout, i)
        keep = [i for i in range(total) if i in keep or tallies[i].left_alone]
    if total > 1 and keep and len(keep) < total:
        slots, tallies = [slots[i] for i in keep], [tallies[i] for i in keep]
        remap = {old: new for new, old in enumerate(keep)}
        layout.slots = slots
        layout.owner = {k: tuple(remap[i] for i in who if i in remap) for k, who in layout.owner.items()}
        events = [_moved(e, remap) for e in events]
        if len(slots) == 1:
            tallies = [_tally(r, events, 0, 1)]
        total = len(slots)
    if total > 1:
        # one target described twice: by its quadrant and by its clock, once without a side
        slots, tallies, layout, events = _merge(r, layout, events, tallies)
        total = len(slots)
    if total == 2 and _one_side_misnamed(r, layout, events):
        slots, layout, events = _as_one(layout, events)
        total, tallies = 1, [_tally(r, events, 0, 1)]
    owned = [_owned(r, layout, i, total) for i in range(total)]
    placed_sides = {
        s.side
        for s, t in zip(slots, tallies, strict=True)
        if s.side and (any(t.devices.values()) or t.sampled or t.failed)
    }
    side = sides.read(r, layout, {x for x in placed_sides if x})
    for i, (slot, tally) in enumerate(zip(slots, tallies, strict=True)):
        out.lesions.append(_lesion(r, i, slot, tally, owned[i], total))
    _bracket_and_count(r, layout, out)
    _sides(r, out, side, slots)
    _guidance(r, layout, out, events, total)
    _corrected_guidance(r, out)
    _site_open(out)
    return out


def _one_side_misnamed(r: Reader, layout: Layout, events: list[Event]) -> bool:
    """Whether two slots that differ in side are one target under two names: nothing in the note speaks of two targets or both
    breasts, and no passage places a device on each side."""
    a, b = layout.slots
    if layout.labelled or not a.side or not b.side or a.side == b.side or (a.clock and b.clock and a.clock != b.clock):
        return False
    if any(m.value == "both" for m in r.all("side")) or any(s.value > 1 for s in counts.stated(r)):
        return False
    titled = {m.value for m in r.all("side") if m.section == "title"}
    if len(titled) == 2 or patterns.search(r"\b(?:each|both)\s+(?:breast|side)|\bbilat", r.lower):
        return False
    blocks = [
        {
            e.piece.block
            for e in events
            if e.kind in ("placed", "needle_left", "sampled")
            and e.slots == (i,)
            and e.piece.section not in ("impression",)
        }
        for i in (0, 1)
    ]
    return (
        not (blocks[0] & blocks[1])
        and not any(counts.sum_of_sides(r, p) for p in r.page.pieces)
        and not (
            blocks[0]
            and blocks[1]
            and max(blocks[0]) + 1 == min(blocks[1])
            and not patterns.search(r"\b(?:log|record|flowsheet|radiologist'?s?\s+report|impression)\b", r.lower)
        )
    )


def _as_one(layout: Layout, events: list[Event]) -> tuple[list[Slot], Layout, list[Event]]:
    a, b = layout.slots
    slot = Slot(
        None,
        None,
        a.clock or b.clock,
        a.quadrant or b.quadrant,
        a.site or b.site,
        a.target if a.target not in (None, "unspecified") else b.target,
    )
    layout.slots = [slot]
    layout.owner = dict.fromkeys(layout.owner, (0,))
    for e in events:
        e.slots = (0,) if e.slots else ()
    return layout.slots, layout, events


def _moved(e: Event, remap: dict[int, int]) -> Event:
    e.slots = tuple(remap[i] for i in e.slots if i in remap)
    return e


def _merge(
    r: Reader, layout: Layout, events: list[Event], tallies: list[_Tally]
) -> tuple[list[Slot], list[_Tally], Layout, list[Event]]:
    slots = layout.slots
    target = list(range(len(slots)))
    one = [s.span for s in counts.stated(r) if s.value == 1 and s.strength >= 2]
    # "one lesion" states a number; that devices in two places belong to it takes a word of its own
    bracket = any(not any(a < end and start < b for a, b, *_ in one) for start, end, *_ in counts.bracketed(r))
    for j in range(1, len(slots)):
        for i in range(j):
            a, b = slots[i], slots[j]
            if target[i] != i or (a.label and b.label and a.label != b.label):
                continue
            if a.side and b.side and a.side != b.side or a.site and b.site and a.site != b.site:
                continue
            if (
                a.target
                and b.target
                and a.target != b.target
                and "unspecified" not in (a.target, b.target)
                and (any(tallies[i].devices.values()) or tallies[i].sampled)
                and (any(tallies[j].devices.values()) or tallies[j].sampled)
            ):
                continue
            both_places = (a.clock and b.clock) or (a.quadrant and b.quadrant)
            empty = not any(tallies[j].devices.values()) and not tallies[j].sampled and not tallies[j].failed
            first_empty = not any(tallies[i].devices.values()) and not tallies[i].sampled and not tallies[i].failed
            if (
                not both_places and (empty or first_empty or not (a.clock or a.quadrant) or not (b.clock or b.quadrant))
            ) or (bracket and one and bool(tallies[i].sampled) == bool(tallies[j].sampled)):
                target[j] = i
                a.clock, a.quadrant = a.clock or b.clock, a.quadrant or b.quadrant
                a.side, a.site = a.side or b.side, a.site or b.site
                if a.target in (None, "unspecified"):
                    a.target = b.target
                break
    if target == list(range(len(slots))):
        return slots, tallies, layout, events
    kept = sorted(set(target))
    remap = {old: kept.index(t) for old, t in enumerate(target)}
    layout.slots = [slots[i] for i in kept]
    layout.owner = {k: tuple(dict.fromkeys(remap[i] for i in who)) for k, who in layout.owner.items()}
    for e in events:
        e.slots = tuple(dict.fromkeys(remap[i] for i in e.slots))
    n = len(kept)
    return layout.slots, [_tally(r, events, i, n) for i in range(n)], layout, events


def _lesion(r: Reader, i: int, slot: Slot, t: _Tally, owned: list[Mention], total: int) -> Lesion:
    lesion = Lesion(number=i + 1)
    # samples and a clip of their own make it the biopsied lesion, whatever else was left in it
    lesion.biopsied = bool(t.sampled) and (
        bool(t.devices.get("clip")) or not any(n for k, n in t.devices.items() if k not in ("clip", None, "pellet"))
    )
    local = owned
    target, target_words = aim(r, [m for m in local if not (lesion.biopsied and m.label == "device")], t.placed)
    if target is None and total > 1 and slot.target and slot.target != "unspecified":
        target, target_words = slot.target, [m for m in owned if m.label == "target" and m.value == slot.target]
    if target is None and total > 1:
        shared = [
            m
            for m in r.mentions
            if m.label == "target"
            and m.value != "unspecified"
            and active(m)
            and m.section in ("target", "technique", "impression", "guidance", "count")
        ]
        values = {m.value for m in shared}
        if len(values) == 1:
            target, target_words = shared[0].value, shared[:1]
    lesion.target = target  # type: ignore[assignment]
    where, where_words = location(r, local)
    if not where.stated() and total > 1 and slot.side:
        where, where_words = location(
            r, [m for m in r.mentions if m.section == "history" and _side_before(r, m) == slot.side and not m.cue]
        )
    lesion.location = where
    place, site_words = site(r, slot if total > 1 else None, local, target)
    lesion.site = place  # type: ignore[assignment]
    for kind, n in t.devices.items():
        if n:
            several = n == 1 and total == 1 and kind in t.unread  # "wires were placed": how many is not said
            words = r.evidence(t.mentions.get(kind, t.placed)[:6])
            lesion.devices.append(Device(kind, None if several else n, t.names.get(kind), words))  # type: ignore[arg-type]
    if any(t.devices.values()) or lesion.biopsied:
        lesion.outcome = "placed"
    elif t.failed or t.placed and t.removed or (t.none_placed and t.begun and total > 1):
        lesion.outcome = "failed"
    elif t.left_alone:
        lesion.outcome = "not_attempted"
    else:
        lesion.outcome = None
    lesion.evidence = {
        "target": r.evidence(target_words[:4]),
        "location": r.evidence(where_words),
        "site": r.evidence(site_words[:3]),
        "outcome": r.evidence([*(t.placed or t.failed or t.begun)[:6], *t.removed[:2], *t.left_alone[:2]]),
        "biopsied": r.evidence(t.sampled[:3]),
    }
    return lesion


def _bracket_and_count(r: Reader, layout: Layout, out: Reading_) -> None:
    """The number of localized lesions: described, stated, open or contradicted."""
    local = [x for x in out.lesions if not x.biopsied]
    described = len(local)
    brackets = counts.bracketed(r)
    statements = counts.stated(r)
    late = [
        s
        for s in statements
        if s.piece.addendum
        and patterns.search(
            r"\b(?:correct|error|wrong|should|default|there\s+is|there\s+are|were|only|one)\b", r.piece_text(s.piece)
        )
    ]
    plain = [s for s in statements if not s.piece.addendum]
    unknown = counts.open_question(r)
    if unknown and not late and sum(_devices(x) for x in local) > 1:
        most = max(described, sum(_devices(x) for x in local))
        out.count, out.count_status = None, "missing"
        out.count_evidence = r.evidence(unknown[:2])
        out.count_readings = [Reading(1, ()), Reading(most, ())]
        return
    if described == 1 and len(out.lesions) == 1:
        lesion = local[0]
        n = _devices(lesion)
        labels = {
            m["a"] or m["b"]
            for p in r.holding(_DEVICE_LABEL)
            if p.section not in ("history", "signature", "title", "comparison")
            for m in _DEVICE_LABEL.finditer(r.text, p.start, p.end)
        }
        replaced = _REPLACED.search(
            " ".join(
                r.piece_text(p)
                for p in r.page.pieces
                if p.section in ("technique", "findings", "impression", "addendum", "complications", "comment")
                and not patterns.search(r"\brisks?\b|\bexplained\b|\bdiscussed\b|\bincluding\b", r.piece_text(p))
            )
        )
        if (
            len(labels) > n
            and not replaced
            and len(lesion.devices) == 1
            and lesion.devices[0].type
            in ("wire", "radioactive_seed", "magnetic_seed", "radar_reflector", "clip", "rfid_tag")
            and n
        ):
            lesion.devices[0].count = n = max(n, len(labels))
        many = [s for s in plain if s.value > 1 and s.value <= 6]
        if late:
            final = late[-1].value
            if final == 1 or final == described:
                out.count = 1
            elif lesion.outcome == "placed":
                _split(out, lesion, final)
                out.count = final
            out.count_evidence = r.evidence([late[-1].span])
            return
        if any(d.count is None or d.count > 1 for d in lesion.devices):
            one = [
                s
                for s in plain
                if s.value == 1 and s.noun.rstrip("s") not in ("group", "cluster") or s.value == 1 and s.strength >= 2
            ]
            if many and not brackets:
                top = max(many, key=lambda s: s.strength)
                if one and any(s.strength >= 2 for s in one) and not replaced:
                    out.count, out.count_status = None, "conflicting"
                    out.count_readings = [
                        Reading(1, r.evidence([one[0].span])),
                        Reading(top.value, r.evidence([top.span])),
                    ]
                    return
                if not replaced:
                    _split(out, lesion, top.value)
                    out.count = top.value
                    out.count_evidence = r.evidence([top.span])
                    return
                out.count, out.count_status = None, "conflicting"
                out.count_readings = [Reading(1, ()), Reading(top.value, r.evidence([top.span]))]
                return
            if brackets or one or (replaced and _again(r)):
                out.count = 1
                out.count_evidence = r.evidence([*brackets[:2], *[s.span for s in one[:1]]])
                return
            out.count, out.count_status = None, "missing"
            out.count_readings = [Reading(1, ()), Reading(n, ())]
            return
        out.count = 1 if lesion.outcome in ("placed", None) else 0
        strong = [
            s
            for s in many
            if s.strength >= 2 and not patterns.search(r"\bof\s+(?:two|three|\d)", r.text[s.span[0] : s.span[1] + 8])
        ]
        if strong and lesion.outcome == "placed" and not brackets and n == 1:
            top = max(strong, key=lambda s: s.strength)
            out.count, out.count_status = None, "conflicting"
            out.count_readings = [Reading(1, ()), Reading(top.value, r.evidence([top.span]))]
            return
        out.count_evidence = r.evidence([s.span for s in plain if s.value == 1][:2])
        return
    placed = [x for x in local if x.outcome in ("placed", None)]
    out.count = len(placed)
    if (
        len(placed) > 1
        and len(placed) == len(out.lesions)
        and not layout.labelled
        and all(x.target is None for x in placed)
        and not plain
        and not late
        and not any(m.assertion == "present" for m in r.all("separate"))
        and len({x.laterality or s.side for x, s in zip(placed, layout.slots, strict=False)} - {None}) < 2
    ):
        # several places and devices, and no word on what is there or how many
        out.count, out.count_status = None, "missing"
        out.count_readings = [Reading(1, ()), Reading(len(placed), ())]
        return
    if late:
        out.count_evidence = r.evidence([late[-1].span])
        return
    for s in plain:
        if s.strength < 2 or not described:
            continue
        value = counts.sum_of_sides(r, s.piece) or s.value
        same_piece = [x.value for x in plain if x.piece is s.piece]
        if len(same_piece) > 1:
            value = sum(same_piece) if sum(same_piece) in (described, len(placed)) else max(same_piece)
        several = [x for x in plain if x.strength >= 2 and x.piece.section == s.piece.section]
        if value in (described, len(placed), len(out.lesions)) or sum(x.value for x in several) in (
            described,
            len(placed),
            len(out.lesions),
        ):
            out.count_evidence = r.evidence([s.span])
            continue
        if (
            s.piece.section == "impression"
            and value == 1
            and len(several) == 1
            and patterns.search(r"\b(?:left|right)\b", r.piece_text(s.piece))
            and len({x.laterality for x in out.lesions}) > 1
        ):
            continue
        per_item = (
            s.piece.section == "impression"
            and sum(
                1
                for p in r.page.pieces
                if p.section == "impression" and any(m.label in ("procedure", "device") for m in p.mentions)
            )
            > 1
        )
        if per_item and value < described:
            continue
        if any(m.label == "action" and m.value == "sample" for m in s.piece.mentions) or len(out.lesions) != described:
            continue
        out.count, out.count_status = None, "conflicting"
        out.count_readings = [Reading(described, ()), Reading(value, r.evidence([s.span]))]
        return


def _again(r: Reader) -> bool:
    """Whether the technique speaks of another device after the first, or of the same target."""
    text = " ".join(
        r.piece_text(p) for p in r.page.pieces if p.section in ("technique", "findings", "addendum", "impression")
    )
    return bool(
        patterns.search(
            r"\b(?:second|another|additional|replacement|new|fresh|further|repeat|same\s+(?:target|lesion|mass|calcif\w+|site|area|distortion|clip|puncture))\b",
            text,
        )
    )


def _devices(lesion: Lesion) -> int:
    return sum(d.count or 1 for d in lesion.devices)


def _split(out: Reading_, lesion: Lesion, n: int) -> None:
    """`n` lesions that the note does not tell apart, each with its share of the devices."""
    total = _devices(lesion)
    share = max(total // n, 1)
    copies = []
    for k in range(n):
        copy = Lesion(
            lesion.number + k,
            lesion.site,
            lesion.laterality,
            lesion.guidance,
            lesion.tomosynthesis,
            [Device(d.type, share, d.name, d.evidence) for d in lesion.devices],
            lesion.target,
            lesion.location,
            lesion.biopsied,
            lesion.outcome,
            dict(lesion.evidence),
        )
        copies.append(copy)
    at = out.lesions.index(lesion)
    out.lesions[at : at + 1] = copies
    for k, x in enumerate(out.lesions, 1):
        x.number = k


def _sides(r: Reader, out: Reading_, side: sides.Sides, slots: list[Slot]) -> None:
    claims = dict(side.claims.items())
    said = set(claims) | set(side.titled)
    single = next(iter(claims)) if len(claims) == 1 else None
    default = side.corrected or single or (next(iter(side.titled)) if len(side.titled) == 1 and not claims else None)
    if default is None and not said and len(side.history) == 1:
        default = next(iter(side.history))
    every = [m for source in (side.titled, side.claims) for v in source.values() for m in v]
    for i, lesion in enumerate(out.lesions):
        slot = slots[min(i, len(slots) - 1)] if len(slots) == len(out.lesions) else None
        value = slot.side if slot is not None and len(slots) > 1 else None
        if value is not None and said and value not in said:
            value = None  # a side that only the other breast's findings gave
        if side.corrected and not side.bilateral:
            value = side.corrected
        value = value or default
        if side.conflict:
            value = None
        lesion.laterality = value  # type: ignore[assignment]
        words = list(side.correction if side.corrected else []) or [
            m
            for v in (claims.get(value or "", []), side.titled.get(value or "", []), side.history.get(value or "", []))
            for m in v
        ]
        lesion.evidence["laterality"] = r.evidence((words if value else every)[:8])
    out.side_evidence = r.evidence(every[:8])
    if side.conflict:
        sources = {
            v: [*side.titled.get(v, []), *claims.get(v, []), *side.history.get(v, [])] for v in ("left", "right")
        }
        out.side_conflict = [Reading(v, r.evidence(ms[:4])) for v, ms in sources.items() if ms]


def _guidance(r: Reader, layout: Layout, out: Reading_, events: list[Event], total: int) -> None:
    biopsied = {i for i, x in enumerate(out.lesions) if x.biopsied}
    any_biopsy = bool(biopsied)
    whole = guidance.collect(r, None, events, biopsy=any_biopsy)
    modality, tomo, conflicting = guidance.combine(whole)
    titles = guidance.titled(r)
    explained = guidance.explained(r)
    many = len(out.lesions)
    split = many != total
    for i, lesion in enumerate(out.lesions):
        value, with_tomo, words = modality, tomo, whole
        clash: list[str] = conflicting
        if total > 1 and not split:
            keys = {k for k, who in layout.owner.items() if i in who}
            own_keys = {k for k, who in layout.owner.items() if who == (i,)}
            for scope, technique in ((own_keys, True), (keys, True), (own_keys, False), (keys, False)):
                own = guidance.collect(r, scope, events, biopsy=lesion.biopsied, technique=technique)
                v, tm, c = guidance.combine(own)
                if v is not None or c:
                    break
            if v is not None or c:
                value, with_tomo, words, clash = v, tm, own, c
            elif modality is None and conflicting:
                value, clash = _by_elimination(r, layout, events, conflicting, i), []
            elif modality is not None and not _shared(r, layout, whole, {modality: titles.get(modality, [])}, i):
                value, with_tomo, words = None, False, guidance.Support()
        if clash:
            at = max(
                (
                    e.mentions[0].start
                    for e in events
                    if e.kind in ("placed", "needle_left")
                    and e.piece.section not in ("impression", "findings")
                    and e.mentions
                ),
                default=-1,
            )
            later = guidance.turned_to(r, words, clash, at)
            if later is not None:
                # the modality of the title may be the one that was left
                explained = explained or bool(titles) and set(titles) <= set(clash)
                value, clash = later, []
        lesion.guidance = value  # type: ignore[assignment]
        lesion.tomosynthesis = with_tomo and value == "stereotactic"
        mentions = words.all()
        chosen = mentions.get(value or "", [m for v in mentions.values() for m in v])
        lesion.evidence["guidance"] = r.evidence([*chosen[:8], *titles.get(value or "", [])[:1]])
        if clash and not (explained and value):
            out.guidance_conflict = [Reading(k, r.evidence(mentions.get(k, [])[:3])) for k in clash]
    body = {x.guidance for x in out.lesions if x.guidance}
    if titles and body and not explained and not out.guidance_conflict:
        named = set(titles)
        compatible = (
            bool(named & body)
            or ("tomosynthesis" in named and body == {"stereotactic"})
            or body == {"none"}
            or (named == {"mammographic"} and body <= {"tomosynthesis"})
        )
        given = set(whole.given_up)
        if not compatible and not named <= given:
            out.guidance_conflict = [Reading(k, r.evidence(v[:2])) for k, v in titles.items()] + [
                Reading(b, x.evidence.get("guidance", ())[:2]) for b in sorted(body) for x in out.lesions[:1]
            ]
            for lesion in out.lesions:
                lesion.guidance = None
    elif out.guidance_conflict:
        for lesion in out.lesions:
            if total == 1 or split:
                lesion.guidance = None
    out.title_guidance = r.evidence([m for v in titles.values() for m in v][:3])
    out.guidance_evidence = r.evidence([m for v in whole.all().values() for m in v][:8])


def _corrected_guidance(r: Reader, out: Reading_) -> None:
    """An addendum that corrects the guidance settles it, unless the lesions differ and it does not say which it means."""
    right = guidance.corrected(r)
    if right is None or len({x.guidance for x in out.lesions}) != 1:
        return
    value, words = right
    for lesion in out.lesions:
        lesion.guidance = value  # type: ignore[assignment]
        lesion.tomosynthesis = lesion.tomosynthesis and value == "stereotactic"
        lesion.evidence["guidance"] = r.evidence(words[:3])
    out.guidance_evidence, out.guidance_conflict = r.evidence(words[:3]), []


def _shared(r: Reader, layout: Layout, support: guidance.Support, titles: dict[str, list[Mention]], i: int) -> bool:
    """Whether the guidance that the note names holds for lesion `i`, in whose own sentences none is named.

    It does where it is said of several lesions or of none, where the sentence goes on to this lesion, where the title names it for this
    side too, or where this one is said to have been done as the others were.
    """
    side = layout.slots[i].side
    for m in (m for ms in titles.values() for m in ms):
        named = {x.value for x in r.piece(m).mentions if x.label == "side"}
        if not named or not side or named & {side, "both"}:
            return True
    mine = {piece for (piece, _), who in layout.owner.items() if i in who}
    table = min((piece for piece, _ in layout.cells), default=-1)
    return any(
        m.piece in mine
        or m.piece < table
        or len(layout.owner.get((m.piece, m.clause), (i, i))) > 1
        or EVERY.search(r.text, r.piece(m).start, r.piece(m).end)
        or SEVERAL.search(r.text, r.piece(m).start, r.piece(m).end)
        for ms in support.all().values()
        for m in ms
    ) or any(_LIKEWISE.search(r.text, r.page.pieces[p].start, r.page.pieces[p].end) for p in mine)


def _by_elimination(r: Reader, layout: Layout, events: list[Event], candidates: list[str], i: int) -> str | None:
    """A modality for a lesion that names none, when each of the others has taken one of those the note names."""
    taken = set()
    for j in range(len(layout.slots)):
        if j == i:
            continue
        own = guidance.collect(r, {k for k, who in layout.owner.items() if who == (j,)}, events)
        value, _, _ = guidance.combine(own)
        if value:
            taken.add(value)
    left = [c for c in candidates if c not in taken]
    return left[0] if len(left) == 1 and taken else None


def _site_open(out: Reading_) -> None:
    out.site_open = any(x.site is None for x in out.lesions)
