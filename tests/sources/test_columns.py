"""Which column is taken for what, and which class a label or a column means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_rows import (
    CLASSES,
    INDICES,
    NAMES,
    PROBS,
    columned,
    csv_text,
    joined,
    json_lines,
    listed,
    raises,
    read,
)

from unsurprised.errors import CallError
from unsurprised.forms import Counts, Labels, Logits, LogProbs, Probs
from unsurprised.sources import Options, open_predictions

TWO = [[0.25, 0.75], [0.5, 0.5]]


def frame(**columns: Any) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize("name", ["label", "y_true", "target", "y", "labels", "class"])
def test_usual_labels(name: str) -> None:
    reading, batches = read(frame(**{name: [0, 1], "probs": TWO}))
    assert reading.choices["label"] == name
    assert joined(batches, "truth").tolist() == [0, 1]


def test_label_comes_before_other_names() -> None:
    reading, _ = read(frame(target=[0, 1], label=[0, 1], probs=TWO))
    assert reading.choices["label"] == "label"
    text = raises(frame(target=[0, 1], y=[0, 1], probs=TWO))
    assert text.startswith("several columns could be the label: 'target', 'y'; expected one of 't")
    assert "(--label)" in text


def test_a_missing_column_lists_those_there_and_the_nearest(tmp_path: Path) -> None:
    pq.write_table(frame(label=[0], probabilty=[[1.0]], p=[0.5]), tmp_path / "a.parquet")
    assert raises(tmp_path / "a.parquet", pred="probability") == (
        f"{tmp_path / 'a.parquet'}: no column, and no two columns beginning with, 'probability'; "
        "expected one of 'label', 'probabilty', 'p'; did you mean 'probabilty'?"
    )
    assert raises(tmp_path / "a.parquet", label="lable").endswith("did you mean 'label'?")
    assert raises(tmp_path / "a.parquet", weight="zzz").endswith("weight=… (--weight)")
    assert raises(tmp_path / "a.parquet", id="zzz").endswith("id=… (--id)")


def test_a_column_that_is_there_twice() -> None:
    twice = pa.Table.from_arrays(
        [pa.array([0]), pa.array([1]), pa.array([[1.0]])], ["label"] * 2 + ["probs"]
    )
    assert raises(twice) == "2 columns are named 'label'; expected one; rename the others"


@pytest.mark.parametrize(
    ("name", "told", "kind", "form"),
    [
        ("probs", None, "probs (the default)", Probs),
        ("prediction", None, "probs (the default)", Probs),
        ("logits", None, "logits (from the column's name)", Logits),
        ("log_probs", None, "logprobs (from the column's name)", LogProbs),
        ("logits", "probs", "probs", Probs),
        ("y_pred", "logits", "logits", Logits),
        ("probs", "logprobs", "logprobs", LogProbs),
    ],
)
def test_the_kind_is_told_or_named_or_said(
    name: str, told: str | None, kind: str, form: type
) -> None:
    reading, (batch,) = read(frame(label=[0, 1], **{name: TWO}), kind=told)
    assert reading.choices["kind"] == kind
    assert type(batch.model) is form


@pytest.mark.parametrize(
    "prefix", ["p_", "prob_", "probs_", "proba_", ".pred_", "pred_", "logit_", "logprob_"]
)
def test_usual_prefixes(prefix: str) -> None:
    columns = {f"{prefix}{name}": [0.5, 0.25] for name in ("x", "y")}
    reading, (batch,) = read(frame(label=["x", "y"], **columns))
    assert reading.classes == ("x", "y")
    assert reading.choices["pred"] == f"{prefix}<class> (2 columns)"
    kinds = {"logit_": "logits", "logprob_": "logprobs"}
    assert batch.model.kind == kinds.get(prefix, "probs")
    assert batch.columns["model"] == f"{prefix}<class>"


def test_the_predicted_class_is_no_class(tmp_path: Path) -> None:
    columns = {".pred_class": ["a", "b"], ".pred_a": [1.0, 0.0], ".pred_b": [0.0, 1.0]}
    assert read(frame(label=["a", "b"], **columns))[0].classes == ("a", "b")
    numbered = {"pred_class": [1, 2], "pred_1": [1.0, 0.0], "pred_2": [0.0, 1.0]}
    table = frame(label=[1, 2], **numbered)
    assert read(table)[0].classes == ("1", "2")
    (tmp_path / "a.csv").write_bytes(csv_text(table))
    assert read(tmp_path / "a.csv")[0].classes == ("1", "2")
    counted = frame(label=["a"], p_a=[1.0], p_b=[0.0], p_count=[7])
    assert read(counted)[0].classes == ("a", "b")


def test_ambiguous_predictions() -> None:
    assert raises(frame(label=[0, 1], probs=TWO, logits=TWO)).startswith(
        "several columns could be the prediction: 'probs', 'logits'; expected one; say which: pred"
    )
    both = frame(label=["a"], probs=[[1.0, 0.0]], p_a=[1.0], p_b=[0.0])
    assert "'probs', 'p_<class>'" in raises(both)
    # A number beside lists or class columns is the predicted class or its score.
    beside = frame(label=["a"], prediction=[0.0], p_a=[1.0], p_b=[0.0])
    assert read(beside)[0].choices["pred"] == "p_<class> (2 columns)"


def test_dots_in_names(tmp_path: Path) -> None:
    """Parquet's reader takes a dot for a path into a column."""
    table = frame(
        label=["1.5", "1"], **{"p_1.5": [1.0, 0.0], "p_1": [0.0, 1.0], "p_1.5.2": [0.0] * 2}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    _, (batch,) = read(tmp_path / "a.parquet")
    assert batch.model.array.values.tolist() == [[1, 0, 0], [0, 1, 0]]
    beside = frame(label=[0, 1], probs=TWO, **{"probs.raw": [None, None]})
    pq.write_table(beside, tmp_path / "a.parquet")
    assert joined(read(tmp_path / "a.parquet")[1], "model").tolist() == TWO


def test_the_usual_name_with_another_type() -> None:
    assert raises(frame(label=[0], probs=[[["a"]]])).startswith(
        "column 'probs': found list<item: list<item: string>>; expected lists of numbers, maps"
    )
    assert raises(frame(label=[0], probs=[[1.0]]), label="probs").endswith(
        "expected one of 'label', 'probs'; name it with pred=… (--pred)"
    )


def test_a_prefix_needs_two_columns() -> None:
    assert "no column, and no two columns beginning with, 'prob'" in raises(
        frame(label=[0], probs=[[1.0]]), pred="prob"
    )


@pytest.mark.parametrize("pred", ["cat,dog, bird", ["cat", "dog", "bird"], ("cat", "dog", "bird")])
def test_the_columns_of_the_classes_may_be_named_one_by_one(pred: Any) -> None:
    rows = frame(label=["dog", "bird"], cat=[0.25, 0.5], age=[3.5, 4.5], bird=[0.5, 0.25],
                 dog=[0.25, 0.25])  # fmt: skip
    reading, batches = read(rows, pred=pred)
    assert reading.choices["pred"] == "cat, dog, bird (3 columns)"
    assert reading.class_names == ("cat", "dog", "bird")
    assert joined(batches, "model").tolist() == [[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]
    assert joined(batches, "truth").tolist() == [1, 2]
    _, batches = read(rows, pred=pred, classes=["bird", "cat", "dog"])
    assert joined(batches, "model").tolist() == [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]


def test_columns_that_are_named_keep_what_a_usual_prefix_says(tmp_path: Path) -> None:
    rows = frame(label=["b", "a"], logit_c=[0.0, 1.0], logit_b=[2.0, 3.0], logit_a=[4.0, 5.0])
    for place in range(2):
        pq.write_table(rows.select(range(4 - place)), tmp_path / f"{place}.parquet")
    reading, batches = read(rows, pred="logit_a,logit_b,logit_c")
    assert (reading.kind, reading.class_names) == ("logits", ("a", "b", "c"))
    assert joined(batches, "model").tolist() == [[4.0, 2.0, 0.0], [5.0, 3.0, 1.0]]
    files = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    assert "1.parquet: no column 'logit_a'" in raises(files, pred="logit_a,logit_b")


def test_columns_that_cannot_be_classes() -> None:
    rows = frame(label=[0, 1], cat=[0.25, 0.5], dog=[0.75, 0.5], name=["x", "y"])
    rows = rows.append_column("a,b", pa.array(TWO))
    assert "no column 'god'" in raises(rows, pred="cat,god")
    assert "did you mean 'name'?" in raises(rows, pred="cat,nam")
    assert "column 'name': found names; expected a number" in raises(rows, pred="cat,name")
    assert "column 'label': found another role" in raises(rows, pred="cat,label")
    for pred in ("cat,cat", []):
        with pytest.raises(CallError, match="at least two distinct columns"):
            read(rows, pred=pred)
    reading, _ = read(rows, pred="a,b")  # the name of a column comes first
    assert reading.choices["pred"] == "a,b (list of 2)"


def test_choices_are_told() -> None:
    reading, _ = read(frame(label=[0, 1], probs=TWO, row_id=[5, 6]))
    assert dict(reading.choices) == {
        "id": "row number; a column 'row_id' exists; use it with --id row_id",
        "label": "label",
        "kind": "probs (the default)",
        "pred": "probs (list of 2)",
        "classes": "0, 1 (by position)",
    }


@pytest.mark.parametrize("order", [CLASSES, CLASSES[::-1], ("dog", "bird", "cat")])
def test_columns_bind_by_name_in_any_order(order: tuple[str, ...], tmp_path: Path) -> None:
    pq.write_table(columned(), tmp_path / "0.parquet")
    pq.write_table(columned(order), tmp_path / "1.parquet")
    reading, batches = read([tmp_path / "0.parquet", tmp_path / "1.parquet"])
    assert reading.classes == CLASSES
    assert joined(batches, "model").tolist() == PROBS * 2
    assert joined(batches, "truth").tolist() == INDICES * 2
    reading, batches = read(columned(order), classes=CLASSES)
    assert reading.classes == CLASSES
    assert joined(batches, "model").tolist() == PROBS


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["cat", "dog"], "the columns' classes differ: additional 'bird'; expected the classes of"),
        (["cat", "dog", "bird", "cow"], "the columns' classes differ: missing 'cow'; expected"),
    ],
)
def test_told_classes_must_be_the_columns(classes: list[str], message: str) -> None:
    assert raises(columned(), classes=classes).startswith(message)


