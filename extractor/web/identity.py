"""Who acts: a person with a session, a program with a token, or, where nobody has to log in, the person at the machine.

Knows cookies and headers, roles and the check against forged forms; nothing of what is then done.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from extractor.web.problem import Halt, LoginNeeded
from extractor.web.settings import Settings
from extractor.web.store import Store, users
from extractor.web.store.users import User

COOKIE = "extractor_session"
LOCAL = User("local", "admin")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the desk. `csrf` stands in every form: only a page that this browser got from here can know it."""

    user: User
    key: str
    fresh: bool

    @property
    def csrf(self) -> str:
        return hashlib.sha256(f"csrf {self.key}".encode()).hexdigest()

    def check(self, csrf: str) -> None:
        """Raise Halt where a form does not come from a page of this visit."""
        if not hmac.compare_digest(csrf.encode(), self.csrf.encode()):
            raise Halt(403, "The form is too old or not from this desk; load the page again.")

    def need(self, role: str) -> None:
        """Raise Halt where the user may not do what `role` may."""
        if not self.user.may(role):
            raise Halt(403, f"This needs the role {role}.")


def visit(request: Request) -> Visit:
    """Who is at the desk. Raises LoginNeeded."""
    settings: Settings = request.app.state.settings
    store: Store = request.app.state.store
    key = request.cookies.get(COOKIE, "")
    if not settings.authentication:
        known = 30 <= len(key) <= 64
        return Visit(LOCAL, key if known else secrets.token_urlsafe(32), not known)
    if not key:
        raise LoginNeeded
    with store.read() as connection:
        found = users.of_session(connection, key, settings.idle, settings.longest_session)
    if found is None:
        raise LoginNeeded
    user, old = found
    if old:
        with store.write() as connection:
            users.touch(connection, key)
    return Visit(user, key, False)


def program(request: Request) -> User:
    """Which program calls. Raises Halt without a token that is known, where one is needed."""
    settings: Settings = request.app.state.settings
    if not settings.authentication:
        return LOCAL
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        with request.app.state.store.read() as connection:
            found = users.of_token(connection, token.strip())
        if found is not None:
            return found
    raise Halt(401, "A token is needed: Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"})


def set_cookie(response: Response, settings: Settings, key: str) -> None:
    """Give the browser its session."""
    response.set_cookie(COOKIE, key, httponly=True, samesite="strict", secure=settings.behind_tls, path="/")
