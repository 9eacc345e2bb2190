"""The page on embedding works as it is printed: every example runs against a real server, in order."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import extractor.web
from extractor.nlp.components import ORDER

PAGE = Path(extractor.web.__file__).with_name("README.md")


def test_examples_run(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(examples) == 5
    if not {entry.name for entry in entry_points(group="spacy_factories")} >= set(ORDER):
        pytest.skip("the package is not installed, so it has no entry points")
    names = {"address": served}
    for example in examples:
        exec(compile(example, "README.md", "exec"), names)
    shown = capsys.readouterr().out.splitlines()
    # Whether models let it be ready is theirs to say; what the rules read is not.
    assert shown[0] in ("ready ['19285']", "review []")
    assert {"hematoma complication absent", "Kopans wire device present"} <= set(shown[1:-4])
    assert shown[-4] == "[('hematoma', True)]"
    assert shown[-3] in ("agree", "disagree", "cannot_judge")
    assert "Observation" in shown[-2]
    assert shown[-1] != "[]"
