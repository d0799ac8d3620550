"""``--quiet``: the results alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from unsurprised import cli
from unsurprised.commands.app import program
from unsurprised.report import progress

EXAMPLES = Path(__file__).parent.parent / "examples"
DIGITS, BETTER = (str(EXAMPLES / f"{name}.parquet") for name in ("digits", "digits_better"))


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys):
    """What a command prints, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("text").write_text("abracadabra" * 9)

    def run(line: str, code: int = 0) -> str:
        assert cli.run(line.split()) == code
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


@pytest.mark.parametrize(
    "line",
    [
        f"evaluate {DIGITS}",
        f"compare {DIGITS} {BETTER} --id row_id",
        f"explain {DIGITS}:3",
        f"calibrate {DIGITS} --method temperature --save c.json",
    ],
)
def test_quiet_is_the_report_without_what_was_read_and_written(printed, line):
    whole = printed(line)
    quiet = printed(f"{line} --quiet --overwrite")
    # How much more fits a screen is another matter.
    assert set(quiet.splitlines()[:2]) <= set(whole.splitlines())
    assert "pred: " in whole and "pred: " not in quiet
    assert "Wrote" not in quiet
    assert printed(f"{line} -q --overwrite") == quiet


def test_check_prints_one_line(printed):
    for limit, code, said in ((9, 0, "PASSED: "), (0.1, 1, "FAILED: ")):
        out = printed(f"check {DIGITS} {BETTER} --id row_id --max-bits {limit} --quiet", code)
        assert out.startswith(said)
        assert out.count("\n") == 1


def test_commands_whose_result_is_a_file_print_nothing(printed):
    printed(f"calibrate {DIGITS} --method temperature --save c.json")
    for line in (
        f"apply c.json {DIGITS} --out out.csv",
        "encode text -o text.us",
        "decode text.us -o again",
    ):
        assert printed(line + " --quiet") == ""
        assert printed(line + " --overwrite") != ""
    assert Path("again").read_text() == "abracadabra" * 9


def test_what_was_asked_for_and_not_written_is_said_all_the_same(printed):
    folder = Path()
    rows = "label,p_a,p_b\n" + "a,0.5,0.5\nb,0.5,0.5\n" * 100
    (folder / "fair.csv").write_text(rows)
    out = printed("calibrate fair.csv --save c.json --quiet")
    assert "Not written, since none helps: c.json" in out


def test_quiet_shows_no_progress_on_a_terminal(printed, monkeypatch):
    made = []

    class Seen(progress.RowProgress):
        def __init__(self, total, *, quiet=False, estimate=None):
            made.append((total, quiet))
            super().__init__(total, quiet=quiet)

    monkeypatch.setattr(progress, "RowProgress", Seen)
    printed(f"check {DIGITS} {BETTER} --id row_id --max-bits 9 -q")
    printed(f"calibrate {DIGITS} --method temperature --out out.csv")
    assert made == [(3000, True), (1000, False), (1000, False)]


def test_every_command_can_be_quiet():
    for name, command in typer.main.get_command(program()).commands.items():
        assert any("--quiet" in one.opts for one in command.params), name
