"""What people write to files, and the right number, with no option where none should be needed."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.cli import main
from unsurprised.sources import Options, open_predictions

P = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.1, 0.8]])
RIGHT = float(-np.log2([0.7, 0.5, 0.8]).mean())
TWO = float(-np.log2([0.9, 0.8]).mean())
BINARY = float(-np.log2([0.9, 0.8, 0.6]).mean())
ROWS = [list(map(float, row)) for row in P]

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The JSON of ``evaluate`` of a CSV; an error as the command says it."""
    monkeypatch.chdir(tmp_path)

    def evaluated(text: str | None, *options: str, name: str = "f.csv") -> Any:
        if text is not None:
            Path(name).write_text(text)
        monkeypatch.setattr(
            "sys.argv", ["unsurprised", "evaluate", name, *options, "--json", "out.json"]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return json.loads(Path("out.json").read_text())

    return evaluated


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-13)


def bits(found: Any) -> float:
    return float(found["cross_entropy"]["value"])


CLASSES = (
    "setosa,versicolor,virginica,target\n0.7,0.2,0.1,setosa\n0.3,0.5,0.2,versicolor\n"
    "0.1,0.1,0.8,virginica\n"
)

FOUND = {
    "columns named after the classes": CLASSES,
    "with pandas' index": pd.read_csv(io.StringIO(CLASSES)).to_csv(),
    **{f"the truth is {name}": CLASSES.replace("target", name)
       for name in ("truth", "actual", "y", "class", "Ground_Truth", "y_test", "Label")},
    "beside other numbers": CLASSES.replace("\n", ",31.5\n").replace("target,31.5", "target,age", 1),
    "beside predicted classes": CLASSES.replace("\n", ",setosa\n").replace(",setosa\n", ",y_pred\n", 1),
    "beside predicted indices": CLASSES.replace("\n", ",0\n").replace(",0\n", ",prediction\n", 1),
    "P(setosa)": CLASSES.replace("setosa,versicolor,virginica,t", "P(setosa),P(versicolor),P(virginica),t", 1),
    "KNIME": CLASSES.replace("setosa,versicolor,virginica,t",
                             "P (Species=setosa),P (Species=versicolor),P (Species=virginica),t", 1),
    "Probability:Class=": CLASSES.replace("setosa,versicolor,virginica,t",
                                         "Probability:Class=setosa,Probability:Class=versicolor,Probability:Class=virginica,t", 1),
    "tidymodels": CLASSES.replace("setosa,versicolor,virginica,t", ".pred_setosa,.pred_versicolor,.pred_virginica,t", 1),
    "a suffix": CLASSES.replace("setosa,versicolor,virginica,t", "setosa_prob,versicolor_prob,virginica_prob,t", 1),
    "numbers as names": "target,2,9,10\n2,0.7,0.2,0.1\n9,0.3,0.5,0.2\n10,0.1,0.1,0.8\n",
    "H2O": "predict,p2,p9,p10,label\n2,0.7,0.2,0.1,2\n9,0.3,0.5,0.2,9\n10,0.1,0.1,0.8,10\n",
    "floats in names": "label,p_2.0,p_0.0,p_1.0\n0,0.1,0.7,0.2\n1,0.2,0.3,0.5\n2,0.8,0.1,0.1\n",
    "float labels": "label,p_2,p_0,p_1\n0.0,0.1,0.7,0.2\n1.0,0.2,0.3,0.5\n2.0,0.8,0.1,0.1\n",
    "float labels by position": "label,probs\n0.0,\"[0.7,0.2,0.1]\"\n1.0,\"[0.3,0.5,0.2]\"\n2.0,\"[0.1,0.1,0.8]\"\n",
    "classes that the labels lack": "a,b,c,d,target\n0.7,0.2,0.1,0,a\n0.3,0.5,0.1,0.1,b\n0.1,0.1,0.8,0,c\n",
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_found_without_any_option(run: Run, case: str) -> None:
    found = run(FOUND[case])
    assert bits(found) == close(RIGHT)
    if "by position" not in case:
        assert found["reading"]["bound_by"] == "name"
    if case.startswith("beside predicted"):
        assert len(found["reading"]["left_aside"]) == 1


def test_columns_in_the_order_of_their_text(run: Run) -> None:
    rows = np.full((12, 12), 0.02)
    np.fill_diagonal(rows, 0.78)
    order = sorted(range(12), key=str)
    frame = pd.DataFrame({f"prob_class_{k}": rows[:, k] for k in order} | {"label": range(12)})
    assert bits(run(frame.to_csv(index=False))) == close(-math.log2(0.78))


TOLD = {
    "several --pred": (["--pred", "a", "--pred", "b", "--pred", "c"], "label,a,b,c", "012"),
    "--pred with commas": (["--pred", "a,b,c"], "label,a,b,c", "012"),
    "class = column": (["--pred", "x=a,y=b,z=c"], "label,a,b,c", "xyz"),
    "class = column in another order": (["--pred", "z=c,x=a,y=b"], "label,a,b,c", "xyz"),
    "one to one": (["--pred", "a,b,c", "--classes", "x,y,z"], "label,a,b,c", "xyz"),
    "by the columns' numbers": (["--classes", "x,y,z"], "label,pred_0,pred_1,pred_2", "xyz"),
    "from 1": (["--pred", "a,b,c", "--classes", "1,2,3"], "label,a,b,c", "123"),
    "R's names": (["--pred", "c.1,X3d,b", "--classes", "c 1,3d,b"], "label,c.1,X3d,b", ["c 1", "3d", "b"]),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD)
def test_columns_that_are_told(run: Run, case: str) -> None:
    options, head, labels = TOLD[case]
    lines = [f"{label}," + ",".join(map(str, row)) for label, row in zip(labels, P, strict=True)]
    assert bits(run("\n".join([head, *lines, ""]), *options)) == close(RIGHT)


@pytest.mark.parametrize("name", ["score", "y_score", "pred_1", "p1", "y_hat", "prob"])
def test_a_single_score(run: Run, name: str) -> None:
    assert bits(run(f"y_true,{name}\n0,0.1\n1,0.8\n1,0.6\n")) == close(BINARY)


def test_a_score_beside_predicted_classes(run: Run) -> None:
    found = run("y_true,y_pred,y_score\n0,0,0.1\n1,1,0.8\n1,1,0.6\n")
    assert bits(found) == close(BINARY)
    assert found["reading"]["left_aside"] == ["y_pred"]


def test_names_beside_a_score(run: Run) -> None:
    assert bits(run("y_true,score\nno,0.1\nyes,0.8\nyes,0.6\n")) == close(BINARY)
    assert bits(run("y_true,score\nham,0.1\nspam,0.8\nspam,0.6\n", "--positive", "spam")) == close(
        BINARY
    )
    assert bits(
        run("y_true,score\nham,0.1\nspam,0.8\nspam,0.6\n", "--classes", "ham,spam")
    ) == close(BINARY)


def test_shares_as_truth(run: Run) -> None:
    share, p = np.array([0.25, 1.0, 0.5]), np.array([0.1, 0.8, 0.6])
    right = float(-(share * np.log2(p) + (1 - share) * np.log2(1 - p)).mean())
    found = run("y_true,score\n0.25,0.1\n1.0,0.8\n0.5,0.6\n")
    assert bits(found) == close(right)
    assert found["reading"]["truth_means"] == "shares of class 1"


REFUSED = {
    "true and false beside names": ("y_true,p_ham,p_spam\nTrue,0.1,0.9\nFalse,0.8,0.2\n", [], "--positive spam"),
    "1 and 0 beside names": ("y_true,p_ham,p_spam\n1,0.1,0.9\n0,0.8,0.2\n", [], "--positive spam"),
    "1 and 0 beside yes and no": ("y_true,p_yes,p_no\n1,0.9,0.1\n0,0.2,0.8\n", [], "--positive yes"),
    "codes from 1": ("label,a,b,c\n1,0.7,0.2,0.1\n2,0.3,0.5,0.2\n", ["--pred", "a,b,c"], "--classes 1,2,3"),
    "codes up to K": ("label,a,b,c\n1,0.7,0.2,0.1\n3,0.3,0.5,0.2\n", ["--pred", "a,b,c"], "count from 1"),
    "predicted classes": ("y_true,y_pred\n0,0\n1,1\n1,0\n", [], "predicted classes?"),
    "names beside a score": ("y_true,score\nham,0.1\nspam,0.8\n", [], "--positive spam"),
    "-1 and 1": ("y_true,score\n-1,0.1\n1,0.8\n", [], "--classes=-1,1"),
    "-100 marks what is left out": ("y_true,score\n-100,0.1\n1,0.8\n", [], "--ignore-index=-100"),
    "R's name": ("label,class.1,b\nclass 1,0.7,0.3\nb,0.4,0.6\n", ["--pred", "class.1,b"], "--pred CLASS=COLUMN"),
    "an unknown positive": ("y_true,score\n0,0.1\n1,0.8\n", ["--positive", "2"], "'0', '1'"),
    "positive of three": ("label,p_a,p_b,p_c\na,0.7,0.2,0.1\n", ["--positive", "a"], "two classes"),
    "two of one class": ("label,p_2,p_2.0\n2,0.7,0.3\n", [], "one class"),
    "crossed names": ("label,p_a,p_b\na,0.7,0.3\n", ["--pred", "p_a,p_b", "--classes", "b,x"], "--pred CLASS=COLUMN"),
    "truth without an id": ("label,p_a,p_b\na,0.7,0.3\n", ["--truth", "x.csv"], "--id"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_two_readings_are_an_error_that_leads_out(
    run: Run, case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, options, remedy = REFUSED[case]
    Path("g.csv").write_text(text)
    monkeypatch.setattr("sys.argv", ["unsurprised", "evaluate", "g.csv", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert remedy in said
    assert said.count("\n") == 1


def written(table: pa.Table, tmp_path: Path) -> str:
    pq.write_table(table, tmp_path / "f.parquet")
    return str(tmp_path / "f.parquet")


def pairs(names: str, *, order: Callable[[Any], Any] | None = None) -> list[list[dict[str, Any]]]:
    return [sorted(({"label": c, "score": v} for c, v in zip(names, row, strict=True)), key=order)
            if order else [{"label": c, "score": v} for c, v in zip(names, row, strict=True)]
            for row in ROWS]  # fmt: skip


VECTOR = pa.struct([("type", pa.int8()), ("size", pa.int32()), ("indices", pa.list_(pa.int32())),
                    ("values", pa.list_(pa.float64()))])  # fmt: skip

LAYOUTS = {
    "a map": pa.array([list(zip("abc", row, strict=True)) for row in ROWS], pa.map_(pa.string(), pa.float64())),
    "a map of decimals": pa.array([[(c, round(v, 2)) for c, v in zip("abc", row, strict=True)] for row in ROWS],
                                  pa.map_(pa.string(), pa.float32())).cast(pa.map_(pa.string(), pa.float64())),
    "pairs": pa.array(pairs("abc")),
    "pairs sorted by score": pa.array(pairs("abc", order=lambda pair: -pair["score"])),
    "a struct": pa.array([dict(zip("abc", row, strict=True)) for row in ROWS]),
    "a struct in another order": pa.array([dict(zip("cab", [row[2], *row[:2]], strict=True)) for row in ROWS]),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_rows_that_name_their_classes(case: str, tmp_path: Path) -> None:
    file = written(pa.table({"label": list("abc"), "probs": LAYOUTS[case]}), tmp_path)
    rel = 1e-7 if "decimals" in case else 1e-13
    assert us.evaluate(file).cross_entropy.value == pytest.approx(RIGHT, rel=rel)
    sliced = pa.table({"label": list("abc"), "probs": LAYOUTS[case]}).slice(1, 2)
    right = float(-np.log2([0.5, 0.8]).mean())
    assert us.evaluate(sliced).cross_entropy.value == pytest.approx(right, rel=rel)


def test_a_list_that_is_cut_off_says_what_is_missing() -> None:
    top = [row[:2] for row in pairs("abc", order=lambda pair: -pair["score"])]
    with pytest.raises(
        us.InputError, match=r"row 0.*2 of 3 classes, which hold 0.9: the rest is missing.*logprob"
    ):
        us.evaluate(
            pa.table({"label": list("abc"), "probs": pa.array(top)}),
            classes="abc" and ["a", "b", "c"],
        )
    whole = [[pair for pair in row if pair["score"] > 0] for row in pairs("abc")]
    assert us.evaluate(
        pa.table({"label": list("abc"), "probs": pa.array(whole)})
    ).cross_entropy.value == close(RIGHT)
    late = pa.table(
        {
            "label": ["a"] * 1001 + ["z"],
            "probs": pa.array(
                [[{"label": "a", "score": 1.0}]] * 1001 + [[{"label": "z", "score": 1.0}]]
            ),
        }
    )
    with pytest.raises(us.InputError, match=r"row 1001.*class 'z'.*--classes"):
        us.evaluate(late)


@pytest.mark.parametrize("sparse", [False, True])
def test_vectors_of_spark(sparse: bool, tmp_path: Path) -> None:
    rows = [{"type": 1, "size": None, "indices": None, "values": row} for row in ROWS]
    if sparse:
        rows[1] = {"type": 0, "size": 3, "indices": [1], "values": [1.0]}
    table = pa.table(
        {"label": [0, 1, 2], "probability": pa.array(rows, VECTOR), "prediction": [0.0, 1.0, 1.0]}
    )
    found = us.evaluate(written(table, tmp_path))
    right = float(-np.log2([0.7, 1.0 if sparse else 0.5, 0.8]).mean())
    assert found.cross_entropy.value == close(right)
    assert found.reading.left_aside == ("prediction",)


def test_decimals_are_read_to_the_last_digit(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    values = generator.integers(1, 10_000, 4000)
    first = pa.array([None if v is None else f"0.{v:04d}" for v in values.tolist()]).cast(
        pa.decimal128(10, 4)
    )
    exact = np.array([int(v) / 10_000 for v in values])  # one division, rounded once
    found = us.evaluate(written(pa.table({"y_true": [1] * 4000, "score": first}), tmp_path))
    assert found.cross_entropy.value == us.evaluate([1] * 4000, exact).cross_entropy.value
    lists = pa.array([[f"0.{v:04d}", f"0.{10_000 - v:04d}"] for v in values.tolist()]).cast(
        pa.list_(pa.decimal128(10, 4))
    )
    rows = np.stack([exact, np.array([(10_000 - int(v)) / 10_000 for v in values])], axis=1)
    found = us.evaluate(pa.table({"label": [0] * 4000, "probs": lists}))
    assert found.cross_entropy.value == us.evaluate([0] * 4000, rows).cross_entropy.value


def test_truth_in_another_file(tmp_path: Path, run: Run) -> None:
    Path("solution.csv").write_text("id,label\n1,a\n2,b\n3,c\n")
    submission = "id,a,b,c\n3,0.1,0.1,0.8\n1,0.7,0.2,0.1\n2,0.3,0.5,0.2\n"
    options = ("--truth", "solution.csv", "--id", "id")
    assert bits(run(submission, *options)) == close(RIGHT)
    frame = pd.read_csv(io.StringIO(submission))
    truth = pd.read_csv("solution.csv")
    for own in (frame, pa.Table.from_pandas(frame, preserve_index=False)):
        for other in (truth, "solution.csv"):
            assert us.evaluate(own, truth=other, id="id").cross_entropy.value == close(RIGHT)
    with pytest.raises(
        us.InputError, match=r"row 0, column 'id': found the id 3, which.*--join inner"
    ):
        us.evaluate(frame, truth=truth[:2], id="id")
    with pytest.raises(
        us.InputError, match=r"1 row has no prediction; the first has the id '2'.*--join inner"
    ):
        us.evaluate(frame[:2], truth=truth, id="id")
    found = us.evaluate(frame[1:], truth=truth[:2], id="id", join="inner")
    assert (found.rows, found.skipped_rows) == (2, 0)
    found = us.evaluate(frame, truth=truth[:2], id="id", join="inner")
    assert (found.rows, found.skipped_rows) == (2, 1)
    assert found.cross_entropy.value == close(float(-np.log2([0.7, 0.5]).mean()))
    with pytest.raises(us.InputError, match=r"ids are there twice: '1'"):
        us.evaluate(frame, truth=pd.concat([truth, truth[:1]]), id="id")
    with pytest.raises(us.InputError, match=r"whose is the truth"):
        us.evaluate(frame.assign(label="a"), truth=truth, id="id")
    calibrated = us.calibrate(
        pd.concat([frame] * 30).assign(id=range(90)),
        truth=pd.concat([truth] * 30).assign(id=[3 * k + j for k in range(30) for j in (1, 2, 0)]),
        id="id",
        methods=["temperature"],
    )
    assert calibrated.cross_entropy.value == pytest.approx(RIGHT, rel=1e-12)


def test_rows_that_count_nothing_may_hold_anything() -> None:
    table = pa.table({
        "label": pa.array([0, -100, 1, None, 2]),
        "w": [1.0, 0, 1, 0, 1],
        "probs": [ROWS[0], [math.nan] * 3, ROWS[1], ROWS[0], ROWS[2]],
    })  # fmt: skip
    found = us.evaluate(table, weight="w")
    assert found.cross_entropy.value == close(RIGHT)
    assert (found.rows, found.skipped_rows) == (3, 2)
    assert [row.id for row in found.worst_rows] == [2, 0, 4]
    table = pa.table({"label": [0, -100, 1, 2], "probs": [ROWS[0], *ROWS]})
    assert us.evaluate(table, ignore_index=-100).cross_entropy.value == close(RIGHT)
    with pytest.raises(us.InputError, match=r"row 1, column 'label'.*ignore_index=-100"):
        us.evaluate(table)


def test_one_hot_and_votes_whatever_carries_them() -> None:
    for kind in (pa.int8(), pa.float32(), pa.float64(), pa.bool_()):
        values = (
            pa.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
            .cast(pa.list_(pa.int8()))
            .cast(pa.list_(kind))
        )
        found = us.evaluate(pa.table({"label": values, "probs": ROWS}))
        assert found.cross_entropy.value == close(RIGHT)
        assert (found.annotators, found.reading.truth_means) == (None, "distributions")
    votes = np.array([[3, 1, 0], [0, 2, 0], [1, 1, 2]])
    for kind in (pa.int8(), pa.float64()):
        values = pa.array(votes.tolist()).cast(pa.list_(kind))
        found = us.evaluate(pa.table({"label": values, "probs": ROWS}))
        assert found.annotators is not None
        assert (
            found.to_json().split('"reading"')[0]
            == us.evaluate(votes, P).to_json().split('"reading"')[0]
        )


def test_what_was_taken_is_said_first(tmp_path: Path) -> None:
    reading = open_predictions(
        pa.table({"y": ["no", "yes"], "p_yes": [0.1, 0.9], "p_no": [0.9, 0.1], "score": [0.1, 0.9]})
    )
    assert reading.choices["left aside"] == "score"
    assert reading.interpretation.sentence == (
        "truth: y (labels, bound by name) · prediction: p_<class> (probs, 2 columns) · left aside: score"
    )
    told = open_predictions(pa.table({"y": [True, False], "p_yes": [0.1, 0.9], "p_no": [0.9, 0.1]}))
    assert told.choices["label"] == "y (false: 'no', true: 'yes')"


def test_options_of_the_wrong_type_are_named() -> None:
    with pytest.raises(
        us.CallError, match=r"label is a list; expected the name of one column.*begin with"
    ):
        Options(label=["a", "b"])  # type: ignore[arg-type]
    with pytest.raises(us.CallError, match=r"pred names the classes 'a', 'b', classes 'a', 'c'"):
        Options(pred={"a": "x", "b": "y"}, classes=["a", "c"])


def test_the_confidence_of_a_predicted_class_is_not_that_of_class_1() -> None:
    frame = pd.DataFrame({
        "target": [1, 0, 1, 0],
        "prediction_label": [1, 0, 1, 1],
        "prediction_score": [0.9, 0.8, 0.7, 0.6],
    })  # fmt: skip
    with pytest.raises(
        us.InputError,
        match=r"confidence of the predicted class, or the probability of class 1.*--kind probs",
    ):
        us.evaluate(frame)
    assert us.evaluate(frame, kind="probs").rows == 4
    with pytest.raises(us.InputError, match=r"confidence"):
        us.evaluate(pd.DataFrame({"label": ["POSITIVE", "NEGATIVE"], "score": [0.99, 0.98]}))


def test_maps_have_no_places(tmp_path: Path) -> None:
    sort = lambda pair: -pair["score"]  # noqa: E731
    rows = pa.array(pairs("abc", order=sort))
    with pytest.raises(us.InputError, match=r"classes, which have none.*classes=\[a,b,c\]"):
        us.evaluate(pa.table({"label": [0, 1, 2], "probs": rows}))
    assert us.evaluate(
        pa.table({"label": [0, 1, 2], "probs": rows}), classes=list("abc")
    ).cross_entropy.value == close(RIGHT)
    names = [f"LABEL_{k}" for k in range(12)]
    wide = np.full((12, 12), 0.02)
    np.fill_diagonal(wide, 0.78)
    given = [
        sorted(({"label": n, "score": v} for n, v in zip(names, row, strict=True)), key=sort)
        for row in wide.tolist()
    ]
    assert us.evaluate(
        pa.table({"label": range(12), "probs": pa.array(given)})
    ).cross_entropy.value == close(-math.log2(0.78))
    (tmp_path / "a.jsonl").write_text(
        "".join(
            json.dumps({"label": c, "probs": row}) + "\n"
            for c, row in zip("abc", pairs("abc", order=sort), strict=True)
        )
    )
    assert us.evaluate(tmp_path / "a.jsonl").cross_entropy.value == close(RIGHT)
    assert us.evaluate(list("abc"), pairs("abc")).cross_entropy.value == close(RIGHT)


def test_integers_beside_columns_that_are_not_sorted() -> None:
    codes = pd.Categorical(["cat", "dog", "bird"]).codes
    frame = pd.DataFrame(P, columns=["cat", "dog", "bird"])
    with pytest.raises(
        us.InputError,
        match=r"codes of the sorted names.*classes=\[cat,dog,bird\].*classes=\[bird,cat,dog\]",
    ):
        us.evaluate(codes, frame)
    with pytest.raises(us.InputError, match=r"codes of the sorted names"):
        us.evaluate(frame.add_prefix("p_").assign(label=codes))
    assert us.evaluate(codes, frame, classes=["bird", "cat", "dog"]).cross_entropy.value == close(
        RIGHT
    )
    assert us.evaluate(
        frame.add_prefix("p_").assign(label=codes), classes=["bird", "cat", "dog"]
    ).cross_entropy.value == close(RIGHT)


def test_one_number_in_a_list(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", y=[0, 1, 1], y_pred=[[0.1], [0.8], [0.6]])
    lists = pa.table({"y": [0, 1, 1], "y_pred": [[0.1], [0.8], [0.6]]})
    for source in (tmp_path / "a.npz", lists):
        assert us.evaluate(source).cross_entropy.value == close(BINARY)


def test_the_same_name_in_both_files() -> None:
    submission = pd.DataFrame({"id": [1, 2, 3], "target": [0.1, 0.8, 0.6]})
    solution = pd.DataFrame({"id": [3, 2, 1], "target": [1, 1, 0]})
    assert us.evaluate(
        submission, truth=solution, id="id", pred="target"
    ).cross_entropy.value == close(BINARY)
    with pytest.raises(us.InputError, match=r"--pred target"):
        us.evaluate(submission, truth=solution, id="id")


def test_columns_that_are_but_numbered() -> None:
    frame = pd.DataFrame(P, columns=["0", "1", "2"]).assign(target=["cat", "dog", "eel"])
    with pytest.raises(us.InputError, match=r"but numbered.*--classes"):
        us.evaluate(frame)
    assert us.evaluate(frame, classes=["cat", "dog", "eel"]).cross_entropy.value == close(RIGHT)
    two = pd.DataFrame({"0": [0.3, 0.6], "1": [0.7, 0.4], "y": [True, False]})
    assert us.evaluate(two).cross_entropy.value == close(float(-np.log2([0.7, 0.6]).mean()))


@pytest.mark.parametrize("name", ["prob_no", "no", "P(no)", ".pred_no", "p_no"])
def test_a_single_column_is_the_probability_of_the_class_that_it_is_named_after(name: str) -> None:
    frame = pd.DataFrame({"target": ["yes", "no"], name: [0.2, 0.7]})
    right = close(float(-np.log2([0.8, 0.7]).mean()))
    assert us.evaluate(frame, pred=name).cross_entropy.value == right
    assert us.evaluate(frame["target"], frame[[name]]).cross_entropy.value == right
    assert us.evaluate(frame["target"], frame[name]).cross_entropy.value == right
    with pytest.raises(
        us.UnsurprisedError, match=r"named after the class 'no', and positive.*'yes'"
    ):
        us.evaluate(frame, pred=name, positive="yes")
    numbers = frame.assign(target=[1, 0])
    assert us.evaluate(numbers, pred=name).cross_entropy.value == right
    assert us.evaluate(numbers["target"], numbers[name]).cross_entropy.value == right
    zero = numbers.rename(columns={name: "prob_0"})
    assert us.evaluate(zero, pred="prob_0").cross_entropy.value == right
    one = pd.DataFrame({"target": ["yes", "no"], "prob_yes": [0.8, 0.3]})
    assert us.evaluate(one, pred="prob_yes").cross_entropy.value == right


def test_a_column_beside_others_that_begin_with_its_name() -> None:
    frame = pd.DataFrame(
        {
            "label": [0, 1, 1],
            "p": [0.1, 0.8, 0.6],
            "p_value": [0.5, 0.2, 0.1],
            "p_rank": [1.0, 3.0, 2.0],
        }
    )
    assert us.evaluate(frame).cross_entropy.value == close(BINARY)


def test_names_as_bytes() -> None:
    assert us.evaluate(
        np.array(list("abc"), "S"), P, classes=list("abc")
    ).cross_entropy.value == close(RIGHT)


def test_many_yes_or_no_in_a_file_are_asked_about() -> None:
    table = pa.table({"label": [[1, 0, 1], [0, 1, 1]], "probs": [[0.9, 0.3, 0.8], [0.1, 0.7, 0.8]]})
    with pytest.raises(
        us.InputError, match=r"row 0, column 'probs': .*sum to 2 beside.*multilabel=True"
    ):
        us.evaluate(table)
    assert us.evaluate(table, normalize=True).rows == 2


def test_classes_that_no_sum_tells_are_asked_about() -> None:
    logits = pd.DataFrame([[1.0, 0, 2], [0, 1, 2]], columns=["cat", "dog", "bird"]).assign(
        label=["cat", "dog"]
    )
    with pytest.raises(
        us.InputError, match=r"'bird' may be those of classes too.*--pred cat,dog,bird"
    ):
        us.evaluate(logits, kind="logits")
    right = us.evaluate(
        [0, 1], us.Logits(logits[["cat", "dog", "bird"]].to_numpy())
    ).cross_entropy.value
    assert us.evaluate(
        logits, kind="logits", pred=["cat", "dog", "bird"]
    ).cross_entropy.value == close(right)
    percent = pd.DataFrame(100 * P[:2], columns=["cat", "dog", "bird"]).assign(label=["cat", "dog"])
    with pytest.raises(us.InputError, match="may be those of classes too"):
        us.evaluate(percent, normalize=True)


def test_a_logit_that_is_an_integer() -> None:
    frame = pd.DataFrame(
        {
            "logit_cat": [1.0, 0.0],
            "logit_dog": [0.0, 1.0],
            "logit_bird": [0, 0],
            "label": ["cat", "dog"],
        }
    )
    right = us.evaluate([0, 1], us.Logits([[1.0, 0, 0], [0, 1, 0]])).cross_entropy.value
    assert us.evaluate(frame).cross_entropy.value == close(right)
    assert us.evaluate(frame, pred="logit_").cross_entropy.value == close(right)


@pytest.mark.parametrize("case", [*LAYOUTS, "vectors of Spark"])
def test_calibrated_rows_still_name_their_classes(case: str, tmp_path: Path) -> None:
    layouts = LAYOUTS | {
        "vectors of Spark": pa.array(
            [{"type": 1, "size": None, "indices": None, "values": row} for row in ROWS], VECTOR
        )
    }
    named = case != "vectors of Spark"
    labels = list("abc") if named else [0, 1, 2]
    table = pa.table({"label": labels * 40, "probs": pa.concat_arrays([layouts[case]] * 40)})
    pq.write_table(table, tmp_path / "in.parquet")
    found = us.calibrate(tmp_path / "in.parquet", methods=["temperature"])
    found.calibrator.save(tmp_path / "c.json")
    from unsurprised.calibration.apply import apply_reading
    from unsurprised.calibrators import load

    reading = open_predictions(tmp_path / "in.parquet", Options(labelled=False))
    apply_reading(load(tmp_path / "c.json"), reading, tmp_path / "out.parquet", "out.parquet")
    after = us.evaluate(tmp_path / "out.parquet").cross_entropy.value
    array = us.calibrate([0, 1, 2] * 40, np.vstack([P] * 40), methods=["temperature"]).calibrator
    right = us.evaluate([0, 1, 2] * 40, array.transform(np.vstack([P] * 40))).cross_entropy.value
    assert after == pytest.approx(right, rel=1e-6)


def test_booleans_in_the_names_of_columns(run: Run) -> None:
    text = "y,y_True_PREDICTION,y_False_PREDICTION\nTrue,0.9,0.1\nFalse,0.2,0.8\n"
    assert bits(run(text)) == close(TWO)


class TensorColumn(pa.ExtensionType):
    """As Ray stores rows of numbers: a list under a type of its own."""

    def __init__(self) -> None:
        super().__init__(pa.large_list(pa.float64()), "tests.tensor_column")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, data: bytes) -> TensorColumn:
        return cls()


def test_columns_of_other_types_are_read_by_their_storage() -> None:
    storage = pa.array(ROWS, pa.large_list(pa.float64()))
    column = pa.ExtensionArray.from_storage(TensorColumn(), storage)
    assert us.evaluate(
        pa.table({"label": [0, 1, 2], "probs": column})
    ).cross_entropy.value == close(RIGHT)
    assert us.evaluate([0, 1, 2], column).cross_entropy.value == close(RIGHT)
