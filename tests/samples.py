"""Findings made by hand, for tests of what comes after reading."""

from __future__ import annotations

from extractor import findings as f
from extractor.note import Note

TEXT = (
    "STEREOTACTIC WIRE LOCALIZATION\r\n\r\nTECHNIQUE: Under stereotactic guidance a Kopans wire was placed "
    "in the left breast calcifications at 2:00. 😀\r\nCOMPLICATIONS: None.\r\n"
)
NOTE = Note("n-1", TEXT)


def quote(words: str, section: str | None = "technique", rule: str | None = "test.rule") -> f.Evidences:
    """The first place of `words` in TEXT, as evidence."""
    at = TEXT.index(words)
    return (f.Evidence(at, at + len(words), words, section, rule),)


def findings() -> f.Findings:
    """One left lesion localized with one wire under stereotactic guidance; consent missing, the side stated twice."""
    lesion = f.Lesion(
        1,
        laterality="left",
        guidance="stereotactic",
        devices=[f.Device("wire", 1, "Kopans", quote("Kopans wire"))],
        target="calcifications",
        location=f.Location(clock="2:00", distance_from_nipple_cm=6.0),
        outcome="placed",
        evidence={
            "guidance": quote("Under stereotactic guidance"),
            "laterality": quote("left breast"),
            "target": quote("calcifications"),
            "location": quote("2:00"),
            "outcome": quote("wire was placed"),
        },
    )
    elements = {name: f.ElementFinding(name, "present") for name in f.ELEMENTS[:9]}
    elements["consent"] = f.ElementFinding("consent", "missing")
    elements["laterality"] = f.ElementFinding(
        "laterality", "conflicting", readings=[f.Reading("left", quote("left breast")), f.Reading(2, ())], lesions=(1,)
    )
    return f.Findings(
        "n-1",
        procedure_type="localization",
        status="completed",
        procedure_evidence=quote("STEREOTACTIC WIRE LOCALIZATION", "title"),
        lesions=[lesion],
        lesion_count=1,
        complications_documented=True,
        complications_evidence=quote("None", "complications"),
        elements=elements,
        date_of_service="2026-03-02",
    )
