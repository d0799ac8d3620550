"""One number a row is the probability of one of two classes: of the same one ever after."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import unsurprised as us
from unsurprised.calibrators import Calibrator, PlattScaling, TemperatureScaling, load
from unsurprised.calibrators.saved import _digest, from_json
from unsurprised.cli import FINE, WRONG, run
from unsurprised.errors import StateError

RANDOM = np.random.default_rng(4)
TRUE = RANDOM.uniform(0.02, 0.98, 4000)
HAPPENED = (RANDOM.random(4000) < TRUE).astype(int)
#: What a leaning, over-confident model says of class 0.
SAID = 1 / (1 + (TRUE / (1 - TRUE)) ** 2 / 3)
CALLS = {
    "positive": ({"positive": 0}, HAPPENED),
    "yes before no": ({"classes": ["yes", "no"]}, np.where(HAPPENED == 1, "no", "yes")),
}


def calibrated(call: str) -> Calibrator:
    options, truth = CALLS[call]
    found = us.calibrate(truth, SAID, methods=["platt"], **options).calibrator
    assert found is not None
    return found


@pytest.mark.parametrize("call", CALLS)
def test_a_calibrator_reads_the_numbers_that_it_was_fitted_on(call: str, tmp_path: Path) -> None:
    options, truth = CALLS[call]
    found = calibrated(call)
    before = us.evaluate(truth, SAID, **options).cross_entropy.value
    columns = np.stack([SAID, 1 - SAID], axis=1)
    found.save(tmp_path / "calibrator.json")
    for one in (found, load(tmp_path / "calibrator.json"), pickle.loads(pickle.dumps(found))):
        mapped = one.transform(SAID)
        assert np.allclose(mapped, one.transform(columns)[:, 0], rtol=1e-14)
        assert np.allclose(one.predict_proba(SAID), one.transform(columns), rtol=1e-14)
        after = us.evaluate(truth, mapped, **options).cross_entropy.value
        assert after < before - 0.1
        odds = us.Logits(np.log(SAID) - np.log1p(-SAID))
        sent = one.transform(odds).array.values
        assert np.allclose(1 / (1 + np.exp(-sent)), mapped, rtol=1e-9)


def test_a_fit_of_its_own_remembers_too() -> None:
    truth = np.where(HAPPENED == 1, "no", "yes")
    fitted = PlattScaling().fit(SAID, truth, classes=["yes", "no"])
    columns = np.stack([SAID, 1 - SAID], axis=1)
    assert np.allclose(fitted.transform(SAID), fitted.transform(columns)[:, 0], rtol=1e-14)


def test_files_of_class_1_are_as_ever() -> None:
    fitted = TemperatureScaling().fit([0.9, 0.9, 0.2, 0.4], [1, 0, 0, 1])
    assert "spoken_of" not in fitted.to_json()


def test_the_command_asks_which_class_is_meant(tmp_path: Path, capsys) -> None:
    saved, rows, out = (tmp_path / name for name in ("c.json", "rows.csv", "out.csv"))
    lines = [f"{y},{p!r}" for y, p in zip(HAPPENED, SAID.tolist(), strict=True)]
    rows.write_text("\n".join(["label,p", *lines, ""]))
    call = ["calibrate", str(rows), "--pred", "p", "--positive", "0", "--method", "platt"]
    assert run([*call, "--save", str(saved)]) == FINE
    apply = ["apply", str(saved), str(rows), "--pred", "p", "--out", str(out)]
    assert run(apply) == WRONG
    assert "fitted on the probability of class 0" in capsys.readouterr().err
    assert run([*apply, "--positive", "0"]) == FINE
    written = np.loadtxt(out, delimiter=",", skiprows=1, usecols=1)
    assert np.allclose(written, load(saved).transform(SAID), rtol=1e-12)


def test_nonsense_is_no_class() -> None:
    said = json.loads(calibrated("positive").to_json())
    said.pop("sha256")
    for wrong in (2, -1, True, "0", None):
        changed = {**said, "spoken_of": wrong}
        with pytest.raises(StateError, match="one number a row for class"):
            from_json(json.dumps({**changed, "sha256": _digest(changed)}))
