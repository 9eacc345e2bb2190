"""The desk over HTTP: pages, forms, login and roles, headers, and what it refuses."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import text, update

from extractor.audit import ClaimLine
from extractor.note import Note
from extractor.result import Result
from extractor.web.desk import marks as m
from extractor.web.reading import Reader
from extractor.web.settings import Settings, SettingsError, check
from extractor.web.store import Store, decisions, notes, queries, schema, users
from extractor.web.store.engine import now
from tests.web.conftest import Desk, fill, gold_texts

PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "'-alert(1)-'",
    "{{ 7*7 }}", "{% raw %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "&lt;script&gt;", "</textarea><script>", "</mark><b>",
    "javascript:alert(1)", "<a href='javascript:alert(1)'>x</a>", "<iframe srcdoc='x'>", "--><script>", "]]><script>",
    "<style>*{display:none}</style>", "<base href=//evil>", "<meta http-equiv=refresh content=0>", "<form action=//e>",
    "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<math><mi>", "<template>", "<!--",
    "<object data=x>", "<embed src=x>", "<link rel=stylesheet href=//e>", "<video><source onerror=alert(1)>",
    "\u202e<b>rtl</b>", "\u2028<b>", "<b\t>", "<scr<script>ipt>", "%3Cscript%3E", "\\u003cscript\\u003e",
    "<ScRiPt>alert(1)</ScRiPt>", "<body onload=alert(1)>", "<button formaction=//e>", "<marquee>", "<isindex>",
    "';DROP TABLE notes;--", "\" OR 1=1 --", "=cmd|'/C calc'!A0", "{{config}}", "{{''.__class__}}", "{%for x in y%}",
    "<x onclick=alert(1)>", "<svg><script>", "\"onmouseover=\"alert(1)",
]  # fmt: skip


def result_of(reads: Reader, words: str) -> Result:
    return reads.read(Note("n", words))


@pytest.mark.parametrize("note_id", list(gold_texts()))
def test_pieces_are_the_text_and_marks_are_their_words(reads: Reader, note_id: str) -> None:
    for words in (gold_texts()[note_id], gold_texts()[note_id].replace("\n", "\r\n"), "😀 " + gold_texts()[note_id]):
        found = m.marks(result_of(reads, words))
        lines = m.lines(words, found)
        for line in lines:
            joined = "".join(piece.text for piece in line.pieces)
            assert words[line.start : line.start + len(joined)] == joined
        assert "".join(p.text for line in lines for p in line.pieces) == re.sub(r"[\r\n]", "", words)
        for mark in found:
            names = "".join(p.text for line in lines for p in line.pieces if mark.name in p.names.split())
            for part in re.split(r"[\r\n]+", words[mark.start : mark.end]):
                assert part in names


def test_every_page_opens_and_forbids_what_is_not_its_own(desk: Desk) -> None:
    for address in ("/", "/notes/1", "/notes/1/versions/1", "/trail", "/trail?check=1", "/rules/cpt.site", "/login"):
        answer = desk.get(address)
        assert answer.status_code == 200, address
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?! src=\"/static/)|\sstyle=|\son\w+=|https?://", answer.text), address
    assert desk.get("/static/desk.js").status_code == 200
    assert desk.get("/notes/999").status_code == 404
    assert desk.get("/nothing").status_code == 404
    assert desk.get("/?page=99999999&order=x&state=y&search=%25").status_code == 200


def test_decide_leads_on_and_can_be_taken_back(desk: Desk) -> None:
    first = int(re.findall(r'href="/notes/(\d+)', desk.get("/").text)[0])
    after = desk.decide(first, "change", codes="19281-LT", reason_code="rule", comment="the grid was used")
    assert after.status_code == 303
    assert re.fullmatch(r"/notes/\d+\?done=change", after.headers["location"])
    page = desk.get(f"/notes/{first}").text
    assert "19281-LT" in page
    assert desk.decide(first, "undo").status_code == 303
    with desk.store.read() as connection:
        assert notes.get(connection, first).row["state"] == "open"


def test_what_cannot_be_decided_is_said_and_what_was_written_is_kept(desk: Desk) -> None:
    answer = desk.decide(1, "change", codes="nonsense", reason_code="rule", comment="my reasons")
    assert answer.status_code == 422
    assert "not understood" in answer.text
    assert "my reasons" in answer.text
    hidden = desk.hidden(desk.get("/notes/1").text, "accept")
    desk.decide(1, "mark", field="lesion_count", value="2")
    stale = desk.client.post("/notes/1/decide", data=hidden)
    assert stale.status_code == 409
    assert "changed since" in stale.text


def test_mark_takes_only_fields_and_values_that_there_are(desk: Desk) -> None:
    assert desk.decide(1, "mark", field="L9.guidance", value="mri").status_code == 422
    assert desk.decide(1, "mark", field="procedure.type", value="surgery").status_code == 422
    assert desk.decide(1, "mark", field="procedure.type", value="biopsy", start="0", end="4").status_code == 303
    with desk.store.read() as connection:
        made = decisions.newest(connection, 1)
        assert made
        assert (made["field"], made["value"], made["start"], made["end"]) == ("procedure.type", "biopsy", 0, 4)


def test_query_from_draft_to_answer(desk: Desk) -> None:
    number = next(n for n in range(1, 9) if "Draft query" in desk.get(f"/notes/{n}").text)
    page = desk.get(f"/notes/{number}").text
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if "Draft query" in f)
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    address = desk.client.post(f"/notes/{number}/queries", data=hidden).headers["location"]
    drafted = desk.get(address).text
    assert "Nothing to object to" in drafted
    fields = {
        **desk.hidden(drafted), "title": "Side", "question": "It was the left side, was it not? 19281 pays more.",
        "options": "Left", "response_instruction": "Sign here", "keep": "0",
    }  # fmt: skip
    linted = desk.client.post(f"{address}/lint", data=fields).json()
    assert {fault["part"] for fault in linted["faults"]} >= {"question", "options", "response_instruction"}
    assert desk.client.post(address, data={**fields, "action": "send"}).status_code == 422
    again = desk.get(address).text
    good = {
        **desk.hidden(again), "title": "Side of the procedure", "keep": "0", "options": "", "action": "send",
        "question": "Please document the side on which the procedure was performed.",
        "response_instruction": "Please document your answer as a signed and dated addendum.",
    }  # fmt: skip
    assert desk.client.post(address, data=good).headers["location"] == f"{address}?done=sent"
    assert "Side of the procedure" in desk.get(f"{address}/text").text
    said = {"csrf": fields["csrf"], "answer": "The procedure was performed on the LEFT breast."}
    assert desk.client.post(f"{address}/answer", data=said).headers["location"].endswith("done=answered")
    assert "What it changed" in desk.get(address).text
    assert "ADDENDUM" in desk.get(f"/notes/{number}").text
    assert desk.client.post(f"{address}/answer", data=said).status_code == 409


def test_forms_from_elsewhere_are_refused(desk: Desk) -> None:
    hidden = desk.hidden(desk.get("/notes/1").text, "accept")
    for change in ({"csrf": ""}, {"csrf": "0" * 64}):
        assert desk.client.post("/notes/1/decide", data={**hidden, **change}).status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert desk.client.post("/notes/1/decide", data=hidden, headers=headers).status_code == 403
    assert desk.client.get("/", headers={"Host": "evil.example"}).status_code == 421
    with desk.store.read() as connection:
        assert decisions.history(connection, 1) == []


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


DANGEROUS = {
    "iframe", "style", "base", "object", "embed", "svg", "math", "template", "img", "video", "marquee", "x", "isindex"
}  # fmt: skip


def test_markup_in_notes_ids_and_comments_shows_as_text(sqlite: Store, reads: Reader) -> None:
    assert len(PAYLOADS) >= 50
    texts = {
        f"<b>{number}</b>{p}"[:200]: f"A wire was placed in the left breast {p}.\n{p}"
        for number, p in enumerate(PAYLOADS)
    }
    numbers = fill(sqlite, reads, texts)
    desk = Desk(sqlite, reads)
    worklist = Elements("".join(desk.get(f"/?page={page}").text for page in (1, 2)))
    for payload, (note_id, number) in zip(PAYLOADS, numbers.items(), strict=True):
        desk.decide(number, "mark", field="other", comment=payload, value=payload)
        page = desk.get(f"/notes/{number}").text
        parsed = Elements(page)
        assert note_id in worklist.text
        assert parsed.text.count(payload) >= 4
        harmless(parsed)
        assert page.count("</main>") == 1
    harmless(worklist)


def harmless(page: Elements, but: str = "") -> None:
    """Nothing of a page that a browser would run or load; `but` is an element that the page has of its own."""
    for tag, attributes in page.found:
        assert tag not in DANGEROUS - {but}
        assert not any(name.startswith("on") or name in ("style", "formaction", "srcdoc") for name in attributes)
        assert tag != "script" or attributes["src"] == "/static/desk.js"
        assert not (attributes.get("href") or "").lower().startswith("javascript:")


def test_markup_in_claims_queries_and_names_shows_as_text(sqlite: Store, reads: Reader) -> None:
    """What stands beside a note: claim lines, site, provider, assignee, query and answer, and what was searched for."""
    (note_id, text_), *_ = gold_texts(1).items()
    made = reads.read(Note(note_id, text_))
    desk = Desk(sqlite, reads)
    for number, payload in enumerate(PAYLOADS, 1):
        # As another program's import may have left them: the interface itself takes no such code.
        line = ClaimLine(note_id, payload, 1, (payload[:20],))
        kept = {"title": payload, "question": payload, "options": [payload, "Other"], "response_instruction": payload,
                "indicators": [{"start": 0, "end": len(payload), "text": payload}]}  # fmt: skip
        with sqlite.write() as connection:
            notes.put(connection, "test", f"n-{number}", text_, made, [line], site=payload, provider=payload)
            decisions.assign(connection, "test", number, payload)
            query = queries.draft(connection, "ann", number, "", kept)
        draft = desk.get(f"/queries/{query}").text
        linted = desk.client.post(
            f"/queries/{query}/lint", data={**desk.hidden(draft), "question": payload, "keep": "0"}
        )
        assert linted.headers["content-type"] == "application/json"
        assert payload.strip() in linted.json()["text"]
        with sqlite.write() as connection:
            connection.execute(update(schema.queries).where(schema.queries.c.id == query).values(
                status="answered", answer=payload, sent_at=now(), answered_at=now()))  # fmt: skip
        answered = desk.get(f"/queries/{query}").text
        page = desk.get(f"/notes/{number}").text
        searched = desk.get("/", params={"search": payload, "site": payload, "state": "all"}).text
        # The parts of a query are kept without the blanks around them.
        for drawn, times in ((draft, 2), (answered, 2), (page, 3), (searched, 1)):
            parsed = Elements(drawn)
            harmless(parsed)
            values = [str(value) for _, attributes in parsed.found for value in attributes.values()]
            held = "\n".join([parsed.text, *values])
            assert held.count(payload.strip()) >= times, (payload, times)
            assert drawn.count("</main>") == 1
    shown = Elements(desk.get("/insight").text)
    harmless(shown, but="svg")
    assert sum(payload in shown.text for payload in PAYLOADS) == len(PAYLOADS)


def test_a_changed_row_of_the_trail_is_shown(desk: Desk) -> None:
    desk.decide(1, "accept")
    assert "The chain is whole" in desk.get("/trail?check=1").text
    with desk.store.write() as connection:
        connection.execute(update(schema.trail).where(schema.trail.c.action == "decision.accept").values(actor="eve"))
    assert "The chain is broken" in desk.get("/trail?check=1").text


def test_login_sessions_and_roles(sqlite: Store, reads: Reader) -> None:
    fill(sqlite, reads)
    with sqlite.write() as connection:
        users.add(connection, "test", "rita", "reviewer", "a long password")
    desk = Desk(sqlite, reads, authentication=True, behind_tls=True)
    desk.client.base_url = "https://testserver"  # type: ignore[assignment]
    assert desk.get("/").headers["location"] == "/login"
    assert desk.client.post("/login", data={"name": "rita", "password": "wrong"}).status_code == 401
    answer = desk.client.post("/login", data={"name": "rita", "password": "a long password"})
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=strict"))
    assert desk.get("/").status_code == 200
    assert "max-age" in desk.get("/").headers["strict-transport-security"]
    assert desk.get("/trail").status_code == 403
    csrf = desk.hidden(desk.get("/notes/1").text)["csrf"]
    assert desk.client.post("/notes/1/assign", data={"csrf": csrf, "assignee": "bob"}).status_code == 403
    assert desk.client.post("/notes/1/assign", data={"csrf": csrf, "assignee": "rita"}).status_code == 303
    desk.client.post("/logout", data={"csrf": csrf})
    desk.client.cookies.set("extractor_session", cookie.split("=", 1)[1].split(";")[0])
    assert desk.get("/").headers["location"] == "/login"


def test_too_many_logins_and_too_much_are_refused(sqlite: Store, reads: Reader) -> None:
    desk = Desk(sqlite, reads, authentication=True, logins_per_minute=3, max_body=1000)
    tries = [desk.client.post("/login", data={"name": "x", "password": "y"}).status_code for _ in range(5)]
    assert tries == [401, 401, 401, 429, 429]
    assert desk.client.post("/logout", content=b"x" * 1001).status_code == 413

    def stream():  # type: ignore[no-untyped-def]
        for _ in range(30):
            yield b"x" * 100

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert desk.client.post("/login", content=stream(), headers=form).status_code == 429
    assert desk.client.post("/notes/1/assign", content=stream(), headers=form).status_code == 413


@pytest.mark.parametrize(
    ("settings", "refused"),
    [({}, False), ({"host": "localhost"}, False), ({"host": "::1"}, False), ({"host": "0.0.0.0"}, True),
     ({"host": "10.0.0.5", "behind_tls": True}, True), ({"host": "0.0.0.0", "authentication": True}, True),
     ({"host": "127.0.0.1", "behind_tls": True}, True), ({"allowed_hosts": ("desk.example",)}, True),
     ({"allowed_hosts": ("desk.example",), "authentication": True, "behind_tls": True}, False),
     ({"host": "0.0.0.0", "authentication": True, "behind_tls": True}, False)],
)  # fmt: skip
def test_open_to_others_only_with_login_and_tls(settings: dict[str, object], refused: bool) -> None:
    if refused:
        with pytest.raises(SettingsError):
            check(Settings(**settings))  # type: ignore[arg-type]
    else:
        check(Settings(**settings))  # type: ignore[arg-type]


def test_no_page_without_its_row_in_the_trail(desk: Desk) -> None:
    with desk.store.write() as connection:
        connection.execute(text("ALTER TABLE trail RENAME TO gone"))
    answer = desk.get("/notes/1")
    assert answer.status_code in (500, 503)
    assert "breast" not in answer.text


def test_a_name_in_a_note_is_in_no_log_error_or_metric(
    sqlite: Store, reads: Reader, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "Xyloquenna"
    fill(sqlite, reads, {"n-1": f"Patient {canary}: a wire was placed in the left breast."})
    desk = Desk(sqlite, reads)
    with caplog.at_level(logging.DEBUG):
        assert canary in desk.get("/notes/1").text
        desk.get(f"/?search={canary}")
        desk.decide(1, "change", codes=canary, reason_code="rule", comment=canary)
        desk.decide(1, "send_back", comment=canary)
        with sqlite.write() as connection:
            connection.execute(text("UPDATE results SET body = :b"), {"b": f'{{"{canary}": 1}}'})
        failed = desk.get("/notes/1")
    assert failed.status_code == 500
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert any("failed: ValidationError" in line for line in said)
    assert canary not in "".join(said) + failed.text + "".join(capfd.readouterr())
