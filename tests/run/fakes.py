"""An extractor that reads nothing and does what a note's first word says, for tests of what runs it.

Run as a script it is the command line with this extractor and small blocks.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from extractor.note import Note, UnreadableNote
from extractor.result import Result
from tests.result.test_result import result


def _extract(note: Note) -> Result:
    word, _, rest = note.text.partition(" ")
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "leave":
        os._exit(3)
    if word == "once" and not Path(rest).exists():
        Path(rest).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        time.sleep(600)
    if word == "hang-inside":
        # Where no Python runs, so that only a kill from outside ends it.
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
        time.sleep(600)
    if word == "eat":
        whole = bytearray(1 << 62) if rest == "at-once" else [bytearray(50_000_000) for _ in range(10_000)]
        del whole
    if word == "fail":
        raise ValueError(note.text)
    if word == "half":
        raise UnreadableNote("contains half a character")
    if word == "slow":
        time.sleep(float(rest))
    return result().model_copy(update={"note_id": note.note_id})


def load(fault: str = "", **_: Any) -> Any:
    if fault == "value":
        raise ValueError("unknown policy: invented")
    if fault == "die":
        os._exit(7)
    return SimpleNamespace(extract=_extract)


if __name__ == "__main__":
    from extractor import checkpoint, cli, workers

    workers.LOAD = "tests.run.fakes:load"
    checkpoint.BLOCK = 7
    cli.main()
