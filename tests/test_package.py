"""What is built holds what it needs, wherever it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked in a folder of its own, as an installer leaves it."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel")
    built, site = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def run(site: Path, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "extractor", *args],
        cwd=site.parent,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_data_file_of_the_source_is_in_the_wheel(installed: Path) -> None:
    source = {
        path.relative_to(ROOT)
        for path in (ROOT / "extractor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert source <= {path.relative_to(installed) for path in installed.rglob("*")}


def test_installed_elsewhere_it_reads_and_scores(installed: Path) -> None:
    where = "import extractor, extractor.evaluate as e; print(extractor.__file__); print(e.default_corpus())"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", where]
    done = subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        str(installed / "extractor" / "__init__.py"),
        str(installed / "extractor" / "corpus"),
    ]
    table = json.loads(run(installed, "evaluate", str(installed / "extractor" / "corpus" / "s01"), "--json"))
    assert table["all"]["evidence.offsets"]["accuracy"] == 1.0
    assert "tables" in run(installed, "--help")


def test_components_are_found_by_name_in_a_foreign_pipeline() -> None:
    """spaCy finds them by their entry points: nothing of the package is imported by hand."""
    from importlib.metadata import entry_points

    names = sorted(entry.name for entry in entry_points(group="spacy_factories") if entry.name.startswith("extractor_"))
    if not names:
        pytest.skip("the package is not installed, so it has no entry points")
    code = f"import spacy; nlp = spacy.blank('en'); [nlp.get_factory_meta(name) for name in {names!r}]; print('found')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "found\n", done.stderr
    assert len(names) == 5


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert line.startswith("#") or line.count("==") == 1
        assert "/" not in line
        assert "@" not in line


def test_what_the_package_depends_on_is_pinned() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {each.split(";")[0].split("[")[0].split(">")[0].split("=")[0].strip().lower() for each in wanted}
    assert names - {"extractor"} <= pinned
