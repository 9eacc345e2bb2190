"""What a note leaves open that a code depends on, and what the codes would be under each reading.

Sees findings only. A question is never answered here: every reading becomes a candidate with its condition in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from extractor.coding.lines import Case, case_of, code_lines, coded_lesions, out_of_scope
from extractor.coding.model import Candidate, Cause
from extractor.coding.policy import Policy
from extractor.coding.tables import Tables
from extractor.findings import Element, Evidences, Findings, Lesion

BLOCKING: tuple[Element, ...] = ("device_deployment", "guidance", "laterality", "lesion_count")
MOST_CANDIDATES = 16

Cases = list[Case]
Change = Callable[[Cases], Cases]


@dataclass(frozen=True, slots=True)
class Choice:
    """One reading of an open question: its words, and what it makes of the cases."""

    condition: str
    change: Change


def open_questions(findings: Findings) -> list[Cause]:
    """Every blocking thing that is missing or contradicted, in the order in which it should be asked.

    Elements are judged by reading for localized lesions; biopsied ones are looked at here. A lesion without a fact
    that its code needs is open even where the element says otherwise: a code must never rest on a fact that is not
    there.
    """
    causes: list[Cause] = []
    lesions = [lesion for lesion in coded_lesions(findings) if lesion.guidance != "none"]
    for element in BLOCKING:
        found = findings.elements.get(element)
        status = found.status if found else "present"
        lacking: tuple[int, ...] = found.lesions if found else ()
        evidence: Evidences = found.evidence if found else ()
        if status not in ("missing", "conflicting"):
            lacking = _lacking(element, findings, lesions)
            if not lacking and not _count_open(element, findings):
                continue
            status = (
                "conflicting"
                if element == "lesion_count" and len(_values(findings.lesion_count_readings)) > 1
                else "missing"
            )
            evidence = ()
        causes.append(
            Cause(
                f"{status}-{element.replace('_', '-')}",
                _WORDS[element, status],
                [f"documentation.{element}"],
                lacking,
                evidence,
            )
        )
    open_sites = tuple(lesion.number for lesion in lesions if lesion.site is None)
    if findings.site_open or open_sites:
        causes.append(
            Cause(
                "site-open",
                "The note leaves open whether the target lies in the breast or in the axilla.",
                ["cpt.site"],
                open_sites,
            )
        )
    return causes


def _lacking(element: Element, findings: Findings, lesions: Sequence[Lesion]) -> tuple[int, ...]:
    if element == "device_deployment":
        return tuple(lesion.number for lesion in lesions if lesion.outcome is None)
    if element == "guidance":
        return tuple(lesion.number for lesion in lesions if lesion.guidance is None)
    if element == "laterality":
        return tuple(lesion.number for lesion in lesions if lesion.laterality is None)
    return ()


def _count_open(element: Element, findings: Findings) -> bool:
    if element != "lesion_count":
        return False
    if findings.lesion_count is None:
        return True
    return findings.procedure_type == "biopsy" and len(_values(findings.lesion_count_readings)) > 1


def _values(readings: Iterable[object]) -> list[object]:
    values: list[object] = []
    for reading in readings:
        value = getattr(reading, "value", None)
        if value not in values:
            values.append(value)
    return values


_WORDS: dict[tuple[str, str], str] = {
    ("device_deployment", "missing"): "The note never says whether a device was left in place.",
    ("device_deployment", "conflicting"): "The note contradicts itself about whether a device was left in place.",
    ("guidance", "missing"): "The body of the note does not say what imaging guided the placement.",
    ("guidance", "conflicting"): "The note contradicts itself about what imaging guided the placement.",
    ("laterality", "missing"): "The note does not say which side.",
    ("laterality", "conflicting"): "The note contradicts itself about the side.",
    ("lesion_count", "missing"): "The note leaves open how many lesions there were.",
    ("lesion_count", "conflicting"): "The note contradicts itself about how many lesions there were.",
}


def candidates(findings: Findings, causes: Sequence[Cause], policy: Policy, tables: Tables) -> list[Candidate]:
    """The lines under each combination of readings; at most MOST_CANDIDATES, the likeliest combinations first."""
    lesions = coded_lesions(findings)
    cases = [case for case in map(case_of, lesions) if out_of_scope(case) is None]
    axes: list[list[Choice]] = []
    for cause in causes:
        axes += _axes(cause, findings, lesions)
    made: list[Candidate] = []
    seen: set[str] = set()
    for choices in product(*axes):
        changed = list(cases)
        for choice in choices:
            changed = choice.change(changed)
        condition = "if " + " and ".join(choice.condition for choice in choices) if choices else "as documented"
        if condition not in seen:
            seen.add(condition)
            made.append(Candidate(condition, code_lines(changed, policy, tables)))
        if len(made) == MOST_CANDIDATES:
            break
    return made


def _axes(cause: Cause, findings: Findings, lesions: Sequence[Lesion]) -> list[list[Choice]]:
    name = cause.id.partition("-")[2]
    if cause.id == "site-open":
        numbers = cause.lesions or tuple(lesion.number for lesion in lesions)
        return [
            [
                Choice("the target lies in the breast or its axillary tail", _set(numbers, site="breast")),
                Choice("the target lies in the axilla", _set(numbers, site="axilla")),
            ]
        ]
    if name == "device-deployment":
        numbers = cause.lesions or tuple(lesion.number for lesion in lesions if lesion.outcome is None)
        return [[Choice("a device was left in place", list), Choice("no device was left in place", _drop(numbers))]]
    if name == "lesion-count":
        return [_counts(findings, lesions)]
    element: Element = "guidance" if name == "guidance" else "laterality"
    field = "guidance" if element == "guidance" else "side"
    lacking = [
        lesion for lesion in lesions if (lesion.guidance if element == "guidance" else lesion.laterality) is None
    ]
    if not lacking:  # contradicted as a whole although each lesion has a value: the readings concern all of them
        lacking = list(lesions)
    found = findings.elements.get(element)
    values = [v for v in _values(found.readings) if v in _POSSIBLE[element]] if found else []
    # A single supported reading does not answer the question, so the others stay possible.
    values = values if len(values) > 1 else [*values, *(v for v in _POSSIBLE[element] if v not in values)]
    name_all = len(lesions) == 1 or len(lacking) == len(lesions)
    groups = [lacking] if name_all else [[lesion] for lesion in lacking]
    axes = []
    for group in groups:
        numbers = tuple(lesion.number for lesion in group)
        whose = "" if name_all else f" for lesion {numbers[0]}"
        axes.append(
            [
                Choice(_CONDITION[element].format(value=_SPOKEN.get(str(v), v)) + whose, _set(numbers, **{field: v}))
                for v in values
            ]
        )
    return axes


_POSSIBLE: dict[Element, tuple[str, ...]] = {
    "laterality": ("left", "right"),
    "guidance": ("stereotactic", "mammographic", "ultrasound", "mri"),
}
_CONDITION: dict[Element, str] = {"laterality": "the side is {value}", "guidance": "the guidance was {value}"}
_SPOKEN = {"mri": "MR"}


def _set(numbers: tuple[int, ...], **values: object) -> Change:
    def change(cases: Cases) -> Cases:
        return [replace(case, **values) if case.number in numbers else case for case in cases]  # type: ignore[arg-type]

    return change


def _drop(numbers: tuple[int, ...]) -> Change:
    return lambda cases: [case for case in cases if case.number not in numbers]


def _counts(findings: Findings, lesions: Sequence[Lesion]) -> list[Choice]:
    """Readings of the count: those the note gives, else from one lesion up to one lesion a device."""
    localized = [lesion for lesion in lesions if not lesion.biopsied] or list(lesions)
    found = findings.elements.get("lesion_count")
    given = _values([*findings.lesion_count_readings, *(found.readings if found else ())])
    counts = sorted({v for v in given if isinstance(v, int) and not isinstance(v, bool) and v > 0})
    devices = sum(device.count or 1 for lesion in localized for device in lesion.devices)
    if len(counts) < 2:
        counts = sorted({*counts, 1, len(localized), max(devices, 1)} - {0})
        if len(counts) == 1:
            counts = [counts[0], counts[0] + 1]
    numbers = tuple(lesion.number for lesion in localized)
    return [Choice(_count_words(count, devices), _recount(numbers, count)) for count in counts]


def _count_words(count: int, devices: int) -> str:
    if count == 1:
        return "the devices mark one lesion" if devices > 1 else "there was one lesion"
    return f"the devices mark {count} lesions" if devices > 1 else f"there were {count} lesions"


def _recount(numbers: tuple[int, ...], count: int) -> Change:
    """Keep the first `count` of the localized lesions, or let the last one stand for those that are not listed."""

    def change(cases: Cases) -> Cases:
        ours = [case for case in cases if case.number in numbers]
        if not ours:
            return cases
        kept = ours[:count]
        if count > len(kept):
            kept[-1] = replace(kept[-1], copies=kept[-1].copies + count - len(kept))
        return [case for case in cases if case.number not in numbers] + kept

    return change
