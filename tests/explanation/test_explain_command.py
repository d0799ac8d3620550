"""``unsurprised explain``: rows as numbers and as rows of files, and one line for what is wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised import cli
from unsurprised.commands.explain_rows import written
from unsurprised.explanation import explain

EXAMPLES = Path(__file__).parents[2] / "examples"
DIGITS, BETTER = str(EXAMPLES / "digits.parquet"), str(EXAMPLES / "digits_better.parquet")


@pytest.fixture
def answered(capsys):
    """Run a command line that must succeed; its JSON."""

    def run(*arguments: str) -> dict[str, object]:
        assert cli.run(["explain", "--json", "-", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)

    return run


@pytest.fixture
def refused(capsys):
    """Run a command line that must be refused in one line; the line without its prefix."""

    def run(*arguments: str) -> str:
        assert cli.run(["explain", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("unsurprised: ")
        assert err.count("\n") == 1
        return err.removeprefix("unsurprised: ").strip()

    return run


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.5,0.5", (0.5, 0.5)),
        ("1/2, 25 %, .25", (0.5, 0.25, 0.25)),
        ("1e-3,9.99E-1", (0.001, 0.999)),
        ("[0.5 0.5]", (0.5, 0.5)),
        ("-1.5,+2,−3,-inf", (-1.5, 2.0, -3.0, -math.inf)),
        ("10%,90%", (0.1, 0.9)),
        ("7", (7.0,)),
    ],
)
def test_numbers_as_people_write_them(text, numbers):
    assert written(text).numbers == numbers


def test_the_report_is_that_of_the_library(capsys):
    assert cli.run(["explain", "0.5,0.5", "0.1,0.9", "--names", "heads,tails"]) == 0
    expected = explain([0.5, 0.5], [0.1, 0.9], names=["heads", "tails"])
    out, err = capsys.readouterr()
    assert out.startswith(f"{expected}\n\nNext\n  # with charts\n  unsurprised explain")
    assert err == ""


def test_entropy_divergence_and_surprisal(answered):
    assert answered("1/2,1/4,1/4")["entropy"] == 1.5
    assert answered("50%,50%", "0,1")["kl_divergence"] == "inf"
    surprisal = answered("0.99,0.01", "--label", "1")
    assert (surprisal["happened"], round(surprisal["cross_entropy"], 4)) == (1, 6.6439)
    assert answered("0.99,0.01", "--label", "dog", "--names", "cat,dog") | {
        "outcomes": 0
    } == surprisal | {"outcomes": 0}


@pytest.mark.parametrize(
    "arguments",
    [
        ("-1.5,2", "--kind", "logits"),
        ("--kind", "logits", "--", "-1.5,2"),
        ("--kind=logits", "-1.5,2"),
        ("−1.5,2", "--kind", "logits"),
    ],
)
def test_negative_numbers_are_no_options(answered, arguments):
    assert answered(*arguments)["entropy"] == us.entropy(us.Logits([-1.5, 2.0]))


def test_kinds(answered):
    assert answered("-inf,0,0", "--kind", "logits")["entropy"] == 1.0
    assert answered("3,1", "--kind", "counts")["entropy"] == us.entropy([0.75, 0.25])
    both = answered("3,1", "-1.5,2", "--kind", "counts,logits", "--base", "e")
    expected = us.kl_divergence(us.Counts([3, 1]), us.Logits([-1.5, 2.0]), base=math.e)
    assert (both["kl_divergence"], both["unit"]) == (expected, "nats")
    assert answered("1,3", "--normalize")["entropy"] == us.entropy([0.25, 0.75])
    assert answered(".5,.49", "--tolerance", "0.1")["explains"] == "entropy"


def test_smoothing(answered):
    assert answered("1,0", "0,1", "--smooth", "0.5")["smoothing"]["largest_cost"] == 1.0


def test_a_row_of_a_file_is_the_surprisal_of_its_label(answered, capsys):
    table = pq.read_table(DIGITS)
    row, label = table["probs"][17].as_py(), table["label"][17].as_py()
    found = answered(f"{DIGITS}:17")
    assert found["happened"] == label
    assert found["cross_entropy"] == us.surprisal(us.Probs(np.float32(row)), at=label)
    assert cli.run(["explain", f"{DIGITS}:17"]) == 0
    assert capsys.readouterr().out.startswith(f"{DIGITS}, row 17\nlabel: label · pred: probs")


def test_two_rows_of_files_are_prediction_against_prediction(answered):
    rows = [pq.read_table(file)["probs"][17].as_py() for file in (DIGITS, BETTER)]
    p, q = (us.Probs(np.float32(row)) for row in rows)
    assert answered(f"{DIGITS}:17", f"{BETTER}:17")["kl_divergence"] == us.kl_divergence(p, q)
    mixed = answered(",".join(["0.1"] * 10), f"{DIGITS}:17")
    assert mixed["kl_divergence"] == us.kl_divergence([0.1] * 10, p)


def test_soft_truths_names_and_columns_of_files(answered, tmp_path):
    votes = tmp_path / "votes.parquet"
    pq.write_table(pa.table({"label": [[3, 1], [0, 4]], "probs": [[0.5, 0.5], [0.9, 0.1]]}), votes)
    assert answered(f"{votes}:0")["kl_divergence"] == us.kl_divergence([0.75, 0.25], [0.5, 0.5])
    csv = tmp_path / "p.csv"
    csv.write_text("y,p_cat,p_dog\ncat,0.9,0.1\n,0.5,0.5\ndog,0.8,0.2\n")
    found = answered(f"{csv}:2", "--label", "y", "--pred", "p_")
    assert [outcome["name"] for outcome in found["outcomes"]] == ["cat", "dog"]
    assert found["happened"] == 1
    assert answered(f"{csv}:2", f"{csv}:0", "--pred", "p_")["explains"] == "divergence"


def test_a_label_is_not_needed_for_two_rows(answered, tmp_path):
    file = tmp_path / "unlabelled.jsonl"
    file.write_text('{"logits": [0.0, 1.0]}\n{"logits": [1.0, 0.0]}\n')
    expected = us.kl_divergence(us.Logits([0.0, 1.0]), us.Logits([1.0, 0.0]))
    assert answered(f"{file}:0", f"{file}:1")["kl_divergence"] == expected


def test_rows_of_many_batches_and_row_groups(answered, tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(3), 5000)
    file = tmp_path / "long.parquet"
    table = pa.table({"label": rng.integers(0, 3, 5000), "probs": list(rows)})
    pq.write_table(table, file, row_group_size=700)
    for row in (0, 699, 700, 4999):
        assert answered(f"{file}:{row}")["model_entropy"] == us.entropy(rows[row])


def test_files_that_are_written(tmp_path, capsys):
    chart, report = tmp_path / "chart.svg", tmp_path / "result.json"
    arguments = ["explain", "0.5,0.5", "0,1", "--chart", str(chart), "--json", str(report)]
    assert cli.run(arguments) == 0
    assert "Q rules out" in capsys.readouterr().out
    assert chart.read_text(encoding="utf-8").startswith("<svg")
    assert json.loads(report.read_text(encoding="utf-8"))["kl_divergence"] == "inf"


def test_help(capsys):
    assert cli.run(["explain", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--smooth" in shown
    assert "FILE:ROW" in shown


BAD = [
    ([], "Missing argument 'P [Q]'; see unsurprised explain --help"),
    (["abc"], "'abc' is no number; expected numbers with commas between them (0.25, 1/4, 25%, "
     "2.5e-1), or FILE:ROW"),
    (["1,,2"], "'1,,2': an entry is empty; expected numbers with commas between them (0.25, 1/4, "
     "25%, 2.5e-1), or FILE:ROW"),
    (["1/0,1"], "'1/0,1': '1/0' is no number; expected numbers with commas between them "
     "(0.25, 1/4, 25%, 2.5e-1), or FILE:ROW"),
    (["0.01"], "0.01 is one number; expected one for each outcome, with commas between them, such "
     "as 0.99,0.01"),
    (["0.5", "0.5", "1"], "3 rows are given; expected one or two, the numbers of each with commas "
     "between them and no spaces: 0.5,0.5 0.1,0.9"),
    ([".5,.5", "1,0,0"], "p has 2 outcomes and q has 3; expected as many in both"),
    (["1,2"], "found probabilities that sum to 3; expected 1 within 0.001; entries above 1 are no "
     "probabilities; if these are logits, say so: Logits(…) (--kind logits), if they are counts: "
     "Counts(…) (--kind counts); to take each row as row / sum pass normalize=True, "
     "to a measure Probs(…, normalize=True) (--normalize), "
     "to accept larger deviations raise tolerance (--tolerance)"),
    (["1,0", "nan,1"], "q: found NaN for class 0 in a row of probs; expected finite numbers of at "
     "least 0; mend it where the row was made, or leave the row out"),
    ([".5,.5", "--label", "2"], "found the label 2; expected 0 to 1, the index of one of 2 "
     "classes"),
    ([".5,.5", "--label", "x"], "found the unknown class 'x'; expected one of '0', '1'"),
    ([".5,.5", "1,0", "--label", "0"], "--label says what happened under one row (of a file: where "
     "that stands), and two rows are given; leave it out, or one of them"),
    ([".5,.5", "--names", "a"], "names holds 1 for 2 outcomes; expected one each (--names)"),
    ([".5,.5", "--pred", "p"], "--pred is for rows of files, FILE:ROW; leave it out"),
    (["1,2", "--kind", "foo"], "--kind foo: expected one of probs, logits, logprobs, counts, or "
     "one for each row with a comma between them"),
    ([".5,.5", "--smooth", "2"], "epsilon=2.0; expected a share from 0 to 1 (--smooth)"),
    ([".5,.5", "--base", "1"], "--base 1: no base of a logarithm; expected 2, e, 10 or any above "
     "1"),
    ([".5,.5", "--nonsense"], "no such option: --nonsense; see unsurprised explain --help"),
    ([".5,.5", "-x"], "no such option: -x; see unsurprised explain --help"),
    ([".5,.5", "--chart", "x.pdf"], "--chart x.pdf: expected a file that ends in .html, .png, .svg "
     "or .json"),
    ([".5,.5", "--chart", "x.json", "--json", "x.json"], "--chart x.json: --json writes there too; "
     "name another path"),
    (["none.parquet:3"], "none.parquet: no such file"),
    ([DIGITS], f"{DIGITS}: which of its rows? Say {DIGITS}:0 for the first"),
    ([f"{DIGITS}:1000"], f"{DIGITS}: found no row 1000; expected 0 to 999, as rows are counted "
     "from 0"),
    ([f"{DIGITS}:-1"], f"{DIGITS}: found no row -1; expected 0 to 999, as rows are counted from 0"),
    ([f"{DIGITS}:0", "--kind", "counts"], "--kind counts: the predictions of a file are probs, "
     "logits or logprobs; of two rows each may have its own kind: --kind counts,probs"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(bad[0])[-30:] for bad in BAD])
def test_what_is_wrong_is_said_in_one_line(refused, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(*arguments) == said
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_file_names_the_file_and_the_row(refused, tmp_path):
    file = tmp_path / "p.jsonl"
    file.write_text(
        '{"label": 0, "probs": [0.5, 0.5]}\n'
        '{"label": 0, "probs": [0.5, 0.6]}\n'
        '{"label": 0, "probs": null}\n'
    )
    assert refused(f"{file}:1").startswith(
        f"{file}, row 1: found probabilities that sum to 1.1; expected 1 within 0.001"
    )
    assert refused("1,0", f"{file}:1").startswith(f"{file}, row 1: found probabilities")
    assert refused(f"{file}:2") == f"{file}, row 2: holds a null; expected a row that is whole"
    assert refused(f"{file}:3").startswith(f"{file}: found no row 3; expected 0 to 2")


def test_names_of_two_files_must_agree(refused, tmp_path):
    for name, names in (("a", "cat dog"), ("b", "dog cat")):
        one, other = (f"p_{animal}" for animal in names.split())
        pq.write_table(pa.table({one: [0.5], other: [0.5]}), tmp_path / f"{name}.parquet")
    one, other = f"{tmp_path}/a.parquet", f"{tmp_path}/b.parquet"
    assert refused(f"{one}:0", f"{other}:0") == (
        f"the classes of {one} are not those of {other}; expected the same names in the same "
        "order: say it with --classes"
    )


def test_the_input_is_not_written_over(refused, tmp_path):
    file = tmp_path / "p.json"
    file.write_text('{"label": 0, "logits": [0.5, 0.5]}\n')
    assert "it is also the input" in refused(f"{file}:0", "--json", str(file))


@pytest.mark.parametrize("names", [(), ("--names", "2,0,1")])
def test_labels_of_files_are_the_classes_that_columns_are_named_after(answered, tmp_path, names):
    csv = tmp_path / "turned.csv"
    csv.write_text("label,p_2,p_0,p_1\n0,0.125,0.5,0.375\n1,0.5,0.25,0.25\n")
    found = answered(f"{csv}:0", *names)
    assert [outcome["name"] for outcome in found["outcomes"]] == ["2", "0", "1"]
    assert (found["happened"], found["cross_entropy"]) == (1, 1.0)


def test_a_label_is_the_class_that_is_called_so(answered):
    assert answered(".25,.75", "--label", "1", "--names", "1,0")["cross_entropy"] == 2.0
