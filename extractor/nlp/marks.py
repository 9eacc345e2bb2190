"""Marks of forms: boxes ticked and not, placeholders never filled.

`find` gives the spans that document nothing: the text of an unmarked option and of an unfilled placeholder. Knows the
layout of forms and no medicine.
"""

from __future__ import annotations

import re

from extractor import patterns

_BOX = patterns.compile(
    r"\[[ \t]?(?P<a>[xX*+✓vV]?)[ \t]?\]|\((?P<b>[xX✓*]|[ ])[ ]?\)|(?P<c>■)|(?P<d>□)|\[(?P<e>_+)\]|<(?P<f>[xX ])>"
)
_PLACEHOLDER = patterns.compile(
    r"\*{3,}(?!\s*[A-Z])|\*{3}(?=\s*\.)|_{2,}(?:[/:_. ]+_{1,})*|\{[^{}\n]{1,60}\}|\[[^\[\]\n]{2,48}\](?!\()|<[A-Za-z][^<>\n]{1,40}>|@[A-Z][A-Z0-9_]{2,}@|"
    r"\b(?:XX|xx)/(?:XX|xx)/(?:XX|xx){1,2}\b|\?{3,}|\.{6,}(?=\s*$)"
)
_CHOICE = patterns.compile(
    r"/|\bor\b|\bselect\b|\bchoose\b|\bchoice|\bfree text\b|\bdate\b|\bside\b|\blaterality\b|\bname\b|\binsert\b|\bdrop|\btext\b|\blist\b|\bnone\b|\|",
    re.I,
)


# one of these is in every placeholder
_OPENERS = ("***", "__", "{", "[", "<", "@", "XX/", "xx/", "Xx/", "xX/", "???", "......")


def find(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(blank spans, checked spans): text of unmarked options and placeholders, and text of marked options."""
    blank: list[tuple[int, int]] = []
    checked: list[tuple[int, int]] = []
    if "[" in text or "(" in text or "■" in text or "□" in text or "<" in text:
        at = 0
        for line in text.split("\n"):
            boxes = list(_BOX.finditer(line)) if any(sign in line for sign in "[(■□<") else []
            if boxes:
                _options(line, at, boxes, blank, checked)
            at += len(line) + 1
    for m in _PLACEHOLDER.finditer(text) if any(sign in text for sign in _OPENERS) else ():
        inner = m[0]
        if inner[0] == "[" and not (_CHOICE.search(inner) or set(inner[1:-1]) <= set("_ *?.")):
            continue  # an editor's bracket holds words that count
        if inner[0] == "<" and not _CHOICE.search(inner):
            continue
        blank.append((m.start(), m.end()))
    blank.sort()
    return blank, checked


def _marked(m: re.Match[str]) -> bool:
    return bool((m["a"] or "").strip() or (m["b"] or "").strip() or m["c"] or (m["f"] or "").strip())


def _options(
    line: str, at: int, boxes: list[re.Match[str]], blank: list[tuple[int, int]], checked: list[tuple[int, int]]
) -> None:
    """Which text belongs to which box: after it, unless the line ends with a box and opens with a word."""
    head = line[: boxes[0].start()]
    colon = head.rfind(":")
    before = head[colon + 1 :].strip() if colon >= 0 else ""
    suffix = bool(before) and len(before) < 26 and not line[boxes[-1].end() :].strip(" .")
    if suffix:
        start = colon + 1
        for m in boxes:
            (checked if _marked(m) else blank).append((at + start, at + m.end()))
            start = m.end()
        return
    for i, m in enumerate(boxes):
        end = boxes[i + 1].start() if i + 1 < len(boxes) else len(line)
        text = line[m.end() : end]
        if i + 1 == len(boxes):
            # what follows the last option after a wide gap, a field name or an arrow is no longer the option
            cut = patterns.search(r"\s{3,}\S|\t|->|\s[A-Z][A-Za-z -]{1,24}:", text.rstrip())
            if cut and text[: cut.start()].strip():
                end = m.end() + cut.start()
        (checked if _marked(m) else blank).append((at + m.start(), at + end))
