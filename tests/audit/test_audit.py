"""The audit: planted errors are all found, correct claims raise nothing, and what cannot be judged is said so."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from extractor.audit import ClaimLine, audit, summarize
from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.examples import findings_of
from extractor.coding.gold import findings_of as gold_findings
from extractor.coding.gold import records

TABLES, POLICY = load_tables(), load_policy()
CORPUS = Path(__file__).parents[2] / "annotations" / "corpus"
READY = [g for g in records(CORPUS) if g["recommendation"]["disposition"] == "ready"]
needs_corpus = pytest.mark.skipif(not READY, reason="needs annotations/corpus")


def claim(lines):
    return [ClaimLine("n", code, units, tuple(modifiers), n) for n, (code, units, modifiers) in enumerate(lines, 1)]


def judged(findings, lines, policy=POLICY):
    return audit(findings, recommend(findings, policy, TABLES), claim(lines), TABLES, policy)


def supported(gold):
    return [(c["code"], c["units"], list(c["modifiers"])) for c in gold["recommendation"]["codes"]]


def one_localized(gold):
    return (
        len(gold["lesions"]) == 1
        and gold["procedure"]["type"] == "localization"
        and gold["lesions"][0]["site"] == "breast"
    )


# Each error takes the right lines of a note and spoils them, or gives None where it does not fit the note.


def wrong_row(gold, lines):
    other = {"19281": "19283", "19283": "19285", "19285": "19281", "19287": "19285"}.get(lines[0][0])
    return [(other, *lines[0][1:])] if one_localized(gold) and other else None


def wrong_row_of_a_biopsy(gold, lines):
    return [("19081", *lines[0][1:])] if [c for c, _, _ in lines] == ["19083"] else None


def breast_for_axilla(gold, lines):
    return [("19285", *lines[0][1:])] if [c for c, _, _ in lines] == ["10035"] else None


def wrong_add_on(gold, lines):
    codes = [c for c, _, _ in lines]
    if codes == ["19283", "19284"]:
        return [lines[0], ("19282", *lines[1][1:])]
    return [lines[0], ("19284", *lines[1][1:])] if codes == ["19285", "19286"] else None


def add_on_alone(gold, lines):
    return [(str(int(lines[0][0]) + 1), *lines[0][1:])] if one_localized(gold) else None


def devices_for_lesions(gold, lines):
    devices = sum(d["count"] or 1 for lesion in gold["lesions"] for d in lesion["devices"])
    if one_localized(gold) and devices == 2:
        return [lines[0], (str(int(lines[0][0]) + 1), 1, lines[0][2])]
    return None


def a_lesion_too_many(gold, lines):
    devices = sum(d["count"] or 1 for lesion in gold["lesions"] for d in lesion["devices"])
    if one_localized(gold) and devices == 1:
        return [lines[0], (str(int(lines[0][0]) + 1), 1, lines[0][2])]
    return None


def line_left_out(gold, lines):
    return lines[:-1] if len(lines) > 1 and lines[-1][0] in ("19282", "19284", "19286", "19288", "10036") else None


def biopsy_alone(gold, lines):
    left = [line for line in lines if line[0].startswith("1908")]
    return left if left and len(left) < len(lines) else None


def side_left_out(gold, lines):
    return [(lines[0][0], 1, [])] if len(lines) == 1 else None


def other_side(gold, lines):
    return [(lines[0][0], 1, ["RT" if lines[0][2] == ["LT"] else "LT"])] if len(lines) == 1 else None


def modifier(name):
    def spoil(gold, lines):
        return [(lines[0][0], 1, [*lines[0][2], name])] if len(lines) == 1 and lines[0][1] == 1 else None

    return spoil


def fifty_on_add_on(gold, lines):
    if [c for c, _, _ in lines] in (["19285", "19286"], ["19283", "19284"], ["19281", "19282"]):
        return [lines[0], (lines[1][0], 1, [*lines[1][2], "50"])]
    return None


def pair_bare(gold, lines):
    if not any("59" in m for _, _, m in lines):
        return None
    return [(c, u, [x for x in m if x != "59"]) for c, u, m in lines]


def first_twice(gold, lines):
    return [(lines[0][0], 2, lines[0][2])] if one_localized(gold) else None


def deleted(code):
    def spoil(gold, lines):
        return [(code, 1, lines[0][2])] if one_localized(gold) else None

    return spoil


def beside(code):
    def spoil(gold, lines):
        return [*lines, (code, 1, [])] if one_localized(gold) else None

    return spoil


def guidance_of_ultrasound(gold, lines):
    return [*lines, ("76942", 1, ["26"])] if lines[0][0] == "19285" else None


def mammogram_of_mammographic(gold, lines):
    return [*lines, ("77065", 1, ["LT"])] if [c for c, _, _ in lines] == ["19281"] else None


def biopsy_and_localization(gold, lines):
    if gold["procedure"]["type"] == "biopsy" and len(lines) == 1:
        return [lines[0], (str(int(lines[0][0]) + 200), 1, [*lines[0][2], "59"])]
    return None


def localization_for_biopsy(gold, lines):
    if gold["procedure"]["type"] == "biopsy" and len(lines) == 1:
        return [(str(int(lines[0][0]) + 200), 1, lines[0][2])]
    return None


def specimen_of_biopsy(gold, lines):
    return [*lines, ("76098", 1, ["26"])] if gold["procedure"]["type"] == "biopsy" else None


PLANTED = [
    (wrong_row, "wrong-row"),
    (wrong_row_of_a_biopsy, "wrong-row"),
    (breast_for_axilla, "wrong-row"),
    (wrong_add_on, "addon-wrong-primary"),
    (add_on_alone, "addon-without-primary"),
    (devices_for_lesions, "devices-counted"),
    (a_lesion_too_many, "units-over"),
    (line_left_out, "line-missing"),
    (biopsy_alone, "line-missing"),
    (side_left_out, "side-missing"),
    (other_side, "side-wrong"),
    (modifier("26"), "modifier-invalid"),
    (modifier("TC"), "modifier-invalid"),
    (modifier("50"), "modifier-invalid"),
    (modifier("25"), "modifier-invalid"),
    (modifier("AS"), "modifier-invalid"),
    (modifier("76"), "modifier-invalid"),
    (modifier("ZZ"), "modifier-unknown"),
    (modifier("59"), "modifier-unjustified"),
    (modifier("XS"), "modifier-unjustified"),
    (modifier("53"), "modifier-unjustified"),
    (fifty_on_add_on, "modifier-invalid"),
    (pair_bare, "ptp-pair"),
    (first_twice, "mue-exceeded"),
    (deleted("19290"), "deleted-code"),
    (deleted("19295"), "deleted-code"),
    (beside("77031"), "deleted-code"),
    (guidance_of_ultrasound, "guidance-billed"),
    (beside("77012"), "guidance-billed"),
    (mammogram_of_mammographic, "mammogram-billed"),
    (biopsy_and_localization, "biopsy-and-localization"),
    (localization_for_biopsy, "biopsy-or-localization"),
    (specimen_of_biopsy, "specimen-billed"),
]


def planted(spoil, most=4):
    """The notes that an error fits, with the spoilt claim."""
    found = []
    for gold in READY:
        lines = spoil(gold, supported(gold))
        if lines is not None:
            found.append((gold, lines))
    return found[:most]


@needs_corpus
@pytest.mark.parametrize(("spoil", "wanted"), [(s, w) for s, w in PLANTED], ids=lambda x: getattr(x, "__name__", x))
def test_planted_error_is_found(spoil, wanted):
    cases = planted(spoil)
    assert len(cases) >= 2
    for gold, lines in cases:
        result = judged(gold_findings(gold), lines)
        assert result.verdict == "disagree"
        assert wanted in [f.id for f in result.findings], gold["note_id"]
        for finding in result.findings:
            assert finding.rules
            assert finding.line is None or 1 <= finding.line <= len(lines)


@needs_corpus
def test_at_least_sixty_planted():
    assert sum(len(planted(spoil)) for spoil, wanted in PLANTED) >= 60


@needs_corpus
def test_most_errors_raise_one_finding():
    counts = Counter(
        len(judged(gold_findings(gold), lines).findings) for spoil, wanted in PLANTED for gold, lines in planted(spoil)
    )
    assert counts[1] >= 0.8 * sum(counts.values())


@needs_corpus
def test_correct_claims_raise_nothing():
    assert len(READY) >= 60
    for gold in READY:
        lines = supported(gold)
        result = judged(gold_findings(gold), lines)
        assert (result.verdict, result.findings) == ("agree", []), gold["note_id"]
        x_modifiers = [(c, u, ["XS" if m == "59" else m for m in mods]) for c, u, mods in lines]
        beside_it = [*reversed(x_modifiers), ("99203", 1, ["25"]), ("88305", 1, [])]
        assert judged(gold_findings(gold), beside_it).findings == [], gold["note_id"]


RIGHT = {"side": "right", "guidance": "stereotactic", "devices": ["wire"]}
LEFT = {**RIGHT, "side": "left"}
US = {**RIGHT, "guidance": "ultrasound"}


def note(*lesions, **changes):
    return findings_of({"id": "n", "lesions": list(lesions), **changes})


@pytest.mark.parametrize(
    ("lesions", "lines", "want"),
    [
        ([RIGHT, LEFT], [("19283", 1, ["LT"]), ("19284", 1, ["RT"])], []),
        ([RIGHT, LEFT], [("19283", 1, ["50"])], [("modifier-invalid", "invalid")]),
        (
            [RIGHT, LEFT],
            [("19283", 1, ["RT"]), ("19283", 1, ["LT"])],
            [("mue-exceeded", "over"), ("wrong-position", "over")],
        ),
        ([RIGHT, RIGHT], [("19283", 1, ["RT"]), ("19282", 1, ["RT"])], [("addon-wrong-primary", "over")]),
        ([RIGHT, RIGHT], [("19283", 1, ["RT"])], [("line-missing", "under")]),
        ([RIGHT, RIGHT, RIGHT], [("19283", 1, ["RT"]), ("19284", 1, ["RT"])], [("units-under", "under")]),
        ([RIGHT, US], [("19285", 1, ["RT", "59"]), ("19283", 1, ["RT"])], []),
        ([RIGHT], [("19283", 1, ["RT", "LT"])], [("side-contradicted", "invalid"), ("side-missing", "invalid")]),
        ([RIGHT], [], [("line-missing", "under")]),
        ([RIGHT], [("19285", 1, ["RT"])], [("wrong-row", "over")]),
        ([US], [("19283", 1, ["RT"])], [("wrong-row", "under")]),
        ([RIGHT], [("77065", 1, ["RT"]), ("19283", 1, ["RT"])], [("mammogram-undocumented", "over")]),
    ],
)
def test_both_directions(lesions, lines, want):
    result = judged(note(*lesions), lines)
    assert [(f.id, f.direction) for f in result.findings] == want


def test_documented_mammogram_on_another_unit_may_be_billed():
    findings = note(RIGHT, facts=["post_placement_mammogram", "separate_unit"])
    assert judged(findings, [("19283", 1, ["RT"]), ("77065", 1, ["RT"])]).verdict == "agree"
    findings = note(RIGHT, facts=["post_placement_mammogram", "same_unit"])
    assert [f.id for f in judged(findings, [("19283", 1, ["RT"]), ("77065", 1, ["RT"])]).findings] == [
        "mammogram-undocumented"
    ]


def test_nothing_reportable_but_billed():
    result = judged(findings_of({"id": "o", "type": "other"}), [("19283", 1, ["RT"])])
    assert [(f.id, f.direction) for f in result.findings] == [("not-supported", "over")]
    assert judged(findings_of({"id": "o", "type": "other"}), []).verdict == "agree"


def test_a_note_that_needs_a_query_cannot_be_judged():
    open_side = note({"guidance": "stereotactic"}, missing=["laterality"])
    assert judged(open_side, [("19283", 1, ["RT"])]).verdict == "cannot_judge"
    assert judged(open_side, [("19283", 1, ["RT"])]).findings == []
    itself = judged(open_side, [("19283", 1, ["RT", "26"]), ("19295", 1, ["RT"])])
    assert itself.verdict == "cannot_judge"
    assert [f.id for f in itself.findings] == ["modifier-invalid", "deleted-code"]


def test_review_cannot_be_judged():
    assert judged(note({**RIGHT, "guidance": "tomosynthesis"}), [("19283", 1, ["RT"])]).verdict == "cannot_judge"


def test_source_card_policy_accepts_its_own_pairing_only():
    card = load_policy("source-card")
    lines = [("19283", 1, ["RT"]), ("19282", 1, ["RT"])]
    assert judged(note(RIGHT, RIGHT), lines, card).verdict == "agree"
    assert judged(note(RIGHT, RIGHT), lines).verdict == "disagree"


def test_evidence_and_rule_of_the_contract_example():
    finding = judged(note(RIGHT, RIGHT), [("19283", 1, ["RT"]), ("19282", 1, ["RT"])]).findings[0]
    assert (finding.line, finding.rules) == (2, ["ncci.addon.19282"])
    assert finding.evidence
    assert "19284" in finding.message


def test_summary():
    audits = [
        judged(note(RIGHT), [("19283", 1, ["RT"])]),
        judged(note(RIGHT), [("19285", 1, ["RT"])]),
        judged(note(RIGHT, RIGHT), [("19283", 1, ["RT"])]),
        judged(note({**RIGHT, "guidance": "ct"}), [("19283", 1, ["RT"])]),
    ]
    summary = summarize(audits)
    assert (summary.notes, summary.agree, summary.disagree, summary.cannot_judge) == (4, 1, 2, 1)
    assert summary.agreement == pytest.approx(1 / 3)
    assert summary.findings == {"line-missing": {"under": 1}, "wrong-row": {"over": 1}}
    assert summary.directions == {"over": 1, "under": 1, "invalid": 0}
    assert summarize([]).agreement is None

FIFTY = replace(POLICY, contralateral="modifier_50")
UNLISTED = replace(POLICY, ct_or_fluoroscopy="19499")
POLICIES = [
    # a policy that wants 50: it has to stand where both sides were localized, and nowhere else
    (FIFTY, (RIGHT, LEFT), [("19283", 1, ["50"])], []),
    (FIFTY, (RIGHT, LEFT), [("19283", 1, ["RT"])], [("units-under", "under")]),
    (FIFTY, (RIGHT,), [("19283", 1, ["50"])], [("modifier-unjustified", "over")]),
    (FIFTY, (RIGHT,), [("19283", 1, ["RT"])], []),
    # guidance that was billed beside the procedure stands for no lesion
    (POLICY, (RIGHT, RIGHT), [("19283", 1, ["RT"]), ("77031", 1, [])],
     [("deleted-code", "invalid"), ("line-missing", "under")]),
    (POLICY, (RIGHT,), [("19290", 1, ["RT"])], [("deleted-code", "invalid")]),
    # a code that a policy supports is no more and no less than supported
    (UNLISTED, ({**RIGHT, "guidance": "ct"},), [("19499", 1, ["RT"])], []),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "lesions", "lines", "want"), POLICIES)
def test_what_a_policy_or_a_deleted_code_changes(policy, lesions, lines, want):
    assert [(f.id, f.direction) for f in judged(note(*lesions), lines, policy).findings] == want


def test_a_code_is_deleted_from_its_date_on():
    served = replace(note(RIGHT), date_of_service="2013-06-01")
    tables = load_tables("2013-06-01")
    found = audit(served, recommend(served, POLICY, tables), claim([("19290", 1, ["RT"])]), tables, POLICY)
    assert "deleted-code" not in [f.id for f in found.findings]
