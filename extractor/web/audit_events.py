"""The audit trail as FHIR R4 AuditEvents, for whatever collects those of a hospital.

Each event holds what its row holds and no more: numbers, names of users, digests; and the hashes by which the rows are
chained, so that a copy elsewhere shows what was changed here.
"""

from __future__ import annotations

import json
from typing import Any

from extractor.web.store.engine import Row

DCM = "http://dicom.nema.org/resources/ontology/DCM"
LOCAL = "urn:x-extractor:"
KINDS = {
    "login": ("110114", "User Authentication"),
    "logout": ("110114", "User Authentication"),
    "user": ("110113", "Security Alert"),
    "token": ("110113", "Security Alert"),
    "export": ("110106", "Export"),
    "trail": ("110101", "Audit Log Used"),
}
"""The kind of an event by what its action begins with; anything else is about the record of a patient."""
RECORD = ("110110", "Patient Record")
IMPORT = ("110107", "Import")
DONE = {"open": "R", "history": "R", "purge": "D", "deactivate": "U", "activate": "U", "role": "U", "password": "U",
        "revoke": "U", "edit": "U", "assign": "U", "addendum": "U", "answer": "U"}  # fmt: skip
"""What an action does, by how it ends: read, delete, update; see `_does` for the others."""


def event(row: Row) -> dict[str, Any]:
    """One row of the trail as an AuditEvent."""
    code, name = IMPORT if row["action"] == "note.import" else KINDS.get(row["action"].split(".")[0], RECORD)
    chain = {"row": row["seq"], "previous": row["previous"], "hash": row["hash"]}
    detail = {**json.loads(row["detail"]), **chain}
    return {
        "resourceType": "AuditEvent",
        "id": f"trail-{row['seq']}",
        "type": {"system": DCM, "code": code, "display": name},
        "subtype": [{"system": f"{LOCAL}action", "code": row["action"]}],
        "action": _does(row["action"]),
        "recorded": row["at"],
        "outcome": "4" if row["action"] in ("login.failed", "login.locked") else "0",
        "agent": [
            {"who": {"identifier": {"system": f"{LOCAL}user", "value": row["actor"]}}, "altId": row["actor"],
             "requestor": True}
        ],
        "source": {"observer": {"display": "extractor"}},
        "entity": [
            {
                "what": {"identifier": {"system": f"{LOCAL}object", "value": row["object"]}},
                "detail": [{"type": key, "valueString": str(value)} for key, value in sorted(detail.items())],
            }
        ],
    }  # fmt: skip


def _does(action: str) -> str:
    group, _, last = action.partition(".")
    if group in ("login", "logout", "export", "trail"):
        return "E"
    return DONE.get(last, "C")


def line(row: Row) -> str:
    """One row as a line of NDJSON, with its end."""
    return json.dumps(event(row)) + "\n"
