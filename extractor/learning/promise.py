"""From held-out confidences to a threshold that keeps a promise, and the figures of calibration.

The promise is that of conformal risk control (Angelopoulos et al., 2022): of all notes like those of the training
corpus, the expected share that ends `ready` with wrong codes is at most one minus the promise. Knows numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LADDER = (0.995, 0.99, 0.98, 0.97, 0.95, 0.9)
"""Promises from which training chooses, the strictest first."""
COVERAGE = 0.85
"""What share of the gold-ready notes must stay ready under the promise that training chooses."""
DECIMALS = 6
ONE_SIDED_95 = 1.6448536269514722
TWO_SIDED_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One training note as models judged it that never saw its style. `ready`: the rules alone would have ended
    `ready`; `doubted`: a field model disagreed about something that decides the code."""

    note_id: str
    style: str
    sha256: str
    confidence: float
    ready: bool
    doubted: bool
    right: bool
    gold_ready: bool


def threshold(held_out: Sequence[HeldOut], promise: float) -> float:
    """The least confidence at which a note may stay `ready`, so that the promise is kept.

    Raises ValueError for a promise outside (0, 1), or above what so many notes can prove.
    """
    if not 0 < promise < 1:
        raise ValueError(f"the promise is a share of notes between 0 and 1, not {promise}")
    count, most = len(held_out), highest(len(held_out))
    if promise > most + 1e-12:
        raise ValueError(
            f"{count} annotated notes can promise at most {math.floor(most * 10_000) / 10_000}; annotate more notes "
            "and train anew, or promise less"
        )
    allowed = math.floor((1 - promise) * (count + 1) + 1e-9) - 1
    wrong = sorted((each.confidence for each in held_out if stays_ready(each, 0) and not each.right), reverse=True)
    # The threshold lies just above the wrong note that would be one too many.
    return 0.0 if len(wrong) <= allowed else round(wrong[allowed] + 10.0**-DECIMALS, DECIMALS)


def affordable(held_out: Sequence[HeldOut]) -> float:
    """The strictest promise of the ladder under which enough gold-ready notes stay ready; the last where none is."""
    wanted = sum(each.gold_ready for each in held_out)
    for promise in LADDER:
        if promise <= highest(len(held_out)):
            least = threshold(held_out, promise)
            if sum(each.gold_ready and stays_ready(each, least) for each in held_out) >= COVERAGE * wanted:
                return promise
    return LADDER[-1]


def highest(count: int) -> float:
    """The highest promise that so many notes can prove."""
    return 1 - 1 / (count + 1)


def stays_ready(each: HeldOut, least: float) -> bool:
    """Whether a note that the rules call ready stays so."""
    return each.ready and not each.doubted and each.confidence >= least


def wilson(right: int, of: int, z: float = TWO_SIDED_95) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, spread = right / of, z * z / of
    centre = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / of + spread / of / 4)
    # none and all are their own bounds, whatever the last digit of the sums says
    low = (centre - half) / (1 + spread) if right else 0.0
    high = (centre + half) / (1 + spread) if right < of else 1.0
    return max(0.0, low), min(1.0, high)


def bins(pairs: Iterable[tuple[float, bool]], count: int = 10) -> list[tuple[int, float, float]]:
    """Equal-width bins of (confidence, right): how many, mean confidence, share right; empty bins are left out."""
    filled: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        filled.setdefault(min(int(confidence * count), count - 1), []).append((confidence, right))
    return [
        (len(each), sum(c for c, _ in each) / len(each), sum(r for _, r in each) / len(each))
        for _, each in sorted(filled.items())
    ]


def calibration_error(pairs: Iterable[tuple[float, bool]], count: int = 10) -> float:
    """Expected calibration error over equal-width bins; 0 where there is nothing."""
    found = bins(pairs, count)
    total = sum(number for number, _, _ in found)
    return sum(number * abs(mean - share) for number, mean, share in found) / total if total else 0.0


def log_loss(pairs: Iterable[tuple[float, bool]]) -> float:
    """Mean negative log likelihood of (confidence, right)."""
    pairs = list(pairs)
    floor = 10.0**-DECIMALS
    total = sum(-math.log(max(c if right else 1 - c, floor)) for c, right in pairs)
    return total / len(pairs) if pairs else 0.0


def risk_coverage(pairs: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(coverage, risk) as ever less confident notes are let through; equal confidences come together."""
    ordered = sorted(pairs, key=lambda pair: -pair[0])
    curve, wrong = [], 0
    for number, (confidence, right) in enumerate(ordered, 1):
        wrong += not right
        if number == len(ordered) or ordered[number][0] != confidence:
            curve.append((number / len(ordered), wrong / number))
    return curve