def test_files_whose_classes_differ(tmp_path: Path) -> None:
    pq.write_table(columned(), tmp_path / "0.parquet")
    other = columned().rename_columns(
        [name.replace("bird", "cow") for name in columned().column_names]
    )
    pq.write_table(other, tmp_path / "1.parquet")
    assert raises(tmp_path) == (
        f"{tmp_path / '1.parquet'}: its classes differ from those of {tmp_path / '0.parquet'}: "
        "missing 'bird', additional 'cow'; expected the same classes in every file"
    )


def test_files_whose_lists_differ(tmp_path: Path) -> None:
    pq.write_table(frame(label=[0, 1], probs=TWO), tmp_path / "0.parquet")
    pq.write_table(listed(), tmp_path / "1.parquet")
    assert raises(tmp_path) == (
        f"{tmp_path / '1.parquet'}, row 0, column 'probs': found 3 numbers; expected 2, one a "
        "class, as in the first row; every list must be of the same length"
    )
    pq.write_table(listed(pa.list_(pa.float32(), 3)), tmp_path / "1.parquet")
    assert "its classes differ from those of" in raises(tmp_path)
    assert "lists of 3, not of 2" in raises(tmp_path)


def test_a_file_that_lacks_a_column(tmp_path: Path) -> None:
    pq.write_table(listed(), tmp_path / "0.parquet")
    pq.write_table(listed().rename_columns(["y", "probs", "w", "key"]), tmp_path / "1.parquet")
    assert raises(tmp_path).startswith(f"{tmp_path / '1.parquet'}: no column 'label'; expected")


