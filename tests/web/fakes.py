"""The extractor of `tests.run.fakes` for the workers of the server, with everything loaded before the first note."""

from __future__ import annotations

from typing import Any

import extractor.web.crew  # noqa: F401 - notes arrive as its class
from tests.result.test_result import result
from tests.run import fakes


def load(**options: Any) -> Any:
    made = fakes.load(**options)
    result()
    return made
