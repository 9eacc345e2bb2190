"""The model card: what the models are for, what they were trained on, what they are worth and where they end.

Written from figures; holds no figure of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.learning import tasks

Values = Mapping[str, Any]

TEXT = """# Models of `extractor`

Written by `extractor train`; do not edit. {notes} notes, {styles} styles, {features} weights in {count} models.

## Intended use

A second reader beside the rules. Each field model gives, from a note's words and from what the rules found, its
own reading of one question; one more model gives the probability that the recommendation as a whole is right.
They can only make a result more careful: a doubt about what decides the code, or a confidence below the
threshold, turns `ready` into `review` with the flag `low-confidence`; what the rules did not find may become a
candidate; no model sets a code. Off with `--no-models`.

Not for: treatment, other procedures, other languages, notes of a kind that is not in the table below.

## Data

`{data}`: {notes} **synthetic** notes in {styles} styles with gold records. No person in them exists. Two
annotators worked from one guideline; see `annotations/`.

## How they were made

Logistic regressions over single words and pairs of words (only those that occur in at least three styles, at
most {kept} features a model) and the rules' findings; words of one clinic cannot be learned. Everything below
is of **styles that the model judged had not seen**: whole styles are left out, never notes. The confidence was
trained on field models that had seen neither the note's style nor the one it is judged on. The rules were
written with all of these styles in view, so the figures of the rules, and all that builds on them, flatter.

## Promise

The models promise {promise:g} unless asked for another (`--promise`): of all notes like those of the corpus the
expected share that ends `ready` with wrong codes is at most {rest:.4g} (conformal risk control over the {notes}
held-out notes; threshold {threshold:.4f}). The promise is about all notes read, not about the ready ones alone:
of those the held-out precision is in the next table, with its interval. It holds for notes exchangeable with
the corpus; a new clinic is not, until its notes are in it: annotate some and train anew. So many notes can
promise at most {most:.4f}.

{promises}

{ready}

Held out; the threshold of each style is the one that the other styles chose.

## Recommendation and calibration

Expected calibration error {ece:.4f}, Brier score {brier:.4f}, log loss {log_loss:.4f}, over ten bins of equal
width.

{bins}

## Fields

Share right with its 95 % Wilson interval. *Both*: rules, where no model doubts them, and in brackets how many
notes or lesions that leaves. Models see the rules' findings, so *models* is not the score of words alone.

{fields}

### By style: rules / models / both

{by_style}

## What each model adds

*Adds*: by how much the held-out log loss of the confidence would rise without the model. One that adds less
than the least gain is taken out of the confidence. *Doubts*: how often the model differs from the rules surely
enough to say so, and how often the rules are then wrong; a model that is right in fewer than half of these says
nothing. A model that does neither is not stored.

{ablation}

Not stored: {dropped}.

## Limits

- Synthetic notes by one author per style: real notes are messier, and real annotators agree less.
- {errors} wrong recommendations in all: too few to learn every way of going wrong.
- Trained for one state of the rules: after a change of rules or lexicon run `extractor train` again.
- Demographics are no inputs; subgroups other than style were not examined.

## Files

Made with {versions}. Each file is checked against its digest before it is read, and only named types are
loaded.

{files}
"""


def card(figures: Values, manifest: Values, files: Mapping[str, str], facts: Values) -> str:
    """The card as Markdown."""
    calibration = figures["calibration"]
    total = figures["recommendation"]["all"]
    return TEXT.format(
        notes=figures["notes"]["all"],
        styles=len(figures["notes"]) - 1,
        features=facts["weights"],
        count=len(files),
        data=manifest["data"]["sha256"][:23],
        kept=facts["kept"],
        promise=manifest["promise"],
        rest=1 - manifest["promise"],
        threshold=figures["threshold"],
        most=facts["most"],
        promises=_promises(figures),
        ready=_ready(figures),
        ece=calibration["ece"],
        brier=calibration["brier"],
        log_loss=calibration["log_loss"],
        bins=_table(
            ("notes", "mean confidence", "share right"),
            [(b["notes"], f"{b['confidence']:.3f}", f"{b['right']:.3f}") for b in calibration["bins"]],
        ),
        fields=_fields(figures),
        by_style=_by_style(figures),
        ablation=_ablation(figures),
        dropped=", ".join(tasks.name_of(task) for task in figures["dropped"]) or "none",
        errors=total["of"] - total["right"],
        versions=", ".join(f"{name} {version}" for name, version in manifest["versions"].items()),
        files=_table(("file", "digest"), [(f"{name}.skops", f"`{value}`") for name, value in sorted(files.items())]),
    )


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def share(counted: Mapping[str, Any]) -> str:
    """`0.973 (0.950-0.990)`, or a dash where nothing was counted."""
    if not counted["of"]:
        return "-"
    return f"{counted['right'] / counted['of']:.3f} ({counted['low']:.3f}-{counted['high']:.3f})"


def _short(counted: Mapping[str, Any]) -> str:
    return f"{counted['right'] / counted['of']:.3f}" if counted["of"] else "-"


def _promises(figures: Mapping[str, Any]) -> str:
    rows = []
    for promise, each in figures["promises"].items():
        precision, coverage = each["precision"], each["coverage"]
        rows.append((promise, f"{each['threshold']:.4f}", share(precision), precision["of"], share(coverage)))
    return _table(("promise", "threshold", "precision of ready", "ready", "coverage of gold-ready"), rows)


def _ready(figures: Mapping[str, Any]) -> str:
    rows = []
    for group, each in figures["ready"].items():
        for name in ("rules", "both"):
            precision, coverage = each[name]["precision"], each[name]["coverage"]
            counts = f"{precision['right']}/{precision['of']}"
            rows.append((group, name, share(precision), counts, share(coverage)))
    return _table(("style", "", "precision of ready", "", "coverage of gold-ready"), rows)


def _fields(figures: Mapping[str, Any]) -> str:
    rows = []
    for task, groups in figures["fields"].items():
        each = groups["all"]
        both = f"{share(each['both'])} [{each['both']['of']}/{each['rules']['of']}]"
        rows.append((tasks.name_of(task), each["rules"]["of"], share(each["rules"]), share(each["models"]), both))
    return _table(("field", "asked", "rules", "models", "both"), rows)


def _by_style(figures: Mapping[str, Any]) -> str:
    styles = [group for group in figures["notes"] if group != "all"]
    rows = [
        (
            tasks.name_of(task),
            *(" / ".join(_short(groups[style][name]) for name in ("rules", "models", "both")) for style in styles),
        )
        for task, groups in figures["fields"].items()
    ]
    return _table(("field", *styles), rows)


def _ablation(figures: Mapping[str, Any]) -> str:
    trial = {each["model"]: each for each in figures["ablation"]}
    rows = []
    for task, doubts in figures["doubts"].items():
        each = trial.get(task)
        adds = "not asked" if each is None else f"{each['adds']:+.4f}{'' if each['kept'] else ' (taken out)'}"
        at = figures["doubt_at"].get(task)
        said = "says nothing"
        if at is not None:
            said = f"{doubts['doubts']}, rules wrong in {doubts['rules_wrong']} (from {at:g})"
        rows.append((tasks.name_of(task), adds, said))
    return _table(("model", "adds to the confidence", "doubts"), rows)
