"""`extractor show`: one note for a person, in the terminal or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli import common as c


def command(
    note: Annotated[str, typer.Argument(metavar="NOTE", help="A file with the note, or - for standard input.")],
    note_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Which note of several (default: the first).")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a self-contained page instead.")] = None,
    policy: c.Policy = "cpt",
    profile: c.Profile = "default",
    no_models: c.NoModels = False,
    promise: c.Promise = None,
    models: c.Models = None,
    format: c.Format = None,
    id_column: c.IdColumn = "note_id",
    text_column: c.TextColumn = "text",
    encoding: c.Encoding = None,
    max_bytes: c.MaxBytes = c.MAX_BYTES,
) -> None:
    """Show one note: its text with the evidence marked, the recommendation, the lesions and the flags."""
    from extractor.batch import outcomes
    from extractor.sources import Reject

    inputs = c.open_inputs([note], None, format, id_column, text_column, encoding, max_bytes)
    if html is not None and not html.parent.is_dir():
        c.fail(f"no such folder: {html.parent}")
    named = ((each.id if isinstance(each, Reject) else each.note_id, each) for each in inputs)
    item = next((each for name, each in named if note_id in (None, name)), None)
    if item is None:
        c.fail(f"no note with this id in {note}" if note_id else f"no note in {note}")
    extractor = c.load_extractor(policy, profile, no_models, promise, models)
    outcome = next(outcomes([item], extractor.extract))
    if isinstance(outcome, Reject) or isinstance(item, Reject):
        assert isinstance(outcome, Reject)
        c.say_reject(outcome)
        raise typer.Exit(1)
    if html is None:
        from rich.console import Console

        from extractor.show import print_result

        print_result(item, outcome, Console(highlight=False))
        return
    from extractor.show import page
    from extractor.sinks import atomic

    try:
        with atomic(html) as file:
            file.write(page(item, outcome))
    except OSError as error:
        c.fail(f"the page could not be written ({type(error).__name__}: {error.strerror})", 3)
    c.say(f"page written: {html}")
