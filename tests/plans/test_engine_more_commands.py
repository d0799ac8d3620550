"""``--engine`` of ``drift``, ``fidelity`` and ``apply --plan``: bytes and errors of threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import drift_sources
import numpy as np
import planned_sources
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_lines import opened_as, run, same

from unsurprised.commands.applied_plan import SplitFiles
from unsurprised.engines.tasks import Done
from unsurprised.language_models.in_parts import splits
from unsurprised.sources import parquet


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, where files have several splits."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 30)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def both(line: str, capsys: Any, said: str) -> None:
    """A command fails alike with an engine and without."""
    alone = run(line, capsys, 2)
    assert said in alone
    assert run(f"{line} --engine any", capsys, 2) == alone


def data_sets() -> None:
    """A base and new data."""
    drift_sources.written(Path("base"), "parquet")
    drift_sources.written(Path("new"), "parquet", is_new=True, files=2)


def models(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scores of a base and of others, which have several splits, and what stands beside."""
    monkeypatch.setattr(splits, "_SPLIT_BYTES", 2 * 4 * 20 * 9)
    random = np.random.default_rng(1)
    base = 2 * random.normal(size=(90, 20)).astype(np.float32)
    others = {"int8": np.round(4 * base) / 4, "int4": np.round(base), "again": base * 1.001}
    for name, logits in {"base": base, **others}.items():
        np.save(f"{name}.npy", np.asarray(logits, np.float32))
    np.save("came.npy", random.integers(0, 20, 90))
    np.save("doc.npy", np.repeat(np.arange(9), 10))
    np.save("land.npy", np.arange(90) // 7 % 3)


MODELS = (
    "base.npy int8.npy int4.npy --noise again.npy --targets came.npy --document doc.npy "
    "--by land.npy --top 3"
)


def planned(capsys: Any) -> None:
    """A plan of 12 splits, and a calibrator."""
    planned_sources.written(Path("rows"), "parquet")
    run("calibrate rows --method temperature --save c.json", capsys)
    run("plan rows --no-label --pred probs --out plan.json", capsys)


APPLY = "apply c.json --plan plan.json --out cal.parquet"


def written() -> dict[str, bytes]:
    """What ``apply`` has written."""
    return {path.name: path.read_bytes() for path in Path().rglob("cal-*")}


def test_processes(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this machine, for each of the commands."""
    data_sets()
    run("drift base new --label label --pred probs --json a.json", capsys)
    run("drift base new --label label --pred probs --json b.json --engine processes:2", capsys)
    assert same("a.json", "b.json")
    run("plan base --drift --pred probs --out p.json", capsys)
    run("drift --plan p.json --save s.json", capsys)
    run("drift --plan p.json --save t.json --engine processes:2", capsys)
    assert same("s.json", "t.json")
    models(monkeypatch)
    run(f"fidelity {MODELS} --json f.json", capsys)
    run(f"fidelity {MODELS} --json g.json --engine processes:2", capsys)
    assert same("f.json", "g.json")
    planned(capsys)
    run(APPLY, capsys)
    first = written()
    for name in first:
        Path(name).unlink()
    run(f"{APPLY} --engine processes:2", capsys)
    assert written() == first


def test_drift_of_files_and_states(capsys: Any, threads: list[str]) -> None:
    data_sets()
    how = "--label label --pred probs"
    for more in ("", f"{how} --by month", "--nulls skip --batch-rows 7"):
        told = run(f"drift base new {more} --json a.json --overwrite --quiet", capsys)
        line = f"drift base new {more} --json b.json --overwrite --quiet --engine any"
        assert run(line, capsys) == told
        assert same("a.json", "b.json")
    run(f"drift base {how} --save a.state.json", capsys)
    run(f"drift base {how} --save b.state.json --engine any", capsys)
    assert same("a.state.json", "b.state.json")
    run(f"drift base new {how} --json a.json --overwrite", capsys)
    run(f"drift a.state.json new {how} --json b.json --overwrite --engine any", capsys)
    assert same("a.json", "b.json")
    assert threads == ["any"] * 5


def test_the_state_of_a_plan(capsys: Any, threads: list[str]) -> None:
    """Of all columns, and of predictions alone."""
    data_sets()
    planned_sources.written(Path("rows"), "parquet")
    run("plan base --drift --label label --pred probs --out columns.json", capsys)
    run("plan rows --label label --pred probs --out predictions.json", capsys)
    for name in ("columns", "predictions"):
        run(f"drift --plan {name}.json --save {name}-a.json", capsys)
        assert run(f"drift --plan {name}.json --save {name}-b.json --engine any", capsys) == ""
        assert same(f"{name}-a.json", f"{name}-b.json")
    assert threads == ["any"] * 2
    drift_sources.write(drift_sources.table(7), Path("base"), "1", "parquet")
    both("drift --plan columns.json --save c.json", capsys, "base/1.parquet: the file changed")
    assert not Path("c.json").exists()


def test_drift_of_a_wrong_row(capsys: Any, threads: list[str]) -> None:
    data_sets()
    rows = pq.read_table("new/1.parquet")
    probs = rows["probs"].to_pylist()
    probs[70] = [0.5, 0.5, 7.0]
    place = rows.schema.get_field_index("probs")
    wrong = rows.set_column(place, "probs", pa.array(probs))
    pq.write_table(wrong, "new/1.parquet", row_group_size=30)
    both("drift base new --label label --pred probs --json a.json", capsys, "row 70")
    assert threads
    assert not Path("a.json").exists()


def test_fidelity_of_several_with_noise(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, threads: list[str]
) -> None:
    models(monkeypatch)
    for more in ("", "--batch-rows 2 --base e"):
        told = run(f"fidelity {MODELS} {more} --json a.json --overwrite", capsys)
        line = f"fidelity {MODELS} {more} --json b.json --overwrite --engine any"
        found = run(line, capsys)
        assert found.replace(" --engine any", "").split() == told.split()
        assert same("a.json", "b.json")
    run(f"fidelity {MODELS} --state a.state", capsys)
    assert run(f"fidelity {MODELS} --state b.state --engine any", capsys) == ""
    assert same("a.state", "b.state")
    run("fidelity base.npy int8.npy --html a.html --engine any", capsys)
    assert "unsurprised fidelity" in Path("a.html").read_text("utf-8")
    assert threads == ["any"] * 4


def test_fidelity_of_a_wrong_row(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, threads: list[str]
) -> None:
    models(monkeypatch)
    logits = np.load("int4.npy")
    logits[[50, 80]] = np.nan
    np.save("int4.npy", logits)
    both("fidelity base.npy int8.npy int4.npy --json a.json", capsys, "int4.npy, row 50")
    both("fidelity base.npy int4.npy --state a.state", capsys, "int4.npy, row 50")
    assert len(threads) == 2
    assert not list(Path().glob("a.*"))


def test_apply_is_that_of_parts(capsys: Any, threads: list[str]) -> None:
    planned(capsys)
    for part in (2, 1):
        told = run(f"{APPLY} --part {part}/2", capsys)
    first = written()
    assert len(first) == 13
    said = run(f"{APPLY} --engine any", capsys)  # over what is there
    assert (said.split(";")[1], "480 rows → 12 files" in said) == (told.split(";")[1], True)
    assert written() == first
    for name in sorted(first)[3:]:
        Path(name).unlink()
    run(f"{APPLY} --engine any --quiet", capsys)
    assert written() == first
    assert len(threads) == 2


def test_apply_to_a_store(capsys: Any, threads: list[str], folder: Path) -> None:
    planned(capsys)
    run(APPLY, capsys)
    first = written()
    for name in first:
        Path(name).unlink()
    Path("there").mkdir()
    address = (folder / "there").as_uri()
    run(f"{APPLY.replace('cal.parquet', address)}/cal.parquet --engine any", capsys)
    assert written() == first


def test_apply_of_a_wrong_row(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest is not written, and neither is the file."""
    planned(capsys)
    rows = planned_sources.table(2)
    bad = rows["probs"].to_pylist()
    bad[60] = [0.5, 0.5, 7.0]
    wrong = rows.set_column(2, "probs", pa.array(bad))
    pq.write_table(wrong, "rows/2.parquet", row_group_size=50)
    with ThreadPoolExecutor(3) as pool:
        opened_as(pool, [], monkeypatch)
        assert "changed since the plan was made" in run(f"{APPLY} --engine any", capsys, 2)
        run("plan rows --no-label --pred probs --out plan.json --overwrite", capsys)
        both(APPLY, capsys, "rows/2.parquet, row 60")
    assert not list(Path().glob("*.manifest.json"))
    assert not list(Path().glob(".*"))


def test_a_manifest_that_must_be_kept_is_told_first(capsys: Any, threads: list[str]) -> None:
    planned(capsys)
    run(APPLY, capsys)
    for path in Path().glob("cal-*-of-*"):
        path.unlink()
    (manifest,) = Path().glob("cal-*.manifest.json")
    manifest.write_text("mine")
    both(APPLY, capsys, f"--out {manifest}: cannot be written: it exists")
    assert written() == {manifest.name: b"mine"}
    assert threads == []
    run(f"{APPLY} --overwrite --engine any", capsys)
    assert json.loads(manifest.read_text("utf-8"))["schema"] == "unsurprised.applied/1"


class Elsewhere(Executor):
    """Machines whose disks are their own: what their tasks write is not here."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **_: Any) -> Future[Any]:
        told = json.loads(given[0])["work"]["splits"]
        future: Future[Any] = Future()
        future.set_result(Done(tuple(number for number, *_ in told), facts={"rows": 1}))
        return future


def test_files_that_workers_wrote_elsewhere(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(capsys)
    opened_as(Elsewhere(), [], monkeypatch)
    said = run(f"{APPLY} --engine any", capsys, 2)
    assert "--out cal.parquet: of 12 files 12 that workers wrote are not here, such as" in said
    assert "a folder that all machines share, or an address in a store" in said
    assert written() == {}


def test_workers_are_told_where_to_write(folder: Path) -> None:
    """Not by a path from the folder that they run in."""
    here = SplitFiles("there/cal.parquet", None, 3, "d").whole()
    assert Path(here.name(0)) == folder / "there" / "cal-00001-of-00003-d.parquet"
    stored = SplitFiles("s3://bucket/cal.parquet", None, 3, "d")
    assert stored.whole() == stored


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("drift - new", "--engine does not go with - (standard input)"),
        ("drift base -", "--engine does not go with - (standard input)"),
        ("drift --plan p.json --part 1/2 --save a.json", "--part does not go with --engine"),
        ("fidelity base.npy int8.npy --part 1/2", "--part does not go with --engine"),
        ("apply c.json rows --out cal.parquet", "--engine goes with --plan"),
        (f"{APPLY} --part 1/2", "--part does not go with --engine"),
    ],
)
def test_what_does_not_go_together(
    capsys: Any, threads: list[str], folder: Path, line: str, said: str
) -> None:
    assert said in run(f"{line} --engine any", capsys, 2)
    assert threads == []
    assert not list(folder.iterdir())
