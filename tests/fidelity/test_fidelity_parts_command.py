"""``fidelity --part`` and ``merge`` make what ``fidelity`` makes, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import files_of_models as write
import numpy as np
import pytest

import unsurprised as us
from unsurprised import cli
from unsurprised.language_models.in_parts import splits

ALL = (
    "a.npy b.npy c.npy --noise again.npy --targets came.npy --mask mask.npy --by land.npy "
    "--document doc.npy --text texts.jsonl --top 5"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files that have several splits, in the current folder."""
    monkeypatch.setattr(splits, "_SPLIT_BYTES", 2 * 4 * write.WIDTH * 13)
    monkeypatch.setenv("COLUMNS", "100")
    base, other, came = write.texts_of()
    rows = {"a": base, "b": other, "c": other + np.float32(0.1) * base, "again": base * 1.01}
    for name, logits in rows.items():
        write.npy(tmp_path / name, logits.astype(np.float32).reshape(-1, write.WIDTH), came)
    size = came.size
    mask = np.ones(size, int)
    mask[20:44] = 0
    columns = {"came": came.ravel(), "mask": mask, "land": np.arange(size) // 7 % 3}
    columns["doc"] = np.repeat(np.arange(write.DOCUMENTS), write.LENGTH)
    for name, column in columns.items():
        np.save(tmp_path / f"{name}.npy", column)
    texts = "\n".join(json.dumps([f" w{token}" for token in row]) for row in came)
    (tmp_path / "texts.jsonl").write_text(texts)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str, capsys: Any, code: int = 0) -> str:
    """What a command prints: to standard error where it fails."""
    assert cli.run(line.split()) == code, capsys.readouterr().err
    out, err = capsys.readouterr()
    assert (out if code else err) == ""
    return str(err if code else out)


def parts(line: str, count: int, capsys: Any) -> list[str]:
    """The states of all parts, the last one first."""
    names = [f"{part}of{count}.state" for part in range(count, 0, -1)]
    for part, name in zip(range(count, 0, -1), names, strict=True):
        assert run(f"fidelity {line} --part {part}/{count} --state {name}", capsys) == ""
    return names


@pytest.mark.parametrize("count", [1, 3, 7])
def test_parts_in_any_order(count: int, capsys: Any) -> None:
    run(f"fidelity {ALL} --json whole.json", capsys)
    names = parts(ALL, count, capsys)
    out = run(f"merge {' '.join(names)} --json merged.json", capsys)
    assert Path("merged.json").read_bytes() == Path("whole.json").read_bytes()
    assert "b.npy" in out and "c.npy" in out
    run(f"fidelity {ALL} --state whole.state", capsys)
    run(f"merge {' '.join(names[::-1])} --state merged.state", capsys)
    assert Path("merged.state").read_bytes() == Path("whole.state").read_bytes()


@pytest.mark.parametrize("pair", [(write.lists, write.lists), (write.named_lists,) * 2,
                                  (write.lists, write.npy), (write.kld, write.kld),
                                  (write.parquet, write.parquet)])  # fmt: skip
def test_every_kind_of_files(pair: Any, tmp_path: Path, capsys: Any) -> None:
    base, other, came = write.texts_of()
    for one, name, logits in zip(pair, "xy", (base, other), strict=True):
        one(Path(name), logits, came)
    line = " ".join(sorted(path.name for path in tmp_path.glob("[xy].*")))
    report = run(f"fidelity {line} --json whole.json --quiet", capsys)
    names = parts(line, 5, capsys)
    assert run(f"merge {' '.join(names)} --json merged.json --quiet", capsys) == report
    assert Path("merged.json").read_bytes() == Path("whole.json").read_bytes()


def test_a_merged_page_and_unit(capsys: Any) -> None:
    names = parts("a.npy b.npy", 2, capsys)
    run(f"merge {' '.join(names)} --base e --json merged.json --html page.html", capsys)
    run("fidelity a.npy b.npy --base e --json whole.json", capsys)
    assert Path("merged.json").read_bytes() == Path("whole.json").read_bytes()
    assert "unsurprised merge" in Path("page.html").read_text()
    several = " ".join(parts("a.npy b.npy c.npy", 2, capsys))
    err = run(f"merge {several} --html other.html", capsys, 2)
    assert "--html and 2 models: a page shows one" in err
    assert not Path("other.html").exists()


def test_from_python(capsys: Any) -> None:
    names = parts("a.npy b.npy", 3, capsys)
    states = [Path(name).read_bytes() for name in names]
    merged = us.merge(states)
    assert merged.result().to_json() == us.fidelity("a.npy", "b.npy").to_json()
    assert (len(merged.splits), merged.missing) == (10, ())
    assert us.merge([us.merge(states[:2], partial=True), us.merge(states[2:], partial=True)])
    several = us.merge(Path(name).read_bytes() for name in parts("a.npy b.npy c.npy", 2, capsys))
    assert [one.other.name for one in several.results()] == ["b.npy", "c.npy"]
    with pytest.raises(us.CallError, match=r"of 2 models; expected one: results\(\) has all"):
        several.result()
    with pytest.raises(us.CallError, match="is one state; expected several"):
        us.merge(merged)


def test_twice_missing_and_another_pairs(capsys: Any) -> None:
    one, two = parts("a.npy b.npy", 2, capsys)
    err = run(f"merge {one} {two} {one}", capsys, 2)
    assert err.startswith(f"unsurprised: {one}: split 5 (a.npy and b.npy, rows 65 to 77), ")
    assert "came in twice; expected each split of the plan once" in err
    err = run(f"merge {one}", capsys, 2)
    assert err.startswith("unsurprised: 5 of 10 splits of the plan are missing: split 0 (a.npy and")
    (other,) = parts("a.npy c.npy", 1, capsys)
    err = run(f"merge {one} {other}", capsys, 2)
    assert "two states of different plans: plan " in err
    assert err.endswith("run fidelity with the same files, paths and options for each part\n")
    for option in ("--top 4", "--mask mask.npy", "--vocabulary 30", "--targets came.npy"):
        (other,) = parts(f"a.npy b.npy {option}", 1, capsys)
        assert "different plans" in run(f"merge {one} {other}", capsys, 2), option
        Path(other).unlink()


