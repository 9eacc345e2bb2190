"""Reading: from the page of one note to its Findings.

The only layer that interprets text. It knows the words' concepts and sections, and no code, payer or format.
"""

from __future__ import annotations

import re

from extractor import patterns
from extractor.findings import Complication, Diagnosis, Evidences, Findings
from extractor.nlp.page import Page
from extractor.normalize import Normalized
from extractor.reading import complications, doubts, elements, events, lesions, procedure, slots, subject
from extractor.reading.lesions import Reading_
from extractor.reading.words import Reader

_OLD_CODE = patterns.compile(
    r"(?<![\d/.-])(?:19290|19291|19295|19102|19103|77031|77032|7705[1-7]|19304)(?![\d/.-])|\bG020[2-6]\b"
)


def nothing(note_id: str) -> Findings:
    """Findings of a note without a word of the breast or of localizing (`subject.named`): `other`, and nothing else."""
    return Findings(note_id)


def read(page: Page, source: Normalized, note: str, note_id: str) -> Findings:
    """Findings of one note. `page` is annotated on `source.text`; evidence points into `note`."""
    if not subject.named(page.text):
        return nothing(note_id)
    r = Reader(page, source, note)
    f = Findings(note_id=note_id)
    layout = slots.build(r)
    done = events.find(r, layout)
    other, why = procedure.is_other(r, done)
    f.obsolete_codes = r.evidence(
        [
            (m.start(), m.end(), page.pieces[page.piece_at(m.start())].section if page.pieces else "", "code.obsolete")
            for m in _OLD_CODE.finditer(page.text)
        ]
    )
    f.preliminary = r.evidence(elements.preliminary(r))
    dates = elements.procedure_date(r)
    f.dates = tuple(r.words_of(m) for m in r.all("date"))
    if dates:
        f.date_of_service = r.words_of(dates[0])
        f.date_of_service_evidence = r.evidence(dates[:1])
    if other:
        f.procedure_evidence = r.evidence(why)
        f.elements = elements.judge(r, layout, f, Reading_(), complications.Outcome())
        return f
    c = complications.read(r)
    off = procedure.cancelled(r, done)
    if off and not any(
        e.kind in ("placed", "sampled", "needle_left") and e.piece.section in slots.TECHNIQUE and not e.template
        for e in done
    ):
        f.procedure_type, f.status = "localization", "cancelled"
        if _biopsy_title(r):
            f.procedure_type = "biopsy"
        f.procedure_evidence = r.evidence(off[:4])
        _complications(r, f, c)
        f.elements = elements.judge(r, layout, f, Reading_(), c)
        return f
    a = lesions.lesions(r, layout, done)
    f.lesions = a.lesions
    _type_and_status(r, f, a, done)
    f.lesion_count, f.lesion_count_readings = a.count, a.count_readings
    if f.procedure_type == "biopsy":
        f.lesion_count, a.count_status = 0, "present"
    if f.status in ("discontinued",):
        f.lesion_count, a.count_status, a.count_readings = 0, "present", []
    f.site_open, f.title_guidance = a.site_open, a.title_guidance
    _complications(r, f, c)
    f.elements = elements.judge(r, layout, f, a, c)
    f.doubts = doubts.find(r, layout, done, f)
    f.diagnoses = _diagnoses(r)
    f.facts = _facts(r)
    return f


def _biopsy_title(r: Reader) -> bool:
    heads = procedure.kinds(r, ("title", "order"))
    return bool(heads.get("biopsy")) and not heads.get("localization")


def _complications(r: Reader, f: Findings, c: complications.Outcome) -> None:
    f.complications_documented = c.documented
    f.complications = [Complication(k, r.evidence(v)) for k, v in c.items.items()]  # type: ignore[arg-type]
    f.complications_evidence = r.evidence([*c.denied, *[m for v in c.items.values() for m in v]])


