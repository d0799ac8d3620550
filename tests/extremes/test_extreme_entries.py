"""Every other way in, with numbers as extreme as they are legal: no warning, no crash."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from extreme_rows import BIG, CASES, LEAST, Case, N, scores, weights

import unsurprised as us
from unsurprised import calibrators, coding
from unsurprised.calibrators._base import CalibrationWarning
from unsurprised.cli import run
from unsurprised.losses import numpy as losses
from unsurprised.measures.registry import MEASURES


def of_name(*names: str) -> list[Case]:
    found = [case for case in CASES if case.name in names]
    assert len(found) == len(names)
    return found


#: A case of each kind: what the many measures, calibrators and comparisons are tried with.
FEW = [
    *of_name(
        "denormal on either side",
        "tiny p, spread, both happen",
        "certain, wrong once",
        "one row",
        "subnormal shares",
    ),
    *of_name(
        "logits masked by the lowest bfloat16",
        "logits masked by the lowest float64",
        "logits ±max, either way",
        "surprisals of 1e300",
        "log-odds ±max",
        "log-probabilities of −1e308",
    ),
    *of_name(
        "weights one positive",
        "weights 1e-300",
        "weights 1e-300 and 1e99, three classes",
        "weights geometric, soft truth",
    ),
    *of_name("votes of 1e-300 and 1e300", "soft denormal", "smoothing 5e-324"),
]
few = pytest.mark.parametrize("case", FEW, ids=str)


def _kept(case: Case, *names: str) -> dict[str, Any]:
    return {name: value for name, value in case.options.items() if name in names}


def _answer(ask: Any) -> Any:
    """What someone is told whose NumPy raises wherever it can; ``None`` where that is an error."""
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)  # which is meant for him
        try:
            return ask()
        except us.UnsurprisedError as error:
            assert "\n" not in str(error)
            return None


@few
def test_compare(case: Case) -> None:
    found = _answer(
        lambda: us.compare(case.truth, case.model, case.model, **_kept(case, "weights"))
    )
    if found is None:
        assert case.name in ("log-probabilities of −1e308",)
        return
    assert found.differences[0].difference.value == 0
    with np.errstate(all="raise"):
        assert json.loads(found.to_json()) and str(found) and repr(found)


@few
def test_calibrate(case: Case) -> None:
    found = _answer(lambda: us.calibrate(case.truth, case.model, **_kept(case, "weights")))
    if found is not None:
        assert found.removable.value >= 0 or found.method is not None
        assert json.loads(found.to_json()) and str(found) and repr(found)


@few
def test_check(case: Case) -> None:
    found = _answer(
        lambda: us.check(case.truth, case.model, max_bits=1.0, **_kept(case, "weights"))
    )
    if found is not None:
        assert json.loads(found.to_json()) and str(found) and found.to_junit()


@few
@pytest.mark.parametrize("kind", calibrators.KINDS, ids=lambda kind: kind.__name__)
def test_calibrators(case: Case, kind: Any) -> None:
    if kind is calibrators.PriorShift:
        width = 2 if np.ndim(case.model) == 1 else np.shape(case.model)[-1]
        calibrator = kind([1.0 - LEAST, *[LEAST] * (width - 1)])
    else:
        calibrator = kind()

    def probabilities() -> Any:
        calibrator.fit(case.model, case.truth, case.options.get("weights"))
        calibrator.transform(case.model)
        return calibrator.predict_proba(case.model)

    found = _answer(probabilities)
    if found is not None:
        assert (found >= 0).all()
        assert np.abs(found.sum(axis=-1) - 1).max() < 1e-12
        assert calibrators.from_json(calibrator.to_json()).to_json() == calibrator.to_json()


def _row(case: Case) -> Any:
    model = case.model if isinstance(case.model, us.forms.Form) else us.Probs(np.array(case.model))
    values = model.array.as_float64()
    return type(model)(values[0] if values.ndim > 1 else [0.0, values[0]])


@few
def test_explain(case: Case) -> None:
    row = _row(case)
    even = np.full(row.shape[-1], 1 / row.shape[-1])
    for p, q in ((row, even), (even, row), (row, row), (row, None)):
        found = _answer(lambda p=p, q=q: us.explain(p) if q is None else us.explain(p, q))
        assert found is not None
        with np.errstate(all="raise"):
            assert (
                json.loads(found.to_json()) and str(found) and repr(found) and found._repr_html_()
            )


#: Rows of a distribution that no measure may stumble over.
ROWS = [
    [1.0, LEAST, 0.0],
    [1.0 - 2.0**-53, 2.0**-53, 0.0],
    [LEAST, LEAST, 1.0],
    [1 / 3, 1 / 3, 1 / 3],
    [0.0, 0.0, 1.0],
    [1.0, 1e-300, 1e-310],
]
SCORES = [
    [BIG, -BIG, 0.0],
    [1e308] * 3,
    [0.0, -1e308, 1.0],
    [-BIG, -BIG, -BIG],
    [0.0, -np.inf, LEAST],
]


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_measures(name: str) -> None:
    measure = MEASURES[name]
    p, q = np.repeat(ROWS, len(ROWS), axis=0), np.tile(ROWS, (len(ROWS), 1))
    z = us.Logits(np.array(SCORES))
    for parameters in measure.parameters:
        for args in _arguments(measure.family, p, q, z):
            found = _answer(partial(measure.function, *args, **parameters))
            if found is not None and measure.family in ("one", "two"):
                # Infinite less infinite is what no measure may come down to.
                assert not np.isnan(np.asarray(found)).any(), (name, args)


def _arguments(family: str, p: Any, q: Any, z: us.Logits) -> list[tuple[Any, ...]]:
    even = np.tile([[0.25, 0.25, 0.5]], (len(SCORES), 1))
    if family == "one":
        return [(p,), (z,)]
    if family == "two":
        return [(p, q), (z, z), (z, even), (even, z)]
    if family == "joint":
        tables = [[1.0, LEAST, 0.0, 0.0], [LEAST, LEAST, LEAST, 1.0], [1.0, 0.0, 0.0, 0.0]]
        return [(np.array(tables).reshape(-1, 2, 2),)]
    if family == "labels":
        return [([0], [0]), ([0] * 9, [1] * 9), (np.arange(9), np.arange(9) * 2**59)]
    return [([LEAST, 1.0, 0.0, 2.0**-53, 1 - 2.0**-53],)]


LOSS_ROWS = {
    "all 1e308": [1e308] * 3,
    "±1e308": [1e308, -1e308, 0.0],
    "±max": [BIG, -BIG, 0.0],
    "masked": [-BIG, 0.0, 1.0],
    "masked, float32": [float(np.finfo(np.float32).min), 0.0, 1.0],
    "masked by −inf": [-math.inf, 0.0, 1.0],
    "denormal": [LEAST, 0.0, -LEAST],
    "probabilities of 0": [0.0, -745.0, -800.0],
}


def _loss(row: list[float], label: int) -> tuple[mp.mpf, list[mp.mpf]]:
    scores_, top = [mp.mpf(x) for x in row], mp.mpf(max(row))
    masses = [mp.exp(x - top) if x - top > -5000 else mp.mpf(0) for x in scores_]
    total = mp.fsum(masses)
    cost = mp.log(total) - (scores_[label] - top)
    return cost, [m / total - (k == label) for k, m in enumerate(masses)]


def _numpy_loss(row: list[float], label: int, **options: Any) -> Any:
    return losses.cross_entropy_loss(np.array([row]), np.array([label]), **options)


def _torch_loss(row: list[float], label: int, **options: Any) -> Any:
    torch = pytest.importorskip("torch")
    from unsurprised.losses.torch import cross_entropy_loss

    logits = torch.tensor([row], dtype=torch.float64, requires_grad=True)
    loss = cross_entropy_loss(logits, torch.tensor([label]), **options)
    loss.backward()
    return loss.item(), logits.grad.numpy()


def _jax_loss(row: list[float], label: int, **options: Any) -> Any:
    jax = pytest.importorskip("jax")
    from unsurprised.losses.jax import cross_entropy_loss

    with jax.enable_x64(True):
        logits, target = jax.numpy.array([row]), jax.numpy.array([label])
        return jax.value_and_grad(lambda z: cross_entropy_loss(z, target, **options))(logits)


_OPTIONS = ({"label_smoothing": 0.1}, {"z_loss": 1e-4}, {"focal_gamma": 2.0})


@pytest.mark.parametrize("name", LOSS_ROWS)
@pytest.mark.parametrize("loss", [_numpy_loss, _torch_loss, _jax_loss])
def test_losses(loss: Any, name: str) -> None:
    row = LOSS_ROWS[name]
    for label in (1, 2):
        exact, by_logit = _loss(row, label)
        with np.errstate(all="raise"):
            found, gradient = loss(row, label)
            # JAX would compile each of these.
            for more in () if loss is _jax_loss else _OPTIONS:
                _, other = loss(row, label, **more)
                assert not np.isnan(np.asarray(other)).any(), more
        if exact > BIG / 2:  # close to the end of floats some ways of adding reach beyond
            assert math.isinf(float(found)) or mp.almosteq(exact, float(found), 1e-14)
        else:
            assert abs(mp.mpf(float(found)) - exact) <= 1e-14 * abs(exact) + LEAST
        assert np.asarray(gradient)[0] == pytest.approx([float(g) for g in by_logit], abs=1e-15)


@pytest.mark.parametrize("row", [*ROWS, [1e300, 1e-300, 1.0], [LEAST] * 3])
def test_coding(row: list[float]) -> None:
    symbols = np.array([0, 0, 0, int(np.argmax(row))])
    symbols[:3] = int(np.argmax(row))
    model = us.Probs(np.array(row), normalize=True)
    with np.errstate(all="raise"):
        for given in (model, us.Probs(np.array([row] * 4), normalize=True)):
            encoded = coding.encode(symbols, given)
            assert (coding.decode(encoded.data, given) == symbols).all()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command prints; nothing but its own words on standard error."""

    def told(*arguments: str, code: int = 0) -> str:
        assert run([str(each) for each in arguments]) == code
        out, err = capsys.readouterr()
        assert "Warning" not in err and "Traceback" not in err
        return out

    return told


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extreme")
    (folder / "denormal.csv").write_text("label,p_0,p_1\n" + "0,1,5e-324\n" * 12)
    (folder / "logprob.csv").write_text("lp\n-1e308\n" + "-0.5\n" * 11)
    labels = [k % 2 for k in range(N)]
    rows = [f"{y},{0.5 + k / 200},{0.5 - k / 200},{1e-300 * (k + 1)}" for k, y in enumerate(labels)]
    (folder / "weights.csv").write_text("label,p_0,p_1,w\n" + "\n".join(rows) + "\n")
    return folder


