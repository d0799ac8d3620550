"""The progress bar: on a terminal, for long work, and silent elsewhere."""

from __future__ import annotations

import re
import sys
import threading

import pytest

from unsurprised.report import progress
from unsurprised.writing.interruption import Ended


class Terminal:
    """Standard error as a terminal would be."""

    def __init__(self) -> None:
        self.written = ""
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_once_the_work_is_long(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for patience, shown in ((0.0, True), (60.0, False)):
        monkeypatch.setattr(progress, "_PATIENCE", patience)
        monkeypatch.setattr(sys, "stderr", Terminal())
        with progress.RowProgress(1000) as count:
            threads = [threading.Thread(target=count, args=(250,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert ("1,000 of 1,000 rows" in sys.stderr.written) is shown
        assert bool(re.search(r"[\d,]+ rows/s, 0:00 left", sys.stderr.written)) is shown


def test_progress_is_silent_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with progress.RowProgress(None) as count:
        count(10)
    assert capsys.readouterr() == ("", "")


def test_quiet_work_shows_nothing_on_a_terminal(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.RowProgress(1000, quiet=True) as count:
        count(1000)
    assert sys.stderr.written == ""


@pytest.mark.parametrize("columns", [30, 60, 80])
def test_no_number_is_cut_on_a_narrow_terminal(monkeypatch, columns):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.RowProgress(200_000_000) as count:
        count._began -= 100.0
        count(123_456_789)
    shown = re.sub(r"\x1b\[\S*?[a-zA-Z]", "", sys.stderr.written)
    for number in ("123,456,789", "200,000,000", "rows/s", "left"):
        assert number in shown
    assert "…" not in shown
    assert ("━" in shown) is (columns == 80)


def test_a_second_pass_counts_on(monkeypatch):
    with pytest.raises(KeyboardInterrupt) as raised, progress.RowProgress(100) as count:
        count(100)
        count(50)
        raise KeyboardInterrupt
    assert raised.value.__notes__ == ["after 150 of 200 rows (75 %); nothing was written"]


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (0, 10, 1.0, "0 rows/s"),
        (5, 10, 0.0, "0 rows/s"),
        (10, 10, 2.0, "5 rows/s, 0:00 left"),
        (100, 6100, 1.0, "100 rows/s, 1:00 left"),
        (1, 3726, 1.0, "1 rows/s, 1:02:05 left"),
        (7, 0, 1.0, "7 rows/s"),
    ],
)
def test_pace(done, total, seconds, said):
    assert progress.pace(done, total, seconds) == said


def test_how_far_an_interrupt_came_is_a_note():
    for error, noted in ((KeyboardInterrupt(), True), (Ended(15), True), (ValueError(), False)):
        with pytest.raises(type(error)) as raised, progress.RowProgress(None) as count:
            count(7)
            raise error
        notes = getattr(raised.value, "__notes__", [])
        assert notes == (["after 7 rows; nothing was written"] if noted else [])
