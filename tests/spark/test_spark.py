"""A real Spark on this machine with two workers: the results are those of the Parquet sink."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="the extra spark")
if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
    pytest.skip("Spark needs Java", allow_module_level=True)

from extractor import Note, load, sinks  # noqa: E402
from extractor.sinks import schema  # noqa: E402
from extractor.spark import ddl, extract  # noqa: E402
from tests.conftest import ROOT  # noqa: E402


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    before = {name: os.environ.get(name) for name in ("PYSPARK_PYTHON", "PYTHONPATH", "SPARK_LOCAL_IP")}
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "SPARK_LOCAL_IP": "127.0.0.1"}
    builder = SparkSession.builder.master("local[2]").appName("extractor").config("spark.ui.enabled", "false")
    made = builder.config("spark.driver.memory", "1g").config("spark.sql.shuffle.partitions", "2").getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def plain(value: Any) -> Any:
    """Rows and maps of Spark as plain values."""
    if hasattr(value, "asDict"):
        value = value.asDict(recursive=False)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def test_results_are_those_of_one_process(session: Any, corpus: Path, tmp_path: Path) -> None:
    paths = sorted(corpus.glob("*/*.txt"))[::8]
    notes = [(path.stem, path.read_bytes().decode()) for path in paths]
    rows = [*notes, ("nul", "a\0b"), ("none", None), ("empty", "")]
    frame = session.createDataFrame(rows, "id string, report string").repartition(2)
    found = extract(frame, text="report", note_id="id", models=False)
    assert found.schema == session.createDataFrame([], ddl()).schema
    by_id = {row["note_id"]: plain(row) for row in found.collect()}
    assert len(by_id) == len(rows)
    reasons = {name: by_id[name].pop("reject_reason") for name in by_id}
    assert {name: reason for name, reason in reasons.items() if reason} == {
        "nul": "contains NUL (at character 1): binary data, not text",
        "none": "text is missing or no string",
    }
    assert by_id["nul"] == {**dict.fromkeys(schema.result_type().fields), "note_id": "nul"}
    here = load(models=False)
    for name, text in [*notes, ("empty", "")]:
        assert by_id[name] == schema.record(here.extract(Note(name, text)))
    pytest.importorskip("pyarrow", reason="the extra parquet")
    with sinks.results(tmp_path / "r.parquet") as write:
        for name, text in notes:
            write(here.extract(Note(name, text)))
    read = session.read.parquet(str(tmp_path / "r.parquet"))
    assert [(f.name, f.dataType) for f in read.schema] == [(f.name, f.dataType) for f in found.schema[:-1]]
    assert {row["note_id"]: plain(row) for row in read.collect()} == {name: by_id[name] for name, _ in notes}


def test_a_preliminary_status_comes_from_its_column(session: Any) -> None:
    from tests.cli.test_cli import NOTE

    rows = [(1, NOTE, "preliminary"), (2, NOTE, None)]
    frame = session.createDataFrame(rows, "note_id int, text string, state string")
    found = {row["note_id"]: row for row in extract(frame, status="state", models=False).collect()}
    assert found["1"]["recommendation"]["disposition"] == "review"
    assert found["2"]["recommendation"]["disposition"] == "ready"
    assert found["1"]["source"]["report_status"] == "preliminary"
