"""Objects in stores are read as files are: a real S3 protocol server on loopback, and a proxy."""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from s3_buckets import SECRET, Bucket

import unsurprised as us
from unsurprised.cli import run
from unsurprised.errors import InputError
from unsurprised.evaluation.engine import evaluate_reading
from unsurprised.report.pages.provenance import fingerprints
from unsurprised.sources import csv_headers, open_predictions, parquet, unchanged
from unsurprised.sources.stores import ahead, listing, objects, ranges, sequential
from unsurprised.sources.stores.addresses import Address

# Sockets of the server's are closed when they are collected, which is not ours to judge.
pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = 4000

Answer = Callable[[str, str, dict[str, str]], int | None]


class Proxy(ThreadingHTTPServer):
    """Hands requests on to a server, counts them, and answers some by itself."""

    daemon_threads = True
    #: Several requests come at once, which a machine that is busy takes some time to accept.
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = port
        self.seen: list[tuple[str, str]] = []
        #: A status to answer with, by method, path and headers.
        self.answer: Answer = lambda *_: None
        #: Whether the next body is cut in its middle.
        self.cuts = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_GET(self) -> None:
        proxy = self.server
        proxy.seen.append((self.command, self.path))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = proxy.answer(self.command, self.path, headers)
        if status is not None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        behind = HTTPConnection("127.0.0.1", proxy.behind, timeout=10)
        behind.request(self.command, self.path, headers=dict(self.headers))
        found = behind.getresponse()
        body = found.read()
        behind.close()
        self.send_response(found.status)
        for name, value in found.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "server", "date"):
                self.send_header(name, value)
        self.end_headers()
        if proxy.cuts and self.command == "GET" and len(body) > 1000:
            proxy.cuts = False
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def proxy(s3_port: int, s3_credentials: None) -> Iterator[Proxy]:
    with Proxy(s3_port) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def bucket(bucket: Bucket) -> Bucket:
    """With addresses behind which the proxy's place is written."""
    bucket.options = ""
    return bucket


def at(proxy: Proxy, address: str) -> str:
    """The address by way of the proxy."""
    return f"{address}?endpoint_override=127.0.0.1:{proxy.server_port}&scheme=http"


def table(rows: int = ROWS, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.ones(3), rows)
    columns = {f"p_{k}": probs[:, k] for k in range(3)}
    return pa.table({"label": rng.integers(0, 3, rows), "key": np.arange(rows), **columns})


def parquet_bytes(rows: pa.Table, path: Path, group: int | None = None) -> bytes:
    pq.write_table(rows, path, row_group_size=group)
    return path.read_bytes()


def csv_of(path: Path) -> None:
    pacsv.write_csv(table(), path)


def gzip_of(path: Path) -> None:
    out = pa.BufferOutputStream()
    pacsv.write_csv(table(), out)
    path.write_bytes(gzip.compress(out.getvalue().to_pybytes(), 1))


def jsonl_of(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in table().to_pylist()))


def arrow_of(path: Path) -> None:
    pyarrow.feather.write_feather(table(), path, chunksize=700)


def stream_of(path: Path) -> None:
    with pa.ipc.new_stream(path, table().schema) as writer:
        writer.write_table(table(), max_chunksize=700)


def npz_of(path: Path) -> None:
    rows = table()
    probs = np.column_stack([rows[f"p_{k}"].to_numpy() for k in range(3)])
    np.savez(path, label=rows["label"].to_numpy(), probs=probs)


WRITTEN: dict[str, Callable[[Path], None]] = {
    "rows.parquet": lambda path: pq.write_table(table(), path, row_group_size=900),
    "rows.csv": csv_of,
    "rows.csv.gz": gzip_of,
    "rows.jsonl": jsonl_of,
    "rows.feather": arrow_of,
    "rows.arrows": stream_of,
    "rows.npz": npz_of,
}


