"""Flags: one for each problem, worst first, with a compliant query where one is warranted."""

from dataclasses import replace
from pathlib import Path

import pytest

from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.examples import findings_of
from extractor.coding.gold import findings_of as gold_findings
from extractor.coding.gold import records
from extractor.documentation import flags, lint, load_profile
from extractor.findings import ELEMENTS, Complication, ElementFinding, Evidence, Reading

TABLES, POLICY, PROFILE = load_tables(), load_policy(), load_profile()
LESION = {"side": "left", "guidance": "stereotactic", "devices": ["wire"], "target": "calcifications"}
CORPUS = Path(__file__).parents[2] / "annotations" / "corpus"


def words(text, start=10):
    return (Evidence(start, start + len(text), text),)


def raised(findings, profile=PROFILE):
    return flags(findings, recommend(findings, POLICY, TABLES), profile)


def ids(findings):
    return [flag.id for flag in raised(findings)]


def example(**changes):
    return findings_of({"id": "f", "lesions": [LESION], **changes})


def test_nothing_missing_nothing_flagged():
    assert ids(example()) == []


@pytest.mark.parametrize("element", ELEMENTS)
def test_each_element_missing(element):
    flag = next(f for f in raised(example(missing=[element])) if f.element == element)
    assert flag.id == f"missing-{element.replace('_', '-')}"
    assert flag.severity == PROFILE.elements[element].severity
    assert bool(flag.query) == PROFILE.elements[element].query
    assert flag.rules == [f"documentation.{element}"]
    assert not flag.query or lint(flag.query) == []


@pytest.mark.parametrize("element", ELEMENTS)
def test_each_element_conflicting(element):
    flag = next(f for f in raised(example(conflicting=[element])) if f.element == element)
    assert flag.id == f"conflicting-{element.replace('_', '-')}"
    assert flag.severity == PROFILE.conflicts[element].severity
    assert not flag.query or lint(flag.query) == []


def test_worst_first():
    order = [f.severity for f in raised(example(missing=["consent", "post_placement_imaging", "target", "guidance"]))]
    assert order == ["blocking", "coding", "compliance", "quality"]


def test_title_only_guidance_is_one_flag_with_an_open_question():
    findings = example(missing=["guidance"])
    findings.lesions[0].guidance = None
    findings.title_guidance = words("STEREOTACTIC LOCALIZATION")
    flag = raised(findings)[0]
    assert (flag.id, flag.element, flag.severity) == ("guidance-title-only", "guidance", "blocking")
    assert flag.query.options == []
    assert findings.title_guidance[0] in flag.query.indicators
    assert "missing-guidance" not in ids(findings)


def test_conflicting_readings_become_options_with_their_quotes():
    findings = example(conflicting=["laterality"])
    findings.elements["laterality"].readings = [
        Reading("right", words("RIGHT BREAST")),
        Reading("left", words("in the left breast", 40)),
    ]
    query = raised(findings)[0].query
    assert query.options == ["Right", "Left", "Other (please specify)", "Unable to determine"]
    assert [i.text for i in query.indicators] == ["RIGHT BREAST", "in the left breast"]
    assert query.supported_by == [(0,), (1,)]
    assert lint(query) == []


def test_conflicting_counts_become_options():
    findings = example(conflicting=["lesion_count"], count_open=True)
    findings.lesion_count_readings = [
        Reading(2, words("each of the two foci")),
        Reading(1, words("a single lesion", 50)),
    ]
    assert raised(findings)[0].query.options[:2] == ["Two lesions", "One lesion"]


def test_header_mismatch_is_told_once():
    findings = example(conflicting=["guidance"])
    findings.title_mismatch = words("ULTRASOUND LOCALIZATION")
    assert ids(findings) == ["conflicting-guidance"]
    findings = example()
    findings.title_mismatch = words("SEED LOCALIZATION")
    assert ids(findings) == ["header-body-mismatch"]


