"""The page on embedding works as it is printed: every example runs against a real server, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import extractor.web

PAGE = Path(extractor.web.__file__).with_name("README.md")


def test_examples_run(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(examples) == 4
    names = {"address": served}
    for example in examples:
        exec(compile(example, "README.md", "exec"), names)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 4
    assert "Observation" in shown[2]
    assert shown[3] != "[]"
