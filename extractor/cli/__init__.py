"""The command line: one module a command, none of which imports anything heavy before its command runs.

Exit status: 0 all notes read; 1 some notes could not be read; 2 usage; 3 the output could not be written.
"""

from __future__ import annotations

from typing import Annotated

import typer

from extractor.cli import annotated, audit, evaluate, explain, import_notes, run, serve, show, tables, train, users

# Without rich mark-up, help needs no import of rich; pretty exceptions would print the values of variables.
app = typer.Typer(
    name="extractor",
    help="Reads breast localization procedure notes: lesions, codes, gaps and queries, each with its evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.command)
app.command("audit")(audit.command)
app.command("show")(show.command)
app.command("evaluate")(evaluate.command)
app.command("explain")(explain.command)
app.command("train")(train.command)
app.command("import")(import_notes.command)
app.command("serve")(serve.command)
app.add_typer(tables.app, name="tables")
app.add_typer(users.users_app, name="users")
app.add_typer(users.store_app, name="store")
app.add_typer(annotated.app, name="annotations")


def _version(wanted: bool) -> None:
    if wanted:
        from extractor import __version__

        typer.echo(f"extractor {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the command `extractor`."""
    app()
