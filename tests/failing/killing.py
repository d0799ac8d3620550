"""Ends ``apply`` by signals while it writes a large file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from unsurprised import cli

COMMAND = (sys.executable, "-m", "unsurprised")
ROWS, CLASSES = 100_000, 8
#: How long a run may take on a busy machine.
_PATIENCE = 120


class Work:
    """A file of some MB, a calibrator, and a folder that results go to."""

    def __init__(self, folder: Path) -> None:
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.folder = folder / "work"
        self.folder.mkdir()
        self.target = self.folder / "out.csv"
        rng = np.random.default_rng(0)
        rows = rng.dirichlet(np.ones(CLASSES), ROWS)
        table = {"label": rng.integers(0, CLASSES, ROWS)}
        table |= {f"p_{k}": rows[:, k] for k in range(CLASSES)}
        self._data, self._few = str(folder / "many.parquet"), str(folder / "few.parquet")
        pq.write_table(pa.table(table), self._data)
        pq.write_table(pa.table(table).slice(0, 500), self._few)
        self._calibrator = str(folder / "calibrator.json")
        one = ("calibrate", self._few, "--method", "temperature", "--save", self._calibrator)
        assert cli.run(one) == cli.FINE
        self.apply(self._data)
        self.whole = self.target.read_bytes()
        self.target.unlink()

    def started(self) -> subprocess.Popen[bytes]:
        """``apply`` of the large file."""
        line = ("apply", self._calibrator, self._data, "--out", str(self.target))
        return subprocess.Popen(
            [*COMMAND, *line, "--batch-rows", "1000"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def apply(self, data: str, name: str = "out.csv") -> None:
        """``apply`` of a file, to its end."""
        line = ("apply", self._calibrator, data, "--out", str(self.folder / name))
        assert cli.run(line) == cli.FINE

    def wait(self, child: subprocess.Popen[bytes], share: float) -> None:
        """Wait until as much of the result is written, or the process has ended."""
        until = time.monotonic() + _PATIENCE
        while child.poll() is None and self._written() <= share * len(self.whole):
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(0.002)

    def _written(self) -> int:
        sizes = [-1]
        for path in self.left():
            try:
                sizes.append((self.folder / path).stat().st_size)
            except FileNotFoundError:
                continue
        return max(sizes)

    def left(self) -> list[str]:
        """All files in the folder of the results."""
        return sorted(os.listdir(self.folder))  # noqa: PTH208

    def killed(self, share: float) -> str:
        """What is wrong after ``kill -9`` and another run; empty if nothing is."""
        with self.started() as child:
            self.wait(child, share)
            child.send_signal(signal.SIGKILL)
        if self.target.exists() and self.target.read_bytes() != self.whole:
            return f"at {share}: half a file"
        self.target.unlink(missing_ok=True)
        self.apply(self._few, "next.csv")
        left, wanted = self.left(), ["next.csv"]
        (self.folder / "next.csv").unlink()
        return "" if left == wanted else f"at {share}: {left}"


def moments(count: int, seed: int = 0) -> list[float]:
    """Shares of the result, from before its first byte to its last."""
    rng = random.Random(seed)
    return [rng.uniform(-0.05, 1.0) for _ in range(count)]
