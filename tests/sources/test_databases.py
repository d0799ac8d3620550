"""Files of DuckDB and SQLite, and cursors of any driver, are evaluated as frames of their rows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import unsurprised as us
from unsurprised import cli
from unsurprised.addresses import without_password


def rows() -> pa.Table:
    random = np.random.default_rng(3)
    p = random.random(3000)
    return pa.table(
        {
            "name": [f"row {k}" for k in range(3000)],
            "label": (random.random(3000) < p).astype(int),
            "p": p,
            "age": random.integers(0, 90, 3000),
        }
    )


def duckdb_file(folder: Path) -> str:
    """DuckDB's file of these rows."""
    name = str(folder / "runs.duckdb")
    if not Path(name).exists():
        held = rows()
        with duckdb.connect(name) as connection:
            connection.register("held", held)
            connection.execute("create table runs as select * from held")
    return name


def sqlite_file(folder: Path) -> str:
    """SQLite's file of these rows."""
    pytest.importorskip("adbc_driver_sqlite")
    return plain_sqlite_file(folder)


def plain_sqlite_file(folder: Path) -> str:
    """The same for Python's own driver."""
    name = str(folder / "runs #1?.db")
    with sqlite3.connect(name) as connection:
        connection.execute("create table runs (name text, label int, p real, age int)")
        held = zip(*rows().to_pydict().values(), strict=True)
        connection.executemany("insert into runs values (?, ?, ?, ?)", held)
    connection.close()
    return name


@pytest.fixture(params=[duckdb_file, sqlite_file])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    made: Callable[[Path], str] = request.param
    return made(tmp_path)


QUERY = "select * from runs"


def test_as_of_a_frame(file: str) -> None:
    said: dict[str, Any] = {"id": "name", "by": "age"}
    found = us.evaluate(us.Query(file, f"{QUERY} order by p -- as they come\n;"), **said)
    assert found.to_json() == us.evaluate(rows(), **said).to_json()
    found = us.calibrate(us.Query(file, QUERY), id="name")
    assert found.to_json() == us.calibrate(rows(), id="name").to_json()


def test_by_address_and_a_query_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    duckdb_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("q.sql").write_text(QUERY)
    asked = ["--db", "duckdb:///runs.duckdb", "--query", "@q.sql", "--id", "name"]
    assert cli.run(["evaluate", *asked, "--json", "a.json"]) == 0
    assert "--db duckdb:///runs.duckdb --query @q.sql" in capsys.readouterr().out
    assert Path("a.json").read_text().strip() == us.evaluate(rows(), id="name").to_json()
    assert cli.run(["check", *asked, "--max-bits", "0.1"]) == 1
    more = ["--query", "select *, 0.5 as other from runs"]
    assert cli.run(["compare", *asked, *more, "--pred", "p", "--pred", "other"]) == 0
    capsys.readouterr()
    for output in ("runs.duckdb", "q.sql"):
        assert cli.run(["evaluate", *asked, "--json", output, "--overwrite"]) == 2
    assert duckdb.connect("runs.duckdb", read_only=True).sql(QUERY).shape == (3000, 4)


WRONG = {
    "select nope from runs": ("the query cannot be answered (", "nope"),
    "-- nothing": ("the query does not ask for rows", "select …"),
    "/* a */ -- b\n select nope from runs": ("the query cannot be answered (", "nope"),
    "select 1; select 2": ("the query consists of several statements", "one: select …"),
    "create table x (a int)": ("the query does not ask for rows", "select …"),
    "copy runs to 'leak.csv'": ("the query does not ask for rows", "select …"),
    "vacuum into 'leak.csv'": ("", ""),
    "select": ("the query cannot be answered (", ""),
    "select label, 0.5 as p, * from runs where label > 7": ("", ""),  # types of no value
}


@pytest.mark.parametrize("sql", WRONG)
def test_wrong_queries(file: str, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(file).parent)
    with pytest.raises(us.UnsurprisedError) as raised:
        us.evaluate(us.Query(file, sql))
    assert all(said in str(raised.value) for said in WRONG[sql])
    assert "\n" not in str(raised.value)
    assert not Path("leak.csv").exists()


def test_rows_are_streamed(file: str) -> None:
    """Of rows without end, or nearly so, the first is wrong."""
    numbers = "select range as k from range(1000000000000)"
    if file.endswith(".db"):
        numbers = "with recursive n(k) as (select 0 union all select k + 1 from n) select k from n"
    with pytest.raises(us.InputError, match=r"row 0, column 'p': found -0.5"):
        us.evaluate(us.Query(file, f"select 0 as label, -0.5 - k * 1.0 as p from ({numbers})"))


def test_a_query_that_answers_otherwise_each_time(tmp_path: Path) -> None:
    query = us.Query(duckdb_file(tmp_path), f"{QUERY} where random() < 0.5")
    with pytest.raises(us.InputError, match=r"the query had [0-9,]+ rows, and [0-9,]+ when it was"):
        us.evaluate(query, by="age")


def test_types_that_change(tmp_path: Path) -> None:
    file = sqlite_file(tmp_path)
    mixed = (
        "with recursive n(k) as (select 0 union all select k + 1 from n limit 70000) "
        "select 0 as label, case when k < 69000 then k % 2 else 0.5 end as p from n"
    )
    with pytest.raises(us.InputError, match=r"cast the column in the query: cast\(… as real\)"):
        us.evaluate(us.Query(file, mixed), pred="p")


