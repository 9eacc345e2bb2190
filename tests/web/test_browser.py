"""The desk in Debian's Chromium: one case from worklist to export by keyboard alone, highlights, and accessibility."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from extractor.web.store import Store, decisions, notes, users
from tests.web.conftest import need

try:
    from axe_core_python.sync_playwright import Axe
    from playwright.sync_api import Page, sync_playwright
except ImportError:
    sync_playwright = None  # type: ignore[assignment]

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def page(served: str) -> Iterator[Any]:
    """A page of the desk; what goes wrong in it fails the test."""
    need(sync_playwright, "Playwright")
    chromium = shutil.which("chromium")
    need(chromium, "Chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        opened = browser.new_page(base_url=served, viewport={"width": 1440, "height": 900}, accept_downloads=True)
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        opened.on("request", lambda sent: None if sent.url.startswith((served, "data:")) else wrong.append(sent.url))
        yield opened
        browser.close()
        assert wrong == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.className"))


def test_a_case_by_keyboard_alone(page: Page, sqlite: Store) -> None:
    page.goto("/")
    press(page, "/")
    page.keyboard.type("s01")
    press(page, "Enter")
    page.wait_for_url("**search=s01*")
    press(page, "j", "Enter")
    page.wait_for_url("**/notes/*")
    number = int(page.url.split("/notes/")[1].split("?")[0])

    # Pointing at a statement lights its words.
    press(page, "j", "j", "j")
    name = page.evaluate("document.activeElement.dataset.e")
    lit = page.evaluate("[...document.querySelectorAll('mark.lit')].map(m => m.dataset.e)")
    assert lit
    assert all(name in each.split() for each in lit)

    # A field is marked wrong by choosing words in the text.
    press(page, "t")
    assert focused(page) == "text"
    press(page, "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    chosen = page.evaluate("getSelection().toString()")
    press(page, "m")
    page.keyboard.type("Number")
    press(page, "Tab")
    page.keyboard.type("2")
    press(page, "Enter")
    page.wait_for_url("**done=mark*")
    with sqlite.read() as connection:
        made = decisions.newest(connection, number)
        text = notes.get(connection, number).text
    assert made
    assert (made["field"], made["value"]) == ("lesion_count", "2")
    assert text[made["start"] : made["end"]] == chosen
    assert chosen.strip()

    # A query is drafted, found fault with while typing, mended, and sent.
    if page.locator(".ask").count():
        press(page, "q", "Enter")
        page.wait_for_url("**/queries/*")
        page.locator("textarea[name=question]").focus()
        press(page, "Control+End")
        page.keyboard.type(" Is it 19281?")
        page.wait_for_selector("#lint >> text=Name no code")
        assert page.locator("#send").is_disabled()
        for _ in " Is it 19281?":
            press(page, "Backspace")
        page.wait_for_selector("#lint >> text=Nothing to object to")
        page.locator("#send").focus()
        press(page, "Enter")
        page.wait_for_url("**done=sent*")
        page.locator("textarea[name=answer]").focus()
        page.keyboard.type("The side of the procedure was the right side.")
        press(page, "Tab", "Enter")
        page.wait_for_url("**done=answered*")
        assert "What it changed" in page.inner_text("main") or "WHAT IT CHANGED" in page.inner_text("main")
        page.goto(f"/notes/{number}")

    # Codes are changed with a reason, and that is taken back.
    press(page, "c")
    press(page, "Control+a")
    page.keyboard.type("19281-RT")
    press(page, "Tab")
    page.keyboard.type("The coding")
    press(page, "Tab")
    page.keyboard.type("The grid was used.")
    press(page, "Tab", "Enter")
    page.wait_for_url("**done=change*")
    page.goto(f"/notes/{number}")
    assert "19281-RT" in page.inner_text(".final")
    press(page, "u", "Enter")
    page.wait_for_url("**done=undo*")
    with sqlite.read() as connection:
        assert notes.get(connection, number).row["state"] == "open"

    # Accept leads to the next note.
    press(page, "a", "Enter")
    page.wait_for_url("**done=accept*")
    with sqlite.read() as connection:
        assert notes.get(connection, number).row["state"] == "done"


def test_words_and_statements_light_each_other(page: Page) -> None:
    page.goto("/notes/2")
    mark = page.locator("mark").first
    mark.hover()
    names = (mark.get_attribute("data-e") or "").split()
    lit = page.evaluate("[...document.querySelectorAll('.ref.lit')].map(m => m.dataset.e)")
    assert lit
    assert set(lit) <= set(names)


def test_a_selection_beyond_the_first_plane_keeps_its_offsets(page: Page, sqlite: Store, reads: Any) -> None:
    from tests.web.conftest import fill

    text = "TECHNIQUE: 😀😀 A wire was placed\r\nin the left 𝓫reast under ultrasound guidance.\r\n"
    number = fill(sqlite, reads, {"emoji": text})["emoji"]
    page.goto(f"/notes/{number}")
    page.evaluate(
        """() => { const line = document.querySelectorAll('.line')[1].querySelector('.t');
        const range = document.createRange();
        range.selectNodeContents(line); getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    page.wait_for_function("document.querySelector('#mark-end').value !== ''")
    start, end = (int(page.input_value(f"#mark-{side}")) for side in ("start", "end"))
    assert text[start:end] == text.splitlines()[1]


def test_shortcuts_can_be_switched_off(page: Page) -> None:
    page.goto("/notes/1")
    press(page, "?")
    page.locator("#keys-on").focus()
    press(page, "Space", "Escape")
    press(page, "c")
    assert page.locator("#change").is_hidden()
    page.reload()
    press(page, "c")
    assert page.locator("#change").is_hidden()


def test_a_user_by_keyboard_alone(page: Page, sqlite: Store) -> None:
    page.goto("/users")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("ada")
    press(page, "Tab")  # the role of the first user is the administrator's already
    press(page, "Tab")
    page.keyboard.type("a long password")
    press(page, "Enter")
    page.wait_for_url("**done=user_added")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("rita")
    press(page, "Tab", "ArrowDown", "Tab")
    page.keyboard.type("a long password")
    press(page, "Tab", "Enter")
    page.wait_for_url("**done=user_added")
    page.get_by_role("combobox", name="Role of rita").focus()
    press(page, "ArrowUp", "Tab", "Enter")
    page.wait_for_url("**done=user_changed")
    with sqlite.read() as connection:
        assert {row["name"]: row["role"] for row in users.listed(connection)} == {"ada": "admin", "rita": "reviewer"}
    page.locator("summary[aria-label='New password for rita']").focus()
    press(page, "Enter", "Tab")
    page.keyboard.type("another long password")
    press(page, "Enter")
    page.wait_for_url("**done=password_set")
    page.get_by_label("Disable rita").focus()
    press(page, "Enter")
    page.wait_for_url("**done=user_off")
    serious = [v["id"] for v in Axe().run(page)["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_a_filter_chosen_by_pointer_is_applied_at_once(page: Page) -> None:
    page.goto("/")
    order = page.get_by_label("Order")
    order.focus()
    press(page, "ArrowDown")
    assert page.url.endswith("/")
    order.dispatch_event("pointerdown")
    order.select_option("note")
    page.wait_for_url("**order=note*")


PAGES = (
    "/", "/notes/1", "/notes/2", "/trail?check=1", "/insight", "/users", "/export", "/second-review", "/login",
    "/rules/cpt.site",
)  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_no_serious_fault_of_accessibility(page: Page, address: str) -> None:
    page.goto(address)
    found = Axe().run(page)
    serious = [
        (v["id"], [node["html"][:160] for node in v["nodes"]][:3])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
