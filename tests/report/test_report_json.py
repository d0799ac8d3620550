"""The JSON: its keys are the attributes, it says what the schema says, and nothing is lost."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from typing import Any

import numpy as np
import pytest
from handmade_evaluations import ALL, INFINITE, LABELLED, MIXED, ONE_ROW, RECALIBRATED, SOFT

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation.catalogue import FIGURES

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
#: What the small validator below understands; a new keyword must be added to it.
UNDERSTOOD = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required",
    "additionalProperties", "propertyNames", "pattern", "items", "anyOf", "enum", "const",
    "minimum", "exclusiveMinimum",
}  # fmt: skip


def problems(value: Any, schema: Any, root: Any, where: str = "$") -> list[str]:
    """What in ``value`` is not as ``schema`` says."""
    if schema is True or schema is False:
        return [] if schema else [f"{where}: not allowed"]
    assert set(schema) <= UNDERSTOOD, set(schema) - UNDERSTOOD
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return problems(value, root["$defs"][name], root, where)
    found = []
    if "anyOf" in schema and all(problems(value, one, root, where) for one in schema["anyOf"]):
        found.append(f"{where}: {value!r} fits no alternative")
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not one of {schema['enum']}")
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        fits = any(
            isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
            for name in names
        )
        if not fits:
            return [*found, f"{where}: {value!r} is not of type {names}"]
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{where}: {value} is too small")
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        found.append(f"{where}: {value} is too small")
    if isinstance(value, dict):
        found += _problems_of_object(value, schema, root, where)
    if isinstance(value, list) and "items" in schema:
        for index, entry in enumerate(value):
            found += problems(entry, schema["items"], root, f"{where}[{index}]")
    return found


def _problems_of_object(value: Any, schema: Any, root: Any, where: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{where}: {key} is missing" for key in schema.get("required", ()) if key not in value]
    for key, entry in value.items():
        other = schema.get("additionalProperties", True)
        found += problems(entry, known.get(key, other), root, f"{where}.{key}")
        pattern = schema.get("propertyNames", {}).get("pattern", "")
        if not re.search(pattern, key):
            found.append(f"{where}: key {key!r}")
    return found


@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_it_is_what_the_schema_says(evaluation):
    parsed = json.loads(evaluation.to_json())
    schema = Evaluation.json_schema()
    assert problems(parsed, schema, schema) == []
    assert parsed == evaluation.as_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"rows": -1},
        {"rows": True},
        {"rows": 1.5},
        {"schema": "unsurprised.evaluation/0"},
        {"cross_entropy": 0.3},
        {"cross_entropy": {"value": 0.3}},
        {"cross_entropy_nats": {**LABELLED.as_dict()["cross_entropy"], "value": "infinite"}},
        {"quantiles": {"median": LABELLED.as_dict()["cross_entropy"]}},
        {"histogram": [{"low": 0, "high": 1}]},
        {"base": 1},
        {"surprise": 1},
    ],
)
def test_the_schema_refuses_what_is_wrong(change):
    schema = Evaluation.json_schema()
    assert problems({**LABELLED.as_dict(), **change}, schema, schema)


def test_the_schema_comes_first_then_the_attributes_in_their_order():
    names = [field.name for field in dataclasses.fields(Evaluation)]
    assert list(LABELLED.as_dict()) == ["schema", *names]
    assert (
        LABELLED.as_dict()["schema"] == Evaluation.schema_name() == Evaluation.json_schema()["$id"]
    )


def test_the_schema_takes_its_descriptions_from_the_figures():
    described = {
        key: entry["description"]
        for key, entry in Evaluation.json_schema()["properties"].items()
        if key != "schema"
    }
    assert described == {figure.field: figure.definition for figure in FIGURES.values()}
    assert list(described) == [field.name for field in dataclasses.fields(Evaluation)]


def test_estimates_are_five_numbers_and_infinities_are_text():
    assert LABELLED.as_dict()["accuracy"] == {
        "value": 0.837,
        "low": 0.837 - 0.01,
        "high": 0.837 + 0.01,
        "unit": "",
        "rows": 1000,
    }
    infinite = INFINITE.as_dict()
    assert infinite["cross_entropy"]["value"] == "inf"
    assert infinite["cross_entropy"]["low"] is None
    assert infinite["information_gained"]["value"] == "-inf"
    assert infinite["worst_rows"][0]["surprisal"] == "inf"


def test_quantiles_are_keyed_by_their_level_as_text():
    assert list(LABELLED.as_dict()["quantiles"]) == ["0.05", "0.25", "0.5", "0.75", "0.95", "0.99"]


def test_nested_records_become_dictionaries():
    assert SOFT.as_dict()["annotators"]["entropy_bias"]["value"] == 0.0641
    assert LABELLED.as_dict()["confusion"] == [[90, 10], [5, 95]]
    assert LABELLED.as_dict()["histogram"][0] == {"low": 0.0, "high": 1.0, "weight": 850.0}


def test_zero_has_no_sign():
    value = ONE_ROW.as_dict()["confidence_gap"]["value"]
    assert math.copysign(1, value) == 1


def test_numbers_of_numpy_become_plain_ones():
    evaluation = dataclasses.replace(
        LABELLED,
        rows=np.int64(5),
        weight=np.float32(2.5),
        weighted=np.bool_(True),
        class_frequencies=np.array([0.5, 0.5]),
    )
    parsed = json.loads(evaluation.to_json())
    assert (parsed["rows"], parsed["weight"], parsed["weighted"]) == (5, 2.5, True)
    assert parsed["class_frequencies"] == [0.5, 0.5]


def test_equal_evaluations_give_equal_bytes():
    assert dataclasses.replace(LABELLED).to_json() == LABELLED.to_json()


@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_flat_it_is_numbers_under_names_that_trackers_take(evaluation):
    found = evaluation.as_dict(flat=True)
    assert found["cross_entropy"] == evaluation.cross_entropy.value
    for name, value in found.items():
        assert type(value) in (int, float) and not math.isnan(value)
        assert re.fullmatch(r"[A-Za-z0-9_./]+", name)
        # MLflow keeps a metric in a file of its name: no other may lie below it.
        assert not any(other.startswith(f"{name}/") for other in found)


def test_what_is_in_the_flat_dictionary():
    found = RECALIBRATED.as_dict(flat=True)
    assert found["cross_entropy_low"] == RECALIBRATED.cross_entropy.low
    assert found["quantiles/0.5"] == 0.0021
    assert found["ledger/miscalibration"] == 0.4568
    assert found["ledger/temperature_scaling/miscalibration"] == 0.4203
    assert found["ledger/vector_scaling/if_calibrated/p_value"] == 0.005
    mixed = MIXED.as_dict(flat=True)
    assert mixed["ledger/miscalibration"] == math.inf
    assert "truth_entropy" not in mixed and "worst_rows" not in mixed
