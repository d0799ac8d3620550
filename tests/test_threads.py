"""Threads: any number of them, called from any number, after forks, and at the end of a process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised.errors import CallError, InputError

Array = Any
VARIABLE = "UNSURPRISED_NUM_THREADS"
#: Enough elements for several threads; shapes from many short rows to two long ones.
SHAPES = [(400_000, 3), (20_001, 70), (777, 2000), (5, 300_000), (2, 700_000)]


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(VARIABLE, raising=False)
    yield
    us.set_num_threads(None)


def logits(shape: tuple[int, ...], seed: int = 0) -> us.Logits:
    return us.Logits(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def digest(values: Array) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, where threads have not been started yet."""
    kept = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(code)],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def said(code: str, **environment: str) -> str:
    done = run(code, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_number_of_threads_changes_no_bit(shape: tuple[int, ...]) -> None:
    p, q = logits(shape), logits(shape, seed=1)
    labels = np.random.default_rng(2).integers(0, shape[1], shape[0])
    found = set()
    for threads in (1, 2, 3, 7):
        us.set_num_threads(threads)
        answers = [us.entropy(p), us.surprisal(q, at=labels), us.kl_divergence(p, q)]
        found.add("".join(map(digest, answers)))
    assert len(found) == 1


def test_the_first_fault_is_found_whatever_the_threads() -> None:
    rows = np.full((300_000, 4), 0.25)
    rows[200_000:, 0] = 0.5
    for threads in (1, 2, 3, 7):
        us.set_num_threads(threads)
        with pytest.raises(InputError, match=r"^row 200000: .*100,000 such rows"):
            us.entropy(rows)


def test_many_python_threads_at_once() -> None:
    us.set_num_threads(3)
    rows = [logits((300 + 10 * i, 2000), seed=i) for i in range(8)]
    alone = [digest(us.entropy(row)) for row in rows]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            together = threads.map(lambda row: digest(us.entropy(row)), rows)
            assert list(together) == alone


def test_one_array_read_by_many_threads() -> None:
    us.set_num_threads(2)
    p, q = logits((600, 2000)), logits((600, 2000), seed=1)
    alone = digest(us.kl_divergence(p, q))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(us.kl_divergence, p, q) for _ in range(24)]
        assert {digest(answer.result()) for answer in asked} == {alone}


ROWS = """
    import os, threading
    import numpy as np
    import unsurprised as us
    us.set_num_threads(3)
    rows = us.Logits(np.arange(2_000_000, dtype=np.float32).reshape(1000, 2000) % 7)
    expected = us.entropy(rows).tobytes()
    def same():
        return us.entropy(rows).tobytes() == expected
"""
FORK = """
    def forked():
        child = os.fork()
        if child == 0:
            os._exit(0 if same() and same() else 3)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
needs_fork = pytest.mark.parametrize("fork", [FORK] if hasattr(os, "fork") else [])


@needs_fork
def test_a_child_of_fork_has_threads_of_its_own(fork: str) -> None:
    code = ROWS + fork + "    print([forked() for _ in range(5)], same())"
    assert said(code) == "[0, 0, 0, 0, 0] True"


@needs_fork
def test_a_child_forked_while_threads_are_at_work(fork: str) -> None:
    code = """
    stop = threading.Event()
    def busy():
        while not stop.is_set():
            same()
    others = [threading.Thread(target=busy) for _ in range(3)]
    for other in others:
        other.start()
    found = [forked() for _ in range(20)]
    stop.set()
    for other in others:
        other.join()
    print(set(found))
    """
    assert said(ROWS + fork + code) == "{0}"


@pytest.mark.parametrize("how", ["spawn", "fork"] if hasattr(os, "fork") else ["spawn"])
def test_multiprocessing(how: str) -> None:
    code = f"""
    import multiprocessing
    with multiprocessing.get_context("{how}").Pool(2) as pool:
        found = pool.map(us.entropy, [rows.array.values[:1, :2] * 0 + 0.5] * 4 + [rows] * 4)
    print(found[:4], all(each.tobytes() == expected for each in found[4:]))
    """
    one = "array([1.])"
    assert said(ROWS + code) == f"[{one}, {one}, {one}, {one}] True"


@pytest.mark.parametrize("daemon", [False, True])
def test_a_process_ends_while_threads_wait_or_work(daemon: bool) -> None:
    code = """
    def busy():
        while True:
            same()
    if DAEMON:
        threading.Thread(target=busy, daemon=True).start()
    print(same())
    """
    assert said(ROWS + code.replace("DAEMON", str(daemon))) == "True"


def test_small_inputs_start_no_thread() -> None:
    code = """
    from pathlib import Path
    import numpy as np, unsurprised as us
    tasks = Path("/proc/self/task")
    def threads():  # zero where the system does not tell
        return len(list(tasks.iterdir())) if tasks.exists() else 0
    us.set_num_threads(4)
    before = threads()
    us.entropy(np.full((1000, 100), 0.01)), us.kl_divergence([0.5, 0.5], [0.1, 0.9])
    small = threads()
    for _ in range(3):
        us.entropy(np.full((20_000, 100), 0.01))
    print(small - before, threads() - before in ((3,) if tasks.exists() else (0,)))
    """
    assert said(code) == "0 True"


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True, float("nan")])
def test_no_number_of_threads(n: Any) -> None:
    us.set_num_threads(5)
    with pytest.raises(CallError) as caught:
        us.set_num_threads(n)
    assert str(caught.value) == (
        f"set_num_threads({n!r}); expected a whole number of at least 1, or None for all CPUs"
    )
    assert us.get_num_threads() == 5


def test_what_is_set_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    cpus = us.get_num_threads()
    assert cpus >= 1
    monkeypatch.setenv(VARIABLE, " 6 ")
    assert us.get_num_threads() == 6
    us.set_num_threads(np.int64(4))
    assert us.get_num_threads() == 4
    us.set_num_threads(None)
    assert us.get_num_threads() == 6
    monkeypatch.setenv(VARIABLE, "")
    assert us.get_num_threads() == cpus


@pytest.mark.parametrize("text", ["0", "-2", "many", "1.5"])
def test_a_wrong_variable_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    expected = rf"^{VARIABLE}='{text}'; expected a whole number of at least 1$"
    with pytest.raises(CallError, match=expected):
        us.entropy(logits((600, 2000)))


def test_the_environment_is_heard() -> None:
    asked = "import unsurprised as us; print(us.get_num_threads())"
    assert said(asked, UNSURPRISED_NUM_THREADS="3") == "3"
