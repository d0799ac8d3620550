"""The training example is run whole, and what it says is true."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

torch = pytest.importorskip("torch")
from rich.console import Console  # noqa: E402

EXAMPLE = Path(__file__).parents[1] / "examples" / "train_digits.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("train_digits", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["train_digits"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["train_digits"]


@pytest.fixture(scope="module")
def trained(script, tmp_path_factory):
    threads = torch.get_num_threads()
    screen, plot = io.StringIO(), tmp_path_factory.mktemp("training") / "plot.svg"
    console = Console(file=screen, width=88)
    with torch.random.fork_rng():
        epochs = script.main([str(plot)], console)
    torch.set_num_threads(threads)
    return epochs, screen.getvalue(), plot.read_text()


def test_it_learns_and_then_grows_too_sure(script, trained):
    epochs, screen, _ = trained
    assert len(epochs) == 61
    assert epochs[0].validation.value == pytest.approx(np.log2(10), abs=0.1)  # it knows nothing
    assert epochs[-1].train.value < 0.01
    lowest = min(epoch.validation.value for epoch in epochs)
    assert lowest < epochs[-1].validation.value < 0.5
    first = script.first_over_confident(epochs)
    assert 5 < first < 40
    assert epochs[first - 1].gap.low <= 0 < min(epoch.gap.low for epoch in epochs[first:])
    assert f"over-confident since epoch {first}" in screen
    assert "miscalibration" in screen


def test_the_split_adds_up(trained):
    """Entropy of the frequencies − discrimination + miscalibration, with scipy's temperature."""
    from sklearn.datasets import load_digits

    share = np.bincount(load_digits().target[797:]) / 1000
    entropy = -(share * np.log2(share)).sum()
    for epoch in trained[0]:
        split = epoch.split
        total = entropy - split.discrimination + split.miscalibration
        assert total == pytest.approx(epoch.validation.value, abs=1e-5)
        assert split.miscalibration >= -1e-12
    assert trained[0][-1].split.miscalibration > 0.03
    assert trained[0][-1].split.temperature > 1.3


def test_the_temperature_is_scipys(script):
    torch.manual_seed(0)
    network = torch.nn.Linear(64, 10)
    _, (images, labels) = script.digits()
    found = script.split(network, images, labels)
    with torch.no_grad():
        logits = network(images).double().numpy()
    at = np.arange(len(labels)), labels.numpy()

    def cost(log_temperature):
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[at].mean() / np.log(2)

    best = minimize_scalar(cost, bounds=(-3, 12), method="bounded", options={"xatol": 1e-10})
    assert found.miscalibration == pytest.approx(cost(0.0) - best.fun, abs=1e-8)


def test_the_plot_marks_the_epoch(trained):
    plot = trained[2]
    for words in ("over-confident from here", "bits a row", "with a temperature", "train"):
        assert words in plot
