"""Rows of a real PostgreSQL are evaluated as those of a frame; no password is shown anywhere."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from postgresql_server import ESCAPED, PASSWORD, binaries, free_port, serving

import unsurprised as us
from unsurprised import cli
from unsurprised.evaluation.engine import evaluated
from unsurprised.sources import Options, open_predictions

dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
pytestmark = pytest.mark.skipif(binaries() is None, reason="needs a server of PostgreSQL")


def rows() -> pa.Table:
    random = np.random.default_rng(3)
    probs = random.dirichlet([1.0, 1.0, 1.0], 500)
    return pa.table(
        {
            "name": [f"row {k}" for k in range(500)],
            "label": random.integers(0, 3, 500),
            "probs": list(probs),
            "age": random.integers(0, 90, 500),
            "land": random.choice(["at", "ch"], 500),
            "p": probs[:, 0],
        }
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address, with the password in it, of a server that holds these rows."""
    with serving() as address:
        whole = address.replace("tester@", f"tester:{ESCAPED}@")
        with dbapi.connect(whole, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("runs", rows())
            cursor.execute("create type mood as enum ('cat', 'dog')")
        yield whole


QUERY = "select * from runs"


def test_evaluate_calibrate_and_check_as_of_a_frame(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"id": "name"}
    said = {**options, "by": ["age", "land"]}
    asked = us.Query(server, QUERY + " order by random()")
    assert us.evaluate(asked, **said).to_json() == us.evaluate(rows(), **said).to_json()
    found = us.calibrate(us.Query(server, QUERY), **options)
    assert found.to_json() == us.calibrate(rows(), **options).to_json()
    monkeypatch.chdir(tmp_path)
    line = ["check", "--db", server, "--query", QUERY, "--id", "name", "--max-bits", "9"]
    assert cli.run([*line, "--json", "check.json"]) == 0
    assert json.loads(Path("check.json").read_text())["outcome"] == "passed"


@pytest.mark.parametrize(
    ("columns", "truth", "prediction"),
    [
        ("label, probs::real[]::float8[] as probs", "label", None),
        ("label, probs::numeric[] as probs", "label", None),
        ("label = 1 as label, p::numeric(9, 8) as p", None, 8),
        ("case label when 1 then 'dog'::mood else 'cat' end as label, p::numeric as dog,"
         " 1 - p::numeric as cat", None, None),
    ],
)  # fmt: skip
def test_types_of_a_database(
    server: str, columns: str, truth: str | None, prediction: int | None
) -> None:
    """Exact decimals, arrays, enumerations and booleans, as the floats and names they are."""
    table = rows()
    labels, probs = table["label"].to_numpy(), np.array(table["probs"].to_pylist())
    if truth is None:
        labels, probs = (labels == 1).astype(int), table["p"].to_numpy()
        probs = probs if prediction is None else np.round(probs, prediction)
    elif "real" in columns:
        probs = probs.astype(np.float32).astype(np.float64)
    found = us.evaluate(us.Query(server, f"select {columns} from runs"))
    whole = us.evaluate(labels, probs)
    assert found.rows == 500
    assert found.cross_entropy.value == pytest.approx(whole.cross_entropy.value, rel=1e-12)


def test_both_reads_see_the_same_rows(server: str) -> None:
    """The second read is of the same moment, whatever was written since the first one."""
    options = Options(by=("age",), id="name")
    reading = open_predictions(us.Query(server, QUERY), options)
    assert list(reading.looks(["age"]))
    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("insert into runs select 'more', 0, probs, 9, 'at', p from runs limit 1")
        try:
            assert evaluated(reading).rows == 500
            assert us.evaluate(us.Query(server, QUERY)).rows == 501
        finally:
            cursor.execute("delete from runs where name = 'more'")


def test_rows_are_streamed(server: str) -> None:
    """Of a thousand million rows the first is wrong, and the others are not waited for."""
    many = "generate_series(1, 1000)"
    sql = f"select 0 as label, -0.5::float8 as p from {many} a, {many} b, {many} c"
    with pytest.raises(us.InputError, match=r"row 0, column 'p': found -0.5"):
        us.evaluate(us.Query(server, sql))


def test_a_cursor_of_adbc(server: str) -> None:
    with dbapi.connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(QUERY)
        assert us.evaluate(cursor, id="name").to_json() == us.evaluate(rows(), id="name").to_json()


FAULTS = {
    "select nope from runs": 'the query cannot be answered (column "nope" does not exist)',
    "select 1/(age-age) as p, label from runs": "the query cannot be answered (division by zero)",
    "with gone as (delete from runs returning 1) select * from gone": (
        "the query cannot be answered (cannot execute SELECT in a read-only transaction); ask for "
        "rows alone: select …"
    ),
    "delete from runs": "the query does not ask for rows; expected select …",
    "copy runs to '/tmp/leak.csv'": "the query does not ask for rows; expected select …",
    "select 1; select 2": (
        "the query cannot be answered (cannot insert multiple commands into a prepared statement); "
        "ask one query"
    ),
}


@pytest.mark.parametrize("sql", FAULTS)
def test_wrong_queries(server: str, sql: str) -> None:
    with pytest.raises(us.InputError) as raised:
        us.evaluate(us.Query(server, sql))
    assert str(raised.value) == f"{server.replace(ESCAPED, '').replace(':@', '@')}: {FAULTS[sql]}"


def test_servers_that_refuse_or_are_not_there(server: str) -> None:
    shown = server.replace(f":{ESCAPED}", "")
    port = shown.rpartition(":")[2]
    cases = {
        server.replace(ESCAPED, "s3cret"): "the server refuses who asks, or the password; expected",
        shown: "the server refuses who asks, or the password; expected the password in PGPASSWORD",
        server + "x": "the server has no database of this name",
        server.replace(port, f"{free_port()}/x"): "no server answers there",
        server.replace(ESCAPED, "s3cr%zzet"): "cannot be connected to",
        server.replace(ESCAPED, "s3cret@s3cret/s3cret"): "",
    }
    for address, said in cases.items():
        with pytest.raises(us.InputError) as raised:
            us.evaluate(us.Query(address, QUERY))
        assert said in str(raised.value)
        assert "s3cr" not in str(raised.value)
        assert "s3cr" not in repr(us.Query(address, QUERY))


def test_the_password_stays_where_it_is(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    query = us.Query(server, f"select '{PASSWORD}'::int as label, 0.5 as p from runs")
    with pytest.raises(us.InputError, match="invalid input syntax") as raised:
        us.evaluate(query)
    told = [str(raised.value), repr(query)]
    reading = open_predictions(us.Query(server, QUERY))
    told += [repr(reading), repr(reading.choices)]
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        for held in (query, reading):
            with pytest.raises(us.CallError, match="may hold a password") as refused:
                copied(held)
            told.append(str(refused.value))
    monkeypatch.chdir(tmp_path)
    lines = ["--query", "select label, probs from runs", "--overwrite"]
    lines += ["--json", "a.json", "--html", "a.html"]
    for command in ("evaluate", "calibrate"):
        assert cli.run([command, f"--db={server}", *lines]) == 0
        told += [Path("a.json").read_text(), Path("a.html").read_text(), *capsys.readouterr()]
    whole = "\n".join(told)
    assert "--db" in whole
    assert PASSWORD not in whole
    assert ESCAPED not in whole
    assert "d@n" not in whole
