"""Numbers and what they measure: dates, times, clock positions, distances, sizes, gauges, doses, coordinates.

Everything is one pass of a compiled pattern, so that a dose or a date is never taken for a count or a clock position. Knows notation
and its neighbours, not the procedure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from extractor import patterns
from extractor.nlp.page import Mention

MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
_ONES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|one|two|three|four|five|six|seven|eight|nine"
_ORDINALS = rf"(?:twenty|thirty)[ -]?(?:{_ONES})|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
_YEAR = (
    rf"(?:\d{{4}}|twenty\s+(?:twenty|nineteen|eighteen)(?:[ -](?:{_ONES}))?|two\s+thousand(?:\s+and)?(?:\s+\w+){{1,2}})"
)
_NUM = r"(?:\d+(?:\.\d+)?|" + "|".join(WORDS) + r")"
_WORDS = "|".join(WORDS)
_HOUR = r"(?:1[0-2]|0?[1-9]|" + "|".join(WORDS) + r")"

_EXPRESSION = rf"""
    (?<![A-Za-z])(?:(?P<date>\b(?:19|20)\d{{2}}[/.-]\d{{1,2}}[/.-]\d{{1,2}}\b|\b\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})\b|\b\d{{1,2}}(?:st|nd|rd|th)?[ -](?:{MONTHS})\.?,?[ -]\d{{2,4}}\b
      |\b(?:{MONTHS})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b|\b(?:{MONTHS})\s+(?:the\s+)?(?:{_ORDINALS}|\d{{1,2}}(?:st|nd|rd|th)?),?\s+{_YEAR}|\b(?:the\s+)?(?:{_ORDINALS})\s+of\s+(?:{MONTHS}),?\s+{_YEAR}|\b20\d{{6}}\b(?!\d))
   |(?P<fn>\b(?:{_NUM})(?:\s*(?:-|to|/)\s*{_NUM})?\s*-?\s*(?:cm|mm|centimet(?:er|re)s?|millimet(?:er|re)s?)s?\s*(?:(?:back\s+|deep\s+)?from\s+(?:the\s+)?(?:(?:base|edge)\s+of\s+the\s+)?(?:left\s+|right\s+)?(?:nipple|nac)|f\.?n\.?\b|from\s+nip\b|ftn\b|(?:deep\s+to|behind|away\s+from)\s+the\s+nipple|off\s+the\s+nipple)
      |\b{_NUM}\s+(?:back\s+|deep\s+)?from\s+(?:the\s+)?nipple\b|\bn\s?\+\s?\d+(?:\.\d+)?\b|\bfn\s*:?\s*\d+(?:\.\d+)?\s*(?:cm|mm)?\b|\b\d+(?:\.\d+)?\s?cmfn\b|\b\d+(?:\.\d+)?\s*cfn\b)
   |(?P<clock>\b(?P<c1>{_HOUR})(?P<m1>:\d\d|\s+thirty|\s+fifteen|\s+forty\s+five|30)?\s*(?:-|to|and|/)?\s*(?:(?P<c2>{_HOUR})(?P<m2>:\d\d|\s+thirty)?)?\s*-?\s*(?:o\s?['\u2019]?\s?cl(?:oc)?k|o/c\b|oclock|0'?clock|o'c\b|axis\b))
   |(?P<said>\b(?P<c3>{_WORDS})\s+(?P<m3>thirty|fifteen|forty\s+five)\b(?!\s+(?:[ap]\s?m\b|degree|percent|milli|centi|minute|second|mm\b|cm\b)))
   |(?P<coord>\b[xhu]\s*[:=]?\s*[-+]?\d+(?:\.\d+)?\s*(?:mm)?\s*[,;/]?\s*(?:[yv]\s*[:=]?\s*[-+]?\d+(?:\.\d+)?\s*(?:mm)?\s*[,;/]?\s*(?:and\s+)?)(?:[zd]\s*[:=]?\s*[-+]?\d+(?:\.\d+)?)?
      |\bz\s*[:=]?\s*[-+]?\d+(?:\.\d+)?\s*(?:mm)?\b|\b[xh]\s*/\s*[yv]\s*(?:/\s*[zd])?\b|\bz(?=\s*\())
   |(?P<time>\b(?:[01]?\d|2[0-3]):[0-5]\d(?::\d\d)?\s*(?:[ap]\.?\s?m\b\.?|h(?:rs|ours)?\b)|\b[0-2]\d[0-5]\d\s*(?:h|hrs|hours)\b)
   |(?P<hm>\b(?:[01]?\d|2[0-3]):[0-5]\d\b(?:\s*(?:-|to)\s*(?:[01]?\d):[0-5]\d\b)?)
   |(?P<gauge>\b\d{{1,2}}(?:\.\d)?\s*-?\s*(?:g\b(?!r)|ga\b|gauge\b))
   |(?P<dose>\b\d+(?:\.\d+)?\s*(?:ml|cc|mls|mg|mcg|mci|\u00b5ci|mbq|units?|l\b|mg/ml|mhz|kv|mmhg)s?\b|\b\d+(?:\.\d+)?\s*%)
   |(?P<size>\b(?:{_NUM})(?:\s*x\s*\d+(?:\.\d+)?){{0,2}}\s*-?\s*(?:mm|cm|centimet(?:er|re)s?|millimet(?:er|re)s?)\b)
   |(?P<times>(?:\bx\s?|\btimes\s+|\#\s?)(?P<n>\d{{1,2}}|two|three|one)\b(?!\s*(?:mm|cm|\.|/|g\b|ga))))
    """
_PATTERN = re.compile(_EXPRESSION, re.X | re.I)
# the same for text in lower case, which does not compare each letter twice
_LOWER = re.compile(_EXPRESSION, re.X)
_CLOCK_BEFORE = patterns.compile(
    r"(?:\bleft|\bright|\blt|\brt|\bl|\br|breast|brst|axis|position|location|clock|mass(?:es)?|calc\w*|distortion|asymmetry|nodule|lesion|target|site|focus|group|cluster|\bthe|quadrant|outer|inner|central|foci|\bbr|enhancement|marker|clip|grid|cancer|dcis|idc|ilc|adh|finding|area|papilloma|bx|scout|seed|tag|wire|magseed|rt|lt|another(?:\s+one)?|second(?:\s+one)?)\W{0,4}(?:at\s+|is\s+|the\s+|in\s+the\s+|from\s+)?$",
    re.I,
)
_CLOCK_AFTER = patterns.compile(
    r"\s*(?:,|;|-|/|\||\)|and|to|\()?\s*(?:\d+(?:\.\d+)?\s*(?:cm|mm)\b|n\s?\+|fn\b|left|right|lt\b|rt\b|position|axis|breast|brst|mass|calc|distortion|asymmetry|nodule|lesion|anterior|middle|mid|posterior|ant\b|post\b|clock|radian|retro|sub|wire|seed|site|focus|tumou?r|area|group|uoq|liq|loq|uiq|upper|lower|outer|inner|clip|target|radial|region)",
    re.I,
)
_TIME_BEFORE = patterns.compile(
    r"(?:\bor|surgery|time[ -]?out|timeout|\btime|pause|started?|ended?|done|called|arriv\w+|seen|lumpectomy|excision|today|noon|signed|hrs?|booked|scheduled|theatre|am|pm|\bt/o|\bto|called|by|until|exam date|date|\d{4})\W{0,3}(?:at\s+|is\s+|@\s*|for\s+)?$",
    re.I,
)


_HOURS = {str(h) for h in range(1, 13)}
_ALONE_BEFORE = patterns.compile(r"(?:\s{4,}|\n\s*)$")
_ALONE_AFTER = patterns.compile(r"\s{4,}\d{1,2}:(?:00|15|30|45)\s*\n|\s*\n")


def hour(word: str) -> int:
    """An hour of the clock, from digits or a word."""
    return WORDS.get(word.lower()) or int(word)


def _clock(c: str, minutes: str | None) -> str:
    part = (minutes or ":00").strip().lower()
    part = {"thirty": ":30", "30": ":30", "fifteen": ":15"}.get(part, part if part.startswith(":") else ":45")
    return f"{hour(c)}{part}"


def cm(text: str) -> float | None:
    """A distance in centimetres from its words, or None."""
    m = patterns.search(r"(\d+(?:\.\d+)?)", text)
    value = (
        float(m[1])
        if m
        else next((float(v) for w, v in WORDS.items() if patterns.search(rf"\b{w}\b", text, re.I)), None)
    )
    if value is None:
        return None
    if patterns.search(r"mm|millim", text, re.I):
        value /= 10
    return round(value, 2)


# the words, besides digits, that a match can begin with: the pattern is tried there only
_OPENING = """
twenty thirty x times h u z n fn # first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth jan january feb february
mar march apr april may jun june jul july aug august sep sept september oct october nov november dec december
"""
_FIRST = frozenset([*WORDS, *_OPENING.split()])
_ORDINAL = frozenset(word for word in _OPENING.split() if re.fullmatch(_ORDINALS + "|twenty|thirty", word))


def _matches(text: str, words: list[str], starts: list[int]) -> Iterator[re.Match[str]]:
    """What the pattern finds from left to right, without trying it at every sign of the text."""
    after = 0
    lower = text.lower() if text.isascii() else text
    likely = _LOWER.match if text.isascii() else _PATTERN.match
    for word, start, following in zip(words, starts, [*words[1:], ""], strict=False):
        first = word in _FIRST or word[:1].isdigit() or (word == "the" and following in _ORDINAL)
        if first and start >= after:
            m = likely(lower, start) and _PATTERN.match(text, start)
            if m:
                after = m.end()
                yield m


def find(text: str, words: list[str], starts: list[int]) -> list[Mention]:
    """Mentions labelled `date`, `time`, `clock`, `fn`, `coordinates`, `gauge`, `dose`, `size`, `times`, in order.

    `words` are those of the text in lower case with their `starts`, as `matching.scan` gives them.
    """
    out: list[Mention] = []
    for m in _matches(text, words, starts):
        kind = m.lastgroup or ""
        value: str | float | int | None
        if m["date"]:
            kind, value = "date", m[0]
        elif m["fn"]:
            kind, value = "fn", cm(m[0])
        elif m["clock"]:
            kind = "clock"
            value = _clock(m["c1"], m["m1"])
            if m["c2"]:
                value += "-" + _clock(m["c2"], m["m2"])
        elif m["said"]:
            # "the mass at six thirty": an hour of the breast only where one can stand
            before, after = text[max(0, m.start() - 28) : m.start()], text[m.end() : m.end() + 18]
            likely = not _TIME_BEFORE.search(before) and bool(_CLOCK_BEFORE.search(before) or _CLOCK_AFTER.match(after))
            kind, value = ("clock", _clock(m["c3"], m["m3"])) if likely else ("time", m[0])
        elif m["coord"]:
            kind, value = "coordinates", "xyz"
        elif m["time"]:
            kind, value = "time", m[0]
        elif m["hm"]:
            first = m[0].split(":")[0]
            before = text[max(0, m.start() - 28) : m.start()]
            after = text[m.end() : m.end() + 18]
            likely = (
                not first.startswith("0")
                and 1 <= int(first) <= 12
                and m[0].split(":")[1][:2] in ("00", "15", "30", "45")
                and not _TIME_BEFORE.search(before)
                and bool(_CLOCK_BEFORE.search(before) or _CLOCK_AFTER.match(after))
            )
            likely = likely or (
                first in _HOURS
                and bool(_ALONE_BEFORE.search(before))
                and bool(_ALONE_AFTER.match(text[m.end() : m.end() + 40]))
            )
            kind, value = ("clock", m[0].replace(" ", "").replace("to", "-")) if likely else ("time", m[0])
        elif m["gauge"]:
            kind, value = "gauge", m[0]
        elif m["dose"]:
            kind, value = "dose", m[0]
        elif m["size"]:
            kind, value = "size", cm(m[0])
        else:
            kind = "times"
            n = m["n"].lower()
            value = WORDS.get(n) or int(n)
        out.append(Mention(m.start(), m.end(), kind, value, f"number.{kind}", {}))
    return out
