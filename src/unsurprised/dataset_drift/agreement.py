"""Which tables of a data set agree in their columns: found from their heads, before rows are read.

So rows can be read side by side, and merged as they come: that tables do not agree is known by
then, and told where one who reads them one after the other would come upon it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from unsurprised.dataset_drift.base import DriftBase
from unsurprised.dataset_drift.windows import TimeColumnsSought
from unsurprised.errors import InputError, Place, StateError, UnsurprisedError
from unsurprised.sources.table import Table
from unsurprised.sources.whole_tables import type_of, with_names

#: A table's place among all, the table, and its columns.
Named = tuple[int, Table, list[str]]


@dataclass(frozen=True)
class Agreed:
    """The tables up to the first that does not agree, and the error that it makes."""

    tables: tuple[Named, ...]
    #: The one that does not agree, whose rows are read before that is told.
    apart: tuple[Named, ...] = ()
    error: UnsurprisedError | None = None

    @property
    def names(self) -> list[str]:
        """The columns, in the order of the first table."""
        return self.tables[0][2] if self.tables else []


def agreed(
    tables: Sequence[Table],
    types: Mapping[str, pa.DataType | None],
    times: TimeColumnsSought | None = None,
) -> Agreed:
    """Which tables agree with those before them.

    Parameters
    ----------
    tables : sequence of Table
        All tables of the data set, surveyed.
    types : mapping
        The types of columns of text.
    times : TimeColumnsSought, optional
        Where windows are cut, what looks for their columns.
    """
    places = {id(table): place for place, table in enumerate(tables)}
    kept: list[Named] = []
    together: DriftBase | None = None
    before: pa.Schema | None = None
    try:
        for table, names in with_names(tables):
            named = places[id(table)], table, names
            if times is not None:
                times.look(*named)
            read = pa.schema([(name, type_of(table, name, types)) for name in names])
            if together is None:
                together = _empty(table, read)
            elif read != before:
                try:
                    together.merge(_empty(table, read))
                except StateError as error:
                    told = InputError(str(error), place=Place(table.file))
                    return Agreed(tuple(kept), (named,), told)
            kept.append(named)
            before = read if table.parts() else None
    except UnsurprisedError as error:
        return Agreed(tuple(kept), error=error)
    return Agreed(tuple(kept))


def _empty(table: Table, read: pa.Schema) -> DriftBase:
    """The state of a table without its rows; where it has no batch, nobody sees its types."""
    state = DriftBase(read.names)
    if table.parts():
        state.update(pa.record_batch([pa.nulls(0, field.type) for field in read], schema=read))
    return state
