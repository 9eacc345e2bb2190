"""Thresholds, intervals and calibration against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.learning import promise as p


def held(confidence: float, right: bool = True, ready: bool = True, doubted: bool = False) -> p.HeldOut:
    return p.HeldOut("n", "s", "0", confidence, ready, doubted, right, right)


def test_the_threshold_lies_just_above_the_wrong_note_that_is_one_too_many() -> None:
    # 99 notes, promise 0.98: (wrong + 1) / 100 <= 0.02, so one wrong ready note is allowed and the second is not.
    notes = [held(0.99)] * 96 + [held(0.9, right=False), held(0.8, right=False), held(0.95, right=False)]
    assert p.threshold(notes, 0.98) == pytest.approx(0.900001)
    assert p.threshold(notes, 0.97) == pytest.approx(0.800001)
    assert p.threshold(notes, 0.96) == 0.0
    assert p.threshold(notes, 0.99) == pytest.approx(0.950001)


def test_what_is_not_ready_or_doubted_anyway_costs_nothing() -> None:
    notes = [held(0.99)] * 198 + [held(0.9, right=False, ready=False), held(0.9, right=False, doubted=True)]
    assert p.threshold(notes, 0.995) == 0.0


def test_a_promise_beyond_the_notes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 0\.99"):
        p.threshold([held(0.9)] * 99, 0.995)
    assert p.threshold([held(0.9)] * 199, 0.995) == 0.0
    for nonsense in (0, 1, 1.5, -1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            p.threshold([held(0.9)], nonsense)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # what is tested is no timing
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), min_size=20, max_size=60),
    st.sampled_from([0.5, 0.8, 0.9]),
)
def test_the_risk_under_the_threshold_is_what_was_promised(
    notes: list[tuple[float, bool, bool]], promise: float
) -> None:
    made = [held(round(confidence, 6), right, ready) for confidence, right, ready in notes]
    least = p.threshold(made, promise)
    wrong = sum(p.stays_ready(each, least) and not each.right for each in made)
    assert (wrong + 1) / (len(made) + 1) <= 1 - promise + 1e-9
    if least > 0:  # and no lower threshold would do
        wrong = sum(p.stays_ready(each, least - 2e-6) and not each.right for each in made)
        assert (wrong + 1) / (len(made) + 1) > 1 - promise - 1e-9


def test_the_chosen_promise_leaves_enough_ready() -> None:
    certain = [held(0.99)] * 300
    assert p.affordable(certain) == p.LADDER[0]
    mixed = [held(0.9)] * 280 + [held(0.99, right=False)] * 10
    assert p.affordable(mixed) in p.LADDER[1:]


def test_wilson_by_hand() -> None:
    low, high = p.wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert p.wilson(0, 0) == (0.0, 1.0)
    assert p.wilson(10, 10)[1] == pytest.approx(1.0)


def test_calibration_by_hand() -> None:
    pairs = [(0.95, True)] * 3 + [(0.95, False)] + [(0.15, False)] * 4
    assert p.calibration_error(pairs) == pytest.approx(0.5 * 0.2 + 0.5 * 0.15)
    assert p.calibration_error([]) == 0.0
    assert p.log_loss([(0.5, True), (0.5, False)]) == pytest.approx(math.log(2))
    assert p.bins([(1.0, True)]) == [(1, 1.0, 1.0)]
    curve = p.risk_coverage([(0.9, True), (0.9, False), (0.5, False), (0.95, True)])
    assert curve == [(0.25, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
