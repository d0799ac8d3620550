"""An evaluation from a store that answers late, beside a bare download of the bytes that it reads.

    pip install '.[test]' 'moto[server]' boto3
    python -m benchmarks.stores [--files 10] [--groups 8] [--rows 50000] [--late 0.05] [--line 250]

The store is moto's server in a process of its own, before which each request waits; what objects
hold is answered beside moto, which copies all of one for each range. The download asks for the
same ranges, as many at once as the library does, from objects whose sizes are known: no listing,
no footer first, nothing decoded. Both are timed in fresh processes, imports apart.

Without ``--line`` bytes come as fast as this machine copies them, and an evaluation, which has to
compute on the cores that serve, is beside a download of nothing but memory. The longest chain of
requests, each asked for after the one before was answered, depends on no clock.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.machine import description, in_words

#: What the project holds itself to: seconds beside those of a download, requests a file beside its
#: row groups.
MOST_RATIO, MOST_MORE_REQUESTS = 1.3, 2

BUCKET = "predictions"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REGION": "us-east-1",
}


class _Line:
    """What all answers go through, so many bytes a second."""

    def __init__(self, rate: float) -> None:
        self._rate, self._free, self._lock = rate, 0.0, threading.Lock()

    def pass_through(self, size: int) -> None:
        """Wait for as long as bytes are on their way, and those before them."""
        with self._lock:
            self._free = max(self._free, time.monotonic()) + size / self._rate
            left = self._free - time.monotonic()
        time.sleep(max(left, 0))


def _held(key: Any) -> tuple[bytes, list[tuple[str, str]]]:
    """An object's bytes, and what is told of it."""
    headers = [("ETag", key.etag), ("Last-Modified", key.last_modified_RFC1123)]
    return key.value, [*headers, ("Content-Type", "binary/octet-stream")]


def serve(late: float, rate: float) -> None:
    """Answer as S3 does, each request so much later; tell at ``/-seen`` what was asked for."""
    from moto.backends import get_backend
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    moto, line = DomainDispatcherApplication(create_backend_app), _Line(rate)
    seen: list[list[Any]] = []
    objects: dict[str, tuple[bytes, list[tuple[str, str]]]] = {}

    def of_object(environ: dict[str, Any], start: Any) -> Any:
        content, told = objects[environ["PATH_INFO"]]
        asked_for, status, size = environ.get("HTTP_RANGE", ""), "200 OK", len(content)
        if asked_for:
            begin, end = map(int, asked_for.removeprefix("bytes=").split("-"))
            told = [*told, ("Content-Range", f"bytes {begin}-{end}/{size}")]
            content, status = content[begin : end + 1], "206 Partial Content"
        start(status, [*told, ("Content-Length", str(len(content)))])
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        line.pass_through(len(content))
        return [content]

    def answer(environ: dict[str, Any], start: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/-seen":
            told = json.dumps(seen).encode()
            seen.clear()
            start("200 OK", [("Content-Length", str(len(told)))])
            return [told]
        if path in ("/-aged", "/-new"):  # as if all had been written long ago, or just now
            for bucket in get_backend("s3")["123456789012"]["aws"].buckets.values():
                for key in bucket.keys.values():
                    if path == "/-aged":
                        key.last_modified = key.last_modified.replace(year=2020)
                    objects[f"/{bucket.name}/{key.name}"] = _held(key)
            start("200 OK", [("Content-Length", "0")])
            return []
        if environ["REQUEST_METHOD"] == "PUT":
            return moto(environ, start)
        query, began = environ.get("QUERY_STRING", ""), time.monotonic()
        time.sleep(late)
        found = (of_object if path in objects else moto)(environ, start)
        asked_for = environ.get("HTTP_RANGE", "")
        seen.append([environ["REQUEST_METHOD"], path, query, asked_for, began, time.monotonic()])
        return found

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            """Nothing."""

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Quiet)
    print(server.server_port, flush=True)
    server.serve_forever()


def asked(port: int, what: str) -> Any:
    """What the server answers to one of our own questions."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-{what}") as answer:
        return json.loads(answer.read() or "null")


def evaluate(address: str) -> float:
    """Seconds of an evaluation."""
    import pyarrow.fs
    import pyarrow.parquet  # noqa: F401 - neither is what is measured

    import unsurprised as us
    from unsurprised.evaluation.engine import evaluate_reading  # noqa: F401
    from unsurprised.sources import open_predictions  # noqa: F401

    began = time.perf_counter()
    us.evaluate(address)
    return time.perf_counter() - began


def download(address: str, ranges: list[tuple[str, int, int]]) -> float:
    """Seconds of asking for ranges of objects that are open: path, begin, end."""
    from unsurprised.sources.stores.addresses import Address
    from unsurprised.sources.stores.filesystems import filesystem_of
    from unsurprised.sources.stores.objects import SIDE_BY_SIDE

    store = filesystem_of(Address.of(address))

    def ask(one: tuple[str, int, int]) -> int:
        path, begin, end = one
        return len(handles[path].read_at(end - begin, begin))

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        paths = sorted({path for path, _, _ in ranges})
        handles = dict(zip(paths, pool.map(store.open_input_file, paths), strict=True))
        began = time.perf_counter()
        assert sum(pool.map(ask, ranges)) == sum(end - begin for _, begin, end in ranges)
        return time.perf_counter() - began


def made(folder: Path, files: int, groups: int, rows: int) -> list[Path]:
    """Files of predictions of 10 classes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random, found = np.random.default_rng(0), []
    for file in range(files):
        probs = random.dirichlet(np.ones(10), groups * rows).astype(np.float32)
        columns = {f"p_{k}": probs[:, k] for k in range(10)}
        table = pa.table({"label": random.integers(0, 10, groups * rows), **columns})
        found.append(folder / f"{file:03}.parquet")
        pq.write_table(table, found[-1], row_group_size=rows, use_dictionary=False)
    return found


