"""Users, their sessions, and the tokens of other programs.

Passwords are kept as Argon2 hashes, session keys and tokens as digests: who reads the store cannot log in with what
it holds.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, func, insert, select, update

from extractor.web.store import trail
from extractor.web.store.engine import Row, as_time, many, now, one
from extractor.web.store.schema import sessions, tokens, users

ROLES = ("reviewer", "lead", "admin")
"""Each may do what those before it may."""

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1000
FAILURES = 5
LOCKED = timedelta(minutes=15)
_hasher = PasswordHasher()
# Verified where there is no such user, so that the time of an answer does not tell which names exist.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class UserError(ValueError):
    """The user cannot be made or changed; the message says why."""


@dataclass(frozen=True, slots=True)
class User:
    """Who acts."""

    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether this user may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


def any_users(connection: Connection) -> bool:
    """Whether anybody can log in."""
    return bool(connection.execute(select(func.count()).select_from(users).where(users.c.active)).scalar_one())


def add(connection: Connection, actor: str, name: str, role: str, password: str, new: bool = False) -> None:
    """A new user, or a new password and role for one there is; with `new` that one is refused. Raises UserError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}", name):
        raise UserError("a user name has letters, digits and . _ @ - only")
    _check_role(role)
    _check_password(password)
    values = {"role": role, "password": _hasher.hash(password), "active": True, "failures": 0, "locked_until": None}
    old = connection.execute(select(users.c.id).where(users.c.name == name)).scalar_one_or_none()
    if old is not None and new:
        raise UserError("there is a user of this name; change that one or choose another name")
    if old is None:
        connection.execute(insert(users).values(name=name, created_at=now(), **values))
    else:
        connection.execute(update(users).where(users.c.id == old).values(values))
        connection.execute(delete(sessions).where(sessions.c.user == old))
    trail.record(connection, actor, "user.set", f"user:{name}", role=role)


def set_role(connection: Connection, actor: str, name: str, role: str) -> None:
    """Give a user another role. Raises UserError, also where no administrator would be left."""
    _check_role(role)
    _change(connection, actor, name, "user.role", {"role": role}, keeps_admin=role == "admin", role=role)


def set_password(connection: Connection, actor: str, name: str, password: str) -> None:
    """Give a user another password; their sessions end and a lock is lifted. Raises UserError."""
    _check_password(password)
    values = {"password": _hasher.hash(password), "failures": 0, "locked_until": None}
    _change(connection, actor, name, "user.password", values)


def deactivate(connection: Connection, actor: str, name: str) -> None:
    """Let a user no longer in; what they did stays under their name. Raises UserError, also where no administrator
    would be left among other users.
    """
    _change(connection, actor, name, "user.deactivate", {"active": False}, keeps_admin=False)


def activate(connection: Connection, actor: str, name: str) -> None:
    """Let a user in again, with the password and role that they had. Raises UserError."""
    _change(connection, actor, name, "user.activate", {"active": True, "failures": 0, "locked_until": None})


def _change(
    connection: Connection, actor: str, name: str, action: str, values: dict[str, Any], keeps_admin: bool = True,
    **detail: str,
) -> None:  # fmt: skip
    """Change a user and end their sessions. Who may do what is read with a session, so that none outlives a change."""
    row = one(connection, select(users).where(users.c.name == name))
    if row is None:
        raise UserError("there is no such user")
    if not keeps_admin and row["active"] and row["role"] == "admin":
        others = select(users.c.role).where(users.c.active, users.c.id != row["id"])
        left = list(connection.execute(others).scalars())
        if left and "admin" not in left:
            raise UserError("this is the last administrator; make somebody else one first")
    connection.execute(update(users).where(users.c.id == row["id"]).values(values))
    connection.execute(delete(sessions).where(sessions.c.user == row["id"]))
    trail.record(connection, actor, action, f"user:{name}", **detail)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UserError(f"a role is one of {', '.join(ROLES)}")


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UserError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")


def listed(connection: Connection) -> list[Row]:
    """All users, by name, without their passwords; `seen_at`: when an open session of theirs was last used."""
    seen = select(sessions.c.user, func.max(sessions.c.seen_at).label("seen_at")).group_by(sessions.c.user).subquery()
    wanted = (
        select(users.c.name, users.c.role, users.c.active, users.c.created_at, users.c.locked_until, seen.c.seen_at)
        .outerjoin(seen, seen.c.user == users.c.id)
        .order_by(users.c.name)
    )
    return many(connection, wanted)


