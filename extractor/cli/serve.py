"""`extractor serve`: the review desk and the HTTP interfaces, on this machine unless told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from extractor.cli import common as c
from extractor.cli.import_notes import DEFAULT_DB, Db, needs_web, open_or_fail, reads, shown


def command(
    db: Db = DEFAULT_DB,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Listen there; others than this machine need users.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535)] = 8765,
    behind_tls: Annotated[
        bool, typer.Option("--behind-tls", help="A server that speaks TLS stands in front of this one.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Also answer under this name (may be given again).")
    ] = None,
    base_url: Annotated[str, typer.Option(metavar="URL", help="The address that others call, for tokens.")] = "",
    two_person: Annotated[bool, typer.Option("--two-person", help="A second person confirms each decision.")] = False,
    idle_minutes: Annotated[int, typer.Option(metavar="N", min=1, help="End sessions unused for so long.")] = 30,
    cds_clients: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Programs that may call the CDS services (JSON).")
    ] = None,
    cds_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="A site whose pages may call the CDS services (may be given again)."),
    ] = None,
    policy: c.Policy = "cpt",
    profile: c.Profile = "default",
    no_models: c.NoModels = False,
    promise: c.Promise = None,
    models: c.Models = None,
    workers: c.Workers = None,
    timeout: c.Timeout = 30.0,
    memory: c.Memory = 4096,
) -> None:
    """Open the review desk and the HTTP interfaces."""
    needs_web()
    import logging
    from datetime import timedelta

    import uvicorn

    from extractor.web.app import create_app
    from extractor.web.settings import Settings, SettingsError, check, read_clients
    from extractor.web.store import users

    store = open_or_fail(db)
    with store.read() as connection:
        authentication = users.any_users(connection)
    try:
        settings = Settings(
            host=host, port=port, authentication=authentication, behind_tls=behind_tls,
            allowed_hosts=tuple(allow_host or ()), base_url=base_url, two_person=two_person,
            idle=timedelta(minutes=idle_minutes),
            cds_clients=read_clients(cds_clients) if cds_clients else (), cds_required=cds_clients is not None,
            cds_origins=tuple(each.lower() for each in cds_origin or ()),
        )  # fmt: skip
        check(settings)
    except SettingsError as error:
        c.fail(str(error))
    options = c.load_options(policy, profile, no_models, promise, models)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for name in ("uvicorn", "uvicorn.error", "sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    who = "login needed" if authentication else "this machine only"
    try:
        with reads(options, workers, timeout, memory) as reader:
            c.say(f"review desk: {settings.address}/ ({shown(db)}; {who})")
            # The access log would hold addresses with what was searched for; the application writes its own lines.
            uvicorn.run(
                create_app(settings, store, reader), host=host, port=port, access_log=False, log_config=None,
                server_header=False, proxy_headers=False, timeout_graceful_shutdown=10,
            )  # fmt: skip
    finally:
        store.close()
