"""The page of users for administrators: who may use the desk, in which role, and the tokens of other programs.

Each form does one thing, in one transaction with its row of the audit trail; what cannot be done is said on the page.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from extractor.web.desk.pages import Here, Text, store_of
from extractor.web.desk.render import page
from extractor.web.identity import Visit
from extractor.web.problem import Halt
from extractor.web.store import users
from extractor.web.store.engine import now
from extractor.web.store.users import UserError

router = APIRouter(include_in_schema=False)

ROLES = {
    "reviewer": "reads notes, decides, asks",
    "lead": "also assigns, draws samples, undoes for others, sees the audit trail",
    "admin": "also keeps users and tokens",
}


@router.get("/users")
def shown(request: Request, who: Here) -> Response:
    who.need("admin")
    return _draw(request, who)


def _draw(
    request: Request, who: Visit, error: str = "", status: int = 200, name: str = "", token: str = ""
) -> Response:
    """The page; `name` is what was written into the form that failed, `token` one that was made just now."""
    with store_of(request).read() as connection:
        people, programs = users.listed(connection), users.listed_tokens(connection)
    return page(
        request, who, "users.html", status, people=people, programs=programs, roles=ROLES, error=error, name=name,
        token=token, shortest=users.SHORTEST_PASSWORD,
        locked={each["name"] for each in people if each["locked_until"] and each["locked_until"] > now()},
    )  # fmt: skip


def _add(connection: Connection, actor: str, name: str, role: str, password: str) -> None:
    if role != "admin" and not users.any_users(connection):
        raise UserError("the first user has to be an administrator, or nobody could add the next")
    users.add(connection, actor, name, role, password, new=True)


ACTIONS: dict[str, tuple[Callable[[Connection, str, str, str, str], object], str]] = {
    "add": (_add, "user_added"),
    "role": (lambda c, actor, name, role, password: users.set_role(c, actor, name, role), "user_changed"),
    "password": (lambda c, actor, name, role, password: users.set_password(c, actor, name, password), "password_set"),
    "deactivate": (lambda c, actor, name, role, password: users.deactivate(c, actor, name), "user_off"),
    "activate": (lambda c, actor, name, role, password: users.activate(c, actor, name), "user_on"),
    "revoke": (lambda c, actor, name, role, password: users.revoke_token(c, actor, name), "token_off"),
}


@router.post("/users")
def change(
    request: Request, who: Here, csrf: Text = "", action: Text = "", name: Text = "", role: Text = "",
    password: Text = "",
) -> Response:  # fmt: skip
    who.check(csrf)
    who.need("admin")
    name = name.strip()[:200]
    try:
        with store_of(request).write() as connection:
            if action == "token":
                made = users.add_token(connection, who.user.name, name, role)
            elif action not in ACTIONS:
                raise Halt(400, "There is no such action.")
            elif action in ("role", "deactivate") and name == who.user.name:
                raise UserError("ask another administrator to change your own role or access")
            else:
                ACTIONS[action][0](connection, who.user.name, name, role, password)
    except UserError as error:
        return _draw(request, who, str(error), 422, name if action in ("add", "token") else "")
    if action == "token":
        # It is shown once, on the answer itself: an address would keep it in the history of the browser.
        return _draw(request, who, token=made)
    return RedirectResponse(f"/users?done={ACTIONS[action][1]}", 303)
