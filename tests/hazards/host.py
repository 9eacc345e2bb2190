"""A host program in a process of its own that uses the package: what it prints as JSON, and what else it lets slip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

CANARY = "Zyxwquint"
"""A name that stands in the notes of these tests and in no vocabulary."""

NOTE = (
    "EXAM: Left breast wire localization\\n"
    "PATIENT: Zyxwquint, Ada\\n"
    "TECHNIQUE: Consent was obtained by Dr. Zyxwquint. Under ultrasound guidance a Kopans wire was placed through the "
    "mass in the left breast at 2:00. No hematoma.\\nCOMPLICATIONS: None.\\nSigned: Ada Zyxwquint, MD\\n"
)
PRELUDE = f'import json, sys\nNOTE = "{NOTE}"\n'


def host(code: str, cwd: Path, *options: str, env: dict[str, str] | None = None) -> tuple[Any, str]:
    """What the program `code` prints (as JSON) and what it leaves on standard error. `NOTE` is a note it may read."""
    done = subprocess.run(
        [sys.executable, *options, "-c", PRELUDE + code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr
