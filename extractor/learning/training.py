"""Training: field models, the confidence over them, and what each is worth on styles that it never saw.

Cross-validation leaves out whole styles (clinics). The confidence learns from field models that saw neither the note's
style nor the one it is judged on. Knows cases and designs; writes no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from extractor.learning import confidence, fitting, tasks
from extractor.learning.confidence import FLOOR
from extractor.learning.features import Features
from extractor.learning.fitting import Design, Fitted
from extractor.learning.gather import Case
from extractor.learning.promise import DECIMALS, HeldOut, log_loss

STRENGTH, CONFIDENCE_STRENGTH = 0.3, 0.3
DOUBT_STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
LEAST_GAIN = 0.0005
"""What a model must take off the log loss of the confidence to be worth keeping."""

Say = Callable[[str], None]
Support = Callable[[int], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One question to a model: the case, the lesion's index (None for a note task), what the rules and the record say.
    `gold` is None where the rules' lesion has no counterpart."""

    case: int
    lesion: int | None
    rule: str
    gold: str | None


@dataclass(slots=True)
class Answer:
    """A held-out answer to a row: the probabilities of the classes."""

    row: Row
    classes: list[str]
    probabilities: Any

    @property
    def best(self) -> str:
        return self.classes[int(np.argmax(self.probabilities))]

    @property
    def sure(self) -> float:
        return float(np.max(self.probabilities))

    def of(self, value: str) -> float:
        """The probability of one class."""
        return float(self.probabilities[self.classes.index(value)]) if value in self.classes else FLOOR


@dataclass(slots=True)
class Trained:
    """All that training found. `fields` and `stack` are what is stored; the rest is how it was judged."""

    cases: list[Case]
    fields: dict[str, tuple[list[str], Fitted]] = field(default_factory=dict)
    stack: tuple[list[str], Fitted] | None = None
    doubt_at: dict[str, float] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    held_out: list[HeldOut] = field(default_factory=list)
    ablation: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    threshold_by_style: dict[str, float] = field(default_factory=dict)


class Bench:
    """The designs of a corpus and the field models fitted so far on parts of it."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = cases
        self.styles = sorted({case.style for case in cases})
        lesions = [(number, index) for number, case in enumerate(cases) for index in range(len(case.findings.lesions))]
        self.note_design = fitting.design([case.seen.note for case in cases], [case.style for case in cases])
        self.lesion_design = fitting.design(
            [cases[number].seen.lesions[index] for number, index in lesions], [cases[n].style for n, _ in lesions]
        )
        self.rows: dict[str, list[tuple[int, Row]]] = {}
        for task in tasks.NOTE_TASKS:
            self.rows[task] = [
                (number, Row(number, None, case.rules[task], case.gold[task]))
                for number, case in enumerate(cases)
                if task in case.rules
            ]
        for task in tasks.LESION_TASKS:
            self.rows[task] = [
                (
                    at,
                    Row(
                        number,
                        index,
                        tasks.lesion_value(task, cases[number].findings.lesions[index]),
                        cases[number].lesion_gold.get((task, index)),
                    ),
                )
                for at, (number, index) in enumerate(lesions)
            ]

    def design_of(self, task: str) -> Design:
        """The design that a task's rows index."""
        return self.lesion_design if task in tasks.LESION_TASKS else self.note_design

    def fit(self, task: str, without: Iterable[str] = ()) -> Fitted | None:
        """The task's model on all styles but these; None where nothing is left to learn from."""
        out = set(without)
        rows = self.rows[task]
        used = [(at, row) for at, row in rows if row.gold is not None and self.cases[row.case].style not in out]
        if not used:
            return None
        labels = [str(row.gold) for _, row in used]
        return fitting.fit(self.design_of(task), np.array([at for at, _ in used]), labels, STRENGTH)

    def answers(self, task: str, without: Sequence[str]) -> list[Answer]:
        """Answers for the rows of the styles left out, by a model that saw none of them."""
        asked = [(at, row) for at, row in self.rows[task] if self.cases[row.case].style in without]
        model = self.fit(task, without)
        if not asked or model is None:
            return []
        found = model.probabilities(self.design_of(task).matrix[np.array([at for at, _ in asked])])
        return [Answer(row, model.classes, line) for (_, row), line in zip(asked, found, strict=True)]


