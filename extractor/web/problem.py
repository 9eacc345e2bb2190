"""Errors as callers see them: `application/problem+json`, or a page of the desk. Never with a word of what was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """An error in the form of RFC 9457; `errors` names the places of a body that were not understood."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[str] = []


class Halt(Exception):
    """Ends a request with a status and a message that is safe to show."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class LoginNeeded(Exception):
    """A page of the desk was asked for by nobody in particular."""


def response(
    status: int, detail: str = "", errors: list[str] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """An answer that says what went wrong."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors or [])
    return JSONResponse(problem.model_dump(), status, headers, MEDIA_TYPE)


def places(errors: Any) -> list[str]:
    """Where a body does not fit, without its values: `body.notes.0.text: string_type`."""
    named = []
    for error in list(errors)[:20]:
        # Keys that a caller made up may hold anything; only names that are ours are repeated.
        extra = error["type"] == "extra_forbidden"
        parts = [str(part) for part in error["loc"]][: -1 if extra else None]
        named.append(f"{'.'.join(part if _ours(part) else '?' for part in parts)}: {error['type']}")
    return named


def _ours(part: str) -> bool:
    return part.isdecimal() or (part.isidentifier() and part.islower() and len(part) < 30)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These errors, for the description of a route."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {s: {"description": HTTPStatus(s).phrase, "content": {MEDIA_TYPE: schema}} for s in statuses}