def test_commands(files: Path, told: Callable[..., str]) -> None:
    denormal, weighted = files / "denormal.csv", files / "weights.csv"
    answer = json.loads(told("evaluate", denormal, "--json", "-"))
    assert answer["cross_entropy"]["value"] == LEAST
    answer = json.loads(told("evaluate", weighted, "--weight", "w", "--json", "-"))
    assert answer["weight"] == pytest.approx(1e-300 * N * (N + 1) / 2, rel=1e-12)
    told("calibrate", denormal, code=2)  # one class happens
    told("calibrate", weighted, "--weight", "w")
    told("check", denormal, "--max-bits", "1")


def test_logprob_of_minus_1e308(files: Path, told: Callable[..., str]) -> None:
    path = files / "logprob.csv"
    answer = json.loads(told("evaluate", path, "--logprob", "lp", "--json", "-"))
    exact = (mp.mpf(1e308) + 11 * mp.mpf(0.5)) / 12 / mp.ln2
    assert abs(mp.mpf(answer["cross_entropy"]["value"]) - exact) <= 1e-15 * exact
    assert answer["histogram"][-1]["high"] == BIG
    told("evaluate", path, "--logprob", "lp")


def test_every_kind_of_extreme_is_tried() -> None:
    """The few are some of each table."""
    tables = {case.name for case in (*scores(), *weights())}
    assert len([case for case in FEW if case.name in tables]) >= 8
