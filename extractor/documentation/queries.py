"""Drafted queries to the physician: neutral title, one question, quotes of the record, and only options that the
record supports.

A draft never suggests an answer and never tells what the answer would do. Where the record supports fewer than two
readings the question is open, because a single offered reading would be a suggestion. Sees findings, never text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from extractor.findings import Evidence, Findings, Reading

OTHER = "Other (please specify)"
UNABLE = "Unable to determine"
INSTRUCTION = (
    "If clinically appropriate, please document your answer as a signed and dated addendum to the report, from "
    "your own recollection "
    "and the images."
)
MOST_INDICATORS = 6
LONGEST_INDICATOR = 400


@dataclass(slots=True)
class Query:
    """A drafted question. `supported_by` holds for each option, in order, the numbers of the indicators that say it."""

    title: str
    question: str
    indicators: list[Evidence]
    options: list[str]
    response_instruction: str = INSTRUCTION
    supported_by: list[tuple[int, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Form:
    """Title and question of one kind of query; `contradicted` is asked where readings of the record disagree."""

    title: str
    question: str
    contradicted: str
    fields: tuple[str, ...]
    """Which evidence of the lesions shows what the record does say."""


FORMS: dict[str, Form] = {
    "device_deployment": Form(
        "Outcome of the placement attempt",
        "The record describes the approach to the target. Please document the outcome of the placement attempt.",
        "The quoted passages describe the outcome of the placement attempt differently. Please document the outcome.",
        ("outcome", "guidance", "target"),
    ),
    "guidance": Form(
        "Guidance technique clarification",
        "The quoted passages describe the placement. Please document the image guidance, if any, that was used "
        "to position the device.",
        "The quoted passages describe the guidance of the placement differently. Please document the image "
        "guidance that was used to "
        "position the device.",
        ("device", "outcome", "target"),
    ),
    "laterality": Form(
        "Side of the procedure",
        "The quoted passages describe the procedure without a side. Please document the side on which it was "
        "performed.",
        "The quoted passages give the side of the procedure differently. Please document the side on which it "
        "was performed.",
        ("device", "target", "guidance", "outcome"),
    ),
    "lesion_count": Form(
        "Number of lesions localized",
        "The quoted passages describe the devices that were placed. Please document the number of separate "
        "lesions localized, with the "
        "device or devices at each.",
        "The quoted passages give the number of lesions differently. Please document the number of separate "
        "lesions localized.",
        ("device", "target", "outcome"),
    ),
    "site": Form(
        "Structure localized",
        "The quoted passages describe the target. Please document the anatomic structure in which the device "
        "was placed.",
        "The quoted passages describe the target differently. Please document the anatomic structure in which "
        "the device was placed.",
        ("site", "target", "location"),
    ),
    "target": Form(
        "Description of the target",
        "The quoted passages describe the placement. Please document the imaging appearance of the target.",
        "The quoted passages describe the target differently. Please document the imaging appearance of the target.",
        ("target", "device", "guidance", "outcome"),
    ),
    "location": Form(
        "Location of the target",
        "The quoted passages describe the placement. Please document where the target lies.",
        "The quoted passages give the location of the target differently. Please document where the target lies.",
        ("location", "target", "device", "outcome"),
    ),
    "indication": Form(
        "Reason for the procedure",
        "The quoted passages describe the placement. Please document the clinical reason for the procedure.",
        "The quoted passages give the reason for the procedure differently. Please document the clinical reason "
        "for the procedure.",
        ("target", "device", "outcome"),
    ),
    "complications": Form(
        "Course of the procedure",
        "The quoted passages describe the procedure. Please document its course, including events during or "
        "after it, if any.",
        "The quoted passages describe the course of the procedure differently. Please document its course.",
        ("outcome",),
    ),
    "device_type": Form(
        "Type of device",
        "The quoted passages describe the placement. Please document the type of device.",
        "The quoted passages name the device differently. Please document the type of device.",
        ("device", "outcome"),
    ),
}

GUIDANCE_WORDS = {
    "stereotactic": "Stereotactic",
    "tomosynthesis": "Tomosynthesis",
    "mammographic": "Mammographic",
    "ultrasound": "Ultrasound",
    "mri": "MR",
    "ct": "CT",
    "fluoroscopic": "Fluoroscopic",
    "none": "No image guidance",
}
COUNT_WORDS = {
    1: "One lesion",
    2: "Two lesions",
    3: "Three lesions",
    4: "Four lesions",
    5: "Five lesions",
    6: "Six lesions",
}
NAMES_A_CODE = re.compile(
    r"\b(?:19[0-4]\d\d|1003[56]|7[67]\d{3}|8830\d|G0\d{3})\b|\b(?:CPT|ICD|HCPCS)\b", re.IGNORECASE
)
"""Quotes that name a code stay out of a query: it may not show one, not even in the record's words."""


