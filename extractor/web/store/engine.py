"""Opening the store: SQLite by default, PostgreSQL by URL, brought to the newest schema.

Knows connections and transactions. A writing transaction takes the write lock at its beginning, so that two reviewers
never decide on the same row at once and the audit trail has one order.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, Executable, Insert, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

MIGRATIONS = Path(__file__).with_name("migrations")
# Any number that no other program takes for its advisory locks.
_LOCK = 0x657874726163
WAIT = 30.0
"""Seconds that a writer waits for its turn."""


Row = Mapping[str, Any]
"""One row, by names of columns."""


class StoreError(RuntimeError):
    """The store cannot be opened; the message says what to do and holds no password."""


class StoreBusy(RuntimeError):
    """The store was not free to be written to in time; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. `read` and `write` give a connection within a transaction."""

    engine: Engine
    turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; what it sees does not change under it on SQLite."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its beginning; it commits whole or leaves nothing.

        Raises StoreBusy where others write for too long.
        """
        # Within this process writers take turns before they take a connection: the databases' own waiting is by
        # polling, or keeps a connection from those who only read.
        if not self.turn.acquire(timeout=WAIT):
            raise StoreBusy("others write to the store for too long")
        try:
            with self.engine.connect() as connection:
                if self.sqlite:
                    connection.info["immediate"] = True
                try:
                    with connection.begin():
                        if not self.sqlite:
                            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
                        yield connection
                finally:
                    connection.info.pop("immediate", None)
        finally:
            self.turn.release()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def one(connection: Connection, wanted: Executable) -> Row | None:
    """The only row, or None. Raises where there are several."""
    return cast("Row | None", connection.execute(wanted).mappings().one_or_none())


def many(connection: Connection, wanted: Executable) -> list[Row]:
    """All rows."""
    return [cast(Row, row) for row in connection.execute(wanted).mappings()]


def added(connection: Connection, wanted: Insert) -> int:
    """Add one row; its number."""
    key = connection.execute(wanted).inserted_primary_key
    assert key is not None
    return int(key[0])


def now() -> str:
    """The time as the store writes it."""
    return as_time(datetime.now(UTC))


def as_time(at: datetime) -> str:
    """`at` (with a time zone) as text of fixed width, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path.absolute()}"


def open_store(url: str) -> Store:
    """Open the store at `url` (`sqlite:///FILE`, `postgresql://...`) and bring it to the newest schema.

    Raises StoreError where the URL is not understood, the driver is missing or the database cannot be reached.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("the database URL is not understood; write sqlite:///FILE or postgresql://...") from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StoreError(f"no support for {kind}; use sqlite:///FILE or postgresql://...")
    if kind == "sqlite":
        _private(parsed.database)
    options: dict[str, Any] = {"hide_parameters": True}
    if kind == "sqlite":
        options["connect_args"] = {"timeout": 30}
    options |= {"pool_size": 12, "max_overflow": 40, "pool_pre_ping": kind != "sqlite", "pool_timeout": 30}
    try:
        engine = create_engine(parsed, **options)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError("the driver of this database is missing; install extractor[postgresql]") from None
    if kind == "sqlite":
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    store = Store(engine)
    try:
        migrate(store)
    except DBAPIError as error:
        engine.dispose()
        why = type(error.orig).__name__
        raise StoreError(f"the database cannot be opened ({why}); is it there, may it be written?") from None
    return store


def migrate(store: Store) -> None:
    """Bring the schema to the newest version; nothing is done to a store that has it. Raises StoreError for one that is
    newer.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with store.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise StoreError("the store was made by a newer version of extractor; update this one") from None


def _private(database: str | None) -> None:
    """Make the file of an SQLite store readable by its owner only, before anything is written to it."""
    if not database or database == ":memory:":
        raise StoreError("the store needs a file: sqlite:///FILE")
    try:
        os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"the store cannot be written ({error.strerror}): {database}") from None


def _configure(connection: Any, _record: Any) -> None:
    # The driver would open transactions by its own rules, too late for the write lock; `_begin` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000", "secure_delete=ON",
                   "mmap_size=1073741824"):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get("immediate") else "BEGIN")