@pytest.mark.parametrize("name", ["logprob", "Token_Logprob"])
def test_a_file_of_log_probabilities_needs_no_label(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({name: [-0.1, -0.2], "doc": [0, 1]}), tmp_path / "0.parquet")
    assert raises(tmp_path).endswith(
        f"a column {name!r} exists: use it with logprob=… (--logprob) if it is what the model gave "
        "to what happened, or name the label with label=… (--label)"
    )


def test_files_whose_types_differ(tmp_path: Path) -> None:
    pq.write_table(listed(), tmp_path / "0.parquet")
    pq.write_table(listed().set_column(0, "label", [NAMES]), tmp_path / "1.parquet")
    assert raises(tmp_path, classes=CLASSES) == (
        f"{tmp_path / '1.parquet'}, column 'label': found names; expected integers, as in "
        f"{tmp_path / '0.parquet'}; write the column with the same type in every file"
    )


def test_integer_labels_match_integer_names() -> None:
    """Labels 1 to 10 and columns p_1 to p_10, which the file holds as p_1, p_10, p_2, …."""
    names = sorted(map(str, range(1, 11)))
    probs = {f"p_{name}": [float(name == str(k)) for k in range(1, 11)] for name in names}
    reading, (batch,) = read(frame(label=list(range(1, 11)), **probs))
    assert reading.classes == tuple(names)
    chosen = batch.model.array.values[np.arange(10), batch.truth.array.values]
    assert chosen.tolist() == [1.0] * 10
    assert raises(frame(label=[0], **{name: [1.0] for name in probs})) == (
        "row 0, column 'label': found the unknown class 0; expected one of '1', '10', '2', '3', "
        "'4', '5', '6', '7', '8', '9'"
    )


