"""Behind `extractor train`: corpus in, models, manifest, figures and card out, the same bytes every time."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from extractor.learning import fitting, gather, promise, store, training
from extractor.learning.card import card
from extractor.learning.figures import figures
from extractor.learning.judge import CONFIDENCE

FIGURES, CARD = "figures.json", "MODEL_CARD.md"


def train(
    corpus: Path, folder: Path, wanted: float | None = None, say: Callable[[str], None] = lambda message: None
) -> dict[str, Any]:
    """Train on `corpus`, write to `folder`, and give the figures.

    `wanted` is the promise that the models make unless asked for another; None: the strictest that leaves enough
    coverage.

    Raises ValueError for a corpus that is too small, or a promise that it cannot prove.
    """
    import numpy
    import sklearn
    import skops

    from extractor import __version__

    notes = gather.read(corpus)
    if wanted is not None and wanted > promise.highest(len(notes)):
        raise ValueError(f"{len(notes)} notes can promise at most {promise.highest(len(notes)):.4f}, not {wanted:g}")
    say(f"reading {len(notes)} notes by the rules")
    cases = gather.cases(notes)
    trained = training.train(cases, say)
    models = {
        task: fitting.as_pipeline(model, names, training.STRENGTH) for task, (names, model) in trained.fields.items()
    }
    assert trained.stack is not None
    names, stack = trained.stack
    models[CONFIDENCE] = fitting.as_pipeline(stack, names, training.CONFIDENCE_STRENGTH)
    kept = promise.affordable(trained.held_out) if wanted is None else wanted
    made = figures(trained, kept)
    manifest: dict[str, Any] = {
        "data": {
            "sha256": gather.digest(cases, notes),
            "notes": len(cases),
            "styles": {group: count for group, count in made["notes"].items() if group != "all"},
        },
        "versions": {
            "extractor": __version__,
            "scikit-learn": sklearn.__version__,
            "skops": skops.__version__,
            "numpy": numpy.__version__,
        },
        "promise": kept,
        "doubt_at": trained.doubt_at,
        "held_out": [dataclasses.asdict(each) for each in trained.held_out],
    }
    store.write(folder, models, manifest)
    (folder / FIGURES).write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    files = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))["files"]
    facts = {
        "weights": sum(model.weights.size for _, model in trained.fields.values()) + stack.weights.size,
        "kept": fitting.KEPT,
        "most": promise.highest(len(cases)),
    }
    (folder / CARD).write_text(card(made, manifest, files, facts), encoding="utf-8", newline="\n")
    return made
