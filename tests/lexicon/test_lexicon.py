"""The lexicon's files: all that is wrong is reported at once, and what is right is found however it is written."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor import lexicon
from extractor.lexicon import LexiconError, expand, words
from tests.tables import rows

SOURCE = Path(lexicon.__file__).parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the lexicon that a test may spoil."""
    for path in SOURCE.glob("*.toml"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(lexicon.resources, "files", lambda _: tmp_path)
    lexicon.load.cache_clear()
    yield tmp_path
    lexicon.load.cache_clear()


def message() -> str:
    with pytest.raises(LexiconError) as caught:
        lexicon.load()
    return str(caught.value)


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


RULE = '\n[[rule]]\nid = "{id}"\nlabel = "target"\nvalue = "mass"\nphrases = ["{phrase}"]\n'


def test_what_ships_loads() -> None:
    rules = lexicon.load()
    assert {rule.file for rule in rules} == set(lexicon.FILES)
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(rule.literals and rule.version and rule.source for rule in rules)


def test_every_file_of_the_folder_is_read() -> None:
    assert {path.stem for path in SOURCE.glob("*.toml")} == set(lexicon.FILES)


def test_a_copy_loads(folder: Path) -> None:
    assert len(lexicon.load()) > 50


def test_missing_file(folder: Path) -> None:
    (folder / "devices.toml").unlink()
    assert "devices.toml: file is missing" in message()


def test_a_file_without_rules_is_no_empty_rule_set(folder: Path) -> None:
    (folder / "devices.toml").write_text('version = "1"\nsource = "x"\n', encoding="utf-8")
    assert "devices.toml: no rules" in message()


def test_unknown_key_of_a_file_and_of_a_rule(folder: Path) -> None:
    path = folder / "targets.toml"
    path.write_text('colour = "red"\n' + path.read_text(encoding="utf-8") + RULE.format(id="target.new", phrase="lump") + 'weight = "3"\n', encoding="utf-8")
    text = message()
    assert "targets.toml: unknown key 'colour'" in text
    assert "target.new" in text
    assert "unknown key 'weight'" in text


def test_an_id_that_stands_twice(folder: Path) -> None:
    add(folder / "targets.toml", RULE.format(id="target.mass", phrase="lump"))
    assert "id target.mass also stands in targets.toml" in message()
    add(folder / "guidance.toml", RULE.format(id="target.cyst", phrase="lump"))
    add(folder / "targets.toml", RULE.format(id="target.cyst", phrase="lump"))
    assert "target.cyst" in message()


@pytest.mark.parametrize("phrase", ["{mass,lump", "mass}", "[mass", "mass]", "{mass,{lump}}"])
def test_unbalanced_braces(folder: Path, phrase: str) -> None:
    add(folder / "targets.toml", RULE.format(id="target.new", phrase=phrase))
    text = message()
    assert "target.new" in text
    assert phrase in text


def test_a_phrase_that_stands_for_too_many(folder: Path) -> None:
    add(folder / "targets.toml", RULE.format(id="target.new", phrase="{a,b,c,d,e,f,g,h,i,j}" * 5))
    assert "target.new" in message()


@pytest.mark.parametrize("key", ["id", "label", "value", "phrases"])
def test_a_rule_that_lacks_a_key(folder: Path, key: str) -> None:
    lines = RULE.format(id="target.new", phrase="lump").splitlines()
    add(folder / "targets.toml", "\n".join(line for line in lines if not line.startswith(key + " ")) + "\n")
    assert f"{key} missing" in message()


def test_no_toml_and_no_text(folder: Path) -> None:
    (folder / "devices.toml").write_text("[[rule", encoding="utf-8")
    (folder / "guidance.toml").write_bytes(b"\xff\xfe\xff")
    text = message()
    assert "devices.toml: " in text
    assert "guidance.toml: " in text


WRONG_TYPES = ['phrases = "mass"', 'phrases = ["lump", 3]', "phrases = [[1]]", 'id = 3\nphrases = ["lump"]', 'value = 3\nphrases = ["lump"]']


@pytest.mark.parametrize("lines", WRONG_TYPES)
def test_values_of_the_wrong_type(folder: Path, lines: str) -> None:
    rule = {"id": 'id = "target.new"', "label": 'label = "target"', "value": 'value = "mass"', "phrases": 'phrases = ["lump"]'}
    for line in lines.splitlines():
        rule[line.split(" ")[0]] = line
    add(folder / "targets.toml", "\n[[rule]]\n" + "\n".join(rule.values()) + "\n")
    assert "targets.toml" in message()


def test_all_errors_at_once(folder: Path) -> None:
    (folder / "devices.toml").unlink()
    add(folder / "targets.toml", RULE.format(id="target.mass", phrase="lump") + RULE.format(id="target.new", phrase="{lump"))
    (folder / "guidance.toml").write_text("[[rule", encoding="utf-8")
    text = message()
    for words_of_it in ("devices.toml", "target.mass", "target.new", "guidance.toml"):
        assert words_of_it in text
    assert len(text.splitlines()) >= 5


EXPANSIONS = [
    ("wire", ["wire"]),
    ("wire{s,}", ["wires", "wire"]),
    ("deploy{ed,ing,}", ["deployed", "deploying", "deploy"]),
    ("{hook,j} wire", ["hook wire", "j wire"]),
    ("left [sided] breast", ["left sided breast", "left breast"]),
    ("left[-sided|-side] breast", ["left-sided breast", "left-side breast", "left breast"]),
    ("{a,b} {c,d}", ["a c", "a d", "b c", "b d"]),
]


@pytest.mark.parametrize(("phrase", "literals"), rows(EXPANSIONS))
def test_expansion(phrase: str, literals: list[str]) -> None:
    assert list(expand(phrase)) == literals


WORDS = [
    ("left breast", ("left", "breast")),
    ("left-breast", ("left", "breast")),
    ("i125", ("i", "125")),
    ("i-125", ("i", "125")),
    ("w/o", ("w", "/", "o")),
    ("o'clock", ("o", "'", "clock")),
]


@pytest.mark.parametrize(("literal", "parts"), rows(WORDS))
def test_words(literal: str, parts: tuple[str, ...]) -> None:
    assert words(literal) == parts


def test_by_id() -> None:
    rule = lexicon.by_id("target.mass")
    assert rule is not None
    assert rule.value == "mass"
    assert lexicon.by_id("target.invented") is None
