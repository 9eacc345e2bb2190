"""The query linter: bad queries fail, each for its reason, and good ones pass."""

import pytest

from extractor.documentation import Query, lint
from extractor.findings import Evidence

NOTE = (
    "EXAM: Stereotactic localization, left. The needle was advanced under ultrasound in the left breast. Two "
    "wires were placed."
)
INSTRUCTION = "Please document your answer as a signed and dated addendum, if clinically appropriate."


def quote(text):
    start = NOTE.index(text)
    return Evidence(start, start + len(text), text)


GOOD = {
    "title": "Guidance technique clarification",
    "question": (
        "The quoted passages describe the guidance differently. Please document the image guidance that was used."
    ),
    "indicators": [quote("Stereotactic localization"), quote("advanced under ultrasound")],
    "options": ["Stereotactic", "Ultrasound", "Other (please specify)", "Unable to determine"],
    "response_instruction": INSTRUCTION,
}
OPEN = {**GOOD, "options": []}


def query(**changes):
    return {**GOOD, **changes}


GOOD_QUERIES = [
    GOOD,
    OPEN,
    Query(**GOOD),
    query(options=["Clinically undetermined", "Other: ____", "Ultrasound"]),
    query(question="Could you please describe the image guidance?", options=[]),
    query(
        title="Number of lesions",
        question="Please document the number of separate lesions.",
        indicators=[quote("Two wires were placed")],
        options=[],
    ),
    query(
        question="Was the needle advanced under ultrasound?",
        options=["Yes", "No", "Other (please specify)", "Unable to determine"],
    ),
]


@pytest.mark.parametrize("good", GOOD_QUERIES)
def test_good_query(good):
    assert lint(good, NOTE) == []


BAD = [
    (query(title=""), "empty"),
    (query(question=""), "empty"),
    (query(title="Stereotactic localization clarification"), "leading-title"),
    (query(title="Was it guided by imaging?"), "leading-title"),
    (query(title="Please confirm guidance"), "leading-title"),
    (query(question="Please document the guidance so that 19283 can be used."), "code-word"),
    (query(question="Which CPT applies to the guidance?"), "code-word"),
    (query(question="Which guidance was used, so that N63 and R92.0 fit?"), "code-word"),
    (query(question="Which ICD10CM finding was localized?"), "code-word"),
    (query(question="Please document the guidance for the coder."), "code-word"),
    (query(question="Please document the diagnosis R92.1 of this record."), "code-word"),
    (
        query(options=["Ultrasound (19285)", "Stereotactic", "Other (please specify)", "Unable to determine"]),
        "code-word",
    ),
    (query(indicators=[Evidence(0, 9, "CPT 19283")]), "code-word"),
    (query(question="Please document the guidance. Reimbursement depends on it."), "payment-word"),
    (query(question="Please document the guidance before we bill the service."), "payment-word"),
    (query(question="Please document the guidance, which Medicare needs."), "payment-word"),
    (query(question="Please document the guidance to avoid a denial."), "denial-word"),
    (query(response_instruction="Answer by addendum, or the audit will fail."), "denial-word"),
    (query(question="Please document the guidance; it affects our quality scores."), "quality-word"),
    (query(question="Please confirm that ultrasound was used."), "leading-question"),
    (query(question="Ultrasound was used, correct?"), "leading-question"),
    (query(question="Please document that ultrasound was used."), "leading-question"),
    (
        query(question="We believe the needle was guided by ultrasound. Please document the guidance."),
        "leading-question",
    ),
    (query(question="Wasn't the guidance stereotactic?"), "leading-question"),
    (query(question="Please document the guidance. Please document the side."), "several-questions"),
    (query(question="What was the guidance? How many lesions were there?"), "several-questions"),
    (
        query(
            question="Was the guidance by MR?", options=["Yes", "No", "Other (please specify)", "Unable to determine"]
        ),
        "yes-no",
    ),
    (query(question="Did complications occur?", options=[]), "yes-no"),
    (query(question="Please document the tomosynthesis guidance that was used."), "unsupported-question"),
    (query(options=["Stereotactic", "MR", "Other (please specify)", "Unable to determine"]), "unsupported-option"),
    (query(options=["Whatever is usual here", "Other (please specify)", "Unable to determine"]), "unsupported-option"),
    (query(options=["Stereotactic", "Ultrasound", "Unable to determine"]), "missing-other"),
    (query(options=["Stereotactic", "Ultrasound", "Other (please specify)"]), "missing-unable"),
    (query(options=["Ultrasound", "ultrasound.", "Other (please specify)", "Unable to determine"]), "duplicate-option"),
    (
        query(options=["[x] Ultrasound", "Stereotactic", "Other (please specify)", "Unable to determine"]),
        "preselected-option",
    ),
    (
        query(options=["Ultrasound (preferred)", "Stereotactic", "Other (please specify)", "Unable to determine"]),
        "preselected-option",
    ),
    (query(indicators=[]), "no-indicator"),
    (query(indicators=[Evidence(0, 5, "never said in it")]), "not-verbatim"),
    (query(indicators=[*GOOD["indicators"], Evidence(6, 19, "stereotactic ")]), "not-verbatim"),
    (query(response_instruction=""), "missing-instruction"),
    (query(response_instruction="Call us."), "missing-instruction"),
    (query(response_instruction="Sign below: the addendum reads ultrasound."), "prewritten-answer"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_bad_query(bad, reason):
    assert reason in [error.id for error in lint(bad, NOTE)]


def test_there_are_at_least_thirty_bad_queries_and_every_reason_occurs():
    assert len(BAD) >= 30
    assert len({reason for _, reason in BAD}) >= 15


def test_an_option_is_supported_by_its_linked_quote():
    words = "coordinates were computed"
    linked = Query(
        GOOD["title"],
        GOOD["question"],
        [Evidence(0, len(words), words)],
        ["Stereotactic", "Other (please specify)", "Unable to determine"],
        INSTRUCTION,
        [(0,)],
    )
    assert lint(linked) == []


def test_errors_hold_no_words_of_the_note():
    for bad, _ in BAD:
        assert all("needle was advanced" not in error.message for error in lint(bad, NOTE))
