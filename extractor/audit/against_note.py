"""What is wrong with a claim for this note: rows, places in a row, sides, units, what is billed beside and what is
missing.

Supported and claimed units are matched away step by step, from exact equality to any line of the family; what is left
over on either side is what was billed too much or too little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from extractor.audit.book import DISTINCT, STOPPED, Book, side_of
from extractor.audit.claims import ClaimLine
from extractor.audit.model import Direction
from extractor.coding.lines import SIDE_MODIFIER
from extractor.coding.model import CodeLine


@dataclass(slots=True)
class _Left:
    """Units of one claim line or of one supported line that nothing has been matched with yet."""

    code: str
    side: str | None
    units: int
    line: int
    """Number of the claim line, or index of the supported line."""


def compare_with_note(book: Book) -> None:
    _beside(book)
    _distinct(book)
    ours = {line.code for line in book.supported}  # a policy may support a code outside the family
    claimed = [
        _Left(line.code, side_of(line.modifiers), line.units, line.line)
        for line in book.claim
        if book.tables.in_family(line.code) or line.code in ours
    ]
    supported = _supported(book)
    claimed, supported = _bilateral(book, claimed, supported)
    _match(claimed, supported, _same_line)
    if _swapped(claimed, supported):
        return
    _wrong_side(book, claimed, supported)
    _wrong_row(book, claimed, supported)
    _too_many(book, claimed)
    _too_few(book, supported)


def _supported(book: Book) -> list[_Left]:
    return [_Left(line.code, side_of(line.modifiers), line.units, number) for number, line in enumerate(book.supported)]


def _bilateral(book: Book, claimed: list[_Left], supported: list[_Left]) -> tuple[list[_Left], list[_Left]]:
    """A first-lesion line with 50 stands for both sides. Where the policy wants 50, note and claim must agree on it;
    elsewhere it is flagged already."""
    if book.policy.contralateral == "modifier_50":
        return _fifty(book, claimed, supported)
    for claim in [c for c in claimed if "50" in _line(book, c.line).modifiers]:
        same = next((s for s in supported if s.code == claim.code), None)
        if same is None:
            continue
        claimed.remove(claim)
        supported.remove(same)
        further = next((s for s in supported if book.tables.primary_of.get(s.code) == claim.code), None)
        if book.policy.contralateral != "modifier_50" and further:
            further.units -= 1
    return claimed, [s for s in supported if s.units]


def _fifty(book: Book, claimed: list[_Left], supported: list[_Left]) -> tuple[list[_Left], list[_Left]]:
    """Lines whose 50 differs between claim and note, one finding each; those that agree are matched away too."""
    for claim in list(claimed):
        both = "50" in _line(book, claim.line).modifiers
        same = [s for s in supported if s.code == claim.code and (both or "50" in book.supported[s.line].modifiers)]
        if not same:
            continue
        made = book.supported[same[0].line]
        if both and "50" not in made.modifiers:
            message = f"50 on {claim.code}: the note supports one side only."
            book.add("modifier-unjustified", "over", claim.line, message, ["modifier.50"], made.lesions)
        elif not both:
            message = f"{claim.code} is claimed for one side; the note supports both, with 50."
            book.add("units-under", "under", claim.line, message, ["modifier.50"], made.lesions)
        claimed.remove(claim)
        supported.remove(same[0])
    return claimed, supported


def _line(book: Book, number: int) -> ClaimLine:
    return next(line for line in book.claim if line.line == number)


def _match(claimed: list[_Left], supported: list[_Left], same: Callable[[_Left, _Left], bool]) -> None:
    for claim in claimed:
        for line in supported:
            if claim.units and line.units and same(claim, line):
                units = min(claim.units, line.units)
                claim.units -= units
                line.units -= units
    claimed[:] = [c for c in claimed if c.units]
    supported[:] = [s for s in supported if s.units]


def _wrong_side(book: Book, claimed: list[_Left], supported: list[_Left]) -> None:
    for claim in list(claimed):
        line = next((s for s in supported if s.code == claim.code and s.units), None)
        if line is None or line.side is None:
            continue
        lesions = book.supported[line.line].lesions
        modifier = SIDE_MODIFIER[line.side]
        if claim.side is None:
            book.add(
                "side-missing",
                "invalid",
                claim.line,
                f"{claim.code} carries no side; the note supports {modifier}.",
                ["modifier.side"],
                lesions,
            )
        else:
            book.add(
                "side-wrong",
                "invalid",
                claim.line,
                f"{claim.code} is on the wrong side; the note supports {modifier}.",
                ["modifier.side"],
                lesions,
            )
        units = min(claim.units, line.units)
        claim.units -= units
        line.units -= units
    claimed[:] = [c for c in claimed if c.units]
    supported[:] = [s for s in supported if s.units]


def _wrong_row(book: Book, claimed: list[_Left], supported: list[_Left]) -> None:
    """A code of another row where the note supports this one: same place in its row first, then any."""
    for place_too in (True, False):
        for claim in list(claimed):
            line = next((s for s in supported if s.units and _other_row(book, claim, s, place_too)), None)
            if line is None:
                continue
            made = book.supported[line.line]
            if claim.line not in book.explained:
                _explain_row(book, claim, made)
            units = min(claim.units, line.units)
            claim.units -= units
            line.units -= units
            if not claim.units:
                claimed.remove(claim)
    # A deleted code is explained already; it stands for one supported line, of its successors first, which is then
    # not missing. A radiology code (7xxxx) stood beside the procedure and for none.
    for one in book.claim:
        gone = book.tables.deleted.get(one.code)
        if gone is None or one.code.startswith("7"):
            continue
        left = sorted((s for s in supported if s.units), key=lambda s: s.code not in gone.successors)
        if left:
            left[0].units = 0
    supported[:] = [s for s in supported if s.units]


def _other_row(book: Book, claim: _Left, line: _Left, place_too: bool) -> bool:
    if claim.code == line.code:
        return False
    one, two = book.tables.codes[claim.code], book.tables.codes.get(line.code)
    return two is not None and (one.position == two.position or not place_too)


def _explain_row(book: Book, claim: _Left, made: CodeLine) -> None:
    one, two = book.tables.codes[claim.code], book.tables.codes[made.code]
    direction = _direction(book, claim.code, made.code)
    rules = [*made.rules[:1], "audit.comparison"]
    if one.role != two.role and "biopsy" in (one.role, two.role):
        message = f"{claim.code} is claimed; the note supports {made.code}: " + (
            "the lesion was sampled, and its biopsy holds the marker."
            if two.role == "biopsy"
            else "nothing was sampled at this lesion."
        )
        book.add("biopsy-or-localization", direction, claim.line, message, ["cpt.biopsy.same_lesion"], made.lesions)
    elif one.row == two.row:
        message = f"{claim.code} is claimed; the note supports {made.code}: " + (
            "it is a further lesion of its row."
            if two.position == "additional"
            else "it is the first lesion of its row."
        )
        book.add("wrong-position", direction, claim.line, message, rules, made.lesions)
    else:
        message = (
            f"{claim.code} is claimed; the note supports {made.code}: the guidance or site of the "
            f"lesion is that of another row."
        )
        book.add("wrong-row", direction, claim.line, message, rules, made.lesions)


def _direction(book: Book, claimed: str, supported: str) -> Direction:
    one, two = book.tables.fees.get(claimed), book.tables.fees.get(supported)
    if one is None or two is None or one.rank is None or two.rank is None or one.rank == two.rank:
        return "invalid"
    return "over" if one.rank > two.rank else "under"


def _too_many(book: Book, claimed: list[_Left]) -> None:
    kinds = {book.tables.codes[line.code].role for line in book.supported if line.code in book.tables.codes}
    devices = sum(d.count or 1 for lesion in book.note.lesions if lesion.localized for d in lesion.devices)
    for claim in claimed:
        if claim.line in book.explained:
            continue
        code = book.tables.codes[claim.code]
        lesions = book.all_lesions()
        claimed_units = sum(line.units for line in book.claim if book.tables.in_family(line.code))
        supported_units = sum(line.units for line in book.supported)
        if code.role != "biopsy" and kinds == {"biopsy"} or (code.role == "biopsy" and kinds and "biopsy" not in kinds):
            message = (
                f"{claim.code} is claimed beside the service of the same lesion; a sampled lesion "
                f"takes the biopsy row only."
            )
            book.add("biopsy-and-localization", "over", claim.line, message, ["cpt.biopsy.same_lesion"], lesions)
        elif not book.supported:
            book.add(
                "not-supported",
                "over",
                claim.line,
                f"The note supports no service of this family; {claim.code} is claimed.",
                ["audit.comparison"],
                lesions,
            )
        elif claimed_units > supported_units and devices >= claimed_units:
            message = (
                f"{claim.units} unit{'s' if claim.units > 1 else ''} of {claim.code} beyond the "
                f"lesions: devices were counted, not lesions."
            )
            book.add("devices-counted", "over", claim.line, message, ["cpt.localization.count"], lesions)
        else:
            message = f"{claim.units} unit{'s' if claim.units > 1 else ''} of {claim.code} more than the note supports."
            book.add("units-over", "over", claim.line, message, ["cpt.localization.count"], lesions)


def _too_few(book: Book, supported: list[_Left]) -> None:
    claimed_codes = {line.code: line.line for line in book.claim}
    for line in supported:
        made = book.supported[line.line]
        modifiers = "-".join([made.code, *made.modifiers])
        if made.code in claimed_codes and _same_side_claimed(book.claim, made):
            message = f"{line.units} unit{'s' if line.units > 1 else ''} of {made.code} fewer than the note supports."
            book.add(
                "units-under", "under", claimed_codes[made.code], message, ["cpt.localization.count"], made.lesions
            )
        else:
            book.add(
                "line-missing",
                "under",
                None,
                f"{modifiers} is supported and not claimed.",
                made.rules[:1],
                made.lesions,
            )


def _distinct(book: Book) -> None:
    """59 or an X modifier where the note shows no other lesion that would justify it."""
    justified = {(line.code, side_of(line.modifiers)) for line in book.supported if DISTINCT & set(line.modifiers)}
    codes = {code for code, _ in justified}
    supported = {line.code for line in book.supported}
    for line in book.claim:
        used = DISTINCT & set(line.modifiers)
        if not used or not book.tables.in_family(line.code) or line.code not in supported:
            continue
        side = side_of(line.modifiers)
        # Since 2019 the modifier is taken on either column: it is right on any line that forms a justified pair.
        partner = any(
            (line.code, code) in book.tables.pairs and (side is None or other in (None, side))
            for code, other in justified
        )
        if (line.code, side) not in justified and not (side is None and line.code in codes) and not partner:
            modifier = sorted(used)[0]
            message = (
                f"{modifier} on {line.code} is not justified: no other lesion on that side forms a pair edit with it."
            )
            book.add("modifier-unjustified", "over", line.line, message, ["modifier.distinct"], book.all_lesions())
    for line in book.claim:
        stopped = STOPPED & set(line.modifiers)
        if stopped and book.tables.in_family(line.code) and line.code in supported:
            message = f"{sorted(stopped)[0]} on {line.code}: the note reports the procedure as completed."
            book.add("modifier-unjustified", "under", line.line, message, ["modifier.discontinued"], book.all_lesions())


def _beside(book: Book) -> None:
    """Guidance, mammograms and specimen imaging billed next to what already holds them."""
    ours = {line.code for line in book.supported} | {
        line.code for line in book.claim if book.tables.in_family(line.code)
    }
    for line in book.claim:
        code = book.tables.codes.get(line.code)
        if code is None or code.kind == "family":
            continue
        by = next((one for one in sorted(ours) if (one, line.code) in book.tables.pairs), None)
        if code.role == "guidance" and by:
            book.add(
                "guidance-billed",
                "over",
                line.line,
                f"{line.code} is guidance that {by} holds.",
                ["bundle.guidance", f"ncci.ptp.{by}.{line.code}"],
                book.all_lesions(),
            )
        elif code.role == "mammography" and by:
            book.add(
                "mammogram-billed",
                "over",
                line.line,
                f"{line.code} is part of {by}.",
                ["bundle.post_mammogram", f"ncci.ptp.{by}.{line.code}"],
                book.all_lesions(),
            )
        elif code.role == "mammography" and ours and not _mammogram_documented(book):
            book.add(
                "mammogram-undocumented",
                "over",
                line.line,
                f"{line.code} is claimed; the note documents no separate mammogram.",
                ["separate.post_mammogram"],
            )
        elif code.role == "specimen_imaging" and by:
            book.add(
                "specimen-billed",
                "over",
                line.line,
                f"{line.code} is part of {by}.",
                ["bundle.specimen", f"ncci.ptp.{by}.{line.code}"],
                book.all_lesions(),
            )


def _mammogram_documented(book: Book) -> bool:
    facts = book.note.facts
    return bool(facts.get("post_placement_mammogram")) and not (facts.get("same_unit") or facts.get("uncertified_unit"))


def _same_line(claim: _Left, line: _Left) -> bool:
    """The same code on the same side; a policy that puts no side on a line takes any."""
    return claim.code == line.code and line.side in (claim.side, None)


def _same_side_claimed(claim: Iterable[ClaimLine], made: CodeLine) -> bool:
    return any(line.code == made.code and side_of(line.modifiers) == side_of(made.modifiers) for line in claim)


def _swapped(claimed: Sequence[_Left], supported: Sequence[_Left]) -> bool:
    """Only which of two sides came first differs (first left and further right, against the reverse)."""

    def counted(lines: Sequence[_Left], key: str) -> Counter[str | None]:
        counts: Counter[str | None] = Counter()
        for line in lines:
            counts[getattr(line, key)] += line.units
        return counts

    return all(counted(claimed, key) == counted(supported, key) for key in ("code", "side"))
