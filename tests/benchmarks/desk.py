"""The review desk under load, in two parts; figures are of this machine and are no test.

    python -m tests.benchmarks.desk pages [--db URL] [--notes 100000] [--repeat 15]
    python -m tests.benchmarks.desk clients [--db URL] [--clients 200] [--seconds 60] [--workers 2]

`pages` fills an empty store and says how long the server takes for each page of the desk, by the clock, without a
network. `clients` starts `extractor serve` and lets so many clients at once extract, store, decide and look at the
worklist; it says how long each kind of request took, what memory the server and its workers had, and counts in the
store whether everything that was acknowledged is there, once; it leaves with status 1 where it is not. Without `--db`
the store is an SQLite file in a temporary folder; a PostgreSQL database has to be empty.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from extractor.note import Note
from extractor.result import Result
from extractor.web.client import Client, ClientError
from extractor.web.reading import reader
from extractor.web.store import Store, notes, open_store, schema
from extractor.web.store.engine import as_time, sqlite_url
from tests.benchmarks.notes import ROOT, gold

SITES = ("north", "south", "east", "west", "river", "hill")
TOGETHER = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("pages", "clients"))
    parser.add_argument("--db", default="")
    parser.add_argument("--notes", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.db or sqlite_url(Path(folder) / "desk.db")
        if given.part == "pages":
            pages(url, given.notes, given.repeat)
        else:
            sys.exit(clients(url, given.clients, given.seconds, given.workers))


def fill(store: Store, count: int) -> None:
    """`count` notes: the gold notes again and again, each with an id, a site, a provider and a time of its own. The
    result of a text is stored with the first note that has it, and the others point there."""
    texts = gold()
    reads = reader(policy="cpt", profile="default", models=False)
    results = [reads.read(Note("note", text)) for text in texts]
    chance, begun = random.Random(7), time.time() - 400 * 86_400
    for first in range(1, count + 1, TOGETHER):
        rows: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for number in range(first, min(first + TOGETHER, count + 1)):
            which = (number - 1) % len(texts)
            _add(rows, number, texts[which], results[which], which + 1, chance, begun + number * 300)
        with store.write() as connection:
            for table, values in rows.items():
                connection.execute(insert(table), values)
    if not store.sqlite:
        # Rows were added with their numbers, of which the sequences know nothing.
        with store.write() as connection:
            for table in (schema.notes, schema.texts, schema.results, schema.flags):
                key = next(iter(table.primary_key.columns)).name
                last = f"(SELECT max({key}) FROM {table.name})"
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key}'), {last})")
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _add(
    rows: dict[Any, list[dict[str, Any]]], number: int, text: str, result: Result, place: int, chance: random.Random,
    at: float,
) -> None:  # fmt: skip
    moment = as_time(_moment(at))
    state = chance.choices(("open", "done", "queried", "sent_back"), (60, 30, 7, 3))[0]
    row = {
        "number": number, "note_id": f"A{number * 7919 % 10_000_019:08d}-{number}", "site": chance.choice(SITES),
        "provider": f"Dr. {chance.choice('ABCDEFGHIKLMNOPRSTW')}{number % 23:02d}", "received_at": moment,
        "updated_at": moment, "text_version": 1, "result": place, "state": state,
        **notes.summary(result),
    }  # fmt: skip
    row |= {"outcome": "accepted" if state == "done" else "", "final_codes": row["codes"] if state == "done" else ""}
    row["service_date"] = moment[:10]
    rows[schema.notes].append(row)
    rows[schema.search].append({"note": number, "words": notes.searched(str(row[name]) for name in notes.SEARCHED)})
    rows[schema.texts].append(
        {"note": number, "version": 1, "text": text, "sha256": "0" * 64, "reason": "import", "at": moment}
    )
    if number == place:
        body = result.to_json()
        rows[schema.results].append({"note": number, "text_version": 1, "engine": "x", "body": body, "at": moment})
    for flag in result.flags:
        rows[schema.flags].append(
            {"note": number, "flag": flag.id[:60], "element": flag.element, "severity": flag.severity,
             "month": moment[:7]}
        )  # fmt: skip


def _moment(at: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC)


@dataclass(frozen=True, slots=True)
class NoReader:
    """The pages of the desk read no note."""

    policy: str = "cpt"
    profile: str = "default"

    def read(self, *_: Any) -> Any:
        raise NotImplementedError


def pages(url: str, count: int, repeat: int) -> None:
    """Fill a store, and print how long the server takes for each page."""
    from fastapi.testclient import TestClient

    from extractor.web.app import create_app
    from extractor.web.settings import Settings

    store, begun = open_store(url), time.monotonic()
    with store.read() as connection:
        if notes.count(connection) == 0:
            fill(store, count)
    with store.read() as connection:
        count = notes.count(connection)
        often = [flag for flag, _ in connection.execute(
            select(schema.flags.c.flag, func.count()).group_by(schema.flags.c.flag).order_by(func.count().desc())
        )]  # fmt: skip
        column = schema.notes.c.note_id
        some = connection.execute(select(column).where(schema.notes.c.number == count // 2)).scalar_one()
    print(f"{count:,} notes on {store.engine.dialect.name}, filled in {time.monotonic() - begun:.0f} s\n")
    client = TestClient(create_app(Settings(allowed_hosts=("testserver",), per_minute=10**9), store, NoReader()))
    middle = count // 2
    addresses = {
        "worklist": "/",
        "worklist, all": "/?state=all",
        "page 500": "/?state=all&page=500",
        "one disposition": "/?disposition=query",
        "one site": "/?site=river",
        "claim differs": "/?claim=disagree",
        "nobody's": "/?assignee=-",
        "the most frequent flag": f"/?flag={often[0]}",
        "the most frequent flag, all": f"/?state=all&flag={often[0]}",
        "a rare flag": f"/?flag={often[-1]}",
        "search: an id": f"/?state=all&search={some}",
        "search: part of an id": f"/?state=all&search={some[3:8]}",
        "search: a frequent code": "/?state=all&search=19285",
        "search: two letters": "/?state=all&search=dr",
        "search: nothing found": "/?state=all&search=zzzzz",
        "search and flag": f"/?flag={often[0]}&search=19285",
        "note": f"/notes/{middle}",
        "note, in a search": f"/notes/{middle}?state=all&search=19285",
        "note, in a search for itself": f"/notes/{middle}?state=all&search={some}",
        "note, in a frequent flag": f"/notes/{middle}?flag={often[0]}",
        "note, in a rare flag": f"/notes/{middle}?flag={often[-1]}",
        "insight": "/insight",
        "audit trail": "/trail",
    }
    print("| page | median ms | longest ms |\n|---|---:|---:|")
    for name, address in addresses.items():
        taken = []
        for _ in range(repeat + 1):
            begun = time.perf_counter()
            answer = client.get(address, headers={"Accept": "text/html"})
            taken.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, (address, answer.status_code)
        print(f"| {name} | {statistics.median(taken[1:]):.0f} | {max(taken[1:]):.0f} |", flush=True)
    store.close()


def clients(url: str, count: int, seconds: float, workers: int) -> int:
    """Let many clients at a server for some time; 1 where something acknowledged is missing or there twice."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "extractor", "serve", "--db", url, "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        seen = _load(address, count, seconds, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    return _report(url, seen)


@dataclass(slots=True)
class Seen:
    """What the clients saw: milliseconds by kind of request, errors, what was acknowledged, memory over time in MB."""

    times: dict[str, list[float]]
    errors: Counter[str]
    put: list[int]
    decided: list[int]
    memory: list[float]
    seconds: float = 0.0


def _load(address: str, count: int, seconds: float, pid: int) -> Seen:
    texts = gold()
    seen = Seen(defaultdict(list), Counter(), [], [], [])
    begun = time.monotonic()

    def one(number: int) -> None:
        client, chance, made = Client(address, timeout=300), random.Random(number), 0
        while time.monotonic() - begun < seconds:
            made += 1
            text = chance.choice(texts)
            row = _timed(seen, "put", lambda t=text, m=made: client.put(Note(f"c{number}-{m}", t), key=f"{number}-{m}"))
            if row is None:
                continue
            seen.put.append(row["number"])
            whole = _timed(seen, "note", lambda r=row: client.note(r["number"]))
            if whole is not None:
                revision = whole["note"]["revision"]
                done = _timed(
                    seen, "decide",
                    lambda r=row, v=revision, m=made: client.decide(
                        r["number"], "send_back", v, f"d{number}-{m}", comment="ask"
                    ),
                )  # fmt: skip
                if done is not None:
                    seen.decided.append(row["number"])
            _timed(seen, "worklist", lambda: client.worklist(search=f"c{number}-"))
            _timed(seen, "extract", lambda t=text: client.extract(t))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.memory.append(_memory(pid))
        time.sleep(1)
    seen.seconds = time.monotonic() - begun
    return seen


def _timed(seen: Seen, name: str, call: Any) -> Any:
    begun = time.perf_counter()
    try:
        answer = call()
    except ClientError as error:
        seen.errors[f"{name}: {error.status}"] += 1
        return None
    seen.times[name].append((time.perf_counter() - begun) * 1000)
    return answer


def _memory(pid: int) -> float:
    """Resident memory of a process and its children, in MB (Linux)."""
    total = 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                said = (folder / "status").read_text().splitlines()
            except OSError:
                continue
            status = dict(line.split(":", 1) for line in said if ":" in line)
            if folder.name == str(pid) or status.get("PPid", "").strip() == str(pid):
                total += int(status.get("VmRSS", "0 kB").split()[0]) / 1024
    return total


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        try:
            Client(address).versions()
        except ClientError:
            if process.poll() is not None:
                sys.exit("the server ended")
            time.sleep(0.1)
        else:
            return
    sys.exit("the server does not answer")


def _report(url: str, seen: Seen) -> int:
    answered = sum(map(len, seen.times.values()))
    rate = answered / seen.seconds
    print(f"{answered:,} answers in {seen.seconds:.0f} s, {rate:.0f} a second; errors: {dict(seen.errors) or 0}")
    print("\n| request | answers | median ms | 95 % ms | 99 % ms | longest ms |\n|---|---:|---:|---:|---:|---:|")
    for name, times in seen.times.items():
        cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
        print(f"| {name} | {len(times):,} | {cuts[49]:.0f} | {cuts[94]:.0f} | {cuts[98]:.0f} | {max(times):.0f} |")
    parts = [seen.memory[len(seen.memory) * k // 4 : len(seen.memory) * (k + 1) // 4] or [0.0] for k in range(4)]
    means = ", ".join(f"{statistics.mean(part):.0f}" for part in parts)
    print(f"\nmemory of server and workers, mean of each quarter of the time: {means} MB")
    store = open_store(url)
    with store.read() as connection:
        there = set(connection.execute(select(schema.notes.c.number)).scalars())
        decided = Counter(connection.execute(select(schema.decisions.c.note)).scalars())
    store.close()
    lost = len(set(seen.put) - there) + len(set(seen.decided) - set(decided))
    doubled = len(seen.put) - len(set(seen.put)) + sum(count > 1 for count in decided.values())
    print(f"{len(seen.put):,} notes and {len(seen.decided):,} decisions acknowledged; lost: {lost}; doubled: {doubled}")
    return 1 if lost or doubled else 0


if __name__ == "__main__":
    main()
