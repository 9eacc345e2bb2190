"""Signs that the reading may be wrong: what the note says that the reading did not use.

A reading that leaves a stated number, a second side, another place or another modality unexplained is not ready to be billed, however clear
each value looks. Knows what was read and what the page holds; changes no value.
"""

from __future__ import annotations

import re

from extractor import patterns
from extractor.findings import Findings, Reading
from extractor.nlp.page import Mention
from extractor.reading import counts, guidance, procedure, sides
from extractor.reading.events import Event
from extractor.reading.slots import Layout, _same_clock, active, numbered
from extractor.reading.words import Reader

_BODY = ("technique", "findings", "impression", "target", "location", "device", "side")


def find(r: Reader, layout: Layout, events: list[Event], f: Findings) -> list[Reading]:
    """Doubts about a reading that would otherwise be ready: what is unexplained, with its words."""
    out: list[Reading] = []
    if f.procedure_type == "other" or f.status not in ("completed", "partial"):
        return out
    out.extend(_devices(r, events, f))
    out.extend(_lesions(r, f))
    out.extend(_sides(r, layout, f))
    out.extend(_places(r, events, f))
    out.extend(_modalities(r, events, f))
    out.extend(_session(r, f))
    stray = [
        e
        for e in events
        if e.kind in ("placed", "needle_left")
        and not e.slots
        and len(layout.slots) > 1
        and e.piece.section in ("technique", "device")
        and e.type != "clip"
    ]
    if stray and any(not x.devices for x in f.lesions if not x.biopsied):
        out.append(
            Reading("a device whose lesion is not clear", r.evidence([m for e in stray for m in e.mentions][:3]))
        )
    sampled = [e for e in events if e.kind == "sampled"]
    if (
        sampled
        and not any(x.biopsied for x in f.lesions)
        and any({d.type for d in x.devices} <= {"clip"} for x in f.lesions)
    ):
        out.append(
            Reading(
                "tissue sampling that no lesion accounts for", r.evidence([m for e in sampled for m in e.mentions][:3])
            )
        )
    stopped = [
        e
        for e in events
        if e.kind == "stopped"
        and e.piece.section in ("technique", "impression", "title")
        and not any(m.label == "guidance" for m in e.piece.mentions)
    ]
    stopped = [e for e in stopped if not _went_on(r, e, events)]
    off = procedure.cancelled(r, events)
    if off and f.status == "completed":
        out.append(Reading("words that nothing was done in a procedure read as completed", r.evidence(off[:3])))
    elif stopped and f.status == "completed" and not f.complications:
        out.append(
            Reading(
                "words of stopping in a procedure read as completed",
                r.evidence([m for e in stopped for m in e.mentions][:3]),
            )
        )
    return out


def _went_on(r: Reader, stop: Event, events: list[Event]) -> bool:
    """Whether, after the words of stopping, other guidance is described and a device was left under it."""
    last = max(
        (
            e.piece.index
            for e in events
            if e.kind in ("placed", "needle_left") and e.piece.section in ("technique", "device")
        ),
        default=-1,
    )
    return any(
        stop.piece.index < m.piece <= last and m.section == "technique" and active(m) and m.attrs.get("tier") != "weak"
        for m in r.all("guidance")
    )


_NO_TISSUE = patterns.compile(
    r"\b(?:no|without)\s+(?:\w+\s+)?(?:tissue|samples?|sampling|cores?|re-?biopsy|biopsy|bx)\b|\bnot\s+(?:re-?)?(?:sampled|biopsied)\b",
    re.I,
)


def _session(r: Reader, f: Findings) -> list[Reading]:
    """A title of a biopsy over a clip that is read as a localization, and a procedure of which nothing tells that it was begun."""
    local = [x for x in f.lesions if not x.biopsied]
    heads = procedure.kinds(r, ("title", "order"))
    named = any(m.value == "clip" and m.section in ("title", "order") for m in r.all("device"))
    named = named or bool(_NO_TISSUE.search(r.text))
    if (
        heads.get("biopsy")
        and not heads.get("localization")
        and not named
        and any({d.type for d in x.devices} == {"clip"} for x in local)
    ):
        return [Reading("a biopsy is named, a clip without a biopsy is read", r.evidence(heads["biopsy"][:1]))]
    begun = ("consent", "time_out", "anesthesia", "post_placement_imaging")
    if local and not any(f.elements[e].status == "present" for e in begun):  # type: ignore[index]
        return [Reading("nothing tells that the procedure was begun here", f.procedure_evidence[:1])]
    return []


def _devices(r: Reader, events: list[Event], f: Findings) -> list[Reading]:
    left: dict[str | None, int] = {}
    for x in f.lesions:
        for d in x.devices:
            left[d.type] = left.get(d.type, 0) + (d.count or 1)
    out = []
    for e in events:
        if (
            e.kind in ("total", "placed", "shown")
            and e.count
            and 1 < e.count <= 8
            and e.type in left
            and e.type != "clip"
            and e.count > left[e.type]
        ):
            out.append(Reading(f"{e.count} devices are stated, {left[e.type]} read", r.evidence(e.mentions[:1])))
            break
    return out


