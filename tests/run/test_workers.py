"""Workers: order, and that whatever a note does costs that note and no other."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor.note import Note
from extractor.sources import Reject
from extractor.workers import CHUNK, WINDOW, Done, Pool, Setup, WorkerError, in_this_process
from tests.run.fakes import load


def pool(workers: int = 2, timeout: float | None = 60.0, memory: int | None = None, **options: str) -> Pool:
    return Pool(Setup(options, workers, timeout, memory, "tests.run.fakes:load"))


def outcomes(texts: list[str], workers: int = 2, **more: object) -> list[str]:
    """Every outcome as `id` or `id: reason`, in order."""
    notes: list[Note | Reject] = [Note(str(n), text, {"source_file": "f"}) for n, text in enumerate(texts)]
    with pool(workers, **more) as open_pool:  # type: ignore[arg-type]
        return list(map(shown, open_pool.outcomes(notes)))


def shown(outcome: Done | Reject) -> str:
    if isinstance(outcome, Reject):
        return f"{outcome.id}: {outcome.reason}"
    assert outcome.line.endswith("\n")
    return outcome.line.split('"note_id":"')[1].split('"')[0]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_order_is_that_of_the_input(workers: int) -> None:
    shuffle = random.Random(4)
    texts = [f"slow {shuffle.choice((0, 0, 0, 0.02))}" for _ in range(300)]
    assert outcomes(texts, workers) == [str(n) for n in range(300)]


def test_the_same_without_workers() -> None:
    items: list[Note | Reject] = [Note("a", "x"), Reject("b", "was unreadable"), Note("c", "fail Quillfeather")]
    here = list(in_this_process(items, load().extract))
    with pool() as open_pool:
        assert list(open_pool.outcomes(items)) == here
    assert [type(each) for each in here] == [Done, Reject, Reject]
    assert "Quillfeather" not in str(here[2])


FAULTS = {
    "die": "the worker died on this note (signal 9)",
    "leave": "the worker died on this note (exit status 3)",
    "fail Quillfeather": "the extractor failed on this note (ValueError)",
    "half": "contains half a character",
    "hang": "the note took longer than 1 seconds",
    "hang-inside": "the note took longer than 1 seconds",
    "eat at-once": "the worker ran out of memory on this note",
}


def test_a_bad_note_costs_only_itself() -> None:
    """Each fault at the first, the middle and the last place of what a worker holds."""
    texts = ["fine"] * 60
    kinds = [text for text in FAULTS if "hang" not in text]
    for place, text in zip((0, 1, 20, 58, 59), kinds, strict=True):
        texts[place] = text
    expected = [f"{n}: {FAULTS[text]}" if text in FAULTS else str(n) for n, text in enumerate(texts)]
    assert outcomes(texts) == expected


def test_a_note_that_hangs_is_given_up() -> None:
    texts = ["hang", "fine", "hang-inside", "fine"]
    expected = [f"{n}: {FAULTS[text]}" if text in FAULTS else str(n) for n, text in enumerate(texts)]
    assert outcomes(texts, timeout=1.0) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_memory_eaten_little_by_little() -> None:
    found = outcomes(["fine", "eat slowly", "fine"], memory=2 << 30)
    assert found == ["0", "1: the worker ran out of memory on this note", "2"]


def test_a_worker_killed_from_outside_loses_nothing(tmp_path: Path) -> None:
    """The note is tried once more, so that what killed the worker has to be the note to cost it."""
    assert outcomes(["fine", f"once {tmp_path / 'was-here'}", "fine"]) == ["0", "1", "2"]
    assert (tmp_path / "was-here").exists()


def test_no_more_is_read_ahead_than_the_window() -> None:
    taken = 0

    def endless() -> Iterator[Note | Reject]:
        nonlocal taken
        while True:
            taken += 1
            yield Note(str(taken), "slow 0.001")

    with pool(2) as open_pool:
        found = open_pool.outcomes(endless())
        for count in range(1, 400):
            next(found)
            assert taken - count <= 2 * CHUNK * WINDOW + 1


def test_what_comes_late_holds_nothing_back() -> None:
    """A source that waits for more gets its answers meanwhile: a reject at once, a note when the next item comes."""

    def waiting() -> Iterator[Note | Reject]:
        yield Reject("a", "no note")
        assert seen == ["a: no note"]
        yield Note("b", "x")

    seen: list[str] = []
    with pool(1) as open_pool:
        for outcome in open_pool.outcomes(waiting()):
            seen.append(shown(outcome))
    assert seen == ["a: no note", "b"]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_batch_ends_when_its_last_answer_came_before_its_end_was_known(count: int) -> None:
    def slow() -> Iterator[Note | Reject]:
        for number in range(count):
            yield Note(str(number), "fine")
            time.sleep(0.3)  # long enough for the answer

    with pool(1) as open_pool:
        open_pool.start()
        assert len(list(open_pool.outcomes(slow()))) == count


def test_workers_that_cannot_start() -> None:
    with pool(fault="value") as open_pool, pytest.raises(WorkerError, match="^unknown policy: invented$"):
        open_pool.start()
    with pool(fault="die") as open_pool, pytest.raises(WorkerError, match="cannot be started.*exit status 7"):
        open_pool.start()


def test_leaving_ends_the_workers() -> None:
    with pool(2) as open_pool:
        open_pool.start()
        next(open_pool.outcomes(iter([Note("a", "x"), Note("b", "hang")])))
        pids = [worker.process.pid for worker in open_pool._workers]
        assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are tied to their parent on Linux")
def test_a_parent_that_is_killed_leaves_no_worker_behind(tmp_path: Path) -> None:
    import subprocess

    code = (
        "from tests.run.test_workers import pool; from extractor.note import Note\n"
        "if __name__ == '__main__':\n"
        "    p = pool(1).__enter__(); p.start(); print(p._workers[0].process.pid, flush=True)\n"
        "    list(p.outcomes([Note('a', 'hang-inside')]))\n"
    )
    (tmp_path / "parent.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z":
            return  # dead, and only waiting for whoever takes orphans in
        time.sleep(0.1)
    pytest.fail("the worker lives on")
