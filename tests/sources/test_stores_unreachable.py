"""A store that is not there is told in seconds, in one line, whatever its own library would try."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pyarrow as pa
import pytest

import unsurprised as us
from unsurprised.errors import InputError
from unsurprised.sources.stores import filesystems, reach

ADDRESSES = {
    "s3": "s3://bucket/rows.csv?endpoint_override=127.0.0.1:{0}&scheme=http",
    "s3, a folder": "s3://bucket/rows?endpoint_override=127.0.0.1:{0}&scheme=http",
    "gs": "gs://bucket/rows.csv?endpoint_override=127.0.0.1:{0}&scheme=http&anonymous=true",
    "abfss": "abfss://bucket@account.dfs.core.windows.net/rows.csv?dfs_storage_authority="
    "127.0.0.1:{0}&blob_storage_authority=127.0.0.1:{0}&enable_tls=false&anonymous=true",
}


@pytest.fixture(autouse=True)
def in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystems, "_FIRST_SECONDS", 1)
    monkeypatch.setattr(reach, "_ANSWER_SECONDS", 0.5)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


def closed() -> int:
    """A port where nobody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("store", ADDRESSES)
def test_nobody_listens(store: str) -> None:
    address, began = ADDRESSES[store].format(closed()), time.monotonic()
    with pytest.raises(InputError, match=r"the store cannot be reached \(no connection\)") as told:
        us.evaluate(address)
    assert time.monotonic() - began < 10
    assert told.value.place.file == address


@pytest.mark.parametrize("store", ADDRESSES)
def test_nobody_answers(store: str, silent: int) -> None:
    address, began = ADDRESSES[store].format(silent), time.monotonic()
    with pytest.raises(InputError, match=r"the store cannot be reached \(no answer\)") as told:
        us.evaluate(address)
    assert time.monotonic() - began < 10
    assert told.value.place.file == address


@pytest.mark.parametrize("encrypted", [False, True])
def test_whoever_says_anything_is_there(encrypted: bool) -> None:
    """A server without TLS answers a greeting in TLS too, by an error."""

    class Refusing(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        endpoint = f"127.0.0.1:{server.server_port}"
        assert reach.Host.of(endpoint, encrypted=encrypted).fault() is None
        server.shutdown()
        thread.join()


def test_names_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    host = reach.Host.of("no-such-host.invalid", encrypted=True)
    assert host.fault() == "no such host"
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert host.fault() is None  # the proxy may know it


def test_azure_runs_no_command_that_is_not_there() -> None:
    """Its library would have a shell look for ``az``, and the shell would say that it is not."""
    program = (
        "from unsurprised.sources.stores import filesystems\n"
        "from unsurprised.sources.stores.addresses import Address\n"
        "from unsurprised.errors import InputError\n"
        "import os, shutil\n"
        "shutil.which = lambda _: None\n"
        "filesystems._refuse_unreachable = lambda *_: None\n"
        "address = Address.of('abfss://bucket@account.dfs.core.windows.net/rows.csv')\n"
        "try:\n"
        "    filesystems.filesystem_of(address)\n"
        "except InputError as error:\n"
        "    assert 'AZURE_TOKEN_CREDENTIALS' not in os.environ\n"
        "    print(error)\n"
    )
    environment = {name: value for name, value in os.environ.items() if "AZURE" not in name}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert "the store refuses it" in ran.stdout
    if pa.__version__ >= "22":  # the library in PyArrow 21 cannot be told so
        assert ran.stderr == ""
