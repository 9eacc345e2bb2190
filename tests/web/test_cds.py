"""CDS Hooks: discovery, calls after the specification's examples, cards, feedback, and which tokens are refused."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select

from extractor.web import cds
from extractor.web.insight import insight
from extractor.web.reading import Reader
from extractor.web.settings import Client, Settings, SettingsError, check, read_clients
from extractor.web.store import Store, schema
from tests.web.conftest import Desk
from tests.web.test_fhir import report

GAP = (
    "EXAM: WIRE LOCALIZATION, LEFT BREAST\n\nTECHNIQUE: The right breast was prepared. Under ultrasound guidance a "
    "Kopans wire was placed through the mass in the right breast at 2:00.\n\nCOMPLICATIONS: None.\n"
)
URL = "http://127.0.0.1:8765/cds-services"


def body(hook: str, prefetch: dict[str, Any] | None = None, **context: Any) -> dict[str, Any]:
    """A request like that in the specification's section on calling a service."""
    made: dict[str, Any] = {
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "fhirServer": "http://hooks.smarthealthit.org:9080",
        "hook": hook,
        "fhirAuthorization": {"access_token": "some-opaque-fhir-access-token", "token_type": "Bearer",
                              "expires_in": 300, "scope": "user/Patient.read", "subject": "cds-service4"},
        "context": {"userId": "Practitioner/example", "patientId": "1288992", "encounterId": "89284", **context},
    }  # fmt: skip
    return made if prefetch is None else made | {"prefetch": prefetch}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


CALLS = [
    ("report-sign", body("org.extractor.report-sign", {"report": report(GAP)}, diagnosticReportId="r1")),
    ("report-sign", body("org.extractor.report-sign", draftReport=report(GAP))),
    ("encounter-documentation", body("encounter-discharge", {"reports": bundle(report(GAP))})),
    ("patient-documentation", body("patient-view", {"reports": bundle(report(GAP))})),
]


def test_discovery_lists_services_as_the_specification_says(desk: Desk) -> None:
    services = desk.client.get("/cds-services").json()["services"]
    assert {"org.extractor.report-sign", "encounter-discharge", "patient-view"} == {s["hook"] for s in services}
    for service in services:
        assert {"hook", "description", "id", "title", "prefetch"} <= set(service)


@pytest.mark.parametrize(("service", "sent"), CALLS)
def test_gaps_become_cards_without_codes_or_money(desk: Desk, service: str, sent: dict[str, Any]) -> None:
    answer = desk.client.post(f"/cds-services/{service}", json=sent)
    assert answer.status_code == 200
    cards = answer.json()["cards"]
    assert cards
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"]
        assert card["selectionBehavior"] == "at-most-one"
        assert {"code", "system", "display"} <= set(card["overrideReasons"][0])
        uuid.UUID(card["uuid"])
        said = f"{card['summary']} {card['detail']} {card['suggestions']}".lower()
        assert not any(word in said for word in ("1928", "cpt", "bill", "pay", "denial", "$", "code "))
    assert desk.client.post(f"/cds-services/{service}", json=sent).json() == answer.json()


def test_nothing_missing_or_nothing_there_is_no_card(desk: Desk) -> None:
    for resources in ([], [{"resourceType": "Patient", "id": "1288992", "gender": "male", "active": True}],
                      [report("Chest radiograph: normal.")]):  # fmt: skip
        sent = body("patient-view", {"reports": bundle(*resources)})
        answer = desk.client.post("/cds-services/patient-documentation", json=sent)
        assert (answer.status_code, answer.json()) == (200, {"cards": []})


def test_missing_prefetch_is_412_and_other_faults_have_their_own(desk: Desk) -> None:
    address = "/cds-services/encounter-documentation"
    assert desk.client.post(address, json=body("encounter-discharge")).status_code == 412
    assert desk.client.post(address, json=body("encounter-discharge", {"reports": None})).status_code == 412
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    for nothing in (failed, [], "x", {}):
        assert desk.client.post(address, json=body("encounter-discharge", {"reports": nothing})).status_code == 412
    assert desk.client.post(address, json=body("patient-view", {"reports": bundle()})).status_code == 400
    assert desk.client.post("/cds-services/none", json=body("patient-view")).status_code == 404
    broken = desk.client.post(address, json={**body("encounter-discharge"), "hookInstance": "Xyloquenna"})
    assert broken.status_code == 422
    assert "Xyloquenna" not in broken.text


