"""What the tests of the desk share: stores on both databases, notes in them, and what is optional.

Outside continuous integration a test without its optional component is skipped; within it, that fails.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from extractor.note import Note
from tests.conftest import CORPUS


def need(found: object, what: str) -> None:
    """Skip, or fail within continuous integration, where an optional component is not there."""
    if found:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and continuous integration installs it")
    pytest.skip(f"{what} is not installed")


try:
    import alembic  # noqa: F401
    import fastapi  # noqa: F401
    import httpx
    import sqlalchemy
except ImportError:
    if os.environ.get("CI"):
        raise
    collect_ignore_glob = ["test_*.py"]
else:
    from sqlalchemy import create_engine

    from extractor.web.reading import Reader, Reads, reader
    from extractor.web.store import Store, notes, open_store

    @pytest.fixture(scope="session")
    def reads() -> Reader:
        """One pipeline for all tests."""
        return reader()

    @pytest.fixture(scope="session")
    def postgresql() -> Iterator[str]:
        """A PostgreSQL server of its own, on a socket in a folder of its own; the URL of its first database."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        initdb = Path(shutil.which("initdb") or (found[-1] if found else ""))
        need(initdb.name == "initdb", "PostgreSQL")
        # Directly under the temporary folder: other users may not enter pytest's, and a socket's path has to be short.
        folder = Path(tempfile.mkdtemp(prefix="extractor-postgresql-"))
        data = folder / "data"
        data.mkdir()
        # The server refuses to run as root.
        as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(data, "postgres")
            as_user = ["runuser", "-u", "postgres", "--"]

        def run(*command: str) -> None:
            subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120)

        run(str(initdb), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        server = str(initdb.with_name("pg_ctl"))
        options = f"-c listen_addresses='' -c max_connections=120 -c fsync=off -k {folder}"
        run(server, "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        run(server, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)

    _databases = 0

    def fresh_database(url: str) -> str:
        """An empty database of its own on the server at `url`."""
        global _databases
        _databases += 1
        name = f"test_{os.getpid()}_{_databases}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.replace("/postgres?", f"/{name}?")

    @pytest.fixture(params=["sqlite", "postgresql"])
    def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
        """An empty store, once on each database."""
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'desk.db'}"
        else:
            url = fresh_database(request.getfixturevalue("postgresql"))
        opened = open_store(url)
        yield opened
        opened.close()

    @pytest.fixture
    def sqlite(tmp_path: Path) -> Iterator[Store]:
        """An empty store on SQLite."""
        opened = open_store(f"sqlite:///{tmp_path / 'desk.db'}")
        yield opened
        opened.close()

    SOME = ("s01-009", "s01-002", "s02-018", "s03-001", "s01-003", "s01-004")

    def gold_texts(limit: int = 6) -> dict[str, str]:
        """The texts of some gold notes by id."""
        files = {file.stem: file for file in sorted(CORPUS.rglob("*.txt"))}
        chosen = [name for name in SOME if name in files][:limit] or list(files)[:limit]
        return {name: files[name].read_text(encoding="utf-8") for name in chosen}

    def fill(store: Store, reads: Reader, texts: dict[str, str] | None = None) -> dict[str, int]:
        """Put notes into a store; their numbers by id."""
        numbers = {}
        for note_id, text in (texts or gold_texts()).items():
            result = reads.read(Note(note_id, text))
            with store.write() as connection:
                numbers[note_id], _ = notes.put(connection, "test", note_id, text, result, site=note_id[:3])
        return numbers

    class Desk:
        """A running desk: its address, its store, and a client that keeps cookies."""

        def __init__(self, store: Store, reads: Reader, **settings: object) -> None:
            from fastapi.testclient import TestClient

            from extractor.web.app import create_app
            from extractor.web.settings import Settings

            self.store = store
            self.app = create_app(Settings(allowed_hosts=("testserver",), **settings), store, reads)  # type: ignore[arg-type]
            self.client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)

        def get(self, address: str, **more: object) -> httpx.Response:
            return self.client.get(address, headers={"Accept": "text/html"}, **more)  # type: ignore[arg-type]

        def hidden(self, page: str, form: str = "") -> dict[str, str]:
            """The hidden fields of the form whose kind is `form`, or of the first form that has any."""
            for found in re.findall(r"<form.*?</form>", page, re.DOTALL):
                fields = dict(re.findall(r'<input type="hidden" name="(\w+)"[^>]*? value="([^"]*)"', found))
                if fields and (not form or fields.get("kind") == form):
                    return {name: html.unescape(value) for name, value in fields.items()}
            raise AssertionError(f"no form {form}")

        def decide(self, number: int, kind: str, **fields: object) -> httpx.Response:
            """Fill a form of a note's page in and send it."""
            hidden = self.hidden(self.get(f"/notes/{number}").text, kind)
            return self.client.post(f"/notes/{number}/decide", data={**hidden, **fields})

    @pytest.fixture
    def desk(sqlite: Store, reads: Reader) -> Desk:
        """A desk with some notes on this machine, where nobody has to log in."""
        fill(sqlite, reads)
        return Desk(sqlite, reads)

    @pytest.fixture
    def served(sqlite: Store, reads: Reader) -> Iterator[str]:
        """The address of a desk that listens on a port, with some notes in its store."""
        fill(sqlite, reads)
        with running(sqlite, reads) as address:
            yield address

    @contextmanager
    def running(store: Store, reads: Reads) -> Iterator[str]:
        """A desk that listens on a port; its address."""
        import uvicorn

        from extractor.web.app import create_app
        from extractor.web.settings import Settings

        config = uvicorn.Config(create_app(Settings(), store, reads), port=0, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        thread.join(20)
