"""The page of users: what administrators do there, who may not, and that each change is in the audit trail."""

from __future__ import annotations

import re

import pytest

from extractor.web.reading import Reader
from extractor.web.store import Store, trail, users
from extractor.web.store.users import UserError
from tests.web.conftest import Desk

OLD, NEW = "a long password", "another long password"


@pytest.fixture
def staffed(sqlite: Store, reads: Reader) -> Desk:
    """A desk with one user of each role, where nobody is logged in."""
    with sqlite.write() as connection:
        for name, role in (("ada", "admin"), ("lea", "lead"), ("rita", "reviewer")):
            users.add(connection, "test", name, role, OLD)
    return Desk(sqlite, reads, authentication=True)


def log_in(desk: Desk, name: str, password: str = OLD) -> int:
    desk.client.cookies.clear()
    return desk.client.post("/login", data={"name": name, "password": password}).status_code


def csrf(desk: Desk) -> str:
    return desk.hidden(desk.get("/export").text)["csrf"]


def change(desk: Desk, action: str, name: str, **more: str) -> tuple[int, str]:
    data = {"csrf": csrf(desk), "action": action, "name": name, **more}
    answer = desk.client.post("/users", data=data, headers={"Accept": "text/html"})
    return answer.status_code, answer.text


def actions(store: Store) -> list[tuple[str, str, str]]:
    with store.read() as connection:
        assert trail.verify(connection) == []
        rows = trail.rows(connection)
    return [(row["actor"], row["action"], row["object"]) for row in reversed(rows) if row["actor"] != "test"]


@pytest.mark.parametrize(("name", "role"), [("rita", "reviewer"), ("lea", "lead")])
def test_others_than_administrators_see_and_change_nothing(staffed: Desk, name: str, role: str) -> None:
    assert log_in(staffed, name) == 303
    assert 'href="/users"' not in staffed.get("/").text
    assert staffed.get("/users").status_code == 403
    for action in ("add", "role", "password", "deactivate", "activate", "token", "revoke"):
        assert change(staffed, action, "rita", role="admin", password=NEW)[0] == 403
    with staffed.store.read() as connection:
        assert {row["name"]: row["role"] for row in users.listed(connection)}[name] == role
    assert [action for _, action, _ in actions(staffed.store)] == ["login"]


def test_add_change_reset_disable_and_enable(staffed: Desk) -> None:
    assert log_in(staffed, "ada") == 303
    assert change(staffed, "add", "bob", role="reviewer", password=OLD)[0] == 303
    status, said = change(staffed, "add", "bob", role="admin", password=NEW)
    assert (status, "there is a user of this name" in said.lower()) == (422, True)
    assert change(staffed, "role", "bob", role="lead")[0] == 303
    assert log_in(staffed, "bob") == 303
    assert staffed.get("/trail").status_code == 200
    bobs = dict(staffed.client.cookies)

    assert log_in(staffed, "ada") == 303
    assert change(staffed, "password", "bob", password=NEW)[0] == 303
    adas = dict(staffed.client.cookies)
    staffed.client.cookies.clear()
    staffed.client.cookies.update(bobs)
    assert staffed.get("/").headers["location"] == "/login"
    assert (log_in(staffed, "bob"), log_in(staffed, "bob", NEW)) == (401, 303)

    staffed.client.cookies.clear()
    staffed.client.cookies.update(adas)
    assert change(staffed, "deactivate", "bob")[0] == 303
    assert log_in(staffed, "bob", NEW) == 401
    staffed.client.cookies.update(adas)
    assert change(staffed, "activate", "bob")[0] == 303
    assert log_in(staffed, "bob", NEW) == 303
    done = [(action, thing) for actor, action, thing in actions(staffed.store) if actor == "ada" and action != "login"]
    assert done == [(f"user.{name}", "user:bob") for name in ("set", "role", "password", "deactivate", "activate")]


@pytest.mark.parametrize(
    ("action", "fields", "says"),
    [("add", {"name": "no spaces", "role": "lead", "password": OLD}, "letters, digits"),
     ("add", {"name": "bob", "role": "owner", "password": OLD}, "a role is one of"),
     ("add", {"name": "bob", "role": "lead", "password": "short"}, "a password has"),
     ("add", {"name": "bob", "role": "lead", "password": "x" * 1001}, "a password has"),
     ("password", {"name": "rita", "password": "short"}, "a password has"),
     ("role", {"name": "nobody", "role": "lead"}, "no such user"),
     ("role", {"name": "ada", "role": "reviewer"}, "ask another administrator"),
     ("deactivate", {"name": "ada"}, "ask another administrator"),
     ("token", {"name": "no spaces", "role": "lead"}, "letters, digits"),
     ("revoke", {"name": "none"}, "no such token")],
)  # fmt: skip
def test_what_cannot_be_done_is_said(staffed: Desk, action: str, fields: dict[str, str], says: str) -> None:
    assert log_in(staffed, "ada") == 303
    before = actions(staffed.store)
    status, said = change(staffed, action, **fields)
    assert (status, says in said.lower()) == (422, True)
    assert actions(staffed.store) == before
    assert f'value="{fields.get("password")}"' not in said


def test_forms_without_the_pages_own_token_are_refused(staffed: Desk) -> None:
    assert log_in(staffed, "ada") == 303
    for given in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
        sent = staffed.client.post("/users", data={**given, "action": "deactivate", "name": "rita"})
        assert sent.status_code == 403
    assert log_in(staffed, "rita") == 303


def test_an_administrator_is_left(store: Store) -> None:
    with store.write() as connection:
        for name, role in (("ada", "admin"), ("amy", "admin"), ("rita", "reviewer")):
            users.add(connection, "test", name, role, OLD)
        users.set_role(connection, "amy", "ada", "lead")
        for refused in (
            lambda: users.set_role(connection, "x", "amy", "lead"), lambda: users.deactivate(connection, "x", "amy")
        ):  # fmt: skip
            with pytest.raises(UserError, match="last administrator"):
                refused()
        users.set_role(connection, "x", "amy", "admin")
        for name in ("rita", "ada", "amy"):
            users.deactivate(connection, "x", name)
        assert not users.any_users(connection)


def test_the_first_user_is_an_administrator(desk: Desk) -> None:
    assert "Nobody has to log in yet" in desk.get("/users").text
    status, said = change(desk, "add", "rita", role="reviewer", password=OLD)
    assert (status, "has to be an administrator" in said) == (422, True)
    assert change(desk, "add", "ada", role="admin", password=OLD)[0] == 303


def test_a_token_is_shown_once_and_lets_in_until_it_is_revoked(staffed: Desk) -> None:
    assert log_in(staffed, "ada") == 303
    status, said = change(staffed, "token", "ris", role="reviewer")
    made = re.findall(r"ext_[A-Za-z0-9_-]+", said)
    assert (status, len(made)) == (200, 1)
    bearer = {"Authorization": f"Bearer {made[0]}"}
    assert staffed.client.get("/api/v1/worklist", headers=bearer).status_code == 200
    assert made[0] not in staffed.get("/users").text
    assert change(staffed, "revoke", "ris")[0] == 303
    assert staffed.client.get("/api/v1/worklist", headers=bearer).status_code == 401
    with staffed.store.read() as connection:
        recorded = repr(trail.rows(connection))
    assert made[0] not in recorded
    assert OLD not in recorded
