"""What stands beside the coded service: what is part of it and may not be billed, and what may if it is documented.

Reads the pair edits and the facts that reading found; makes no claim lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from extractor.coding.model import CodeLine, Companion
from extractor.coding.tables import Tables
from extractor.findings import Findings

MAMMOGRAM = ("77065", "77066")


def companions(findings: Findings, lines: Sequence[CodeLine], tables: Tables) -> list[Companion]:
    """Guidance, post-placement mammogram and specimen imaging beside these lines."""
    codes = {line.code for line in lines if tables.in_family(line.code)}
    if not codes:
        return []
    bundled = {two for one, two in tables.pairs if one in codes}
    made: list[Companion] = []
    guidance = tuple(sorted(c for c in bundled if tables.codes[c].role == "guidance"))
    if guidance:
        made.append(
            Companion(
                guidance,
                "bundled",
                "Guidance is part of the code and is never reported beside it for the same lesion.",
                ["bundle.guidance"],
            )
        )
    if bundled & set(MAMMOGRAM):
        made.append(
            Companion(
                MAMMOGRAM,
                "bundled",
                "Under mammographic guidance the images after placement are part of the code.",
                ["bundle.post_mammogram"],
            )
        )
    elif findings.facts.get("uncertified_unit") or findings.facts.get("same_unit"):
        text = (
            "A mammogram on the unit that guided the placement, or on one that is not certified, is not "
            "billed separately."
        )
        made.append(Companion(MAMMOGRAM, "bundled", text, ["separate.post_mammogram"]))
    else:
        documented = _post_mammogram(findings)
        made.append(Companion(MAMMOGRAM, "separate", documented, ["separate.post_mammogram"]))
    if "76098" in bundled:
        made.append(
            Companion(
                ("76098",), "bundled", "Imaging of the biopsy specimen is part of the biopsy.", ["bundle.specimen"]
            )
        )
    else:
        made.append(
            Companion(
                ("76098",),
                "separate",
                "A radiograph of the excised specimen is its own service when somebody reads and reports it.",
                ["separate.specimen"],
            )
        )
    return made


def _post_mammogram(findings: Findings) -> str:
    needs = (
        "needs an order, a reason, its own interpretation and a certified unit other than the one that "
        "guided the placement"
    )
    if not findings.facts.get("post_placement_mammogram"):
        return f"No mammogram after placement is documented; billed separately one {needs}."
    if findings.facts.get("separate_unit"):
        return f"A mammogram on another unit is documented; billed separately it {needs}."
    return f"A mammogram after placement is documented, the unit is not; billed separately it {needs}."
