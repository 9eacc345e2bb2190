"""Models in files: skops archives that come out the same byte for byte, and a manifest without which none is loaded.

A file is read only when its digest is that of the manifest and every type named in it is on the list below; nothing in
it is ever executed.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
FORMAT = 1

TYPES = frozenset(
    {
        "sklearn.pipeline.Pipeline",
        "sklearn.feature_extraction._dict_vectorizer.DictVectorizer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "numpy.ndarray",
        "numpy.float64",
        "numpy.int64",
        "numpy.int32",
        "numpy.dtype",
        "builtins.dict",
        "builtins.list",
        "builtins.tuple",
        "builtins.str",
        "builtins.type",
    }
)
"""Every type that a model file may name. skops trusts more by default; these models need no more."""


class ModelError(ValueError):
    """Models that cannot be used. The message says which file and what to do."""


def default_folder() -> Path:
    """The models of the package: in the source tree, else inside the installed package."""
    here = Path(__file__).resolve().parent.parent
    # Inside the package first: beside an installed one, a folder of that name may be anybody's.
    places = (here / "models", here.parent / "models")
    for place in places:
        if (place / MANIFEST).is_file():
            return place
    raise ModelError(
        "the models are missing: install the package again, train them with `extractor train`, or switch them off "
        "with --no-models"
    )


def dump(model: Any) -> bytes:
    """The skops archive of `model`, the same for the same model: no addresses, no time of day."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {name: archive.read(name) for name in archive.namelist() if name != "schema.json"}
    numbers: dict[int, int] = {}
    names: dict[str, str] = {}
    _renumber(schema, numbers, names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        members = {names[name]: data for name, data in arrays.items() if name in names}
        members["schema.json"] = json.dumps(schema, separators=(",", ":")).encode()
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, members[name])
    return out.getvalue()


def _renumber(node: Any, numbers: dict[int, int], names: dict[str, str]) -> None:
    """Addresses of objects replaced by their order of appearance, in place."""
    if isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
        if node.get("type") == "numpy" and isinstance(node.get("file"), str):
            node["file"] = names.setdefault(node["file"], f"{len(names) + 1}.npy")
        for value in node.values():
            _renumber(value, numbers, names)
    elif isinstance(node, list):
        for value in node:
            _renumber(value, numbers, names)


def load(data: bytes, name: str) -> Any:
    """The model of an archive whose digest was checked. Raises ModelError for anything but the types listed."""
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    _schema(data, name)
    if skops.io.get_untrusted_types(data=data):
        raise ModelError(f"{name}: names types that skops does not trust; {_REMEDY}")
    with warnings.catch_warnings():
        # Only weights and vocabulary are taken from it, and these mean the same in every version.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return skops.io.loads(data, trusted=[])


def _schema(data: bytes, name: str) -> dict[str, Any]:
    """The schema of an archive that names no type but those listed. Raises ModelError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            schema: dict[str, Any] = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise ModelError(f"{name}: no model file; {_REMEDY}") from None
    strange = sorted(set(_types(schema)) - TYPES)
    if strange:
        raise ModelError(f"{name}: names types that no model of this package has ({', '.join(strange[:3])}); {_REMEDY}")
    return schema


_REMEDY = "install the package again or train anew with `extractor train`"


def _types(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "__class__" in node or "__module__" in node:
            yield f"{node.get('__module__')}.{node.get('__class__')}"
        for value in node.values():
            yield from _types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _types(value)


def digest(data: bytes) -> str:
    """SHA-256 in the form of the manifest."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write(folder: Path, models: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Models and manifest to `folder`; models that are no longer among them are deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, model in sorted(models.items()):
        data = dump(model)
        (folder / f"{name}.skops").write_bytes(data)
        files[name] = digest(data)
    for path in folder.glob("*.skops"):
        if path.stem not in files:
            path.unlink()
    text = json.dumps({"format": FORMAT, "files": files, **manifest}, indent=1, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The models as scikit-learn pipelines by name, and the manifest.

    Raises ModelError where a file is missing, altered or not of the format.
    """
    files, manifest = verified(folder)
    return {name: load(data, f"{name}.skops") for name, data in files.items()}, manifest


def weights(data: bytes, name: str) -> tuple[list[str], Any, Any, Any]:
    """Names of the features, classes, weights and offsets of a checked archive, read from it without building anything.

    Judging needs no more, and neither skops nor scikit-learn has to be imported for it. Raises ModelError as `load`.
    """
    import numpy as np

    schema = _schema(data, name)
    try:
        steps = [step["content"][1]["content"]["content"] for step in schema["content"]["content"]["steps"]["content"]]
        names = [json.loads(each["content"]) for each in steps[0]["feature_names_"]["content"]]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            classes, coefficients, offsets = (
                np.load(io.BytesIO(archive.read(steps[1][part]["file"])), allow_pickle=False)
                for part in ("classes_", "coef_", "intercept_")
            )
    except (KeyError, IndexError, TypeError, ValueError):
        raise ModelError(f"{name}: not a model of this package; {_REMEDY}") from None
    return names, classes, coefficients, offsets


def verified(folder: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The bytes of the models by name, each checked against its digest, and the manifest. Raises ModelError."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files: dict[str, str] = manifest["files"]
        version = manifest["format"]
    except FileNotFoundError:
        raise ModelError(f"{folder}: no {MANIFEST}; {_REMEDY}") from None
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"{folder / MANIFEST}: not a manifest of models; {_REMEDY}") from None
    if version != FORMAT:
        raise ModelError(f"{folder / MANIFEST}: format {version}, this version reads {FORMAT}; train anew")
    models: dict[str, bytes] = {}
    for name, want in sorted(files.items()):
        path = folder / f"{name}.skops"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ModelError(f"{path.name} is missing from the models; {_REMEDY}") from None
        if digest(data) != want:
            raise ModelError(f"{path.name} is not the file that was trained (its digest differs); {_REMEDY}")
        models[name] = data
    return models, manifest