def result_of(source: Any, **options: Any) -> str:
    """The result's JSON, in which files are called by their last name."""
    made = json.loads(us.evaluate(source, **options).to_json())
    for row in made.get("worst_rows") or []:
        row["file"] = Path(str(row.get("file")).partition("?")[0]).name
    return json.dumps(made)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_bytes_of_a_file(tmp_path: Path, bucket: Bucket, proxy: Proxy, name: str) -> None:
    path = tmp_path / name
    WRITTEN[name](path)
    address = at(proxy, bucket.put(f"some folder/{name}", path.read_bytes()))
    assert result_of(address) == result_of(path)
    assert result_of(path.as_uri()) == result_of(path)
    assert len(proxy.seen) <= 16


def test_npy_files(tmp_path: Path, bucket: Bucket, proxy: Proxy) -> None:
    probs, labels = np.random.default_rng(1).dirichlet(np.ones(3), 50), np.arange(50) % 3
    there = []
    for name, array in (("p.npy", probs), ("y.npy", labels)):
        np.save(tmp_path / name, array)
        there.append(at(proxy, bucket.put(name, (tmp_path / name).read_bytes())))
    found = us.evaluate(there[0], label=there[1])
    here = us.evaluate(tmp_path / "p.npy", label=str(tmp_path / "y.npy"))
    assert found.cross_entropy == here.cross_entropy
    assert found.rows == 50


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if objects had been written long ago."""
    monkeypatch.setattr(unchanged, "_SETTLED_SECONDS", -60)


def counted(proxy: Proxy) -> dict[str, int]:
    """How many requests came since, by what they are for."""
    kinds = Counter("LIST" if "list-type" in path else method for method, path in proxy.seen)
    proxy.seen.clear()
    return dict(kinds)


@pytest.fixture
def row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups are asked for one by one, as large ones are."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 20_000)


@pytest.mark.usefixtures("row_groups")
@pytest.mark.parametrize("groups", [1, 4])
def test_requests_of_one_object(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, groups: int
) -> None:
    """One to open it, one for the footer, one a row group, one whether it changed.

    The first 4 MiB come as one, before it is known where row groups lie.
    """
    path, rows = tmp_path / "rows.parquet", 20_000 * groups
    address = at(proxy, bucket.put("rows.parquet", parquet_bytes(table(rows), path, 20_000)))
    assert result_of(address) == result_of(path)
    assert counted(proxy) == {"HEAD": 2, "GET": 1 + 1}
    monkeypatch.setattr(objects, "AHEAD_BYTES", 1 << 16)
    forget_all()
    assert result_of(address) == result_of(path)
    assert counted(proxy) == {"HEAD": 2, "GET": 1 + 1 + groups}


@pytest.mark.usefixtures("row_groups")
@pytest.mark.parametrize("objects", [2, 5])
def test_requests_of_many_objects(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, objects: int, settled: None
) -> None:
    """Two an object and one a row group; the folder is listed before and after.

    The first object's first 4 MiB come as one, and hold both of its row groups.
    """
    for number in range(objects):
        data = parquet_bytes(table(40_000, number), tmp_path / f"{number}.parquet", 20_000)
        bucket.put(f"runs/{number}.parquet", data)
    address = at(proxy, f"s3://{bucket.name}/runs")
    assert result_of(address) == result_of(tmp_path)
    # The folder's own name might have been an object's.
    assert counted(proxy) == {"LIST": 2, "HEAD": 1 + objects, "GET": objects * (1 + 2) - 1}
    assert result_of(f"{address.replace('/runs', '/runs/*.parquet')}") == result_of(tmp_path)
    counted(proxy)
    # What has been written just now is asked for by its digest, before and after.
    unchanged._SETTLED_SECONDS = 1000
    us.evaluate(address)
    assert counted(proxy) == {"LIST": 1, "HEAD": 1 + 2 * objects, "GET": objects * (1 + 2) - 1}


@pytest.mark.usefixtures("row_groups", "settled")
def test_requests_of_a_task(tmp_path: Path, bucket: Bucket, proxy: Proxy) -> None:
    """A worker opens its own objects, reads its own row groups, and looks again in the end."""
    for number in range(3):
        data = parquet_bytes(table(40_000, number), tmp_path / f"{number}.parquet", 20_000)
        bucket.put(f"runs/{number}.parquet", data)
    plan = us.plan(at(proxy, f"s3://{bucket.name}/runs"))
    assert len(plan.splits) == 6
    counted(proxy)
    forget_all()
    plan.evaluate([3])
    assert counted(proxy) == {"HEAD": 2, "GET": 2}


@pytest.mark.usefixtures("row_groups", "settled")
@pytest.mark.parametrize("most", [1, 600_000])
def test_few_bytes_are_held_ahead(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(ahead, "_MOST_BYTES", most)
    for number in range(3):
        data = parquet_bytes(table(40_000, number), tmp_path / f"{number}.parquet", 20_000)
        bucket.put(f"runs/{number}.parquet", data)
    held: list[int] = []
    took = ahead._Ahead.took

    def seen(self: Any, size: int) -> None:
        took(self, size)
        held.append(self._held)

    monkeypatch.setattr(ahead._Ahead, "took", seen)
    assert result_of(at(proxy, f"s3://{bucket.name}/runs")) == result_of(tmp_path)
    assert counted(proxy) == {"LIST": 2, "HEAD": 1 + 3, "GET": 3 * (1 + 2) - 1}
    assert held
    assert max(held) <= max(most, 800_000)  # one row group, where that is more
    assert held[-1] == 0
    assert not ahead._coming


def test_what_nobody_reads_is_given_up(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 500)
    wrong = table().set_column(2, "p_0", pa.array(np.full(ROWS, 2.0)))
    data = parquet_bytes(wrong, tmp_path / "rows.parquet", 500)
    with pytest.raises(InputError, match="row 0, column 'p_"):
        us.evaluate(at(proxy, bucket.put("rows.parquet", data)))
    assert not ahead._coming
    assert not ahead._active


@pytest.mark.usefixtures("settled", "one_by_one")
@pytest.mark.parametrize("later", ["other rows", "nothing"])
def test_an_object_of_a_folder_that_changes(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, later: str
) -> None:
    for number in range(3):
        bucket.put(f"runs/{number}.csv", b"label,p_0,p_1\n0,1,0\n1,0,1\n")
    plan = us.plan(at(proxy, f"s3://{bucket.name}/runs"))

    def meanwhile(_: int) -> None:
        if later == "nothing":
            bucket.delete("runs/1.csv")
        else:
            bucket.put("runs/1.csv", b"label,p_0,p_1\n0,1,0\n1,0,1\n1,0,1\n")

    with pytest.raises(InputError, match="the file changed while it was read") as caught:
        plan.evaluate(progress=meanwhile)
    assert str(caught.value.place.file).partition("?")[0] == f"s3://{bucket.name}/runs/1.csv"


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, for which one split is on its way while it works on another."""
    monkeypatch.setattr(ahead, "_MOST_BYTES", 1)
    before = us.get_num_threads()
    us.set_num_threads(1)
    yield
    us.set_num_threads(before)