def test_integer_labels_are_positions_among_other_names() -> None:
    table = columned().set_column(0, "label", [pa.array(INDICES)])
    assert "codes of the sorted names" in raises(table)
    reading, batches = read(table, classes=CLASSES)
    assert reading.choices["label"] == "label (integers: positions among the classes)"
    assert joined(batches, "truth").tolist() == INDICES
    for wrong in (3, -1):
        bad = table.set_column(0, "label", [pa.array([*INDICES[:4], wrong])])
        assert raises(bad, classes=CLASSES) == (
            f"row 4, column 'label': found label {wrong}; expected an index from 0 to 2, as there "
            "are 3 classes"
            + "; if -1 marks rows to be left out, say ignore_index=-1 (--ignore-index=-1)"
            * (wrong < 0)
        )


@pytest.mark.parametrize("kind", [pa.uint64(), pa.uint8(), pa.int64()])
def test_labels_out_of_range(kind: pa.DataType) -> None:
    largest = 2**64 - 1 if kind == pa.uint64() else 200
    text = raises(frame(label=pa.array([0, largest], kind), probs=TWO))
    assert text.startswith(f"row 1, column 'label': found label {largest}; expected an index")


def test_names_for_lists_must_be_told() -> None:
    table = frame(label=["a", "b"], probs=TWO)
    assert raises(table) == (
        "row 0, column 'label': found the name 'a'; expected an index, since the classes have no "
        "names; say the names, in the order of the prediction, with classes=[…] (--classes)"
    )
    assert joined(read(table, classes=["b", "a"])[1], "truth").tolist() == [1, 0]
    assert "found the unknown class 'b'; expected one of 'a', 'c'" in raises(
        table, classes=["a", "c"]
    )


@pytest.mark.parametrize("key", ["unsurprised.classes", "classes"])
@pytest.mark.parametrize("on_field", [False, True])
def test_names_from_metadata(tmp_path: Path, key: str, on_field: bool) -> None:
    table = frame(label=["a", "b"], probs=TWO)
    metadata = {key: json.dumps(["b", "a"])}
    if on_field:
        schema = table.schema.set(1, table.schema.field("probs").with_metadata(metadata))
        table = table.cast(schema)
    else:
        table = table.replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "a.parquet")
    reading, batches = read(tmp_path / "a.parquet")
    assert reading.classes == ("b", "a")
    assert reading.choices["classes"] == "b, a (from the file's metadata)"
    assert joined(batches, "truth").tolist() == [1, 0]
    assert read(tmp_path / "a.parquet", classes=["a", "b"])[0].classes == ("a", "b")


