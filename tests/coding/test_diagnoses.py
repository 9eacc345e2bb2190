"""Diagnoses from documented certainty, side and place."""

import pytest

from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.examples import findings_of
from extractor.findings import Diagnosis, Evidence, Location

TABLES, POLICY = load_tables(), load_policy()
PROOF = (Evidence(0, 1, "x"),)


def codes(*diagnoses, side="right", target="mass", location=None, site="breast", day="2026-02-02", facts=()):
    findings = findings_of(
        {
            "id": "d",
            "lesions": [{"side": side, "guidance": "ultrasound", "target": target, "site": site}],
            "facts": list(facts),
        }
    )
    findings.diagnoses = [Diagnosis(*d) if isinstance(d, tuple) else d for d in diagnoses]
    findings.lesions[0].location = location or Location()
    findings.date_of_service = day
    return [line.code for line in recommend(findings, POLICY, load_tables(day)).diagnoses]


@pytest.mark.parametrize(
    ("side", "clock", "want"),
    [
        ("right", "10:00", "N63.11"),
        ("right", "1:00", "N63.12"),
        ("right", "8:00", "N63.13"),
        ("right", "4:30", "N63.14"),
        ("left", "2:00", "N63.21"),
        ("left", "11:00", "N63.22"),
        ("left", "5:00", "N63.23"),
        ("left", "7:00", "N63.24"),
        ("left", "12:00", "N63.20"),
        ("right", "9:00", "N63.10"),
        ("right", "9:00-11:00", "N63.10"),
    ],
)
def test_quadrant_of_the_clock(side, clock, want):
    assert codes(side=side, location=Location(clock=clock)) == [want]


@pytest.mark.parametrize(
    ("region", "want"),
    [("axillary tail", "N63.31"), ("retroareolar", "N63.41"), ("subareolar", "N63.41"), ("somewhere", "N63.10")],
)
def test_region(region, want):
    assert codes(location=Location(region=region)) == [want]


@pytest.mark.parametrize(
    ("concept", "right", "left"),
    [
        ("dcis", "D05.11", "D05.12"),
        ("lcis", "D05.01", "D05.02"),
        ("fibroadenoma", "D24.1", "D24.2"),
        ("papilloma", "D24.1", "D24.2"),
        ("phyllodes", "D48.61", "D48.62"),
        ("cyst", "N60.01", "N60.02"),
        ("adh", "N60.91", "N60.92"),
        ("inflammatory_carcinoma", "C50.A1", "C50.A2"),
        ("fat_necrosis", "N64.1", "N64.1"),
        ("invasive_carcinoma", "C50.911", "C50.912"),
    ],
)
def test_confirmed(concept, right, left):
    assert codes((concept, "confirmed")) == [right]
    assert codes((concept, "confirmed"), side="left") == [left]


def test_uncertain_malignancy_is_never_coded():
    for concept in ("dcis", "invasive_carcinoma", "phyllodes"):
        assert codes((concept, "uncertain")) == ["N63.10"]
        assert codes((concept, "uncertain"), target="calcifications") == ["R92.1"]


@pytest.mark.parametrize(
    ("target", "want"),
    [
        ("calcifications", ["R92.1"]),
        ("architectural_distortion", ["R92.8"]),
        ("asymmetry", ["R92.8"]),
        ("enhancement", ["R92.8"]),
        ("clip", []),
    ],
)
def test_finding(target, want):
    assert codes(target=target) == want


def test_microcalcification():
    assert codes(("microcalcifications", "confirmed"), target="calcifications") == ["R92.0"]


def test_history_comes_last_and_codes_nothing_else():
    assert codes(("breast_cancer", "history")) == ["N63.10", "Z85.3"]
    assert codes(("invasive_carcinoma", "history", "left"), ("dcis", "confirmed", "right")) == ["D05.11", "Z85.3"]


def test_node():
    assert codes(("axillary_metastasis", "confirmed"), site="axilla", target="lymph_node") == ["C77.3"]
    assert codes(("lymphadenopathy", "confirmed"), site="axilla", target="lymph_node") == ["R59.0"]
    assert codes(site="axilla", target="lymph_node") == []


def test_male_patient():
    assert codes(("invasive_carcinoma", "confirmed", "left"), side="left", facts=["male_patient"]) == ["C50.922"]


def test_a_query_has_no_diagnosis():
    findings = findings_of({"id": "q", "lesions": [{"guidance": "mri", "target": "mass"}], "missing": ["laterality"]})
    assert recommend(findings, POLICY, TABLES).diagnoses == []


def test_lump_before_the_code_was_divided():
    assert codes(day="2016-05-05") == ["N63"]


def test_the_other_side_is_no_reason():
    assert codes(("invasive_carcinoma", "confirmed", "left"), side="right") == ["N63.10"]


def test_metastatic_node_beside_a_breast_lesion_comes_second():
    made = codes(
        ("metastatic_node", "confirmed"), ("invasive_carcinoma", "confirmed"), location=Location(quadrant="upper outer")
    )
    assert made == ["C50.411", "C77.3"]
