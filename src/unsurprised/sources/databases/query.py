"""A query as a source: its rows are streamed, and asked for again where they are read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from weakref import finalize

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.databases.address import Database
from unsurprised.sources.databases.connections import connection_to
from unsurprised.sources.databases.faults import asking
from unsurprised.sources.databases.plainly import plain_batch, plain_schema


class Query:
    """What a database answers to a query, in place of files of predictions.

    Parameters
    ----------
    database : str
        ``postgresql://user@host:port/name``, or a file of SQLite or DuckDB: its path, or
        ``sqlite:///FILE``, ``duckdb:///FILE``. A password is best left to ``PGPASSWORD``,
        ``~/.pgpass`` or a service; one that the address holds is shown nowhere.
    sql : str
        One query. It is asked in a transaction that only reads, and again for each further read.

    Raises
    ------
    InputError
        There is no such database, or no query.

    Examples
    --------
    >>> import duckdb, pathlib, tempfile, unsurprised as us
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = pathlib.Path(folder.name, "runs.duckdb")
    >>> with duckdb.connect(file) as database:
    ...     _ = database.execute("create table runs (label text, p_cat real, p_dog real)")
    ...     _ = database.execute("insert into runs values ('cat', 0.75, 0.25)")
    >>> us.evaluate(us.Query(str(file), "select * from runs")).rows
    1
    >>> folder.cleanup()
    """

    def __init__(self, database: str, sql: str) -> None:
        if {type(database), type(sql)} != {str}:
            raise CallError("Query(database, sql) takes an address and a query; expected two texts")
        self._database, self._sql = Database.of(database), sql.strip().rstrip(";")
        if not self._sql:
            raise CallError("the query is empty; expected select … (--query)")

    def __repr__(self) -> str:
        return f"<Query of {self.database}>"

    def __reduce__(self) -> NoReturn:
        raise CallError(
            "a Query is not pickled, for its address may hold a password; make it where it is read"
        )

    @property
    def database(self) -> str:
        """The address of the database, without a password."""
        return self._database.shown

    @property
    def file(self) -> str | None:
        """The file that the database is; None of a server."""
        return self._database.file

    def opened(self) -> QueryRows:
        """The query on a connection of its own."""
        return QueryRows(self._database, self._sql)


class QueryRows:
    """A query on a connection; one read at a time."""

    def __init__(self, database: Database, sql: str) -> None:
        self._database, self._sql = database, sql
        self._connection = connection_to(database)
        # At the end of the process too: a driver complains if its connection goes before a query.
        finalize(self, self._connection.close)
        #: How many rows it had when it was read to its end.
        self._rows: int | None = None

    def __repr__(self) -> str:
        return f"<QueryRows of {self._database.shown}>"

    def reader(self) -> pa.RecordBatchReader:
        """The rows, from the first one on; a stream that was opened before ends."""
        answer = self._connection.rows(self._sql)
        schema = plain_schema(answer.schema)
        return pa.RecordBatchReader.from_batches(schema, self._batches(answer, schema))

    def _batches(self, answer: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        rows = 0
        while True:
            with asking(self._database):
                try:
                    batch = answer.read_next_batch()
                except StopIteration:
                    break
            rows += batch.num_rows
            yield plain_batch(batch, schema)
        if self._rows not in (None, rows):
            raise InputError(
                f"the query had {self._rows:,} rows, and {rows:,} when it was asked again",
                expected="the same rows each time",
                remedy="leave out what is random, or write its rows into a table first",
                place=Place(self._database.shown),
            )
        self._rows = rows