def test_markup_of_a_report_is_no_markup_of_a_card(desk: Desk) -> None:
    text = GAP.replace("Kopans wire", "Kopans [wire](http://evil.example) <img src=x>")
    cards = desk.client.post(
        "/cds-services/report-sign", json=body("org.extractor.report-sign", draftReport=report(text))
    ).json()["cards"]
    for card in cards:
        assert "](http" not in card["detail"]
        assert "<img" not in card["detail"].replace("\\<img", "")


def test_feedback_is_kept_once(store: Store, reads: Reader) -> None:
    desk = Desk(store, reads)
    given = {"feedback": [
        {"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "outcome": "overridden",
         "overrideReason": {"reason": {"code": "not-applicable", "system": "urn:x-extractor:override-reason"},
                            "userComment": "clinic note"}, "outcomeTimestamp": "2026-12-11T10:05:31Z"},
        {"card": "9368d37b-283f-44a0-93ea-547cebab93ed", "outcome": "accepted",
         "acceptedSuggestions": [{"id": "f8beb0b0"}], "outcomeTimestamp": "2026-12-11T10:06:00Z"},
    ]}  # fmt: skip
    for _ in range(3):
        assert desk.client.post("/cds-services/report-sign/feedback", json=given).status_code == 200
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(schema.feedback)).scalar_one() == 2


KEY, OTHER = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
ISSUER = "https://ehr.example"


