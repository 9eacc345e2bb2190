"""Label Studio: tasks with annotations, or with predictions where a program proposed them. Knows that shape alone.

Label Studio counts in the browser, in UTF-16 units, unless its server was told otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.annotations.offsets import Ruler, Unit, located
from extractor.annotations.standoff import AnnotationError, Document, Span

FROM_NAME, TO_NAME = "label", "text"

INTERFACE = """<View>
  <Labels name="label" toName="text">
{labels}
  </Labels>
  <Text name="text" value="$text"/>
</View>
"""


def interface(labels: Iterable[str]) -> str:
    """The labelling interface (XML) that fits the exported tasks."""
    return INTERFACE.format(labels="\n".join(f'    <Label value="{label}"/>' for label in labels))


def write(documents: Iterable[Document], path: Path, unit: Unit) -> int:
    """One JSON array of tasks; the number of notes."""
    tasks = [_task(document, unit) for document in documents]
    path.write_text(json.dumps(tasks, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return len(tasks)


def read(path: Path, unit: Unit) -> Iterator[Document]:
    """The notes of an export: the last annotation that was not cancelled, else the prediction."""
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(tasks, list)
    except (ValueError, AssertionError):
        raise AnnotationError(f"{path.name}: no JSON array of Label Studio tasks") from None
    for number, task in enumerate(tasks, 1):
        try:
            yield _document(task, unit, number)
        except AnnotationError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            name = type(error).__name__
            raise AnnotationError(f"{path.name}: task {number} is not of Label Studio's form ({name})") from None


def _task(document: Document, unit: Unit) -> dict[str, Any]:
    ruler = Ruler(document.text, unit)
    result = [
        {
            "id": f"{number}",
            "from_name": FROM_NAME,
            "to_name": TO_NAME,
            "type": "labels",
            "value": {
                "start": ruler.out(span.start),
                "end": ruler.out(span.end),
                "text": document.surface(span),
                "labels": [span.label],
            },
            **({"meta": {"rule": [span.rule]}} if span.rule else {}),
        }
        for number, span in enumerate(document.spans, 1)
    ]
    data: dict[str, Any] = {"note_id": document.note_id, "sha256": document.sha256, "text": document.text}
    if document.record is not None:
        data["record"] = document.record
    if document.origin is None:
        return {"data": data, "annotations": [{"result": result, "was_cancelled": False}]}
    prediction: dict[str, Any] = {"model_version": document.origin, "result": result}
    if document.score is not None:
        prediction["score"] = document.score
    return {"data": data, "predictions": [prediction]}


def _document(task: Mapping[str, Any], unit: Unit, number: int) -> Document:
    data = task["data"]
    note_id, text = str(data.get("note_id") or task.get("id") or number), data["text"]
    kept = [each for each in task.get("annotations") or [] if not each.get("was_cancelled")]
    predicted = task.get("predictions") or []
    source = kept[-1] if kept else (predicted[-1] if predicted else {"result": []})
    results = [each for each in source["result"] if each.get("type") == "labels"]
    values = [each["value"] for each in results]
    places = located(note_id, text, [(v["start"], v["end"], v.get("text")) for v in values], unit)
    spans = []
    for (start, end), value, each in zip(places, values, results, strict=True):
        rules = (each.get("meta") or {}).get("rule") or [None]
        spans += [Span(start, end, label, rules[0]) for label in value["labels"]]
    origin = None if kept or not predicted else source.get("model_version") or "unknown"
    return Document(note_id, text, tuple(spans), data.get("record"), origin, None if kept else source.get("score"))
