"""What must hold for any findings under any policy."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.coding import SETTINGS, load_policy, load_tables, policy_names, recommend
from extractor.coding.lines import further_code
from extractor.documentation import flags, lint, load_profile
from extractor.findings import (
    ELEMENTS,
    Complication,
    Device,
    Diagnosis,
    ElementFinding,
    Evidence,
    Findings,
    Lesion,
    Location,
    Reading,
)

TABLES = load_tables()
PROFILE = load_profile()
PROOF = (Evidence(3, 8, "words", "technique", "rule"),)
proofs = st.sampled_from([(), PROOF])
sides = st.sampled_from([None, "left", "right"])
guidances = st.sampled_from(
    [None, "stereotactic", "tomosynthesis", "mammographic", "ultrasound", "mri", "ct", "fluoroscopic", "none"]
)
policies = st.one_of(
    st.sampled_from([load_policy(name) for name in policy_names()]),
    st.fixed_dictionaries({name: st.sampled_from(setting.allowed) for name, setting in SETTINGS.items()}).map(
        lambda chosen: replace(load_policy("cpt"), **chosen)
    ),
)
devices = st.builds(
    Device,
    st.sampled_from([None, "wire", "clip", "radioactive_seed", "dye", "carbon"]),
    st.sampled_from([None, 1, 2, 3]),
    st.none(),
    proofs,
)
locations = st.builds(
    Location,
    st.sampled_from([None, "2:00", "10:30", "12:00", "9:00-11:00"]),
    st.sampled_from([None, "upper outer", "lower inner"]),
    st.sampled_from([None, "axillary tail", "retroareolar"]),
)


@st.composite
def lesions(draw, number):
    lesion = Lesion(
        number,
        draw(st.sampled_from(["breast", "breast", "breast", "axilla", "other_soft_tissue", None])),
        draw(sides),
        draw(guidances),
        draw(st.booleans()),
        draw(st.lists(devices, max_size=2)),
        draw(st.sampled_from([None, "mass", "calcifications", "clip", "lymph_node", "enhancement"])),
        draw(locations),
        draw(st.booleans()),
        draw(st.sampled_from(["placed", "placed", "placed", "failed", "not_attempted", None])),
    )
    lesion.evidence = {name: draw(proofs) for name in ("laterality", "guidance", "target", "outcome")}
    return lesion


@st.composite
def any_findings(draw):
    made = [draw(lesions(n)) for n in range(1, draw(st.integers(0, 5)) + 1)]
    readings = st.lists(
        st.builds(
            Reading,
            st.sampled_from(["left", "right", "stereotactic", "ultrasound", "mammographic", 1, 2, 3, None]),
            proofs,
        ),
        max_size=3,
    )
    statuses = st.sampled_from(["present", "present", "present", "missing", "conflicting", "not_applicable"])
    elements = {
        e: ElementFinding(e, draw(statuses), draw(proofs), draw(readings)) for e in ELEMENTS if draw(st.booleans())
    }
    return Findings(
        "n",
        draw(st.sampled_from(["localization", "localization", "biopsy", "biopsy_and_localization", "other"])),
        draw(st.sampled_from(["completed", "completed", "partial", "discontinued", "cancelled", None])),
        draw(proofs),
        made,
        draw(st.sampled_from([None, 0, 1, 2, sum(x.localized for x in made)])),
        draw(readings),
        draw(st.booleans()),
        draw(st.lists(st.builds(Complication, st.sampled_from(["hematoma", "vasovagal"]), proofs), max_size=2)),
        draw(proofs),
        elements,
        draw(
            st.lists(
                st.builds(
                    Diagnosis,
                    st.sampled_from(["dcis", "invasive_carcinoma", "mass", "breast_cancer", "no_such_concept"]),
                    st.sampled_from(["confirmed", "uncertain", "history"]),
                    sides,
                    st.sampled_from([None, "upper outer", "somewhere"]),
                    proofs,
                ),
                max_size=3,
            )
        ),
        draw(st.sampled_from([None, "2025-03-04", "1999-01-01", "no date", "2031-05-05"])),
        (),
        draw(st.booleans()),
        draw(proofs),
        draw(proofs),
        draw(proofs),
        draw(proofs),
        draw(st.dictionaries(st.sampled_from(["post_placement_mammogram", "same_unit", "male_patient"]), proofs)),
    )


@settings(max_examples=400, deadline=None)
@given(any_findings(), policies)
def test_what_no_recommendation_may_hold(findings, policy):
    made = recommend(findings, policy, TABLES)
    by_number = {lesion.number: lesion for lesion in findings.lesions}
    assert bool(made.codes) <= (made.disposition == "ready")
    assert made.disposition != "ready" or made.codes
    assert made.reasons or made.disposition == "ready"
    primaries = {line.code for line in made.codes}
    for row in TABLES.rows.values():
        code = further_code(row, policy)
        if code != row.first and code in primaries and code not in policy.add_ons.values():
            assert row.first in primaries, "an add-on without its primary"
    for line in [*made.codes, *(line for candidate in made.candidates for line in candidate.codes)]:
        assert line.code not in TABLES.deleted
        assert not {"26", "TC"} & set(line.modifiers)
        assert not (line.code in TABLES.addons and "50" in line.modifiers)
        assert line.rationale
        assert line.rules
    units = sum(line.units * (2 if "50" in line.modifiers else 1) for line in made.codes)
    assert units <= sum(1 for lesion in findings.lesions if lesion.outcome == "placed")
    for line in made.codes:
        for number in line.lesions:
            assert by_number[number].outcome == "placed"
            assert by_number[number].evidence["guidance"]
            assert by_number[number].evidence["laterality"]
    for line in made.diagnoses:
        assert made.disposition in ("ready", "review")
        assert line.code


@settings(max_examples=300, deadline=None)
@given(any_findings(), policies)
def test_add_on_of_the_source_card_keeps_its_printed_primary(findings, policy):
    made = recommend(findings, load_policy("source-card"), TABLES)
    codes = {line.code for line in made.codes}
    assert "19282" not in codes or codes & {"19281", "19283"}


@settings(max_examples=300, deadline=None)
@given(any_findings(), policies)
def test_flags_are_one_a_problem_worst_first_and_queries_comply(findings, policy):
    raised = flags(findings, recommend(findings, policy, TABLES), PROFILE)
    order = ["blocking", "coding", "compliance", "quality"]
    assert [f.severity for f in raised] == sorted((f.severity for f in raised), key=order.index)
    assert len({f.id for f in raised}) == len(raised)
    named = [f.element for f in raised if f.element]
    assert len(set(named)) == len(named)
    for flag in raised:
        assert flag.rules
        if flag.query:
            assert lint(flag.query) == []