def test_metadata_that_does_not_fit() -> None:
    table = frame(label=[0, 1], probs=TWO)
    assert "the metadata names 3 classes, a row holds 2" in raises(
        table.replace_schema_metadata({"classes": '["a", "b", "c"]'})
    )
    assert "the metadata's 'unsurprised.classes' is no list of distinct names" in raises(
        table.replace_schema_metadata({"unsurprised.classes": "{"})
    )
    reading, _ = read(table.replace_schema_metadata({"classes": "something else"}))
    assert reading.classes == ("0", "1")


def test_files_whose_metadata_orders_classes_otherwise(tmp_path: Path) -> None:
    table = frame(label=[0, 1], probs=TWO)
    for name, classes in (("0", '["a", "b"]'), ("1", '["b", "a"]')):
        pq.write_table(table.replace_schema_metadata({"classes": classes}), tmp_path / f"{name}.pq")
    assert f"{tmp_path / '1.pq'}: the metadata names the classes in another order than" in raises(
        tmp_path
    )


def test_class_labels_of_hugging_face() -> None:
    names = {"info": {"features": {"label": {"names": ["3", "2", "1"], "_type": "ClassLabel"}}}}
    columns = {f"p_{name}": [0.0] for name in "123"}
    table = frame(label=[0], **columns).replace_schema_metadata({"huggingface": json.dumps(names)})
    _, (batch,) = read(table)
    assert batch.truth.array.values.tolist() == [2], "label 0 is called '3', the third column"


def test_names_in_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=["b", "a"], probs=TWO, classes=["a", "b"])
    reading, batches = read(tmp_path / "a.npz")
    assert reading.classes == ("a", "b")
    assert joined(batches, "truth").tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            pa.array([1.5, 0.0]),
            "found 1.5, which is no whole number; expected the index or the name",
        ),
        (pa.array(["1.5", "0"]).cast(pa.decimal128(20, 1)), "found 1.5, which is no whole number"),
        (pa.array([1, 0], pa.timestamp("s")), "(timestamp[s]); expected"),
        (pa.array([b"a", b"b"]), "found b'a' (binary); expected"),
    ],
)
def test_labels_of_other_types(labels: pa.Array, message: str) -> None:
    text = raises(frame(label=labels, probs=TWO))
    assert text.startswith("row 0, column 'label': ")
    assert message in text
    assert "cast it to an integer" in text or "share of class 1" in text


def test_booleans_are_the_index_or_the_name() -> None:
    table = frame(label=[True, False], probs=TWO)
    assert joined(read(table)[1], "truth").tolist() == [1, 0]
    named = frame(label=[True, False], p_true=[0.5, 0.5], p_false=[0.5, 0.5])
    assert joined(read(named)[1], "truth").tolist() == [0, 1]


def test_unknown_entries_of_a_dictionary_matter_only_if_used() -> None:
    labels = pa.DictionaryArray.from_arrays([2, 0], ["dog", "strange", "cat"])
    table = columned().slice(0, 2).set_column(0, "label", labels)
    assert joined(read(table)[1], "truth").tolist() == [0, 1]
    labels = pa.DictionaryArray.from_arrays([2, 1], ["dog", "strange", "cat"])
    table = columned().slice(0, 2).set_column(0, "label", labels)
    assert raises(table).startswith("row 1, column 'label': found the unknown class 'strange'")


def test_two_classes_as_one_number() -> None:
    table = frame(label=[1, 0], probs=[0.75, 0.25])
    reading, (batch,) = read(table)
    assert reading.choices["pred"] == "probs (one number a row: class 1 of two)"
    assert reading.classes == ("0", "1")
    assert batch.model.array.values.tolist() == [[0.25, 0.75], [0.75, 0.25]]
    assert raises(frame(label=[2], probs=[0.5])).startswith("row 0, column 'label': found label 2")
    assert raises(frame(label=[0], probs=[1.5])).startswith(
        "row 0, column 'probs': found 1.5; expected a probability between 0 and 1; if these are"
    )
    names = frame(label=["no", "yes"], pred=[0.25, 0.25])
    reading, (batch,) = read(names, classes=["no", "yes"])
    assert batch.truth.array.values.tolist() == [0, 1]
    assert reading.choices["pred"] == "pred (one number a row: class 'yes' of two)"
    assert "classes (--classes) names 3; expected 2" in raises(names, classes=["a", "b", "c"])
    _, (batch,) = read(frame(label=[0], logits=[0.5]))
    assert batch.model.array.values.tolist() == [[0.0, 0.5]]


