"""`extractor import`: notes into the store of the review desk, read now or with the results of an earlier batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from extractor.web.reading import Reader
    from extractor.web.store import Store

Db = Annotated[
    str,
    typer.Option(
        "--db", metavar="URL", envvar="EXTRACTOR_DB",
        help="The store: a file, sqlite:///FILE or postgresql://USER@HOST/NAME (default: extractor.db here).",
    ),
]  # fmt: skip
DEFAULT_DB = "extractor.db"


def command(
    paths: c.Paths,
    db: Db = DEFAULT_DB,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Results (.jsonl) of an earlier run on these notes.")
    ] = None,
    claims: Annotated[
        Path | None, typer.Option(metavar="CLAIMS", help="Draft claim lines, .csv or .jsonl, to compare with.")
    ] = None,
    site: Annotated[str, typer.Option(metavar="NAME", help="Site of notes that name none.")] = "",
    policy: c.Policy = "cpt",
    profile: c.Profile = "default",
    format: c.Format = None,
    id_column: c.IdColumn = "note_id",
    text_column: c.TextColumn = "text",
    encoding: c.Encoding = None,
    max_bytes: c.MaxBytes = c.MAX_BYTES,
    quiet: c.Quiet = False,
) -> None:
    """Load notes into the review desk: read them, or take the results of an earlier run.

    A note that is there already keeps its review as long as its text is the same.
    """
    needs_web()
    from extractor.cli.audit import _read_claims
    from extractor.web.importing import load, read_results

    inputs = c.open_inputs(paths, None, format, id_column, text_column, encoding, max_bytes)
    by_note = _read_claims(claims) if claims else None
    try:
        earlier = read_results(results) if results else None
    except (OSError, ValueError) as error:
        c.fail(str(error))
    reader = reader_or_fail(policy, profile)
    store = open_or_fail(db)
    imported = load(store, "import", inputs, reader, by_note, earlier, site, c.say_reject)
    store.close()
    if not quiet:
        c.say(f"{imported} -> {shown(db)}")
    raise typer.Exit(1 if imported.rejects else 0)


def needs_web() -> None:
    """A usage error where the extra `web` is not installed."""
    from importlib.util import find_spec

    lacking = [name for name in ("sqlalchemy", "alembic", "argon2", "fastapi", "uvicorn") if find_spec(name) is None]
    if lacking:
        missing = ", ".join(lacking)
        c.fail(f"the review desk needs more packages; run: pip install 'extractor[web]' (missing: {missing})")


def reader_or_fail(policy: str, profile: str, wait: float = 20.0) -> Reader:
    """The extractor of the desk, or a usage error where policy or profile cannot be used. `wait` in seconds."""
    from extractor.web.reading import reader

    try:
        return reader(policy, profile, wait)
    except (OSError, ValueError) as error:
        c.fail(str(error))


def open_or_fail(db: str) -> Store:
    """The store at a URL or file, or a usage error."""
    from extractor.web.store import StoreError, open_store
    from extractor.web.store.engine import sqlite_url

    try:
        return open_store(db if "://" in db else sqlite_url(Path(db)))
    except StoreError as error:
        c.fail(str(error))


def shown(db: str) -> str:
    """A store's name without a password in it."""
    if "://" not in db:
        return db
    from sqlalchemy import make_url

    return make_url(db).render_as_string(hide_password=True)