def uploaded(port: int, paths: list[Path], *, aged: bool) -> dict[str, int]:
    """Files put into the bucket: their sizes."""
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
    client.create_bucket(Bucket=BUCKET)
    for path in paths:
        client.put_object(Bucket=BUCKET, Key=f"runs/{path.name}", Body=path.read_bytes())
    asked(port, "aged" if aged else "new")
    asked(port, "seen")
    return {f"{BUCKET}/runs/{path.name}": path.stat().st_size for path in paths}


def in_a_row(seen: list[list[Any]]) -> int:
    """The longest chain of requests of which each came after the one before was answered."""
    chain, answered = 0, 0.0
    for *_, began, ended in sorted(seen, key=lambda request: request[-1]):
        if began >= answered:
            chain, answered = chain + 1, ended
    return chain


def ranges_in(seen: list[list[Any]], sizes: dict[str, int]) -> list[tuple[str, int, int]]:
    """The ranges of objects that were asked for."""
    found = []
    for method, path, _, asked_for, *_ in seen:
        if method == "GET" and asked_for:
            begin, end = asked_for.removeprefix("bytes=").split("-")
            name = path.strip("/")
            found.append((name, int(begin), min(int(end) + 1, sizes[name])))
    return found


def run(what: str, *more: str) -> float:
    """Seconds that a fresh process tells."""
    command = [sys.executable, "-m", "benchmarks.stores", "--measure", what, *more]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    """Measure in turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--groups", type=int, default=8)
    parser.add_argument("--rows", type=int, default=50_000, help="of a row group")
    parser.add_argument("--late", type=float, default=0.05, help="seconds a request")
    parser.add_argument("--line", type=float, default=math.inf, help="MB a second, of all answers")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--new", action="store_true", help="objects were written just now")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("given", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure == "serve":
        serve(options.late, options.line * 1e6)
    elif options.measure == "evaluate":
        print(evaluate(options.given[0]))
    elif options.measure == "download":
        print(download(options.given[0], json.loads(Path(options.given[1]).read_text("utf-8"))))
    else:
        measure(options)


def measure(options: argparse.Namespace) -> None:
    """Start the store, fill it, and measure."""
    os.environ.update(_ENVIRONMENT)
    print(in_words(description(("moto",))))
    command = [sys.executable, "-m", "benchmarks.stores", "--measure", "serve"]
    server = subprocess.Popen(
        [*command, "--late", str(options.late), "--line", str(options.line)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            paths = made(Path(folder), options.files, options.groups, options.rows)
            sizes = uploaded(port, paths, aged=not options.new)
            _turns(options, port, sizes, Path(folder, "ranges.json"))
    finally:
        server.terminate()
        server.wait()


def _turns(options: argparse.Namespace, port: int, sizes: dict[str, int], kept: Path) -> None:
    where = f"?endpoint_override=127.0.0.1:{port}&scheme=http"
    address = f"s3://{BUCKET}/runs{where}"
    times: dict[str, list[float]] = {"evaluate": [], "download": [], "evaluate on disk": []}
    seen: list[list[Any]] = []
    chains: list[tuple[int, int]] = []
    for _ in range(options.turns):
        times["evaluate"].append(run("evaluate", address))
        seen = asked(port, "seen")
        kept.write_text(json.dumps(ranges_in(seen, sizes)), "utf-8")
        times["download"].append(run("download", address, str(kept)))
        ranges = [request for request in asked(port, "seen") if request[0] == "GET"]
        chains.append((in_a_row(seen), in_a_row(ranges)))
        times["evaluate on disk"].append(run("evaluate", str(kept.parent / "*.parquet")))
    ranges = ranges_in(seen, sizes)
    read = sum(end - begin for _, begin, end in ranges)
    objects = Counter(path.strip("/") for _, path, *_ in seen if path.strip("/") in sizes)
    fewest, most = min(objects.values()), max(objects.values())
    middle = {name: statistics.median(values) for name, values in times.items()}
    both = zip(times["evaluate"], times["download"], strict=True)
    ratios = [one / other for one, other in both]
    line = "" if math.isinf(options.line) else f", {options.line:g} MB a second"
    size = sum(sizes.values())
    print(f"{options.files} files of {options.groups} row groups, {size / 1e6:.0f} MB, "
          f"{options.late * 1000:.0f} ms a request{line}; {read / 1e6:.0f} MB read")  # fmt: skip
    print(f"evaluate {middle['evaluate']:.2f} s (from a disk {middle['evaluate on disk']:.2f} s), "
          f"download {middle['download']:.2f} s: "
          f"{statistics.median(ratios):.2f} × ({min(ratios):.2f} to {max(ratios):.2f}; aim "
          f"{MOST_RATIO})")  # fmt: skip
    rows = [statistics.median(chain) for chain in zip(*chains, strict=True)]
    print(f"requests one after another: {rows[0]:g}, of the download {rows[1]:g}")
    print(f"requests: {len(seen)} in all, {dict(Counter(one[0] for one in seen))}; of a file "
          f"{fewest} to {most} (aim {MOST_MORE_REQUESTS + options.groups})")  # fmt: skip


if __name__ == "__main__":
    main()
