"""From findings and recommendation to flags: one for each problem of the note, worst first, with a query where one is
warranted.

Sees findings, never text. Messages are fixed sentences; the note's words stand in the evidence alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.coding.model import Cause, Recommendation
from extractor.documentation.profile import SEVERITIES, Entry, Profile, Severity
from extractor.documentation.queries import Query, draft
from extractor.findings import ELEMENTS, Element, ElementFinding, Evidences, Findings


@dataclass(slots=True)
class Flag:
    """One problem. `element` where it is about one; `query` where a question to the physician is warranted."""

    id: str
    element: Element | None
    severity: Severity
    message: str
    evidence: Evidences
    query: Query | None
    rules: list[str]


MISSING: dict[Element, str] = {
    "device_deployment": "The note never says whether a device was placed or left in place.",
    "guidance": "The body of the note does not say what imaging guided the placement.",
    "laterality": "The note does not say which side.",
    "lesion_count": "The note leaves open how many lesions were localized.",
    "device_type": "The kind of device that was left is not named.",
    "target": "The kind of lesion that was aimed at is not named.",
    "location": "Where in the breast or axilla the lesion lies is not given.",
    "indication": "The reason for the localization is not given.",
    "complications": "Whether there were complications is not documented; not documented is not none.",
    "post_placement_imaging": "Where the device sits after placement is not documented.",
    "stereotactic_technique": (
        "Stereotactic guidance is named, but neither coordinates, stereo pair nor depth is described."
    ),
    "consent": "Consent is not documented.",
    "time_out": "A time-out or verification of patient, site and procedure is not documented.",
    "anesthesia": "Anesthesia, or that none was used, is not documented.",
    "provider_signature": "The note names nobody who performed, dictated or signed it.",
    "procedure_date": "The date of the procedure is not given.",
}
NAMES: dict[Element, str] = {
    "device_deployment": "whether a device was left in place",
    "guidance": "the guidance",
    "laterality": "the side",
    "lesion_count": "the number of lesions",
    "device_type": "the kind of device",
    "target": "the kind of lesion",
    "location": "the location",
    "indication": "the reason",
    "complications": "complications",
    "post_placement_imaging": "the position after placement",
    "stereotactic_technique": "the stereotactic technique",
    "consent": "consent",
    "time_out": "the time-out",
    "anesthesia": "anesthesia",
    "provider_signature": "who performed it",
    "procedure_date": "the date of the procedure",
}
HEADER_ELEMENTS: tuple[Element, ...] = ("guidance", "laterality", "lesion_count", "device_type", "target")
"""Elements whose contradiction may be the header's: then the conflict is the one flag."""


def flags(findings: Findings, recommendation: Recommendation, profile: Profile) -> list[Flag]:
    """Every problem of one note, worst first; equals keep the order of the elements."""
    raised = list(_elements(findings, recommendation, profile))
    raised += _causes(findings, recommendation, profile, {flag.element for flag in raised})
    raised += _others(findings, recommendation, profile, raised)
    raised.sort(key=lambda flag: SEVERITIES.index(flag.severity))
    return raised


def _elements(findings: Findings, recommendation: Recommendation, profile: Profile) -> Iterator[Flag]:
    if recommendation.disposition == "not_reportable" and findings.procedure_type == "other":
        return
    for element in ELEMENTS:
        found = findings.elements.get(element)
        if found is None or found.status not in ("missing", "conflicting"):
            continue
        entry = (profile.elements if found.status == "missing" else profile.conflicts)[element]
        if entry.required:
            yield _element_flag(element, found, entry, findings, recommendation)


def _element_flag(
    element: Element, found: ElementFinding, entry: Entry, findings: Findings, recommendation: Recommendation
) -> Flag:
    name = element.replace("_", "-")
    rules = [f"documentation.{element}"]
    evidence = found.evidence or tuple(e for reading in found.readings for e in reading.evidence)
    if found.status == "missing":
        flag_id, message = f"missing-{name}", MISSING[element]
        if element == "guidance" and findings.title_guidance:
            flag_id, evidence = "guidance-title-only", evidence + findings.title_guidance
            message = "Guidance is named in the title or order only; the body does not say what guided the placement."
    else:
        flag_id, message = f"conflicting-{name}", f"The note contradicts itself about {NAMES[element]}."
        if element == "guidance":
            evidence += tuple(e for e in findings.title_mismatch if e not in evidence)
    if found.lesions and len(findings.lesions) > 1:
        message += f" Lesion{'s' if len(found.lesions) > 1 else ''} {', '.join(map(str, found.lesions))}."
    # Where nothing is reportable there is no code to block and no question whose answer would change one.
    idle = recommendation.disposition == "not_reportable"
    severity: Severity = "compliance" if idle and entry.severity == "blocking" else entry.severity
    ask = entry.query and not idle and not _follows(element, found, findings)
    return Flag(flag_id, element, severity, message, evidence, draft(flag_id, findings) if ask else None, rules)


