"""`extractor run`: one result per note."""

from __future__ import annotations

import typer

from extractor.cli import common as c


def command(
    paths: c.Paths,
    output: c.Out = None,
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
    quiet: c.Quiet = False,
) -> None:
    """Read notes and write one result per note.

    Formats by ending: .txt (one note, its id is the file's name without the ending), .jsonl and .csv (note_id, text).
    Notes that cannot be read are named on standard error and in OUT.rejects.jsonl; the rest is written.
    """
    inputs = c.open_inputs(paths, output, format, id_column, text_column, encoding, max_bytes)
    c.check_output(inputs, output)
    extractor = c.load_extractor(policy, profile, no_models, promise, models)
    tally = c.run_batch(inputs, extractor.extract, output, quiet)
    raise typer.Exit(1 if tally.rejects else 0)
