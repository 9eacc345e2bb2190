"""From lesions to claim lines: family row, first and additional lesion, side, pair edits, unit limits.

Works on cases, the few facts of a lesion that choose a code, so that the same rules make the recommendation and every
candidate. Decides nothing about whether a note may be coded at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from extractor.coding.model import CodeLine
from extractor.coding.policy import Policy
from extractor.coding.tables import Row, Tables
from extractor.findings import Findings, Lesion

SIDE_MODIFIER = {"right": "RT", "left": "LT"}
ROLE_ORDER = {"biopsy": 0, "soft_tissue": 1, "localization": 2, "unlisted": 3}
ROW_MODALITIES = frozenset({"mammographic", "stereotactic", "ultrasound", "mri"})
INK = frozenset({"dye", "carbon"})


@dataclass(frozen=True, slots=True)
class Case:
    """One lesion as coding sees it. `copies` is how many lesions it stands for when a count is only assumed."""

    number: int
    site: str | None
    side: str | None
    guidance: str | None
    biopsied: bool
    ink_only: bool = False
    copies: int = 1

    @property
    def in_breast(self) -> bool:
        return self.site not in ("axilla", "other_soft_tissue")


def case_of(lesion: Lesion) -> Case:
    """The facts of one lesion that choose its code."""
    devices = lesion.devices
    ink_only = bool(devices) and all(d.type in INK for d in devices)
    return Case(lesion.number, lesion.site, lesion.laterality, lesion.guidance, lesion.biopsied, ink_only)


def coded_lesions(findings: Findings) -> list[Lesion]:
    """Lesions that can yield a code: not those that failed or were never attempted."""
    return [lesion for lesion in findings.lesions if lesion.outcome in ("placed", None)]


def out_of_scope(case: Case) -> str | None:
    """The rule by which this lesion yields nothing to report, or None."""
    if case.guidance == "none":
        return "scope.unguided"
    if case.biopsied and not case.in_breast and case.site is not None:
        return "scope.node_biopsy"
    return None


def row_name(case: Case, policy: Policy) -> str | None:
    """The family row of a lesion under a policy; None where no row names the guidance and the policy leaves it to a
    person.
    """
    if case.biopsied:
        if case.guidance == "tomosynthesis":
            return {"19499": "unlisted", "19081": "biopsy.stereotactic"}.get(policy.tomosynthesis_biopsy)
        return f"biopsy.{case.guidance}" if case.guidance in ("stereotactic", "ultrasound", "mri") else None
    if not case.in_breast:
        return "soft_tissue.any"
    if case.guidance in ROW_MODALITIES:
        return f"localization.{case.guidance}"
    if case.guidance == "tomosynthesis":
        return {"19499": "unlisted", "19281": "localization.mammographic", "19283": "localization.stereotactic"}.get(
            policy.tomosynthesis_only
        )
    if case.guidance in ("ct", "fluoroscopic"):
        return {"19499": "unlisted"}.get(policy.ct_or_fluoroscopy)
    return None


def code_lines(cases: Iterable[Case], policy: Policy, tables: Tables) -> list[CodeLine]:
    """Claim lines for lesions in the order of the note; cases that are out of scope or have no row yield none."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        if out_of_scope(case):
            continue
        name = row_name(case, policy)
        if name is not None and name in tables.rows:
            groups.setdefault(name, []).append(case)
    drafts: list[_Draft] = []
    for name, group in groups.items():
        drafts += _lines_of_row(tables.rows[name], group, policy, tables)
    _mark_pairs(drafts, policy, tables)
    # A row whose first line stands in column one comes before a row whose first line stands in column two.
    marked = {d.row for d in drafts if d.first and d.distinct_from}
    drafts.sort(
        key=lambda d: (
            ROLE_ORDER[d.row.partition(".")[0]],
            d.row in marked,
            tables.rows[d.row].first,
            not d.first,
            d.line.code,
        )
    )
    return [d.line for d in drafts]


@dataclass(slots=True)
class _Draft:
    line: CodeLine
    row: str
    first: bool
    sides: frozenset[str]
    distinct_from: tuple[str, ...] = ()


