"""Policy files and what each setting changes."""

from dataclasses import replace

import pytest

from extractor.coding import SETTINGS, TableError, load_policy, load_tables, policy_names, recommend
from extractor.coding.examples import findings_of, shown

TABLES, CPT = load_tables(), load_policy()


def coded(lesions, **settings):
    made = recommend(findings_of({"id": "p", "lesions": lesions}), replace(CPT, **settings), TABLES)
    return made.disposition, list(map(shown, made.codes))


def lesion(side, guidance="stereotactic"):
    return {"side": side, "guidance": guidance, "devices": ["wire"]}


def test_shipped_policies():
    assert policy_names() == ["cpt", "medicare", "source-card"]
    for name, setting in SETTINGS.items():
        assert getattr(CPT, name) == setting.default


@pytest.mark.parametrize(
    ("lesions", "setting", "want"),
    [
        ([lesion("right"), lesion("left")], {"contralateral": "modifier_50"}, ["19283-50"]),
        (
            [lesion("right"), lesion("right"), lesion("left")],
            {"contralateral": "modifier_50"},
            ["19283-50", "19284-RT"],
        ),
        ([lesion("right"), lesion("right")], {"contralateral": "modifier_50"}, ["19283-RT", "19284-RT"]),
        ([lesion("right"), lesion("right", "ultrasound")], {"distinct_modifier": "XS"}, ["19285-RT", "19283-RT-XS"]),
        ([lesion("right", "tomosynthesis")], {"tomosynthesis_only": "19499"}, ["19499-RT"]),
        ([lesion("right", "tomosynthesis")], {"tomosynthesis_only": "19281"}, ["19281-RT"]),
        ([lesion("right", "tomosynthesis"), lesion("left")], {"tomosynthesis_only": "19283"}, ["19283-RT", "19284-LT"]),
        ([{**lesion("left", "tomosynthesis"), "biopsied": True}], {"tomosynthesis_biopsy": "19081"}, ["19081-LT"]),
        ([lesion("left", "ct")], {"ct_or_fluoroscopy": "19499"}, ["19499-LT"]),
        ([lesion("left"), lesion("left"), lesion("right")], {"additional_sides": "none"}, ["19283-LT", "19284 x2"]),
    ],
)
def test_setting(lesions, setting, want):
    assert coded(lesions, **setting) == ("ready", want)


def test_facility_limit_of_soft_tissue():
    nodes = [{**lesion("left", "ultrasound"), "site": "axilla"}] * 4
    assert coded(nodes)[0] == "review"
    assert coded(nodes, claim="facility") == ("ready", ["10035-LT", "10036-LT x3"])


def test_mass_on_imaging():
    findings = findings_of({"id": "m", "lesions": [{**lesion("left", "ultrasound"), "target": "mass"}]})
    assert [d.code for d in recommend(findings, CPT, TABLES).diagnoses] == ["N63.20"]
    assert [d.code for d in recommend(findings, replace(CPT, imaging_mass="R92.8"), TABLES).diagnoses] == ["R92.8"]


def test_all_faults_of_a_file_at_once(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nextra = 1\nsource = ["x"]\nconfidence = "GK"\n'
        '[settings]\ndistinct_modifier = "XX"\ncolour = "red"\n[add_ons]\n19283 = 5\n',
        encoding="utf-8",
    )
    with pytest.raises(TableError) as raised:
        load_policy(path)
    text = "\n".join(raised.value.errors)
    for part in (
        "unknown key 'extra'",
        "'title' is missing",
        "'distinct_modifier' is 'XX'",
        "unknown key 'colour'",
        "add_ons: '19283'",
    ):
        assert part in text


def test_unknown_policy_and_own_file(tmp_path):
    with pytest.raises(TableError, match="no such policy; shipped are cpt, medicare, source-card"):
        load_policy("payer")
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\ntitle = "Own"\nsource = ["us"]\nconfidence = "GK"\n', encoding="utf-8")
    assert load_policy(path).distinct_modifier == "59"
