"""What a corpus holds, by style: how many notes of which kind, and how often each element is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from extractor.annotations.check import JUDGED_STATUS, JUDGED_TYPES
from extractor.annotations.standoff import Document


def statistics(documents: Iterable[Document]) -> dict[str, Any]:
    """Counts of a corpus as plain values, keys in order of frequency."""
    notes = judged = characters = without = 0
    counts: dict[str, Counter[str]] = {
        name: Counter()
        for name in ("type", "status", "disposition", "guidance", "laterality", "device", "target", "code",
                     "complication", "missing", "conflicting", "spans")
    }  # fmt: skip
    for document in documents:
        notes += 1
        characters += len(document.text)
        counts["spans"].update(span.label for span in document.spans)
        record = document.record
        if record is None:
            without += 1
            continue
        procedure = record["procedure"]
        counts["type"][procedure["type"]] += 1
        counts["status"][str(procedure["status"])] += 1
        counts["disposition"][record["recommendation"]["disposition"]] += 1
        for lesion in record["lesions"]:
            for name in ("guidance", "laterality", "target"):
                counts[name][str(lesion[name])] += 1
            counts["device"].update({str(d["type"]): d["count"] or 1 for d in lesion["devices"]})
        counts["code"].update({line["code"]: line["units"] for line in record["recommendation"]["codes"]})
        counts["complication"].update(record["complications"]["items"])
        judged += procedure["type"] in JUDGED_TYPES and procedure["status"] in JUDGED_STATUS
        for status in ("missing", "conflicting"):
            counts[status].update(record["documentation"][status])
    return {
        "notes": notes,
        "without_record": without,
        "characters_per_note": round(characters / notes) if notes else 0,
        "judged_for_documentation": judged,
        **{name: dict(sorted(each.items(), key=lambda item: (-item[1], item[0]))) for name, each in counts.items()},
    }


def by_style(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """The notes of each style: the part of the id before the hyphen."""
    groups: dict[str, list[Document]] = {}
    for document in documents:
        groups.setdefault(document.note_id.split("-")[0], []).append(document)
    return groups
