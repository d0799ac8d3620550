"""Files appear whole or not at all, all of one command's together, and destroy nothing."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from unsurprised.errors import CallError
from unsurprised.writing import Outputs, anything, nothing, own, placing, temporary, write_file
from unsurprised.writing.recognition import json_of
from unsurprised.writing.temporary import Temporary, sweep

REPORT = '{"schema": "unsurprised.evaluation/1"}'
own_report = own(json_of("unsurprised.evaluation"))


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(text: str, target: Path | str, replaceable=nothing) -> None:
    with Outputs() as outputs:
        outputs.declare("--json", str(target), replaceable).write(text)


def test_a_file_is_written_whole(tmp_path):
    target = tmp_path / "result.json"
    with Outputs() as outputs:
        declared = outputs.declare("--json", str(target))
        assert left_in(tmp_path) == []
        declared.write('{"a": "ü"}')
        assert not target.exists()
    assert target.read_bytes() == '{"a": "ü"}\n'.encode()
    assert left_in(tmp_path) == ["result.json"]


def test_a_lone_surrogate_becomes_its_json_escape(tmp_path):
    write('"\udcff"', tmp_path / "result.json")
    assert (tmp_path / "result.json").read_bytes() == b'"\\udcff"\n'


def test_a_report_is_replaced_and_keeps_its_permissions(tmp_path):
    target = tmp_path / "result.json"
    target.write_text(REPORT)
    target.chmod(0o640)
    write("[]", target, own_report)
    assert target.read_text() == "[]\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert left_in(tmp_path) == ["result.json"]


@pytest.mark.parametrize(
    "there",
    [
        '{"format": "unsurprised.calibrator", "version": 1}',
        '{"schema": "unsurprised.comparison/1"}',
        '{"a": 1}',
        "PAR1",
    ],
)
def test_what_another_has_written_is_kept(tmp_path, there):
    target = tmp_path / "result.json"
    target.write_text(there)
    with pytest.raises(CallError, match=r"this command has not written it.*--overwrite"):
        write("[]", target, own_report)
    assert target.read_text() == there
    write("[]", target, anything)
    assert target.read_text() == "[]\n"


def test_a_link_keeps_pointing_where_it_does(tmp_path):
    (tmp_path / "real.json").write_text(REPORT)
    (tmp_path / "link.json").symlink_to("real.json")
    (tmp_path / "new.json").symlink_to("made.json")
    write("[]", tmp_path / "link.json", own_report)
    write("[]", tmp_path / "new.json")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "[]\n"
    assert (tmp_path / "made.json").read_text() == "[]\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/result.json", "No such file"),
        (".", "it is a folder"),
        ("new.json/", "it is a folder"),
        ("data.parquet", "this command has not written it"),
        ("input.jsonl", "it is also the input"),
        ("hard.jsonl", "it is also the input"),
        ("a\0b", "null"),
        ("loop", "symbolic links"),
        ("x" * 300, "name too long"),
        ("data.parquet/x", "Not a directory"),
    ],
)
def test_bad_targets_are_refused_before_the_work(tmp_path, name, reason):
    (tmp_path / "data.parquet").write_bytes(b"PAR1....")
    (tmp_path / "input.jsonl").write_text('{"label": 1}\n')
    os.link(tmp_path / "input.jsonl", tmp_path / "hard.jsonl")
    (tmp_path / "loop").symlink_to("loop")
    before = left_in(tmp_path)
    outputs = Outputs([f"{tmp_path}/input.jsonl", "no such file", "a\0b"])
    with pytest.raises(CallError, match=f"(?i){reason}") as error:
        outputs.declare("--json", f"{tmp_path}/{name}", own_report)
    assert str(error.value).startswith("--json ")
    assert left_in(tmp_path) == before


@pytest.mark.parametrize("second", ["one.json", "./one.json", "link.json", "hard.json"])
@pytest.mark.parametrize("there", [False, True])
def test_two_outputs_are_never_one_file(tmp_path, monkeypatch, second, there):
    monkeypatch.chdir(tmp_path)
    if there or second == "hard.json":
        Path("one.json").write_text(REPORT)
        os.link("one.json", "hard.json")
    Path("link.json").symlink_to("one.json")
    outputs = Outputs(overwrite=True)
    outputs.declare("--json", "one.json")
    with pytest.raises(CallError, match=r"--html .*: --json writes there too"):
        outputs.declare("--html", second)


def test_standard_output_holds_one_output(tmp_path):
    outputs = Outputs()
    outputs.declare("-o", "-")
    with pytest.raises(CallError, match="-o - and --json - cannot both"):
        outputs.declare("--json", "-")


def test_devices_and_pipes_are_written_to_and_never_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with Outputs() as outputs:
        with outputs.declare("--out", str(pipe)).file() as path:
            path.write_text("{}")
        outputs.declare("--json", os.devnull).write("{}")
        outputs.declare("--html", os.devnull).write("{}")
    reader.join(10)
    assert read == [b"{}"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def three(folder: Path, overwrite: bool = True) -> None:
    """Replaces an old file, makes a new one, replaces another old one."""
    with Outputs(overwrite=overwrite) as outputs:
        targets = [outputs.declare(f"--{name}", str(folder / name)) for name in "abc"]
        for target in targets:
            target.write("new")


@pytest.fixture
def old(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "c").write_text("old")
    return tmp_path


def is_old(folder: Path) -> bool:
    texts = [(folder / name).read_text() for name in "ac"]
    return texts == ["old", "old"] and left_in(folder) == ["a", "c"]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("failing", ["replace", "link", "fsync"])
@pytest.mark.parametrize("number", range(8))
def test_all_outputs_appear_or_none(old, monkeypatch, failing, number, links):
    """Fails every step of every file, with links and without."""
    calls = iter(range(99))
    real = {"replace": Path.replace, "link": os.link, "fsync": os.fsync}[failing]

    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    def fail(*arguments: object) -> object:
        if next(calls) == number:
            raise OSError(5, "Input/output error")
        return real(*arguments)

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    if failing == "replace":
        monkeypatch.setattr(placing.Path, "replace", fail)
    elif failing == "fsync" or links:
        monkeypatch.setattr(os, failing, fail)
    try:
        three(old)
    except CallError as error:
        assert "Input/output error" in str(error)
        assert is_old(old)
    else:
        assert left_in(old) == ["a", "b", "c"]
        assert [(old / name).read_text() for name in "abc"] == ["new\n"] * 3


def test_an_error_in_the_work_leaves_the_old_files(old):
    with pytest.raises(KeyError), Outputs(overwrite=True) as outputs:
        outputs.declare("--a", str(old / "a")).write("new")
        raise KeyError
    assert is_old(old)


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_during_the_work_is_kept(tmp_path, monkeypatch, links):
    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(CallError, match="it exists; name another path"), Outputs() as outputs:
        outputs.declare("--json", str(tmp_path / "a"), own_report).write("ours")
        (tmp_path / "a").write_text(REPORT)
    assert (tmp_path / "a").read_text() == REPORT
    assert left_in(tmp_path) == ["a"]


def test_a_report_that_became_something_else_is_kept(tmp_path):
    (tmp_path / "a").write_text(REPORT)
    with pytest.raises(CallError, match="has not written it"), Outputs() as outputs:
        outputs.declare("--json", str(tmp_path / "a"), own_report).write("ours")
        (tmp_path / "a").write_text("{}")
    assert (tmp_path / "a").read_text() == "{}"
    assert left_in(tmp_path) == ["a"]


def test_of_many_that_want_one_new_name_one_wins(tmp_path):
    won: list[int] = []
    together = threading.Barrier(8)

    def run(number: int) -> None:
        with Outputs() as outputs:
            target = outputs.declare("--out", str(tmp_path / "a"))
            target.write(str(number))
            together.wait(20)
        won.append(number)

    def quietly(number: int) -> None:
        try:
            run(number)
        except CallError as error:
            refusals.append(str(error))

    refusals: list[str] = []
    threads = [threading.Thread(target=quietly, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(refusals) == 7
    assert all("it exists; name another path" in said for said in refusals)
    assert (tmp_path / "a").read_text() == f"{won[0]}\n"
    assert left_in(tmp_path) == ["a"]


def dead(folder: Path, age: float = 0, machine: str | None = None) -> Path:
    """A file as a process leaves it that was killed: without a lock."""
    path = folder / f".unsurprised-{machine or temporary._machine()}-{secrets.token_hex(8)}.tmp"
    path.write_text("half of a res")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_process_that_is_killed_leaves_a_file_that_is_swept(tmp_path):
    code = (
        "import os, pathlib, sys; from unsurprised.writing.temporary import Temporary;"
        "print(Temporary(pathlib.Path(sys.argv[1])).path, flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        name = child.stdout.readline().decode().strip()
        sweep(tmp_path)
        assert Path(name).exists()
        child.kill()
    assert Path(name).exists()
    sweep(tmp_path)
    assert left_in(tmp_path) == []


def test_the_files_of_the_dead_are_swept_and_no_others(tmp_path, monkeypatch):
    swept = [dead(tmp_path), dead(tmp_path, 7200, "00000000")]
    living = Temporary(tmp_path)
    kept = [
        living.path,
        dead(tmp_path, 0, "00000000"),  # another machine's, whose locks may be unseen
        tmp_path / ".unsurprised-mine.tmp",
        tmp_path / f".unsurprised-{'0' * 8}-{'0' * 16}.tmp.csv",
        tmp_path / f".unsurprised-{'0' * 8}-{'1' * 16}.tmp",
    ]
    for path in kept[2:4]:
        path.touch()
    kept[4].mkdir()
    sweep(tmp_path)
    assert not any(path.exists() for path in swept)
    assert all(path.exists() for path in kept)

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(temporary.fcntl, "flock", no_locks)
    os.utime(living.path, (0, 0))
    sweep(tmp_path)
    assert living.path.exists()
    living.drop()
    assert not living.path.exists()


def test_a_link_of_that_name_is_not_followed(tmp_path):
    (tmp_path / "data").write_text("data")
    name = dead(tmp_path)
    name.unlink()
    name.symlink_to("data")
    sweep(tmp_path)
    assert (tmp_path / "data").read_text() == "data"


def test_the_next_output_in_a_folder_sweeps_it(tmp_path):
    path = dead(tmp_path)
    write_file(b"x", str(tmp_path / "a"), "path")
    assert not path.exists()
    assert left_in(tmp_path) == ["a"]
