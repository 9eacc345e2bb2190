"""Profiles: validated as a whole, and never milder where a code would be a guess."""

import pytest

from extractor.coding import TableError
from extractor.documentation import load_profile, profile_names
from extractor.documentation.profile import FOLDER


def test_shipped_profile():
    assert profile_names() == ["default"]
    assert load_profile().elements["guidance"].severity == "blocking"
    assert load_profile().conflicts["complications"].query


def test_all_faults_at_once(tmp_path):
    text = (FOLDER / "default.toml").read_text(encoding="utf-8")
    text = text.replace('guidance = { severity = "blocking"', 'guidance = { severity = "quality"')
    text = text.replace('consent = { severity = "compliance"', 'consent = { severity = "urgent"')
    text = (
        text.replace("anesthesia =", "anaesthesia =")
        .replace("low_confidence = 0.8", "low_confidence = 8")
        .replace("site-open", "site-opened")
    )
    text = text.replace("title =", "titel =").replace("time_out = {", "time_out = { asked = true,")
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError) as raised:
        load_profile(path)
    errors = "\n".join(raised.value.errors)
    for part in (
        "elements: guidance: always blocks",
        "elements: consent: severity is 'urgent'",
        "elements: unknown key 'anaesthesia'",
        "elements: 'anesthesia' is missing",
        "'low_confidence' must be",
        "flags: unknown key 'site-opened'",
        "flags: 'site-open' is missing",
        "unknown key 'titel'",
        "'title' is missing",
        "elements: time_out: unknown key 'asked'",
    ):
        assert part in errors


def test_unknown_profile():
    with pytest.raises(TableError, match="no such profile"):
        load_profile("elsewhere")