def draft(flag_id: str, findings: Findings) -> Query | None:
    """The query for a flag, or None where there is no form for it or nothing of the record to quote."""
    kind = (
        "site"
        if flag_id == "site-open"
        else "guidance"
        if flag_id == "guidance-title-only"
        else flag_id.partition("-")[2].replace("-", "_")
    )
    form = FORMS.get(kind)
    if form is None:
        return None
    readings = _readings(kind, findings)
    options, support, indicators = _options(kind, readings)
    contradicted = flag_id.startswith("conflicting-") or len(options) > 1
    if len(options) < 2:
        options, support = [], []
        indicators = _indicators([*indicators, *_of_element(kind, findings), *_context(flag_id, form, findings)])
    if not indicators:
        return None
    return Query(
        form.title,
        form.contradicted if contradicted else form.question,
        indicators,
        [*options, OTHER, UNABLE] if options else [],
        supported_by=support,
    )


def _readings(kind: str, findings: Findings) -> list[Reading]:
    readings: list[Reading] = []
    if kind == "lesion_count":
        readings += findings.lesion_count_readings
    element = findings.elements.get(kind)  # type: ignore[call-overload]
    if element:
        readings += element.readings
    return readings


def _options(kind: str, readings: Iterable[Reading]) -> tuple[list[str], list[tuple[int, ...]], list[Evidence]]:
    """One option for each value that the record says somewhere, with the quotes that say it."""
    quotes: dict[str, list[Evidence]] = {}
    for reading in readings:
        words = _option_words(kind, reading.value)
        usable = _indicators(reading.evidence)
        if words and usable:
            quotes.setdefault(words, []).extend(e for e in usable if e not in quotes.get(words, ()))
    indicators: list[Evidence] = []
    support = []
    each = max(1, MOST_INDICATORS // max(1, len(quotes)))
    for evidence in quotes.values():
        numbers = []
        for quote in evidence[:each]:
            if quote not in indicators:
                indicators.append(quote)
            numbers.append(indicators.index(quote))
        support.append(tuple(numbers))
    return list(quotes), support, indicators


def _option_words(kind: str, value: object) -> str | None:
    if kind == "guidance":
        return GUIDANCE_WORDS.get(str(value))
    if kind == "laterality":
        return {"left": "Left", "right": "Right"}.get(str(value))
    if kind == "lesion_count" and isinstance(value, int) and not isinstance(value, bool):
        return COUNT_WORDS.get(value)
    return None


def _of_element(kind: str, findings: Findings) -> Iterable[Evidence]:
    element = findings.elements.get(kind)  # type: ignore[call-overload]
    if element:
        yield from element.evidence
        for reading in element.readings:
            yield from reading.evidence
    if kind == "complications":
        yield from findings.complications_evidence
        for complication in findings.complications:
            yield from complication.evidence


def _context(flag_id: str, form: Form, findings: Findings) -> Iterable[Evidence]:
    """What the record does say about the placement, so that the question stands on its own words."""
    if flag_id == "guidance-title-only":
        yield from findings.title_guidance
    for lesion in findings.lesions:
        for name in form.fields:
            if name == "device":
                for device in lesion.devices:
                    yield from device.evidence[:1]
            else:
                yield from lesion.evidence.get(name, ())[:1]
    yield from findings.procedure_evidence[:1]


def _indicators(evidence: Iterable[Evidence]) -> list[Evidence]:
    kept: list[Evidence] = []
    for quote in evidence:
        fits = quote.text.strip() and len(quote.text) <= LONGEST_INDICATOR and not NAMES_A_CODE.search(quote.text)
        if fits and not any(k.start == quote.start and k.end == quote.end for k in kept):
            kept.append(quote)
    return kept[:MOST_INDICATORS]
