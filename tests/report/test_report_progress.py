"""The progress bar: on a terminal, for long work, and silent elsewhere."""

from __future__ import annotations

import sys
import threading

from unsurprised.report import progress


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
        assert ("1,000 rows" in sys.stderr.written) is shown


def test_progress_is_silent_elsewhere(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with progress.RowProgress(None) as count:
        count(10)
    assert capsys.readouterr() == ("", "")
