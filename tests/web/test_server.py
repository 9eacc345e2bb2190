"""`extractor serve` as a process: where it listens, what it refuses, and decisions while it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.web.client import Client, ClientError
from extractor.web.reading import Reader
from extractor.web.store import Store, decisions, open_store, trail
from tests.conftest import ROOT, Command
from tests.web.conftest import fill, gold_texts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(db: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the server as a command, and wait until it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "extractor", "serve", "--db", str(db), "--port", str(port)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(600):
        try:
            Client(f"http://127.0.0.1:{port}").versions()
        except ClientError:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.1)
        else:
            return process
    raise AssertionError("the server does not answer")


def test_killed_during_decisions_none_is_lost_or_doubled(sqlite: Store, reads: Reader, tmp_path: Path) -> None:
    (_, text), *_ = gold_texts().items()
    numbers = list(fill(sqlite, reads, {f"n-{n}": text for n in range(60)}).values())
    db, port = tmp_path / "desk.db", free_port()
    client = Client(f"http://127.0.0.1:{port}", timeout=10)
    acknowledged: set[int] = set()

    def decide(number: int) -> None:
        try:
            client.decide(number, "send_back", 2, key=f"key-{number}", comment="ask")
        except ClientError as error:
            # The connection broke: whether it was made is not known, and the same key is sent again.
            if error.status:
                raise
        else:
            acknowledged.add(number)

    for _ in range(2):
        process = serve(db, port)
        with ThreadPoolExecutor(8) as pool:
            left = [number for number in numbers if number not in acknowledged]
            goal = len(acknowledged) + max(1, len(left) // 3)
            sent = [pool.submit(decide, number) for number in left]
            while len(acknowledged) < goal:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            for each in sent:
                each.result()
    process = serve(db, port)
    for number in numbers:
        decide(number)
    process.terminate()
    assert process.wait(20) in (0, -signal.SIGTERM)
    assert acknowledged == set(numbers)
    again = open_store(f"sqlite:///{db}")
    with again.read() as connection:
        assert [len(decisions.history(connection, number)) for number in numbers] == [1] * len(numbers)
        assert trail.verify(connection) == []
    again.close()


@pytest.mark.parametrize("address", ["0.0.0.0", "desk.example.org"])
def test_others_are_not_let_in_without_login(extractor: Command, tmp_path: Path, address: str) -> None:
    said = extractor("serve", "--host", address, "--db", tmp_path / "a.db")
    assert said.returncode == 2
    assert b"extractor users add" in said.stderr
    extractor("users", "add", "ann", "--role", "admin", "--db", tmp_path / "a.db", stdin=b"a long password\n")
    said = extractor("serve", "--host", address, "--db", tmp_path / "a.db")
    assert said.returncode == 2
    assert b"--behind-tls" in said.stderr


def test_many_at_once_lose_nothing(served: str) -> None:
    text = gold_texts()["s01-002"]
    client = Client(served, timeout=120)

    def one(number: int) -> str:
        client.put(Note(f"many-{number}", text), key=f"k-{number}")
        return client.extract(text, f"n{number}").note_id

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(one, range(200))) == [f"n{number}" for number in range(200)]
    assert client.worklist(state="all", search="many-")["total"] == 200