def further_code(row: Row, policy: Policy) -> str:
    """The code of a further lesion of a row; a row without one repeats its first code."""
    return policy.add_ons.get(row.first) or row.additional or row.first


def _lines_of_row(row: Row, group: Sequence[Case], policy: Policy, tables: Tables) -> list[_Draft]:
    role, _, modality = row.name.partition(".")
    first, further = group[0], list(group[1:])
    if first.copies > 1:
        further.insert(0, replace(first, copies=first.copies - 1))
    drafts = [_first_line(row, role, modality, first)]
    other = next((c for c in further if first.side and c.side and c.side != first.side), None)
    if policy.contralateral == "modifier_50" and other and row.additional:
        further.remove(other)
        if other.copies > 1:
            further.insert(0, replace(other, copies=other.copies - 1))
        line = drafts[0].line
        line.modifiers = ["50"]
        line.lesions.append(other.number)
        line.rationale += " The policy reports the first lesion of the other breast by modifier 50."
        line.rules.append("cpt.localization.contralateral")
        drafts[0].sides = frozenset(("left", "right"))
    by_side: dict[str | None, list[Case]] = {}
    code = further_code(row, policy)
    for case in further:
        by_side.setdefault(case.side if policy.additional_sides == "RT_LT" else None, []).append(case)
    for side, cases in by_side.items():
        units = sum(c.copies for c in cases)
        rules = [f"cpt.{role}.additional"]
        if code in tables.addons:
            rules.append(f"ncci.addon.{code}")
        if code != row.additional and row.additional:
            rules.append("policy.source_card")
        where = "either breast" if side is None else f"{side} side"
        drafts.append(
            _Draft(
                CodeLine(
                    code,
                    units,
                    [SIDE_MODIFIER[side]] if side else [],
                    sorted({c.number for c in cases}),
                    f"{'Further lesion' if units == 1 else f'{units} further lesions'} "
                    f"{_doing(role, modality)}, {where}.",
                    rules + (["modifier.side"] if side else []),
                ),
                row.name,
                False,
                frozenset(c.side for c in cases if c.side),
            )
        )
    return drafts


def _first_line(row: Row, role: str, modality: str, case: Case) -> _Draft:
    modifiers = [SIDE_MODIFIER[case.side]] if case.side else []
    rules = [f"cpt.{role}.first"] + (["modifier.side"] if case.side else [])
    text = f"First lesion {_doing(role, modality)}."
    return _Draft(
        CodeLine(row.first, 1, modifiers, [case.number], text, rules),
        row.name,
        True,
        frozenset((case.side,)) if case.side else frozenset(),
    )


def _doing(role: str, modality: str) -> str:
    guidance = {"mri": "MR", "any": "imaging"}.get(modality, modality)
    verb = {
        "localization": f"localized under {guidance} guidance",
        "biopsy": f"sampled under {guidance} guidance",
        "soft_tissue": "marked in soft tissue outside the breast under imaging guidance",
        "unlisted": "whose guidance no listed code names",
    }
    return verb[role]


def _mark_pairs(drafts: Sequence[_Draft], policy: Policy, tables: Tables) -> None:
    """Put the distinct-lesion modifier on every column-two line that shares a side with its column-one line."""
    for two in drafts:
        ones = []
        for one in drafts:
            pair = tables.pairs.get((one.line.code, two.line.code))
            if one is not two and pair and pair.indicator == 1 and one.row != two.row and one.sides & two.sides:
                ones.append(one.line.code)
        if ones:
            two.distinct_from = tuple(ones)
            two.line.modifiers.append(policy.distinct_modifier)
            two.line.rules += [f"ncci.ptp.{one}.{two.line.code}" for one in ones] + ["modifier.distinct"]
            two.line.rationale += f" A different lesion from that of {' and '.join(ones)} on the same side."


def over_limit(lines: Iterable[CodeLine], policy: Policy, tables: Tables) -> list[tuple[str, int, int]]:
    """Codes whose units in a day exceed the unit limit: code, units, limit."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.code] = units.get(line.code, 0) + line.units
    over = []
    for code, count in units.items():
        limit = tables.limits.get(code)
        if limit and count > limit.units(policy.claim):
            over.append((code, count, limit.units(policy.claim)))
    return over
