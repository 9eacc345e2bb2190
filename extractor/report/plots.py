"""Plots as SVG, readable in black and white: shades, markers, hatches and numbers, never colour alone.

Knows numbers only. The same numbers give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from extractor.learning import promise as p
from extractor.report.numbers import Confusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class PlotsMissing(ImportError):
    """matplotlib is not installed."""


def _figure(width: float, height: float, salt: str) -> Any:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotsMissing("the report needs plots; run: pip install 'extractor[report]'") from None
    # A figure without pyplot: no window system, no global state of a host program is touched.
    matplotlib.rcParams["svg.hashsalt"] = salt
    matplotlib.rcParams["svg.fonttype"] = "none"
    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure, title: str, salt: str) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    svg = out.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    # Several drawings share one page: their ids must not meet.
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{salt}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def risk_coverage(pairs: Sequence[tuple[float, bool]]) -> str:
    """How many of the recommendations let through are wrong, as ever less sure ones are let through."""
    curve = p.risk_coverage(pairs)
    figure = _figure(5.2, 3.6, "risk")
    axes = figure.add_subplot()
    axes.step([c for c, _ in curve], [r for _, r in curve], where="post", color="black", linewidth=1.6)
    overall = curve[-1][1] if curve else 0.0
    axes.axhline(overall, color="0.5", linestyle="--", linewidth=1)
    axes.annotate("all notes", (0.02, overall), color="0.3", fontsize=8, va="bottom")
    axes.set(xlabel="coverage: share of notes let through", ylabel="risk: share of them wrong", xlim=(0, 1))
    axes.set_ylim(bottom=0)
    return _svg(figure, "Risk and coverage", "risk")


def reliability(pairs: Sequence[tuple[float, bool]]) -> str:
    """How often recommendations of a confidence are right, with Wilson intervals and the number of notes."""
    figure = _figure(5.2, 3.6, "reliability")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1, label="perfect")
    found = p.bins(pairs)
    for index, (count, mean, share) in enumerate(found):
        low, high = p.wilson(round(share * count), count)
        axes.plot([mean, mean], [low, high], color="black", linewidth=1)
        label = None if index else "bins, with number of notes"
        axes.plot([mean], [share], "o", color="white", markeredgecolor="black", label=label)
        axes.annotate(str(count), (mean, share), textcoords="offset points", xytext=(6, -3), fontsize=8)
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.05))
    axes.set_title(f"ECE {p.calibration_error(pairs):.4f}, {len(pairs)} notes", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=False)
    return _svg(figure, "Reliability", "reliability")


def confusion(counts: Confusion, title: str, salt: str) -> str:
    """A confusion matrix: rows gold, columns read, each cell with its number; mistakes are hatched."""
    names = sorted({name for pair in counts for name in pair})
    size = max(3.2, 0.62 * len(names) + 1.8)
    figure = _figure(size + 0.8, size, salt)
    axes = figure.add_subplot()
    totals = {name: sum(count for (gold, _), count in counts.items() if gold == name) for name in names}
    grid = [[counts[gold, read] / totals[gold] if totals[gold] else 0.0 for read in names] for gold in names]
    # Cells drawn as shapes: a picture inside the drawing would be an asset of its own.
    edges = [number - 0.5 for number in range(len(names) + 1)]
    if names:
        axes.pcolormesh(edges, edges, grid, cmap="Greys", vmin=0, vmax=1.4)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    from matplotlib.patches import Rectangle

    for row, gold in enumerate(names):
        for column, read in enumerate(names):
            count = counts[gold, read]
            if not count:
                continue
            if row != column:
                cell = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch="///", linewidth=0, edgecolor="0.6")
                axes.add_patch(cell)
            shade = "white" if grid[row][column] > 0.7 else "black"
            weight = "normal" if row == column else "bold"
            axes.text(column, row, str(count), ha="center", va="center", color=shade, fontweight=weight)
    labels = [name.replace("_", " ") for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.set(xlabel="read", ylabel="gold", title=title)
    return _svg(figure, title, salt)
