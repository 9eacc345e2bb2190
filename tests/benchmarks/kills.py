"""A batch of many notes killed at random moments and resumed: its output must be that of a batch that was left alone.

    python -m tests.benchmarks.kills [--notes 100000] [--kills 10] [--workers 2] [--keep FOLDER]

Prints what was killed when, and leaves with status 1 where the outputs differ.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.notes import ROOT, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep or Path(made)
        folder.mkdir(exist_ok=True)
        sys.exit(_compare(folder, given.notes, given.kills, given.workers))


def _compare(folder: Path, count: int, kills: int, workers: int) -> int:
    write(folder / "notes.jsonl", count)
    began = time.monotonic()
    subprocess.run(_command(folder, "whole.jsonl", workers), cwd=ROOT, env=_environment(), check=True)
    seconds = time.monotonic() - began
    print(f"uninterrupted: {count:,} notes in {seconds:.0f} s", flush=True)
    moments = random.Random(5)
    for number in range(1, kills + 1):
        with subprocess.Popen(
            [*_command(folder, "killed.jsonl", workers), "--resume"], cwd=ROOT, env=_environment()
        ) as running:
            try:
                running.wait(moments.uniform(0.3, 2.0) * seconds / (kills + 1))
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
            else:
                print(f"ended before kill {number}")
                break
        part = folder / "killed.jsonl.part"
        print(f"kill {number}: {part.stat().st_size if part.exists() else 0:,} bytes of results", flush=True)
    subprocess.run([*_command(folder, "killed.jsonl", workers), "--resume"], cwd=ROOT, env=_environment(), check=True)
    whole, killed = (_digest(folder / name) for name in ("whole.jsonl", "killed.jsonl"))
    print("equal, byte for byte" if whole == killed else "DIFFERENT")
    return 0 if whole == killed else 1


def _command(folder: Path, out: str, workers: int) -> list[str]:
    options = ["-o", str(folder / out), "--workers", str(workers), "-q"]
    return [sys.executable, "-m", "extractor", "run", str(folder / "notes.jsonl"), *options]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
