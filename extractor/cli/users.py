"""`extractor users`: who may use the review desk, and the tokens of other programs; `extractor store`: its upkeep."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from extractor.cli import common as c
from extractor.cli.import_notes import DEFAULT_DB, Db, needs_web, open_or_fail

users_app = typer.Typer(help="Users of the review desk and tokens of other programs.", no_args_is_help=True)
store_app = typer.Typer(help="Upkeep of the review desk's store.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME")]
Role = Annotated[str, typer.Option(metavar="ROLE", help="reviewer, lead or admin.")]


@users_app.command("add")
def add(name: Name, db: Db = DEFAULT_DB, role: Role = "reviewer") -> None:
    """Add a user, or give one a new password and role. The password is asked for, or read from standard input."""
    needs_web()
    from extractor.web.store import users

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    store = open_or_fail(db)
    try:
        with store.write() as connection:
            users.add(connection, "command line", name, role, password)
    except users.UserError as error:
        c.fail(str(error))
    c.say(f"{name} may log in as {role}")


@users_app.command("list")
def listed(db: Db = DEFAULT_DB) -> None:
    """List the users with their roles."""
    needs_web()
    from extractor.web.store import users

    with open_or_fail(db).read() as connection:
        for user in users.listed(connection):
            typer.echo(f"{user['name']}\t{user['role']}\t{'active' if user['active'] else 'inactive'}")


@users_app.command("deactivate")
def deactivate(name: Name, db: Db = DEFAULT_DB) -> None:
    """Let a user no longer in; what they did stays under their name."""
    needs_web()
    from extractor.web.store import users

    try:
        with open_or_fail(db).write() as connection:
            users.deactivate(connection, "command line", name)
    except users.UserError as error:
        c.fail(str(error))


@users_app.command("token")
def token(
    name: Name,
    db: Db = DEFAULT_DB,
    role: Role = "reviewer",
    revoke: Annotated[bool, typer.Option("--revoke", help="Let this token no longer in.")] = False,
) -> None:
    """Make a token for a program and print it, once."""
    needs_web()
    from extractor.web.store import users

    try:
        with open_or_fail(db).write() as connection:
            if revoke:
                users.revoke_token(connection, "command line", name)
            else:
                typer.echo(users.add_token(connection, "command line", name, role))
    except users.UserError as error:
        c.fail(str(error))


@store_app.command("verify")
def verify(db: Db = DEFAULT_DB) -> None:
    """Check that no row of the audit trail was changed, added or removed; exit status 1 where one was."""
    needs_web()
    from extractor.web.store import trail

    with open_or_fail(db).read() as connection:
        faults = trail.verify(connection)
    for fault in faults:
        c.say(f"audit trail: row {fault.seq} {fault.message}")
    c.say("audit trail: broken" if faults else "audit trail: whole")
    raise typer.Exit(1 if faults else 0)


@store_app.command("purge")
def purge(
    days: Annotated[int, typer.Option(metavar="N", min=0, help="Finished notes untouched for N days.")],
    db: Db = DEFAULT_DB,
) -> None:
    """Delete finished notes that nobody touched for so long, with their texts, results, decisions and queries.

    Made to be called by cron: it deletes in small steps, so that a desk that is open goes on. The audit trail stays.
    """
    needs_web()
    from extractor.web.store import notes
    from extractor.web.store.engine import as_time

    store, count, more = open_or_fail(db), 0, True
    before = as_time(datetime.now(UTC) - timedelta(days=days))
    while more:
        with store.write() as connection:
            deleted = notes.purge(connection, "command line", before)
        count, more = count + deleted, deleted > 0
    store.close()
    c.say(f"{count} notes deleted")


@store_app.command("trail")
def trail_events(
    db: Db = DEFAULT_DB,
    after: Annotated[int, typer.Option(metavar="ROW", min=0, help="Only rows after this one.")] = 0,
) -> None:
    """Write the audit trail to standard output, one FHIR AuditEvent a line; that it was taken is its last row."""
    needs_web()
    from extractor.web.audit_events import line
    from extractor.web.store import trail

    store = open_or_fail(db)
    with store.write() as connection:
        trail.record(connection, "command line", "trail.export", "trail", after=after)
    with store.read() as connection:
        while rows := trail.after(connection, after):
            for row in rows:
                typer.echo(line(row), nl=False)
            after = rows[-1]["seq"]
    store.close()
