"""What the README shows works as it is printed there."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.conftest import ROOT, Command

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    exec(compile(example, "README.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "ready ['19285']"
    assert "ultrasound" in shown[1]


def test_every_command_it_names_exists(extractor: Command) -> None:
    names = set(re.findall(r"^\| `extractor (\w+)", README, re.M))
    shown = extractor("--help").stdout.decode()
    assert names
    assert names <= set(re.findall(r"^  (\w+)  ", shown.split("Commands:")[1], re.M))


def test_the_first_command_names_files_that_are_there() -> None:
    (command,) = re.findall(r"<!-- first command -->\n```sh\n(.*?)```", README, re.S)
    paths = [
        word for word in shlex.split(command) if word.startswith("annotations/") or word.endswith("constraints.txt")
    ]
    assert len(paths) == 3
    for path in paths:
        assert (ROOT / path).exists()


def test_the_number_of_notes_is_the_one_it_says(extractor: Command) -> None:
    (said,) = re.findall(r"It reads (\d+) synthetic notes", README)
    assert int(said) == len(list((ROOT / "annotations" / "corpus").rglob("*.txt")))
