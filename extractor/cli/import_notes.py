"""`extractor import`: notes into the store of the review desk, read now or with the results of an earlier batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli import common as c

if TYPE_CHECKING:
    from extractor.web.reading import Reads
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
    no_models: c.NoModels = False,
    promise: c.Promise = None,
    models: c.Models = None,
    workers: c.Workers = None,
    timeout: c.Timeout = 120.0,
    memory: c.Memory = 4096,
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
    store = open_or_fail(db)
    with reads(c.load_options(policy, profile, no_models, promise, models), workers, timeout, memory) as reader:
        number = cores(workers) or 1
        imported = load(store, "import", inputs, reader, by_note, earlier, site, c.say_reject, number)
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


def cores(workers: int | None) -> int:
    """How many workers an option asks for."""
    return os.cpu_count() or 1 if workers is None else workers


@contextmanager
def reads(options: dict[str, Any], workers: int | None, timeout: float, memory: int) -> Iterator[Reads]:
    """What reads notes for the desk, or a usage error where policy, profile, models or promise cannot be used."""
    from extractor.web.crew import crew
    from extractor.web.reading import reader
    from extractor.workers import WorkerError

    number = cores(workers)
    try:
        if number == 0:
            made: AbstractContextManager[Reads] = nullcontext(reader(**options))
        else:
            made = several = crew(options, number, timeout or None, memory * 2**20 or None)
            several.start()
    except (OSError, ValueError, WorkerError) as error:
        c.fail(str(error))
    with made as given:
        yield given


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
