"""``apply --plan`` writes a file a split, with the rows of ``apply``, and a manifest at last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from planned_sources import table, written

from unsurprised import cli
from unsurprised.sources import parquet


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Path:
    """Files that have several splits, a plan, and a calibrator, in the current folder."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "rows", "parquet")
    done("calibrate rows --method temperature --save c.json", capsys)
    done("plan rows --out plan.json", capsys)
    return tmp_path


def done(line: str, capsys: Any, code: int = 0) -> str:
    """What a command says: to standard error where it fails."""
    assert cli.run(line.split()) == code, capsys.readouterr().err
    out, err = capsys.readouterr()
    if code:
        assert err.count("\n") == 1
        assert err.startswith("unsurprised: ")
    return str(err if code else out)


def files() -> dict[str, bytes]:
    """The files that were written, and what is in them."""
    return {path.name: path.read_bytes() for path in sorted(Path().glob("cal-*"))}


def manifest() -> Path:
    (found,) = Path().glob("cal-*.manifest.json")
    return found


def test_parts_in_any_order_are_the_rows_of_one_apply(capsys: Any) -> None:
    done("apply c.json rows --out one.parquet", capsys)
    for part in (3, 1, 4):
        done(f"apply c.json --plan plan.json --part {part}/4 --out cal.parquet --quiet", capsys)
        assert not list(Path().glob("*.manifest.json"))
    told = done("apply c.json --plan plan.json --part 2/4 --out cal.parquet", capsys)
    assert told == f"Temperature scaling: 120 rows → 3 files; {manifest()}\n"
    said = json.loads(manifest().read_text("utf-8"))
    assert len(said["files"]) == 12
    together = pa.concat_tables([pq.read_table(each["file"]) for each in said["files"]])
    assert together.equals(pq.read_table("one.parquet"))
    rows = [each["source_rows"] for each in said["files"]]
    assert rows == [pq.read_metadata(each["file"]).num_rows for each in said["files"]]


def test_again_writes_the_same_bytes_and_other_calibrators_other_names(capsys: Any) -> None:
    done("apply c.json --plan plan.json --out cal.parquet --quiet", capsys)
    first = files()
    assert len(first) == 13
    done("apply c.json --plan plan.json --part 1/3 --out cal.parquet --quiet", capsys)
    assert files() == first
    done("calibrate rows --method vector --save v.json", capsys)
    done("apply v.json --plan plan.json --out cal.parquet --quiet", capsys)
    done("apply c.json --plan plan.json --as logprobs --out cal.parquet --quiet", capsys)
    now = files()
    assert len(now) == 3 * 13
    assert first.items() <= now.items()


def test_a_wrong_row_leaves_its_file_and_the_manifest_out(capsys: Any) -> None:
    rows = table(2)
    bad = rows["probs"].to_pylist()
    bad[60] = [0.5, 0.5, 7.0]
    pq.write_table(rows.set_column(2, "probs", pa.array(bad)), "rows/2.parquet", row_group_size=50)
    done("plan rows --out plan.json", capsys)
    error = done("apply c.json --plan plan.json --out cal.parquet --quiet", capsys, 2)
    assert "rows/2.parquet, row 60" in error
    assert len(files()) == 7  # the splits before it


def test_a_file_that_changed_is_refused(capsys: Any) -> None:
    pq.write_table(table(9), "rows/2.parquet", row_group_size=50)
    error = done("apply c.json --plan plan.json --part 1/1 --out cal.parquet --quiet", capsys, 2)
    assert "rows/2.parquet" in error
    assert "changed" in error


def test_rows_without_labels_are_planned_for_apply_alone(capsys: Any) -> None:
    (Path("bare")).mkdir()
    for name in ("0", "1"):
        rows = pq.read_table(f"rows/{name}.parquet").select(["row_id", "probs"])
        pq.write_table(rows, f"bare/{name}.parquet")
    assert "label" in done("plan bare --out p.json", capsys, 2)
    told = done("plan bare --no-label --out p.json", capsys)
    assert told.splitlines()[1] == (
        "  unsurprised apply CALIBRATOR --plan p.json --part 1/2 --out calibrated.parquet"
    )
    assert "--no-label" in done("evaluate --plan p.json", capsys, 2)
    done("apply c.json --plan p.json --out cal.jsonl", capsys)
    assert sum(data.count(b"\n") for name, data in files().items() if "-of-" in name) == 240


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("apply c.json --part 1/2 --out cal.parquet", "--part 1/2: it goes with --plan"),
        ("apply c.json --out cal.parquet", "--plan FILE"),
        ("apply c.json rows --plan plan.json --out cal.parquet", "FILE does not go with --plan"),
        ("apply c.json --plan plan.json --kind logits --out cal.parquet", "--kind does not go"),
        ("apply c.json --plan plan.json --part 0/2 --out cal.parquet", "part 0 of 2"),
        ("apply c.json --plan plan.json --out -", "--out -"),
        ("apply c.json --plan plan.json --out cal.txt", ".parquet"),
        ("apply c.json --plan c.json --out cal.parquet", "no plan"),
        ("plan rows --no-label --label label --out p.json", "contradict"),
    ],
)
def test_what_does_not_go_together(line: str, words: str, capsys: Any) -> None:
    assert words in done(line, capsys, 2)
    assert not files()
