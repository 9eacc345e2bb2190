"""`extractor serve` as a process: where it listens, what it refuses, and decisions while it is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from extractor.note import Note
from extractor.web.client import Client, ClientError
from extractor.web.crew import crew
from extractor.web.reading import Reader
from extractor.web.store import Store, decisions, open_store, trail
from tests.conftest import ROOT, Command
from tests.web.conftest import Desk, fill, gold_texts, running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(db: Path, port: int, log: BinaryIO | None = None) -> subprocess.Popen[bytes]:
    """Start the server as a command, and wait until it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "extractor", "serve", "--db", str(db), "--port", str(port), "--workers", "1"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=log or subprocess.PIPE,
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


def test_killed_during_decisions_at_the_desk(sqlite: Store, reads: Reader, tmp_path: Path) -> None:
    """Forms of the desk sent again after the server was killed: each is one decision, since each has its token."""
    (_, text), *_ = gold_texts().items()
    numbers = list(fill(sqlite, reads, {f"n-{n}": text for n in range(40)}).values())
    db, port = tmp_path / "desk.db", free_port()
    desk = Desk(sqlite, reads)
    forms = {number: desk.hidden(desk.get(f"/notes/{number}").text, "send_back") for number in numbers}
    session = dict(desk.client.cookies)
    acknowledged: set[int] = set()

    def send(number: int) -> None:
        address = f"http://127.0.0.1:{port}/notes/{number}/decide"
        with suppress(httpx.TransportError), httpx.Client(cookies=session, timeout=10) as client:
            answer = client.post(address, data={**forms[number], "comment": "ask"})
            assert answer.status_code == 303, answer.text
            acknowledged.add(number)

    process = serve(db, port)
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in numbers]
        while len(acknowledged) < 15:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        for each in sent:
            each.result()
    assert len(acknowledged) < len(numbers)
    process = serve(db, port)
    for number in numbers:
        send(number)
    process.terminate()
    assert process.wait(20) in (0, -signal.SIGTERM)
    assert acknowledged == set(numbers)
    with sqlite.read() as connection:
        assert [len(decisions.history(connection, number)) for number in numbers] == [1] * len(numbers)
        assert trail.verify(connection) == []