def listed_tokens(connection: Connection) -> list[Row]:
    """All tokens of programs, by name, without what lets them in."""
    wanted = select(tokens.c.name, tokens.c.role, tokens.c.active, tokens.c.created_at).order_by(tokens.c.name)
    return many(connection, wanted)


def log_in(connection: Connection, name: str, password: str) -> str | None:
    """A new session key, or None. Five failures lock the name for a quarter of an hour; each is in the trail."""
    row = one(connection, select(users).where(users.c.name == name, users.c.active))
    right = _matches(row["password"] if row else _NOBODY, password)
    if row is None:
        trail.record(connection, "-", "login.failed", "user:unknown")
        return None
    if row["locked_until"] and row["locked_until"] > now():
        trail.record(connection, name, "login.locked", f"user:{name}")
        return None
    if not right:
        failures = row["failures"] + 1
        locked = as_time(datetime.now(UTC) + LOCKED) if failures >= FAILURES else None
        connection.execute(
            update(users)
            .where(users.c.id == row["id"])
            .values(failures=0 if locked else failures, locked_until=locked)
        )
        trail.record(connection, name, "login.failed", f"user:{name}", locked=locked is not None)
        return None
    key = secrets.token_urlsafe(32)
    connection.execute(update(users).where(users.c.id == row["id"]).values(failures=0, locked_until=None))
    connection.execute(insert(sessions).values(digest=_digest(key), user=row["id"], created_at=now(), seen_at=now()))
    trail.record(connection, name, "login", f"user:{name}")
    return key


def log_out(connection: Connection, key: str) -> None:
    """End a session; nothing where there is none."""
    found = of_session(connection, key, timedelta(days=36500), timedelta(days=36500))
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(key)))
    if found:
        trail.record(connection, found[0].name, "logout", f"user:{found[0].name}")


def of_session(connection: Connection, key: str, idle: timedelta, longest: timedelta) -> tuple[User, bool] | None:
    """Who a session key belongs to and whether it is time to `touch` it; None where it is unknown, idle or too old."""
    wanted = (
        select(users.c.name, users.c.role, sessions.c.seen_at, sessions.c.created_at)
        .join(sessions, sessions.c.user == users.c.id)
        .where(sessions.c.digest == _digest(key), users.c.active)
    )
    row = connection.execute(wanted).one_or_none()
    moment = datetime.now(UTC)
    if row is None or row.seen_at < as_time(moment - idle) or row.created_at < as_time(moment - longest):
        return None
    return User(row.name, row.role), row.seen_at < as_time(moment - min(idle / 4, timedelta(minutes=1)))


def touch(connection: Connection, key: str) -> None:
    """A session was used now."""
    connection.execute(update(sessions).where(sessions.c.digest == _digest(key)).values(seen_at=now()))


def add_token(connection: Connection, actor: str, name: str, role: str) -> str:
    """A new token for a program; it is shown once and cannot be read again. Raises UserError."""
    _check_role(role)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}", name):
        raise UserError("the name of a token has letters, digits and . _ @ - only")
    if connection.execute(select(tokens.c.name).where(tokens.c.name == name)).scalar_one_or_none():
        raise UserError("there is a token of this name; revoke it or choose another name")
    token = f"ext_{secrets.token_urlsafe(32)}"
    connection.execute(insert(tokens).values(digest=_digest(token), name=name, role=role, created_at=now()))
    trail.record(connection, actor, "token.add", f"token:{name}", role=role)
    return token


def revoke_token(connection: Connection, actor: str, name: str) -> None:
    """Let a token no longer in. Raises UserError."""
    if connection.execute(update(tokens).where(tokens.c.name == name).values(active=False)).rowcount != 1:
        raise UserError("there is no such token")
    trail.record(connection, actor, "token.revoke", f"token:{name}")


def of_token(connection: Connection, token: str) -> User | None:
    """Which program a token belongs to; None where it is unknown or revoked."""
    wanted = select(tokens.c.name, tokens.c.role).where(tokens.c.digest == _digest(token), tokens.c.active)
    row = connection.execute(wanted).one_or_none()
    return User(f"token:{row.name}"[:80], row.role) if row else None


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
