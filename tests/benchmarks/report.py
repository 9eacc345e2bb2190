"""One report of speed, memory and growth; ratios come from one run on one machine.

    python -m tests.benchmarks.report [--notes N] [--stock N] [--memory 1000,10000] [--spark] [--out FILE]

Each figure is measured in a process of its own, one after the other. Those of one process are of processor time, which
other work on the machine touches little; those of several are of the clock, and ask for an idle machine. The stock
pipeline is medspaCy as it comes (its tokenizer, PyRuSH, TargetMatcher, ConText with its default rules, Sectionizer),
with every literal of this package's lexicon as a target or a heading; it finds words only, while this pipeline goes on
to lesions, codes, flags and results.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.notes import ROOT, gold, varied


def _texts(count: int) -> list[str]:
    return [text for _, text in varied(count)]


def _spread(count: int) -> list[str]:
    """As many texts from all styles evenly, so that few of them are like many."""
    texts = _texts(len(gold()))
    return texts[:: max(1, len(texts) // count)][:count]


def _rate(work: Callable[[str], object], texts: list[str]) -> float:
    """Texts a second of processor time, which other work on the machine does not touch as it does the clock."""
    for text in texts[:3]:
        work(text)
    began = time.process_time()
    for text in texts:
        work(text)
    return len(texts) / (time.process_time() - began)


def _rss() -> float:
    """Resident memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def stock(count: int) -> dict[str, Any]:
    """Notes a second through medspaCy as it comes, with this package's words."""
    import logging

    import medspacy
    from loguru import logger
    from medspacy.section_detection import SectionRule
    from medspacy.target_matcher import TargetRule

    from extractor import lexicon

    logger.disable("PyRuSH")  # it prints every token otherwise, which would be slower still
    logging.disable()
    nlp = medspacy.load(
        medspacy_enable={
            "medspacy_tokenizer",
            "medspacy_pyrush",
            "medspacy_target_matcher",
            "medspacy_context",
            "medspacy_sectionizer",
        }
    )
    rules = lexicon.load()
    targets = {(" ".join(words), rule.label) for rule in rules if rule.label != "section" for words in rule.literals}
    headings = {(" ".join(w) + ":", rule.value) for rule in rules if rule.label == "section" for w in rule.literals}
    matcher = nlp.get_pipe("medspacy_target_matcher")
    matcher.add([TargetRule(literal, label.upper()) for literal, label in sorted(targets)])
    sections = nlp.get_pipe("medspacy_sectionizer")
    sections.add([SectionRule(literal, category) for literal, category in sorted(headings)])
    pipes = list(nlp.pipe_names)
    return {"rate": _rate(nlp, _spread(count)), "notes": count, "pipes": pipes, "targets": len(targets)}


def ours(count: int, models: bool) -> dict[str, Any]:
    """Notes a second through this pipeline in one process, the whole way to JSON; and the words alone."""
    import extractor
    from extractor.normalize import normalize
    from extractor.pipeline import load

    loaded, texts = extractor.load(models=models), _texts(count)
    found = {"rate": _rate(lambda text: loaded.extract(text).to_json(), texts), "notes": count}
    if not models:
        nlp = load()
        found["words alone"] = _rate(lambda text: nlp(normalize(text).text), texts[: min(count, 200)])
    return found


def workers(count: int, number: int, models: bool) -> dict[str, Any]:
    """Notes a second through worker processes, from the first note to the last, their start left out."""
    from extractor.note import Note
    from extractor.workers import Pool, Setup

    notes = [Note(note_id, text) for note_id, text in varied(count)]
    with Pool(Setup({"models": models}, number)) as pool:
        # Every worker must have loaded before the clock starts.
        list(pool.outcomes(iter(notes[: 64 * number])))
        began = time.perf_counter()
        read = sum(1 for _ in pool.outcomes(iter(notes)))
        return {"rate": read / (time.perf_counter() - began), "notes": read, "started": len(pool._workers)}


def components(count: int) -> dict[str, Any]:
    """Milliseconds a note by part of the way."""
    import extractor
    from extractor import pipeline
    from extractor.coding import recommend
    from extractor.dates import parse_date
    from extractor.documentation import flags
    from extractor.nlp.components import page_of
    from extractor.normalize import normalize
    from extractor.note import Note
    from extractor.reading import read
    from extractor.result import build_result

    loaded, spent = extractor.load(models=False), Counter[str]()
    nlp, texts = pipeline.load(), _texts(count)
    provenance = dict(extractor.extract("x").provenance)

    def timed(name: str, work: Callable[..., Any], *args: Any) -> Any:
        began = time.process_time()
        value = work(*args)
        spent[name] += time.process_time() - began  # type: ignore[assignment]
        return value

    for number, text in enumerate(texts):
        if number == 5:
            spent.clear()
        source = timed("evening the text", normalize, text)
        doc = timed("tokenizer", nlp.make_doc, source.text)
        for name, pipe in nlp.pipeline:
            doc = timed(name, pipe, doc)
        findings = timed("reading", read, page_of(doc), source, text, "n")
        tables = extractor.api.load_tables(parse_date(findings.date_of_service))
        made = timed("coding", recommend, findings, loaded.policy, tables)
        raised = timed("flags and queries", flags, findings, made, loaded.profile)
        result = timed("result", build_result, Note("n", text), findings, made, raised, provenance)
        timed("json", result.to_json)
    return {name: round(1000 * seconds / (count - 5), 3) for name, seconds in spent.items()}


