"""Samples of lm-evaluation-harness (``--log_samples``): log-likelihoods that its tasks rest on.

Rolling tasks (perplexity of a text) hold ``bits_per_byte: [ll, bytes]`` and its kin for each
document; tasks with choices hold a log-likelihood for each, of which a softmax is meant; others one
continuation, whose log-likelihood is what happened.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.guard import guarded
from unsurprised.sources.json_records import Record, records_of, short
from unsurprised.sources.jsonl import JsonlTable
from unsurprised.sources.options import Options
from unsurprised.sources.table import Part, Table

_KEYS = {"doc_id", "resps", "filtered_resps"}
#: Metrics that are pairs of a log-likelihood and how much of a unit it stands for.
_PAIRS = {"bits_per_byte": "bytes", "byte_perplexity": "bytes", "word_perplexity": "words"}
_FORMAT = "samples of lm-evaluation-harness"


class SamplesTable(Table):
    """A document a row: ``doc_id``, ``logprob`` with units, or ``logits`` and ``label``.

    Several filters repeat every document; those of the first one are taken.
    """

    format = _FORMAT

    def __init__(self, file: str) -> None:
        self.file = file
        with guarded(file, _FORMAT):
            self._table, self.left_aside = _columns(file)
        self.schema, self.rows = self._table.schema, self._table.num_rows

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows."""
        yield from self._table.select(list(columns)).to_batches(max_chunksize=batch_rows)


def is_sample(names: Collection[str]) -> bool:
    """Whether a record with these keys is a sample of the harness."""
    return set(names) >= _KEYS


def with_samples(table: Table, options: Options) -> Table:
    """The table, as samples where it holds some and nobody says which columns mean what."""
    told = (options.pred, options.label, options.truth)
    if not isinstance(table, JsonlTable) or any(one is not None for one in told):
        return table
    if not is_sample(table.schema.names) or options.logprob not in (None, "logprob"):
        return table
    found = SamplesTable(table.file or "")
    found.stamps = table.stamps
    return found


def of_samples(first: Table, options: Options) -> Options:
    """The options, with the columns that samples have."""
    if not isinstance(first, SamplesTable):
        return options
    names = first.schema.names
    if "logits" in names and options.units:
        raise CallError(
            f"units (--units) and {first.file}, whose samples are choices; expected samples of "
            "rolling log-likelihoods, or no units"
        )
    if "logits" in names:
        return replace(options, label="label", pred="logits", kind="logits")
    units = options.units or tuple(unit for unit in ("bytes", "words") if unit in names)
    return replace(options, logprob="logprob", units=units)


def _columns(file: str) -> tuple[pa.Table, tuple[str, ...]]:
    """What the rows hold, and the names of filters that repeat them."""
    columns: dict[str, list[Any]] = {}
    taken, aside, first = None, [], None
    for number, record, _ in records_of(file):
        name = record.get("filter")
        taken = name if number == 0 else taken
        if name != taken:
            if name not in aside:
                aside.append(name)
            continue
        place = Place(file, number)
        values = {"doc_id": record.get("doc_id"), **_values(record, place)}
        first = first or list(values)
        if list(values) != first:
            raise InputError(
                f"found {', '.join(values)}",
                expected=f"{', '.join(first)}, as in the rows before",
                remedy="write the samples of each task to a file of its own",
                place=place,
            )
        for column, value in values.items():
            columns.setdefault(column, []).append(value)
    kinds = {"logits": pa.list_(pa.float64()), "logprob": pa.float64(), "label": pa.int64()}
    arrays = {
        column: pa.array(values, kinds.get(column) if column in kinds else _kind(column))
        for column, values in columns.items()
        if column != "doc_id" or all(isinstance(value, int | str) for value in values)
    }
    return pa.table(arrays), tuple(map(str, aside))


def _kind(column: str) -> pa.DataType | None:
    return None if column == "doc_id" else pa.float64()


def _values(record: Record, place: Place) -> dict[str, Any]:
    """The columns of one row."""
    pairs = {name: record[name] for name in _PAIRS if name in record}
    if pairs:
        return _rolling(pairs, place)
    responses = record.get("filtered_resps")
    if not isinstance(responses, list) or not responses:
        raise _refused("filtered_resps", responses, "log-likelihoods", place)
    if len(responses) == 1 and not isinstance(responses[0], list):
        return {"logprob": _number(responses[0], "filtered_resps", place)}
    numbers = []
    for response in responses:
        if not isinstance(response, list) or not response:
            raise _refused("filtered_resps", response, "pairs [log-likelihood, is greedy]", place)
        numbers.append(_number(response[0], "filtered_resps", place))
    if len(numbers) == 1:
        return {"logprob": numbers[0]}
    target = record.get("target")
    try:
        label = int(str(target))
    except ValueError:
        raise _refused("target", target, "the index of the right choice", place) from None
    return {"logits": numbers, "label": label}


def _rolling(pairs: Mapping[str, Any], place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, pair in pairs.items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise _refused(name, pair, "a pair [log-likelihood, units]", place)
        number, amount = (_number(each, name, place) for each in pair)
        if found and not math.isclose(found["logprob"], number, rel_tol=1e-6):
            raise _refused(name, number, f"one log-likelihood, {found['logprob']:.10g}", place)
        found.setdefault("logprob", number)
        found[_PAIRS[name]] = amount
    return found


def _number(value: Any, column: str, place: Place) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise InputError(
        f"found {short(value)}",
        expected="a log-likelihood: tasks that generate text have none",
        place=Place(place.file, place.row, column),
    )


def _refused(column: str, value: Any, expected: str, place: Place) -> InputError:
    return InputError(
        f"found {short(value)}", expected=expected, place=Place(place.file, place.row, column)
    )
