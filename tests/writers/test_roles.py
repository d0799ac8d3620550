"""Every Arrow type in every role: an answer or an error of ours, and the same by any encoding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from arrow_columns import COLUMNS, dictionary, lists, mapped, runs, struct

import unsurprised as us
from unsurprised.errors import UnsurprisedError
from unsurprised.sources import Options, open_predictions

LABELS, PROBS = [0, 1, 0], [[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]]

NUMBERS = {
    "int8": pa.array([1, 0, 1], pa.int8()),
    "uint64": pa.array([1, 0, 1], pa.uint64()),
    "half": pa.array([1.0, 0.0, 1.0], pa.float16()),
    "float": pa.array([1.0, 0.0, 1.0], pa.float32()),
    "double": pa.array([1.0, 0.0, 1.0]),
    "decimal": pa.array([Decimal(1), Decimal(0), Decimal(1)], pa.decimal128(5, 2)),
    "bool": pa.array([True, False, True]),
    "text": pa.array(["1", "0", "1"]),
    "text view": pa.array(["1", "0", "1"], pa.string_view()),
}
ENCODINGS = {
    "dictionary": dictionary,
    "runs": runs,
    "runs of dictionary": lambda values: runs(dictionary(values)),
    "dictionary of runs": lambda values: dictionary(runs(values)),
}


def pairs(values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays([0, 2, 4, 6], pa.concat_arrays([values, values]))


def encoded(values: pa.Array) -> dict[str, pa.Array]:
    """The same numbers in many ways; Arrow's types nested twice."""
    known = {"": values} | {name: encode(values) for name, encode in ENCODINGS.items()}
    inside = {
        f"{way.__name__} of {name}": way(column)
        for name, column in known.items()
        for way in (lists, struct, mapped)
    }
    return known | inside | {
        f"pairs of {name}": pa.ListArray.from_arrays(
            [0, 2, 4, 6], encode(pa.concat_arrays([values, values]))
        )
        for name, encode in ENCODINGS.items()
    }  # fmt: skip


ALL = COLUMNS | {
    f"{name}, {way}": column
    for name, values in NUMBERS.items()
    for way, column in encoded(values).items()
    if name in ("int8", "half", "decimal", "text") or not way
}


def tables(column: pa.Array) -> dict[str, tuple[pa.Table, dict[str, Any]]]:
    """A column in each role, and what is said of it."""
    usual = pa.table({"label": LABELS, "probs": PROBS})
    told = ("weight", "id", "by", "cluster")
    return {
        "label": (pa.table({"label": column, "probs": PROBS}), {}),
        "pred": (pa.table({"label": LABELS, "probs": column}), {}),
        "pred, one a class": (pa.table({"label": LABELS, "p_0": column, "p_1": column}), {}),
        "logprob": (pa.table({"lp": column}), {"logprob": "lp"}),
        **{role: (usual.append_column("x", column), {role: "x"}) for role in told},
    }


def rows_of(table: pa.Table, said: dict[str, Any]) -> int | type:
    """How many rows are read, or the class of the error."""
    try:
        reading = open_predictions(table, Options(**said))
        return sum(batch.size for split in reading.plan() for batch in reading.batches(split))
    except UnsurprisedError as error:
        return type(error)


def answer(table: pa.Table, said: dict[str, Any]) -> Any:
    """What is answered, or the class of the error."""
    try:
        found = us.evaluate(table, **said)
        return found.rows, found.weight, found.cross_entropy.value, found.skipped_rows
    except UnsurprisedError as error:
        return type(error)


@pytest.mark.parametrize(
    "role", ["label", "pred", "pred, one a class", "logprob", "weight", "id", "by", "cluster"]
)
def test_a_type_in_a_role_is_read_or_refused(role: str) -> None:
    read = 0
    for name, column in ALL.items():
        table, said = tables(column)[role]
        part = pa.concat_tables([table, table]).slice(1, 3)
        try:
            found = rows_of(table, said), rows_of(part, {**said, "nulls": "skip"})
        except Exception as error:  # whatever it is, it has to name the type
            pytest.fail(f"{name} as {role}: {error!r}")
        read += 3 in found
    assert read >= 10 or role == "logprob"  # none of these numbers is one


@pytest.mark.parametrize("way", ENCODINGS)
def test_logprobs_by_any_encoding(way: str) -> None:
    values = pa.array([-1.0, -2.0, 0.0])
    table = pa.table({"lp": ENCODINGS[way](values)})
    right = us.evaluate(pa.table({"lp": values}), logprob="lp").cross_entropy.value
    assert us.evaluate(table, logprob="lp").cross_entropy.value == right


@pytest.mark.parametrize("name", NUMBERS)
def test_an_encoding_changes_nothing(name: str) -> None:
    values = NUMBERS[name]
    for role, (table, said) in tables(values).items():
        right = answer(table, said)
        for way, encode in ENCODINGS.items():
            other, same = tables(encode(values))[role]
            assert answer(other, same) == right, (role, way)


def test_weights_in_a_dictionary_count() -> None:
    weights = pa.array([2, 1, 2], pa.int32())
    said = {"label": LABELS, "probs": PROBS}
    right = us.evaluate(pa.table({**said, "w": weights}), weight="w")
    found = us.evaluate(pa.table({**said, "w": weights.dictionary_encode()}), weight="w")
    assert found.weight == right.weight == 5
    assert found.cross_entropy.value == right.cross_entropy.value
