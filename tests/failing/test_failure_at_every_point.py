"""The n-th write, rename, sync, close or allocation fails, for every n: nothing is lost or left."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import harness  # beside this file
import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or (harness.compiler() is None and "CI" not in os.environ),
    reason="needs Linux and a C compiler",
)
ROWS = 60


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("failing")
    examples = Path(__file__).parents[2] / "examples"
    data = folder / "data.parquet"
    pq.write_table(pq.read_table(examples / "digits.parquet").slice(0, ROWS), data)
    with harness.Server(harness.built(folder)) as server:
        yield harness.Bench.set_up(server, folder, data)


#: Slow ones, whose ways to files are those of the others: `tools/fail_everywhere` runs them all.
STRIDES = {"evaluate": 6, "calibrate": 3, "apply to Arrow": 2}
BY_NAME = pytest.mark.parametrize("command", harness.COMMANDS, ids=lambda command: command.name)


@BY_NAME
def test_every_call_on_files(bench, command):
    old, stride = len(command.outputs) > 1, STRIDES.get(command.name, 1)
    assert bench.calls(command, "files", old=old) >= 10
    assert list(bench.failures(command, "files", old=old, stride=stride)) == []


@BY_NAME
def test_some_allocations(bench, command):
    stride = max(1, bench.calls(command, "memory", old=True) // 3)
    assert list(bench.failures(command, "memory", old=True, stride=stride, first=stride)) == []
