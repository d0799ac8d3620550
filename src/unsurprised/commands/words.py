"""The words that options of several commands take."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What the numbers of a prediction are."""

    probs = "probs"
    logits = "logits"
    logprobs = "logprobs"


class Nulls(StrEnum):
    """What to do with rows that have a null."""

    error = "error"
    skip = "skip"


class DriftNulls(StrEnum):
    """What nulls are where distributions are compared."""

    category = "category"
    skip = "skip"


class InputFormat(StrEnum):
    """What standard input holds, as files of that format are called."""

    parquet = "parquet"
    arrow = "arrow"
    csv = "csv"
    tsv = "tsv"
    jsonl = "jsonl"
    npz = "npz"


class Join(StrEnum):
    """What to do with rows that are in one file only."""

    exact = "exact"
    inner = "inner"
