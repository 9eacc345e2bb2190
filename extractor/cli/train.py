"""`extractor train`: trains the models on a gold corpus and writes them with their model card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli import common as c


def command(
    corpus: Annotated[
        Path | None,
        typer.Argument(metavar="[CORPUS]", help="Folder of gold notes (default: all that come with the source)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FOLDER", help="Where models go (default: models/).")
    ] = None,
    promise: c.Promise = None,
    quiet: c.Quiet = False,
) -> None:
    """Train the models on gold notes, judge them on styles they never saw, and write them with their card.

    The same corpus gives the same files. Models belong to the rules they were trained beside: after a change of rules
    or lexicon, train again.
    """
    from extractor.learning.train import CARD, train

    root = Path(__file__).resolve().parents[2]
    source = corpus or root / "annotations"
    if not source.is_dir():
        c.fail(f"no such folder: {source}" if corpus else "name a folder of gold notes")
    if output is None and not (root / "pyproject.toml").is_file():
        c.fail("name the folder for the models with -o: an installed package is not written to")
    folder = output or root / "models"
    try:
        made = train(source, folder, promise, (lambda message: None) if quiet else c.say)
    except ValueError as error:
        c.fail(str(error))
    except OSError as error:
        c.fail(f"could not be read or written ({type(error).__name__}: {error.strerror})", 3)
    for name in ("rules", "both"):
        figures = made["ready"]["all"][name]
        precision, coverage = figures["precision"], figures["coverage"]
        right, covered = f"{precision['right']}/{precision['of']}", f"{coverage['right']}/{coverage['of']}"
        typer.echo(f"{name:6s} ready right {right}, coverage {covered}")
    typer.echo(f"ECE {made['calibration']['ece']:.4f}; promise {made['promise']:g}, threshold {made['threshold']:.4f}")
    typer.echo(f"card: {folder / CARD}")
