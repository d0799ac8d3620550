"""The first screen of each command: its size, its words, and commands that can be pasted."""

from __future__ import annotations

import re
import shlex
import shutil
from io import TextIOWrapper
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unsurprised import cli
from unsurprised.report.screen import wide

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
OLD, NEW = "digits.parquet", "digits_better.parquet"
OLD_AGAIN = "old_again.parquet"
CALLS = {
    "evaluate": ["evaluate", OLD],
    "evaluate by": ["evaluate", OLD, "--by", "ink", "--id", "row_id"],
    "evaluate logits": ["evaluate", OLD, "--kind", "probs", "--classes", "a,b,c,d,e,f,g,h,i,j"],
    "compare": ["compare", OLD, NEW, "--id", "row_id"],
    "compare by": ["compare", NEW, OLD, "--id", "row_id", "--by", "ink"],
    "compare four": ["compare", OLD, NEW, "c.parquet", "d.parquet", "--id", "row_id", "--top", "0"],
    "compare columns": ["compare", "both.parquet", "--pred", "old", "--pred", "new"],
    "calibrate": ["calibrate", OLD, "--method", "temperature"],
    "check": ["check", NEW, OLD, "--max-bits", "0.5"],
    "explain": ["explain", f"{OLD}:863"],
    "explain numbers": ["explain", "-1.5,2,0.3", "--kind", "logits"],
}
every = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (OLD, NEW):
        (tmp_path / name).symlink_to(EXAMPLES / name)
    old, new = (pq.read_table(name) for name in (OLD, NEW))
    for name in ("c.parquet", "d.parquet"):
        shutil.copy(NEW, name)
    shutil.copy(OLD, OLD_AGAIN)
    both = {"label": old["label"], "old": old["probs"], "new": new["probs"], "ink": old["ink"]}
    pq.write_table(pa.table(both), "both.parquet")


def printed(call, capsys, monkeypatch, columns: int = 80) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.run(call) in (0, 1)
    out, err = capsys.readouterr()
    assert err == ""
    return out.removesuffix("\n").split("\n")


def commands(lines: list[str]) -> list[list[str]]:
    """What stands under "Next", as a shell would take it."""
    block = "\n".join(lines[lines.index("Next") + 1 :]).replace("\\\n", "")
    pasted = [shlex.split(line, comments=True) for line in block.split("\n")]
    return [words for words in pasted if words and words[0] == "unsurprised"]


@every
def test_it_fits_a_screen(call, capsys, monkeypatch):
    lines = printed(call, capsys, monkeypatch)
    assert len(lines) <= 40
    assert max(map(wide, lines)) <= 80


@every
@pytest.mark.parametrize("columns", [60, 200])
def test_it_is_as_wide_as_columns_says(call, columns, capsys, monkeypatch):
    fits(printed(call, capsys, monkeypatch, columns), columns)


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("name", ["evaluate by", "compare by", "explain"])
def test_so_is_all_of_it(name, columns, capsys, monkeypatch):
    fits(printed([*CALLS[name], "--full"], capsys, monkeypatch, columns), columns)


def fits(lines: list[str], columns: int) -> None:
    """Every line within the width, and nothing cut that has a digit."""
    assert max(map(wide, lines)) <= min(columns, 110)
    assert not [line for line in lines if re.search(r"\d\S*…", line)]


@every
def test_the_commands_that_it_prints_run(call, capsys, monkeypatch):
    pasted = commands(printed(call, capsys, monkeypatch))
    assert pasted
    for words in pasted:
        assert words[0] == "unsurprised"
        run = [OLD if word == "NEW_FILE" else word for word in words[1:]]
        assert cli.run(run) in (0, 1), words
        assert capsys.readouterr().err == ""


def test_the_commands_have_the_options_that_were_given(capsys, monkeypatch):
    call = ["evaluate", OLD, "--label", "label", "--pred", "probs", "--id", "row_id", "--by", "ink",
            "--tolerance", "0.01", "--nulls", "skip", "--normalize", "--top", "3"]  # fmt: skip
    by_name = {words[1]: words for words in commands(printed(call, capsys, monkeypatch))}
    assert by_name["calibrate"] == [
        "unsurprised", "calibrate", OLD, "--label", "label", "--pred", "probs", "--id", "row_id",
        "--normalize", "--tolerance", "0.01", "--nulls", "skip", "--save", "calibrator.json",
    ]  # fmt: skip
    assert by_name["evaluate"][-1] == "--full"
    assert "--top" not in by_name["evaluate"]
    assert by_name["evaluate"].count("--by") == 1


