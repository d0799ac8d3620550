"""Work in processes of their own, which may crash, hang and grow."""

from __future__ import annotations

import faulthandler
import io
import mmap
import os
import pickle
import re
import resource
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fuzz.case import LARGEST, MEBIBYTES, Case, Failure, Target
from fuzz.mutations import mutate
from fuzz.reached import Blocks

_HEAD = struct.Struct("<QQQ")
#: What the process may address beyond what it does when it begins.
_ADDRESSES = 6 << 30
#: How often a case is run twice, to see whether the answer is the same.
_TWICE = 16
_MEMORY = Path("/dev/shm")
#: The processor's time is up, or a multiple of it on the clock: what waits uses no time.
_TIMED_OUT = (signal.SIGPROF, signal.SIGALRM)
_PATIENCE = 6
Send = Callable[[Any], None]


@dataclass(frozen=True)
class Found:
    """A failure: what it is, where, and everything that is known of it."""

    target: str
    case: Case
    kind: str
    where: str
    told: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from other failures."""
        return self.kind, self.where


class Current:
    """The case at hand, where the parent finds it when the child is gone."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _HEAD.size + LARGEST + 1)

    def write(self, number: int, case: Case) -> None:
        """Say which case it is."""
        size = len(case.data)
        self._shared[: _HEAD.size] = _HEAD.pack(number, case.variant, size)
        self._shared[_HEAD.size : _HEAD.size + size] = case.data

    def read(self) -> tuple[int, Case]:
        """How many cases there were, and the last."""
        number, variant, size = _HEAD.unpack(self._shared[: _HEAD.size])
        return number, Case(variant, self._shared[_HEAD.size : _HEAD.size + size])


def in_child(work: Callable[[Send], None], seconds: float) -> tuple[list[Any], int, str]:
    """What the work sent, the signal that ended it (0 for none), and what it left on stderr."""
    reading, writing = os.pipe()
    memory = str(_MEMORY) if _MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as room,
        tempfile.TemporaryFile() as errors,
    ):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(reading)
            tempfile.tempdir = room  # whatever it leaves goes with the folder
            _as_child(work, writing, errors.fileno())
        os.close(writing)
        data = _received(reading, time.monotonic() + seconds, child)
        _, status = os.waitpid(child, 0)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if not number and os.WEXITSTATUS(status):
        raise RuntimeError(f"the harness itself failed:\n{said}")
    return list(_unpickled(data)), number, said


def _as_child(work: Callable[[Send], None], writing: int, errors: int) -> None:
    code = 1
    try:
        os.dup2(errors, 2)
        with os.fdopen(writing, "wb") as stream:

            def send(message: Any) -> None:
                pickle.dump(message, stream)
                stream.flush()

            work(send)
        code = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(code)


def _received(reading: int, until: float, child: int) -> bytes:
    parts = []
    with os.fdopen(reading, "rb", buffering=0) as stream:
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                os.kill(child, signal.SIGKILL)
                break
            part = stream.read(1 << 16)
            if not part:
                break
            parts.append(part)
    return b"".join(parts)


def _unpickled(data: bytes) -> Iterator[Any]:
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        try:
            yield pickle.load(stream)
        except (EOFError, pickle.UnpicklingError):
            return