def test_other_flags():
    findings = example()
    findings.obsolete_codes = words("19290")
    findings.complications = [Complication("hematoma", words("small hematoma"))]
    assert ids(findings) == ["complication-reported", "obsolete-code-in-note"]
    assert all(flag.evidence for flag in raised(findings))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"lesions": [{**LESION, "guidance": "tomosynthesis"}]}, "policy-tomosynthesis-only"),
        ({"lesions": [{**LESION, "guidance": "ct"}]}, "policy-guidance-without-code"),
        (
            {"lesions": [{**LESION, "outcome": "failed", "devices": []}], "status": "discontinued"},
            "policy-discontinued",
        ),
        ({"lesions": [LESION, {**LESION, "outcome": "failed"}], "status": "partial"}, "policy-partial"),
        ({"lesions": [LESION] * 4}, "policy-units-over-mue"),
        ({"lesions": [{**LESION, "devices": ["carbon"]}]}, "policy-dye-only"),
        ({"preliminary": True}, "preliminary-report"),
        ({"lesions": [{**LESION, "site": "open"}]}, "site-open"),
        ({"lesions": [{**LESION, "target": "mass"}]}, "diagnosis-unspecified"),
    ],
)
def test_flag_of_a_policy_decision(changes, wanted):
    assert ids(example(**changes)) == [wanted]


def test_preliminary_beside_a_query():
    assert ids(example(preliminary=True, missing=["lesion_count"], count_open=True)) == [
        "missing-lesion-count",
        "preliminary-report",
    ]


def test_missing_location_and_quadrant_are_one_problem():
    assert ids(example(lesions=[{**LESION, "target": "mass"}], missing=["location"])) == ["missing-location"]


def test_low_confidence():
    findings = example()
    made = recommend(findings, POLICY, TABLES)
    made.confidence = 0.5
    assert [f.id for f in flags(findings, made, PROFILE)] == ["low-confidence"]
    made.confidence = 0.99
    assert flags(findings, made, PROFILE) == []


def test_biopsy_without_a_side_is_asked():
    findings = findings_of({"id": "b", "type": "biopsy", "lesions": [{"guidance": "ultrasound", "biopsied": True}]})
    flag = raised(findings)[0]
    assert (flag.id, flag.severity, bool(flag.query)) == ("missing-laterality", "blocking", True)


def test_no_flags_for_other_documents():
    assert ids(findings_of({"id": "o", "type": "other"})) == []


def test_consequences_are_not_asked_again():
    findings = example(
        missing=["device_deployment", "device_type", "post_placement_imaging"],
        lesions=[{**LESION, "outcome": "open", "devices": []}],
    )
    assert [f.id for f in raised(findings) if f.query] == ["missing-device-deployment"]


def test_codes_in_the_record_are_not_quoted_in_a_query():
    findings = example(missing=["guidance"])
    findings.title_guidance = words("CPT 19283 STEREOTACTIC")
    query = raised(findings)[0].query
    assert all("19283" not in i.text for i in query.indicators)


def test_without_words_to_quote_nothing_is_asked():
    findings = example(missing=["laterality"])
    findings.lesions[0].evidence, findings.procedure_evidence, findings.lesions[0].devices = {}, (), []
    findings.elements["laterality"] = ElementFinding("laterality", "missing")
    flag = raised(findings)[0]
    assert (flag.id, flag.query) == ("missing-laterality", None)


def test_a_site_may_not_require_an_element():
    relaxed = replace(
        PROFILE, elements={**PROFILE.elements, "time_out": replace(PROFILE.elements["time_out"], required=False)}
    )
    assert raised(example(missing=["time_out"]), relaxed) == []


GOLD = list(records(CORPUS))


@pytest.mark.skipif(not GOLD, reason="needs annotations/corpus")
def test_gold_records_have_a_flag_for_every_gap_and_compliant_queries():
    for gold in GOLD:
        found = raised(gold_findings(gold))
        told = {flag.element for flag in found}
        assert {*gold["documentation"]["missing"], *gold["documentation"]["conflicting"]} <= told
        blocking = any(flag.severity == "blocking" for flag in found)
        assert blocking == (gold["recommendation"]["disposition"] == "query")
        for flag in found:
            assert not flag.query or lint(flag.query) == []


def test_nothing_reportable_has_nothing_to_block():
    flag = raised(example(lesions=[{"guidance": "none", "devices": ["wire"]}], missing=["laterality"]))[0]
    assert (flag.id, flag.severity, flag.query) == ("missing-laterality", "compliance", None)
