"""Models make a result more careful and nothing else: doubts, low confidence, candidates, and the words for them."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import extractor
from extractor.coding import load_policy, load_tables, recommend
from extractor.coding.model import Recommendation
from extractor.documentation import flags, load_profile
from extractor.findings import Findings
from extractor.learning import features, fitting, judge
from tests import samples

POLICY, TABLES = load_policy(), load_tables()


def constant(chosen: str, other: str, probability: float) -> fitting.Fitted:
    """A model that always answers the same."""
    offsets = np.array([0.0, -np.log(probability / (1 - probability))])
    return fitting.Fitted(np.arange(1), np.zeros((2, 1)), offsets, [chosen, other])


def models(
    lesion: dict[str, fitting.Fitted] | None = None,
    note: dict[str, fitting.Fitted] | None = None,
    confidence: float = 0.99,
    threshold: float = 0.5,
) -> judge.Models:
    def bank(given: dict[str, fitting.Fitted] | None) -> judge._Bank:
        return judge._Bank({task: (["w:x"], model) for task, model in (given or {}).items()})

    lesion, note = lesion or {}, note or {}
    doubt_at = dict.fromkeys([*lesion, *note], 0.5)
    stack = ["lesions"], constant("True", "False", confidence)
    return judge.Models(bank(note), bank(lesion), stack, doubt_at, 0.995, threshold, {})


def ready() -> Findings:
    findings = samples.findings()
    findings.elements["laterality"].status = "present"
    findings.elements["laterality"].readings = []
    return findings


def applied(given: judge.Models, findings: Findings) -> tuple[Recommendation, Recommendation]:
    """The rules' recommendation, and what the models made of it."""
    before = recommend(findings, POLICY, TABLES)
    after = given.apply(samples.TEXT, samples.TEXT, findings, copy.deepcopy(before), POLICY, TABLES)
    return before, after


def test_models_that_agree_change_nothing_but_the_confidence() -> None:
    before, after = applied(models({"guidance": constant("stereotactic", "mri", 0.9)}), ready())
    assert before.disposition == after.disposition == "ready"
    assert after.codes == before.codes
    assert after.confidence == pytest.approx(0.99, abs=1e-6)
    assert after.doubts == []


def test_doubt_about_what_decides_the_code_turns_ready_into_review() -> None:
    findings = ready()
    before, after = applied(models({"guidance": constant("mri", "stereotactic", 0.9)}), findings)
    assert after.disposition == "review"
    assert after.codes == []
    assert [candidate.codes for candidate in after.candidates] == [before.codes]
    (reason,) = after.reasons[:1]
    assert "the guidance of lesion 1" in reason
    assert "stereotactic" in reason
    assert "mri" in reason
    raised = [flag for flag in flags(findings, after, load_profile()) if flag.id == "low-confidence"]
    assert [flag.message for flag in raised] == [reason]
    assert raised[0].evidence == findings.lesions[0].evidence["guidance"]


def test_too_little_confidence_turns_ready_into_review_and_names_the_promise() -> None:
    _, after = applied(models(confidence=0.6, threshold=0.7), ready())
    assert after.disposition == "review"
    assert "0.600" in after.reasons[0]
    assert "0.995" in after.reasons[0]


def test_doubt_about_what_decides_no_code_is_a_flag_only() -> None:
    findings = ready()
    _, after = applied(models(note={"complications": constant("False", "True", 0.9)}), findings)
    assert after.disposition == "ready"
    messages = [flag.message for flag in flags(findings, after, load_profile()) if flag.id == "low-confidence"]
    assert len(messages) == 1
    assert "complications" in messages[0]


def test_what_the_rules_did_not_find_becomes_a_candidate_and_never_a_code() -> None:
    findings = ready()
    findings.lesions[0].guidance = None
    findings.elements["guidance"].status = "missing"
    before, after = applied(models({"guidance": constant("ultrasound", "None", 0.97)}), findings)
    assert before.disposition == after.disposition == "query"
    assert after.codes == []
    added = after.candidates[len(before.candidates) :]
    if not added:  # the rules' own candidates hold these codes already
        assert any(line.code == "19285" for each in before.candidates for line in each.codes)
    unsure = models({"guidance": constant("ultrasound", "None", 0.9)})
    assert applied(unsure, findings)[1].candidates == before.candidates


@pytest.mark.parametrize("confidence", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("disposition", ["query", "not_reportable", "review"])
def test_nothing_but_ready_changes_its_disposition(disposition: str, confidence: float) -> None:
    findings = ready()
    if disposition == "query":
        findings.lesions[0].laterality = None
        findings.elements["laterality"].status = "missing"
    elif disposition == "review":
        findings.status = "partial"
    else:
        findings.procedure_type, findings.status = "other", None
    given = models({"guidance": constant("mri", "stereotactic", 0.9)}, confidence=confidence, threshold=0.999)
    before, after = applied(given, findings)
    assert before.disposition == after.disposition == disposition
    assert after.codes == before.codes == []


def test_the_result_says_which_models_judged_under_which_promise() -> None:
    given = extractor.load(promise=0.9)
    result = given.extract(samples.TEXT)
    assert result.provenance.promise == 0.9
    assert result.provenance.models.keys() == given.models.digests.keys()  # type: ignore[union-attr]
    assert result.recommendation.confidence is not None
    alone = extractor.load(models=False).extract(samples.TEXT)
    assert alone.recommendation.confidence is None
    assert alone.provenance.models == {}
    assert alone.provenance.promise is None
    with pytest.raises(ValueError, match="can promise at most"):
        extractor.load(promise=0.99999)


def test_the_bank_answers_as_scikit_learn_does() -> None:
    """One matrix for all models must give what each pipeline gives by itself."""
    from extractor.learning import store
    from extractor.normalize import normalize

    stored, _ = store.read(store.default_folder())
    given = extractor.load(models=False)
    note, findings, made, _ = given.judge(samples.TEXT)
    seen = features.see(normalize(note.text).text, note.text, findings, made)
    bank = judge.load().note
    answers = bank.answers(seen.note)
    assert answers
    for task, answer in answers.items():
        pipeline = stored[task]
        (line,) = pipeline.predict_proba([seen.note])
        assert answer == pytest.approx(dict(zip(map(str, pipeline.classes_), line.tolist(), strict=True)))
