"""What the models see: the note's words and what the rules found, as named numbers.

One pass over the evened text, plain dictionaries, nothing learned. Knows findings and recommendations, no gold record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from extractor.coding.model import Recommendation
from extractor.findings import Evidences, Findings, Lesion

Features = dict[str, float]

MAX_WORDS = 4000
"""Words beyond are not seen: what they cost grows with the note, what they tell does not."""
RULE_WEIGHT = 2.0
"""What the rules found is worth more than a word: larger values are held back less by the penalty on weights."""
NEAR = 90
"""Characters around a piece of evidence whose words count as near it."""

_WORD = re.compile(r"[a-z]+|\d+")
_MODALITIES = {
    "ultrasound": re.compile(r"\b(?:ultraso\w*|sono\w*|us)\b"),
    "stereotactic": re.compile(r"\bstereo\w*"),
    "mammographic": re.compile(r"\b(?:mammo\w*|grid|paddle)\b"),
    "mri": re.compile(r"\b(?:mri?|magnetic resonance|gadolin\w*)\b"),
    "tomosynthesis": re.compile(r"\b(?:tomo\w*|dbt)\b"),
    "ct": re.compile(r"\b(?:ct|computed tomo\w*)\b"),
}
_SIDES = re.compile(r"\b(left|right|lt|rt)\b|\b([lr])\.?(?=\s+(?:breast|axill))")
_SAMPLED = re.compile(r"\b(?:biops\w+|sampl\w+|cores?|vacuum\w*|gauge|specimens? obtained)\b")
_AXILLA = re.compile(r"\b(?:axill\w+|node|nodal|lymph)\b")
_COUNTS = re.compile(r"\b(?:two|second|both|three|third|bracket\w*|another|additional|replaced|repositioned)\b")


@dataclass(frozen=True, slots=True)
class Seen:
    """The features of one note and of each of its lesions, in the lesions' order."""

    note: Features
    lesions: list[Features]
    words: int
    sides: tuple[int, int]
    modalities: tuple[str, ...]
    counting: int
    sampling: int
    axilla: int


def see(text: str, note: str, findings: Findings, made: Recommendation) -> Seen:
    """Features of one note. `text` is the evened text, `note` the text as given, into which all evidence points."""
    low = text.lower()
    words = _WORD.findall(low)[:MAX_WORDS]
    features: Features = dict.fromkeys([f"w:{word}" for word in words if len(word) > 1], 1.0)
    features.update(dict.fromkeys([f"w:{a} {b}" for a, b in zip(words, words[1:], strict=False)], 1.0))
    sides = [(m[1] or m[2])[0] for m in _SIDES.finditer(low)]
    left, right = sides.count("l"), sides.count("r")
    modalities = tuple(name for name, pattern in _MODALITIES.items() if pattern.search(low))
    text_facts = [f"sides:{min(left, 1)}{min(right, 1)}", f"modalities:{len(modalities)}"]
    text_facts += [f"modality:{name}" for name in modalities]
    counting = set(_COUNTS.findall(low))
    text_facts += [f"counting:{word}" for word in sorted(counting)]
    features.update(dict.fromkeys(text_facts, 1.0))
    shared = dict(features)
    features.update(dict.fromkeys(_found(findings, made), RULE_WEIGHT))
    lesions = [_lesion(shared, lesion, findings, note, (left, right)) for lesion in findings.lesions]
    sampling, axilla = len(_SAMPLED.findall(low)), len(_AXILLA.findall(low))
    return Seen(features, lesions, len(words), (left, right), modalities, len(counting), sampling, axilla)


def _found(findings: Findings, made: Recommendation) -> Iterable[str]:
    """What the rules found, as names."""
    yield f"type={findings.procedure_type}"
    yield f"status={findings.status}"
    yield f"disposition={made.disposition}"
    yield f"count={findings.lesion_count}"
    yield f"lesions={min(len(findings.lesions), 5)}"
    yield f"devices={min(sum(d.count or 1 for each in findings.lesions for d in each.devices), 6)}"
    yield f"complications={findings.complications_documented}"
    for lesion in findings.lesions:
        yield f"guidance={lesion.guidance}"
        yield f"side={lesion.laterality}"
        yield f"site={lesion.site}"
        yield f"outcome={lesion.outcome}"
        yield f"biopsied={lesion.biopsied}"
        yield f"target={lesion.target}"
        yield from (f"device={device.type}" for device in lesion.devices)
    for element, found in findings.elements.items():
        yield f"{element}={found.status}"
    yield from (f"cause={cause.id}" for cause in made.causes)
    yield from (f"complication={each.type}" for each in findings.complications)
    marks = {"site_open": findings.site_open, "preliminary": findings.preliminary, "title": findings.title_mismatch}
    yield from (name for name, value in marks.items() if value)
    guidances = {each.guidance for each in findings.lesions if each.guidance}
    sides = {each.laterality for each in findings.lesions if each.laterality}
    yield f"guidances={len(guidances)}"
    yield f"read_sides={len(sides)}"


def _lesion(shared: Features, lesion: Lesion, findings: Findings, note: str, sides: tuple[int, int]) -> Features:
    features = dict(shared)
    own = [
        f"own.guidance={lesion.guidance}",
        f"own.side={lesion.laterality}",
        f"own.site={lesion.site}",
        f"own.outcome={lesion.outcome}",
        f"own.biopsied={lesion.biopsied}",
        f"alone={len(findings.lesions) == 1}",
        f"tomosynthesis={lesion.tomosynthesis}",
        f"title={bool(findings.title_mismatch)}",
        f"title_guidance={bool(findings.title_guidance)}",
        f"element.guidance={_status(findings, 'guidance')}",
        f"element.laterality={_status(findings, 'laterality')}",
        f"majority={'l' if sides[0] > sides[1] else 'r' if sides[1] > sides[0] else '='}",
    ]
    own += [f"own.device={device.type}" for device in lesion.devices]
    for name in ("guidance", "laterality"):
        for evidence in lesion.evidence.get(name, ()):
            own += [f"{name}.in={evidence.section}", f"{name}.by={evidence.rule}"]
    features.update(dict.fromkeys(own, RULE_WEIGHT))
    features.update(dict.fromkeys(_near(note, "g", lesion.evidence.get("guidance", ())), 1.0))
    features.update(dict.fromkeys(_near(note, "s", lesion.evidence.get("laterality", ())), 1.0))
    features.update(dict.fromkeys(_near(note, "o", lesion.evidence.get("outcome", ())), 1.0))
    return features


def _near(note: str, prefix: str, evidence: Evidences) -> Iterable[str]:
    for each in evidence[:4]:
        yield from (f"{prefix}:{w}" for w in _WORD.findall(note[max(0, each.start - NEAR) : each.end + NEAR].lower()))


def _status(findings: Findings, element: str) -> str | None:
    return next((found.status for name, found in findings.elements.items() if name == element), None)