def test_what_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    duckdb_file(tmp_path)
    Path("rows.csv").write_text("label,p\n")
    cases = {
        "none.db": "none.db: no such database; expected postgresql://user@host/name, sqlite:///FILE",
        "rows.csv": "rows.csv: is no database; expected",
        "sqlite:///runs.duckdb": "runs.duckdb: is a database of DuckDB, not of SQLite",
        "duckdb:///rows.csv": "rows.csv: is no database",
        "sqlite://runs.db": "sqlite://… names no file; expected sqlite:///FILE",
        "mysql://me:s3cret@host/x": "mysql://… is no address of a database that is known here",
    }
    for address, said in cases.items():
        with pytest.raises(us.UnsurprisedError) as raised:
            us.Query(address, QUERY)
        assert str(raised.value).startswith(said)
        assert "s3cret" not in str(raised.value)
    for given in (("runs.duckdb", "  ;"), (7, QUERY), ("runs.duckdb", None)):
        with pytest.raises(us.CallError, match="query"):
            us.Query(*given)  # type: ignore[arg-type]


def test_a_driver_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = us.Query(duckdb_file(tmp_path), QUERY)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(us.CallError, match=r'pip install "unsurprised\[databases\]"'):
        us.evaluate(query)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("evaluate", "Missing argument 'FILE...', or --plan FILE, or --db and --query in its"),
        ("calibrate --query x", "--query goes with --db, which is not given"),
        ("check --db runs.duckdb", "--db goes with --query, which is not given"),
        ("evaluate x.csv --db runs.duckdb --query x", "x.csv does not go with --db"),
        ("evaluate --db runs.duckdb --query @none", "--query @none: cannot be read"),
        ("compare --db runs.duckdb --query x --pred p --pred q", "expected --id COLUMN, by which"),
        ("check --db runs.duckdb --query x --max-kl 1", "--db: it is about rows"),
    ],
)
def test_calls_that_do_not_go_together(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    duckdb_file(tmp_path)
    assert cli.run(line.split()) == 2
    assert said in capsys.readouterr().err


def test_passwords_are_taken_out_of_addresses() -> None:
    for address in ("me:x/s3cret@h/d", "me:s3@cret@h/d", "me@h/d?password=s3cret&sslmode=no"):
        shown = without_password(f"postgresql://{address}")
        assert shown.startswith("postgresql://me@h/d")
        assert not any(part in shown for part in ("s3", "cret"))
    assert without_password("s3://bucket/x?region=y") == "s3://bucket/x?region=y"


def test_cursors(tmp_path: Path) -> None:
    whole = us.evaluate(rows(), id="name").to_json()
    connection = sqlite3.connect(plain_sqlite_file(tmp_path))
    cursor = connection.cursor()
    with pytest.raises(us.CallError, match="the cursor has no rows; execute a query first"):
        us.evaluate(cursor)
    cursor.execute(QUERY)
    assert us.evaluate(cursor, id="name").to_json() == whole
    connection.close()
    with duckdb.connect(duckdb_file(tmp_path), read_only=True) as other:
        assert us.evaluate(other.execute(QUERY), id="name").to_json() == whole
        assert us.evaluate(other.sql(QUERY), id="name").to_json() == whole


class Cursor:
    """A cursor as drivers have it, over rows that are made as they are asked for."""

    def __init__(self, names: str, rows: Any) -> None:
        self.description = [(name, *[None] * 6) for name in names.split()]
        self._rows = iter(rows)

    def execute(self, _: str) -> None:
        raise AssertionError

    def fetchmany(self, count: int) -> list[Any]:
        return list(islice(self._rows, count))


def test_values_of_drivers() -> None:
    made = [(uuid.UUID(int=k), k % 2, Decimal("0.1"), [Decimal("0.9"), Decimal("0.1")])
            for k in range(25_000)]  # fmt: skip
    found = us.evaluate(Cursor("key label p probs", made), pred="probs", id="key")
    labels, probs = np.arange(25_000) % 2, np.tile([0.9, 0.1], (25_000, 1))
    keys = [str(row[0]) for row in made]
    assert found.cross_entropy == us.evaluate(labels, probs, ids=keys).cross_entropy
    by_name = ({"label": k % 2, "p": 0.25} for k in range(9))
    assert us.evaluate(Cursor("label p", by_name)).rows == 9


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ("0.5", "row 12000, column 'p': found '0.5'; expected double, as in the first 10,000 rows"),
        ({"a": 1}, "row 12000, column 'p': found {'a': 1}; expected double"),
    ],
)
def test_a_type_that_changes_late(late: Any, said: str) -> None:
    made = ((0, late if k == 12_000 else 0.5) for k in range(15_000))
    with pytest.raises(us.InputError) as raised:
        us.evaluate(Cursor("label p", made))
    assert str(raised.value).startswith(said)


def test_columns_of_several_types_at_once() -> None:
    with pytest.raises(us.InputError, match="holds values of several types"):
        us.evaluate(Cursor("label p", [(0, 0.5), (1, "x")]))
    with pytest.raises(us.UnsurprisedError):
        us.evaluate(Cursor("label p", []))


@pytest.mark.parametrize("label", ["x'00ff'", "1e400", "7"])
def test_nothing_is_said_at_the_end_of_a_process(tmp_path: Path, label: str) -> None:
    """Drivers complain of connections that go while a query is open."""
    query = f"select {label} as label, 0.5 as p from runs"
    line = ["evaluate", "--db", sqlite_file(tmp_path), "--query", query]
    ended = subprocess.run(
        [sys.executable, "-m", "unsurprised", *line], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2, ended
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("unsurprised: ")
