"""The HTTP interface: results as from Python, limits, idempotency, errors that repeat nothing, the client."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec

import pytest

import extractor
from extractor.note import Note
from extractor.web.client import Client, ClientError
from extractor.web.reading import Reader
from extractor.web.store import Store, decisions, trail, users
from tests.web.conftest import Desk, fill, gold_texts, need

CANARY = "Xyloquenna"


def test_extract_gives_what_python_gives(desk: Desk) -> None:
    for note_id, words in gold_texts().items():
        answer = desk.client.post("/api/v1/extract", json={"note_id": note_id, "text": words})
        assert answer.status_code == 200
        assert answer.json() == extractor.extract(words, note_id).to_dict()


def test_batch_keeps_order_and_a_bad_note_costs_itself(sqlite: Store, reads: Reader) -> None:
    desk = Desk(sqlite, reads, max_note=2000, max_notes=3)
    sent = [{"note_id": "a", "text": "A wire."}, {"note_id": "b", "text": "x" * 3000}, {"note_id": "c", "text": ""}]
    results = desk.client.post("/api/v1/extract/batch", json={"notes": sent}).json()["results"]
    assert [each["note_id"] for each in results] == ["a", "b", "c"]
    assert [each["result"] is None for each in results] == [False, True, False]
    assert results[1]["problem"]["status"] == 413
    assert desk.client.post("/api/v1/extract/batch", json={"notes": sent * 2}).status_code == 413


def test_audit_compares_both_ways(desk: Desk) -> None:
    words = "A wire was placed in the left breast mass under ultrasound guidance."
    body = {"text": words, "claim": [{"code": "19283", "modifiers": ["LT"]}]}
    said = desk.client.post("/api/v1/audit", json=body).json()["audit"]
    assert said["verdict"] in ("disagree", "cannot_judge")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": f"{CANARY}\0"}, 422), ({"text": 1}, 422), ({CANARY: 1, "text": "x"}, 422), ([CANARY], 422),
        ({"note_id": " ", "text": "x"}, 422), ({"note_id": CANARY * 30, "text": "x"}, 422), ({}, 422),
    ],
)  # fmt: skip
def test_errors_are_problems_without_what_was_sent(desk: Desk, body: object, status: int) -> None:
    answer = desk.client.post("/api/v1/extract", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY not in answer.text
    assert answer.json()["errors"]


def test_broken_json_is_a_problem_too(desk: Desk) -> None:
    answer = desk.client.post(
        "/api/v1/extract", content=b'{"text": "' + CANARY.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert CANARY not in answer.text


def test_the_same_key_is_one_request(store: Store, reads: Reader) -> None:
    desk = Desk(store, reads)
    body = {"note_id": "n-1", "text": "A wire was placed.", "claim": []}
    answers = [desk.client.post("/api/v1/notes", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replay") for answer in answers] == [None, "true", "true"]
    other = desk.client.post("/api/v1/notes", json={**body, "text": "x"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 409
    number = answers[0].json()["number"]
    revision = desk.client.get(f"/api/v1/notes/{number}").json()["note"]["revision"]
    wanted = {"kind": "send_back", "comment": "ask", "revision": revision}

    def send(_: int) -> int:
        answer = desk.client.post(f"/api/v1/notes/{number}/decisions", json=wanted, headers={"Idempotency-Key": "k2"})
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(16))) == {200}
    with store.read() as connection:
        assert len(decisions.history(connection, number)) == 1
        assert trail.verify(connection) == []
    stale = desk.client.post(
        f"/api/v1/notes/{number}/decisions", json={**wanted, "kind": "accept"}, headers={"Idempotency-Key": "k3"}
    )
    assert stale.status_code == 409


def test_programs_need_a_token_once_there_are_users(sqlite: Store, reads: Reader) -> None:
    fill(sqlite, reads)
    with sqlite.write() as connection:
        users.add(connection, "test", "ann", "admin", "a long password")
        token = users.add_token(connection, "test", "ris", "reviewer")
    desk = Desk(sqlite, reads, authentication=True)
    assert desk.client.get("/api/v1/health").status_code == 200
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Basic {token}"}):
        answer = desk.client.get("/api/v1/worklist", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert desk.client.get("/api/v1/worklist", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_metrics_count_by_route_and_hold_nothing_sent(desk: Desk) -> None:
    desk.client.post("/api/v1/extract", json={"text": CANARY, "note_id": CANARY})
    desk.client.get(f"/{CANARY}")
    desk.client.get(f"/api/v1/worklist?search={CANARY}")
    said = desk.client.get("/api/v1/metrics").text
    assert 'extractor_requests_total{method="POST",route="/api/v1/extract",status="200"} 1.0' in said
    assert CANARY not in said


def test_client_speaks_with_a_server(served: str) -> None:
    client = extractor.Client(served)
    note = Note("c-1", gold_texts()["s01-002"])
    assert client.extract(note) == extractor.extract(note)
    assert client.extract_all([note, note.text], together=1)[1].note_id == "2"
    assert client.audit(note, [{"code": "19281", "units": 1, "modifiers": ["LT"]}]).audit
    number = client.put(note, site="north", key="once")["number"]
    assert client.put(note, site="north", key="once")["number"] == number
    row = client.worklist(search="c-1")["notes"][0]
    done = client.decide(row["number"], "send_back", row["revision"], comment="ask")
    assert done["note"]["state"] == "sent_back"
    assert client.note(number)["text"] == note.text
    assert client.versions()["extractor"] == extractor.__version__
    with pytest.raises(ClientError) as caught:
        client.note(9999)
    assert caught.value.status == 404
    with pytest.raises(ClientError):
        Client("http://127.0.0.1:9").versions()
    with pytest.raises(ClientError):
        Client("file:///etc").versions()
    assert "secret" not in repr(Client(served, "secret"))


def test_too_many_waiting_is_said(sqlite: Store, reads: Reader) -> None:
    waits = Reader(reads.extractor, wait=0.05)
    desk = Desk(sqlite, waits)
    held = threading.Event()
    done = threading.Event()

    def hold() -> None:
        with waits._my_turn():
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    answer = desk.client.post("/api/v1/extract", json={"text": "x"})
    done.set()
    thread.join()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_the_description_holds_under_schemathesis(desk: Desk) -> None:
    need(find_spec("schemathesis"), "Schemathesis")
    import schemathesis
    import schemathesis.specs.openapi.checks as openapi
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis.checks import not_a_server_error

    schema = schemathesis.openapi.from_asgi("/api/openapi.json", desk.app, headers={"Host": "testserver"})
    wanted = [
        not_a_server_error, openapi.status_code_conformance, openapi.content_type_conformance,
        openapi.response_schema_conformance,
    ]  # fmt: skip
    seen: Counter[str] = Counter()
    quick = settings(
        max_examples=30, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for found in schema.get_all_operations():
        operation = found.ok()

        def run(case: schemathesis.Case) -> None:
            seen[case.operation.label] += 1
            case.call_and_validate(checks=wanted, headers={"Host": "testserver"})

        quick(given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))(run))()
        # What takes neither parameters nor a body has no wrong form.
        with suppress(Unsatisfiable):
            quick(given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))(run))()
    assert len(seen) >= 10
