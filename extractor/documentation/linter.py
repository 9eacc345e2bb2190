"""The query linter: what a query to a physician, drafted or edited, may not do, each with its reason.

Judges the words of the query against its own quotes. Its word lists are data (`linter.toml`); it knows no findings
and no codes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from extractor.coding.tables.schema import TableError

FILE = Path(__file__).with_name("linter.toml")
SECTIONS = {
    "forbidden": ("code", "payment", "denial", "quality"),
    "leading": ("question", "options", "instruction"),
    "yes_no": ("options", "question"),
}

Patterns = Mapping[str, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class LintError:
    """`id` names the rule that was broken, `part` the part of the query, `message` what to do. Never holds words of
    the note.
    """

    id: str
    part: str
    message: str


@dataclass(frozen=True)
class _Words:
    forbidden: Patterns
    leading: Patterns
    yes_no: Patterns
    terms: Patterns
    spoken: Patterns


@lru_cache(maxsize=4)
def _words(path: Path = FILE) -> _Words:
    with path.open("rb") as file:
        content = tomllib.load(file)
    errors = [f"{path.name}: unknown key {key!r}" for key in content if key not in (*SECTIONS, "terms", "spoken")]
    for section, keys in SECTIONS.items():
        given = content.get(section, {})
        errors += [f"{path.name}: {section}: unknown key {key!r}" for key in given if key not in keys]
        errors += [f"{path.name}: {section}: {key!r} is missing" for key in keys if not given.get(key)]
    errors += [
        f"{path.name}: spoken: {key!r} has no entry in terms"
        for key in content.get("spoken", {})
        if key not in content.get("terms", {})
    ]
    compiled: dict[str, dict[str, re.Pattern[str]]] = {}
    for section in (*SECTIONS, "terms", "spoken"):
        compiled[section] = {}
        for key, patterns in content.get(section, {}).items():
            try:
                compiled[section][key] = re.compile("|".join(patterns), re.IGNORECASE)
            except (re.error, TypeError) as error:
                errors.append(f"{path.name}: {section}: {key!r}: {error}")
    if errors:
        raise TableError(errors)
    spoken = {key: compiled["spoken"].get(key) or re.compile(rf"\b{key}\b", re.IGNORECASE) for key in compiled["terms"]}
    return _Words(compiled["forbidden"], compiled["leading"], compiled["yes_no"], compiled["terms"], spoken)


def lint(query: Any, note: str | None = None) -> list[LintError]:
    """Every fault of a query (an object or a mapping with the fields of the record). With `note` quotes are compared
    with it.
    """
    words = _words()
    title, question = _text(query, "title"), _text(query, "question")
    options = [str(o) for o in _get(query, "options") or ()]
    instruction = _text(query, "response_instruction")
    quotes = [_text(i, "text") for i in _get(query, "indicators") or ()]
    errors = [
        LintError("empty", part, f"A query needs a {part}.")
        for part, value in (("title", title), ("question", question))
        if not value
    ]
    errors += _forbidden(
        words,
        {"title": title, "question": question, "options": "\n".join(options), "response_instruction": instruction},
        quotes,
    )
    errors += _title(words, title)
    errors += _question(words, question, options, quotes)
    errors += _options(words, options, quotes, _get(query, "supported_by") or ())
    errors += _instruction(words, instruction)
    errors += _indicators(query, note)
    return errors


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _text(thing: Any, name: str) -> str:
    value = _get(thing, name)
    return value if isinstance(value, str) else ""


_REASONS = {
    "code": "Name no code, modifier or coding: the physician documents, the coder codes.",
    "payment": "Say nothing of payment, billing or coverage.",
    "denial": "Say nothing of denial, audit or compliance.",
    "quality": "Say nothing of quality, severity or scores.",
}


def _forbidden(words: _Words, parts: Mapping[str, str], quotes: list[str]) -> Iterator[LintError]:
    for kind, pattern in words.forbidden.items():
        for part, text in parts.items():
            if pattern.search(text):
                yield LintError(f"{kind}-word", part, _REASONS[kind])
    # In the record's own words only a named code is a fault: numbers there are measures and lot numbers.
    named = re.compile(r"\b(?:19[0-4]\d\d|1003[56]|7[67]\d{3}|8830\d|G0\d{3})\b|\b(?:cpt|icd|hcpcs)\b", re.IGNORECASE)
    if any(named.search(quote) for quote in quotes):
        yield LintError("code-word", "indicators", "Quote a passage that names no code.")


def _title(words: _Words, title: str) -> Iterator[LintError]:
    if any(spoken.search(title) for spoken in words.spoken.values()):
        yield LintError("leading-title", "title", "A title that names an answer leads; name the topic.")
    if words.leading["question"].search(title) or title.rstrip().endswith("?"):
        yield LintError("leading-title", "title", "A title states the topic and asks or suggests nothing.")


def _question(words: _Words, question: str, options: list[str], quotes: list[str]) -> Iterator[LintError]:
    if words.leading["question"].search(question):
        yield LintError(
            "leading-question", "question", "Ask openly: do not suggest, presume or say what the answer is for."
        )
    sentences = re.findall(r"[^.?!]*[.?!]?", question)
    asked = sum(
        1 for sentence in sentences if sentence.endswith("?") or re.search(r"\bplease\b", sentence, re.IGNORECASE)
    )
    if asked > 1:
        yield LintError("several-questions", "question", "Ask one thing.")
    presumed = [term for term, spoken in words.spoken.items() if spoken.search(question)]
    unsaid = [term for term in presumed if not any(words.terms[term].search(quote) for quote in quotes)]
    closed = any(words.yes_no["options"].search(option.strip()) for option in options) or bool(
        words.yes_no["question"].search(question.strip())
    )
    if closed and (unsaid or not presumed):
        yield LintError(
            "yes-no",
            "question",
            "Yes or no is for confirming what the record already says; ask openly or quote where it says so.",
        )
    elif unsaid:
        yield LintError("unsupported-question", "question", "The question names something that no quote says.")


def _options(words: _Words, options: list[str], quotes: list[str], supported_by: Any) -> Iterator[LintError]:
    if not options:
        return
    folded = [re.sub(r"\W+", " ", option).strip().lower() for option in options]
    if not any(option.startswith("other") for option in folded):
        yield LintError("missing-other", "options", 'Offer "Other (please specify)".')
    if not any(re.match(r"unable to determine|clinically undetermined", option) for option in folded):
        yield LintError("missing-unable", "options", 'Offer "Unable to determine".')
    if len(set(folded)) < len(folded):
        yield LintError("duplicate-option", "options", "Offer each option once.")
    if any(words.leading["options"].search(option) for option in options):
        yield LintError("preselected-option", "options", "Mark no option as chosen or preferred.")
    for number, option in enumerate(folded):
        if re.match(r"other|unable to determine|clinically undetermined|yes|no$|no\b(?! image)", option):
            continue
        linked = supported_by[number] if number < len(supported_by) else ()
        if linked and all(isinstance(i, int) and 0 <= i < len(quotes) for i in linked):
            continue
        named = [term for term, spoken in words.spoken.items() if spoken.search(options[number])]
        if not named or not all(any(words.terms[term].search(quote) for quote in quotes) for term in named):
            yield LintError(
                "unsupported-option",
                "options",
                f"Option {number + 1} is said by no quote; offer only what the record supports.",
            )


def _instruction(words: _Words, instruction: str) -> Iterator[LintError]:
    if not instruction:
        yield LintError(
            "missing-instruction", "response_instruction", "Say how to answer: by a signed and dated addendum."
        )
    elif words.leading["instruction"].search(instruction):
        yield LintError("prewritten-answer", "response_instruction", "Never hand over text to sign.")
    elif not re.search(r"addend|late entry|amend", instruction, re.IGNORECASE):
        yield LintError(
            "missing-instruction", "response_instruction", "The answer belongs into the record, as an addendum."
        )


def _indicators(query: Any, note: str | None) -> Iterator[LintError]:
    indicators = _get(query, "indicators") or ()
    if not indicators:
        yield LintError("no-indicator", "indicators", "Quote what the record says.")
    for number, quote in enumerate(indicators, 1):
        start, end, text = _get(quote, "start"), _get(quote, "end"), _text(quote, "text")
        if not isinstance(start, int) or not isinstance(end, int) or not text or end - start != len(text) or start < 0:
            yield LintError(
                "not-verbatim", "indicators", f"Quote {number} has no words or offsets that do not fit them."
            )
        elif note is not None and note[start:end] != text:
            yield LintError("not-verbatim", "indicators", f"Quote {number} is not what the note says there.")
