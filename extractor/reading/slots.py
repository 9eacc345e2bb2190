"""Which lesions there are: every clause of the body is given to the target it speaks of.

A slot is one target. Slots are told apart by their label (Lesion 1, Site B), their clock position, quadrant, side, site or kind, in
that order of strength. Clauses that speak of every target go to all. This module decides which clause belongs to which
target; what the clause says of devices is `devices`' business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from extractor import patterns
from extractor.nlp.page import Mention, Piece
from extractor.reading.words import BODY, Reader

_THING = r"(?:lesion|site|target|focus|mass|group|area|node|spot|part|location|nodule|cluster|region|procedure|placement|finding|tumou?r|localization|localisation|calcs|step|abnormality)"
_LABEL = patterns.compile(
    rf"\b{_THING}\s*(?:#|no\.?\s*|number\s+)?\s*(?P<a>\d(?!\d)|[A-D](?![a-zA-Z'])|(?:one|two|three|four)\b)(?!\s*(?:mm|cm|:\d\d|o'?\s?clock|o/c|oc\b|%|/\d|\.\d|x\b))",
    re.I,
)
_KIND = r"(?:separate|distinct|different|additional|adjacent|previously|biopsied|biopsy-proven|proven|known|clipped|marked|abnormal|suspicious|enlarged|positive|metastatic|smaller|larger|irregular|left|right|breast|axillary|lymph)"
_ORDINAL = patterns.compile(
    rf"\b(?P<a>first|second|third|fourth|1st|2nd|3rd|other),?\s+(?!of\b)(?:(?:[a-z-]+\s+){{0,2}}?|(?:{_KIND},?\s+){{1,6}}?)(?:{_THING}|calcifications|distortion|asymmetry|enhancement|set)\b(?!\s+(?:view|film|image|pass))",
    re.I,
)
_TIME = r"(?:(?:[01]\d|2[0-3]):?[0-5]\d\s+[-–]?\s*)?"
_CLIP_LABEL = patterns.compile(r"\bclip\s*#?\s*(?P<a>\d(?!\d)|[A-D])\b(?!\s*(?:mm|cm|:\d\d|o/c))", re.I)
_INLINE = patterns.compile(r"(?<=[\s,;:])\(?#(?P<a>\d)\b\)?|(?<=\s)\((?P<b>\d)\)(?=\s)")
_LINE = patterns.compile(
    r"\s*"
    + _TIME
    + r"(?:[-*•]\s*)?(?:\(?(?P<a>\d|[A-Da-d])\s*[).:]\s*(?=\S)|#\s?(?P<b>\d)\b\s*|\|\s*(?P<c>\d)\s*\||(?P<d>\d)\s{2,}(?=\S))"
)
_SIDE_HEAD = patterns.compile(
    r"\s*"
    + _TIME
    + r"(?:[-*•#]\s*)?(?:(?:on|for)\s+the\s+(?P<t>right|left)\b|(?:(?:part|side|breast)\s+\d?\s*)?(?P<s>right|left|rt|lt|[LR](?=\s*[:,]|\s+(?:breast|brst|br|axilla)\s*[:,-]))(?:\s+(?:breast|brst|br|side|axilla|part))?\s*(?:[:,;(\n-]|\.\s|\s{2,}|$))",
    re.I,
)
_ROOM = patterns.compile(r"\s*(?:\d{3,4}\s+)?(?:[A-Z]{2,12}\s+){1,2}(?:ROOM|SUITE|PART|RM)\s*:?\s*$")
_EACH_HEAD = patterns.compile(r"\W*+(?:for\s+|at\s+)?(?:each|both|all|every)\b", re.I)
EVERY = patterns.compile(
    r"\b(?:each|both|all|every|either|respective|respectively|same\s+(?:way|manner|fashion|technique)|throughout|per\s+(?:site|lesion)|at\s+(?:all|both|each))\b",
    re.I,
)
_NOT_TARGET = patterns.compile(
    r"\b(?:neither|not\s+(?:sampled|localized|localised|targeted|marked|biopsied|treated|addressed|the\s+target)|left\s+alone|skin\s+(?:entry|nick|incision)|entry\s+(?:site|point)|incision|scar|"
    r"stable|benign\s+appearing|no\s+(?:sonographic|mammographic)?\s*correlate|unchanged|not\s+imaged|lumpectomy\s+(?:bed|scar)|mastectomy|s/p|status\s+post|(?:19|20[01])\d\d|contains\s+only|normal|not\s+scanned|was\s+scanned|itself|proper|whether|asks|will\s+be\s+(?:localized|marked|done)|elsewhere|not\s+part\s+of)\b",
    re.I,
)
_ORD = {
    "first": "1",
    "second": "2",
    "third": "3",
    "fourth": "4",
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "a": "1",
    "b": "2",
    "c": "3",
    "d": "4",
    "other": "2",
}
_BREAST_TARGETS = frozenset({"mass", "calcifications", "architectural_distortion", "asymmetry", "enhancement"})
TECHNIQUE = frozenset(
    {
        "technique",
        "target",
        "location",
        "device",
        "guidance",
        "side",
        "anesthesia",
        "comment",
        "consent",
        "time_out",
        "count",
    }
)


@dataclass(slots=True)
class Slot:
    """One target and the clauses that speak of it, as (piece, clause) pairs."""

    label: str | None = None
    side: str | None = None
    clock: str | None = None
    quadrant: str | None = None
    site: str | None = None
    target: str | None = None
    clauses: list[tuple[int, int]] = field(default_factory=list)
    clauses_seen: bool = False
    mentions: list[Mention] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """Slots, and for each clause the numbers of the slots it speaks of; `labelled` when the note numbers its targets."""

    slots: list[Slot]
    owner: dict[tuple[int, int], tuple[int, ...]]
    labelled: bool
    cells: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)


def active(m: Mention) -> bool:
    """Said of this session and not denied."""
    return m.assertion in ("present", "uncertain")


def _labels(r: Reader, piece: Piece) -> list[tuple[int, str]]:
    """(position, label) of the target labels in a piece."""
    text = r.text
    out: list[tuple[int, str]] = []
    if piece.section in ("impression", "history", "comparison", "plan", "signature", "header", "date"):
        return out
    m = _LINE.match(text, piece.start, piece.end)
    if (
        m
        and (piece.heading is None or piece.section == "technique")
        and any(
            x.label in ("clock", "quadrant", "side", "site", "target", "fn", "region", "procedure")
            for x in piece.mentions
            if x.start < piece.start + 90
        )
    ):
        key = next(g for g in (m["a"], m["b"], m["c"], m["d"]) if g)
        out.append((piece.start, _ORD.get(key.lower(), key)))
    out.extend(_inline(r, piece))
    for pattern in (_LABEL, _ORDINAL, _CLIP_LABEL) if r.main_device is not None else (_LABEL, _ORDINAL):
        for m in pattern.finditer(text, piece.start, piece.end) if r.may(pattern, piece) else ():
            if r.page.blank and r.page.is_blank(m.start(), m.end()):
                continue
            key = m["a"].lower()
            if key in ("a", "one") and not m["a"].isupper() and not m["a"].isdigit() and m["a"].lower() == "a":
                continue
            out.append((m.start(), _ORD.get(key, key)))
    return sorted(out)


def build(r: Reader) -> Layout:
    """Slots of the session and the owner of every clause of the body."""
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    table = _columns(r, cells)
    pieces = [p for p in r.page.pieces if p.section in BODY and p.section not in ("complications",)]
    first = [
        p
        for p in pieces
        if p.section in TECHNIQUE - {"consent", "time_out"}
        and not p.addendum
        and not any(m.label == "time_out" and m.start < p.start + 30 for m in p.mentions)
    ]
    labels = {p.index: _labels(r, p) for p in first}
    lines = {
        p.index: [x for x in labels[p.index] if x[0] == p.start and _LINE.match(r.text, p.start, p.end)] for p in first
    }
    if len({key for found in lines.values() for _, key in found}) >= 2:
        labels = {
            i: lines[i] or [x for x in found if _LABEL.match(r.text, x[0]) or _INLINE.match(r.text, x[0])]
            for i, found in labels.items()
        }
    distinct = {key for found in labels.values() for _, key in found}
    labelled = len(distinct) >= 2
    slots: list[Slot] = []
    owner: dict[tuple[int, int], tuple[int, ...]] = {}
    if table:
        slots, owner, span = table
        _fill(r, slots, owner)
        first = [p for p in first if p.index not in span]
        labelled = True
    else:
        _walk(r, first, labels if labelled else {}, slots, owner, create=True)
    if not slots:
        _walk(r, [p for p in pieces if p.section in ("findings", "impression")], {}, slots, owner, create=True)
        _walk(r, [p for p in r.page.pieces if p.section == "history"], {}, [], {}, create=False)
    told, owned = {p.index for p in first}, {piece for piece, _ in owner}
    rest = [p for p in pieces if (p.section not in TECHNIQUE or table or p.index not in told) and p.index not in owned]
    _walk(r, rest, {p.index: _all_labels(r, p) for p in rest} if labelled else {}, slots, owner, create=False)
    return Layout(slots, owner, labelled, cells)


def numbered(r: Reader) -> dict[str, tuple[int, int, str, str]]:
    """The targets that the body numbers, `site 1` or `Lesion B`, with their words."""
    out: dict[str, tuple[int, int, str, str]] = {}
    for piece in r.page.pieces:
        if piece.section not in ("technique", "target", "location") or piece.addendum:
            continue
        for m in _SITE_LABEL.finditer(r.text, piece.start, piece.end) if r.may(_SITE_LABEL, piece) else ():
            if not r.page.is_blank(m.start(), m.end()):
                key = m["a"].lower()
                out.setdefault(_ORD.get(key, key), (m.start(), m.end(), piece.section, "count.label"))
    return out


_SITE_LABEL = patterns.compile(
    r"\b(?i:lesion|site|target|focus|mass|node|nodule)\s*(?:\#|no\.?\s*|number\s+)?\s*(?P<a>[1-6](?!\d)|[A-D](?![a-zA-Z']))(?!\s*(?:mm|cm|:\d\d|o'?\s?clock|o/c|oc\b|%|/\d|\.\d|x\b))"
)


_NOT_LABEL = patterns.compile(
    r"\b(?:wires?|needles?|seeds?|reflectors?|mammograms?|films?|markers?|clips?|tags?|case|attempt|trial|pass|ser|img|images?|time[- ]?out|lot|room|rm|page|copy|device|core|cores|from|to|and|or)\s*$"
)


def _inline(r: Reader, piece: Piece) -> list[tuple[int, str]]:
    """Labels inside a line, `#1` or `(1)`, where a target or the work on it follows and no device is being numbered."""
    out = []
    for m in _INLINE.finditer(r.text, piece.start, piece.end):
        if _NOT_LABEL.search(r.lower[max(piece.start, m.start() - 16) : m.start()]):
            continue
        if any(
            x.label in ("clock", "quadrant", "side", "site", "target", "fn", "region", "anesthesia", "coordinates")
            and m.start() <= x.start < m.end() + 46
            for x in piece.mentions
        ):
            out.append((m.start(), m["a"] or m["b"]))
    return out


def _all_labels(r: Reader, piece: Piece) -> list[tuple[int, str]]:
    out = _inline(r, piece)
    for pattern in (_LABEL, _ORDINAL):
        for m in pattern.finditer(r.text, piece.start, piece.end):
            key = m["a"].lower()
            if not (key == "a" and not m["a"].isupper()):
                out.append((m.start(), _ORD.get(key, key)))
    for m in patterns.finditer(
        r"\b(?:wire|seed|clip|reflector|marker|tag)\s+#?(\d|[A-D])\b(?!\s*(?:mm|cm))", r.text[piece.start : piece.end]
    ):
        out.append((piece.start + m.start(), _ORD.get(m[1].lower(), m[1])))
    return sorted(out)


def _describe(clause: list[Mention]) -> list[dict[str, str]]:
    """The targets a clause describes: one for each place or label in it."""
    wanted = [
        m for m in clause if m.label in ("clock", "quadrant", "side", "site", "target", "site_breast") and active(m)
    ]
    if not wanted:
        return []
    sides = [m for m in wanted if m.label == "side" and m.value != "both"]
    places = [m for m in wanted if m.label == "clock"] or [m for m in wanted if m.label == "quadrant"]
    sites = [m for m in wanted if m.label == "site"]
    targets = [m for m in wanted if m.label == "target"]

    def near(items: list[Mention], at: int) -> str | None:
        return min(items, key=lambda m: abs(m.start - at)).value if items else None

    if places:
        # of one place, the kind of target counts before a mere "lesion"; of several, each has the word beside it
        named = [m for m in targets if m.value != "unspecified"] if len(places) == 1 else []
        return [
            {
                k: v
                for k, v in (
                    ("side", near(sides, p.start)),
                    (p.label, p.value),
                    ("site", near(sites, p.start)),
                    ("target", near(named or targets, p.start)),
                )
                if v
            }
            for p in places
        ]
    if len({m.value for m in sides}) > 1:
        return [{"side": s.value} for s in sides]
    out: dict[str, str] = {}
    if sides:
        out["side"] = sides[0].value
    if sites:
        out["site"] = sites[-1].value if sites[-1].value == "breast" else "axilla"
    elif any(m.label == "site_breast" for m in wanted):
        out["site"] = "breast"
    kinds = [m.value for m in targets if m.value != "unspecified"]
    if kinds:
        out["target"] = kinds[0]
        if (
            kinds[0] == "lymph_node"
            and "site" not in out
            and any(m.rule == "target.intramammary_node" for m in targets)
        ):
            out["site"] = "breast"
        if (
            kinds[0] == "lymph_node"
            and "site" not in out
            and not any(m.rule == "target.intramammary_node" for m in targets)
        ):
            out["site"] = "node"
    return [out] if out else []


def _clauses(piece: Piece) -> list[tuple[int, list[Mention]]]:
    groups: dict[int, list[Mention]] = {}
    for m in piece.mentions:
        groups.setdefault(m.clause, []).append(m)
    n = max(len(piece.clauses), 1)
    return [(i, groups.get(i, [])) for i in range(n)]


def _acts(piece: Piece) -> bool:
    """Whether a piece tells of work on a target: an action, a device, an anesthetic, targeting."""
    return any(
        active(m)
        and (
            m.label == "action"
            and m.value in _EVENT
            or m.label in ("device", "anesthesia", "coordinates")
            or m.label == "guidance"
            and m.attrs.get("tier") == "technique"
        )
        for m in piece.mentions
    )


_EVENT = {"deploy", "place", "advance", "sample"}


def _walk(
    r: Reader,
    pieces: list[Piece],
    labels: dict[int, list[tuple[int, str]]],
    slots: list[Slot],
    owner: dict[tuple[int, int], tuple[int, ...]],
    *,
    create: bool,
) -> None:
    current: int | None = None
    current_label: str | None = None
    block = -1
    side_context: str | None = None
    waiting: list[tuple[int, int]] = []
    several = create and _several(r)
    last_label = -9
    for piece in pieces:
        if piece.block != block and block >= 0:
            if (
                labels
                and not labels.get(piece.index)
                and not (current is not None and create and last_label == piece.index - 1)
            ):
                current_label = None
                if len(slots) > 1 or len({key for found in labels.values() for _, key in found}) > 1:
                    current = None
            if piece.section in ("findings", "impression") or not create:
                current = None
        if create and _ROOM.match(r.text, piece.start, piece.end):
            current = current_label = None
        block = piece.block
        head = _SIDE_HEAD.match(r.text, piece.start, piece.end)
        if head:
            side_context = "left" if (head["s"] or head["t"]).lower() in ("left", "lt", "l") else "right"
            if create:
                current = None
                if not labels.get(piece.index):
                    current_label = None
        found = labels.get(piece.index, [])
        acts = (
            _acts(piece)
            or bool(patterns.match(r"\s*(?:[01]\d|2[0-3]):?[0-5]\d\s", r.text[piece.start : piece.start + 8]))
            and any(_acts(p) for p in r.page.pieces[piece.index + 1 : piece.index + 3] if p.block == piece.block)
        )
        for number, clause in _clauses(piece):
            start = piece.clauses[number] if piece.clauses else piece.start
            end = piece.clauses[number + 1] if number + 1 < len(piece.clauses) else piece.end
            text = r.lower[start:end]
            here = [key for at, key in found if start <= at < end or (number == 0 and at < end and at >= piece.start)]
            label = here[0] if here else current_label
            if here:
                last_label = piece.index
            if here and any(key == here[0] and at - piece.start < 30 for at, key in found):
                current_label = here[0]
            if len(set(here)) > 1 and not create:
                owner[(piece.index, number)] = tuple(
                    sorted({i for i, s in enumerate(slots) if s.label in here})
                ) or tuple(range(len(slots)))
                continue
            descs = (
                []
                if r.may(_NOT_TARGET, piece)
                and _NOT_TARGET.search(text)
                or any(m.label == "complication" and active(m) for m in clause)
                else _describe(clause)
            )
            if head and number == 0 and not descs and side_context and not labels.get(piece.index):
                descs = [{}]
            if side_context and descs:
                for d in descs:
                    d.setdefault("side", side_context)
            if label and len(descs) <= 1 and (here or not descs or not _elsewhere(slots, descs[0], label)):
                descs = [{**(descs[0] if descs else {}), "label": label}]
            heading = not descs and text.rstrip().endswith(":") and len(text) < 40 and number + 1 < len(piece.clauses)
            everyone = (
                len(slots) > 1
                and r.may(EVERY, piece)
                and (bool(EVERY.search(text)) or bool(_EACH_HEAD.match(r.text, piece.start, piece.end)))
            )
            chosen: list[int] = []
            for d in descs:
                i = _resolve(
                    slots,
                    d,
                    current,
                    create=create and (not labels or bool(d.get("label")) or bool(head)),
                    acts=acts or bool(head),
                    several=several,
                )
                if i is not None:
                    chosen.append(i)
            if chosen:
                if (
                    current is None
                    or here
                    or any(d.get(k) for d in descs for k in ("clock", "quadrant", "side", "site", "label"))
                    or any(
                        m.label == "action" and m.value in ("deploy", "place", "sample", "advance") and active(m)
                        for m in clause
                    )
                ):
                    current = chosen[-1]
                for i in chosen:
                    slots[i].clauses_seen = slots[i].clauses_seen or any(
                        m.label == "action" and m.value in ("deploy", "place", "sample") and active(m)
                        for m in piece.mentions
                    )
            elif current is not None and any(
                m.label == "action" and m.value in ("deploy", "place", "sample") and active(m) for m in clause
            ):
                slots[current].clauses_seen = True
            if waiting and (chosen or current is not None):
                owner[waiting.pop()] = tuple(dict.fromkeys(chosen)) or (current or 0,)
            if heading and not everyone:
                waiting = [(piece.index, number)]
                continue
            if everyone and not here:
                owner[(piece.index, number)] = tuple(range(len(slots)))
            elif chosen:
                owner[(piece.index, number)] = tuple(dict.fromkeys(chosen))
            elif current is not None:
                owner[(piece.index, number)] = (current,)
    for i, slot in enumerate(slots):
        slot.clauses = list(dict.fromkeys([*slot.clauses, *(key for key, who in owner.items() if i in who)]))


SEVERAL = patterns.compile(
    r"\b(?:two|three|four|both|[2-4])\s+(?:\w+\s+){0,3}?(?:lesions|sites|targets|masses|areas|foci|groups|localizations)\b|\bx\s?[2-4]\b",
    re.I,
)


def _several(r: Reader) -> bool:
    """Whether the note speaks of more than one target: by number, by two exam lines, or by two numbered conclusions."""
    titles = {
        r.piece_text(p).strip()
        for p in r.page.pieces
        if p.section == "title" and any(m.label in ("procedure", "localization_noun") for m in p.mentions)
    }
    conclusions = [
        p
        for p in r.page.pieces
        if p.section == "impression"
        and any(m.label in ("procedure", "device") for m in p.mentions)
        and patterns.match(r"(?:impression:?\s*)?\(?\d[.)]", r.piece_text(p))
    ]
    if len(titles) > 1 or len(conclusions) > 1:
        return True
    return any(
        SEVERAL.search(r.text, p.start, p.end)
        for p in r.page.pieces
        if p.section in ("title", "impression", "technique", "count")
    )


def _compatible(slot: Slot, d: dict[str, str]) -> bool:
    for k in ("label", "side", "site"):
        a, b = getattr(slot, k), d.get(k)
        if a and b and a != b:
            return False
    if slot.clock and d.get("clock") and not _same_clock(slot.clock, d["clock"]):
        return False
    if not _fits_quadrant(slot.clock, d.get("quadrant"), slot.side or d.get("side")) or not _fits_quadrant(
        d.get("clock"), slot.quadrant, slot.side or d.get("side")
    ):
        return False
    if slot.quadrant and d.get("quadrant") and slot.quadrant != d["quadrant"]:
        return False
    if d.get("site") == "axilla" and slot.site is None and slot.target in _BREAST_TARGETS:
        return False
    if slot.site == "axilla" and "site" not in d and d.get("target") in _BREAST_TARGETS:
        return False
    a, b = slot.target, d.get("target")
    if (
        a
        and b
        and a != b
        and a in _BREAST_TARGETS
        and b in _BREAST_TARGETS
        and not (d.get("label") and d.get("label") == slot.label)
    ):
        # a place given for another kind of target than the one spoken of so far
        if (d.get("clock") or d.get("quadrant")) and not (slot.clock or slot.quadrant) and slot.clauses_seen:
            return False
    return not (a and b and a != b and "lymph_node" in (a, b))


def _elsewhere(slots: list[Slot], d: dict[str, str], label: str) -> bool:
    """Whether words under the label of one target describe another that is known: the list is over, and all are spoken of again."""
    return not any(_compatible(s, d) for s in slots if s.label == label) and any(
        _compatible(s, d) and _score(s, d) for s in slots if s.label and s.label != label
    )


def _fits_quadrant(clock: str | None, quadrant: str | None, side: str | None) -> bool:
    """Whether a clock position lies in a quadrant of that breast (of either, where the side is not known)."""
    if not clock or not quadrant or "-" in clock:
        return True
    minutes = _minutes(clock)
    upper, lower = minutes <= 180 or minutes >= 540, 180 <= minutes <= 540
    if not (upper if quadrant.startswith("upper") else lower):
        return False
    if side is None:
        return True
    half = minutes <= 360 if side == "left" else minutes >= 360 or minutes == 0
    on_line = minutes in (0, 360)
    return on_line or half == quadrant.endswith("outer")


def _same_clock(a: str, b: str) -> bool:
    if a == b:
        return True
    if "-" in a or "-" in b:
        pa, pb = a.split("-"), b.split("-")
        return (
            bool(set(pa) & set(pb))
            or _minutes(pa[0]) <= _minutes(pb[0]) <= _minutes(pa[-1])
            or _minutes(pb[0]) <= _minutes(pa[0]) <= _minutes(pb[-1])
        )
    return False


def _minutes(clock: str) -> int:
    h, _, m = clock.partition(":")
    return (int(h) % 12) * 60 + int(m or 0)


def _score(slot: Slot, d: dict[str, str]) -> int:
    score = 0
    for k, w in (("label", 8), ("clock", 6), ("quadrant", 5), ("site", 2), ("side", 2), ("target", 1)):
        a, b = getattr(slot, k), d.get(k)
        if a and b:
            same = _same_clock(a, b) if k == "clock" else a == b
            score += w if same else 0
    return score


def _resolve(
    slots: list[Slot],
    d: dict[str, str],
    current: int | None,
    *,
    create: bool,
    acts: bool,
    several: bool = False,
) -> int | None:
    """The slot a description means; a new one where it contradicts all there are."""
    if d.get("site") == "node":
        # a node is axillary unless the note has already placed it elsewhere
        known = [i for i, s in enumerate(slots) if s.target == "lymph_node"]
        if len(known) == 1 and not d.get("clock"):
            d = {k: v for k, v in d.items() if k != "site"}
        else:
            d = {**d, "site": "axilla"}
    if (
        several
        and d.get("target") in _BREAST_TARGETS
        and current is not None
        and not d.get("clock")
        and not d.get("quadrant")
        and not d.get("label")
    ):
        here = slots[current]
        if (
            here.clauses_seen
            and here.target in _BREAST_TARGETS
            and here.target != d["target"]
            and not any(s.target == d["target"] for s in slots)
            and create
        ):
            slots.append(Slot(side=d.get("side"), site=d.get("site"), target=d["target"]))
            return len(slots) - 1
    place = bool(d.get("clock") or d.get("quadrant") or d.get("label"))
    fits = [i for i, s in enumerate(slots) if _compatible(s, d)]
    if fits:
        best = max(fits, key=lambda i: (_score(slots[i], d), i == current, -i))
        slot = slots[best]
        new_place = (
            d.get("clock")
            and not slot.clock
            and slot.quadrant is None
            and _score(slot, d) < 2
            and len(slots) > 1
            and best != current
        )
        if d.get("label") and not slot.label and any(s.label for s in slots):
            new_place = bool(slot.clock or slot.quadrant or slot.clauses_seen)
        if not new_place or not create:
            if create or len(slots) == 1:
                for k, v in d.items():
                    if getattr(slot, k) in (None, "unspecified") and v:
                        if k == "label" and not create:
                            continue
                        setattr(slot, k, v)
            if not place and not d.get("side") and not d.get("site") and len(slots) > 1 and _score(slot, d) == 0:
                return current
            if (
                not place
                and len(fits) > 1
                and current is not None
                and current in fits
                and _score(slots[current], d) >= _score(slot, d)
            ):
                return current
            return best
    if not create:
        return None
    if not (place or d.get("site") or d.get("side") or (d.get("target") == "lymph_node")):
        return current
    if not place and slots and not acts:
        return current
    slots.append(
        Slot(
            label=d.get("label"),
            side=d.get("side"),
            clock=d.get("clock"),
            quadrant=d.get("quadrant"),
            site=d.get("site"),
            target=d.get("target"),
        )
    )
    return len(slots) - 1


_COLUMN = patterns.compile(rf"\b(?:{_THING})\s*#?\s*(\d|[A-D])\b", re.I)
_CELL_HEAD = patterns.compile(
    r"(?:\d{1,2}:\d\d|(?:left|right)(?:\s+breast)?|breast|(?:axillary\s+|lymph\s+)?node|axilla)", re.I
)


def _heads(r: Reader, piece: Piece) -> list[tuple[int, int, str]]:
    """(start, end, label) of the column heads of a line: numbered targets, or places as heads of every cell."""
    line_end = r.text.find("\n", piece.start, piece.end)
    end = piece.end if line_end < 0 else line_end
    numbered = [(m.start(), m.end(), _ORD.get(m[1].lower(), m[1])) for m in _COLUMN.finditer(r.text, piece.start, end)]
    if len(numbered) >= 2:
        return numbered
    cells = [(m.start(), m.end()) for m in patterns.finditer(r"\S+(?: \S+)*", r.text[piece.start : end])]
    if len(cells) >= 2:
        named = [
            (piece.start + a, piece.start + b)
            for a, b in cells
            if _CELL_HEAD.fullmatch(r.text[piece.start + a : piece.start + b])
        ]
        label = r.lower[piece.start + cells[0][0] : piece.start + cells[0][1]]
        if len(named) >= 2 and (
            len(named) == len(cells)
            or len(named) == len(cells) - 1
            and label in ("site", "side", "lesion", "target", "where", "breast", "lesions")
        ):
            return [(a, b, str(i)) for i, (a, b) in enumerate(named, 1)]
    return []


def _columns(
    r: Reader, spans: dict[tuple[int, int], tuple[int, int]]
) -> tuple[list[Slot], dict[tuple[int, int], tuple[int, ...]], set[int]] | None:
    """A table whose columns are targets: a line that names two or more of them across wide gaps, and the lines below it."""
    for piece in r.page.pieces:
        if piece.section in ("impression", "signature", "history") or "   " not in r.text[piece.start : piece.end]:
            continue
        heads = _heads(r, piece)
        if len(heads) < 2 or any(
            not patterns.search(r"\s{3,}|\t|\|", r.text[a[1] : b[0]]) for a, b in zip(heads, heads[1:], strict=False)
        ):
            continue
        line_start = r.text.rfind("\n", 0, piece.start) + 1
        columns = [h[0] - line_start for h in heads]
        slots = [Slot(label=h[2]) for h in heads]
        owner: dict[tuple[int, int], tuple[int, ...]] = {}
        span = {piece.index}
        for m in piece.mentions:
            for i, h in enumerate(heads):
                if h[0] <= m.start < h[1] and m.label in ("side", "clock", "site", "target", "site_breast"):
                    m.clause = 100 + i
                    m.assertion = "present"
                    owner[(piece.index, 100 + i)] = (i,)
        for below in r.page.pieces[piece.index + 1 :]:
            if below.block != piece.block:
                break
            start = r.text.rfind("\n", 0, below.start) + 1
            cells = list(patterns.finditer(r"(?<=\s\s)\S|(?<=\t)\S|(?<=\|\s)\S", r.text[start : below.end]))
            if not cells and below.end - start > columns[0]:
                continue
            span.add(below.index)
            for i, c in enumerate(columns):
                until = start + columns[i + 1] - 3 if i + 1 < len(columns) else below.end
                spans[(below.index, 100 + i)] = (max(below.start, start + c - 3), min(until, below.end))
            for m in below.mentions:
                at = m.start - start
                if at < columns[0] - 3:
                    continue
                i = max((k for k, c in enumerate(columns) if c - 3 <= at), default=0)
                m.clause = 100 + i
                if m.assertion == "historical" and m.label in ("device", "action", "guidance"):
                    m.assertion = "present"
                owner[(below.index, 100 + i)] = (i,)
        if len(span) > 2:
            return slots, owner, span
    return None


def _fill(r: Reader, slots: list[Slot], owner: dict[tuple[int, int], tuple[int, ...]]) -> None:
    for (piece, clause), who in owner.items():
        for m in r.page.pieces[piece].mentions:
            if m.clause != clause or not active(m):
                continue
            slot = slots[who[0]]
            if m.label in ("side", "clock", "quadrant", "site", "target") and getattr(slot, m.label) in (
                None,
                "unspecified",
            ):
                setattr(slot, m.label, m.value)
        for i in who:
            slots[i].clauses.append((piece, clause))
