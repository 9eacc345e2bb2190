"""Regular expressions that look first for letters they cannot do without.

Most patterns of this package are alternatives of words, looked for in every sentence and found in few. Each pattern
here knows a small set of literals of which any match must hold one (read off the expression itself), and leaves the
expression alone where the text holds none: the answers of `re`, several times sooner. Knows expressions, not notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]  # the only description of an expression there is
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_SHORTEST = 2  # code points; a shorter literal is in nearly every sentence
_FURTHEST = 2**31 - 1
_OFTEN = 12  # places of a literal; more are in nearly every sentence
_NOTHING = frozenset({""})
_MOST = 80  # literals; more are not worth looking for
_LOOKS = {sre.ASSERT, sre.ASSERT_NOT}
_REPEATS = {getattr(sre, name) for name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") if hasattr(sre, name)}


def needs(expression: str, flags: int = 0) -> tuple[str, ...]:
    """Literals in folded case of which every text that matches holds at least one; empty where there are none."""
    found = _needs(_parser.parse(expression, flags))
    return tuple(sorted(found, key=len)) if found else ()


def _needs(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    """The most telling literals of a sequence: of each run of letters, and of each part that must match, one set."""
    options: list[frozenset[str]] = []
    run = _NOTHING
    for kind, value in items:
        if kind is sre.AT or kind in _LOOKS:
            continue
        words = _words(kind, value)
        if words is not None and len(run) * len(words) <= _MOST:
            run = frozenset(a + b for a in run for b in words)
            continue
        options.append(run)
        run = _NOTHING if words is None else words
        inner: frozenset[str] | None = None
        if kind is sre.SUBPATTERN:
            inner = _needs(_after(options[-1], value[3]))
        elif kind is sre.ATOMIC_GROUP:
            inner = _needs(value)
        elif kind in _REPEATS and value[0] > 0:
            inner = _needs(value[2])
        elif kind is sre.BRANCH:
            inner = _any(_after(options[-1], part) for part in value[1])
        options.append(inner or _NOTHING)
    options.append(run)
    return max((each for each in options if "" not in each), key=_telling, default=None)


def _after(run: frozenset[str], items: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """A part of an expression with the letters that stand right before it, which tell more together."""
    before = next(iter(run)) if len(run) == 1 else ""
    return [*((sre.LITERAL, ord(sign)) for sign in before), *items]


def _any(parts: Iterable[Iterable[tuple[Any, Any]]]) -> frozenset[str] | None:
    found = [_needs(part) for part in parts]
    return None if None in found else frozenset().union(*(each for each in found if each))


def _words(kind: Any, value: Any) -> frozenset[str] | None:
    """All that a part of an expression can match, in folded case, where that is a few words and nothing else."""
    if kind is sre.LITERAL:
        return frozenset({chr(value).casefold()})
    if kind is sre.IN and all(each is sre.LITERAL for each, _ in value):
        return frozenset(chr(code).casefold() for _, code in value)
    if kind is sre.SUBPATTERN:
        return _sequence(value[3])
    if kind is sre.BRANCH:
        parts = [_sequence(part) for part in value[1]]
        return None if None in parts else _few(frozenset().union(*(part for part in parts if part)))
    if kind in _REPEATS and value[:2] == (0, 1):
        words = _sequence(value[2])
        return None if words is None else words | _NOTHING
    return None


def _sequence(items: Iterable[tuple[Any, Any]]) -> frozenset[str] | None:
    run = _NOTHING
    for kind, value in items:
        if kind is sre.AT or kind in _LOOKS:
            continue
        words = _words(kind, value)
        if words is None or len(run) * len(words) > _MOST:
            return None
        run = frozenset(a + b for a in run for b in words)
    return run


def _few(words: frozenset[str]) -> frozenset[str] | None:
    return words if len(words) <= _MOST else None


def _telling(literals: frozenset[str]) -> float:
    """How rarely a text is expected to hold one of the literals: long ones tell more, many tell less."""
    return min(len(each) for each in literals) - len(literals) / 8


def _least(literals: tuple[str, ...]) -> tuple[str, ...]:
    """Without those that hold another one, and none at all where one is too short to tell anything."""
    if not literals or len(literals[0]) < _SHORTEST:
        return ()
    return tuple(w for w in literals if not any(o != w and o in w for o in literals))


_CAPITAL = re.compile(r"(?<!\\)[A-Z]|\\[A-Z]\w*-|-\\[A-Z]")
_BACK = 40  # code points that a lookbehind may look back


def _in_lower_case(expression: str, flags: int) -> re.Pattern[str] | None:
    """The expression for text in lower case, where it is one for any case: it need not compare each letter twice."""
    plain = re.sub(r"\(\?P[<=]\w+[>)]", "(", expression)
    if not flags & re.I or _CAPITAL.search(plain) or not expression.isascii():
        return None
    return re.compile(expression, flags & ~re.I)


class Pattern:
    """A compiled expression with the methods of `re.Pattern` used here. Raises `re.error` for what is no expression."""

    __slots__ = (
        *("_findall", "_finditer", "_lower", "_search", "_sub"),
        *("flags", "fullmatch", "literals", "match", "pattern"),
    )

    def __init__(self, expression: str, flags: int = 0) -> None:
        made = re.compile(expression, flags)
        self.pattern, self.flags = expression, flags
        self.literals = _least(needs(expression, flags))
        lower = _in_lower_case(expression, flags)
        self._lower = lower.search if lower else None
        self.match, self.fullmatch = made.match, made.fullmatch
        self._search, self._finditer, self._findall, self._sub = made.search, made.finditer, made.findall, made.sub

    def _possible(self, text: str, start: int, end: int) -> bool:
        """Whether a match may be there: its letters are, and the expression for lower case finds one."""
        first = start - _BACK if start > _BACK else 0
        if first or end < len(text):
            text = text[first:end]
        folded = text.casefold()
        if self.literals:
            for literal in self.literals:
                if literal in folded:
                    break
            else:
                return False
        if self._lower is not None and folded.isascii():
            return self._lower(folded, start - first) is not None
        return True

    def places(self, lower: str) -> list[int] | None:
        """Where a text in lower case holds one of the literals; None where they are too common to tell anything."""
        if not self.literals or not lower.isascii():
            return None
        found: list[int] = []
        for literal in self.literals:
            at = lower.find(literal)
            while at >= 0:
                found.append(at)
                at = lower.find(literal, at + 1)
            if len(found) > _OFTEN:
                return None
        return found

    def search(self, text: str, start: int = 0, end: int = _FURTHEST) -> re.Match[str] | None:
        """The first match from `start` to `end` (code points); lookbehinds see what stands before."""
        return self._search(text, start, end) if self._possible(text, start, end) else None

    def finditer(self, text: str, start: int = 0, end: int = _FURTHEST) -> Iterator[re.Match[str]]:
        return self._finditer(text, start, end) if self._possible(text, start, end) else iter(())

    def findall(self, text: str) -> list[Any]:
        return self._findall(text) if self._possible(text, 0, _FURTHEST) else []

    def sub(self, new: str | Callable[[re.Match[str]], str], text: str, count: int = 0) -> str:
        return self._sub(new, text, count) if self._possible(text, 0, _FURTHEST) else text


_made: dict[tuple[str, int], Pattern] = {}


def compile(expression: str, flags: int = 0) -> Pattern:  # noqa: A001 - as in `re`
    """The pattern of an expression, made once."""
    found = _made.get((expression, flags))
    if found is None:
        found = _made[expression, int(flags)] = Pattern(expression, flags)
    return found


def search(expression: str, text: str, flags: int = 0) -> re.Match[str] | None:
    return compile(expression, flags).search(text)


def match(expression: str, text: str, flags: int = 0) -> re.Match[str] | None:
    return compile(expression, flags).match(text)


def fullmatch(expression: str, text: str, flags: int = 0) -> re.Match[str] | None:
    return compile(expression, flags).fullmatch(text)


def finditer(expression: str, text: str, flags: int = 0) -> Iterator[re.Match[str]]:
    return compile(expression, flags).finditer(text)


def findall(expression: str, text: str, flags: int = 0) -> list[Any]:
    return compile(expression, flags).findall(text)


def sub(expression: str, new: str | Callable[[re.Match[str]], str], text: str, flags: int = 0) -> str:
    return compile(expression, flags).sub(new, text)
