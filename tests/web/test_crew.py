"""Reading by worker processes in the server: what a note does costs its request alone, and no word of it is said."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from extractor.audit import ClaimLine
from extractor.note import Note, UnreadableNote
from extractor.web.crew import Crew, crew
from extractor.web.reading import Busy, Reader
from extractor.web.store import Store, notes, queries, trail
from extractor.workers import WorkerError
from tests.result.test_result import result
from tests.web.conftest import Desk, gold_texts
from tests.web.test_fhir import HEADERS, report

CANARY = "Xyloquenna"
OPTIONS = {"policy": "cpt", "profile": "default", "models": True, "promise": None}


@pytest.fixture(scope="module")
def fakes() -> Iterator[Crew]:
    """Two workers that do what a note's first word says, with two seconds a note."""
    with crew(OPTIONS, 2, 2.0, None, "tests.web.fakes:load") as made:
        made.start()
        yield made


@pytest.fixture
def faked(sqlite: Store, fakes: Crew) -> Desk:
    return Desk(sqlite, fakes)


def extract(desk: Desk, text: str) -> tuple[int, str]:
    answer = desk.client.post("/api/v1/extract", json={"note_id": CANARY, "text": text})
    return answer.status_code, answer.text


FAULTS = {
    f"hang {CANARY}": (504, "took longer than 2 seconds"),
    f"hang-inside {CANARY}": (504, "took longer than 2 seconds"),
    f"die {CANARY}": (500, "worker that read this note died"),
    f"leave {CANARY}": (500, "worker that read this note died"),
    f"fail {CANARY}": (500, "ValueError"),
    "eat at-once": (500, "out of memory"),
    f"half {CANARY}": (500, "half a character"),
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_bad_note_is_a_problem_without_its_words_and_others_are_read(faked: Desk, text: str) -> None:
    with ThreadPoolExecutor(9) as pool:
        bad = pool.submit(extract, faked, text)
        fine = [pool.submit(extract, faked, "slow 0.05") for _ in range(8)]
        assert {each.result()[0] for each in fine} == {200}
        status, said = bad.result()
    assert (status, FAULTS[text][1] in said) == (FAULTS[text][0], True)
    assert CANARY not in said
    assert '"status":' in said


def test_a_worker_that_died_by_chance_is_asked_again(faked: Desk, tmp_path: object) -> None:
    assert extract(faked, f"once {tmp_path}/died")[0] == 200


def test_a_batch_loses_the_note_that_hangs(faked: Desk) -> None:
    sent = [{"note_id": str(n), "text": text} for n, text in enumerate(["fine", f"hang {CANARY}", "fine"])]
    answer = faked.client.post("/api/v1/extract/batch", json={"notes": sent})
    made = answer.json()["results"]
    assert [each["problem"] and each["problem"]["status"] for each in made] == [None, 504, None]
    assert CANARY not in answer.text


def test_fhir_and_cds_say_it_in_their_own_way(faked: Desk) -> None:
    answer = faked.client.post("/fhir/$extract", json=report(f"hang {CANARY}"), headers=HEADERS)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (504, "timeout")
    call = {
        "hook": "org.extractor.report-sign", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"draftReport": report(f"hang {CANARY}")},
    }  # fmt: skip
    said = faked.client.post("/cds-services/report-sign", json=call)
    assert (said.status_code, said.headers["content-type"]) == (504, "application/problem+json")
    assert CANARY not in answer.text + said.text


def test_an_answer_that_cannot_be_read_in_time_is_kept_on_the_page(faked: Desk) -> None:
    with faked.store.write() as connection:
        number, _ = notes.put(connection, "test", "n-1", "hang now", result())
        body = {"title": "Side", "question": "Which side?", "response_instruction": "Please sign an addendum.",
                "indicators": [{"start": 0, "end": 4, "text": "hang"}]}  # fmt: skip
        query = queries.draft(connection, "ann", number, "", body)
        assert queries.send(connection, "ann", query, 1) == []
    form = faked.hidden(faked.get(f"/queries/{query}").text)
    answer = faked.client.post(
        f"/queries/{query}/answer", data={**form, "answer": "The LEFT side."}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 504
    assert ">The LEFT side.</textarea>" in answer.text
    with faked.store.read() as connection:
        assert queries.get(connection, query)["status"] == "sent"
        assert trail.verify(connection) == []


def test_who_waits_too_long_is_told(fakes: Crew) -> None:
    at_work = [fakes._idle.get(timeout=60) for _ in range(2)]
    fakes.wait, before = 0.1, fakes.wait
    try:
        with pytest.raises(Busy):
            fakes.read(Note("n", "fine"))
    finally:
        fakes.wait = before
        for worker in at_work:
            fakes._idle.put(worker)
    assert fakes.read(Note("n", "fine")).note_id == "n"


def test_what_is_no_text_never_reaches_a_worker(fakes: Crew) -> None:
    with pytest.raises(UnreadableNote):
        fakes.read(Note("n", "die\0"))


@pytest.mark.parametrize(("options", "says"), [({"fault": "value"}, "invented"), ({"fault": "die"}, "exit status 7")])
def test_workers_that_cannot_start_say_why(options: dict[str, str], says: str) -> None:
    with pytest.raises(WorkerError, match=says):
        crew(OPTIONS | options, 1, None, None, "tests.web.fakes:load").start()


@pytest.mark.parametrize("fault", [{"policy": "invented"}, {"profile": "invented"}])
def test_policies_and_profiles_that_there_are_not_are_refused(fault: dict[str, str]) -> None:
    with pytest.raises((OSError, ValueError)):
        crew(OPTIONS | fault, 1, None, None)


def test_workers_say_what_this_process_says(reads: Reader) -> None:
    with crew(OPTIONS, 1, 60.0, None) as made:
        made.start()
        for text in gold_texts().values():
            for claim in (None, [ClaimLine("n", "19281", 1, ("LT",))]):
                assert made.read(Note("n", text), claim) == reads.read(Note("n", text), claim)
