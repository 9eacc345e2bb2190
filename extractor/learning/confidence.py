"""What the confidence in a recommendation is made from: the field models' probability of what the rules read, and signs
in the findings that readings go wrong.

Numbers in, numbers out; used alike by training and by judging, so that both see the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from extractor.coding.model import Recommendation
from extractor.findings import Findings
from extractor.learning.features import Features, Seen
from extractor.learning.tasks import STACKED

FLOOR = 0.005
"""Probability of a class that a model never met; none is taken for less."""


def inputs(findings: Findings, made: Recommendation, seen: Seen, support: Mapping[str, float]) -> Features:
    """Features of the confidence. `support`: by task the probability of the rules' value, the least over lesions."""
    values: Features = {f"disposition={made.disposition}": 1.0}
    for task in STACKED:
        probability = min(max(support.get(task, 1.0), FLOOR), 1 - FLOOR)
        # Doubt as log odds, in units that keep it near one; a task that is not asked casts none.
        values[f"support.{task}"] = math.log(probability / (1 - probability)) / 3 if task in support else 1.0
    number = len(findings.lesions)
    left, right = seen.sides
    values["lesions"] = min(number, 5) / 2
    values["several"] = float(number > 1)
    values["devices_over_lesions"] = float(
        sum(d.count or 1 for each in findings.lesions for d in each.devices) > max(number, 1)
    )
    values["modalities"] = len(seen.modalities) / 3
    values["unread_modality"] = float(any(each.guidance not in seen.modalities for each in findings.lesions))
    values["both_sides"] = float(bool(left and right))
    read = {each.laterality for each in findings.lesions}
    against = {"left": right > left, "right": left > right}
    values["minority_side"] = float(len(read) == 1 and any(against.get(side or "", False) for side in read))
    values["counting"] = min(seen.counting, 4) / 2
    sampled = any(each.biopsied for each in findings.lesions)
    values["sampling_unread"] = 0.0 if sampled else min(seen.sampling, 6) / 3
    values["axilla_unread"] = float(seen.axilla > 0 and not any(each.site == "axilla" for each in findings.lesions))
    values["axilla_read"] = float(any(each.site != "breast" for each in findings.lesions))
    values["mixed"] = float(sampled and any(not each.biopsied for each in findings.lesions))
    values["guidances"] = float(len({each.guidance for each in findings.lesions}) > 1)
    values["length"] = min(seen.words, 1000) / 500
    values["title_mismatch"] = float(bool(findings.title_mismatch))
    values["causes"] = min(len(made.causes), 4) / 2
    values["missing"] = min(len(findings.missing()), 8) / 4
    values["conflicting"] = min(len(findings.conflicting()), 3) / 2
    for name in ("guidance", "laterality"):
        sections = {e.section for each in findings.lesions for e in each.evidence.get(name, ())}
        values[f"{name}.technique"] = float("technique" in sections)
    if made.disposition == "ready":  # what goes wrong where codes are given is not what goes wrong elsewhere
        values |= {f"ready.{name}": value for name, value in values.items() if not name.startswith("disposition")}
    return values