@pytest.mark.usefixtures("settled", "one_by_one")
def test_objects_are_looked_at_again_once_all_has_come(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the last rows are worked on; what is read after that is looked at anew."""
    for number in range(3):
        path = tmp_path / f"{number}.parquet"
        bucket.put(f"runs/{number}.parquet", parquet_bytes(table(9000, number), path))
    plan = us.plan(at(proxy, f"s3://{bucket.name}/runs"))
    counted(proxy)
    done = 0

    def wait_for_look(rows: int) -> None:
        nonlocal done
        done += rows
        until = time.monotonic() + 10
        while done == 27_000 and sum("list-type" in path for _, path in proxy.seen) < 2:
            assert time.monotonic() < until
            time.sleep(0.01)

    assert plan.evaluate(progress=wait_for_look).rows == 27_000
    assert counted(proxy)["LIST"] == 2  # and before the first was read
    monkeypatch.setattr(unchanged, "came_before", lambda *_: False)
    done = 0
    assert plan.evaluate(progress=wait_for_look).rows == 27_000
    assert counted(proxy)["LIST"] == 3


@pytest.mark.usefixtures("settled", "one_by_one")
@pytest.mark.parametrize("changed", [0, 1, 2])
def test_an_object_that_changes_before_all_has_come(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, changed: int
) -> None:
    for number in range(3):
        data = parquet_bytes(table(9000, number), tmp_path / f"{number}.parquet")
        bucket.put(f"runs/{number}.parquet", data)
    plan = us.plan(at(proxy, f"s3://{bucket.name}/runs"))
    calls: list[int] = []

    def meanwhile(rows: int) -> None:
        if not calls:
            bucket.put(f"runs/{changed}.parquet", data + b" ")
        calls.append(rows)

    with pytest.raises(InputError, match="the file changed while it was read") as caught:
        plan.evaluate(progress=meanwhile)
    assert str(caught.value.place.file).partition("?")[0].endswith(f"runs/{changed}.parquet")


class AtOnce:
    """How many requests for bytes there are at once, each of which takes some time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, method: str, *_: Any) -> None:
        if method == "GET":
            with self.lock:
                self.now += 1
                self.most = max(self.now, self.most)
            time.sleep(0.05)
            with self.lock:
                self.now -= 1


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.jsonl"])
def test_text_comes_by_pieces_some_of_which_are_on_their_way(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    size = 1 << 18 if name.endswith("gz") else 1 << 20
    monkeypatch.setattr(csv_headers, "_BLOCK", 1 << 18)
    for module in (objects, sequential):
        monkeypatch.setattr(module, "AHEAD_BYTES", size)
    many = table(60_000)
    monkeypatch.setitem(globals(), "table", lambda: many)
    WRITTEN[name](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    address, pieces = at(proxy, bucket.put(name, data)), -(-len(data) // size)
    assert pieces > 3
    open_predictions(address)
    assert counted(proxy)["GET"] == 1  # a look asks for no more
    proxy.answer = at_once = AtOnce()
    before = us.get_num_threads()
    us.set_num_threads(1)
    found = result_of(address)
    us.set_num_threads(before)
    assert found == result_of(tmp_path / name)
    assert counted(proxy)["GET"] == pieces
    assert 2 <= at_once.most <= sequential._MOST_PIECES


@pytest.mark.usefixtures("settled")
def test_small_files_of_text_are_on_their_way(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they are more than are kept from the look at them."""
    monkeypatch.setattr(objects, "_KEPT_BYTES", 1)
    for number in range(6):
        path = tmp_path / f"{number}.csv"
        pacsv.write_csv(table(1000, number), path)
        bucket.put(f"runs/{path.name}", path.read_bytes())
    reading = open_predictions(at(proxy, f"s3://{bucket.name}/runs"))
    counted(proxy)
    proxy.answer = at_once = AtOnce()
    before = us.get_num_threads()
    us.set_num_threads(1)
    assert evaluate_reading(reading).rows == 6000
    us.set_num_threads(before)
    assert counted(proxy) == {"GET": 6, "LIST": 1}
    assert at_once.most >= 2


def test_first_rows_are_read_once(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row group that is too large to be kept with all its columns is kept as it was looked at."""
    monkeypatch.setattr(objects, "AHEAD_BYTES", 1 << 16)
    monkeypatch.setattr(ranges, "_MOST", 1 << 16)
    probs = np.random.default_rng(0).dirichlet(np.ones(3), 40_000)
    rows = pa.table({"label": np.arange(40_000) % 3, "probs": pa.array(list(probs))})
    path = tmp_path / "rows.parquet"
    data = parquet_bytes(rows, path, 20_000)
    address = at(proxy, bucket.put("rows.parquet", data))
    asked: list[int] = []

    def seen(_: str, __: str, headers: dict[str, str]) -> None:
        if "range" in headers:
            begin, end = headers["range"].removeprefix("bytes=").split("-")
            asked.append(int(end) + 1 - int(begin))

    proxy.answer = seen
    assert result_of(address) == result_of(path)
    assert len(asked) == 4  # its end, its beginning, the looked at, the other
    assert sum(asked) <= len(data) + (1 << 16)
    held = {begin for each, begin in objects._pieces._held if vars(each)["file"] == address}
    assert held == {0, len(data) - (1 << 16)}


def test_lists_of_others_are_left_alone(
    bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing was found in them, and whose store may be gone."""
    with pytest.raises(InputError, match="nothing lies below it"):
        us.evaluate(at(proxy, f"s3://{bucket.name}/none"))
    asked: list[Address] = []
    monkeypatch.setattr(listing, "_listed", lambda address, _: asked.append(address) or [])
    assert listing.listed_again(["s3://another-bucket/rows.csv"]) == {}
    assert asked == []


def forget_all() -> None:
    """As in a new process."""
    objects._opened.clear()
    objects._pieces.clear()
    listing._listings.clear()


@pytest.mark.parametrize(("run", "most"), [(1, 1 << 28), (1 << 20, 0)])
def test_wide_row_groups(
    tmp_path: Path,
    bucket: Bucket,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    run: int,
    most: int,
) -> None:
    """Row groups come one by one where they are large, and in pieces where they are very large."""
    monkeypatch.setattr(parquet, "_AT_ONCE", run)
    monkeypatch.setattr(parquet, "_MOST_AT_ONCE", most)
    path = tmp_path / "rows.parquet"
    address = at(proxy, bucket.put("rows.parquet", parquet_bytes(table(200_000), path, 40_000)))
    assert result_of(address) == result_of(path)
    assert 4 <= [method for method, _ in proxy.seen].count("GET") <= 60


def test_a_folder_is_listed_once(tmp_path: Path, bucket: Bucket, proxy: Proxy) -> None:
    folder = tmp_path / "runs"
    for day in (1, 2):
        for part in (0, 1):
            path = folder / f"day={day}" / f"part-{part}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            data = parquet_bytes(table(50, seed=10 * day + part), path)
            address = bucket.put(f"runs/day={day}/part-{part}.parquet", data)
    bucket.put("runs/_SUCCESS", b"")
    bucket.put("runs/day=1/.part.crc", b"crc")
    root = address.partition("/day=")[0]
    here = result_of(folder, by="day")
    for asked, lists in {"": 1, "/": 1, "/d*/*.parquet": 1, "/**/*.parquet": 1, "/d*": 3}.items():
        proxy.seen.clear()
        assert result_of(at(proxy, root + asked), by="day") == here, asked
        assert len([path for _, path in proxy.seen if "list-type" in path]) == lists
        assert len(proxy.seen) <= 2 + 4 * 4 + 1, proxy.seen


def test_an_empty_bucket_and_an_empty_folder(bucket: Bucket, proxy: Proxy) -> None:
    root = f"s3://{bucket.name}"
    with pytest.raises(InputError, match="the bucket is empty; expected files"):
        us.evaluate(at(proxy, root))
    bucket.put("runs/_SUCCESS", b"")
    with pytest.raises(InputError, match="the folder holds no file of a known format"):
        us.evaluate(at(proxy, f"{root}/runs"))
    bucket.put("empty/", b"")
    with pytest.raises(InputError, match=r"nothing lies below it|no file of a known format"):
        us.evaluate(at(proxy, f"{root}/empty/"))


def test_what_is_not_there(bucket: Bucket, proxy: Proxy) -> None:
    address = bucket.put("runs/rows.csv", b"label,p_0,p_1\n0,1,0\n")
    root = address.rpartition("/")[0]
    for asked, message in (
        ("/row.csv", "no such object, and nothing lies below it; did you mean 'rows.csv'"),
        ("/*.parquet", "no object matches"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            us.evaluate(at(proxy, root + asked))
        assert caught.value.place.file == at(proxy, root + asked)
    for asked in ("s3://no-such-bucket/rows.csv", "s3://no-such-bucket/*.csv"):
        with pytest.raises(InputError, match="there is no bucket 'no-such-bucket'"):
            us.evaluate(at(proxy, asked))


def test_tables_with_a_log_are_refused(bucket: Bucket, proxy: Proxy) -> None:
    address = bucket.put("t/part-0.parquet", b"PAR1")
    bucket.put("t/_delta_log/0.json", b"{}")
    for asked in ("t", "t/*.parquet"):
        with pytest.raises(InputError, match="holds a Delta Lake table, in which _delta_log says"):
            us.evaluate(at(proxy, address.replace("t/part-0.parquet", asked)))


def test_no_credentials(bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"label,p_0,p_1\n0,1,0\n1,0,1\n"
    address = at(proxy, bucket.put("rows.csv", rows, ACL="public-read"))
    proxy.answer = lambda _, __, headers: None if "authorization" in headers else 403
    assert us.evaluate(address).rows == 2
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match=r"the store refuses it \(ACCESS_DENIED\); expected cred"):
        us.evaluate(address)
    proxy.answer = lambda _, __, headers: 403 if "authorization" in headers else None
    assert us.evaluate(f"{address}&anonymous=true").rows == 2


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_store_that_is_busy(tmp_path: Path, bucket: Bucket, proxy: Proxy, name: str) -> None:
    WRITTEN[name](tmp_path / name)
    address = at(proxy, bucket.put(name, (tmp_path / name).read_bytes()))
    busy = iter([503, None, 503, None, 503])
    proxy.answer = lambda *_: next(busy, None)
    assert result_of(address) == result_of(tmp_path / name)
    assert list(busy) == []


def test_a_store_that_stays_busy(
    bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unsurprised.sources.stores import filesystems

    monkeypatch.setattr(filesystems, "_TRIES", 3)
    address = at(proxy, bucket.put("rows.csv", b"label,p_0,p_1\n0,1,0\n"))
    proxy.answer = lambda method, *_: 503 if method == "GET" else None
    with pytest.raises(InputError, match="the store did not answer in the end") as caught:
        us.evaluate(address)
    assert caught.value.place.file == address
    # The first handle has one try, and is opened again by who has more patience.
    assert len(proxy.seen) == 1 + 1 + 1 + 3


def test_a_body_that_stops_in_its_middle(tmp_path: Path, bucket: Bucket, proxy: Proxy) -> None:
    data = parquet_bytes(table(), tmp_path / "rows.parquet")
    address = at(proxy, bucket.put("rows.parquet", data))
    proxy.cuts = True
    assert result_of(address) == result_of(tmp_path / "rows.parquet")
    assert not proxy.cuts


@pytest.mark.parametrize("later", ["other rows", "nothing"])
def test_an_object_that_changes_is_told(
    bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    monkeypatch.setattr(sequential, "AHEAD_BYTES", 20)  # others come while the first are read
    address = at(proxy, bucket.put("rows.csv", b"label,p_0,p_1\n0,1,0\n1,0,1\n"))
    plan = us.plan(address)
    assert plan.evaluate().rows == 2
    calls: list[int] = []

    def meanwhile(_: int) -> None:
        calls.append(1)
        if later == "nothing":
            bucket.delete("rows.csv")
        else:
            bucket.put("rows.csv", b"label,p_0,p_1\n1,1,0\n1,0,1\n")

    with pytest.raises(InputError, match="the file changed while it was read") as caught:
        plan.evaluate(progress=meanwhile)
    assert calls
    assert ("it is gone" if later == "nothing" else "another file is in its") in str(caught.value)
    message = "no such file, and there was" if later == "nothing" else "since the plan was made"
    with pytest.raises(InputError, match=message):
        plan.evaluate()


def test_plans_and_pickles_hold_no_credentials(
    tmp_path: Path, bucket: Bucket, proxy: Proxy
) -> None:
    data = parquet_bytes(table(200), tmp_path / "rows.parquet")
    address = at(proxy, bucket.put("rows.parquet", data))
    plan = us.plan(address, id="key")
    for text in (plan.to_json().encode(), pickle.dumps(plan), plan.evaluate().to_bytes()):
        assert SECRET.encode() not in text
        assert b"rows.parquet" in text
    again = us.Plan.from_json(plan.to_json())
    assert us.merge([again.evaluate().to_bytes()]).result().to_json() == (
        us.evaluate(address, id="key").to_json()
    )


def test_a_plan_with_its_truth_in_a_store(tmp_path: Path, bucket: Bucket, proxy: Proxy) -> None:
    rows = table(200)
    for name, part in (("a", rows[:90]), ("b", rows[90:])):
        data = parquet_bytes(part.drop_columns(["label"]), tmp_path / "rows.parquet")
        bucket.put(f"runs/{name}.parquet", data)
    address = at(proxy, f"s3://{bucket.name}/runs")
    truth = rows.select(["key", "label"])
    written = parquet_bytes(truth, tmp_path / "y.parquet")
    options: dict[str, Any] = {"truth": at(proxy, bucket.put("y.parquet", written)), "id": "key"}
    plan = us.Plan.from_json(us.plan(address, **options).to_json())
    states = [plan.evaluate([split]).to_bytes() for split in reversed(plan.splits)]
    assert len(states) == 2
    assert us.merge(states).result().to_json() == us.evaluate(address, **options).to_json()
    other = truth.set_column(1, "label", pa.array([0] * 200))
    bucket.put("y.parquet", parquet_bytes(other, tmp_path / "y.parquet"))
    forget_all()
    with pytest.raises(InputError, match=r"y\.parquet.*the file changed since the plan was made"):
        plan.evaluate([0])


def test_an_opened_source_goes_to_other_processes(
    tmp_path: Path, bucket: Bucket, proxy: Proxy
) -> None:
    data = parquet_bytes(table(200), tmp_path / "rows.parquet", 60)
    held = pickle.dumps(open_predictions(at(proxy, bucket.put("rows.parquet", data))))
    assert SECRET.encode() not in held
    reading = pickle.loads(held)
    forget_all()
    batches = [batch for split in reading.plan() for batch in reading.batches(split)]
    assert sum(batch.size for batch in batches) == 200


def test_a_page_tells_what_was_read(tmp_path: Path, bucket: Bucket, proxy: Proxy) -> None:
    csv_of(tmp_path / "rows.csv")
    data = (tmp_path / "rows.csv").read_bytes()
    address = at(proxy, bucket.put("rows.csv", data))
    assert dict(fingerprints([address])) == {
        f"input {address}": f"{len(data):,} bytes, ETag {hashlib.md5(data).hexdigest()}"
    }


def test_commands(
    tmp_path: Path, bucket: Bucket, proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    csv_of(tmp_path / "rows.csv")
    address = at(proxy, bucket.put("rows.csv", (tmp_path / "rows.csv").read_bytes()))
    saved, out = str(tmp_path / "c.json"), str(tmp_path / "out.parquet")
    assert run(["check", address, "--max-bits", "9"]) == 0
    assert run(["compare", address, str(tmp_path / "rows.csv"), "--id", "key"]) == 0
    assert run(["calibrate", address, "--save", saved]) == 0
    assert run(["apply", saved, address, "--out", out]) == 0
    assert pq.read_table(out).num_rows == ROWS
    capsys.readouterr()
    with pytest.raises(us.CallError, match="it is an address, which commands alone write to"):
        us.evaluate(address).to_html("s3://bucket/out.html")
