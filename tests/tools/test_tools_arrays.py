"""Arrays and frames of real models mean what their libraries say they mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.metrics import log_loss
from tools_data import MORE, Predicted, data
from tools_models import CASES, SINGLE, predictions, trained_by_lightgbm

import unsurprised as us


def close(value: float, relative: float = 1e-12) -> object:
    return pytest.approx(value, rel=relative, abs=0)


def nats(*arguments: object, **settings: object) -> float:
    return us.evaluate(*arguments, **settings).cross_entropy_nats.value  # type: ignore[arg-type]


@pytest.mark.parametrize(("tool", "kind"), CASES)
def test_arrays_with_the_models_classes(tool: str, kind: str) -> None:
    for said in predictions(tool, kind):
        found = nats(said.labels, said.form, classes=said.classes)
        assert found == close(said.nats)


@pytest.mark.parametrize(("tool", "kind"), [case for case in CASES if case[0] != "scikit-learn"])
def test_the_tools_own_loss(tool: str, kind: str) -> None:
    for said in predictions(tool, kind):
        if said.own is None:
            continue
        found = nats(said.labels, said.form, classes=said.classes)
        assert found == close(said.own, said.own_error)


@pytest.mark.parametrize(("tool", "kind"), CASES)
def test_scikit_learns_log_loss(tool: str, kind: str) -> None:
    for said in predictions(tool, kind):
        if said.kind != "probs":
            continue
        error = SINGLE if said.values.dtype == np.float32 else 1e-12
        order = np.argsort(said.classes)  # log_loss takes columns to be sorted
        values = said.values if said.values.ndim == 1 else said.values[:, order]
        wanted = log_loss(said.labels, values, labels=said.classes[order])
        assert nats(said.labels, said.form, classes=said.classes) == close(wanted, error)


def framed(said: Predicted) -> pd.DataFrame:
    return pd.DataFrame(said.values, columns=said.classes)


@pytest.mark.parametrize(("tool", "kind"), CASES)
def test_frames_named_after_the_classes(tool: str, kind: str) -> None:
    for said in predictions(tool, kind):
        if said.values.ndim == 1 or said.kind != "probs":
            continue
        frame = framed(said)
        assert nats(said.labels, frame) == close(said.nats)
        assert nats(pd.Series(said.labels), frame.iloc[:, ::-1]) == close(said.nats)
        texts = pl.from_pandas(frame.rename(columns=str))
        assert nats(said.labels, texts) == close(said.nats)


@pytest.mark.parametrize(("tool", "kind"), CASES)
def test_one_frame_of_everything(tool: str, kind: str) -> None:
    for said in predictions(tool, kind):
        if said.values.ndim == 1:
            continue
        frame = framed(said).rename(columns=str).add_prefix("prob_").assign(target=said.labels)
        found = us.evaluate(frame, kind=said.kind)
        assert found.cross_entropy_nats.value == close(said.nats)
        assert found.classes == tuple(map(str, said.classes))


@pytest.mark.parametrize("kind", MORE)
def test_rows_of_one_against_all_need_a_word(kind: str) -> None:
    """LightGBM's ``multiclassova`` gives each class its own yes or no."""
    held = data(kind)
    booster, classes, own = trained_by_lightgbm(held, "multiclassova", "multi_logloss")
    values = booster.predict(held.new_features)
    said = Predicted("LightGBM", held.new_labels, classes, values)
    with pytest.raises(us.InputError, match=r"sum to .* normalize=True"):
        us.evaluate(said.labels, values, classes=said.classes)
    found = nats(said.labels, values, classes=said.classes, normalize=True)
    assert found == close(said.nats)
    assert found == close(own + float(np.log(values.sum(axis=1)).mean()), 1e-9)


def test_catboost_orders_names_that_look_like_numbers_by_number() -> None:
    """So its columns are not in the order in which anyone else would have them."""
    assert [said.classes.tolist() for said in predictions("CatBoost", "numbers as names")] == [
        ["2", "9", "10"]
    ] * 3
    assert predictions("scikit-learn", "numbers as names")[0].classes.tolist() == ["10", "2", "9"]
