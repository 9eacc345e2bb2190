"""What is wrong with a claim whatever the note says: deleted codes, modifiers that never stand here, orphaned add-on
codes, unit limits, and pair edits without a modifier that would lift them.
"""

from __future__ import annotations

from collections import Counter

from extractor.audit.book import DISTINCT, SIDES, Book
from extractor.audit.claims import ClaimLine
from extractor.dates import parse_date


def check_claim_itself(book: Book) -> None:
    for line in book.claim:
        _deleted(book, line)
        _modifiers(book, line)
    _add_ons(book)
    _limits(book)
    _pairs(book)


def _deleted(book: Book, line: ClaimLine) -> None:
    gone = book.tables.deleted.get(line.code)
    served = parse_date(book.note.date_of_service)
    if gone and not (served and served < gone.deleted_on):
        book.explained.add(line.line)
        book.add(
            "deleted-code",
            "invalid",
            line.line,
            f"{line.code} was deleted on {gone.deleted_on}; now {', '.join(gone.successors)}. {gone.note}",
            [f"deleted.{line.code}"],
            book.all_lesions(),
        )


def _modifiers(book: Book, line: ClaimLine) -> None:
    if not book.tables.in_family(line.code):
        return
    is_add_on = line.code in book.tables.addons
    for modifier in line.modifiers:
        known = book.tables.modifiers.get(modifier)
        if known is None:
            book.add(
                "modifier-unknown",
                "invalid",
                line.line,
                f"{modifier} is no modifier of this family.",
                ["audit.comparison"],
            )
        elif modifier == "50" and is_add_on:
            book.add(
                "modifier-invalid",
                "invalid",
                line.line,
                f"50 never stands on {line.code}, an additional-lesion code.",
                ["modifier.50"],
            )
        elif modifier == "50" and book.policy.contralateral != "modifier_50":
            book.add(
                "modifier-invalid",
                "invalid",
                line.line,
                "A lesion of the other breast is reported by the additional-lesion code, not by 50.",
                ["cpt.localization.contralateral"],
            )
        elif (known.addon if is_add_on else known.family) == "never":
            rule = "modifier.component" if modifier in ("26", "TC") else f"modifier.{modifier}"
            book.add(
                "modifier-invalid",
                "invalid",
                line.line,
                f"{modifier} never stands on {line.code}. {known.wrong}",
                [rule],
            )
    if {"RT", "LT"} <= set(line.modifiers):
        book.add(
            "side-contradicted",
            "invalid",
            line.line,
            "RT and LT stand on one line; use one line for each side.",
            ["modifier.side"],
        )


def _add_ons(book: Book) -> None:
    codes = {line.code for line in book.claim}
    for line in book.claim:
        add_on = book.tables.addons.get(line.code)
        if add_on is None or not book.tables.in_family(line.code):
            continue
        primaries = {
            *add_on.primaries,
            *(first for first, code in book.policy.add_ons.items() if code == line.code),
        }
        if codes & primaries:
            continue
        book.explained.add(line.line)
        rule = [f"ncci.addon.{line.code}"]
        role = book.tables.codes[line.code].role
        others = [
            code
            for code in codes
            if book.tables.in_family(code) and code not in book.tables.addons and book.tables.codes[code].role == role
        ]
        if others:
            right = next((r.additional for r in book.tables.rows.values() if r.first == others[0]), None)
            message = f"{line.code} is accepted beside {', '.join(add_on.primaries)} only, not beside {others[0]}"
            message += f", whose additional-lesion code is {right}." if right else "."
            book.add("addon-wrong-primary", "over", line.line, message, rule, book.all_lesions())
        else:
            message = f"{line.code} stands without its first-lesion code {', '.join(add_on.primaries)}."
            book.add("addon-without-primary", "invalid", line.line, message, rule, book.all_lesions())


def _limits(book: Book) -> None:
    units: Counter[str] = Counter()
    for line in book.claim:
        units[line.code] += line.units
    for code, count in units.items():
        limit = book.tables.limits.get(code)
        if limit and count > limit.units(book.policy.claim):
            last = max(line.line for line in book.claim if line.code == code)
            kind = "absolute" if limit.mai == 2 else "open to appeal"
            book.add(
                "mue-exceeded",
                "over",
                last,
                f"{count} units of {code}; the limit is {limit.units(book.policy.claim)} a day, {kind}.",
                [f"ncci.mue.{code}"],
            )


def _pairs(book: Book) -> None:
    """Column-two lines that share a side with their column-one line and carry no modifier that would lift the
    edit.
    """
    # A line that is wrong in itself forms no pair: correcting it settles both.
    sound = [line for line in book.claim if line.line not in book.explained]
    for two in sound:
        for one in sound:
            pair = book.tables.pairs.get((one.code, two.code))
            if pair is None or one is two or not _both_ours(book, one.code, two.code) or not _share_side(one, two):
                continue
            if book.policy.add_ons.get(two.code) == one.code:
                continue  # the policy itself pairs them as one row
            if pair.indicator == 1 and not DISTINCT & {*two.modifiers, *one.modifiers}:
                book.add(
                    "ptp-pair",
                    "invalid",
                    two.line,
                    f"{two.code} is column two to {one.code} on the same side and carries neither 59 nor an "
                    f"X modifier.",
                    [f"ncci.ptp.{one.code}.{two.code}"],
                )
                break


def _both_ours(book: Book, one: str, two: str) -> bool:
    return book.tables.in_family(one) and book.tables.in_family(two)


def _share_side(one: ClaimLine, two: ClaimLine) -> bool:
    a, b = SIDES & set(one.modifiers), SIDES & set(two.modifiers)
    return not a or not b or bool(a & b)
