"""Pickles of earlier releases are read for ever, and those of later ones are refused by name.

A file is written once, by the release in its name: ``python tests/copies/keep_pickles.py``. Where a
test fails since a class has moved, ``copies.MOVED`` gets a line; where what is kept has changed its
meaning, ``copies.VERSION`` goes up and ``_made_of`` reads both.
"""

from __future__ import annotations

import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest
from copies_examples import evaluator, examples
from copies_rows import rows
from test_copies import plain

import unsurprised as us
from unsurprised import copies
from unsurprised.calibrators import Calibrator

PICKLES = Path(__file__).parent / "pickles"
KEPT = sorted(PICKLES.glob("*.pkl"))
#: Written before intervals of independent rows came from moments.
OF_GROUPS = sorted((PICKLES / "of_groups").glob("*.pkl"))


#: Whose last digits are those of the processor that they were computed on; they print fewer.
FIGURES = ("Evaluation", "Ledger", "Calibration", "Comparison", "Check", "Explanation")


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_a_pickle_of_then_says_what_its_example_says(file: Path, tmp_path: Path) -> None:
    name = file.stem.rpartition("-")[0].replace("_", " ")
    held, made = pickle.loads(file.read_bytes()), examples(tmp_path)[name]()
    assert type(held) is type(made)
    if name.startswith(FIGURES):
        assert str(held) == str(made)
    elif isinstance(held, Calibrator):
        probs = np.linspace(0.1, 0.9, 6 * len(held.classes_)).reshape(6, -1)
        probs /= probs.sum(axis=1, keepdims=True)
        assert np.allclose(held.transform(probs), made.transform(probs), rtol=1e-6, atol=0)
    elif name == "NumpyCalibration":
        assert np.allclose(held([0.25, 0.75]), made([0.25, 0.75]), rtol=1e-6, atol=0)
    else:
        assert plain(held) == plain(made)


def test_an_evaluator_of_then_goes_on() -> None:
    held = pickle.loads((PICKLES / "Evaluator-0.1.0.pkl").read_bytes())
    more = evaluator().update(**rows(40, 1))
    assert held.update(**rows(40, 1)).to_bytes() == more.to_bytes()


@pytest.mark.parametrize("file", OF_GROUPS, ids=lambda file: file.stem)
def test_a_pickle_whose_intervals_rested_on_groups_of_ids_is_read(
    file: Path, tmp_path: Path
) -> None:
    name = file.stem.rpartition("-")[0].replace("_", " ")
    held, made = pickle.loads(file.read_bytes()), examples(tmp_path)[name]()
    assert type(held) is type(made)
    if not name.startswith("Evaluator"):
        assert str(pickle.loads(pickle.dumps(held))) == str(held)


def test_an_evaluator_of_groups_goes_on_as_one() -> None:
    held = pickle.loads((PICKLES / "of_groups" / "Evaluator_of_images-0.1.0.pkl").read_bytes())
    again = us.Evaluator.from_bytes(held.to_bytes())
    assert again.to_bytes() == held.to_bytes()
    before = held.rows
    held.update(np.zeros((1, 2, 2), int), np.ones((1, 3, 2, 2)))
    assert held.rows == before + 4
    assert held.result(ledger=False).cross_entropy.low >= 0


def test_kept_pickles_are_small_and_name_nothing_that_moves() -> None:
    assert sum(file.stat().st_size for file in KEPT) < 300_000
    allowed = {"unsurprised.copies restored", "unsurprised.errors _rebuild"}
    for file in KEPT:
        strings, named = [], set()
        for code, argument, _ in pickletools.genops(file.read_bytes()):
            if isinstance(argument, str):
                strings.append(argument)
            if code.name == "STACK_GLOBAL":
                named.add(" ".join(strings[-2:]))
        ours = {name for name in named if name.startswith("unsurprised")} - allowed
        assert all(name.startswith("unsurprised.errors ") for name in ours), (file.name, ours)


@pytest.mark.parametrize(
    "name", ["Evaluator", "Evaluation", "Logits", "Sums", "TemperatureScaling"]
)
def test_a_newer_pickle_is_refused_with_both_versions(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = examples(tmp_path)[name]()
    with monkeypatch.context() as later:
        later.setattr(copies, "VERSION", 7)
        later.setattr(us, "__version__", "3.2.1")
        data = pickle.dumps(one)
    with pytest.raises(us.StateError) as caught:
        pickle.loads(data)
    message = str(caught.value)
    assert "\n" not in message and "version 7" in message and "reads version 1" in message
    assert "unsurprised 3.2.1" in message and us.__version__ in message


def test_a_class_that_only_a_later_release_has() -> None:
    with pytest.raises(
        us.StateError, match=r"holds Prophecy in version 1, written by unsurprised 9"
    ):
        copies.restored("unsurprised:Prophecy", 1, "9.0.0", {})
    with pytest.raises(us.StateError, match="holds Popen"):
        copies.restored("subprocess:Popen", 1, "0.1.0", {})
    with pytest.raises(us.StateError, match="holds Thing"):
        copies.restored("unsurprised.nowhere:Thing", 1, "0.1.0", {})


def test_a_field_that_only_a_later_release_has() -> None:
    kept = us.Estimate(0.5, 0.25, 0.75, "bits", 7)._kept()
    with pytest.raises(us.StateError, match="holds 'luck', which"):
        us.Estimate._made_of({**kept, "luck": 1.0})
    del kept["unit"]
    with pytest.raises(us.StateError, match="lacks 'unit'"):
        us.Estimate._made_of(kept)


def test_a_field_that_an_earlier_release_had_not() -> None:
    kept = us.evaluate([0, 1], [[0.5, 0.5], [0.25, 0.75]])._kept()
    for name in ("clusters", "missing", "notes"):
        del kept[name]
    again = us.Evaluation._made_of(kept)
    assert (again.clusters, again.missing, again.notes) == (None, {}, ())


def test_a_class_that_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(copies.MOVED, "unsurprised.old:Guess", "unsurprised:Estimate")
    kept = us.Estimate(0.5, 0.25, 0.75, "bits", 7)._kept()
    assert copies.restored("unsurprised.old:Guess", 1, "0.1.0", kept).value == 0.5  # type: ignore[attr-defined]


def test_an_opened_source_is_for_the_same_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = examples(tmp_path)["Reading of parquet"]()
    with monkeypatch.context() as later:
        later.setattr(us, "__version__", "3.2.1")
        data = pickle.dumps(reading)
    with pytest.raises(
        us.StateError, match=r"an opened source of unsurprised 3\.2\.1, and this is"
    ):
        pickle.loads(data)


def test_a_source_that_can_be_read_once_says_so() -> None:
    import pyarrow as pa
    from copies_examples import table

    from unsurprised.sources import open_predictions

    stream = pa.RecordBatchReader.from_batches(table().schema, table().to_batches())
    with pytest.raises(us.CallError, match=r"read once; pass them as a table: reader\.read_all"):
        pickle.dumps(open_predictions(stream))


def test_bytes_of_a_newer_state_are_refused_with_both_versions() -> None:
    data = us.states.Histogram().update(np.array([1.0])).to_bytes()
    newer = data[:4] + (3).to_bytes(2, "little") + data[6:]
    with pytest.raises(
        us.StateError, match=r"format version 3; this release reads versions up to 2"
    ):
        us.states.Histogram.from_bytes(newer)