def test_a_name_is_in_nothing_that_a_server_leaves_behind(tmp_path: Path, extractor: Command) -> None:
    """The canary in notes, ids, sites, comments, searches, headers, forms and addresses, by the real command."""
    canary = "Xyloquenna"
    db, port = tmp_path / "a.db", free_port()
    lines = [{"note_id": "a", "text": f"Patient {canary}: a wire.", "site": canary, "provider": f"Dr. {canary}"},
             {"note_id": "b", "text": f"\0{canary}"}]  # fmt: skip
    (tmp_path / "n.jsonl").write_text("\n".join(map(json.dumps, lines)))
    log = (tmp_path / "log").open("wb")
    process = serve(db, port, log)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Accept": "text/html"}, timeout=60)
    refused: list[str] = []

    def tries(method: str, address: str, **more: object) -> None:
        answer = client.request(method, address, **more)  # type: ignore[arg-type]
        # The page of the note itself, drawn again with what was refused, may hold its words.
        if answer.status_code >= 400 and 'id="text"' not in answer.text:
            refused.append(answer.text)

    text = f"Patient {canary}: a wire was placed in the left breast under ultrasound guidance."
    body = {"note_id": f"{canary}-3", "text": text, "site": canary, "provider": canary}
    key = {"Idempotency-Key": f"k-{canary}"}
    assert client.post("/api/v1/notes", json=body, headers=key).status_code == 200
    tries("POST", "/api/v1/notes", json={**body, "text": canary}, headers=key)
    tries("POST", "/api/v1/notes", json={**body, canary: canary}, headers=key)
    tries("POST", "/api/v1/notes", content=f'{{"{canary}'.encode(), headers=key)
    tries("POST", "/api/v1/audit", json={"text": text, "claim": [{"code": canary}]})
    tries("POST", "/api/v1/notes/1/decisions", json={"kind": canary, "revision": 1}, headers=key)
    tries("GET", f"/api/v1/worklist?search={canary}&site={canary}&page={canary}")
    tries("POST", "/fhir/$extract", content=f'{{"resourceType": "{canary}"}}'.encode())
    tries("POST", f"/cds-services/{canary}", json={"hook": canary})
    tries("POST", "/cds-services/report-sign/feedback", json={"feedback": [
        {"card": canary, "outcome": "overridden", "outcomeTimestamp": "2026-12-11T10:05:31Z",
         "overrideReason": {"reason": {"code": canary}, "userComment": canary}}]})  # fmt: skip
    page = client.get("/notes/1").text
    hidden = dict(re.findall(r'<input type="hidden" name="(csrf|revision)" value="([^"]*)"', page))
    for kind in ("mark", "send_back", "change"):
        form = {**hidden, "kind": kind, "token": f"a-token-of-this-{kind}-form", "comment": canary, "codes": canary,
                "field": "L1.laterality", "value": "right", "reason_code": "rule"}  # fmt: skip
        tries("POST", "/notes/1/decide", data=form)
        hidden["revision"] = str(int(hidden["revision"]) + 1)
    tries("POST", "/notes/1/assign", data={"csrf": canary, "assignee": canary})
    tries("POST", "/login", data={"name": canary, "password": canary})
    tries("GET", f"/{canary}?{canary}={canary}", headers={"Referer": canary, "User-Agent": canary, "X-A": canary})
    tries("GET", f"/rules/{canary}")
    tries("GET", f"/notes/1?search={canary}")
    tries("GET", f"/insight?site={canary}")
    metrics = client.get("/api/v1/metrics").text
    process.terminate()
    process.wait(20)
    log.close()
    imported = extractor("import", tmp_path / "n.jsonl", "--db", db, "--workers", 0)
    assert imported.returncode == 1
    exported = extractor("store", "trail", "--db", db)
    assert len(refused) >= 10
    said = (tmp_path / "log").read_bytes().decode()
    assert "POST /api/v1/notes 409" in said
    assert "extractor_requests_total" in metrics
    assert b"AuditEvent" in exported.stdout
    for where, left in {
        "log": said, "metrics": metrics, "errors": "".join(refused), "trail": exported.stdout.decode(),
        "import": imported.stderr.decode(),
    }.items():  # fmt: skip
        assert canary not in left, where
    again = open_store(f"sqlite:///{db}")
    with again.read() as connection:
        assert canary not in repr(trail.rows(connection, limit=10_000))
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


def test_pages_do_not_wait_for_notes_that_are_read(sqlite: Store) -> None:
    """Far more requests wait for one worker than a server has threads by default; the worklist answers meanwhile."""
    options = {"policy": "cpt", "profile": "default", "models": True, "promise": None}
    with crew(options, 1, 60.0, None, "tests.web.fakes:load") as made:
        made.start()
        with running(sqlite, made) as address, ThreadPoolExecutor(80) as pool:
            client = Client(address, timeout=120)
            waiting = [pool.submit(client.extract, "slow 0.2", f"n{number}") for number in range(80)]
            while not any(each.done() for each in waiting):
                time.sleep(0.01)
            assert client.worklist()["total"] == 0
            # As many as there are threads by default would have to be read first.
            assert sum(each.done() for each in waiting) < 40
            assert [each.result().note_id for each in waiting] == [f"n{number}" for number in range(80)]


def test_many_at_once_lose_nothing(served: str) -> None:
    text = gold_texts()["s01-002"]
    client = Client(served, timeout=120)

    def one(number: int) -> str:
        client.put(Note(f"many-{number}", text), key=f"k-{number}")
        return client.extract(text, f"n{number}").note_id

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(one, range(200))) == [f"n{number}" for number in range(200)]
    assert client.worklist(state="all", search="many-")["total"] == 200
