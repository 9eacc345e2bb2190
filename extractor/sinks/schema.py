"""The typed, nested schema of a result, one for Parquet, Spark and whoever documents them.

Derived from the result's own classes, so that it cannot fall behind them. Knows types and nothing of medicine. Closed
values are strings; the value of a reading, which has no one type, is a string (numbers as JSON writes them).
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from extractor.result import Result

Mapping = Callable[[dict[str, Any]], Any]
Change = Callable[[Any], Any]

_PLAIN = {str: "string", int: "bigint", float: "double", bool: "boolean"}


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `kind` is string, bigint, double, boolean, list, map or struct; `item` belongs to lists and maps (whose
    keys are strings), `fields` to structs. `mixed`: a string that stands for a value of several types."""

    kind: str
    item: Type | None = None
    fields: dict[str, Type] = field(default_factory=dict, hash=False)
    mixed: bool = False


@cache
def result_type() -> Type:
    """The type of a whole result."""
    return _type(Result)


def _type(of: Any) -> Type:
    origin, inner = typing.get_origin(of), typing.get_args(of)
    if origin in (typing.Union, types.UnionType):
        real = [each for each in inner if each is not type(None)]
        return _type(real[0]) if len(real) == 1 else Type("string", mixed=True)
    if origin is Literal:
        return Type("string")
    if origin is list:
        return Type("list", _type(inner[0]))
    if origin is dict:
        return Type("map", _type(inner[1]))
    if of in _PLAIN:
        return Type(_PLAIN[of])
    if isinstance(of, type) and issubclass(of, BaseModel):
        return Type("struct", fields={name: _type(each.annotation) for name, each in of.model_fields.items()})
    raise TypeError(f"no column type for {of}")


def record(result: Result, mapping: Mapping = dict) -> dict[str, Any]:
    """The result as plain values of `result_type()`; maps are given through `mapping`, what is absent is None."""
    made = _changer(mapping)(result.model_dump(mode="json"))
    assert isinstance(made, dict)
    return made


@cache
def _changer(mapping: Mapping) -> Change:
    return _change(result_type(), mapping) or (lambda made: made)


def _change(kind: Type, mapping: Mapping) -> Change | None:
    """What makes a value of `kind` out of what pydantic dumps; None where that is one already, as most are: only maps,
    and values of no one type, have to be looked for."""
    if kind.kind == "struct":
        changes = {name: change for name, inner in kind.fields.items() if (change := _change(inner, mapping))}
        return _of_struct(changes) if changes else None
    inner = _change(kind.item, mapping) if kind.item else None
    if kind.kind == "list":
        return inner and (lambda value: None if value is None else [inner(each) for each in value])
    if kind.kind == "map":
        if inner:
            return lambda value: None if value is None else mapping({name: inner(v) for name, v in value.items()})
        return None if mapping is dict else lambda value: None if value is None else mapping(value)
    return _as_string if kind.mixed else None


def _of_struct(changes: dict[str, Change]) -> Change:
    def change(value: Any) -> Any:
        if value is not None:
            for name, each in changes.items():
                value[name] = each(value[name])
        return value

    return change


def _as_string(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def ddl(kind: Type | None = None) -> str:
    """The schema in the words of Spark SQL: columns at the top, types below."""
    if kind is None:
        return ", ".join(f"`{name}` {ddl(each)}" for name, each in result_type().fields.items())
    if kind.kind == "struct":
        return "struct<" + ", ".join(f"`{name}`: {ddl(each)}" for name, each in kind.fields.items()) + ">"
    if kind.kind == "list":
        return f"array<{ddl(kind.item)}>"
    return f"map<string, {ddl(kind.item)}>" if kind.kind == "map" else kind.kind


def arrow(kind: Type | None = None) -> Any:
    """The schema as Arrow has it: a pyarrow.Schema at the top, a pyarrow.DataType below. Needs pyarrow."""
    import pyarrow as pa

    if kind is None:
        return pa.schema([pa.field(name, arrow(each)) for name, each in result_type().fields.items()])
    if kind.kind == "struct":
        return pa.struct([pa.field(name, arrow(each)) for name, each in kind.fields.items()])
    if kind.kind == "list":
        return pa.list_(arrow(kind.item))
    if kind.kind == "map":
        return pa.map_(pa.string(), arrow(kind.item))
    return {"string": pa.string(), "bigint": pa.int64(), "double": pa.float64(), "boolean": pa.bool_()}[kind.kind]