def public(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    made = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": "k1", "alg": "ES384"}


def token(key: Any = KEY, alg: str = "ES384", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {
        "iss": ISSUER, "aud": f"{URL}/report-sign", "exp": int(time.time()) + 300, "iat": int(time.time()),
        "jti": str(uuid.uuid4()), **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, alg, headers={"kid": "k1", "jku": "https://evil.example/jwks", **(headers or {})})


@pytest.fixture
def guarded(store: Store, reads: Reader) -> Desk:
    return Desk(store, reads, cds_clients=(Client(ISSUER, {"k1": public(KEY)}, None),))


def call(desk: Desk, bearer: str | None) -> int:
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    return desk.client.post("/cds-services/report-sign", json=CALLS[0][1], headers=headers).status_code


def test_token_of_a_listed_issuer_is_taken_once(guarded: Desk) -> None:
    made = token()
    assert call(guarded, made) == 200
    assert call(guarded, made) == 401
    assert call(guarded, token()) == 200
    assert guarded.client.get("/cds-services").status_code == 200


REFUSED = {
    "none": lambda: None,
    "nonsense": lambda: "a.b.c",
    "tampered": lambda: _tampered(token()),
    "expired": lambda: token(exp=int(time.time()) - 120, iat=int(time.time()) - 400),
    "too long": lambda: token(exp=int(time.time()) + 90_000),
    "of the future": lambda: token(iat=int(time.time()) + 600, exp=int(time.time()) + 900),
    "unlisted issuer": lambda: token(iss="https://evil.example"),
    "other key": lambda: token(OTHER),
    "unknown kid": lambda: token(headers={"kid": "k2"}),
    "other service": lambda: token(aud=f"{URL}/patient-documentation"),
    "list of audiences": lambda: token(aud=[f"{URL}/report-sign", "https://other.example"]),
    "no algorithm": lambda: token(None, "none"),
    "shared secret": lambda: token("k" * 64, "HS384"),
    **{f"without {name}": lambda name=name: token(**{name: None}) for name in ("iss", "aud", "exp", "iat", "jti")},
}


def _tampered(made: str) -> str:
    head, claims, signature = made.split(".")
    return f"{head}.{claims[:-3]}{'A' if claims[-3] != 'A' else 'B'}{claims[-2:]}.{signature}"


@pytest.mark.parametrize("name", REFUSED)
def test_other_tokens_are_refused(guarded: Desk, name: str) -> None:
    assert call(guarded, REFUSED[name]()) == 401


def test_tenant_has_to_be_the_clients(sqlite: Store, reads: Reader) -> None:
    desk = Desk(sqlite, reads, cds_clients=(Client(ISSUER, {"k1": public(KEY)}, "clinic"),))
    assert call(desk, token()) == 401
    assert call(desk, token(tenant="clinic")) == 200


def test_users_without_listed_clients_let_nobody_in(sqlite: Store, reads: Reader) -> None:
    assert call(Desk(sqlite, reads, authentication=True), token()) == 401


def test_list_of_clients_holds_public_keys_only(tmp_path: Any) -> None:
    import json

    file = tmp_path / "clients.json"
    file.write_text(json.dumps([{"issuer": ISSUER, "jwks": {"keys": [public(KEY)]}}]))
    assert read_clients(file)[0].issuer == ISSUER
    secret = json.dumps([{"issuer": "x", "jwks": {"keys": [{"kty": "oct", "kid": "a", "k": "x"}]}}])
    for content in ("[", "[{}]", secret):
        file.write_text(content)
        with pytest.raises(SettingsError):
            read_clients(file)
    assert not any(name.startswith("HS") or name == "none" for name in cds.ALGORITHMS)


PAGE = "https://ehr.example"


@pytest.fixture
def shared(sqlite: Store, reads: Reader) -> Desk:
    return Desk(sqlite, reads, cds_clients=(Client(ISSUER, {"k1": public(KEY)}, None),), cds_origins=(PAGE,))


def test_listed_pages_may_call_from_a_browser(shared: Desk) -> None:
    asks = {"Origin": PAGE, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type"}  # fmt: skip
    asked = shared.client.options("/cds-services/report-sign", headers=asks)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= set(
        asked.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    )
    headers = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
    found = shared.client.get("/cds-services", headers=headers)
    assert (found.status_code, found.headers["access-control-allow-origin"]) == (200, PAGE)
    signed = {**headers, "Authorization": f"Bearer {token()}"}
    called = shared.client.post("/cds-services/report-sign", json=CALLS[0][1], headers=signed)
    assert (called.status_code, called.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "access-control-allow-credentials" not in called.headers
    # The token is asked for as ever, and the page may read why it was refused.
    refused = shared.client.post("/cds-services/report-sign", json=CALLS[0][1], headers=headers)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)


@pytest.mark.parametrize(
    ("origin", "path"),
    [("https://evil.example", "/cds-services/report-sign"), ("null", "/cds-services/report-sign"),
     (f"{PAGE}.evil.example", "/cds-services/report-sign"), (PAGE, "/api/v1/extract"), (PAGE, "/fhir/$extract")],
)  # fmt: skip
def test_other_pages_and_other_services_are_not_shared(shared: Desk, origin: str, path: str) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Authorization": f"Bearer {token()}"}
    answers = [
        shared.client.post(path, json=CALLS[0][1], headers=headers),
        shared.client.options(path, headers={**headers, "Access-Control-Request-Method": "POST"}),
        shared.client.get("/cds-services", headers=headers),
    ]
    assert answers[0].status_code == 403
    shown = [each.headers.get("access-control-allow-origin") for each in answers]
    assert shown[:2] == [None, None]
    assert shown[2] == (PAGE if origin == PAGE else None)


@pytest.mark.parametrize("origin", ["*", "ehr.example", "https://ehr.example/", "ftp://ehr.example"])
def test_origins_that_are_none_or_too_many_are_refused(origin: str) -> None:
    with pytest.raises(SettingsError):
        check(Settings(cds_origins=(origin,)))
    listed = (Client(ISSUER, {}, None),)
    check(Settings(cds_origins=("*", PAGE), cds_clients=listed))


def test_what_came_of_cards_is_on_the_insight_page(desk: Desk) -> None:
    given = [
        {"card": f"card-{n}", "outcome": outcome, "outcomeTimestamp": "2026-12-11T10:05:31Z",
         **({"overrideReason": {"reason": {"code": code}, "userComment": "Xyloquenna"}} if code else {})}
        for n, (outcome, code) in enumerate(
            [("accepted", ""), ("overridden", "disagree"), ("overridden", "disagree"), ("overridden", "other")])
    ]  # fmt: skip
    assert desk.client.post("/cds-services/report-sign/feedback", json={"feedback": given}).status_code == 200
    with desk.store.read() as connection:
        seen = insight(connection)
    assert [(share.name, share.hits, share.of) for share in seen.cards] == [("report sign", 1, 4)]
    assert seen.card_reasons == [("The report says it; it was read wrong", 2), ("no reason given", 1)]
    page = desk.get("/insight").text
    assert "The report says it; it was read wrong" in page
    assert "Xyloquenna" not in page