def train(cases: Sequence[Case], say: Say = lambda message: None) -> Trained:
    """Fit and judge everything. Takes a minute or so for some hundred notes."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # sums in one order, whatever the machine
        return _train(cases, say)


def _train(cases: Sequence[Case], say: Say) -> Trained:
    bench, made = Bench(cases), Trained(list(cases))
    for task in tasks.TASKS:
        say(f"judging {task} on styles it never saw")
        made.answers[task] = [answer for style in bench.styles for answer in bench.answers(task, [style])]
        at = doubt_threshold(made.answers[task])
        if at is not None:
            made.doubt_at[task] = at
    single = support_of(made.answers, tasks.STACKED)
    say("judging the confidence")
    pairs: dict[frozenset[str], dict[int, dict[str, float]]] = {}
    for number, one in enumerate(bench.styles):
        for other in bench.styles[number + 1 :]:
            both = {task: bench.answers(task, [one, other]) for task in tasks.STACKED}
            pairs[frozenset((one, other))] = support_of(both, tasks.STACKED)
    kept = list(tasks.STACKED)
    stacks = Stacks(cases, single, pairs, bench.styles)
    before = stacks.loss(kept)
    while True:  # the model that adds least goes first, until each that is left adds something
        trials = [(stacks.loss([each for each in kept if each != task]), task) for task in kept]
        loss, task = min(trials, default=(before, ""))
        if not trials or loss > before + LEAST_GAIN or len(kept) == 1:
            made.ablation = [
                {"model": task, "log_loss_without": loss, "adds": loss - before, "kept": True} for loss, task in trials
            ] + made.ablation
            break
        made.ablation.append({"model": task, "log_loss_without": loss, "adds": loss - before, "kept": False})
        kept.remove(task)
        before = loss
    made.dropped = [task for task in tasks.TASKS if task not in kept and task not in made.doubt_at]
    confidences = stacks.held_out(kept)
    doubted = _doubted(made, bench.styles)
    made.held_out = [
        HeldOut(c.note_id, c.style, c.sha256, confidences[number], c.ready, number in doubted, c.right, c.gold_ready)
        for number, c in enumerate(cases)
    ]
    say("fitting on all notes")
    for task in tasks.TASKS:
        model = bench.fit(task) if task not in made.dropped else None
        if model is not None:
            made.fields[task] = bench.design_of(task).names, model
    made.stack = stacks.final(kept)
    return made


def doubt_threshold(answers: Iterable[Answer]) -> float | None:
    """The least probability at which the rules are wrong at least every second time that a model differs from them;
    None where there is none: then the model raises no doubt."""
    differ = [(a.sure, a.row.rule != a.row.gold) for a in answers if a.row.gold is not None and a.best != a.row.rule]
    for step in DOUBT_STEPS:
        caught = [wrong for sure, wrong in differ if sure >= step]
        if caught and sum(caught) * 2 >= len(caught):
            return step
    return None


def support_of(answers: dict[str, list[Answer]], names: Iterable[str]) -> dict[int, dict[str, float]]:
    """By case and task the probability of what the rules read, the least over its lesions."""
    found: dict[int, dict[str, float]] = {}
    for task in names:
        for answer in answers[task]:
            of = found.setdefault(answer.row.case, {})
            of[task] = min(of.get(task, 1.0), answer.of(answer.row.rule))
    return found


def _doubted(made: Trained, styles: Sequence[str]) -> set[int]:
    """Cases about which a model raises a doubt that decides the code, by thresholds chosen on the other styles."""
    found: set[int] = set()
    for task in tasks.DECISIVE:
        for style in styles:
            others = [a for a in made.answers[task] if made.cases[a.row.case].style != style]
            at = doubt_threshold(others)
            if at is None:
                continue
            found |= {
                a.row.case
                for a in made.answers[task]
                if made.cases[a.row.case].style == style and a.best != a.row.rule and a.sure >= at
            }
    return found


@dataclass(slots=True)
class Stacks:
    """The confidence, fitted on parts of the corpus."""

    cases: Sequence[Case]
    single: dict[int, dict[str, float]]
    pairs: dict[frozenset[str], dict[int, dict[str, float]]]
    styles: Sequence[str]

    def _rows(self, numbers: Iterable[int], support: Support, kept: list[str]) -> list[Features]:
        unkept = {f"{part}support.{task}" for part in ("", "ready.") for task in tasks.STACKED if task not in kept}
        rows = []
        for number in numbers:
            case = self.cases[number]
            row = confidence.inputs(case.findings, case.made, case.seen, support(number))
            rows.append({name: value for name, value in row.items() if name not in unkept})
        return rows

    def _fit(self, rows: list[Features], numbers: Sequence[int]) -> tuple[list[str], Fitted]:
        names = sorted(set().union(*rows))
        given = Design(fitting.stack_rows(rows, names), names, np.array([self.cases[n].style for n in numbers]))
        labels = [str(self.cases[number].right) for number in numbers]
        return names, fitting.fit(given, np.arange(len(rows)), labels, CONFIDENCE_STRENGTH, None)

    def held_out(self, kept: list[str]) -> list[float]:
        """The confidence of every case by a model that saw nothing of its style."""
        found = [0.0] * len(self.cases)
        for style in self.styles:
            inside = [n for n, case in enumerate(self.cases) if case.style == style]
            outside = [n for n, case in enumerate(self.cases) if case.style != style]

            def paired(number: int, style: str = style) -> dict[str, float]:
                return self.pairs[frozenset((style, self.cases[number].style))].get(number, {})

            names, model = self._fit(self._rows(outside, paired, kept), outside)
            rows = self._rows(inside, lambda number: self.single.get(number, {}), kept)
            given = model.probabilities(fitting.stack_rows(rows, names))
            for number, line in zip(inside, given, strict=True):
                found[number] = right_share(model, line)
        return found

    def loss(self, kept: list[str]) -> float:
        """Held-out log loss with the support of these models alone."""
        return log_loss(zip(self.held_out(kept), (case.right for case in self.cases), strict=True))

    def final(self, kept: list[str]) -> tuple[list[str], Fitted]:
        """The confidence fitted on all notes, each with field models that never saw its style."""
        numbers = range(len(self.cases))
        return self._fit(self._rows(numbers, lambda number: self.single.get(number, {}), kept), numbers)


def right_share(model: Fitted, line: Any) -> float:
    """The probability of `right`, rounded as it is stored."""
    if "True" not in model.classes:
        return 0.0
    return round(float(line[model.classes.index("True")]), DECIMALS)
