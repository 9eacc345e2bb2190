"""Model files: the same bytes for the same model, refused when altered, and nothing in them is executed."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io

from extractor.learning import fitting, judge, store
from extractor.learning.store import ModelError
from tests.conftest import ROOT, Command

MODELS = ROOT / "models"


def small() -> fitting.Fitted:
    weights, offsets = np.array([[0.0, 0.0], [0.25, -1.5]]), np.array([0.0, 0.5])
    return fitting.Fitted(np.arange(2), weights, offsets, ["no", "yes"])


def test_a_model_survives_its_file_and_two_dumps_are_the_same_bytes() -> None:
    first, second = (store.dump(fitting.as_pipeline(small(), ["a", "b"], 1.0)) for _ in range(2))
    assert first == second
    pipeline = store.load(first, "small.skops")
    names, back = fitting.of_pipeline(pipeline)
    assert names == ["a", "b"]
    assert back.classes == ["no", "yes"]
    np.testing.assert_array_equal(back.weights, small().weights)
    plain, read = fitting.of_weights(*store.weights(first, "small.skops"))
    assert (plain, read.classes) == (names, back.classes)
    np.testing.assert_array_equal(read.weights, back.weights)
    np.testing.assert_array_equal(read.offsets, back.offsets)
    # What is stored is a scikit-learn pipeline that gives the same probabilities by itself.
    rows = [{"a": 1.0}, {"a": 2.0, "b": 1.0}, {}]
    ours = back.probabilities(np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 0.0]]))
    np.testing.assert_allclose(pipeline.predict_proba(rows), ours)


def test_no_address_and_no_time_is_in_a_file() -> None:
    data = store.dump(fitting.as_pipeline(small(), ["a", "b"], 1.0))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert max(map(len, archive.namelist())) <= len("schema.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store.write(tmp_path / "m", {"kind": fitting.as_pipeline(small(), ["a", "b"], 1.0)}, {"promise": 0.9})
    return tmp_path / "m"


def test_what_was_written_is_read(folder: Path) -> None:
    models, manifest = store.read(folder)
    assert list(models) == ["kind"]
    assert manifest["promise"] == 0.9
    store.write(folder, {"count": models["kind"]}, {})
    assert sorted(path.name for path in folder.iterdir()) == ["count.skops", "manifest.json"]


def test_an_altered_missing_or_strange_file_is_refused(folder: Path) -> None:
    path = folder / "kind.skops"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ModelError, match="digest differs"):
        store.read(folder)
    path.unlink()
    with pytest.raises(ModelError, match="missing"):
        store.read(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match="not a manifest"):
        store.read(folder)
    (folder / "manifest.json").write_text(json.dumps({"format": 99, "files": {}}))
    with pytest.raises(ModelError, match="format 99"):
        store.read(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"no manifest\.json"):
        store.read(folder)


class Malicious:
    """What pickle would run on loading."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.marker, "w")


def test_loading_executes_nothing_of_a_file(tmp_path: Path) -> None:
    """Files that an attacker fitted with right digests: a foreign class, a function, a call."""
    marker = tmp_path / "executed"
    attacks = {
        "class": skops.io.dumps(Malicious(str(marker))),
        "function": skops.io.dumps({"f": open}),
        "system": skops.io.dumps({"f": __import__("os").system}),
    }
    # A schema that asks a loader of skops to build a class by name.
    with zipfile.ZipFile(io.BytesIO(attacks["class"])) as archive:
        schema = json.loads(archive.read("schema.json"))
    schema.update({"__class__": "Popen", "__module__": "subprocess", "__loader__": "ObjectNode"})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    attacks["schema"] = out.getvalue()
    attacks["pickle"] = __import__("pickle").dumps(Malicious(str(marker)))
    for name, data in attacks.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "kind.skops").write_bytes(data)
        manifest = {"format": store.FORMAT, "files": {"kind": store.digest(data)}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(ModelError):
            store.read(folder)
        with pytest.raises(ModelError):
            judge.load(folder)
        with pytest.raises(ModelError):
            store.weights(data, "kind.skops")
    assert not marker.exists()


def test_the_models_of_the_package_are_whole() -> None:
    models = judge.load()
    assert models.digests
    for name, digest in models.digests.items():
        assert store.digest((MODELS / f"{name}.skops").read_bytes()) == digest
    card = (MODELS / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(digest in card for digest in models.digests.values())
    assert "synthetic" in card


def test_an_altered_model_is_an_error_of_the_command_and_not_a_silent_downgrade(
    extractor: Command, tmp_path: Path
) -> None:
    shutil.copytree(MODELS, tmp_path / "m")
    (tmp_path / "n.txt").write_text("A wire was placed.")
    victim = tmp_path / "m" / "confidence.skops"
    victim.write_bytes(victim.read_bytes() + b"\0")
    done = extractor("run", "n.txt", "--models", "m")
    assert done.returncode == 2
    assert b"confidence.skops" in done.stderr
    assert done.stdout == b""
    assert extractor("run", "n.txt", "--no-models").returncode == 0
    both = extractor("run", "n.txt", "--models", "m", "--no-models")
    assert both.returncode == 2
