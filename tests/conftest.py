"""What the tests share: the gold notes and the real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "annotations" / "corpus"

Command = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def corpus() -> Path:
    return CORPUS


@pytest.fixture
def extractor(tmp_path: Path) -> Command:
    """Run `extractor ARGS...` in an empty folder; `stdin` is given as bytes."""

    def run(*args: object, stdin: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        script = Path(sys.executable).with_name("extractor")
        command = [str(script)] if script.exists() else [sys.executable, "-m", "extractor"]
        return subprocess.run(
            [*command, *map(str, args)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120", **(env or {})},
            timeout=300,
            check=False,
        )

    return run