@pytest.mark.parametrize(
    ("truth", "form"),
    [
        (pa.array([[0.5, 0.5], [1.0, 0.0]]), Probs),
        (pa.array([[3, 2], [5, 0]]), Counts),
        (pa.array([[3, 2], [5, 0]], pa.list_(pa.int32(), 2)), Counts),
        (pa.array([[0.5, 0.5], [1.0, 0.0]], pa.large_list(pa.float32())), Probs),
    ],
    ids=["floats", "integers", "fixed integers", "large floats"],
)
def test_truth_as_a_distribution(truth: pa.Array, form: type) -> None:
    _, (batch,) = read(frame(label=truth, probs=TWO), normalize=True, tolerance=0.25)
    assert type(batch.truth) is form
    assert batch.truth.array.values.tolist() == truth.to_pylist()
    assert form is Counts or (batch.truth.normalize, batch.truth.tolerance) == (True, 0.25)


def test_truth_as_one_column_a_class(tmp_path: Path) -> None:
    votes = {"votes_dog": [1, 2], "votes_cat": [3, 0]}
    table = frame(**votes, p_cat=[0.5, 0.5], p_dog=[0.5, 0.5])
    _, (batch,) = read(table, label="votes_")
    assert isinstance(batch.truth, Counts)
    assert batch.truth.array.values.tolist() == [[3, 1], [0, 2]]
    text = raises(
        table.rename_columns(["votes_cow", "votes_cat", "p_cat", "p_dog"]), label="votes_"
    )
    assert "the columns' classes differ: missing 'dog', additional 'cow'" in text
    for path, data in (
        (tmp_path / "a.csv", csv_text(table)),
        (tmp_path / "a.jsonl", json_lines(table.to_pylist())),
    ):
        path.write_bytes(data)
        _, (batch,) = read(path, label="votes_")
        assert isinstance(batch.truth, Counts)
        assert batch.truth.array.values.tolist() == [[3, 1], [0, 2]]
        pq.write_table(table, tmp_path / "0.parquet")
        floats = table.set_column(0, "votes_dog", [[0.5, 0.5]])
        pq.write_table(floats, tmp_path / "1.parquet")
        assert "column 'votes_dog': found floating-point numbers; expected integers, as in" in (
            raises([tmp_path / "0.parquet", tmp_path / "1.parquet"], label="votes_")
        )
    assert "have no names" in raises(frame(**votes, probs=TWO), label="votes_")


def test_a_truth_by_position_does_not_bind_to_names() -> None:
    table = frame(label=TWO, p_b=[0.5, 0.5], p_a=[0.5, 0.5])
    assert raises(table).startswith(
        "column 'label': the truth is a list, by position, and the prediction binds by name; say"
    )
    _, (batch,) = read(table, classes=["a", "b"])
    assert batch.truth.array.values.tolist() == TWO


def test_logprob_alone() -> None:
    table = frame(lp=[-0.5, -np.inf, 0.0], label=[0, 1, 2])
    reading, (batch,) = read(table, logprob="lp")
    assert batch.logprob.tolist() == [-0.5, -np.inf, 0.0]
    assert batch.model is None
    assert batch.truth is None
    assert reading.classes is None
    assert batch.columns == {"model": "lp"}
    for wrong, said in ((0.5, "0.5"), (np.nan, "nan")):
        assert raises(frame(lp=[-1.0, wrong]), logprob="lp").startswith(
            f"row 1, column 'lp': found {said}; expected the natural logarithm"
        )
    _, (batch,) = read(table, logprob="lp", label="label", classes=["a", "b", "c"])
    assert isinstance(batch.truth, Labels)
    assert "label goes with logprob only together with" in raises(
        table, logprob="lp", label="label"
    )


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf, 1e101])
def test_wrong_weights(wrong: float) -> None:
    table = frame(label=[0, 1], probs=TWO, w=[1.0, wrong])
    for batch_rows in (None, 1):
        assert raises(table, weight="w", batch_rows=batch_rows).startswith(
            f"row 1, column 'w': found {wrong!r}; expected a"
        )


