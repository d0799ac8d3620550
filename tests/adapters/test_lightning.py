"""The callback within the real trainer."""

from __future__ import annotations

import pytest

import unsurprised as us

lightning = pytest.importorskip("lightning.pytorch")
torch = pytest.importorskip("torch")
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from unsurprised.adapters.lightning import SurpriseCallback  # noqa: E402
from unsurprised.losses.torch import cross_entropy_loss  # noqa: E402

#: What the trainer says of its own ways and of this machine.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:lightning.*"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class Classifier(lightning.LightningModule):
    def __init__(self, kind=torch.float32):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)
        self.kind = kind

    def training_step(self, batch, _):
        return cross_entropy_loss(self.layer(batch[0]), batch[1])

    def validation_step(self, batch, _):
        return {"logits": self.layer(batch[0]).to(self.kind), "target": batch[1]}

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.5)


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 4, generator=generator)
    y = x[:, :3].argmax(-1)
    y[::7] = -100
    return TensorDataset(x, y)


def trainer(callback, **options):
    return lightning.Trainer(
        max_epochs=3,
        callbacks=[callback],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16], ids=str)
def test_every_epoch_is_evaluated(rows, kind):
    callback, module = SurpriseCallback(), Classifier(kind)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        running = trainer(callback)
        running.fit(module, DataLoader(rows, batch_size=16), DataLoader(rows, batch_size=7))
    assert len(callback.history) == 3  # the check before training is not an epoch
    costs = [result.cross_entropy.value for result in callback.history]
    assert costs == sorted(costs, reverse=True)
    x, y = rows.tensors
    kept = y >= 0
    with torch.no_grad():
        expected = us.evaluate(y[kept], us.Logits(module.layer(x).to(kind)[kept]))
    last = callback.history[-1]
    assert last.rows == expected.rows == int(kept.sum())
    assert last.cross_entropy.value == pytest.approx(expected.cross_entropy.value, rel=1e-6)
    logged = running.callback_metrics
    assert logged["val_cross_entropy"].item() == pytest.approx(costs[-1], rel=1e-6)
    assert logged["val_confidence_gap"].item() == pytest.approx(last.confidence_gap.value, rel=1e-5)
    assert logged["val_accuracy"].item() == pytest.approx(last.accuracy.value, rel=1e-6)


def test_it_can_stop_training(rows):
    callback = SurpriseCallback("held_out")
    stop = lightning.callbacks.EarlyStopping("held_out_cross_entropy", min_delta=100, patience=1)
    running = trainer(callback)
    running.callbacks.append(stop)
    running.fit(Classifier(), DataLoader(rows, batch_size=16), DataLoader(rows, batch_size=16))
    assert len(callback.history) == 2


def test_nothing_that_counts(rows):
    x, y = rows.tensors
    empty = DataLoader(TensorDataset(x, torch.full_like(y, -100)), batch_size=16)
    callback = SurpriseCallback()
    trainer(callback).validate(Classifier(), empty, verbose=False)
    assert callback.history == []
