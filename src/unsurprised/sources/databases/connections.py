"""Connections, a driver each: all that a query is asked for in one transaction, which only reads.

So the rows of a second read are those of the first one, whatever is written meanwhile.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.databases.address import Database
from unsurprised.sources.databases.faults import asking, connecting

#: Rows of a batch, where a driver is told; SQLite's finds out types in the first of them.
_BATCH_ROWS = 1 << 16

_READING = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

#: How what asks for rows begins, behind remarks and brackets.
_SELECT = re.compile(r"(?:[\s(]|--[^\n]*\n|/\*.*?\*/)*(?:select|with|values|table)\b", re.I | re.S)

#: Seconds that a server has for its first answer, where the address does not say.
_PATIENCE = 10


class Connection(Protocol):
    """An open database."""

    def rows(self, sql: str) -> pa.RecordBatchReader:
        """The answer to a query, a batch at a time; the one before it is given up."""

    def close(self) -> None:
        """Give up whatever is asked."""


def connection_to(database: Database) -> Connection:
    """A connection by the driver of a kind of database."""
    return _CONNECTIONS[database.kind](database)


class _Adbc:
    """A connection by a driver of ADBC."""

    def __init__(self, database: Database, connection: Any) -> None:
        self._database, self._connection = database, connection
        self._cursor: Any = None
        self._reader: pa.RecordBatchReader | None = None

    def rows(self, sql: str) -> pa.RecordBatchReader:
        """The answer to a query."""
        if not _SELECT.match(sql):
            raise _no_select(self._database)
        self._give_up()
        self._prepare(sql)
        with asking(self._database):
            self._cursor = self._connection.cursor()
            self._told(self._cursor)
            self._cursor.execute(sql)
            self._reader = self._cursor.fetch_record_batch()
        return self._reader

    def _prepare(self, sql: str) -> None:
        """What comes before a query."""

    def _told(self, cursor: Any) -> None:
        """Settings of a query."""

    def close(self) -> None:
        """Give up whatever is asked."""
        self._give_up()
        with suppress(Exception):
            self._connection.close()

    def _give_up(self) -> None:
        """End the query that is open; a connection is not closed while there is one."""
        for held in (self._reader, self._cursor):
            if held is not None:
                with suppress(Exception):
                    held.close()
        self._reader = self._cursor = None


class _PostgreSQL(_Adbc):
    """A connection that holds a moment, and one a read, of that moment.

    A connection that is asked anew first takes all that it was asked for before.
    """

    def __init__(self, database: Database) -> None:
        self._driver = _driver("adbc_driver_postgresql.dbapi", database)
        self._address = database.address
        if "connect_timeout" not in self._address and "PGCONNECT_TIMEOUT" not in os.environ:
            mark = "&" if "?" in self._address else "?"
            self._address += f"{mark}connect_timeout={_PATIENCE}"
        super().__init__(database, self._connected(database))
        self._holding = self._connection
        with asking(database), self._holding.cursor() as cursor:
            cursor.execute(_READING)
            cursor.execute("SELECT pg_export_snapshot()")
            (self._moment,) = cursor.fetchone()

    def _connected(self, database: Database) -> Any:
        with connecting(database):
            return self._driver.connect(self._address)

    def _prepare(self, sql: str) -> None:
        """Take another connection, for one that was given up is busy."""
        self._connection = self._connected(self._database)
        with asking(self._database), self._connection.cursor() as cursor:
            cursor.execute(_READING)
            cursor.execute(f"SET TRANSACTION SNAPSHOT '{self._moment}'")

    def close(self) -> None:
        """Give up whatever is asked."""
        super().close()
        with suppress(Exception):
            self._holding.close()

    def _give_up(self) -> None:
        super()._give_up()
        if hasattr(self, "_holding") and self._connection is not self._holding:
            with suppress(Exception):
                self._connection.close()
            self._connection = self._holding


class _SQLite(_Adbc):
    def __init__(self, database: Database) -> None:
        driver = _driver("adbc_driver_sqlite.dbapi", database)
        self._address = f"{Path(database.address).resolve().as_uri()}?mode=ro"
        with connecting(database):
            super().__init__(database, driver.connect(self._address))

    def _told(self, cursor: Any) -> None:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_BATCH_ROWS)})

    def _prepare(self, sql: str) -> None:
        """Refuse several statements, of which the driver would run the first."""
        import sqlite3  # some milliseconds

        with asking(self._database), closing(sqlite3.connect(self._address, uri=True)) as plain:
            try:
                plain.execute(f"explain {sql}")
            except (sqlite3.Warning, sqlite3.ProgrammingError):
                raise _several(self._database) from None


class _DuckDB:
    def __init__(self, database: Database) -> None:
        self._database = database
        driver = _driver("duckdb", database)
        with connecting(database):
            self._connection = driver.connect(database.address, read_only=True)
            self._connection.execute("begin transaction")

    def rows(self, sql: str) -> pa.RecordBatchReader:
        """The answer to a query."""
        with asking(self._database):
            statements = self._connection.extract_statements(sql)
            if len(statements) > 1:
                raise _several(self._database)
            if not statements or statements[0].type.name != "SELECT":
                raise _no_select(self._database)
            relation = self._connection.sql(sql)
            found: pa.RecordBatchReader = relation.to_arrow_reader(_BATCH_ROWS)
            return found

    def close(self) -> None:
        """Give up whatever is asked."""
        self._connection.close()


_CONNECTIONS: dict[str, Callable[[Database], Connection]] = {
    "PostgreSQL": _PostgreSQL,
    "SQLite": _SQLite,
    "DuckDB": _DuckDB,
}


def _no_select(database: Database) -> InputError:
    """The error for what may write files, from within a database that is only read."""
    return InputError(
        "the query does not ask for rows", expected="select …", place=Place(database.shown)
    )


def _several(database: Database) -> InputError:
    return InputError(
        "the query consists of several statements",
        expected="one: select …",
        place=Place(database.shown),
    )


def _driver(module: str, database: Database) -> ModuleType:
    """A driver, imported where it is used."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0].replace("_", "-")
        raise CallError(
            f"{database.kind} is read by {package}, which is not installed: pip install "
            '"unsurprised[databases]"'
        ) from None