def _follows(element: Element, found: ElementFinding, findings: Findings) -> bool:
    """Whether the gap is only the consequence of another that is asked already."""
    deployment = findings.elements.get("device_deployment")
    return (
        element in ("device_type", "post_placement_imaging")
        and found.status == "missing"
        and bool(deployment and deployment.status == "missing")
    )


def _causes(
    findings: Findings, recommendation: Recommendation, profile: Profile, done: set[Element | None]
) -> Iterator[Flag]:
    """Flags of what made it a query or a review, where no element has raised it already."""
    for cause in recommendation.causes:
        element = _element_of(cause)
        if element:
            if element not in done:
                ask = profile.elements[element].query
                yield Flag(
                    cause.id,
                    element,
                    "blocking",
                    cause.text,
                    cause.evidence,
                    draft(cause.id, findings) if ask else None,
                    cause.rules,
                )
        elif cause.id in profile.flags and profile.flags[cause.id].required:
            entry = profile.flags[cause.id]
            evidence = cause.evidence or _lesion_evidence(findings, cause)
            yield Flag(
                cause.id,
                None,
                entry.severity,
                cause.text,
                evidence,
                draft(cause.id, findings) if entry.query else None,
                cause.rules,
            )


def _element_of(cause: Cause) -> Element | None:
    kind, _, name = cause.id.partition("-")
    element = name.replace("-", "_")
    if kind not in ("missing", "conflicting"):
        return None
    return next((known for known in ELEMENTS if known == element), None)


def _lesion_evidence(findings: Findings, cause: Cause) -> Evidences:
    field = "site" if cause.id == "site-open" else "outcome"
    return tuple(
        e for lesion in findings.lesions if lesion.number in cause.lesions for e in lesion.evidence.get(field, ())
    )


def _others(findings: Findings, recommendation: Recommendation, profile: Profile, raised: list[Flag]) -> Iterator[Flag]:
    def flag(flag_id: str, message: str, evidence: Evidences, rule: str) -> Iterator[Flag]:
        entry = profile.flags[flag_id]
        if entry.required:
            yield Flag(flag_id, None, entry.severity, message, evidence, None, [rule])

    ids = {f.id for f in raised}
    early = findings.preliminary or findings.preliminary_in_feed
    if early and "preliminary-report" not in ids and recommendation.disposition == "query":
        yield from flag(
            "preliminary-report",
            "The report calls itself preliminary, a draft or not yet signed."
            if findings.preliminary
            else "The feed that brought the report marks it as preliminary.",
            findings.preliminary,
            "documentation.preliminary",
        )
    told = {f.element for f in raised if f.id.startswith("conflicting-")}
    if findings.title_mismatch and not told & set(HEADER_ELEMENTS) and findings.procedure_type != "other":
        yield from flag(
            "header-body-mismatch",
            "The header says something else than the body; the body counts.",
            findings.title_mismatch,
            "documentation.header",
        )
    if findings.obsolete_codes:
        yield from flag(
            "obsolete-code-in-note",
            "The note names a code that no longer exists, as old templates do.",
            findings.obsolete_codes,
            "documentation.obsolete_code",
        )
    if findings.complications and findings.procedure_type != "other":
        kinds = ", ".join(dict.fromkeys(c.type.replace("_", " ") for c in findings.complications))
        evidence = tuple(e for c in findings.complications for e in c.evidence)
        yield from flag(
            "complication-reported",
            f"Reported complication: {kinds}. Its code is left to the coder.",
            evidence,
            "diagnosis.complication",
        )
    yield from _diagnoses(recommendation, profile, raised)
    entry = profile.flags["low-confidence"]
    for doubt in recommendation.doubts if entry.required else ():
        yield Flag(doubt.id, None, entry.severity, doubt.text, doubt.evidence, None, doubt.rules)
    confidence = recommendation.confidence
    if confidence is not None and confidence < profile.low_confidence and "low-confidence" not in ids:
        yield from flag(
            "low-confidence",
            f"The models give this reading a probability of {confidence:.2f}.",
            (),
            "documentation.confidence",
        )


def _diagnoses(recommendation: Recommendation, profile: Profile, raised: list[Flag]) -> Iterator[Flag]:
    """One flag for all diagnoses that a place or side would make more specific, unless a missing location is flagged
    already.
    """
    open_parts = {part for line in recommendation.diagnoses for part in line.unspecified}
    elements = {flag.element for flag in raised}
    if "location" in elements:
        open_parts.discard("quadrant")
    if "laterality" in elements:
        open_parts.discard("side")
    entry = profile.flags["diagnosis-unspecified"]
    if open_parts and entry.required:
        lines = [line for line in recommendation.diagnoses if line.unspecified]
        codes = ", ".join(line.code for line in lines)
        yield Flag(
            "diagnosis-unspecified",
            None,
            entry.severity,
            f"Without {' and '.join(sorted(open_parts))} the diagnosis stays unspecified ({codes}).",
            tuple(e for line in lines for e in line.evidence),
            None,
            ["documentation.specificity", "diagnosis.quadrant"],
        )
