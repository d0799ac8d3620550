"""The progress bar: on a terminal, for long work, and silent elsewhere."""

from __future__ import annotations

import gzip
import re
import sys
import threading
from pathlib import Path

import pytest

from unsurprised.commands.reading import row_progress
from unsurprised.report import progress
from unsurprised.sources import open_predictions
from unsurprised.sources.text import about_rows
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
    with progress.RowProgress(None, estimate=lambda: 200_000_000) as count:
        count._began -= 100.0
        count(123_456_789)
    shown = re.sub(r"\x1b\[\S*?[a-zA-Z]", "", sys.stderr.written)
    for number in ("123,456,789", "200,000,000", "rows/s", "left"):
        assert number in shown
    if columns == 80:
        assert "123,456,789 of about 200,000,000 rows " in shown
    assert "…" not in shown
    assert ("━" in shown) is (columns == 80)


def test_a_second_pass_counts_on(monkeypatch):
    with pytest.raises(KeyboardInterrupt) as raised, progress.RowProgress(100) as count:
        count(100)
        count(50)
        raise KeyboardInterrupt
    assert raised.value.__notes__ == ["after 150 of 200 rows (75 %); nothing was written"]


def test_an_estimate_is_shown_as_one_until_there_are_more_rows(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    count = progress.RowProgress(None, estimate=lambda: 1000)
    with pytest.raises(KeyboardInterrupt) as raised, count:
        count(600)
        count._bar.refresh()
        assert "600 of about 1,000 rows" in sys.stderr.written
        assert re.search(r"[\d,]+ rows/s, 0:00 left", sys.stderr.written)
        count(600)
        count._bar.refresh()
        assert "1,200 rows" in sys.stderr.written
        raise KeyboardInterrupt
    assert raised.value.__notes__ == ["after 1,200 rows; nothing was written"]


def test_rows_of_text_are_estimated_by_its_size(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("label,p\n" + "0,0.25\n" * 500_000)
    assert abs(about_rows(str(file)) - 500_000) < 500
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(file.read_bytes()[:1000]))
    (tmp_path / "rows.json").write_text('[{"label": 0,\n "p": 1}]\n')
    (tmp_path / "rows.arrows").write_bytes(b"\xff\xff\xff\xff\0\n")
    (tmp_path / "empty.csv").write_text("")
    for name in ("rows.csv.gz", "rows.json", "rows.arrows", "empty.csv"):
        assert about_rows(str(tmp_path / name)) is None


def test_commands_know_the_rows_or_estimate_them(tmp_path):
    text = tmp_path / "rows.csv"
    text.write_text("label,p_0,p_1\n" + "0,0.25,0.75\n1,0.5,0.5\n" * 50)
    digits = str(Path(__file__).parents[2] / "examples" / "digits.parquet")
    csv, parquet = open_predictions(str(text)), open_predictions(digits)
    assert row_progress(parquet, parquet, quiet=True)._total == 2000
    both = row_progress(parquet, csv, quiet=True)
    assert both._total is None
    assert both._estimate() == 1101


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