def test_some_parts_alone(capsys: Any) -> None:
    names = parts("a.npy b.npy", 3, capsys)
    run(f"merge {' '.join(names[1:])} --partial --json merged.json", capsys)
    found = json.loads(Path("merged.json").read_text())
    assert found["missing"]["parts"] == (
        "Of 6 of the plan's 10 splits alone: split 6 (a.npy and b.npy, rows 78 to 90), split 7 "
        "(a.npy and b.npy, rows 91 to 103), split 8 (a.npy and b.npy, rows 104 to 116) and 1 more "
        "are missing"
    )
    rows = [np.load(f"{name}.npy")[:78] for name in "ab"]
    assert found["kl_divergence"]["value"] == us.fidelity(*rows).kl_divergence.value
    said = run("fidelity a.npy b.npy --part 1/3", capsys)
    assert "parts: Of 3 of the plan's 10 splits alone" in " ".join(said.split())


def test_a_second_run_of_which_other_rows_came_in(capsys: Any) -> None:
    names = parts("a.npy b.npy --noise again.npy", 4, capsys)
    run(f"merge {' '.join(names)} --json merged.json", capsys)
    run("fidelity a.npy b.npy --noise again.npy --json whole.json", capsys)
    assert Path("merged.json").read_bytes() == Path("whole.json").read_bytes()
    run(f"merge {' '.join(names[:3])} --partial --json some.json", capsys)
    found = json.loads(Path("some.json").read_text())
    assert found["noise"] is None
    assert found["missing"]["noise"].startswith("of again.npy other rows came in")
    err = run(f"merge {' '.join(names[:2])} --partial", capsys, 2)
    assert "no split of a.npy and b.npy has come in" in err


def test_more_parts_than_splits_and_all_left_out(capsys: Any) -> None:
    names = parts("a.npy b.npy", 12, capsys)
    run(f"merge {' '.join(names)} --json merged.json", capsys)
    np.save("none.npy", np.zeros(120, int))
    names = parts("a.npy b.npy --mask none.npy", 2, capsys)
    err = run(f"merge {' '.join(names)}", capsys, 2)
    assert "of 120 tokens a mask leaves out 120" in err


def test_files_that_changed_between_parts(capsys: Any) -> None:
    run("fidelity a.npy b.npy --part 1/2 --state 1.state", capsys)
    rows = np.load("b.npy")
    rows[119] += 1
    np.save("b.npy", rows)
    run("fidelity a.npy b.npy --part 2/2 --state 2.state", capsys)
    assert "different plans" in run("merge 1.state 2.state", capsys, 2)


def test_a_check_of_states(capsys: Any) -> None:
    one, two = parts("a.npy b.npy --targets came.npy", 2, capsys)
    limits = "--max-kl 9 --min-agreement 0.01"
    whole = run(f"check a.npy b.npy {limits} --quiet --json whole.json", capsys)
    assert run(f"check {one} {two} {limits} --quiet --json merged.json", capsys) == whole
    assert Path("merged.json").read_bytes() == Path("whole.json").read_bytes()
    said = run(f"check {one} {two} {limits}", capsys)
    assert "unsurprised fidelity" not in said and "unsurprised compare" not in said
    said = run(f"check {one} {limits}", capsys, 2)
    assert "5 of 10 splits of the plan are missing" in said
    assert "--partial" not in said  # which check has not
    assert run(f"check *of2.state {limits} --quiet", capsys) == whole
    assert "found 3 models" in run(f"check {one} {two} a.npy {limits}", capsys, 2)


def test_states_that_are_no_evaluators_name_their_command(capsys: Any) -> None:
    (one,) = parts("a.npy b.npy --targets came.npy", 1, capsys)
    np.savez("rows.npz", label=[0, 1], probs=[[0.5, 0.5], [0.2, 0.8]])
    run("plan rows.npz --out plan.json", capsys)
    for line in ("calibrate", "check --max-bits 1"):
        said = run(f"{line} --plan plan.json {one}", capsys, 2)
        assert "the states are of fidelity; expected those of evaluate --plan" in said


def test_wrong_calls(capsys: Any) -> None:
    for said in ("0/3", "4/3", "three"):
        run(f"fidelity a.npy b.npy --part {said} --state x.state", capsys, 2)
    assert not Path("x.state").exists()
    rows = np.load("b.npy")
    rows[70, 2] = np.nan
    np.save("b.npy", rows)
    err = run("fidelity a.npy b.npy --part 2/2 --state x.state", capsys, 2)
    assert "b.npy, row 70" in err
    run("fidelity a.npy b.npy --part 1/2 --state 1.state", capsys)
    evaluator = us.Evaluator().update([0], [[0.5, 0.5]]).to_bytes()
    Path("other.state").write_bytes(evaluator)
    err = run("merge 1.state other.state", capsys, 2)
    assert "other.state: a state of evaluate, and those before it are of fidelity" in err


def test_bytes_that_were_altered(capsys: Any) -> None:
    parts("a.npy b.npy --targets came.npy --document doc.npy --text texts.jsonl", 1, capsys)
    data = Path("1of1.state").read_bytes()
    assert us.merge([data]).result().worst_tokens[0].text
    for size in range(0, len(data), 997):
        with pytest.raises(us.StateError):
            us.merge([data[:size]])