class Judge:
    """Runs cases of a target in this process, which it prepares for the worst."""

    def __init__(self, target: Target, current: Current | None = None) -> None:
        self._target, self._current = target, current
        self._folder = Path(tempfile.mkdtemp())
        self._peak = _peak()
        self.run_so_far = 0

    def __enter__(self) -> Judge:
        from unsurprised.errors import CalibrationWarning

        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CalibrationWarning)  # a part of the answer
        limit = _addresses() + _ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        faulthandler.enable(2, all_threads=False)
        for one in _TIMED_OUT:
            signal.signal(one, signal.SIG_DFL)
            faulthandler.register(one, 2, all_threads=False, chain=True)
        return self

    def __exit__(self, *_: object) -> None:
        _set_timers(0)
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, case: Case) -> tuple[str, Found | None]:
        """The answer, and what is wrong with it."""
        self.run_so_far += 1
        if self._current is not None:
            self._current.write(self.run_so_far, case)
        _set_timers(self._target.seconds)
        answer, found = self._judged(case)
        if found is None and self.run_so_far % _TWICE == 0:
            again, found = self._judged(case)
            if again != answer and found is None:
                told = f"{answer}\n{again}"
                found = Found(self._target.name, case, "another answer", _gist(answer), told)
        _set_timers(0)
        grown, self._peak = _peak() - self._peak, _peak()
        if found is None and grown > MEBIBYTES << 10:
            told = f"{grown >> 10} MiB"
            found = Found(self._target.name, case, "memory", _gist(answer), told)
        return answer, found

    def _judged(self, case: Case) -> tuple[str, Found | None]:
        name = self._target.name
        try:
            answer = self._target.run(case.data, case.variant, self._folder)
        except Failure as failure:
            told = str(failure)
            return "", Found(name, case, "broken promise", f"{name}: {_gist(told)}", told)
        except BaseException as error:
            told = "".join(traceback.format_exception(error))
            kind = ("warning " if isinstance(error, Warning) else "") + type(error).__name__
            return "", Found(name, case, kind, innermost(error), told)
        finally:
            left = [path.name for path in self._folder.iterdir()]
            for one in left:
                _remove(self._folder / one)
        if left:
            return answer, Found(name, case, "files left", f"{name}: {_gist(answer)}", str(left))
        return answer, None


def batch(
    target: Target, pool: list[Case], random: Random, cases: int, seconds: float, blocks: Blocks
) -> tuple[int, list[tuple[Case, bytes]], list[Found], Counter[str]]:
    """Mutate and run: how many, what reached something new, what failed, and kinds of answers."""
    current = Current()

    def work(send: Send) -> None:
        until = time.monotonic() + seconds
        known, kinds = blocks.flags.count(1), Counter[str]()
        with Judge(target, current) as judge:
            for _ in range(cases):
                case = _mutated(target, pool, random)
                answer, found = judge.run(case)
                kinds["refused" if "Error:" in answer else "answered"] += 1
                if found is not None:
                    send(found)
                    if found.kind == "memory":
                        break
                elif blocks.flags.count(1) > known:
                    known = blocks.flags.count(1)
                    send((case, bytes(blocks.flags)))
                if time.monotonic() > until:
                    break
            send((judge.run_so_far, kinds))

    messages, number, said = in_child(work, seconds + 2 * _PATIENCE * target.seconds + 30)
    failures = [one for one in messages if isinstance(one, Found)]
    new = [one for one in messages if isinstance(one, tuple) and isinstance(one[0], Case)]
    counts = [one for one in messages if isinstance(one, tuple) and isinstance(one[0], int)]
    run, kinds = counts[0] if counts else (current.read()[0], Counter())
    if number:
        failures.append(dead(target.name, current.read()[1], number, said))
    return run, new, failures, kinds


def dead(name: str, case: Case, number: int, said: str) -> Found:
    """What is known of a case that ended its process."""
    ended_by = signal.Signals(number)
    kind = "hang" if ended_by in (*_TIMED_OUT, signal.SIGKILL) else ended_by.name
    frames = [line.strip() for line in said.splitlines() if line.strip().startswith("File ")]
    ours = [frame for frame in frames if "/unsurprised/" in frame]
    where = (ours or frames or ["unknown"])[0]
    return Found(name, case, kind, where.rpartition("unsurprised/")[2], said)


def _mutated(target: Target, pool: list[Case], random: Random) -> Case:
    # Later ones reached further.
    one = pool[max(random.randrange(len(pool)), random.randrange(len(pool)))]
    other = random.choice(pool)
    variant = one.variant if random.random() < 0.8 else random.randrange(target.variants)
    return Case(variant, mutate(random, target.mutations, one.data, other.data))


def innermost(error: BaseException) -> str:
    """The innermost place in the library's own code, else of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "/unsurprised/" in one.filename] or frames
    if not ours:
        return "nowhere"
    last = ours[-1]
    return f"{last.filename.rpartition('unsurprised/')[2]}:{last.lineno} in {last.name}"


def _gist(text: str) -> str:
    """A message without what differs from case to case."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+|[0-9a-f]{16}", "…", text)[:80]


def _set_timers(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE * seconds)


def _peak() -> int:
    """The most memory that the process has held so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _addresses() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
