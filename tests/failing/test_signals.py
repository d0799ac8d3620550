"""Signals end a run in order; a run that is killed leaves what the next one sweeps."""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import killing  # beside this file
import pyarrow as pa
import pytest

from unsurprised.evaluation.engine import over_rows
from unsurprised.sources import Options, open_predictions
from unsurprised.writing import interruption
from unsurprised.writing.interruption import Ended, held_back

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return killing.Work(tmp_path_factory.mktemp("killing"))


@pytest.fixture(autouse=True)
def heard():
    """Signals as in a terminal, whatever whoever started the tests ignores (nohup, a shell's &)."""
    kept = [(number, signal.getsignal(number)) for number in interruption.SIGNALS]
    for number in interruption.SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in kept:
        signal.signal(number, handler)


@pytest.fixture
def ending():
    """As in the program; afterwards as before."""
    kept = [(number, signal.getsignal(number)) for number in interruption.SIGNALS]
    hook = sys.unraisablehook
    interruption.end_in_order()
    yield
    for number, handler in kept:
        signal.signal(number, handler)
    sys.unraisablehook = hook


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
    ],
)
def test_a_signal_ends_a_run_in_order_and_says_how_far_it_was(work, number, code, said):
    with work.started() as child:
        work.wait(child, 0.2)
        for _ in range(3):
            child.send_signal(number)
        assert child.wait(60) == code
        line = child.stderr.read().decode()
    told = re.fullmatch(
        rf"unsurprised: {said} after ([\d,]+) of 100,000 rows \((\d+) %\); "
        r"nothing was written\n",
        line,
    )
    assert told, line
    rows, percent = int(told[1].replace(",", "")), int(told[2])
    assert 10_000 < rows < 100_000
    assert percent == rows // 1000
    assert work.left() == []


def test_workers_stop_at_a_signal(ending):
    """An interrupt must not wait until all of a large source is read."""
    frame = pa.table({"label": [0, 1] * 500, "probs": [[0.5, 0.5]] * 1000})
    seen = []

    class Collector:
        def update_batch(self, batch):
            seen.append(batch.size)
            if len(seen) == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.02)

    reading = open_predictions(frame, Options(batch_rows=10))
    assert sum(1 for split in reading.plan() for _ in reading.batches(split)) == 100
    with pytest.raises(Ended):
        over_rows(reading, Collector)
    assert len(seen) < 50


def test_a_signal_that_the_parent_ignored_stays_ignored(ending):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    interruption.end_in_order()
    signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


@pytest.mark.parametrize("share", killing.moments(2))
def test_a_killed_run_leaves_nothing_after_the_next(work, share):
    assert work.killed(share) == ""


def test_what_is_held_back_comes_afterwards(ending):
    done = []

    def work_on() -> None:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            done.append(1)
        done.append(2)

    with pytest.raises(Ended) as ended:
        work_on()
    assert done == [1]
    assert ended.value.code == 143
    signal.raise_signal(signal.SIGHUP)  # it ends already


def test_a_library_leaves_signals_as_they_are():
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        done.append(1)
    assert done == [1]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_signal_whose_exception_is_swallowed_comes_again(ending):
    class Swallowing:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Ended):
        Swallowing()
        gc.collect()
        threading.Event().wait(20)


def test_check_that_dies_never_says_failed(tmp_path):
    """Whatever goes wrong, 1 is the exit code of a check that failed and of nothing else."""
    data = Path(__file__).parents[2] / "examples" / "digits.parquet"
    line = f"{sys.executable} -m unsurprised check {data} --max-bits 9"
    cases = {
        f"{line} --json - >/dev/full": 2,
        f"{line} --json - >&-": 2,
        f"{line} --no-such-option 2>/dev/full": 2,
        f"COLUMNS=99999999999999 {line} --help 2>&-": 0,
        f"{line} --max-bits 0 <&- >&- 2>&-": 1,
    }
    shells = {
        case: subprocess.Popen(["sh", "-c", case], stdout=-3, stderr=subprocess.PIPE)
        for case in cases
    }
    for case, wanted in cases.items():
        said = shells[case].communicate(timeout=120)[1].decode()
        assert shells[case].returncode == wanted, (case, said)
        assert said.count("\n") <= 1, (case, said)


def test_standard_input_that_is_closed(tmp_path):
    line = f"{sys.executable} -m unsurprised encode - -o {tmp_path}/out.us <&-"
    done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == b"unsurprised: standard input: cannot be read: it is closed\n"
    assert list(tmp_path.iterdir()) == []
