"""Sentences and lines: where one statement ends and the next begins.

Knows hard wraps, bullets, numbered items, headings, table rows and dotted leaders; knows no medicine beyond the
abbreviations that end in a point. Linear in the length of the text.
"""

from __future__ import annotations

from extractor import patterns

_SENTENCE_END = patterns.compile(
    # the sign first, so that only its places are looked at; then what a point may belong to instead
    r"[.!?](?<![A-Z]\.[A-Z]\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bDrs\.)(?<!\bvs\.)(?<!\bNo\.)(?<!\bapprox\.)(?<!\bProf\.)(?<!\bSt\.)(?<!\bJr\.)"
    r"(?<!\b[A-Z]\.)(?<!\b[Ll]t\.)(?<!\b[Rr]t\.)(?<!\b[Ll]ts\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bpt\.)(?<!\bMD\.)(?<!\.\.)"
    r"[\"')\]]*(?=[ \n]+[\"'(\[]*(?:[A-Z0-9#(\[*•■□]|x-ray|mm\b)|[ \n]*$)"
)
_BULLET = patterns.compile(
    r"[ \t]*(?:[-*•>+]|\(?\d{1,2}[.)\]]|\(?[A-Ha-h][.)]|#\d|[\[(][ xX✓_]*[\])]|[■□]|\|)[ \t]?(?=\S)"
)
_HEADING = patterns.compile(r"[ \t]*[A-Za-z#][A-Za-z0-9 /&#()'.,-]{0,45}?(?::(?!\d)|[ ]?\.{3,}|[ ]{3,}|\t)|(?:INDICATIONS?|HISTORY|COMPARISON|TECHNIQUE|PROCEDURE|FINDINGS|COMPLICATIONS|IMPRESSION|CONCLUSION|OPINION|PLAN|ATTESTATION|ATTENDING) +(?!(?:of|was|were|is|and|as)\b)[A-Za-z]")
_NEW_FIELD = patterns.compile(r"(?:[ ]{2,}|\t| \| )(?=[A-Z#][A-Za-z /#&'-]{1,32}:(?!\d))")
_TERMINAL = patterns.compile(r"[.!?:][\"')\]]*\s*$")


def _lines(text: str) -> list[tuple[int, int]]:
    out = []
    at = 0
    for line in text.split("\n"):
        out.append((at, at + len(line)))
        at += len(line) + 1
    return out


def split(text: str) -> list[tuple[int, int, int]]:
    """(start, end, block) of every piece, in order, without surrounding space. Blocks are runs of lines between empty lines."""
    runs: list[tuple[int, int, int]] = []
    block: list[tuple[int, int]] = []
    number = 0
    for start, end in [*_lines(text), (len(text), len(text))]:
        if text[start:end].strip():
            block.append((start, end))
        elif block:
            runs.extend((a, b, number) for a, b in _join(text, block))
            number += 1
            block = []
    out: list[tuple[int, int, int]] = []
    for start, end, n in runs:
        at = start
        for cut in _cuts(text, start, end):
            _add(text, at, cut, n, out)
            at = cut
        _add(text, at, end, n, out)
    return out


_LONGEST = 2000  # code points; a longer run is no sentence, and work on a piece may grow with its square


def _add(text: str, start: int, end: int, block: int, out: list[tuple[int, int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > _LONGEST:
        cut = max(text.rfind(" ", start, start + _LONGEST), text.rfind(",", start, start + _LONGEST))
        cut = cut + 1 if cut > start else start + _LONGEST
        out.append((start, cut, block))
        start = cut
    if start < end:
        out.append((start, end, block))


def _capitals(line: str, following: str) -> bool:
    """Whether a short line of capitals stands below one that is not: a heading without a colon, and no wrap."""
    words = following.split()
    return (
        len(words) <= 2
        and len(following.strip()) <= 24
        and following.isupper()
        and all(len(word) > 1 and word.isalpha() for word in words)
        and len(words[0]) > 3
        and not line.isupper()
    )


def _join(text: str, block: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Lines of one block joined where the break is only a wrap: the next word would not have fitted."""
    width = max(len(text[a:b].rstrip()) for a, b in block)
    out = [list(block[0])]
    for (a, b), (c, d) in zip(block, block[1:], strict=False):
        line, following = text[a:b].rstrip(), text[c:d]
        stripped = following.lstrip()
        if _capitals(line, stripped):
            out.append([c, d])
            continue
        first = len(stripped.split(None, 1)[0])
        wrapped = (
            len(line) + 1 + first > width - 1
            and len(line) > 24
            and not _TERMINAL.search(line)
            and not (_BULLET.match(following) and not stripped[:1].islower())
            and not _HEADING.match(following)
            and "   " not in stripped[:24]
        )
        # a line that begins in lower case goes on what stood before it, however short that was
        if (
            not wrapped
            and stripped[:1].islower()
            and not _TERMINAL.search(line)
            and not _HEADING.match(following)
            and not _BULLET.match(following)
        ):
            wrapped = True
        if (
            not wrapped
            and line.endswith((",", "-", "/", " and", " the", " of", " a", " to", " was", " with", " in", " at"))
            and not _HEADING.match(following)
        ):
            wrapped = True
        # running text: sentences end anywhere in the line, so a wrap shows only by its width
        if (
            not wrapped
            and _TERMINAL.search(line) is None
            and len(line) > 0.72 * width > 40
            and not _BULLET.match(following)
            and not _HEADING.match(following)
        ):
            wrapped = True
        if wrapped:
            out[-1][1] = d
        else:
            out.append([c, d])
    return [(a, b) for a, b in out]


def _numbered(text: str, start: int, end: int) -> bool:
    """Whether what ends here is only the number of a list item, `2.`, and not a sentence or a time."""
    at = end - 1
    while at > start and text[at - 1].isalnum():
        at -= 1
    if end - 1 - at > 2 or end - 1 == at or not (text[at : end - 1].isdigit() or end - 2 == at):
        return False
    while at > start and text[at - 1] in " (":
        at -= 1
    return at == start or text[at - 1] in "\n;*" or (text[at - 1] == ":" and text[at : at + 1] == " ")


def _cuts(text: str, start: int, end: int) -> list[int]:
    cuts = {m.end() for m in _SENTENCE_END.finditer(text, start, end) if not _numbered(text, start, m.end())}
    cuts.update(m.end() for m in _NEW_FIELD.finditer(text, start, end))
    return sorted(c for c in cuts if start < c < end)
