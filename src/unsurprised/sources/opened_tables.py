"""Tables whose parts are read at the same time, and what stores are asked before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from unsurprised.sources.stores.ahead import asked_ahead
from unsurprised.sources.table import Table
from unsurprised.sources.unchanged import LaterLook

if TYPE_CHECKING:
    from unsurprised.sources.reading import Split


class OpenedTables:
    """Base of what has splits: parts of tables, by the tables' places."""

    _tables: tuple[Table, ...]
    _looks_later = False

    @property
    def tables(self) -> tuple[Table, ...]:
        """The files, or the frame."""
        return self._tables

    def columns_of(self, table: Table) -> Mapping[str, str]:
        """The columns that are read of a table, with their roles."""
        raise NotImplementedError

    @contextmanager
    def looking_later(self) -> Iterator[LaterLook]:
        """Ask stores at the end of the context alone whether objects changed since then."""
        self._looks_later = True
        look = LaterLook(stamp for table in self._tables for stamp in table.stamps)
        try:
            yield look
        finally:
            self._looks_later = False
        look.finish()

    def asked_ahead(self, splits: Sequence[Split], look: LaterLook) -> AbstractContextManager[None]:
        """Within the context, ask stores for splits before they are read, in this order."""
        wanted = (
            each
            for split in splits
            for table in (self._tables[split.file_index],)
            for each in table.wanted(split.part, self.columns_of(table))
        )
        return asked_ahead(wanted, look.begin)
