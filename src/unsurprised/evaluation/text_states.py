"""What a text's surprisal is a share of: sums of its tokens, bytes, …, in all and by document."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.batches import Batch
from unsurprised.states import KeyedSums, Sums
from unsurprised.states.product import Product, State

#: The number of a row's tokens whose log-probability isn't known, among its units.
UNKNOWN = "unknown"


def rate(unit: str) -> str:
    """What the column of the documents' own ratios is called."""
    return f"surprisal per {unit}"


def rated(unit: str) -> str:
    """What the column of the documents that have one is called."""
    return f"documents with {unit}"


def text_states(units: tuple[str, ...], *, clustered: bool) -> dict[str, State]:
    """The states of a text whose rows are tokens of documents (clusters), or documents."""
    # Of so many documents that not all are kept, those that are rows have a mean of their own.
    own = [] if clustered else [each(unit) for unit in units for each in (rate, rated)]
    columns = ["rows", "weight", "infinite", "surprisal", *units]
    return {
        "text": Sums([*columns, *own]),
        "documents": KeyedSums(["rows", "infinite", "surprisal", *units]),
    }


def update_text(
    product: Product, batch: Batch, groups: NDArray[np.uint64], surprisal: Values
) -> None:
    """Add the rows of a batch."""
    infinite = np.isinf(surprisal)
    finite = np.where(infinite, 0.0, surprisal)
    columns: dict[str, Any] = {"rows": None, "weight": None, "infinite": infinite}
    columns |= {"surprisal": finite, **batch.units}
    for unit, amounts in batch.units.items():
        there = amounts > 0
        columns[rated(unit)] = there
        columns[rate(unit)] = np.where(there, finite / np.where(there, amounts, 1.0), 0.0)
    product["text"].update(groups, columns)
    product["documents"].update(*_documents(batch), columns)


def _documents(batch: Batch) -> tuple[list[str], NDArray[np.int64]]:
    """Names of documents, and of each row which is its own: its cluster, or the row."""
    held = batch.ids if batch.clusters is None else batch.clusters
    values = held.values
    if values is None:
        file = f"{batch.file}:" if batch.file_index else ""
        return [f"{file}{number}" for number in batch.numbers().tolist()], np.arange(batch.size)
    if isinstance(values, np.ndarray):
        found, which = np.unique(values, return_inverse=True)
        return [str(value) for value in found.tolist()], which.astype(np.int64)
    coded = (values if isinstance(values, pa.Array) else pa.array(values)).dictionary_encode()
    names = [str(name) for name in coded.dictionary.to_pylist()]
    return names, np.asarray(coded.indices.to_numpy(), dtype=np.int64)