def test_a_file_of_any_name_is_quoted(capsys, monkeypatch):
    Path("it's 2 files; rm -r.parquet").symlink_to(OLD)
    found = commands(printed(["evaluate", "it's 2 files; rm -r.parquet"], capsys, monkeypatch))
    assert all(words[2].startswith("it's 2 files; rm -r.parquet") for words in found)


def test_of_many_files_the_first_is_named(capsys, monkeypatch):
    names = [f"part{index}.parquet" for index in range(9)]
    for name in names:
        shutil.copy(NEW, name)
    (first, *_) = commands(printed(["evaluate", *names], capsys, monkeypatch))
    assert first[2:4] == ["part0.parquet", "..."]


def test_the_whole_report_holds_what_the_first_screen_leaves_out(capsys, monkeypatch):
    first = "\n".join(printed(["evaluate", OLD], capsys, monkeypatch))
    full = "\n".join(printed(["evaluate", OLD, "--full"], capsys, monkeypatch))
    for part in ("Score decomposition (the ledger)", "Percentiles of surprisal", "█",
                 "Over-confidence, by the probability", "Where the bits go"):  # fmt: skip
        assert part in full
        assert part not in first


def test_better_on_average_and_worse_on_most_rows_is_explained(capsys, monkeypatch):
    better = " ".join(printed(["compare", OLD, NEW, "--id", "row_id"], capsys, monkeypatch))
    assert "is better than" in better
    assert (
        "Yet digits_better.parquet is worse on 70.80 % of the rows. Both are true: on those it "
        "loses little" in better
    )
    worse = " ".join(printed(["compare", NEW, OLD, "--id", "row_id"], capsys, monkeypatch))
    assert "is worse than" in worse
    assert (
        "Yet digits.parquet is worse on 29.20 % of the rows. Both are true: on those it loses much"
        in worse
    )


def test_the_best_of_several_new_models_is_gone_on_with(capsys, monkeypatch):
    last_is_worst = ["compare", OLD, NEW, OLD_AGAIN, "--id", "row_id"]
    by_name = {words[1]: words for words in commands(printed(last_is_worst, capsys, monkeypatch))}
    assert by_name["evaluate"] == ["unsurprised", "evaluate", NEW, "--id", "row_id"]
    columns = ["compare", "both.parquet", "--pred", "old", "--pred", "new"]
    by_name = {words[1]: words for words in commands(printed(columns, capsys, monkeypatch))}
    assert by_name["evaluate"][-2:] == ["--pred", "new"]


def test_how_rows_of_two_models_are_matched_is_nothing_for_one(capsys, monkeypatch):
    call = ["compare", OLD, NEW, "--id", "row_id", "--join", "inner"]
    by_name = {words[1]: words for words in commands(printed(call, capsys, monkeypatch))}
    assert "--join" not in by_name["evaluate"]
    assert "--join" in by_name["compare"]


def test_a_calibrator_that_was_not_saved_from_standard_input_is_not_applied(capsys, monkeypatch):
    with Path(OLD).open("rb") as piped:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(piped))
        lines = printed(["calibrate", "-", "--method", "temperature"], capsys, monkeypatch)
    assert "Next" not in lines
    with Path(OLD).open("rb") as piped:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(piped))
        call = ["calibrate", "-", "--method", "temperature", "--save", "c.json"]
        (apply,) = commands(printed(call, capsys, monkeypatch))
    assert apply[:3] == ["unsurprised", "apply", "c.json"]


def test_explain_is_no_next_step_where_it_would_read_the_file_otherwise(capsys, monkeypatch):
    pq.write_table(pa.table({"y": [0, 1] * 40, "p": [0.3, 0.8] * 40}), "two.parquet")
    plain = commands(printed(["evaluate", "two.parquet"], capsys, monkeypatch))
    assert "explain" in {words[1] for words in plain}
    call = ["evaluate", "two.parquet", "--classes", "0,1", "--positive", "0"]
    told = commands(printed(call, capsys, monkeypatch))
    assert "explain" not in {words[1] for words in told}
