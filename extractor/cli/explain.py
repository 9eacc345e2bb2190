"""`extractor explain`: what stands behind a rule, a code or a modifier."""

from __future__ import annotations

from typing import Annotated

import typer

from extractor.cli import common as c


def command(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule, code, modifier, policy, diagnosis or flag.")],
    edition: Annotated[
        str | None, typer.Option(metavar="EDITION", help="Edition or date of service (default: the latest).")
    ] = None,
) -> None:
    """Print a rule's text, its source, its edition and its worked examples."""
    from extractor.coding.tables import TableError, load_tables
    from extractor.explain import UnknownTerm, explain

    try:
        typer.echo(explain(rule, load_tables(edition)))
    except UnknownTerm as error:
        c.fail(str(error.args[0]))
    except TableError as error:
        c.fail(str(error))
