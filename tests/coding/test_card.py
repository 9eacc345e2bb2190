"""Every row of the source card's four tables: what the card says, and what the product does with it."""

import pytest

from extractor.audit import ClaimLine, audit
from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.examples import findings_of, shown
from extractor.explain import explain
from extractor.findings import Diagnosis, Evidence

TABLES, POLICY = load_tables(), load_policy()
CARD = {(row["table"], row["term"]): row for row in TABLES.card}
ONE = {"id": "one", "lesions": [{"side": "right", "guidance": "stereotactic", "devices": ["wire"], "target": "mass"}]}
TWO = {"id": "two", "lesions": ONE["lesions"] * 2}
PROOF = (Evidence(0, 1, "x"),)


def claim_of(*lines):
    return [ClaimLine("n", code, 1, tuple(modifiers.split()), i) for i, (code, modifiers) in enumerate(lines, 1)]


def audited(example, *lines):
    findings = findings_of(example)
    return audit(findings, recommend(findings, POLICY, TABLES), claim_of(*lines), TABLES, POLICY)


def test_the_card_is_answered_row_by_row():
    counts = {}
    for table, _ in CARD:
        counts[table] = counts.get(table, 0) + 1
    assert counts == {"modifiers": 13, "specialties": 5, "diagnoses": 8, "related": 6, "text": 2}


@pytest.mark.parametrize("term", ["26", "TC", "25", "76", "AS", "QK"])
def test_modifier_that_never_stands_here(term):
    result = audited(ONE, ("19283", f"RT {term}"))
    assert [(f.id, f.direction) for f in result.findings] == [("modifier-invalid", "invalid")]
    assert CARD["modifiers", term]["answer"] in explain(term)


@pytest.mark.parametrize("term", ["59", "XU"])
def test_distinct_modifier_without_another_lesion(term):
    assert [f.id for f in audited(ONE, ("19283", f"RT {term}")).findings] == ["modifier-unjustified"]
    assert CARD["modifiers", term]["answer"] in explain(term)


@pytest.mark.parametrize("term", ["52", "53"])
def test_stopping_modifier_on_a_completed_procedure(term):
    assert [f.id for f in audited(ONE, ("19283", f"RT {term}")).findings] == ["modifier-unjustified"]


def test_stopped_procedure_offers_the_modifiers_by_claim():
    stopped = {
        **ONE,
        "status": "discontinued",
        "lesions": [{"side": "right", "guidance": "stereotactic", "outcome": "failed"}],
    }
    made = recommend(findings_of(stopped), POLICY, TABLES)
    assert [" ".join(map(shown, c.codes)) for c in made.candidates] == ["19283-RT-53", "19283-RT-52", ""]
    facility = POLICY.__class__(name="f", title="f", claim="facility")
    made = recommend(findings_of(stopped), facility, TABLES)
    assert [" ".join(map(shown, c.codes)) for c in made.candidates] == ["19283-RT-74", "19283-RT-73", "19283-RT-52"]


@pytest.mark.parametrize(("side", "term"), [("left", "LT"), ("right", "RT")])
def test_side_modifier(side, term):
    made = recommend(findings_of({"id": "s", "lesions": [{"side": side, "guidance": "ultrasound"}]}), POLICY, TABLES)
    assert made.codes[0].modifiers == [term]


def test_the_duplicate_row_says_so():
    assert CARD["modifiers", "59 (second row)"]["verdict"] == "filler"


@pytest.mark.parametrize("term", [term for table, term in CARD if table == "specialties"])
def test_specialty(term):
    row = CARD["specialties", term]
    assert row["verdict"] == "wrong"
    assert set(row["use"]) <= TABLES.taxonomy.keys()
    assert row["answer"] in explain(term)


def diagnosed(*diagnoses, target="mass", side="right"):
    findings = findings_of({"id": "d", "lesions": [{"side": side, "guidance": "stereotactic", "target": target}]})
    findings.diagnoses = list(diagnoses)
    return [(line.code, line.unspecified) for line in recommend(findings, POLICY, TABLES).diagnoses]


@pytest.mark.parametrize(
    ("term", "made", "want"),
    [
        ("N63", diagnosed(), [("N63.10", ("quadrant",))]),
        ("R92.8", diagnosed(target="asymmetry"), [("R92.8", ())]),
        ("R92.1", diagnosed(target="calcifications"), [("R92.1", ())]),
        ("D24.9", diagnosed(Diagnosis("fibroadenoma", "uncertain")), [("N63.10", ("quadrant",))]),
        ("C50.919", diagnosed(Diagnosis("invasive_carcinoma", "confirmed", "right")), [("C50.911", ("quadrant",))]),
        ("C50.912", diagnosed(Diagnosis("invasive_carcinoma", "confirmed"), side="left"), [("C50.912", ("quadrant",))]),
        ("N64.4", diagnosed(Diagnosis("mastitis", "confirmed")), [("N63.10", ("quadrant",))]),
        ("R92.2", diagnosed(Diagnosis("inconclusive_mammogram", "confirmed")), [("N63.10", ("quadrant",))]),
    ],
)
def test_diagnosis(term, made, want):
    assert made == want
    assert CARD["diagnoses", term]["answer"] in explain(term)


def test_confirmed_cancer_with_its_quadrant():
    made = diagnosed(Diagnosis("invasive_carcinoma", "confirmed", "left", "upper outer"), side="left")
    assert made == [("C50.412", ())]


def test_confirmed_benign_neoplasm_has_its_side():
    assert diagnosed(Diagnosis("fibroadenoma", "confirmed")) == [("D24.1", ())]


@pytest.mark.parametrize(
    ("term", "example", "lines", "want"),
    [
        ("19081", ONE, [("19081", "RT")], ["biopsy-or-localization"]),
        ("19282", TWO, [("19283", "RT"), ("19282", "RT")], ["addon-wrong-primary"]),
        ("19295", ONE, [("19295", "RT")], ["deleted-code"]),
        ("77012", ONE, [("19283", "RT"), ("77012", "")], ["guidance-billed"]),
        ("76000", ONE, [("19283", "RT"), ("76000", "")], ["guidance-billed"]),
        ("88305", ONE, [("19283", "RT"), ("88305", "")], []),
    ],
)
def test_related_code(term, example, lines, want):
    assert [f.id for f in audited(example, *lines).findings] == want
    assert CARD["related", term]["answer"] in explain(term)


def test_source_card_policy_does_as_printed_and_says_that_it_is_rejected():
    card = load_policy("source-card")
    made = recommend(findings_of(TWO), card, TABLES)
    assert list(map(shown, made.codes)) == ["19283-RT", "19282-RT"]
    for example in (ONE, TWO, {"id": "other", "type": "other"}):
        assert any(
            "reject 19282 beside 19283" in reason for reason in recommend(findings_of(example), card, TABLES).reasons
        )
    text = explain("source-card")
    assert all(row["answer"] in text for row in TABLES.card)


@pytest.mark.parametrize("term", ["19282", "19283", "ncci.addon.19282", "policy.source_card"])
def test_explain_says_why_19282_is_not_the_add_on_of_19283(term):
    text = explain(term)
    assert "19284" in text
    assert "mammographic" in text
