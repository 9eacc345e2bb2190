"""What training was worth: figures by field and style from held-out answers, as plain values for card and report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from extractor.learning import promise as p
from extractor.learning import tasks
from extractor.learning.training import Answer, Trained

ALL = "all"


def figures(trained: Trained, promise: float) -> dict[str, Any]:
    """Every figure. All are of styles that the models judged had never seen; the rules were written with all styles in
    view, so theirs are not."""
    styles = sorted({case.style for case in trained.cases})
    groups = [ALL, *styles]
    return {
        "notes": {group: len(_of(trained, group)) for group in groups},
        "fields": {
            task: {group: _field(trained, task, group) for group in groups}
            for task in tasks.TASKS
            if trained.answers[task]
        },
        "ready": {group: _ready(trained.held_out, group, promise) for group in groups},
        "recommendation": {group: _right(_held_out(trained, group)) for group in groups},
        "calibration": calibration(trained.held_out),
        "promise": promise,
        "threshold": p.threshold(trained.held_out, promise),
        "promises": {
            f"{each:g}": _promised(trained.held_out, each) for each in p.LADDER if each <= p.highest(len(trained.cases))
        },
        "ablation": [_rounded(each) for each in trained.ablation],
        "doubt_at": trained.doubt_at,
        "dropped": trained.dropped,
        "doubts": {task: _doubts(trained, task) for task in tasks.TASKS if trained.answers[task]},
    }


def calibration(held_out: Iterable[p.HeldOut]) -> dict[str, Any]:
    """Expected calibration error, Brier score, log loss and the bins behind them."""
    pairs = [(each.confidence, each.right) for each in held_out]
    brier = sum((confidence - right) ** 2 for confidence, right in pairs) / len(pairs) if pairs else 0.0
    return {
        "ece": round(p.calibration_error(pairs), 4),
        "brier": round(brier, 4),
        "log_loss": round(p.log_loss(pairs), 4),
        "bins": [
            {"notes": count, "confidence": round(mean, 4), "right": round(share, 4)}
            for count, mean, share in p.bins(pairs)
        ],
    }


def counted(right: int, of: int) -> dict[str, Any]:
    """A share with its 95 % Wilson interval."""
    low, high = p.wilson(right, of)
    return {"right": right, "of": of, "low": round(low, 4), "high": round(high, 4)}


def _of(trained: Trained, group: str) -> list[int]:
    return [number for number, case in enumerate(trained.cases) if group in (ALL, case.style)]


def _held_out(trained: Trained, group: str) -> list[p.HeldOut]:
    return [each for each in trained.held_out if group in (ALL, each.style)]


def _right(held_out: Sequence[p.HeldOut]) -> dict[str, Any]:
    return counted(sum(each.right for each in held_out), len(held_out))


def _field(trained: Trained, task: str, group: str) -> dict[str, Any]:
    """Rules alone, models alone, and both: right where no model doubts, and how many that are."""
    asked = [
        answer
        for answer in trained.answers[task]
        if answer.row.gold is not None and group in (ALL, trained.cases[answer.row.case].style)
    ]
    at = trained.doubt_at.get(task)
    trusted = [answer for answer in asked if not _doubted(answer, at)]
    return {
        "rules": counted(sum(a.row.rule == a.row.gold for a in asked), len(asked)),
        "models": counted(sum(a.best == a.row.gold for a in asked), len(asked)),
        "both": counted(sum(a.row.rule == a.row.gold for a in trusted), len(trusted)),
    }


def _doubted(answer: Answer, at: float | None) -> bool:
    return at is not None and answer.best != answer.row.rule and answer.sure >= at


def _doubts(trained: Trained, task: str) -> dict[str, int]:
    """How often the model doubts the rules, and how often the rules are then wrong."""
    at = trained.doubt_at.get(task)
    doubted = [a for a in trained.answers[task] if a.row.gold is not None and _doubted(a, at)]
    return {"doubts": len(doubted), "rules_wrong": sum(a.row.rule != a.row.gold for a in doubted)}


def _ready(held_out: Sequence[p.HeldOut], group: str, promise: float) -> dict[str, Any]:
    """Precision of `ready` and coverage of the gold-ready notes, rules alone and both; each style by the threshold that
    the other styles chose."""
    asked = [each for each in held_out if group in (ALL, each.style)]
    least: dict[str, float] = {}
    for style in {each.style for each in asked}:
        others = [each for each in held_out if each.style != style]
        # A promise that fewer notes cannot prove is relaxed to what they can, for this figure alone.
        least[style] = p.threshold(others, min(promise, p.highest(len(others))))
    rules = [each for each in asked if each.ready]
    both = [each for each in asked if p.stays_ready(each, least[each.style])]
    wanted = sum(each.gold_ready for each in asked)
    return {
        "rules": {
            "precision": counted(sum(each.right for each in rules), len(rules)),
            "coverage": counted(sum(each.gold_ready for each in rules), wanted),
        },
        "both": {
            "precision": counted(sum(each.right for each in both), len(both)),
            "coverage": counted(sum(each.gold_ready for each in both), wanted),
        },
    }


def _promised(held_out: Sequence[p.HeldOut], promise: float) -> dict[str, Any]:
    """What one promise costs, by the threshold that all held-out notes choose."""
    least = p.threshold(held_out, promise)
    stay = [each for each in held_out if p.stays_ready(each, least)]
    return {
        "threshold": least,
        "precision": counted(sum(each.right for each in stay), len(stay)),
        "coverage": counted(sum(each.gold_ready for each in stay), sum(each.gold_ready for each in held_out)),
    }


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()}