def memory(counts: list[int], models: bool) -> dict[str, Any]:
    """Resident memory of one process, in MB, after so many notes."""
    import extractor

    loaded = extractor.load(models=models)
    found: dict[str, Any] = {"loaded": round(_rss())}
    for number, (note_id, text) in enumerate(varied(max(counts)), 1):
        loaded.extract(text, note_id).to_json()
        if number in (*counts, 200):
            found[f"{number:,} notes"] = round(_rss())
    return found


def growth(limit: float) -> dict[str, Any]:
    """Seconds a note by its length; what would take longer than `limit` seconds by the last step is left out."""
    import extractor

    loaded, found = extractor.load(models=False), {}
    note = max(gold(), key=len)
    loaded.extract(note)
    shapes = {
        "notes one after the other": note + "\n\n",
        "one line": note.replace("\r", " ").replace("\n", " ") + " ",
        "No mass, ": "No mass, ",
        "Left breast wire, no mass, ": "Left breast wire, no mass, ",
    }
    for name, base in shapes.items():
        seconds: dict[str, float] = {}
        for size in (1, 4, 16, 64, 256, 1024):
            text = (base * (size * 1024 // len(base) + 1))[: size * 1024]
            began = time.process_time()
            loaded.extract(text)
            seconds[f"{size} KB"] = round(time.process_time() - began, 3)
            if 4 * seconds[f"{size} KB"] > limit:
                break
        found[name] = seconds
    return found


def spark(count: int) -> dict[str, Any]:
    """Notes a second through Spark local[2], its start and the loading left out by a first pass."""
    from pyspark.sql import SparkSession

    from extractor.spark import extract

    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    frame = session.createDataFrame(list(varied(count)), "note_id string, text string").repartition(2).cache()
    extract(frame.limit(50).repartition(2)).count()
    began = time.perf_counter()
    dispositions = extract(frame).groupBy("recommendation.disposition").count().collect()
    seconds = time.perf_counter() - began
    session.stop()
    return {"rate": sum(row["count"] for row in dispositions) / seconds, "notes": count}


def _part(name: str, *args: str) -> dict[str, Any]:
    """A figure measured in a process of its own."""
    print(f"... {name} {' '.join(args)}", file=sys.stderr, flush=True)
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.report", "--part", name, *args]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode:
        return {"failed": done.returncode}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "stock": lambda count: stock(int(count)),
    "ours": lambda count, models: ours(int(count), models == "models"),
    "workers": lambda count, number, models: workers(int(count), int(number), models == "models"),
    "components": lambda count: components(int(count)),
    "memory": lambda counts, models: memory([int(each) for each in counts.split(",")], models == "models"),
    "growth": lambda limit: growth(float(limit)),
    "spark": lambda count: spark(int(count)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--notes", type=int, default=1000, help="notes for this pipeline")
    parser.add_argument("--stock", type=int, default=60, help="notes for the stock pipeline")
    parser.add_argument("--memory", default="1000,10000", help="after how many notes memory is looked at")
    parser.add_argument("--growth", type=float, default=60.0, help="seconds that one text may take")
    parser.add_argument("--spark", action="store_true", help="also through Spark local[2]")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part[0]](*given.part[1:])))
        return
    count = str(given.notes)
    found: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system(),
                    "load": [round(each, 1) for each in os.getloadavg()]},
        "stock medspaCy": _part("stock", str(given.stock)),
        "one process, rules": _part("ours", count, "rules"),
        "one process, models": _part("ours", count, "models"),
        "1 worker, rules": _part("workers", count, "1", "rules"),
        "2 workers, rules": _part("workers", count, "2", "rules"),
        "2 workers, models": _part("workers", count, "2", "models"),
        "milliseconds a note": _part("components", str(min(given.notes, 300))),
        "memory in MB": _part("memory", given.memory, "models"),
        "seconds by length": _part("growth", str(given.growth)),
    }  # fmt: skip
    if given.spark:
        found["Spark local[2]"] = _part("spark", count)
    base = found["stock medspaCy"].get("rate")
    one, two = found["1 worker, rules"].get("rate"), found["2 workers, rules"].get("rate")
    found["ratios"] = {
        "one process to stock": round(found["one process, rules"]["rate"] / base, 1) if base else None,
        "words alone to stock": round(found["one process, rules"]["words alone"] / base, 1) if base else None,
        "two workers to one": round(two / one, 2) if one and two else None,
    }
    for name, figures in found.items():
        print(f"\n{name}")
        for key, value in figures.items():
            print(f"  {key}: {round(value, 1) if isinstance(value, float) and value > 10 else value}")
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
