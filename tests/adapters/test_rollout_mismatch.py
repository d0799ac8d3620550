"""Rollouts watched within other people's loops."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised import InputError
from unsurprised.adapters.trl import RolloutMismatch

NAMES = ["rollout/effective_sample", "rollout/k1", "rollout/k3", "rollout/outside_0.2"]


def rows(seed: int = 0) -> dict[str, Any]:
    """The inputs of a loss, as TRL's trainer has them."""
    random = np.random.default_rng(seed)
    engine = -random.exponential(size=(12, 6))
    return {
        "sampling_per_token_logps": engine,
        "old_per_token_logps": np.minimum(engine + 0.2 * random.normal(size=engine.shape), 0),
        "completion_mask": (np.arange(6) < random.integers(1, 7, size=(12, 1))).astype(int),
    }


class Grpo:
    """The two methods of TRL's trainer."""

    def __init__(self) -> None:
        self.logged: list[dict[str, float]] = []

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False) -> Any:
        return inputs, return_outputs

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        self.logged.append(dict(logs))


class Watched(RolloutMismatch, Grpo):
    pass


def test_each_log_is_of_the_tokens_since_the_last() -> None:
    trainer, batches = Watched(), [rows(seed) for seed in range(3)]
    for inputs in batches[:2]:
        for _ in range(2):  # two updates learn from a batch
            assert trainer.compute_loss(None, inputs, True) == (inputs, True)
    trainer.log({"loss": 1.0}, start_time=0.0)
    trainer.compute_loss(None, batches[2])
    trainer.log({})
    trainer.log({})
    assert [sorted(logs) for logs in trainer.logged] == [["loss", *NAMES], NAMES, []]
    meter = us.SampledKLMeter()
    for inputs in [rows(0), rows(1)]:
        meter.update(*list(inputs.values()))
    expected = meter.result()
    assert trainer.rollout_history[0].k3 == expected.k3
    assert trainer.logged[0]["rollout/k1"] == expected.k1.value
    assert trainer.logged[0]["rollout/outside_0.2"] == 1 - expected.ratios_within[0.2].value
    assert len(trainer.rollout_history) == 2


def test_what_tools_wrote_does_not_count() -> None:
    trainer, inputs = Watched(), rows()
    inputs["tool_mask"] = np.broadcast_to(np.arange(6) % 2, (12, 6))
    trainer.compute_loss(None, inputs)
    trainer.log({})
    mask = inputs["completion_mask"] * inputs["tool_mask"]
    assert trainer.rollout_history[0].tokens == mask.sum()


def test_an_evaluation_does_not_count() -> None:
    class Model:
        training = False

    trainer = Watched()
    trainer.compute_loss(Model(), rows())
    trainer.log({})
    assert trainer.logged == [{}]


@pytest.mark.parametrize("name", ["sampling_per_token_logps", "old_per_token_logps"])
def test_without_both_there_is_nothing_to_compare(name: str) -> None:
    inputs = rows()
    inputs[name] = None
    with pytest.raises(InputError, match=rf"found no '{name}' among the inputs .*use_vllm=True"):
        Watched().compute_loss(None, inputs)


def test_trl_has_these_methods_and_names() -> None:
    """What is overridden, and what is asked of the inputs, are in TRL's own trainer."""
    trl = pytest.importorskip("trl")
    source = inspect.getsource(inspect.getmodule(trl.GRPOTrainer))
    for name in ("sampling_per_token_logps", "old_per_token_logps", "completion_mask", "tool_mask"):
        assert f'"{name}"' in source, name
    for name in ("compute_loss", "log"):
        ours = inspect.signature(getattr(RolloutMismatch, name))
        theirs = inspect.signature(getattr(trl.GRPOTrainer, name))
        assert list(theirs.parameters)[: len(ours.parameters) - 2] == list(ours.parameters)[:-2]


@pytest.mark.filterwarnings("ignore::UserWarning:lightning.*")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_lightning() -> None:
    lightning = pytest.importorskip("lightning.pytorch")
    torch = pytest.importorskip("torch")
    from torch.utils.data import DataLoader, TensorDataset

    from unsurprised.adapters.lightning import RolloutCallback

    class Policy(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(()))

        def training_step(self, batch: Any, _: int) -> Any:
            rollout, mask = batch
            trainer = rollout * (1 + 0.05 * self.scale)
            return {
                "loss": trainer.mean(),
                "rollout_logprobs": rollout,
                "trainer_logprobs": trainer,
                "mask": mask,
            }

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.0)

    inputs = rows()
    rollout = torch.tensor(inputs["sampling_per_token_logps"])
    data = TensorDataset(rollout, torch.tensor(inputs["completion_mask"]))
    callback = RolloutCallback()
    trainer = lightning.Trainer(
        max_epochs=1, callbacks=[callback], accelerator="cpu", logger=False, log_every_n_steps=2,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Policy(), DataLoader(data, batch_size=4))
    assert [result.documents for result in callback.history] == [
        8,
        4,
    ]  # two steps, and what is left
    mask = inputs["completion_mask"]
    expected = us.SampledKLMeter().update(rollout[8:], (rollout * 1.05)[8:], mask[8:]).result()
    assert callback.history[1].k1.value == pytest.approx(expected.k1.value, rel=1e-6)
    assert trainer.callback_metrics["rollout_k1"].item() == pytest.approx(
        expected.k1.value, rel=1e-6
    )