def _type_and_status(r: Reader, f: Findings, a: Reading_, done: list[events.Event]) -> None:
    biopsied = [x for x in f.lesions if x.biopsied]
    local = [x for x in f.lesions if not x.biopsied]
    if biopsied and any(x.outcome is None for x in local):
        # beside a biopsy, a target of which nothing is told was only mentioned
        local = [x for x in local if x.outcome is not None]
        f.lesions = [x for x in f.lesions if x in biopsied or x in local]
        for k, x in enumerate(f.lesions, 1):
            x.number = k
        a.count = sum(1 for x in local if x.localized)
    if biopsied and local:
        f.procedure_type = "biopsy_and_localization"
    elif biopsied:
        f.procedure_type = "biopsy"
    else:
        f.procedure_type = "localization"
        if _biopsy_title(r) and not any(x.devices for x in local):
            f.procedure_type = "biopsy"
            for x in local:
                x.biopsied = True
                x.outcome = x.outcome if x.outcome == "failed" else "placed"
    f.procedure_evidence = r.evidence(
        [m for e in done if e.kind in ("placed", "sampled", "needle_left", "advanced") for m in e.mentions][:6]
        or r.all("procedure")[:2]
    )
    failed = [x for x in f.lesions if x.outcome in ("failed", "not_attempted")]
    good = [x for x in f.lesions if x.outcome == "placed"]
    if failed and good:
        f.status = "partial"
    elif failed:
        f.status = "discontinued"
    else:
        f.status = "completed"


def _diagnoses(r: Reader) -> list[Diagnosis]:
    out: list[Diagnosis] = []
    seen: set[tuple[str, str | None]] = set()
    for m in r.all("diagnosis"):
        if m.assertion in ("absent", "other_person", "planned", "hypothetical", "blank", "ordered") or m.section in (
            "comparison",
            "family",
            "signature",
        ):
            continue
        certainty = "uncertain" if m.assertion == "uncertain" or m.value == "suspicious" else "confirmed"
        if m.cue and m.cue.startswith("assertion.historical"):
            certainty = "history"
        near = [x for x in r.piece(m).mentions if x.label == "side" and x.value != "both" and x.clause == m.clause]
        side = min(near, key=lambda x: abs(x.start - m.start)).value if near else None
        key = (m.value, side)
        if key in seen:
            continue
        seen.add(key)
        out.append(Diagnosis(m.value, certainty, side, None, r.evidence([m])))  # type: ignore[arg-type]
    return out


_FACTS = {
    "post_placement_mammogram": patterns.compile(
        r"\b(?:post[- ]?(?:procedure|placement|localization|clip|deployment)|two[- ]view|2[- ]view|orthogonal|craniocaudal\s+and|cc\s+and\s+(?:ml|lm)|cc/ml)[^.\n]{0,40}(?:mammogra\w+|views?|films?)",
        re.I,
    ),
    "specimen_radiograph": patterns.compile(r"\bspecimen\s+(?:radiograph\w*|film|mammogra\w*)", re.I),
    "separate_unit": patterns.compile(
        r"\b(?:walked|taken|moved|transferred|brought|escorted)\s+(?:next\s+door\s+)?(?:to|for)\s+(?:the\s+)?(?:mammograph\w+|mammo\w*|a\s+(?:right|left)\s+cranio)",
        re.I,
    ),
    "palpable": patterns.compile(r"(?<!non)(?<!non-)(?<!not )\bpalpable\b", re.I),
    "sedation": patterns.compile(r"\b(?:moderate|conscious|iv)\s+sedation\b", re.I),
}


def _facts(r: Reader) -> dict[str, Evidences]:
    out = {}
    for key, pattern in _FACTS.items():
        spans = [
            (m.start(), m.end(), r.page.pieces[r.page.piece_at(m.start())].section, f"fact.{key}")
            for m in pattern.finditer(r.text)
        ]
        spans = [s for s in spans if s[2] not in ("history", "comparison", "plan", "family")]
        if spans:
            out[key] = r.evidence(spans[:2])
    for m in r.all("fact"):
        if m.assertion == "present":
            out[m.value] = (*out.get(m.value, ()), *r.evidence([m]))
    return out
