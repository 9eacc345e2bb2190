"""A client of the HTTP interface, with nothing but the standard library.

Knows addresses and JSON; results come back as the same objects that `extractor.extract` gives.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from extractor.note import Note
from extractor.result import Result


class ClientError(RuntimeError):
    """The server refused. `status` is that of HTTP (0 where it was not reached), `detail` says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}" if status else detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True, slots=True)
class Client:
    """A server at `base_url`, such as `http://127.0.0.1:8765`. `timeout` in seconds.

    Every method raises ClientError where the server refuses or cannot be reached.
    """

    base_url: str
    token: str | None = field(default=None, repr=False)
    timeout: float = 60.0

    def extract(self, note: str | Note, note_id: str = "note") -> Result:
        """The result of one note. Nothing is stored."""
        return Result.model_validate(self._call("POST", "extract", _note(note, note_id)))

    def extract_all(self, notes: Iterable[str | Note], together: int = 50) -> list[Result]:
        """The results of many notes, in order, sent `together` at a time. Raises for a note that cannot be read."""
        sent = [_note(note, str(number)) for number, note in enumerate(notes, 1)]
        results = []
        for at in range(0, len(sent), together):
            for each in self._call("POST", "extract/batch", {"notes": sent[at : at + together]})["results"]:
                if each["problem"]:
                    raise ClientError(each["problem"]["status"], each["problem"]["detail"])
                results.append(Result.model_validate(each["result"]))
        return results

    def audit(self, note: str | Note, claim: Iterable[Mapping[str, Any]], note_id: str = "note") -> Result:
        """The result of one note with its draft claim compared; lines have `code`, `units`, `modifiers`."""
        body = {**_note(note, note_id), "claim": [dict(line) for line in claim]}
        return Result.model_validate(self._call("POST", "audit", body))

    def put(
        self, note: Note, claim: Iterable[Mapping[str, Any]] | None = None, site: str = "", provider: str = "",
        key: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Put a note into the worklist; `number`, `change` and `disposition`. `key`: the same one is one request."""
        body = {**_note(note, note.note_id), "site": site, "provider": provider}
        if claim is not None:
            body["claim"] = [dict(line) for line in claim]
        return self._call("POST", "notes", body, key)

    def worklist(self, **filters: str | int) -> dict[str, Any]:
        """A page of the worklist: `notes`, `total`, `page`, `pages`."""
        return self._call("GET", f"worklist?{urlencode(filters)}")

    def note(self, number: int) -> dict[str, Any]:
        """A note of the worklist with its text and result."""
        return self._call("GET", f"notes/{number}")

    def decide(self, number: int, kind: str, revision: int, key: str | None = None, **more: str) -> dict[str, Any]:
        """`accept`, `change`, `send_back` or `undo`, with `reason_code`, `comment`, `codes` as the kind asks."""
        return self._call("POST", f"notes/{number}/decisions", {"kind": kind, "revision": revision, **more}, key)

    def versions(self) -> dict[str, Any]:
        """What is running there."""
        return self._call("GET", "versions")

    def _call(self, method: str, path: str, body: Any = None, key: str | None = None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        data = None if body is None else json.dumps(body).encode()
        address = f"{self.base_url.rstrip('/')}/api/v1/{quote(path, safe='/?&=%+')}"
        if not address.startswith(("http://", "https://")):
            raise ClientError(0, "base_url has to begin with http:// or https://")
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                said: dict[str, Any] = json.load(answer)
                return said
        except urllib.error.HTTPError as error:
            raise ClientError(error.code, _detail(error)) from None
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            raise ClientError(0, f"the server cannot be reached ({type(error).__name__})") from None


def _note(note: str | Note, note_id: str) -> dict[str, Any]:
    if isinstance(note, Note):
        return {"note_id": note.note_id, "text": note.text}
    return {"note_id": note_id, "text": note}


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.load(error)
        return "; ".join([problem["detail"], *problem.get("errors", [])])
    except (ValueError, KeyError, TypeError):
        return error.reason if isinstance(error.reason, str) else "the server refused"