def test_weights_of_integers_become_floats() -> None:
    _, (batch,) = read(frame(label=[0, 1], probs=TWO, w=[0, 3]), weight="w")
    assert batch.weights.dtype == np.float64
    assert "found string; expected numbers; cast it to float64" in raises(
        frame(label=[0, 1], probs=TWO, w=["1", "2"]), weight="w"
    )


@pytest.mark.parametrize(
    ("ids", "values"),
    [
        (pa.array([3, 1], pa.int16()), [3, 1]),
        (pa.array(["x", "y"]), ["x", "y"]),
        (pa.array(["x", "y"], pa.string_view()), ["x", "y"]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
        (pa.array([2**64 - 1, 0], pa.uint64()), ["18446744073709551615", "0"]),
    ],
    ids=lambda ids: str(getattr(ids, "type", "")),
)
def test_ids(ids: pa.Array, values: list[Any]) -> None:
    _, (batch,) = read(frame(label=[0, 1], probs=TWO, key=ids), id="key")
    named = isinstance(values[0], str)
    assert (
        batch.ids.values.type == pa.large_string() if named else batch.ids.values.dtype == "int64"
    )
    assert list(map(type(values[0]), np.asarray(batch.ids.values))) == values


def test_ids_of_other_types() -> None:
    assert raises(frame(label=[0, 1], probs=TWO, key=[0.5, 1.0]), id="key") == (
        "row 0, column 'key': found double; expected integers or names; cast it to text"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "prob"}, "kind='prob'; expected one of 'probs', 'logits', 'logprobs' (--kind)"),
        ({"nulls": "drop"}, "nulls='drop'; expected one of 'error', 'skip' (--nulls)"),
        ({"batch_rows": 0}, "batch_rows=0; expected 1 to 2,147,483,647"),
        ({"tolerance": float("nan")}, "tolerance=nan; expected a finite number"),
        ({"classes": "abc"}, "classes='abc' is one text; expected a list"),
        ({"classes": ["a", "a"]}, "classes names 'a' twice"),
        ({"classes": []}, "classes is empty"),
        ({"pred": "a", "logprob": "b"}, "both logprob and pred are given"),
        ({"kind": "logits", "logprob": "b"}, "kind='logits' does not go with logprob"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CallError) as caught:
        Options(**options)
    assert str(caught.value).startswith(message)


def test_columns_that_are_not_used_are_not_read(tmp_path: Path) -> None:
    pq.write_table(frame(label=[0, 1], probs=TWO, text=["a", None]), tmp_path / "a.parquet")
    reading = open_predictions(tmp_path / "a.parquet")
    (split,) = reading.plan()
    assert [batch.size for batch in reading.batches(split)] == [2]


@pytest.mark.parametrize("role", ["label", "weight", "id", "cluster", "pred", "by"])
def test_columns_asked_for_in_no_text(tmp_path: Path, role: str) -> None:
    """An argument of bytes that are not UTF-8 reaches Python with surrogates."""
    pq.write_table(frame(label=[0, 1], probs=TWO), tmp_path / "a.parquet")
    asked = ("\udcde",) if role == "by" else "\udcde"
    said = raises(tmp_path / "a.parquet", **{role: asked})
    assert "no column" in said
    assert "'\\udcde'" in said


def test_columns_that_nothing_was_taken_from() -> None:
    rows = frame(
        row_id=[5, 6],
        label=[0, 1],
        probs=TWO,
        tags=[["a"], ["b"]],
        ink=[0.5, 0.1],
        country=["x", "y"],
        age=[3, 4],
    )
    reading, _ = read(rows, id="row_id", weight="age")
    assert reading.unused_columns == ("country", "ink")
    reading, _ = read(rows, by=["country"])
    assert reading.unused_columns == ("row_id", "age", "ink")
