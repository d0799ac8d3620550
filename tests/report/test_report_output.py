"""JSON files appear whole or not at all, and destroy nothing."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from unsurprised import writing
from unsurprised.errors import CallError
from unsurprised.report import progress


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole(tmp_path):
    target = tmp_path / "result.json"
    assert writing.checked_target(str(target)) == str(target)
    assert left_in(tmp_path) == []
    writing.write('{"a": "ü"}', str(target))
    assert target.read_bytes() == '{"a": "ü"}\n'.encode()
    assert left_in(tmp_path) == ["result.json"]


def test_a_lone_surrogate_becomes_its_json_escape(tmp_path):
    writing.write('"\udcff"', str(tmp_path / "result.json"))
    assert (tmp_path / "result.json").read_bytes() == b'"\\udcff"\n'


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "result.json"
    target.write_text("{}")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.shutil, "copymode", fail)
    with pytest.raises(CallError, match="cannot be written: No space left"):
        writing.write('{"new": 1}', str(target))
    assert target.read_text() == "{}"
    assert left_in(tmp_path) == ["result.json"]


def test_an_existing_report_is_replaced_and_keeps_its_permissions(tmp_path):
    target = tmp_path / "result.json"
    target.write_text("{}")
    target.chmod(0o640)
    writing.write("[]", writing.checked_target(str(target)))
    assert target.read_text() == "[]\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_link_keeps_pointing_where_it_does(tmp_path):
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to("real.json")
    writing.write("[]", writing.checked_target(str(tmp_path / "link.json")))
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "[]\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/result.json", "No such file"),
        (".", "it is a folder"),
        ("data.parquet", "holds no JSON"),
        ("input.jsonl", "it is also the input"),
        ("a\0b", "null"),
    ],
)
def test_bad_targets_are_refused_before_the_work(tmp_path, name, reason):
    (tmp_path / "data.parquet").write_bytes(b"PAR1....")
    (tmp_path / "input.jsonl").write_text('{"label": 1}\n')
    before = left_in(tmp_path)
    with pytest.raises(CallError, match=reason) as error:
        writing.checked_target(f"{tmp_path}/{name}", [f"{tmp_path}/input.jsonl", "no such file"])
    assert "--json" in str(error.value)
    assert left_in(tmp_path) == before
    assert (tmp_path / "data.parquet").read_bytes() == b"PAR1...."


def test_devices_and_pipes_are_written_to_and_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing.checked_target(str(pipe))
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    writing.write("{}", str(pipe))
    reader.join(10)
    assert read == [b"{}\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


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
