"""A calibrator outside the package: as source for NumPy, and as a module for PyTorch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from calibrator_rows import every_kind, overconfident, softmax

import unsurprised as us
from unsurprised.calibrators import Chain, StructuredScaling, TemperatureScaling, UniformMixing

NEW = {width: np.random.default_rng(8).dirichlet(np.full(width, 0.4), 60) for width in (2, 3)}
CHAIN = [UniformMixing(), StructuredScaling()]


def fitted(width):
    logits, labels = overconfident(400, width)
    return [
        kind.fit(us.Logits(logits), labels)
        for kind in [*every_kind(width), Chain([UniformMixing(), StructuredScaling()])]
    ]


@pytest.fixture(name="calibrator", params=fitted(2) + fitted(3), ids=lambda c: type(c).__name__)
def make_calibrator(request):
    return request.param


def rows_for(calibrator):
    return NEW[len(calibrator.classes_)]


def test_the_function(calibrator):
    rows = rows_for(calibrator)
    found = calibrator.to_numpy()(rows)
    np.testing.assert_allclose(found, calibrator.predict_proba(rows), rtol=1e-12)
    np.testing.assert_allclose(calibrator.to_numpy()(3 * rows[0]), found[0], rtol=1e-12)


def test_the_source_needs_only_numpy(calibrator, tmp_path):
    rows = rows_for(calibrator)[:3]
    file = tmp_path / "calibrator.py"
    file.write_text(
        calibrator.to_numpy_source()
        + "\nimport sys\n"
        + f"print(calibrate({rows.tolist()!r}).tolist())\n"
        + "print([name for name in sys.modules if 'unsurprised' in name])\n",
        encoding="utf-8",
    )
    # No user's or environment's path, no site of this package's editable install: NumPy alone.
    ran = subprocess.run(
        [sys.executable, "-I", file], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    printed = ran.stdout.splitlines()
    np.testing.assert_allclose(eval(printed[0]), calibrator.predict_proba(rows), rtol=1e-12)
    imports = {line for line in file.read_text(encoding="utf-8").splitlines() if "import" in line}
    assert imports == {"import numpy as np", "import sys"}


def test_the_source_refuses_what_are_no_probabilities():
    logits, labels = overconfident(400, 3)
    calibrate = TemperatureScaling().fit(us.Logits(logits), labels).to_numpy()
    for rows in ([0.5, 0.5], [[0.5, 0.6, -0.1]], [[np.nan, 0.5, 0.5]], [[0.0, 0.0, 0.0]], 0.3):
        with pytest.raises(ValueError, match="expected rows of 3 probabilities"):
            calibrate(rows)
    structured = StructuredScaling().fit(us.Logits(logits), labels).to_numpy()
    with pytest.raises(ValueError, match="probability of 0"):
        structured([0.5, 0.5, 0.0])


def test_the_source_of_infinite_knots():
    from unsurprised.calibrators import IsotonicCalibration

    probs = [[1.0, 0.0], [0.6, 0.4], [0.3, 0.7], [0.0, 1.0]] * 2
    calibrator = IsotonicCalibration().fit(probs, [0, 0, 1, 1, 0, 1, 0, 1])
    rows = [[1.0, 0.0], [0.99, 0.01], [0.5, 0.5], [0.0, 1.0]]
    np.testing.assert_allclose(calibrator.to_numpy()(rows), calibrator.transform(rows), rtol=1e-12)


def test_the_torch_module(calibrator):
    torch = pytest.importorskip("torch")
    rows = rows_for(calibrator)
    module = calibrator.to_torch()
    log = module(torch.tensor(np.log(rows)))
    assert log.dtype == torch.float64
    np.testing.assert_allclose(np.exp(log.numpy()), calibrator.predict_proba(rows), rtol=1e-9)
    single = module(torch.tensor(np.log(rows), dtype=torch.float32))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), log.numpy(), rtol=1e-3, atol=1e-4)
    assert not list(module.parameters())
    assert list(module.buffers())


def test_the_torch_module_passes_gradients(calibrator):
    torch = pytest.importorskip("torch")
    logits = torch.tensor(np.log(rows_for(calibrator)[:4]), requires_grad=True)
    module = calibrator.to_torch()
    module(logits)[:, 0].sum().backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad != 0).any() or "Isotonic" in type(calibrator).__name__
    if "Isotonic" not in type(calibrator).__name__:  # which has kinks
        assert torch.autograd.gradcheck(module, (logits.detach().requires_grad_(),))


def test_the_torch_module_is_saved_with_its_buffers(tmp_path):
    torch = pytest.importorskip("torch")
    logits, labels = overconfident(400, 3)
    module = StructuredScaling().fit(us.Logits(logits), labels).to_torch()
    other = StructuredScaling().fit(us.Logits(3 * logits), labels).to_torch()
    other.load_state_dict(module.state_dict())
    rows = torch.tensor(logits[:5])
    assert torch.equal(other(rows), module(rows))


def test_gradients_where_a_class_has_no_chance():
    torch = pytest.importorskip("torch")
    logits, labels = overconfident(400, 3)
    module = TemperatureScaling().fit(us.Logits(logits), labels).to_torch()
    rows = torch.tensor([[0.0, 1.0, -np.inf]], dtype=torch.float64, requires_grad=True)
    found = module(rows)
    assert found[0, 2] == -np.inf
    np.testing.assert_allclose(np.exp(found.detach().numpy())[0, :2].sum(), 1.0, rtol=1e-12)


def test_scores_are_rows_of_one(calibrator):
    rows = softmax(100 * np.log(rows_for(calibrator) + 1e-9))
    rows = np.maximum(rows, 1e-300)
    assert calibrator.to_numpy()(rows).sum(axis=1) == pytest.approx(1)