def _respectively(r: Reader, f: Findings) -> list[Reading]:
    """Several places named "respectively" where fewer lesions were read: each is the place of something of its own."""
    if "respectively" not in r.lower:
        return []
    for p in r.page.pieces:
        if p.section in _BODY and "respectively" in r.piece_text(p):
            # "at 2:00 and 6:00 respectively": the first of two positions can look like a time of day
            for labels in (("clock", "time"), ("quadrant",), ("side",)):
                named = {str(m.value): m for m in p.mentions if m.label in labels and active(m) and m.value != "both"}
                if len(named) > len(f.lesions):
                    words = r.evidence(list(named.values()))
                    return [Reading(f"{len(named)} places are named respectively, {len(f.lesions)} read", words)]
    return []


def _lesions(r: Reader, f: Findings) -> list[Reading]:
    n = len(f.lesions)
    apart = _respectively(r, f)
    if apart:
        return apart
    for s in counts.stated(r):
        if (
            s.value > n
            and s.value <= 6
            and s.piece.section in _BODY + ("count", "impression", "addendum")
            and not patterns.search(r"\b(?:stable|benign|seen|biops|mri|prior)\b", r.piece_text(s.piece))
            and f.elements.get("lesion_count")
            and f.elements["lesion_count"].status == "present"
            and not counts.bracketed(r)
        ):
            return [Reading(f"{s.value} are stated, {n} read", r.evidence([s.span]))]
    devices = sum(d.count or 1 for x in f.lesions for d in x.devices)
    for m in r.all("times"):
        if (
            m.piece < 4
            and max(n, devices) < m.value <= 6
            and r.lower[m.start] in "xt"
            and any(o.label == "localization_noun" or o.value == "localization" for o in r.clause(m))
            and not any(o.label == "action" and o.value == "sample" for o in r.clause(m))
        ):
            return [Reading(f"{m.value} are named in the title, {n} read", r.evidence([m]))]
    for value, span in counts.titled(r):
        if max(n, devices) < value <= 6:
            return [Reading(f"{value} are named in the title, {n} read", r.evidence([span]))]
    labels = numbered(r)
    if len(labels) > max(n, 1):
        return [Reading(f"{len(labels)} are numbered, {n} read", r.evidence(list(labels.values())[:4]))]
    return []


def _sides(r: Reader, layout: Layout, f: Findings) -> list[Reading]:
    read = {x.laterality for x in f.lesions}
    if None in read or f.elements["laterality"].status == "conflicting":
        return []
    s = sides.read(r, layout, {x for x in read if x})
    if s.corrected:
        return []
    late = [m for m in r.all("side") if r.piece(m).addendum and m.value not in (*read, "both") and active(m)]
    if late:
        return [Reading(f"an addendum names the {late[0].value} side", r.evidence(late[:2]))]
    other = {**s.titled, **s.claims}.keys() - read
    return [
        Reading(f"the {v} side is named too", r.evidence([*s.claims.get(v, []), *s.titled.get(v, [])][:3]))
        for v in sorted(other)
    ]


def _places(r: Reader, events: list[Event], f: Findings) -> list[Reading]:
    known = [x.location.clock for x in f.lesions if x.location.clock]
    if len(known) < len(f.lesions) or f.procedure_type != "localization":
        return []
    acting = {(e.piece.index, e.clause) for e in events if e.kind in ("placed", "advanced", "sampled", "shown")}
    for m in r.all("clock"):
        if (
            active(m)
            and m.section in _BODY
            and ((m.piece, m.clause) in acting or _ANOTHER.search(r.before(m, 30)) or _beside_device(r, m))
            and not any(_same_clock(k, m.value) for k in known)
        ):
            return [Reading("another position is named where a device is", r.evidence([m]))]
    return []


def _beside_device(r: Reader, m: Mention) -> bool:
    """Whether a device that marks is named in the clause of a position. A clip may be an old one, and a time-out tells
    what is to come."""
    if any(o.label == "time_out" for o in r.piece(m).mentions):
        return False
    devices = (o for o in r.clause(m) if o.label == "device" and o.attrs.get("kind") == "device")
    return any(o.value != "clip" and active(o) for o in devices)


_ANOTHER = patterns.compile(r"\b(?:another|second)(?:\s+one)?\s+(?:at\s+)?$")


def _modalities(r: Reader, events: list[Event], f: Findings) -> list[Reading]:
    read = {x.guidance for x in f.lesions}
    if None in read:
        return []
    s = guidance.collect(r, None, events, biopsy=any(x.biopsied for x in f.lesions))
    extra = {
        k: v
        for k, v in s.named.items()
        if k not in read
        and k not in s.given_up
        and not (k == "tomosynthesis" and read & {"stereotactic", "mammographic"})
    }
    if extra and not guidance.explained(r):
        k = sorted(extra)[0]
        if guidance.turned_to(r, s, [k, *(x for x in read if x)], -1) in read:
            return []
        return [Reading(f"{k} is named too", r.evidence(extra[k][:2]))]
    return []
