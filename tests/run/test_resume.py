"""A batch that ends at any moment goes on where it was, and comes to the same output as one that never ended."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from extractor import checkpoint, sinks
from extractor.checkpoint import ResumeError
from extractor.note import Note
from extractor.sources import Reject
from tests.conftest import ROOT

FAKES = [sys.executable, "-m", "tests.run.fakes"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [*FAKES, "run", *args]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )


def notes(folder: Path, count: int, text: str = "slow 0.003") -> None:
    lines = [json.dumps({"note_id": f"n{n}", "text": text if n % 10 else "fail"}) for n in range(count)]
    (folder / "n.jsonl").write_text("\n".join(lines))


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_killed_again_and_again_and_resumed(tmp_path: Path, ending: str) -> None:
    notes(tmp_path, 700)
    whole, out = f"whole.{ending}", f"out.{ending}"
    assert run(tmp_path, "n.jsonl", "-o", whole, "--worklist", "whole-list.csv").returncode == 1
    assert (tmp_path / whole).exists()
    moments, kills = random.Random(11), 0
    while True:
        command = [*FAKES, "run", "n.jsonl", "-o", out, "--resume", "--worklist", "list.csv"]
        with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as running:
            limit = time.monotonic() + 60
            # It dies some way after its first block, and once before.
            begun = checkpoint.record_path(tmp_path / out)
            size = begun.stat().st_mtime_ns if begun.exists() else 0
            while kills < 5 and kills != 2 and running.poll() is None and time.monotonic() < limit:
                if begun.exists() and begun.stat().st_mtime_ns != size:
                    break
                time.sleep(0.01)
            time.sleep(moments.random() * 0.3)
            if kills >= 5 or running.poll() is not None:
                break
            running.send_signal(signal.SIGKILL)
            kills += 1
    assert kills >= 2, "the batch ended before it could be killed twice"
    assert running.wait() == 1
    for one, other in (
        (whole, out),
        (f"{whole}.rejects.jsonl", f"{out}.rejects.jsonl"),
        ("whole-list.csv", "list.csv"),
    ):
        assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes()
    expected = {"n.jsonl", whole, out, f"{whole}.rejects.jsonl", f"{out}.rejects.jsonl"}
    assert {path.name for path in tmp_path.iterdir()} == {*expected, "whole-list.csv", "list.csv"}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_what_is_done_and_says_so(tmp_path: Path, sent: signal.Signals) -> None:
    notes(tmp_path, 700)
    command = [*FAKES, "run", "n.jsonl", "-o", "out.jsonl"]
    # a shell that runs the tests in its background has them ignore what is sent here
    heeds = partial(signal.signal, sent, signal.SIG_DFL)
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True, preexec_fn=heeds
    ) as running:
        record = checkpoint.record_path(tmp_path / "out.jsonl")
        limit = time.monotonic() + 60
        while not record.exists() and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(sent)
        assert running.stderr
        said = running.stderr.read()
        assert running.wait() == 130
    assert "Traceback" not in said
    assert "--resume goes on" in said
    done = json.loads(record.read_text())["items"]
    assert 0 < done < 700
    lines = (tmp_path / "out.jsonl.part").read_text().splitlines()
    assert len(lines) + len((tmp_path / "out.jsonl.rejects.jsonl.part").read_text().splitlines()) == done
    assert not (tmp_path / "out.jsonl").exists()
    again = run(tmp_path, "n.jsonl", "-o", "out.jsonl", "--resume")
    assert "630 notes: 630 ready; 70 could not be read -> out.jsonl" in again.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 630


class TestRefusals:
    VERSIONS = {"program": "p", "rules and tables": "r", "models": "m", "options": "o"}

    def left(self, out: Path) -> list[Note | Reject]:
        """A batch of three that ended after two."""
        items: list[Note | Reject] = [Note("a", "x"), Reject("b", "no note"), Note("c", "y")]
        journal = checkpoint.begin(out, self.VERSIONS, False)
        chain = checkpoint.link(journal.chain, items[0])
        journal.add(chain, b"{}\n", None)
        journal.add(checkpoint.link(chain, items[1]), None, b"reject\n")
        journal.commit()
        journal.add(b"\1" * 32, b"lost", None)
        journal.close()
        return items

    def test_the_same_goes_on(self, tmp_path: Path) -> None:
        items = iter(self.left(tmp_path / "o.jsonl"))
        journal = checkpoint.begin(tmp_path / "o.jsonl", self.VERSIONS, True)
        journal.skip(items)
        assert next(items) == Note("c", "y")
        journal.close()
        assert (tmp_path / "o.jsonl.part").read_bytes() == b"{}\n"

    @pytest.mark.parametrize("name", VERSIONS)
    def test_other_versions(self, tmp_path: Path, name: str) -> None:
        self.left(tmp_path / "o.jsonl")
        with pytest.raises(ResumeError, match=f"begun with other {name};"):
            checkpoint.begin(tmp_path / "o.jsonl", {**self.VERSIONS, name: "other"}, True)

    @pytest.mark.parametrize(
        "items",
        [
            [],
            [Note("a", "x")],
            [Note("a", "x, changed"), Reject("b", "no note")],
            [Note("a", "x"), Note("b", "")],
            [Reject("b", "no note"), Note("a", "x")],
        ],
    )
    def test_another_input(self, tmp_path: Path, items: list[Note | Reject]) -> None:
        self.left(tmp_path / "o.jsonl")
        journal = checkpoint.begin(tmp_path / "o.jsonl", self.VERSIONS, True)
        with pytest.raises(ResumeError, match="not what it was"):
            journal.skip(iter(items))
        journal.close()

    def test_results_cut_short_and_a_record_that_is_none(self, tmp_path: Path) -> None:
        self.left(tmp_path / "o.jsonl")
        (tmp_path / "o.jsonl.part").write_bytes(b"{")
        with pytest.raises(ResumeError, match="cut short"):
            checkpoint.begin(tmp_path / "o.jsonl", self.VERSIONS, True)
        checkpoint.record_path(tmp_path / "o.jsonl").write_text("[]")
        with pytest.raises(ResumeError, match="no record"):
            checkpoint.begin(tmp_path / "o.jsonl", self.VERSIONS, True)

    def test_a_kill_among_the_last_steps(self, tmp_path: Path) -> None:
        """The output has its name, the rest was not cleared away: resuming clears it and reads nothing again."""
        out = tmp_path / "o.jsonl"
        self.left(out)
        journal = checkpoint.begin(out, self.VERSIONS, True)
        journal.commit(complete=True)
        journal.close()
        os.replace(checkpoint.part(out), out)
        checkpoint.begin(out, self.VERSIONS, True).finish()
        assert {path.name for path in tmp_path.iterdir()} == {"o.jsonl", "o.jsonl.rejects.jsonl"}
        assert sinks.rejects_path(out).read_bytes() == b"reject\n"


def test_versions_name_what_changed(tmp_path: Path) -> None:
    profile = tmp_path / "site.toml"
    profile.write_text("a = 1")
    first = checkpoint.versions({"policy": "cpt", "profile": str(profile)})
    assert checkpoint.versions({"policy": "cpt", "profile": str(profile)}) == first
    profile.write_text("a = 2")
    changed = checkpoint.versions({"policy": "cpt", "profile": str(profile)})
    assert {name for name in first if first[name] != changed[name]} == {"options"}


def test_changed_rules_refuse_to_resume_and_say_so(tmp_path: Path) -> None:
    notes(tmp_path, 3, "fine")
    journal = checkpoint.begin(tmp_path / "out.jsonl", {"rules and tables": "of last year"}, False)
    journal.commit()
    journal.close()
    done = run(tmp_path, "n.jsonl", "-o", "out.jsonl", "--resume")
    assert done.returncode == 2
    assert "other program and other rules and tables and other models and other options" in done.stderr
    assert run(tmp_path, "n.jsonl", "-o", "out.jsonl").returncode == 1  # anew, it is read
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2


FAULTY = [
    (["n.jsonl", "--resume"], "need an output"),
    (["n.jsonl", "-o", "o.jsonl", "--worklist", "no/such.csv"], "no such folder"),
    (["n.jsonl", "-o", "o.csv", "--worklist", "o.csv"], "also the output"),
    (["n.jsonl", "-o", "o.jsonl", "--workers", "-1"], "workers"),
]


@pytest.mark.parametrize(("args", "said"), FAULTY)
def test_usage(tmp_path: Path, args: list[str], said: str) -> None:
    notes(tmp_path, 1)
    done = run(tmp_path, *args)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="limits of files are POSIX")
def test_a_full_disk_loses_nothing_that_counts(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the batch ends with status 3 and goes on when there is room."""
    notes(tmp_path, 200, "fine")
    limited = "import resource, signal, sys, runpy; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, -1)); "
    limited += "sys.argv = ['x', 'run', 'n.jsonl', '-o', 'out.jsonl', '--workers', '1']; "
    limited += "runpy.run_module('tests.run.fakes', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", limited]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "could not be written" in done.stderr
    assert "--resume" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()
    assert run(tmp_path, "n.jsonl", "-o", "out.jsonl", "--resume").returncode == 1
    ids = [json.loads(line)["note_id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert ids == [f"n{n}" for n in range(200) if n % 10]


def test_an_audit_is_resumed_like_a_run(tmp_path: Path, corpus: Path) -> None:
    """By the same files and workers: killed, resumed, and equal to one that nothing happened to, with its summary."""
    texts = [path.read_bytes().decode() for path in sorted(corpus.glob("*/*.txt"))[::6]]
    rows = [json.dumps({"note_id": f"n{n}", "text": text}) for n, text in enumerate(texts)]
    (tmp_path / "n.jsonl").write_text("\n".join(rows))
    claims = [f"n{n},19283,1,LT" for n in range(0, len(texts), 2)]
    (tmp_path / "claims.csv").write_text("\n".join(["note_id,code,units,modifiers", *claims, "elsewhere,19285,1,RT"]))
    command = [*FAKES, "audit", "n.jsonl", "--claims", "claims.csv", "--no-models"]
    whole = [*command, "-o", "whole.jsonl", "--workers", "0"]
    expected = subprocess.run(whole, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert expected.returncode == 1, expected.stderr
    command += ["-o", "out.jsonl", "--workers", "2", "--resume"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as running:
        record, limit = checkpoint.record_path(tmp_path / "out.jsonl"), time.monotonic() + 120
        while not record.exists() and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    assert 0 < json.loads(record.read_text())["items"] < len(texts)
    kept = (tmp_path / "claims.csv").read_text()
    (tmp_path / "claims.csv").write_text(kept.replace(",LT", ",RT"))
    refused = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "begun with other options" in refused.stderr
    (tmp_path / "claims.csv").write_text(kept)
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    for name in ("{}.jsonl", "{}.jsonl.rejects.jsonl"):
        one, other = (tmp_path / name.format(each) for each in ("whole", "out"))
        assert one.read_bytes() == other.read_bytes()
    (reject,) = (tmp_path / "out.jsonl.rejects.jsonl").read_text().splitlines()
    assert json.loads(reject)["id"] == "elsewhere"
    said = [
        [line for line in each.stderr.splitlines() if line.startswith(("audit:", "  all:"))]
        for each in (expected, done)
    ]
    assert said[0] == said[1]
    assert len(said[0]) == 2
