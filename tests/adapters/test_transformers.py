"""Metrics and callback within the real trainer."""

from __future__ import annotations

import numpy as np
import pytest

import unsurprised as us

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("accelerate")
from transformers import EvalPrediction, Trainer, TrainingArguments  # noqa: E402

from unsurprised.adapters.transformers import (  # noqa: E402
    StopWhenOverConfident,
    SurpriseMetrics,
)
from unsurprised.losses.torch import cross_entropy_loss  # noqa: E402

#: What the trainer says of its own ways and of this machine.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Classifier(torch.nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.layer, self.scale = torch.nn.Linear(4, 3), scale

    def forward(self, x, labels):
        logits = self.layer(x) * self.scale
        return {"loss": cross_entropy_loss(logits, labels), "logits": logits}


def rows(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(60, 4, generator=generator)
    y = torch.where(torch.rand(60, generator=generator) < 0.7, x[:, :3].argmax(-1), 0)
    return [{"x": a, "labels": int(b)} for a, b in zip(x, y, strict=True)]


def trainer(folder, model, metrics, **options):
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=6,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        learning_rate=0.1,
        per_device_eval_batch_size=7,
        **options.pop("arguments", {}),
    )
    return Trainer(
        model,
        arguments,
        train_dataset=rows(),
        eval_dataset=rows(1),
        compute_metrics=metrics,
        **options,
    )


@pytest.mark.parametrize("by_batches", [False, True])
def test_what_the_trainer_is_told(tmp_path, by_batches):
    metrics, model = SurpriseMetrics(), Classifier()
    running = trainer(tmp_path, model, metrics, arguments={"batch_eval_metrics": by_batches})
    running.train()
    assert len(metrics.history) == 6
    found = running.evaluate()
    x = torch.stack([row["x"] for row in rows(1)])
    y = np.array([row["labels"] for row in rows(1)])
    with torch.no_grad():
        expected = us.evaluate(y, us.Logits(model.layer(x)))
    assert found["eval_cross_entropy"] == pytest.approx(expected.cross_entropy.value, rel=1e-6)
    assert found["eval_confidence_gap"] == pytest.approx(expected.confidence_gap.value, rel=1e-5)
    assert found["eval_accuracy"] == expected.accuracy.value
    assert metrics.history[-1].rows == 60


def test_over_confidence_ends_training(tmp_path):
    metrics, model = SurpriseMetrics(), Classifier(scale=50.0)
    stop = StopWhenOverConfident(metrics, patience=2)
    running = trainer(tmp_path, model, metrics, callbacks=[stop])
    running.train()
    assert len(metrics.history) == 2
    assert all(result.confidence_gap.low > 0 for result in metrics.history)


def test_language_models():
    """Labels are one place behind the logits, and padding does not count."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(2, 5, 7))
    labels = generator.integers(7, size=(2, 5))
    labels[0, 3:] = -100
    found = SurpriseMetrics(shift=True)(EvalPrediction(logits, labels))
    rows_, truth = logits[:, :-1].reshape(-1, 7), labels[:, 1:].reshape(-1)
    kept = truth >= 0
    expected = us.surprisal(us.Logits(rows_[kept]), at=truth[kept]).mean()
    assert found["cross_entropy"] == pytest.approx(expected)


def test_half_precision_and_tuples():
    logits = torch.zeros(2, 4, dtype=torch.bfloat16)
    found = SurpriseMetrics()(EvalPrediction((logits, None), torch.tensor([0, 3])))
    assert found["cross_entropy"] == 2


def test_nothing_that_counts():
    predictions = EvalPrediction(np.zeros((2, 4)), np.array([-100, -100]))
    assert SurpriseMetrics()(predictions) == {}
